//! Bounds of a spool, and how eagerly it is forced to disk.

/// When a segment is full, bytes: small enough that deleting whole segments is fine-grained.
pub const SEGMENT_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Unacknowledged data that is kept at most, bytes: about a week at one sample a second.
pub const BACKLOG_BYTES_MAX: u64 = 1024 * 1024 * 1024;
/// Acknowledged data that is kept at most, bytes.
pub const KEPT_BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;
/// How long acknowledged data is kept, microseconds: 35 days, so that a collector that lost its
/// database can be filled again.
pub const KEPT_US_MAX: i64 = 35 * 24 * 3_600 * 1_000_000;

/// When appended facts are forced to disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// At every [`Spool::commit`](super::Spool::commit): measurements that cannot be repeated.
    EveryGroup,
    /// Only at [`Spool::sync`](super::Spool::sync): a caller that fills in made-up history and can start over.
    Manual,
}

/// Bounds of a spool.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Size at which a new segment begins.
    pub segment_bytes_max: u64,
    /// Segments with unacknowledged data together; above it, lines are refused.
    pub backlog_bytes_max: u64,
    /// Segments kept for replay together; above it, the oldest go.
    pub kept_bytes_max: u64,
    /// Age at which segments kept for replay go, microseconds.
    pub kept_us_max: i64,
    /// When facts are forced to disk.
    pub durability: Durability,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            segment_bytes_max: SEGMENT_BYTES_MAX,
            backlog_bytes_max: BACKLOG_BYTES_MAX,
            kept_bytes_max: KEPT_BYTES_MAX,
            kept_us_max: KEPT_US_MAX,
            durability: Durability::EveryGroup,
        }
    }
}
