//! `cargo xtask peers`: our programs against software that nobody here wrote. Two gateways, a real
//! model server, a server that speaks S3 and the providers' own SDKs, at pinned versions, in `target/peers`.
//!
//! Invariants: nothing outside `target` is written, everything listens on loopback, no request
//! leaves the machine once all is installed, and what was started ends with this process. Non-goal:
//! saying what must hold; that is in `tests/conformance`.

mod install;
mod running;
mod waiting;

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

pub(crate) use self::install::{axe, install, postgres};
pub(crate) use self::running::Running;
pub(crate) use self::waiting::Deadline;
use crate::process::{self, cargo, say, target};

/// LiteLLM's proxy needs half a minute on an idle machine, three times that on a busy one.
const READY_MAX: Duration = Duration::from_mins(4);

/// The one key that the simulated provider takes, as `tests/conformance` sends it.
const UPSTREAM_KEY: &str = "sk-sim";

/// Models that the simulated provider serves beside those its script names: sound ones.
const SOUND: [&str; 2] = ["sim-1", "backup-1"];

/// How the programs under test are built.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Profile {
    /// As `cargo build` does: quick to build again.
    Dev,
    /// As shipped; `cargo xtask conformance` has built that anyway.
    Release,
}

impl Profile {
    const fn args(self) -> &'static [&'static str] {
        match self {
            Self::Dev => &[],
            Self::Release => &["--release"],
        }
    }

    const fn directory(self) -> &'static str {
        match self {
            Self::Dev => "debug",
            Self::Release => "release",
        }
    }
}

/// Where everything will listen.
#[derive(Clone, Copy, Debug)]
struct Ports {
    /// The simulated provider.
    upstream: u16,
    litellm: u16,
    portkey: u16,
    llama: u16,
    s3: u16,
    /// Nobody listens here.
    dead: u16,
}

impl Ports {
    fn free() -> Result<Self> {
        let [upstream, litellm, portkey, llama, s3, dead] = free_ports()?;
        Ok(Self {
            upstream,
            litellm,
            portkey,
            llama,
            s3,
            dead,
        })
    }
}

/// Asked for together, so that they differ.
pub(crate) fn free_ports<const N: usize>() -> Result<[u16; N]> {
    let listen = |_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let bound: Vec<TcpListener> = (0..N)
        .map(listen)
        .collect::<std::io::Result<_>>()
        .context("failed to find free ports")?;
    let mut ports = [0; N];
    for (port, listener) in ports.iter_mut().zip(&bound) {
        *port = listener.local_addr()?.port();
    }
    Ok(ports)
}

/// Installs what is missing, starts everything, and runs the conformance tests; `args` go to
/// `cargo test`.
pub(crate) fn run(profile: Profile, args: &[OsString]) -> Result<()> {
    install()?;
    let directory = directory()?;
    let _session = session(&directory)?;
    let build = ["build", "--locked", "-p", "cli", "--bin", "nines"];
    process::run(cargo().args(build).args(profile.args()))?;
    let ports = Ports::free()?;
    let started = Instant::now();
    let mut peers = start(profile, &directory, ports)?;
    // Compiling fills the time that the slowest of them needs to start.
    process::run(tests(profile).arg("--no-run"))?;
    let deadline = Deadline::after(READY_MAX);
    for peer in &mut peers {
        peer.until_ready(deadline)?;
    }
    let took = started.elapsed().as_secs_f64();
    say(&format!("peers: all are ready after {took:.1} s"));
    let mut tests = tests(profile);
    tests.args(args);
    tests.envs(addresses(&directory, ports));
    process::run(&mut tests)
        .with_context(|| format!("what the peers said is in {}/*.log", directory.display()))
}

/// Runs the tests of `tests/conformance`.
pub(crate) fn tests(profile: Profile) -> Command {
    let mut command = cargo();
    command.args(["test", "--locked", "-p", "e2e", "--test", "conformance"]);
    command.args(profile.args());
    command
}

/// Where everything is installed, and logs.
pub(crate) fn directory() -> Result<PathBuf> {
    let directory = target()?.join("peers");
    std::fs::create_dir_all(&directory)
        .with_context(|| format!("failed to make {}", directory.display()))?;
    Ok(directory)
}

/// Waits for another `cargo xtask` that installs or runs peers of this checkout.
fn session(directory: &Path) -> Result<File> {
    let lock = File::create(directory.join("lock")).context("failed to open the peers' lock")?;
    lock.lock().context("failed to lock the peers")?;
    Ok(lock)
}

/// Where the tests' own files are.
fn conformance() -> PathBuf {
    process::repository().join("tests/conformance")
}

