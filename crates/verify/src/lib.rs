//! What a stranger must be able to check: the evidence bundle, its writer and its verifier.
//!
//! [`pack()`] turns plain data into the members of a bundle; [`verify()`] reads a bundle and
//! gives six verdicts, the last of which recomputes the result from raw sample lines with the
//! very functions that the collector uses. Both sides share [`layout`].
//!
//! Invariants: no network and no clock; trust comes from outside the bundle ([`Policy`]); what
//! was not checked is never called passed; input from outside never panics and has limits.
//!
//! Non-goals: selecting evidence (the collector's), the light profile.

pub mod assemble;
pub mod audit;
pub mod cells;
pub mod command;
pub mod layout;
pub mod page;
pub mod plans;
pub mod timestamp;
pub mod verdict;
pub mod words;

mod check;

#[cfg(test)]
use assemble::assemble;
pub use assemble::{Contents, DisclosedReserved, DisclosedStream, Record, Timestamp, pack};
pub use cells::{CellsBuilder, cells_from_lines, timeliness};
pub use check::{Options, Signatures, verify};
pub use evidence::bundle::Bundle;
pub use evidence::policy::Policy;
pub use verdict::{Check, Judged, Report, Verdict, render_text};

#[cfg(test)]
mod tests;
