//! The collector as a whole: what it is made of, how it starts, works and stops.

mod agents;
mod fleet;
mod log;
mod outside;
mod periodic;
mod published;
mod start_error;
mod upkeep;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use camino::Utf8PathBuf;
use domain::{AgentId, Clock};
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgPoolOptions;
use sqlx::{PgPool, Postgres};
use telemetry::Metrics;
use telemetry::metrics::CollectorMetrics;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Semaphore, watch};
use tokio::task::JoinSet;
use tracing::{error, info};
use wire::names::Origin;
use wire::nonce::NonceRoot;
use wire::plan::Plan;
use wire::protocol::{CheckpointAnswer, CosignatureRequest, Receipt};

use crate::archive::Archive;
use crate::claim::{Forms, Leads};
use crate::condition;
use crate::confirm;
use crate::contracts::{self, ContractSetup, Loaded};
use crate::export::{self, ExportError, Exported};
use crate::ingest::flush::{self, Intake};
use crate::ingest::{IngestError, receive};
use crate::job::sequence::{self, Log};
use crate::job::{assess, cells, claims, revise};
use crate::keys::Keys;
use crate::outside::Outside;
use crate::plans::{Plans, Shelf};
use crate::preview;
use crate::published::Published;
use crate::retention::Retention;
use crate::store::StoreError;
use crate::timestamp::Timestamping;
use crate::witness::{self, WitnessError};
use crate::{http, store};

pub use start_error::StartError;

/// Connections to the database: a few handlers, the flusher and the jobs.
const CONNECTIONS_MAX: u32 = 12;
/// How long to wait for a connection before saying that the database is not there.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a stop waits for requests under way.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// Everything a collector needs to know.
#[derive(Debug)]
pub struct Setup {
    /// Connection string of the database.
    pub database_url: String,
    /// Directory of keys and the signer's state; never shared with another installation.
    pub state_dir: Utf8PathBuf,
    /// Name under which the installation signs.
    pub origin: Origin,
    /// Where to listen; port 0 picks one.
    pub listen: SocketAddr,
    /// The plan of the collector's file: recorded where it is newer than what is recorded.
    pub plan: Plan,
    /// Contracts to judge.
    pub contracts: Vec<ContractSetup>,
    /// What is kept for how long.
    pub retention: Retention,
    /// Where raw batches are archived, if anywhere.
    pub archive: Option<Archive>,
    /// Who is asked for timestamps, if anybody.
    pub timestamping: Option<Arc<Timestamping>>,
    /// Forms of the letters of claims.
    pub claim_forms: Forms,
    /// Witnesses and receivers of checkpoints that are no agents.
    pub outside: Outside,
    /// Providers' status pages that are read.
    pub published: Published,
    /// How long before deadlines of claims people are told.
    pub claim_leads: Leads,
    /// Wall clock.
    pub clock: Arc<dyn Clock>,
    /// Whether jobs run by themselves.
    pub jobs: Jobs,
    /// Instruments.
    pub metrics: Metrics,
}

/// How periodic work is driven.
#[derive(Clone, Copy, Debug)]
pub enum Jobs {
    /// By timers.
    Periodic {
        /// Between checkpoints, where there is something to sign.
        checkpoint: Duration,
        /// Between assessments.
        assess: Duration,
    },
    /// By [`Collector::run_jobs`] only: simulated time.
    Manual,
}

/// What handlers and jobs share.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) pool: PgPool,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) origin: Origin,
    pub(crate) keys: Keys,
    pub(crate) shelf: Shelf,
    /// Requests for the plan that may still be held.
    pub(crate) held: Semaphore,
    /// Previews that may still be read.
    pub(crate) previews: Semaphore,
    /// Shows when the collector stops.
    pub(crate) stopping: watch::Receiver<bool>,
    pub(crate) contracts: Vec<Loaded>,
    pub(crate) retention: Retention,
    pub(crate) archive: Option<Archive>,
    pub(crate) timestamping: Option<Arc<Timestamping>>,
    pub(crate) claim_forms: Forms,
    pub(crate) outside: Outside,
    pub(crate) published: Published,
    pub(crate) claim_leads: Leads,
    pub(crate) intake: Intake,
    pub(crate) conditions: condition::Cache,
    pub(crate) log: Mutex<Log>,
    pub(crate) metrics: Metrics,
    pub(crate) instruments: CollectorMetrics,
}

