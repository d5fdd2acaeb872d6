//! Why a collector does not start.

use std::net::SocketAddr;

use wire::plan::PlanError;

use super::ACQUIRE_TIMEOUT;
use crate::contracts::ContractSetupError;
use crate::journal::JournalError;
use crate::keys::KeysError;
use crate::registry::RecordError;
use crate::signer::SignerError;
use crate::store::StoreError;

/// A collector that did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database cannot be reached.
    #[error("failed to connect to the database within {} s", ACQUIRE_TIMEOUT.as_secs())]
    Connect(#[source] sqlx::Error),
    /// The schema cannot be brought up to date.
    #[error("failed to migrate the database")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    /// The address is taken or not ours.
    #[error("failed to listen on {addr}")]
    Listen {
        /// Where.
        addr: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The keys cannot be used.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The signer's state cannot be used.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// The journal of the log cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The plan cannot be logged.
    #[error("the plan cannot be used")]
    Plan(#[source] PlanError),
    /// A contract cannot be used.
    #[error(transparent)]
    Contract(#[from] ContractSetupError),
    /// A registry record could not be written.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
