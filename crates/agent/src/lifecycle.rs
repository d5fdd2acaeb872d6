//! An agent as a whole: its tasks, how they start, and in which order they end.
//!
//! Several agents may run in one process: nothing here is global. Order of the end: no new slots;
//! attempts under way may finish or become gaps; what is open is sealed; for a while the backlog is
//! sent; the rest stays in the spool.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use camino::Utf8PathBuf;
use domain::{AgentId, Clock, CredentialAlias};
use probe::price::PriceTable;
use probe::{TlsRoots, Trust};
use secrecy::SecretString;
use telemetry::Metrics;
use telemetry::metrics::AgentMetrics;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinHandle};
use tracing::{error, info, warn};
use wire::plan::{Budget, Plan};

use crate::address::CollectorUrl;
use crate::health::Health;
use crate::http::{self, Pages};
use crate::identity::Identity;
use crate::nonces::Nonces;
use crate::recorder::task::{self, RecorderGone, RecorderHandle, TaskSettings};
use crate::recorder::{Recorder, RecorderSettings};
use crate::runner::{ATTEMPTS_MAX_DEFAULT, AttemptFn, OVERLAP_MAX_DEFAULT};
use crate::selfcheck::control;
use crate::selfcheck::{Readings, Selfcheck, SelfcheckSettings, Surroundings};
use crate::spool::{Limits, Recovered};
use crate::stamp::{self, Timebase};

mod error;
mod former;
mod held;
mod plans;
mod probing;
mod sending;
mod succession;
#[cfg(test)]
mod tests;

pub use error::AgentError;

/// Name of the spool below the state directory.
pub const SPOOL_DIR: &str = "spool";
/// How long the backlog is sent when the agent stops.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// Bounds of an agent.
#[derive(Clone, Copy, Debug)]
pub struct AgentLimits {
    /// Bounds of its spool.
    pub spool: Limits,
    /// Attempts at one target at once.
    pub overlap_max: usize,
    /// Attempts at all targets at once.
    pub attempts_max: usize,
    /// What may be spent on all targets.
    pub budget: Budget,
}

impl Default for AgentLimits {
    fn default() -> Self {
        Self {
            spool: Limits::default(),
            overlap_max: OVERLAP_MAX_DEFAULT,
            attempts_max: ATTEMPTS_MAX_DEFAULT,
            budget: Budget::NONE,
        }
    }
}

/// Where an agent's plan comes from.
#[derive(Clone, Debug)]
pub enum PlanSource {
    /// From outside, fixed for the agent's life: the collector is not asked for plans.
    Fixed(Arc<Plan>),
    /// From the collector, believed under the operator's pinned key; what it told last is kept in
    /// the state directory.
    Collector,
}

/// Everything an agent is started with.
#[derive(Debug)]
pub struct AgentSetup {
    /// Who it is.
    pub identity: Arc<Identity>,
    /// What to probe, and when.
    pub plan: PlanSource,
    /// Provider keys by their public names.
    pub keys: BTreeMap<CredentialAlias, SecretString>,
    /// State directory, of this agent alone.
    pub dir: Utf8PathBuf,
    /// Wall clock.
    pub clock: Arc<dyn Clock>,
    /// Between batches where nothing presses.
    pub seal_interval: Duration,
    /// Between previews of what no batch tells yet; none sends none.
    pub preview_interval: Option<Duration>,
    /// Where batches go; none keeps them in the spool.
    pub collector: Option<CollectorUrl>,
    /// Where health and metrics are shown; port 0 picks a free one.
    pub http: Option<SocketAddr>,
    /// Which certificate authorities are believed, for collector and providers.
    pub roots: TlsRoots,
    /// Bounds.
    pub limits: AgentLimits,
    /// What models cost, for budgets.
    pub prices: Arc<PriceTable>,
    /// What it asks about its own clock and network.
    pub selfcheck: SelfcheckSettings,
    /// The process's metrics; the agent's carry its name.
    pub metrics: Metrics,
}

/// A running agent. Dropping it ends nothing in order: call [`Agent::shutdown`].
#[derive(Debug)]
pub struct Agent {
    id: AgentId,
    health: Health,
    recorder: RecorderHandle,
    stop_runner: watch::Sender<bool>,
    stop_uplink: watch::Sender<bool>,
    failed: watch::Receiver<bool>,
    follower: Option<JoinHandle<()>>,
    previews: Option<JoinHandle<()>>,
    runner: JoinHandle<Result<(), RecorderGone>>,
    selfcheck: Selfcheck,
    recording: JoinHandle<()>,
    uplink: Option<JoinHandle<Result<(), RecorderGone>>>,
    pages: Option<(JoinHandle<()>, SocketAddr)>,
}

