//! The collector: takes signed batches, stores them, keeps the log, computes what contracts say,
//! and shows it. It holds no formula of its own: every verdict comes from [`sla::assess`].
//!
//! Raw batch bytes are the truth; sample rows, cells and assessments are derived from them.
//! Handlers authenticate, decode, call and encode; SQL lives in `store`; periodic work in `job`.

mod app;
mod archive;
mod claim;
mod condition;
mod confirm;
mod contracts;
mod database;
mod enrol;
mod export;
mod fleet;
mod holds;
mod http;
mod ingest;
mod job;
mod journal;
mod keys;
mod known;
#[cfg(test)]
mod lab;
mod latency;
mod outside;
mod plans;
mod preview;
mod published;
mod rebuild;
mod registry;
mod retention;
mod retire;
mod rotate;
mod signer;
mod store;
mod timestamp;
mod web;
mod witness;

pub mod config;

pub use app::{Collector, Jobs, Setup, StartError, migrate_database};
pub use archive::check::{ArchiveEvent, ArchiveTask, ArchiveTotals, check_archive};
pub use archive::config::{ArchiveConfig, ArchiveConfigError};
pub use archive::manifest::{Manifest, ObjectEntry, ObjectKind, list_archive};
pub use archive::replay::{Replayed, replay_archive};
pub use archive::restore::{RESTORED_DAYS, restore_archive};
pub use archive::{Archive, ArchiveError, Days as ArchiveDays};
pub use claim::{
    Claim, ClaimError, ClaimEvent, ClaimState, ClaimStateError, ClaimStep, ClaimTotal, ClientIds,
    Enclosed, Forms, Leads, LeadsError, LetterError, Notice, NoticeState, NoticeStateError,
    claim_letter, claim_totals, list_claims, list_notices, notice_letter, send_notice, show_claim,
    step_claim,
};
pub use contracts::{ContractSetup, ContractSetupError};
pub use database::{DatabaseError, recreate_database};
pub use enrol::{EnrolError, mint_successor_token, mint_token};
pub use export::{ExportError, Exported};
pub use holds::{HoldError, add_hold, list_holds, release_hold};
pub use ingest::IngestError;
pub use job::archive::Filed;
pub use job::post::PostError;
pub use job::published::PublishedJobError;
pub use job::retain::Retained;
pub use job::sequence::SequenceError;
pub use job::sequence::heal::HealError;
pub use job::submit::SubmitError;
pub use journal::JournalError;
pub use outside::{
    CheckpointPost, Outside, OutsideError, OutsideWitness, PostFormat, WitnessConfig,
};
pub use plans::OrderError;
pub use plans::apply::{Applied, ApplyError, ApplySetup, apply_plan, list_plans};
pub use published::config::PublishedKind;
pub use published::{Published, PublishedConfig, PublishedError};
pub use rebuild::{
    DayReport, Difference, Event as RebuildEvent, Mode as RebuildMode, RebuildError, RebuildSetup,
    Totals, What, rebuild,
};
pub use retention::{DAYS_MIN, Retention, RetentionError, TargetRetention};
pub use retire::{AgentKeyView, AgentView, RetireError, Revocation, list_agents, revoke_agent};
pub use rotate::RotateError;
pub use store::StoreError;
pub use store::assessment::{State as AssessmentState, Stored as StoredAssessment};
pub use store::hold::Hold;
pub use timestamp::Timestamping;
pub use timestamp::config::{AuthorityConfig, TimestampConfig, TimestampConfigError};
pub use witness::WitnessError;
