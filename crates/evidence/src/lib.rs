//! The proof format of the evidence: bytes in, proofs out.
//!
//! Everything that is signed is a [C2SP signed note](https://c2sp.org/signed-note), everything that
//! is counted hangs on an RFC 6962 tree, and everything that travels sits in one plain ZIP whose
//! root of trust is a signed manifest. `docs/evidence-spec.md` states the bytes for a stranger.
//!
//! Invariants: every text that is parsed prints back to the same bytes, and every text that is
//! printed parses back to the same value; input from outside never panics and every input has a
//! limit; signatures are verified by the strict rules only.
//!
//! Non-goals: what a line, a batch or a registry body *means*. This crate knows no samples, no SQL
//! and no HTTP, and it never reads a clock.

pub mod batch_note;
pub mod bundle;
pub mod checkpoint;
pub mod der;
pub mod entries;
pub mod hash;
pub mod jcs;
mod lines;
pub mod manifest;
pub mod note;
pub mod policy;
pub mod registry;
pub mod tiles;
pub mod timestamp;
pub mod tree;

pub use lines::LineError;
