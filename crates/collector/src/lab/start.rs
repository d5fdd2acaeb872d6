//! How a lab starts, beside others, and anew.

use std::env;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{AgentId, ManualClock};
use evidence::hash::Hash;
use evidence::note::SigningKey;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use telemetry::Metrics;
use tempfile::TempDir;
use wire::plan::Plan;

use super::{Lab, contract, origin, own, plan};
use crate::store::agent::NewAgent;
use crate::{Collector, ContractSetup, Jobs, Retention, Setup, store};

/// What a lab may have of its own.
type Whole = (Retention, Plan, Option<crate::Archive>, Vec<ContractSetup>);

impl Lab {
    pub(crate) async fn start(name: &str, at: DateTime<Utc>) -> Self {
        Self::start_with(name, at, Retention::default()).await
    }

    pub(crate) async fn start_with(name: &str, at: DateTime<Utc>, retention: Retention) -> Self {
        Self::start_planned(name, at, (retention, plan())).await
    }

    /// Of the agents of the plan, `a` is enrolled.
    pub(crate) async fn start_planned(
        name: &str,
        at: DateTime<Utc>,
        (retention, plan): (Retention, Plan),
    ) -> Self {
        let judged = vec![contract()];
        Self::start_whole(name, at, (retention, plan, None, judged)).await
    }

    pub(crate) async fn start_archived(
        name: &str,
        at: DateTime<Utc>,
        retention: Retention,
        archive: Option<crate::Archive>,
    ) -> Self {
        let judged = vec![contract()];
        Self::start_whole(name, at, (retention, plan(), archive, judged)).await
    }

    /// Judged by a contract's text of its own.
    pub(crate) async fn start_judged(name: &str, at: DateTime<Utc>, toml: String) -> Self {
        let judged = ContractSetup { toml, ..contract() };
        let whole = (Retention::default(), plan(), None, vec![judged]);
        Self::start_whole(name, at, whole).await
    }

    async fn start_whole(
        name: &str,
        at: DateTime<Utc>,
        (retention, plan, archive, contracts): Whole,
    ) -> Self {
        let url = fresh_database(name).await;
        let (dir, clock) = (TempDir::new().unwrap(), ManualClock::at(at.into()));
        let setup = setup(&url, dir.path(), &clock, retention);
        let collector = Collector::start(Setup {
            plan,
            contracts,
            archive,
            ..setup
        })
        .await
        .unwrap();
        let agent: AgentId = "a".parse().unwrap();
        let key = SigningKey::from_seed(&origin().agent(&agent), &[7; 32]).unwrap();
        let mut conn = PgConnection::connect(&url).await.unwrap();
        let new = NewAgent {
            id: &agent,
            vkey: &key.verifier_key().to_string(),
            region: "r",
            network: "n",
            enrolled_at: at,
        };
        store::agent::insert(&mut conn, &new).await.unwrap();
        Self {
            collector,
            url,
            clock,
            dir,
            agent,
            key,
            seq: 0,
            prev: Hash::from_bytes([0; 32]),
            next_i: 0,
            controls: own::Controls::default(),
        }
    }

    /// Another collector on the same database, with the same keys.
    pub(crate) async fn second(&self, dir: &Path) -> Collector {
        std::fs::create_dir(dir.join("keys")).unwrap();
        for key in ["log", "operator", "export"] {
            let file = format!("keys/{key}.key");
            std::fs::copy(self.dir.path().join(&file), dir.join(&file)).unwrap();
        }
        let setup = setup(&self.url, dir, &self.clock, Retention::default());
        Collector::start(setup).await.unwrap()
    }

    /// Another collector on the same database and keys.
    pub(crate) async fn start_another(&self) -> Collector {
        let setup = setup(
            &self.url,
            self.dir.path(),
            &self.clock,
            Retention::default(),
        );
        Collector::start(setup).await.unwrap()
    }

    /// Stops the collector and starts it with others outside.
    pub(crate) async fn with_outside(self, outside: crate::Outside) -> Self {
        self.collector.shutdown().await;
        let retention = Retention::default();
        let setup = setup(&self.url, self.dir.path(), &self.clock, retention);
        let collector = Collector::start(Setup { outside, ..setup }).await;
        let collector = collector.unwrap();
        Self { collector, ..self }
    }

    /// Stops the collector and starts it with pages to read.
    pub(crate) async fn with_published(self, published: crate::Published) -> Self {
        self.collector.shutdown().await;
        let retention = Retention::default();
        let setup = setup(&self.url, self.dir.path(), &self.clock, retention);
        let collector = Collector::start(Setup { published, ..setup }).await;
        let collector = collector.unwrap();
        Self { collector, ..self }
    }

    /// Another collector on the same database and keys, that asks for timestamps.
    pub(crate) async fn start_stamping(
        &self,
        timestamping: Arc<crate::Timestamping>,
        plan: Plan,
    ) -> Collector {
        let (dir, retention) = (self.dir.path(), Retention::default());
        let setup = setup(&self.url, dir, &self.clock, retention);
        let timestamping = Some(timestamping);
        Collector::start(Setup {
            plan,
            timestamping,
            ..setup
        })
        .await
        .unwrap()
    }

    /// Stops the collector, runs `between` on an empty database, and starts it again.
    pub(crate) async fn lose_database(
        self,
        name: &str,
        archive: Option<crate::Archive>,
        between: impl Future<Output = ()>,
    ) -> Self {
        self.collector.shutdown().await;
        let url = fresh_database(name).await;
        crate::migrate_database(&url).await.unwrap();
        between.await;
        let setup = setup(&url, self.dir.path(), &self.clock, Retention::default());
        let collector = Collector::start(Setup { archive, ..setup }).await.unwrap();
        Self { collector, ..self }
    }
}

/// An empty database of a lab's name.
async fn fresh_database(name: &str) -> String {
    let server = server_url();
    let name = format!("nines_lab_{name}");
    crate::recreate_database(&server, &name).await.unwrap();
    let (address, options) = server.split_once('?').unwrap_or((&server, ""));
    let (host, _) = address.rsplit_once('/').unwrap();
    format!("{host}/{name}?{options}")
}

fn server_url() -> String {
    let url = env::var_os("DATABASE_URL").expect("run `cargo xtask test -p collector`");
    url.into_string().unwrap()
}

/// The database of a lab that has stopped.
pub(super) async fn drop_database(url: &str) {
    let server = server_url();
    let address = url.split_once('?').map_or(url, |(address, _)| address);
    let (_, name) = address.rsplit_once('/').unwrap();
    let mut conn = PgConnection::connect(&server).await.unwrap();
    let statement = AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"));
    sqlx::raw_sql(statement).execute(&mut conn).await.unwrap();
}

/// A collector as all labs have it.
fn setup(url: &str, dir: &Path, clock: &ManualClock, retention: Retention) -> Setup {
    Setup {
        database_url: url.to_owned(),
        state_dir: dir.to_str().unwrap().into(),
        origin: origin(),
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        plan: plan(),
        contracts: vec![contract()],
        retention,
        archive: None,
        timestamping: None,
        claim_forms: crate::Forms::default(),
        outside: crate::Outside::default(),
        published: crate::Published::default(),
        claim_leads: crate::Leads::default(),
        clock: Arc::new(clock.clone()),
        jobs: Jobs::Manual,
        metrics: Metrics::local("lab", "0").unwrap(),
    }
}
