//! One agent, one collector and one simulated provider on this machine, as an operator would set
//! them up: files, a token, an enrolment.

use std::net::{Ipv4Addr, TcpListener};

use camino::{Utf8Path, Utf8PathBuf};
use domain::{Clock as _, SystemClock};
use reqwest::{Client, Method, Response};
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

use super::database::Database;
use super::process::{self, Process, program};
use super::{SOON, eventually};

/// The agent.
pub(super) const AGENT: &str = "lab-1";
/// The target under contract.
pub(super) const CHAT: &str = "sim-chat";
/// The target that is only watched.
pub(super) const STATUS: &str = "sim-status";
/// The contract.
pub(super) const CONTRACT: &str = "lab";
/// Between two slots of a target.
pub(super) const INTERVAL_MS: i64 = 1_000;
/// A key of no worth, for tests that are not about keys.
pub(super) const KEY: &str = "sk-lab";

/// Where the agent finds its provider key, below the installation's directory.
pub(super) const KEY_FILE: &str = "key.txt";

/// The set-up of one test.
#[derive(Debug)]
pub(super) struct Installation {
    dir: TempDir,
    pub(super) database: Database,
    http: Client,
    key: String,
    ports: Ports,
}

#[derive(Clone, Copy, Debug)]
struct Ports {
    sim: u16,
    collectors: [u16; 2],
    front: u16,
    agent: u16,
}

/// One of two collectors of an installation; most tests use the first alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seat {
    First,
    Second,
}

impl Seat {
    const fn name(self) -> &'static str {
        match self {
            Self::First => "collector",
            Self::Second => "collector-2",
        }
    }
}

impl Installation {
    /// Writes every file and makes the database; nothing runs yet.
    pub(super) async fn create(name: &str, key: &str) -> Self {
        Self::on(Database::create(&format!("nines_e2e_{name}")).await, key, 0)
    }

    /// The same on a database that is there, with a crowd of further targets that are only watched.
    pub(super) fn on(database: Database, key: &str, crowd: usize) -> Self {
        let installation = Self {
            dir: TempDir::new().expect("there is room for a directory"),
            database,
            // Everything is on this machine: no proxy stands between.
            http: Client::builder()
                .no_proxy()
                .build()
                .expect("a client can be made"),
            key: key.to_owned(),
            ports: free_ports(),
        };
        installation.write(KEY_FILE, key);
        let plan = installation.plan() + &installation.crowd(crowd);
        installation.write("plan.toml", &plan);
        installation.write("contract.toml", include_str!("contract.toml"));
        for seat in [Seat::First, Seat::Second] {
            let file = format!("{}.toml", seat.name());
            installation.write(&file, &installation.collector_config(seat));
        }
        installation.write("agent.toml", &installation.agent_config());
        installation
    }

    /// Where everything of the installation is kept.
    pub(super) fn dir(&self) -> &Utf8Path {
        Utf8Path::from_path(self.dir.path()).expect("the directory's name is UTF-8")
    }

    /// Writes a file of the installation.
    pub(super) fn write(&self, file: &str, text: &str) {
        std::fs::write(self.dir().join(file), text).expect("a file can be written");
    }

    fn log(&self, name: &str) -> Utf8PathBuf {
        self.dir().join(format!("{name}.log"))
    }

    fn plan(&self) -> String {
        let from_ms = SystemClock.now().to_millis().get();
        let sim = self.ports.sim;
        format!(
            "revision = 1\neffective_from_ms = {from_ms}\n\n\
             [[agent]]\nid = \"{AGENT}\"\nnetwork = \"lab\"\nregion = \"lab\"\n\n\
             [[target]]\nid = \"{CHAT}\"\nprovider = \"sim\"\ninterval_s = 1\n\
             deadline_ms = 5000\ncredential = \"lab-key\"\nburst = {{ count = 0, spacing_ms = 0 }}\n\
             request = {{ kind = \"call\", base_url = \"http://127.0.0.1:{sim}/v1\", \
             model = \"sim-1\", stream = true }}\n\n{}",
            self.watched(STATUS)
        )
    }

