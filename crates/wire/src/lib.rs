//! The protocol between agent and collector, and the canonical bytes of what is measured.
//!
//! Who sends what: an agent enrols once ([`protocol::EnrolRequest`]), then posts sealed batches
//! ([`batch`]), each answered by a [`protocol::Receipt`], asks for the next checkpoint with its
//! consistency proof ([`protocol::CheckpointAnswer`]), checks it, and posts its cosignature.
//! Every request may be repeated: batches are known by `(agent, seq)` and their hash. An agent hands
//! over from one key to the next by [`protocol::RotateRequest`] ([`keys`]). What the collector asks
//! of agents outside of their schedule is an [`order`]. What an agent sees between two batches is a
//! [`preview`], which is no evidence.
//!
//! Sample lines ([`mod@line`]), what agents say about themselves ([`reserved`]) and the plan ([`plan`]) stand here because agent, collector and
//! verifier must read the very same bytes the very same way. Logs of other systems, and our lines
//! in files, are read as samples by [`log`].

pub mod batch;
pub mod document;
pub mod keys;
pub mod limits;
pub mod line;
pub mod log;
pub mod names;
pub mod nonce;
pub mod order;
pub mod plan;
pub mod preview;
pub mod problem;
pub mod protocol;
pub mod reserved;
pub mod stream;
