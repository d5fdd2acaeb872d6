//! The collector: takes signed batches, stores them, keeps the log, computes what contracts say,
//! and shows it. It holds no formula of its own: every verdict comes from [`sla::assess`].
//!
//! Raw batch bytes are the truth; sample rows, cells and assessments are derived from them.
//! Handlers authenticate, decode, call and encode; SQL lives in `store`; periodic work in `job`.

mod app;
mod contracts;
mod database;
mod enrol;
mod export;
mod http;
mod ingest;
mod job;
mod keys;
mod known;
mod registry;
mod signer;
mod store;
mod web;
mod witness;

pub mod config;

pub use app::{Collector, Jobs, Setup, StartError, migrate_database};
pub use contracts::{ContractSetup, ContractSetupError};
pub use database::{DatabaseError, recreate_database};
pub use enrol::{EnrolError, mint_token};
pub use export::{ExportError, Exported};
pub use ingest::IngestError;
pub use job::sequence::SequenceError;
pub use store::StoreError;
pub use store::assessment::{State as AssessmentState, Stored as StoredAssessment};
pub use witness::WitnessError;