    fn crowd(&self, size: usize) -> String {
        (0..size).map(|n| self.watched(&one_of_crowd(n))).collect()
    }

    fn watched(&self, target: &str) -> String {
        let sim = self.ports.sim;
        format!(
            "[[target]]\nid = \"{target}\"\nprovider = \"sim\"\ninterval_s = 1\n\
             deadline_ms = 5000\nburst = {{ count = 0, spacing_ms = 0 }}\n\
             request = {{ kind = \"http\", url = \"http://127.0.0.1:{sim}/status\" }}\n\n"
        )
    }

    fn collector_config(&self, seat: Seat) -> String {
        let port = self.port(seat);
        format!(
            "origin = \"nines.example/test\"\nlisten = \"127.0.0.1:{port}\"\n\
             state_dir = \"{}\"\nplan = \"plan.toml\"\ncheckpoint_s = 1\nassess_s = 1\n\n\
             [[contract]]\nfile = \"contract.toml\"\ntargets = [\"{CHAT}\"]\nfees = \"1000.00\"\n",
            self.dir().join(seat.name())
        )
    }

    fn agent_config(&self) -> String {
        let port = self.ports.agent;
        format!(
            "state_dir = \"agent\"\nplan = \"plan.toml\"\nseal_interval_s = 1\n\n\
             [credential.lab-key]\nkey_file = \"{KEY_FILE}\"\n\n\
             [http]\nlisten = \"127.0.0.1:{port}\"\n"
        )
    }

    /// Starts the simulated provider.
    pub(super) async fn start_sim(&self) -> Process {
        let listen = format!("127.0.0.1:{}", self.ports.sim);
        let mut command = Command::new(program("nines"));
        command.args(["sim", "--listen", &listen, "--key", &self.key]);
        let sim = Process::start(&mut command, "sim", self.log("sim"));
        self.until_ready(sim, &self.sim_url("/status")).await
    }

    /// Starts the collector.
    pub(super) async fn start_collector(&self) -> Process {
        self.start_at(Seat::First).await
    }

    /// Starts one of two collectors. The second gets the keys of the first, which ran before.
    pub(super) async fn start_at(&self, seat: Seat) -> Process {
        if seat == Seat::Second {
            self.hand_over_keys();
        }
        let name = seat.name();
        let mut command = Command::new(program("nines"));
        command.args(["collector", "--config"]);
        command.arg(self.dir().join(format!("{name}.toml")));
        command.env("DATABASE_URL", self.database.url());
        let collector = Process::start(&mut command, name, self.log(name));
        let ready = format!("http://127.0.0.1:{}/readyz", self.port(seat));
        self.until_ready(collector, &ready).await
    }

    fn hand_over_keys(&self) {
        let keys = |seat: Seat| self.dir().join(seat.name()).join("keys");
        std::fs::create_dir_all(keys(Seat::Second)).expect("a directory can be made");
        for key in ["log.key", "operator.key", "export.key"] {
            let copied = std::fs::copy(keys(Seat::First).join(key), keys(Seat::Second).join(key));
            copied.expect("a key can be copied");
        }
    }

    /// Starts the agent.
    pub(super) async fn start_agent(&self) -> Process {
        let mut command = Command::new(program("nines-agent"));
        command.args(["run", "--config"]);
        command.arg(self.dir().join("agent.toml"));
        let agent = Process::start(&mut command, "agent", self.log("agent"));
        self.until_ready(agent, &self.agent_url("/healthz")).await
    }

    async fn until_ready(&self, mut process: Process, url: &str) -> Process {
        let what = format!("{url} answers");
        eventually(&what, SOON, async || {
            process.assert_runs();
            let answer = self.http.get(url).send().await.ok()?;
            answer.status().is_success().then_some(())
        })
        .await;
        process
    }

    /// Mints a token, and enrols the agent by it.
    pub(super) async fn enrol(&self) {
        self.enrol_at(&self.url("/")).await;
    }

    /// The same where batches are to go to another address.
    pub(super) async fn enrol_at(&self, collector: &str) {
        self.enrol_into((AGENT, "agent"), collector).await;
    }

