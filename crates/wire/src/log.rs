//! Logs as samples: our own core lines in files, and what gateways write, read one line at a time.
//!
//! Two formats, told apart by their first character, each plain or packed with gzip or zstd:
//!
//! * **JSON Lines**: one object per line. Keys that [`Column`] does not know are ignored.
//! * **CSV**: a header with names of [`Column`], in any order, then a row per request. Values may
//!   be quoted (RFC 4180); the last row ends with a line feed, because otherwise nobody could
//!   tell whether the end of the file is missing.
//!
//! A line says `time`, and `status` or `outcome`. All else may be left out or empty:
//!
//! | left out | is |
//! |---|---|
//! | `agent`, `target` | those of [`Options`] |
//! | `outcome` | by `status`, see [`outcome_of`] |
//! | `status` | absent |
//! | `attribution` | by the outcome, see [`attribution_of`] |
//! | `kind`, `source` | `planned`, `traffic` |
//! | `stream` | whether the line has `ttft_ms`: only who reads a stream can tell |
//! | `late` | `false` |
//! | anything else | absent, never zero |
//!
//! Our own core lines are the same with the keys of [`domain::Sample`]. They have `wall_us`
//! instead of `time`, and nothing in them is ever guessed. Lines with `gap` are planned slots that
//! were not run.
//!
//! Invariants: memory is bounded whatever the input holds; the end of a file that was cut off is
//! an error; nothing of a line is shown in an error but the offending value of a known column, cut
//! short. Not here: the plan, hashes and signatures; what evidence is made of is read by
//! [`mod@crate::line`].

mod careful;
mod column;
mod csv;
mod derive;
mod entry;
mod error;
mod header;
mod instant;
mod lines;
mod plain;
mod reader;
mod record;
mod skipped;
mod source;
mod value;

#[cfg(test)]
mod tests;

pub use column::Column;
pub use derive::{attribution_of, outcome_of};
pub use entry::{Entry, Logged, LoggedGap};
pub use error::{BadLine, Fault, HeaderFault, LogError};
pub use reader::{InvalidLines, LogReader, Options, UnknownColumns, open};
pub use skipped::Skipped;
pub use source::Packing;

/// Bytes of one line, or of one CSV record over several: far above any line that holds no texts
/// of requests, and all that a hostile file can make the reader hold.
pub const LINE_BYTES_MAX: usize = 1024 * 1024;

/// Columns of a CSV file.
pub const COLUMNS_MAX: usize = 1_000;

/// Longest time that a duration may say, milliseconds: a year. Above it, the unit is wrong.
pub const DURATION_MS_MAX: u64 = 366 * 86_400 * 1_000;

/// Longest time that one gap line may span, milliseconds: a year.
pub const GAP_MS_MAX: u64 = 366 * 86_400 * 1_000;

/// Lines that were skipped and are kept to be shown.
pub const SKIPPED_KEPT_MAX: usize = 5;

/// Characters shown of a value that was refused.
pub const EXCERPT_CHARS_MAX: usize = 40;
