//! Limits of the protocol, the same on both sides.

/// Compressed body of one batch, bytes: a week of backlog is sent as many batches, not as one.
pub const BATCH_BODY_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Decompressed body of one batch, bytes: a small body cannot unfold into the collector's memory.
pub const BATCH_TEXT_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Batches that one agent sends before the first of them is answered.
pub const BATCHES_IN_FLIGHT_MAX: usize = 8;

/// Lines in one batch: one flush to the database takes at most this many rows.
pub const BATCH_LINES_MAX: usize = 10_000;

/// Streams in one batch: the reserved ones and one per target.
pub const BATCH_STREAMS_MAX: usize = 1_000;

/// Bytes of one core or detail line: far above any real one.
pub const LINE_BYTES_MAX: usize = 16 * 1024;

/// How far a sample may claim to lie in the future of the collector's clock, milliseconds.
pub const FUTURE_SKEW_MS_MAX: i64 = 5 * 60 * 1_000;

/// How far a sample may lie in the past, milliseconds: the 35 days of the agents' replay store
/// and a week of slack.
pub const SAMPLE_AGE_MS_MAX: i64 = 42 * 24 * 3_600 * 1_000;

/// A batch anchored later than this after its samples' claimed time is late, milliseconds.
pub const LATE_AFTER_MS: i64 = 15 * 60 * 1_000;

/// Slots that one gap line or one verification walk may span: a year at one a second.
pub const SLOTS_MAX: u64 = 366 * 86_400;
