//! What the commands of a binary do, without its command line, environment and output.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use domain::SystemClock;
use telemetry::Metrics;
use tracing::{error, warn};
use wire::plan::{Plan, PlanError};

use crate::config::AgentConfig;
use crate::identity::{self, Identity, IdentityError, StoredIdentity};
use crate::lifecycle::{Agent, AgentError, AgentSetup, PlanSource};
use crate::rotate::{self, RotateError, RotateOptions, Rotated};

pub use crate::enrol::{EnrolError, EnrolOptions, enrol};

/// A command that failed.
#[derive(Debug, thiserror::Error)]
pub enum OperateError {
    /// No identity yet.
    #[error("`{dir}` holds no identity; run `nines-agent enroll` first")]
    NotEnrolled {
        /// The state directory.
        dir: Utf8PathBuf,
    },
    /// A new key may be agreed on, but is not in place: batches by the old one might be refused.
    #[error(
        "a change of keys is not finished; run `nines-agent rotate` again, or remove `{next}` if the collector refused it"
    )]
    RotationUnfinished {
        /// The file of the new key.
        next: Utf8PathBuf,
    },
    /// The key could not be changed.
    #[error(transparent)]
    Rotate(#[from] RotateError),
    /// Key or identity cannot be read.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The plan's file cannot be read.
    #[error("failed to read the plan `{path}`")]
    ReadPlan {
        /// The file.
        path: Utf8PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The plan cannot be used.
    #[error("failed to use the plan `{path}`")]
    Plan {
        /// The file.
        path: Utf8PathBuf,
        /// What is wrong with it.
        #[source]
        source: PlanError,
    },
    /// The agent could not start.
    #[error(transparent)]
    Agent(#[from] AgentError),
    /// The agent had to give up.
    #[error("the agent can no longer record: {reason}")]
    Failed {
        /// Why.
        reason: String,
    },
    /// No agent answers.
    #[error("failed to ask the agent at {address}; is it running?")]
    Ask {
        /// Where it should listen.
        address: SocketAddr,
        /// Why there is no answer.
        #[source]
        source: reqwest::Error,
    },
}

/// Runs an agent until `stop` resolves or it can no longer record. `env` looks up a variable.
pub async fn run(
    config: &AgentConfig,
    env: impl Fn(&str) -> Option<String>,
    metrics: Metrics,
    stop: impl Future<Output = ()>,
) -> Result<(), OperateError> {
    let (stored, identity) = load_identity(config)?;
    let (keys, missing) = config.keys(env);
    for missing in missing {
        error!(
            error = &missing as &dyn std::error::Error,
            "a provider key is missing"
        );
    }
    let plan = match &config.plan {
        Some(path) => PlanSource::Fixed(Arc::new(load_plan(path)?)),
        None => PlanSource::Collector,
    };
    if stored.operator_vkey.is_none() {
        warn!(
            "this agent was enrolled before collectors told the key that signs plans: it takes its \
             plan from a file only"
        );
    }
    let agent = Agent::start(AgentSetup {
        identity: Arc::new(identity),
        plan,
        keys,
        dir: config.state_dir.clone(),
        clock: Arc::new(SystemClock),
        seal_interval: config.seal_interval,
        preview_interval: config.preview_interval,
        collector: Some(config.collector.clone().unwrap_or(stored.collector)),
        http: Some(config.listen),
        roots: config.roots.clone(),
        limits: config.limits,
        prices: Arc::clone(&config.prices),
        selfcheck: config.selfcheck.clone(),
        metrics,
    })
    .await?;
    let failed = tokio::select! {
        () = stop => None,
        () = agent.failed() => agent.health().get().failed,
    };
    agent.shutdown().await;
    failed.map_or(Ok(()), |reason| Err(OperateError::Failed { reason }))
}

/// Lets a new key take over from the agent's. The agent must not run.
pub async fn rotate(config: &AgentConfig) -> Result<Rotated, OperateError> {
    let dir = &config.state_dir;
    let stored = StoredIdentity::find(dir)?;
    let stored = stored.ok_or_else(|| OperateError::NotEnrolled { dir: dir.clone() })?;
    let options = RotateOptions {
        dir: dir.clone(),
        collector: config.collector.clone().unwrap_or(stored.collector),
        roots: config.roots.clone(),
        limits: config.limits.spool,
    };
    Ok(rotate::rotate(&options).await?)
}

/// Asks a running agent how it is; the answer is a page of text.
pub async fn status(config: &AgentConfig) -> Result<String, OperateError> {
    let address = config.listen;
    let ask = |source| OperateError::Ask { address, source };
    // The agent is on this machine: no proxy stands between.
    let client = reqwest::Client::builder().no_proxy().build().map_err(ask)?;
    let answer = client
        .get(format!("http://{address}/"))
        .send()
        .await
        .map_err(ask)?;
    answer.text().await.map_err(ask)
}

fn load_identity(config: &AgentConfig) -> Result<(StoredIdentity, Identity), OperateError> {
    let dir = &config.state_dir;
    let not_enrolled = || OperateError::NotEnrolled { dir: dir.clone() };
    let stored = StoredIdentity::find(dir)?.ok_or_else(not_enrolled)?;
    if identity::has_next_seed(dir) {
        let next = dir.join(identity::NEXT_KEY_FILE);
        return Err(OperateError::RotationUnfinished { next });
    }
    let seed = identity::find_seed(dir)?.ok_or_else(not_enrolled)?;
    let identity = stored.with_key(&seed)?;
    Ok((stored, identity))
}

fn load_plan(path: &Utf8Path) -> Result<Plan, OperateError> {
    let text = std::fs::read_to_string(path).map_err(|source| OperateError::ReadPlan {
        path: path.to_owned(),
        source,
    })?;
    Plan::parse(&text).map_err(|source| OperateError::Plan {
        path: path.to_owned(),
        source,
    })
}
