//! An agent: slots, attempts, spool, uplink. Small on purpose: no database, no web framework.
//!
//! The way of a sample: [`schedule`] says which slots are due, [`runner`] makes their attempts,
//! [`recorder`] turns them into lines and signed batches in the [`spool`], [`uplink`] brings these
//! to the collector and, as a [`witness`], watches the log they go into; what no batch tells yet goes
//! ahead of them as a [`preview`]; [`follow`] hears of new plans. What the agent finds out about its own clock, network and load ([`selfcheck`]) goes the
//! same way. [`Agent`] holds the tasks
//! together; [`operate`] is what the commands of a binary call.
//!
//! Invariants: a sample is on disk before it counts; every slot ends as a sample or in a gap; a
//! sequence number is never used for two batches; keys never leave the process; no call is made
//! that its [`budget`] has no room for.
//!
//! Non-goals: contracts and verdicts; how an attempt is made and classified (`probe`).

pub mod address;
mod atomic_file;
pub mod budget;
pub mod client;
pub mod config;
pub mod enrol;
pub mod follow;
pub mod health;
pub mod http;
pub mod identity;
pub mod lifecycle;
pub mod nonces;
pub mod operate;
pub mod preview;
pub mod recorder;
pub mod rotate;
pub mod runner;
pub mod schedule;
pub mod selfcheck;
pub mod spool;
pub mod stamp;
pub mod uplink;
pub mod witness;

pub use address::CollectorUrl;
pub use config::AgentConfig;
pub use identity::Identity;
pub use lifecycle::{Agent, AgentError, AgentLimits, AgentSetup, PlanSource, SPOOL_DIR};
pub use recorder::Recorder;
pub use selfcheck::SelfcheckSettings;
pub use spool::Durability;
