//! The collector's side: a database that stays, and collectors that come and go.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use agent::enrol::{EnrolOptions, enrol};
use agent::{Identity, identity};
use camino::{Utf8Path, Utf8PathBuf};
use collector::{Collector, ContractSetup, IngestError, Jobs, Retention, Setup};
use collector::{RebuildMode, RebuildSetup, Totals, rebuild};
use domain::{AgentId, ManualClock, UnixMillis};
use probe::TlsRoots;
use telemetry::Metrics;
use tempfile::TempDir;
use tokio::runtime::{self, Runtime};
use wire::plan::Plan;
use wire::protocol::Receipt;

use super::database::Watcher;
use super::world::{ACME, QUIET};
use crate::thread::database::Database;

/// Name of the installation.
const ORIGIN: &str = "nines.example/fleet";

/// Where the collector stands.
pub(super) struct Site {
    runtime: Runtime,
    collector: Option<Arc<Collector>>,
    pub(super) clock: ManualClock,
    pub(super) watcher: Watcher,
    pub(super) plan: Arc<Plan>,
    database: Database,
    dir: TempDir,
}

impl Site {
    /// A new database with a collector on it.
    pub(super) fn start(name: &str, plan: Plan, now_ms: i64) -> Self {
        let runtime = runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime can be made");
        let database = runtime.block_on(Database::create(&format!("nines_e2e_{name}")));
        let mut site = Self {
            collector: None,
            clock: ManualClock::at(UnixMillis::new(now_ms).to_micros()),
            watcher: Watcher::connect(&database),
            plan: Arc::new(plan),
            dir: TempDir::new().expect("there is room for a directory"),
            runtime,
            database,
        };
        site.start_collector();
        site
    }

    pub(super) fn dir(&self) -> &Utf8Path {
        Utf8Path::from_path(self.dir.path()).expect("the directory's name is UTF-8")
    }

    fn contracts() -> Vec<ContractSetup> {
        let text = include_str!("../thread/contract.toml");
        let of = |target: &str| ContractSetup {
            toml: text.replace("id = \"lab\"", &format!("id = \"{target}-day\"")),
            targets: vec![target.parse().expect("a name")],
            fees: Some("1000.00".to_owned()),
        };
        vec![of(ACME), of(QUIET)]
    }

    pub(super) fn is_up(&self) -> bool {
        self.collector.is_some()
    }

    pub(super) fn start_collector(&mut self) {
        let setup = Setup {
            database_url: self.database.url().to_owned(),
            state_dir: self.dir().join("collector"),
            origin: ORIGIN.parse().expect("an origin"),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            plan: Plan::clone(&self.plan),
            contracts: Self::contracts(),
            archive: None,
            timestamping: None,
            claim_forms: collector::Forms::default(),
            outside: collector::Outside::default(),
            published: collector::Published::default(),
            claim_leads: collector::Leads::default(),
            retention: Retention::default(),
            clock: Arc::new(self.clock.clone()),
            jobs: Jobs::Manual,
            metrics: Metrics::local("fleet", "0").expect("metrics can be made"),
        };
        let started = self.runtime.block_on(Collector::start(setup));
        self.collector = Some(Arc::new(started.expect("the collector starts")));
    }

    /// Ends the collector at once, in the middle of what it was given.
    pub(super) fn crash_collector(&mut self, under_way: Vec<Vec<u8>>, polls: i64) {
        let Some(collector) = self.collector.take() else {
            return;
        };
        self.runtime.block_on(async move {
            let tasks: Vec<_> = under_way
                .into_iter()
                .map(|body| {
                    let collector = Arc::clone(&collector);
                    tokio::spawn(async move { collector.ingest(body).await.map(drop) })
                })
                .collect();
            for _ in 0..polls {
                tokio::task::yield_now().await;
            }
            for task in tasks {
                task.abort();
                drop(task.await); // Whether it was committed before is anybody's guess.
            }
            drop(collector);
        });
    }

    /// Enrols an agent over HTTP, as an operator would.
    pub(super) fn enrol(&self, id: &AgentId) -> (Utf8PathBuf, Arc<Identity>) {
        let (collector, dir) = (self.up(), self.dir().join(id.as_str()));
        let enrolled = self.runtime.block_on(async {
            let token = collector.mint_token(id).await.expect("a token");
            let options = EnrolOptions {
                collector: format!("http://{}/", collector.addr())
                    .parse()
                    .expect("a URL"),
                token: token.into(),
                agent: id.clone(),
                dir: dir.clone(),
                roots: TlsRoots::Platform,
            };
            enrol(&options, &self.clock).await
        });
        let seed = identity::find_seed(&dir).expect("a key file");
        let identity = enrolled
            .expect("the agent is taken")
            .with_key(&seed.expect("a key"))
            .expect("an identity");
        (dir, Arc::new(identity))
    }

    fn up(&self) -> Arc<Collector> {
        Arc::clone(self.collector.as_ref().expect("the collector is up"))
    }

    /// Asks the collector, and waits for the answer.
    pub(super) fn ask<T>(&self, question: impl AsyncFnOnce(Arc<Collector>) -> T) -> T {
        self.runtime.block_on(question(self.up()))
    }

    /// Hands over bodies at the same time.
    pub(super) fn ingest(&self, bodies: Vec<Vec<u8>>) -> Vec<Result<Receipt, IngestError>> {
        self.ask(async |collector| {
            let tasks: Vec<_> = bodies
                .into_iter()
                .map(|body| {
                    let collector = Arc::clone(&collector);
                    tokio::spawn(async move { collector.ingest(body).await })
                })
                .collect();
            let mut answers = Vec::new();
            for task in tasks {
                answers.push(task.await.expect("ingest does not panic"));
            }
            answers
        })
    }

    pub(super) fn sequence(&self) {
        let done = self.ask(async |collector| collector.run_sequencer().await);
        done.expect("the log is ordered");
    }

    pub(super) fn judge(&self) {
        let done = self.ask(async |collector| collector.run_jobs().await);
        done.expect("cells and contracts are judged");
    }

    /// Derives everything anew and compares; what differs, in words.
    pub(super) fn rebuild_check(&self) -> (Totals, Vec<String>) {
        let setup = RebuildSetup {
            database_url: self.database.url().to_owned(),
            origin: ORIGIN.parse().expect("an origin"),
            plan: Plan::clone(&self.plan),
            contracts: Self::contracts(),
            clock: Arc::new(self.clock.clone()),
            from: None,
            to: None,
            mode: RebuildMode::Check,
        };
        let mut found = Vec::new();
        let done = self.runtime.block_on(rebuild(&setup, |event| {
            if let collector::RebuildEvent::Difference(difference) = event {
                found.push(difference.to_string());
            }
        }));
        (done.expect("a rebuild runs"), found)
    }
}