/// What the tests are told.
fn addresses(directory: &Path, ports: Ports) -> Vec<(&'static str, OsString)> {
    let url = |port: u16| OsString::from(format!("http://127.0.0.1:{port}"));
    vec![
        ("PEER_UPSTREAM", url(ports.upstream)),
        ("PEER_LITELLM", url(ports.litellm)),
        ("PEER_PORTKEY", url(ports.portkey)),
        ("PEER_LLAMA", url(ports.llama)),
        ("PEER_S3", url(ports.s3)),
        ("PEER_DEAD", url(ports.dead)),
        ("PEER_SDKS", directory.join("sdks/bin/python").into()),
    ]
}

/// Starts everything; the slowest first.
fn start(profile: Profile, directory: &Path, ports: Ports) -> Result<Vec<Running>> {
    let start = |name, port, path, command: &mut Command| {
        Running::start(name, (port, path), command, directory)
    };
    let mut litellm = litellm(directory, ports);
    let mut portkey = portkey(directory, ports);
    let mut llama = Command::new(directory.join("llama/bin/python"));
    llama.arg(conformance().join("smollm.py"));
    llama.arg(ports.llama.to_string());
    let bin = directory.join("s3/bin");
    let mut s3 = Command::new(bin.join("python"));
    s3.arg(bin.join("moto_server"));
    s3.args(["-H", "127.0.0.1", "-p", &ports.s3.to_string()]);
    let mut upstream = upstream(profile, ports)?;
    Ok(vec![
        start("litellm", ports.litellm, "/health/liveliness", &mut litellm)?,
        start("portkey", ports.portkey, "/", &mut portkey)?,
        start("llama", ports.llama, "/health", &mut llama)?,
        start("s3", ports.s3, "/moto-api/", &mut s3)?,
        start("upstream", ports.upstream, "/healthz", &mut upstream)?,
    ])
}

fn litellm(directory: &Path, ports: Ports) -> Command {
    let bin = directory.join("litellm/bin");
    let mut command = Command::new(bin.join("python"));
    command.arg(bin.join("litellm"));
    command
        .arg("--config")
        .arg(conformance().join("litellm.yaml"));
    command.args(["--host", "127.0.0.1", "--port", &ports.litellm.to_string()]);
    command.args(["--num_workers", "1", "--telemetry", "False"]);
    // It would fetch prices and serve pages that nobody looks at.
    let settings = [
        ("LITELLM_LOCAL_MODEL_COST_MAP", "True"),
        ("LITELLM_TELEMETRY", "False"),
        ("NO_DOCS", "True"),
        ("DISABLE_ADMIN_UI", "True"),
    ];
    command.envs(settings);
    let url = |port: u16| format!("http://127.0.0.1:{port}/v1");
    command.env("NINES_UPSTREAM", url(ports.upstream));
    command.env("NINES_DEAD", url(ports.dead));
    command.env("NINES_LLAMA", url(ports.llama));
    command
}

fn portkey(directory: &Path, ports: Ports) -> Command {
    let server = "portkey/node_modules/@portkey-ai/gateway/build/start-server.js";
    let mut command = Command::new("node");
    command.arg("--require");
    command.arg(conformance().join("portkey/loopback.cjs"));
    command.arg(directory.join(server));
    command.arg(format!("--port={}", ports.portkey));
    command.arg("--headless").env("NODE_ENV", "production");
    command
}

/// The simulated provider, with every model that its script names.
fn upstream(profile: Profile, ports: Ports) -> Result<Command> {
    let script = conformance().join("upstream.toml");
    let text = std::fs::read_to_string(&script)
        .with_context(|| format!("failed to read {}", script.display()))?;
    let program = target()?.join(profile.directory()).join("nines");
    let mut command = Command::new(program);
    command.args(["sim", "--listen", &format!("127.0.0.1:{}", ports.upstream)]);
    command.args([OsStr::new("--script"), script.as_os_str()]);
    command.args(["--key", UPSTREAM_KEY]);
    for model in SOUND.into_iter().chain(models(&text)) {
        command.args(["--model", model]);
    }
    Ok(command)
}

/// The models that a script's rules are about.
fn models(script: &str) -> impl Iterator<Item = &str> {
    script
        .lines()
        .filter_map(|line| line.strip_prefix("model = \"")?.strip_suffix('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_provider_serves_every_model_that_its_script_names() {
        let script = "[[rules]]\nmodel = \"a\"\nfault = { kind = \"empty\" }\n\nmodel = \"b\"\n";
        assert_eq!(models(script).collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn ports_differ() {
        let ports = Ports::free().expect("there are free ports");
        assert_ne!(ports.upstream, ports.dead);
    }
}