/// What all tasks of one agent share.
struct Shared {
    identity: Arc<Identity>,
    timebase: Timebase,
    health: Health,
    metrics: AgentMetrics,
    readings: Readings,
    nonces: Nonces,
    boot: u64,
}

impl Agent {
    /// Opens the spool and starts all tasks.
    pub async fn start(setup: AgentSetup) -> Result<Self, AgentError> {
        let id = setup.identity.agent.clone();
        let shared = Shared {
            identity: Arc::clone(&setup.identity),
            timebase: Timebase::start(Arc::clone(&setup.clock)),
            health: Health::default(),
            metrics: AgentMetrics::new(&setup.metrics, id.as_str()),
            readings: Readings::default(),
            nonces: plans::nonces(&setup)?,
            boot: stamp::boot_id().map_err(AgentError::Random)?,
        };
        let mut recorder = open_recorder(&setup, shared.boot).await?;
        let plans = plans::at_start(&setup, &shared)?;
        let current = plans.settle(&mut recorder, &id, shared.timebase.now())?;
        recorder.observe(shared.readings.clone());
        if let Some(plan) = &current {
            shared.readings.adopt(plan.revision);
        }
        let newest = sending::newest(&setup, &mut recorder);
        let last_slots = recorder.last_slots();
        let (recorder, recording) = task::spawn(recorder, shared.task(current.as_deref()));
        let (failing, failed) = watch::channel(false);
        let recording = tokio::spawn(watch_recording(recording, failing));
        let (told, heard) = plans.channels();
        // Everything that may refuse comes before anything that runs.
        let trust = Trust::new(&setup.roots).map_err(AgentError::Engine)?;
        let attempt = probing::attempt(&setup, &trust)?;
        let (news, probed) = control::probed();
        let watched = control::watched(Arc::clone(&attempt), news);
        let mut succession =
            probing::succession(&setup, &shared, (&recorder, heard), (watched, last_slots));
        let follower = plans::follower(&setup, &shared, (told, &trust))?;
        let client = sending::client(&setup, &trust)?;
        let uplink = sending::uplink(&setup, &shared, (client.as_ref(), &recorder))?;
        let previews = sending::previews(&setup, &shared, client.zip(newest));
        let pages = match setup.http {
            Some(address) => Some(pages(address, &setup, &shared).await?),
            None => None,
        };
        let around = shared.surroundings(&recorder, attempt);
        let selfcheck = Selfcheck::start(&setup.selfcheck, &around, probed);
        let (stop_runner, stopping_runner) = watch::channel(false);
        let (stop_uplink, stopping_uplink) = watch::channel(false);
        if let Some(plan) = &current {
            plans::start(&setup.plan, (&mut succession, plan), &stopping_runner)?;
        }
        info!(agent.id = %id, "started agent {id}");
        Ok(Self {
            id,
            health: shared.health,
            recorder,
            stop_runner,
            stop_uplink,
            failed,
            follower: follower.map(|f| tokio::spawn(f.run(stopping_runner.clone()))),
            previews: previews.map(|p| tokio::spawn(p.run(stopping_runner.clone()))),
            runner: tokio::spawn(succession.run(stopping_runner)),
            selfcheck,
            recording,
            uplink: uplink.map(|uplink| tokio::spawn(uplink.run(stopping_uplink))),
            pages,
        })
    }

    /// The agent's picture of itself.
    #[must_use]
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// Where health and metrics are shown.
    #[must_use]
    pub fn http_address(&self) -> Option<SocketAddr> {
        self.pages.as_ref().map(|(_, address)| *address)
    }

    /// Waits until the agent can no longer record; the process should end then, to be restarted.
    pub async fn failed(&self) {
        let mut failed = self.failed.clone();
        // An error means that recording ended: the same news.
        if failed.wait_for(|failed| *failed).await.is_err() {
            warn!(agent.id = %self.id, "recording ended");
        }
    }