    /// Enrols another agent of the plan; its directory has its name.
    pub(super) async fn enrol_as(&self, agent: &str, collector: &str) {
        self.enrol_into((agent, agent), collector).await;
    }

    async fn enrol_into(&self, (agent, dir): (&str, &str), collector: &str) {
        let mut mint = Command::new(program("nines"));
        mint.args(["agent", "token", "--agent", agent, "--config"]);
        mint.arg(self.dir().join("collector.toml"));
        let token = process::run(mint.env("DATABASE_URL", self.database.url())).await;
        let mut enrol = Command::new(program("nines-agent"));
        enrol.args(["enroll", "--agent", agent, "--collector", collector]);
        enrol.arg("--state-dir").arg(self.dir().join(dir));
        process::run(enrol.env("NINES_TOKEN", token.trim())).await;
    }

    /// An address of the collector.
    pub(super) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port(Seat::First))
    }

    /// Where a collector listens.
    pub(super) const fn port(&self, seat: Seat) -> u16 {
        match seat {
            Seat::First => self.ports.collectors[0],
            Seat::Second => self.ports.collectors[1],
        }
    }

    /// A port for what stands before the collectors.
    pub(super) const fn front(&self) -> u16 {
        self.ports.front
    }

    /// An address of the agent's own pages.
    pub(super) fn agent_url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.ports.agent)
    }

    /// An address of the simulated provider.
    pub(super) fn sim_url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.ports.sim)
    }

    /// Asks for a page that must be there.
    pub(super) async fn page(&self, url: &str) -> String {
        let answer = self.http.get(url).send().await.expect("it answers");
        let status = answer.status();
        let page = answer.text().await.expect("a page is text");
        assert!(status.is_success(), "{url}: {status}: {page}");
        page
    }

    /// Asks the collector for a list.
    pub(super) async fn list(&self, path: &str) -> Vec<Value> {
        let page = self.page(&self.url(path)).await;
        serde_json::from_str(&page).unwrap_or_else(|error| panic!("{path}: {error}: {page}"))
    }

    /// Sends a request, whatever becomes of it.
    pub(super) async fn request(&self, method: Method, path: &str, body: String) -> Response {
        let request = self.http.request(method, self.url(path));
        let request = request.header("content-type", "application/json");
        request.body(body).send().await.expect("it answers")
    }

    /// Lets every chat at the simulated provider fail for a while.
    pub(super) async fn inject(&self, fault: Value, seconds: u32) {
        let order = serde_json::json!({ "fault": fault, "seconds": seconds });
        self.order(Method::POST, "/_sim/outage", &order).await;
    }

    /// Lets the simulated provider fail by a script from now on.
    pub(super) async fn script(&self, rules: Value) {
        let script = serde_json::json!({ "rules": rules });
        self.order(Method::PUT, "/_sim/rules", &script).await;
    }

    async fn order(&self, method: Method, path: &str, order: &Value) {
        let request = self.http.request(method, self.sim_url(path));
        let answer = request.json(order).send().await.expect("it answers");
        assert!(answer.status().is_success(), "{:?}", answer.text().await);
    }

    /// Newest batch of the agent that the collector has; -1 for none.
    pub(super) async fn last_seq(&self) -> i64 {
        let agents = self.list("/api/v1/agents").await;
        agents
            .first()
            .and_then(|agent| agent["last_seq"].as_i64())
            .unwrap_or(-1)
    }

    /// Waits until the collector has a batch of at least this number.
    pub(super) async fn until_seq(&self, seq: i64) {
        let what = format!("batch {seq} arrives");
        eventually(&what, SOON, async || {
            (self.last_seq().await >= seq).then_some(())
        })
        .await;
    }
}

/// The name of a target of the crowd, by its number.
pub(super) fn one_of_crowd(number: usize) -> String {
    format!("crowd-{number}")
}

/// Ports that nobody listens on: asked for together, so that they differ.
fn free_ports() -> Ports {
    let bound = [(); 5]
        .map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port"));
    let [sim, first, second, front, agent] =
        bound.map(|listener| listener.local_addr().expect("it is bound").port());
    Ports {
        sim,
        collectors: [first, second],
        front,
        agent,
    }
}