impl App {
    /// Every recorded revision of the plan, as of a moment ago.
    pub(crate) fn plans(&self) -> Arc<Plans> {
        self.shelf.get()
    }

    pub(crate) async fn connection(&self) -> Result<PoolConnection<Postgres>, StoreError> {
        self.pool
            .acquire()
            .await
            .map_err(StoreError::query("get a connection"))
    }
}

/// A running collector.
#[derive(Debug)]
pub struct Collector {
    app: Arc<App>,
    addr: SocketAddr,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Collector {
    /// Connects, migrates, registers plan and contracts, and serves; listening on return.
    pub async fn start(setup: Setup) -> Result<Self, StartError> {
        let pool = connect(&setup.database_url).await?;
        migrate(&pool).await?;
        let (stop, stopped) = watch::channel(false);
        let (app, queue) = build(&setup, pool.clone(), stopped.clone()).await?;
        let app = Arc::new(app);
        let listen = setup.listen;
        let listening = |source| StartError::Listen {
            addr: listen,
            source,
        };
        let listener = TcpListener::bind(listen).await.map_err(listening)?;
        let addr = listener.local_addr().map_err(listening)?;
        let mut tasks = JoinSet::new();
        for _ in 0..flush::FLUSHERS {
            let flusher = flush::run(Arc::downgrade(&app), pool.clone(), queue.clone());
            tasks.spawn(flusher);
        }
        drop(queue);
        tasks.spawn(http::serve(listener, app.clone(), stopped.clone()));
        if let Jobs::Periodic { checkpoint, assess } = setup.jobs {
            tasks.spawn(periodic::sequence(app.clone(), checkpoint, stopped.clone()));
            tasks.spawn(periodic::judge(app.clone(), assess, stopped.clone()));
            tasks.spawn(periodic::archive(app.clone(), stopped.clone()));
            tasks.spawn(periodic::stamp(app.clone(), stopped.clone()));
            tasks.spawn(periodic::retain(app.clone(), stopped.clone()));
            tasks.spawn(periodic::lag(app.clone(), stopped.clone()));
            tasks.spawn(periodic::outside(app.clone(), stopped.clone()));
            tasks.spawn(published::published(app.clone(), stopped.clone()));
            tasks.spawn(periodic::plans(app.clone(), stopped));
        }
        info!(server.address = %addr, "collector listens on http://{addr}");
        Ok(Self {
            app,
            addr,
            stop,
            tasks,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Takes a batch as the HTTP interface would.
    pub async fn ingest(&self, body: Vec<u8>) -> Result<Receipt, IngestError> {
        receive::receive(&self.app, body).await
    }

    /// Orders the log and signs a checkpoint, once.
    pub async fn run_sequencer(&self) -> Result<u64, sequence::SequenceError> {
        log::sequence_once(&self.app).await
    }

    /// The newest checkpoint with its proofs, as the HTTP interface would answer.
    pub async fn checkpoint(
        &self,
        agent: &AgentId,
        seq: Option<u64>,
        from: u64,
    ) -> Result<CheckpointAnswer, WitnessError> {
        witness::checkpoint(&self.app, agent, seq, from).await
    }

    /// Takes a cosignature as the HTTP interface would.
    pub async fn cosign(&self, request: &CosignatureRequest) -> Result<(), WitnessError> {
        witness::cosign(&self.app, request).await
    }

    /// The signed orders that an agent is to follow now, as the HTTP interface would answer.
    pub async fn open_orders(&self, agent: &AgentId) -> Result<Vec<String>, StoreError> {
        confirm::open_orders(&self.app, agent).await
    }

    /// Computes cells, assessments and their revisions, once.
    pub async fn run_jobs(&self) -> Result<(), StoreError> {
        let (plans, now) = (self.app.plans(), self.app.clock.now());
        let plan = plans.in_force(now.to_millis());
        cells::run_once(&self.app.pool, plan, now.to_utc()).await?;
        assess::run_once(&self.app).await?;
        revise::run_once(&self.app).await?;
        claims::run_once(&self.app).await
    }

    /// What the nonces of this installation are made from: for agents in the same process only.
    #[must_use]
    pub fn nonces(&self) -> NonceRoot {
        self.app.keys.nonces.clone()
    }

    /// The evidence of a violation as a bundle.
    pub async fn export(&self, violation: &str) -> Result<Exported, ExportError> {
        export::export(&self.app, violation).await
    }

    /// Names of the violations found so far, newest first.
    pub async fn violations(&self) -> Result<Vec<String>, StoreError> {
        let mut conn = self.app.connection().await?;
        let found = store::violation::list(&mut conn, http::LIST_MAX).await?;
        let standing = found.into_iter().filter(|v| v.withdrawn_at.is_none());
        Ok(standing.map(|v| v.name).collect())
    }

    /// Requests for the plan that are held now.
    #[cfg(test)]
    pub(crate) fn held_polls(&self) -> usize {
        http::plan::HELD_MAX - self.app.held.available_permits()
    }

    /// As if it read as many previews as it may.
    #[cfg(test)]
    pub(crate) fn hold_previews(&self) -> tokio::sync::SemaphorePermit<'_> {
        let all = u32::try_from(preview::AT_ONCE_MAX).expect("a few");
        let held = self.app.previews.try_acquire_many(all);
        held.expect("none is read")
    }

    /// The revisions that it knows.
    #[cfg(test)]
    pub(crate) fn plans(&self) -> Arc<Plans> {
        self.app.plans()
    }

    /// Finishes requests under way, within a bound, and stops.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        let drain = async {
            drop(self.app); // The flusher ends when the last handle to its queue is gone.
            while let Some(ended) = self.tasks.join_next().await {
                if let Err(failure) = ended {
                    error!(error = &failure as &dyn std::error::Error, "a task failed");
                }
            }
        };
        if tokio::time::timeout(DRAIN_TIMEOUT, drain).await.is_err() {
            info!("stopped with requests under way");
        }
    }
}

/// Brings the schema of a database up to date.
pub async fn migrate_database(url: &str) -> Result<(), StartError> {
    migrate(&connect(url).await?).await
}

async fn connect(url: &str) -> Result<PgPool, StartError> {
    PgPoolOptions::new()
        .max_connections(CONNECTIONS_MAX)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false) // A broken connection fails its query, which is retried.
        .connect(url)
        .await
        .map_err(StartError::Connect)
}

