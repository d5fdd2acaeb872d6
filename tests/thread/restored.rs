//! A database that is put back to an older state: the signer refuses, agents send again what they
//! keep, and the log heals without a fork.

use std::path::{Path, PathBuf};

use domain::{Clock as _, SystemClock};
use evidence::checkpoint::Checkpoint;
use evidence::note::SignedNote;
use evidence::tree::{self, TreeHead};
use pgembed::{Cluster, Config, Durability};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::Command;

use super::database::{Database, binaries};
use super::installation::{CHAT, Installation, KEY};
use super::outage;
use super::process::{self, Process, program};
use super::{SOON, eventually};

/// The agent that is there when the copy is made, and the one that enrols after it.
const AGENTS: [&str; 2] = ["east", "west"];
/// Batches that show that an agent delivers.
const PROGRESS: i64 = 4;

#[tokio::test(flavor = "multi_thread")]
async fn a_database_put_back_to_an_older_copy_heals_without_a_fork() {
    let mut site = Site::open("heals").await;
    site.make_history().await;
    let violation = site.violation().await;
    let signed = site.cosigned_by_all().await;
    let samples = site.samples().await;
    site.put_back().await;
    site.start_collector().await;

    let said = site.collector().said();
    assert!(said.contains("restored from an older copy"), "{said}");
    assert!(said.contains("entries are owed to it"), "{said}");
    let health = eventually("the log is whole again", 2 * SOON, async || {
        let health = site.health().await;
        (health["ok"] == true && site.entries().await > signed.size).then_some(health)
    })
    .await;
    assert_eq!(health["log"]["missing"], 0);
    // Every agent believes it, by a proof from what it saw before, and vouches for it.
    let healed = site.cosigned_by_all().await;
    assert!(healed.size > signed.size);
    site.assert_continues(signed).await;
    site.assert_same_samples(&samples).await;
    site.assert_one_history().await;
    site.assert_rebuilt_alike().await;
    assert_eq!(site.violation().await, violation);
    site.assert_bundle_verifies(&violation).await;
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_journal_nothing_is_ever_signed_again_and_batches_are_taken_still() {
    let mut site = Site::open("refuses").await;
    site.make_history().await;
    let signed = site.cosigned_by_all().await;
    site.put_back().await;
    let journal = site.lab.dir().join("collector/journal");
    std::fs::remove_dir_all(journal).expect("there is a journal");
    site.start_collector().await;
    let health = site.health().await;
    let trouble = health["log"]["trouble"].as_str().expect("it says why");
    assert!(trouble.contains("does not hold their order"), "{trouble}");
    assert!(
        trouble.contains("begin a log under a new origin"),
        "{trouble}"
    );
    assert_eq!(health["ok"], false);
    let metrics = site.lab.page(&site.lab.url("/metrics")).await;
    assert!(!metrics.contains("nines_log_missing 0"), "{metrics}");
    // What was lost comes back as data, and what is new is taken.
    let count = "SELECT count(*) FROM batch";
    let before = site.lab.database.number(count).await;
    eventually("batches arrive", SOON, async || {
        (site.lab.database.number(count).await > before + 2 * PROGRESS).then_some(())
    })
    .await;
    let newest = "SELECT max(size) FROM checkpoint";
    let newest = site.lab.database.number(newest).await;
    assert!(u64::try_from(newest).expect("a size") < signed.size);
    assert_eq!(site.health().await["ok"], false);
    site.assert_no_split_view();
    // One agent is not known here any more, and would wait to be.
    for agent in site.agents.drain(..) {
        agent.kill().await;
    }
    site.close().await;
}

/// Everything that runs.
struct Site {
    lab: Installation,
    config: Config,
    root: TempDir,
    postgres: Option<Cluster>,
    collector: Option<Process>,
    agents: Vec<Process>,
    _sim: Process,
}

impl Site {
    async fn open(name: &str) -> Self {
        // Where the server's own user may go, also when this runs as root.
        let root = tempfile::Builder::new().prefix("nines-restored-").tempdir();
        let root = root.expect("there is room for a directory");
        super::soak::open_to_all(root.path());
        let config = Config {
            root: root.path().join("pg"),
            fsync: Durability::TestsOnly,
            database: format!("restored_{name}"),
        };
        let postgres = Cluster::start(&binaries(), &config).expect("PostgreSQL starts");
        let lab = Installation::on(Database::at(postgres.url()), KEY, 0);
        lab.write("plan.toml", &plan(&lab));
        let sim = lab.start_sim().await;
        let collector = lab.start_collector().await;
        let mut site = Self {
            lab,
            config,
            root,
            postgres: Some(postgres),
            collector: Some(collector),
            agents: Vec::new(),
            _sim: sim,
        };
        site.hire(AGENTS[0]).await;
        site
    }

    /// Lets one agent deliver, makes a copy of the database, and lets an agent enrol, a provider
    /// fail and much be signed that the copy does not know.
    async fn make_history(&mut self) {
        self.until_progress(AGENTS[0]).await;
        self.stop_server().await;
        copy(&self.data(), &self.copied()).await;
        self.start_server();
        self.start_collector().await;
        self.hire(AGENTS[1]).await;
        self.until_progress(AGENTS[1]).await;
        let fault = json!({ "kind": "status", "status": 503 });
        self.lab.inject(fault, 5).await;
        for agent in AGENTS {
            self.until_progress(agent).await;
        }
    }

    /// Puts the database back as it was when the copy was made; agents go on meanwhile.
    async fn put_back(&mut self) {
        self.stop_server().await;
        std::fs::remove_dir_all(self.data()).expect("the server has stopped");
        copy(&self.copied(), &self.data()).await;
        self.start_server();
    }

    async fn stop_server(&mut self) {
        self.collector.take().expect("it runs").stop().await;
        let postgres = self.postgres.take().expect("it runs");
        postgres.stop().expect("PostgreSQL stops");
    }

    fn start_server(&mut self) {
        let started = Cluster::start(&binaries(), &self.config);
        self.postgres = Some(started.expect("PostgreSQL starts"));
    }

    async fn start_collector(&mut self) {
        self.collector = Some(self.lab.start_collector().await);
    }

    fn collector(&self) -> &Process {
        self.collector.as_ref().expect("it runs")
    }

    fn data(&self) -> PathBuf {
        self.config.root.join("data")
    }

    fn copied(&self) -> PathBuf {
        self.root.path().join("copy")
    }

    /// Enrols an agent that knows no plan, and starts it.
    async fn hire(&mut self, agent: &str) {
        let config = format!("{agent}.toml");
        self.lab.write(
            &config,
            &format!(
                "state_dir = \"{agent}\"\nseal_interval_s = 1\n\n\
                 [credential.lab-key]\nkey_file = \"key.txt\"\n\n\
                 [http]\nlisten = \"127.0.0.1:0\"\n"
            ),
        );
        self.lab.enrol_as(agent, &self.lab.url("/")).await;
        let mut run = Command::new(program("nines-agent"));
        run.args(["run", "--config"])
            .arg(self.lab.dir().join(config));
        let log = self.lab.dir().join(format!("{agent}.log"));
        self.agents.push(Process::start(&mut run, agent, log));
    }

    async fn last_seq(&self, agent: &str) -> i64 {
        let query = format!(
            "SELECT COALESCE(max(b.seq), -1) FROM batch b JOIN agent a ON a.id = b.agent_id
             WHERE a.name = '{agent}'"
        );
        self.lab.database.number(&query).await
    }

    async fn until_progress(&self, agent: &str) {
        let wanted = self.last_seq(agent).await + PROGRESS;
        eventually(&format!("{agent} delivers"), SOON, async || {
            (self.last_seq(agent).await >= wanted).then_some(())
        })
        .await;
    }

    async fn health(&self) -> Value {
        let page = self.lab.page(&self.lab.url("/api/v1/health")).await;
        serde_json::from_str(&page).expect("health is JSON")
    }

    async fn entries(&self) -> u64 {
        let query = "SELECT count(*) FROM log_entry";
        u64::try_from(self.lab.database.number(query).await).expect("a count")
    }

    async fn violation(&self) -> String {
        eventually("a violation", outage::JUDGED, async || {
            let found = self.lab.list("/api/v1/violations").await;
            Some(found.first()?["violation"].as_str()?.to_owned())
        })
        .await
    }

    /// A head, newer than any now, that an agent has vouched for and no agent lags behind.
    async fn cosigned_by_all(&self) -> TreeHead {
        let newest = "SELECT COALESCE(max(size), 0) FROM checkpoint";
        let from = self.lab.database.number(newest).await;
        let of_all = format!(
            "SELECT min(newest) FROM (SELECT max(size) AS newest FROM cosignature
                                      WHERE size > {from} GROUP BY agent_id) n
             HAVING count(*) = {}",
            AGENTS.len()
        );
        let size = eventually("every agent cosigns", SOON, async || {
            self.lab.database.rows(&of_all).await.pop()
        })
        .await;
        let note = format!("SELECT note FROM checkpoint WHERE size = {size}");
        let note = self.lab.database.rows(&note).await.join("\n");
        head(&format!("{}\n", note.trim_end())) // psql ends what it prints with a line of its own.
    }

    /// The newest checkpoint is proven to continue an older one.
    async fn assert_continues(&self, signed: TreeHead) {
        let path = format!(
            "/api/v1/log/checkpoint?agent={}&from={}",
            AGENTS[0], signed.size
        );
        let page = self.lab.page(&self.lab.url(&path)).await;
        let answer: Value = serde_json::from_str(&page).expect("an answer is JSON");
        let proof = answer["consistency"].as_array().expect("a list").iter();
        let proof: Vec<_> = proof
            .map(|hash| hash.as_str().expect("text").parse().expect("a hash"))
            .collect();
        let newest = head(answer["checkpoint"].as_str().expect("a note"));
        assert!(newest.size > signed.size);
        tree::verify_consistency(signed, newest, &proof).expect("the log was continued");
    }

    /// Every sample as one line, by what it says and not by the database's own numbers.
    async fn samples(&self) -> Vec<String> {
        let query = "SELECT a.name, t.name, s.i, s.slot_at, s.attempt, s.outcome, s.seq, s.end_us
                     FROM sample_whole s JOIN agent a ON a.id = s.agent_id
                     JOIN target t ON t.id = s.target_id ORDER BY a.name, t.name, s.i";
        self.lab.database.rows(query).await
    }

    /// All that were there are there again, once.
    async fn assert_same_samples(&self, before: &[String]) {
        let after = self.samples().await;
        let mut once = after.clone();
        once.dedup();
        assert_eq!(once, after, "no sample is there twice");
        let lost: Vec<_> = before.iter().filter(|line| !after.contains(line)).collect();
        assert!(lost.is_empty(), "{lost:?}");
    }

    /// Every agent's chain and streams are whole, every batch is in the log once, and nobody saw
    /// another history.
    async fn assert_one_history(&self) {
        for (what, query) in [
            (
                "batches without a gap",
                "SELECT count(*) FROM (SELECT max(seq) + 1 - count(*) AS gap FROM batch
                                       GROUP BY agent_id) g WHERE gap <> 0",
            ),
            (
                "batches that do not name the one before",
                "SELECT count(*) FROM batch b LEFT JOIN batch p
                 ON p.agent_id = b.agent_id AND p.seq = b.seq - 1
                 WHERE b.seq > 0 AND p.hash IS DISTINCT FROM b.prev",
            ),
            (
                "batches that are in the log twice",
                "SELECT count(*) - count(DISTINCT (agent_id, seq)) FROM log_entry
                 WHERE seq IS NOT NULL",
            ),
            (
                "lines that are no rows",
                "SELECT (SELECT sum(lines) FROM batch) - (SELECT count(*) FROM sample)
                        - (SELECT count(*) FROM slot_gap)",
            ),
            ("conflicting batches", "SELECT count(*) FROM batch_conflict"),
            (
                "conflicting samples",
                "SELECT count(*) FROM sample_conflict",
            ),
        ] {
            assert_eq!(self.lab.database.number(query).await, 0, "{what}");
        }
        self.assert_no_split_view();
    }

    fn assert_no_split_view(&self) {
        for agent in AGENTS {
            let split = self.lab.dir().join(agent).join("split-view-offered.note");
            assert!(!split.exists(), "{agent} saw the log split");
        }
    }

    /// Rows, cells and verdicts are those that the raw batches give.
    async fn assert_rebuilt_alike(&self) {
        let mut rebuild = Command::new(program("nines"));
        rebuild.args(["rebuild", "--check", "--config"]);
        rebuild.arg(self.lab.dir().join("collector.toml"));
        process::run(rebuild.env("DATABASE_URL", self.lab.database.url())).await;
    }

    async fn assert_bundle_verifies(&self, violation: &str) {
        let file = outage::export(&self.lab, violation).await;
        let policy = self.lab.dir().join("policy.txt");
        let page = self.lab.page(&self.lab.url("/policy.txt")).await;
        std::fs::write(&policy, page).expect("a file can be written");
        let told = outage::verify("nines-verify", &[], &file, Some(&policy)).await;
        assert_eq!(told.code, 0, "{}", told.text);
    }

    async fn close(mut self) {
        for agent in self.agents.drain(..) {
            agent.stop().await;
        }
        self.stop_server().await;
    }
}

fn plan(lab: &Installation) -> String {
    let agent = |name| {
        format!("[[agent]]\nid = \"{name}\"\nnetwork = \"net-{name}\"\nregion = \"lab\"\n\n")
    };
    let agents: String = AGENTS.iter().map(agent).collect();
    format!(
        "revision = 1\neffective_from_ms = {}\n\n{agents}\
         [[target]]\nid = \"{CHAT}\"\nprovider = \"sim\"\ninterval_s = 1\n\
         deadline_ms = 5000\ncredential = \"lab-key\"\nburst = {{ count = 0, spacing_ms = 0 }}\n\
         request = {{ kind = \"call\", base_url = \"{}\", model = \"sim-1\", stream = true }}\n",
        SystemClock.now().to_millis().get(),
        lab.sim_url("/v1")
    )
}

fn head(note: &str) -> TreeHead {
    let note = SignedNote::parse(note.as_bytes()).expect("a signed note");
    let checkpoint = Checkpoint::parse(note.text()).expect("a checkpoint");
    checkpoint.head()
}

/// Copies a stopped server's directory as a backup would: everything, with its owners.
async fn copy(from: &Path, to: &Path) {
    process::run(Command::new("cp").arg("-a").arg(from).arg(to)).await;
}