    /// Ends the agent in order, within about ten seconds. What is not sent by then is sent after
    /// the next start.
    pub async fn shutdown(self) {
        let Self {
            id,
            recorder,
            stop_runner,
            stop_uplink,
            follower,
            previews,
            runner,
            selfcheck,
            recording,
            ..
        } = self;
        stop_runner.send_replace(true);
        for task in [follower, previews] {
            if let Some(Err(lost)) = join(task).await {
                error!(agent.id = %id, error = &lost as &dyn std::error::Error, "a task was lost");
            }
        }
        report(&id, "runner", runner.await);
        selfcheck.stop().await;
        if recorder.finish().await.is_err() {
            error!(agent.id = %id, "agent {id} could not seal its last batch");
        }
        stop_uplink.send_replace(true);
        if let Some(mut uplink) = self.uplink {
            if let Ok(ended) = tokio::time::timeout(DRAIN_TIMEOUT, &mut uplink).await {
                report(&id, "uplink", ended);
            } else {
                uplink.abort();
                info!(agent.id = %id, "agent {id} keeps its backlog for the next start");
            }
        }
        if let Some((pages, _)) = self.pages {
            pages.abort();
        }
        drop(recorder);
        if let Err(lost) = recording.await {
            error!(agent.id = %id, error = &lost as &dyn std::error::Error, "a task was lost");
        }
        info!(agent.id = %id, "stopped agent {id}");
    }
}

impl Shared {
    fn task(&self, plan: Option<&Plan>) -> TaskSettings {
        let agent = &self.identity.agent;
        TaskSettings {
            plan_revision: plan.map_or(0, |plan| plan.revision),
            grids: plan.map_or_else(BTreeMap::new, |plan| succession::grids(plan, agent)),
            timebase: self.timebase.clone(),
            health: self.health.clone(),
            metrics: self.metrics.clone(),
        }
    }

    fn surroundings(&self, recorder: &RecorderHandle, attempt: Arc<AttemptFn>) -> Surroundings {
        Surroundings {
            recorder: recorder.clone(),
            timebase: self.timebase.clone(),
            health: self.health.clone(),
            metrics: self.metrics.clone(),
            readings: self.readings.clone(),
            attempt,
        }
    }
}

async fn open_recorder(setup: &AgentSetup, boot: u64) -> Result<Recorder, AgentError> {
    let (dir, identity) = (setup.dir.join(SPOOL_DIR), Arc::clone(&setup.identity));
    let settings = RecorderSettings {
        boot,
        limits: setup.limits.spool,
        seal_interval: setup.seal_interval,
    };
    let opened =
        tokio::task::spawn_blocking(move || Recorder::open(&dir, identity, settings)).await;
    let (recorder, recovered) = opened
        .map_err(AgentError::Thread)?
        .map_err(AgentError::Recorder)?;
    report_recovered(&setup.identity.agent, &recovered);
    Ok(recorder)
}

/// Logs what a spool had to be rid of.
pub(crate) fn report_recovered(id: &AgentId, recovered: &Recovered) {
    if recovered.torn_bytes > 0 {
        let bytes = recovered.torn_bytes;
        warn!(agent.id = %id, "cut {bytes} bytes that the last run had not finished writing");
    }
    if !recovered.quarantined.is_empty() {
        error!(agent.id = %id, segments = ?recovered.quarantined,
            lines_lost = recovered.lines_lost, batches_lost = ?recovered.batches_lost,
            "damaged segments of the spool were put aside");
    }
}

/// Turns the end of recording into a signal.
async fn watch_recording(
    recording: JoinHandle<Result<(), task::TaskError>>,
    failing: watch::Sender<bool>,
) {
    let failed = match recording.await {
        Ok(Ok(())) => return,
        Ok(Err(failed)) => Box::new(failed) as Box<dyn std::error::Error + Send + Sync>,
        Err(lost) => Box::new(lost),
    };
    error!(
        error = &*failed as &dyn std::error::Error,
        "recording is no longer possible"
    );
    failing.send_replace(true);
}

async fn pages(
    address: SocketAddr,
    setup: &AgentSetup,
    shared: &Shared,
) -> Result<(JoinHandle<()>, SocketAddr), AgentError> {
    let bound = http::bind(address).await;
    let (listener, address) = bound.map_err(|source| AgentError::Listen { address, source })?;
    let pages = Pages {
        agent: shared.identity.agent.clone(),
        health: shared.health.clone(),
        metrics: setup.metrics.clone(),
    };
    Ok((tokio::spawn(http::serve(listener, pages)), address))
}

async fn join(task: Option<JoinHandle<()>>) -> Option<Result<(), JoinError>> {
    Some(task?.await)
}

fn report(id: &AgentId, task: &str, ended: Result<Result<(), RecorderGone>, JoinError>) {
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(RecorderGone)) => warn!(agent.id = %id, "the {task} outlived the recorder"),
        Err(lost) => {
            error!(agent.id = %id, error = &lost as &dyn std::error::Error, "a task was lost");
        }
    }
}
