//! The state directory of an enrolled agent, its configuration, and its plan.

use std::fmt::Write as _;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use agent::identity::{self, Identity, StoredIdentity};
use camino::Utf8PathBuf;
use domain::UnixMillis;
use evidence::note::SigningKey;
use wire::plan::Plan;

use crate::machine::{self, Running};

/// Targets that answer at once, and how often each is probed, seconds: 100 attempts a second.
pub(crate) const QUICK: usize = 1_000;
pub(crate) const INTERVAL_S: usize = 10;
/// Targets that never answer.
pub(crate) const SILENT: usize = 100;
/// What the names of targets that answer begin with.
pub(crate) const QUICK_PREFIX: &str = "quick";

/// Everything about the agent that is measured.
pub(crate) struct Setting {
    _temp: tempfile::TempDir,
    pub(crate) dir: Utf8PathBuf,
    pub(crate) identity: Arc<Identity>,
    pub(crate) plan: Plan,
    /// The first batch of what is measured.
    pub(crate) first_seq: u64,
    /// What the server notes.
    pub(crate) notes: String,
    ports: (String, String),
    silent: usize,
}

/// A moment so far from now.
pub(crate) fn in_future(time: Duration) -> UnixMillis {
    let ms = i64::try_from(time.as_millis()).expect("soon");
    machine::now().plus_ms(ms)
}

impl Setting {
    pub(crate) fn new(server: &Running, silent: usize) -> Self {
        let temp = tempfile::tempdir().expect("a directory for temporary files");
        let dir = Utf8PathBuf::from_path_buf(temp.path().to_owned()).expect("a path that is text");
        let at: Vec<&str> = server.at.split(' ').collect();
        let ca_pem = at[2];
        fs::copy(ca_pem, dir.join("ca.pem")).expect("the server's certificate");

        let seed = identity::get_or_create_seed(&dir).expect("room for a key");
        let log = SigningKey::from_seed("bench.example/log", &[1; 32]).expect("a name");
        let stored = StoredIdentity {
            agent: "eu".parse().expect("a name"),
            // Nobody listens there: what is measured stays in the spool.
            collector: "http://127.0.0.1:9/".parse().expect("an address"),
            log_vkey: log.verifier_key().to_string(),
            origin: "bench.example".into(),
            operator_vkey: None,
        };
        stored.store(&dir).expect("room for an identity");

        let ports = (at[0].to_owned(), at[1].to_owned());
        let plan = plan(machine::now(), (&ports.0, &ports.1), silent);
        let config = "state_dir = \".\"\nplan = \"plan.toml\"\nca_file = \"ca.pem\"\n\
            seal_interval_s = 10\nhttp.listen = \"127.0.0.1:0\"\n\
            limits.backlog_bytes_max = 1073741824\n";
        fs::write(dir.join("agent.toml"), config).expect("room for a configuration");
        Self {
            _temp: temp,
            identity: Arc::new(stored.with_key(&seed).expect("its own key")),
            plan: Plan::parse(&plan).expect("a plan"),
            dir,
            first_seq: 0,
            notes: at[3].to_owned(),
            ports,
            silent,
        }
    }

    /// Its plan begins then.
    pub(crate) fn begin(&mut self, from: UnixMillis) {
        let plan = plan(from, (&self.ports.0, &self.ports.1), self.silent);
        fs::write(self.dir.join("plan.toml"), &plan).expect("room for a plan");
        self.plan = Plan::parse(&plan).expect("a plan");
    }
}

fn plan(from: UnixMillis, (quick, never): (&str, &str), silent: usize) -> String {
    let mut text = format!(
        "revision = 1\neffective_from_ms = {from_ms}\n\
         [[agent]]\nid = \"eu\"\nregion = \"r\"\nnetwork = \"n\"\n",
        from_ms = from.get(),
    );
    let mut target = |name: &str, nth: usize, port: &str| {
        write!(
            text,
            "[[target]]\nid = \"{name}-{nth}\"\nprovider = \"p\"\ninterval_s = {INTERVAL_S}\n\
             deadline_ms = 60000\nburst = {{ count = 0, spacing_ms = 1000 }}\n\
             request = {{ kind = \"http\", url = \"https://localhost:{port}/{name}-{nth}\" }}\n"
        )
        .expect("memory has room");
    };
    for nth in 0..QUICK {
        target(QUICK_PREFIX, nth, quick);
        if nth < silent {
            target("silent", nth, never);
        }
    }
    text
}