async fn migrate(pool: &PgPool) -> Result<(), StartError> {
    sqlx::migrate!("../../migrations")
        .run(pool)
        .await
        .map_err(StartError::Migrate)
}

async fn build(
    setup: &Setup,
    pool: PgPool,
    stopping: watch::Receiver<bool>,
) -> Result<(App, flush::Queue), StartError> {
    let keys = Keys::load(&setup.state_dir.join("keys"), &setup.origin)?;
    let now = setup.clock.now_utc();
    let log = log::open(setup, &pool, &keys).await?;
    fleet::register(&pool, setup, &keys, now).await?;
    let plans = fleet::plans(&pool, setup).await?;
    let contracts = contracts::register(&pool, &keys, (setup, plans.newest()), now).await?;
    let (intake, queue) = flush::queue();
    let app = App {
        pool,
        clock: setup.clock.clone(),
        origin: setup.origin.clone(),
        keys,
        shelf: Shelf::new(plans),
        held: Semaphore::new(http::plan::HELD_MAX),
        previews: Semaphore::new(preview::AT_ONCE_MAX),
        stopping,
        contracts,
        retention: setup.retention.clone(),
        claim_forms: setup.claim_forms.clone(),
        outside: setup.outside.clone(),
        published: setup.published.clone(),
        claim_leads: setup.claim_leads.clone(),
        archive: setup.archive.clone(),
        timestamping: setup.timestamping.clone(),
        intake,
        conditions: condition::Cache::default(),
        log: Mutex::new(log),
        metrics: setup.metrics.clone(),
        instruments: CollectorMetrics::new(&setup.metrics),
    };
    // The first checkpoint covers plan and contracts before the first sample can.
    if let Err(failure) = log::sequence_once(&app).await {
        error!(
            error = &failure as &dyn std::error::Error,
            "failed to order the log at start"
        );
    }
    Ok((app, queue))
}
