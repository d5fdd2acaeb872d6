//! Minutes under load, in which programs and the database server are killed at random, one after
//! another: two collectors behind one address, an agent, PostgreSQL.
//!
//! Run by `cargo xtask soak`. The seed is printed; `NINES_SOAK_SEED` runs the same order of kills
//! again, though not the same moments.

use std::collections::BTreeMap;
use std::env;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use pgembed::{Cluster, Config, Durability};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio::time::{Instant, sleep};

use super::account::Account;
use super::database::{Database, binaries};
use super::installation::{CHAT, Installation, KEY, STATUS, Seat, one_of_crowd};
use super::process::{self, Process, program};
use super::{SOON, eventually};

/// How long, where `NINES_SOAK_S` does not say.
const SECONDS: u64 = 120;
/// Longest time that a victim stays down, and longest time of peace after it, milliseconds.
const DOWN_MS_MAX: u64 = 3_000;
const PEACE_MS_MAX: u64 = 4_000;
/// Targets beside the two of every installation, each probed once a second.
const CROWD: usize = 30;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes; run by `cargo xtask soak`"]
async fn whatever_is_killed_nothing_is_lost_and_nothing_is_stored_twice() {
    let seconds = setting("NINES_SOAK_S").unwrap_or(SECONDS);
    let seed = setting("NINES_SOAK_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    println!("soak: {seconds} s, seed {seed}");
    let mut site = Site::open().await;
    let mut dice = Dice(seed);
    let mut kills: BTreeMap<&str, u32> = BTreeMap::new();
    let end = Instant::now() + Duration::from_secs(seconds);
    while Instant::now() < end {
        let victim = Victim::ALL[dice.below(Victim::ALL.len() as u64)];
        *kills.entry(victim.name()).or_default() += 1;
        site.kill_for(victim, Duration::from_millis(dice.below_ms(DOWN_MS_MAX)))
            .await;
        sleep(Duration::from_millis(dice.below_ms(PEACE_MS_MAX))).await;
    }
    let account = site.close().await;
    println!("soak: killed {kills:?}");
    println!("soak: {account}; 0 lost, 0 double, 1 chain");
}

/// The number in a variable of the environment.
fn setting(name: &str) -> Option<u64> {
    let text = env::var_os(name)?.into_string().expect("a number is text");
    Some(text.parse().expect("a number"))
}

/// Who is killed next.
#[derive(Clone, Copy, Debug)]
enum Victim {
    Agent,
    Collector(Seat),
    Postgres,
}

impl Victim {
    const ALL: [Self; 4] = [
        Self::Agent,
        Self::Collector(Seat::First),
        Self::Collector(Seat::Second),
        Self::Postgres,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Collector(Seat::First) => "first collector",
            Self::Collector(Seat::Second) => "second collector",
            Self::Postgres => "postgres",
        }
    }
}

/// Repeatable chance (`SplitMix64`, by Steele, Lea and Flood).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below_ms(&mut self, max: u64) -> u64 {
        self.next() % max
    }

    fn below(&mut self, max: u64) -> usize {
        usize::try_from(self.next() % max).expect("a small number")
    }
}

/// Everything that runs.
struct Site {
    lab: Installation,
    postgres: Option<Cluster>,
    config: Config,
    _root: TempDir,
    _sim: Process,
    agent: Option<Process>,
    collectors: [Option<Process>; 2],
}

impl Site {
    async fn open() -> Self {
        // Where the server's own user may go, also when this runs as root.
        let root = tempfile::Builder::new().prefix("nines-soak-").tempdir();
        let root = root.expect("there is room for a directory");
        let config = Config {
            root: root.path().join("pg"),
            fsync: Durability::Full,
            database: "soak".to_owned(),
        };
        open_to_all(root.path());
        let postgres = Cluster::start(&binaries(), &config).expect("PostgreSQL starts");
        let lab = Installation::on(Database::at(postgres.url()), KEY, CROWD);
        let sim = lab.start_sim().await;
        let first = lab.start_at(Seat::First).await;
        let second = lab.start_at(Seat::Second).await;
        let backends = [Seat::First, Seat::Second].map(|seat| lab.port(seat));
        tokio::spawn(forward(lab.front(), backends));
        lab.enrol_at(&format!("http://127.0.0.1:{}/", lab.front()))
            .await;
        let agent = lab.start_agent().await;
        Self {
            lab,
            postgres: Some(postgres),
            config,
            _root: root,
            _sim: sim,
            agent: Some(agent),
            collectors: [Some(first), Some(second)],
        }
    }

