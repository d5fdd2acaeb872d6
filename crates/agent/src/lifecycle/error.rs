//! Why an agent could not start.

use std::io;
use std::net::SocketAddr;

use camino::Utf8PathBuf;
use domain::AgentId;
use probe::EngineError;
use tokio::task::JoinError;

use wire::plan::PlanError;

use crate::budget::BudgetError;
use crate::client::ClientError;
use crate::recorder::RecorderError;
use crate::runner::TargetError;

/// An agent that could not start.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// The plan does not know it.
    #[error("the plan has no agent `{agent}`")]
    NotPlanned {
        /// The agent.
        agent: AgentId,
    },
    /// No plan of the collector can be believed.
    #[error(
        "this agent was enrolled before collectors told the key that signs plans: set `plan` to a \
         file, or enrol it again under a new name"
    )]
    NoOperatorKey,
    /// The plan, or the one that ran before, cannot be used.
    #[error("failed to use the plan")]
    Plan(#[source] PlanError),
    /// What nonces are made from cannot be read, made or kept.
    #[error("failed to use `{path}`")]
    Nonces {
        /// The file.
        path: Utf8PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The plan commits to nonces that this agent cannot make.
    #[error(
        "the plan's `nonces` are not those of `{path}`; put the file there that fits, or leave \
         `nonces` out of the plan's file"
    )]
    OtherNonces {
        /// The file.
        path: Utf8PathBuf,
    },
    /// No random bytes.
    #[error("failed to draw random bytes")]
    Random(#[source] getrandom::Error),
    /// The recorder could not be opened.
    #[error("failed to open the recorder")]
    Recorder(#[source] RecorderError),
    /// The thread that opens the recorder was lost.
    #[error("failed to finish opening the recorder")]
    Thread(#[source] JoinError),
    /// No probe engine.
    #[error("failed to set up the probe engine")]
    Engine(#[source] EngineError),
    /// A target cannot be probed.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// Budgets cannot be kept.
    #[error(transparent)]
    Budget(#[from] BudgetError),
    /// No client for the collector.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The state directory cannot be read.
    #[error("failed to read the state directory `{dir}`")]
    StateDir {
        /// The directory.
        dir: Utf8PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The address is taken, or not ours.
    #[error("failed to listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}
