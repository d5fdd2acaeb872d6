//! A collector on a database of its own, in simulated time.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use collector::{Collector, ContractSetup, Jobs, Retention, Setup};
use domain::ManualClock;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use telemetry::Metrics;
use tempfile::TempDir;
use wire::plan::Plan;

use crate::fleet::{Fleet, Shape, origin};

/// A contract by calendar months that counts minutes of downtime.
const CONTRACT: &str = include_str!("../../src/web/tests/month.toml");

#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) collector: Arc<Collector>,
    pub(crate) fleet: Fleet,
    pub(crate) conn: PgConnection,
    pub(crate) url: String,
    clock: ManualClock,
    _state: TempDir,
}

impl Site {
    /// Starts with the fleet enrolled. `judged` targets are under contract, all `planned` are in
    /// the plan.
    pub(crate) async fn start(
        server: &str,
        name: &str,
        shape: Shape,
        (judged, planned): (usize, usize),
    ) -> Self {
        collector::recreate_database(server, name)
            .await
            .expect("a database");
        let (address, options) = server.split_once('?').unwrap_or((server, ""));
        let (host, _) = address
            .rsplit_once('/')
            .expect("an address with a database");
        let database_url = format!("{host}/{name}?{options}");
        let state = TempDir::new().expect("a directory");
        let clock = ManualClock::at(shape.start.to_micros());
        let collector = Collector::start(Setup {
            database_url: database_url.clone(),
            state_dir: state.path().to_str().expect("a path that is text").into(),
            origin: origin(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            plan: plan(shape.agents, planned),
            contracts: vec![ContractSetup {
                toml: CONTRACT.to_owned(),
                targets: (0..judged).map(Shape::target).collect(),
                fees: None,
            }],
            archive: None,
            timestamping: None,
            claim_forms: collector::Forms::default(),
            outside: collector::Outside::default(),
            published: collector::Published::default(),
            claim_leads: collector::Leads::default(),
            retention: Retention::default(),
            clock: Arc::new(clock.clone()),
            jobs: Jobs::Manual,
            metrics: Metrics::local("bench", "0").expect("instruments"),
        })
        .await
        .expect("a collector");
        let mut conn = PgConnection::connect(&database_url)
            .await
            .expect("a database");
        let fleet = Fleet::new(shape);
        for (name, vkey) in fleet.agents() {
            let enrol = "INSERT INTO agent (name, vkey, region, network, enrolled_at)
                         VALUES ($1, $2, 'r', 'n', '2026-01-01T00:00:00Z')";
            let enrol = sqlx::query(enrol).bind(name).bind(vkey);
            enrol.execute(&mut conn).await.expect("an agent");
        }
        Self {
            collector: Arc::new(collector),
            fleet,
            conn,
            url: database_url,
            clock,
            _state: state,
        }
    }

    /// Seals the next batches of every agent, in turn, and moves the clock behind them.
    pub(crate) fn seal(&mut self, batches: usize) -> Vec<Vec<Vec<u8>>> {
        let agents = 0..self.fleet.shape.agents;
        let sealed = agents
            .map(|agent| (0..batches).map(|_| self.fleet.seal(agent)).collect())
            .collect();
        self.clock.set(self.fleet.now().to_micros());
        sealed
    }

    /// Moves the clock on.
    pub(crate) fn wait_minutes(&mut self, minutes: i64) {
        let now = self.fleet.now().plus_ms(minutes * 60_000);
        self.clock.set(now.to_micros());
    }

    /// Runs statements.
    pub(crate) async fn run(&mut self, sql: String) {
        let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.conn);
        done.await.expect("a statement that works");
    }

    /// The one number that a query gives.
    pub(crate) async fn number(&mut self, sql: &str) -> u64 {
        let asked = sqlx::query_scalar::<_, i64>(AssertSqlSafe(sql.to_owned()));
        let number = asked.fetch_one(&mut self.conn).await.expect("a number");
        u64::try_from(number).expect("no number here is negative")
    }

    pub(crate) async fn stop(self) {
        if let Ok(collector) = Arc::try_unwrap(self.collector) {
            collector.shutdown().await;
        }
    }
}

fn plan(agents: usize, targets: usize) -> Plan {
    let mut text = "revision = 1\neffective_from_ms = 0\n".to_owned();
    for agent in 0..agents {
        let id = Shape::agent(agent);
        write!(
            text,
            "[[agent]]\nid = \"{id}\"\nregion = \"r\"\nnetwork = \"n\"\n"
        )
        .expect("memory has room");
    }
    for target in 0..targets {
        let id = Shape::target(target);
        write!(
            text,
            "[[target]]\nid = \"{id}\"\nprovider = \"acme\"\ninterval_s = 60\ndeadline_ms = 1\n\
             request = {{ kind = \"http\", url = \"http://x.invalid\" }}\n"
        )
        .expect("memory has room");
    }
    Plan::parse(&text).expect("a plan")
}