    /// Kills the victim, and starts it again a while later.
    async fn kill_for(&mut self, victim: Victim, down: Duration) {
        match victim {
            Victim::Agent => {
                self.agent.take().expect("it runs").kill().await;
                sleep(down).await;
                self.agent = Some(self.lab.start_agent().await);
            }
            Victim::Collector(seat) => {
                let place = usize::from(seat == Seat::Second);
                self.collectors[place].take().expect("it runs").kill().await;
                sleep(down).await;
                self.collectors[place] = Some(self.lab.start_at(seat).await);
            }
            Victim::Postgres => {
                let pid = self.postmaster();
                process::run(Command::new("kill").args(["-KILL", &pid])).await;
                sleep(down).await;
                drop(self.postgres.take());
                let again = Cluster::start(&binaries(), &self.config);
                self.postgres = Some(again.expect("PostgreSQL recovers"));
            }
        }
    }

    /// The server's process, by the file that it keeps.
    fn postmaster(&self) -> String {
        let file = self.config.root.join("data/postmaster.pid");
        let text = std::fs::read_to_string(&file).expect("the server runs");
        text.lines().next().expect("its number").to_owned()
    }

    /// Lets everything arrive, stops in order, and checks the account.
    async fn close(mut self) -> Account {
        let batches = "SELECT COALESCE(max(seq), -1) FROM batch";
        let before = self.lab.database.number(batches).await;
        eventually("batches arrive again", SOON, async || {
            (self.lab.database.number(batches).await > before + 3).then_some(())
        })
        .await;
        self.agent.take().expect("it runs").stop().await;
        let unlogged = "SELECT count(*) FROM batch WHERE log_index IS NULL";
        eventually("every batch is in the log", SOON, async || {
            (self.lab.database.number(unlogged).await == 0).then_some(())
        })
        .await;
        for collector in &mut self.collectors {
            collector.take().expect("it runs").stop().await;
        }
        let split = self.lab.dir().join("agent/split-view-offered.note");
        assert!(!split.exists(), "the log was seen to split");
        self.assert_rebuilt_alike().await;
        let crowd: Vec<String> = (0..CROWD).map(one_of_crowd).collect();
        let mut targets = vec![CHAT, STATUS];
        targets.extend(crowd.iter().map(String::as_str));
        Account::of(&self.lab.database, &targets).await
    }

    /// Rows, cells and verdicts are those that the raw batches give.
    async fn assert_rebuilt_alike(&self) {
        let mut rebuild = Command::new(program("nines"));
        rebuild.args(["rebuild", "--check", "--config"]);
        rebuild.arg(self.lab.dir().join("collector.toml"));
        process::run(rebuild.env("DATABASE_URL", self.lab.database.url())).await;
    }
}

/// Lets other users pass through a directory, as the server may run as one.
pub(super) fn open_to_all(directory: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(directory, mode).expect("our own directory");
}

/// A load balancer: each connection goes to the next backend that takes it.
async fn forward(port: u16, backends: [u16; 2]) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    let listener = listener.expect("the port was free");
    let turn = Arc::new(AtomicUsize::new(0));
    while let Ok((mut client, _)) = listener.accept().await {
        let turn = Arc::clone(&turn);
        tokio::spawn(async move {
            for _ in backends {
                let backend = backends[turn.fetch_add(1, Ordering::Relaxed) % backends.len()];
                if let Ok(mut server) = TcpStream::connect((Ipv4Addr::LOCALHOST, backend)).await {
                    // Either side may be killed: then the connection is, too.
                    drop(tokio::io::copy_bidirectional(&mut client, &mut server).await);
                    return;
                }
            }
        });
    }
}
