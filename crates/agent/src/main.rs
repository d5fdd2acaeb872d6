//! `nines-agent`: enrols a probe agent, runs it, and asks a running one how it is.

use std::io::Write as _;
use std::num::NonZero;
use std::process::ExitCode;

use agent::CollectorUrl;
use agent::config::AgentConfig;
use agent::operate::{self, EnrolOptions};
use anyhow::Context as _;
use camino::Utf8PathBuf;
use clap::{Args, Parser, Subcommand};
use domain::{AgentId, SystemClock};
use probe::TlsRoots;
use secrecy::SecretString;
use telemetry::{LogFormat, Settings};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};

/// Threads that attempts run on: one begins and ends some thousand a second.
const WORKERS_MAX: usize = 4;

/// Measures LLM APIs from where it stands, and signs what it sees.
#[derive(Debug, Parser)]
#[command(name = "nines-agent", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make this machine's key known to a collector, once.
    Enroll(Enroll),
    /// Probe until stopped.
    Run(ConfigFile),
    /// Let a new key take over from this agent's, which must not run.
    Rotate(ConfigFile),
    /// Show how the agent on this machine is doing.
    Status(ConfigFile),
}

#[derive(Debug, Args)]
struct Enroll {
    /// The collector's address, like `https://nines.example/`.
    #[arg(long)]
    collector: CollectorUrl,
    /// One-time token from `nines agent token`.
    #[arg(
        long,
        env = "NINES_TOKEN",
        hide_env_values = true,
        required_unless_present = "token_file"
    )]
    token: Option<SecretString>,
    /// File that holds the token, so that it stands in no list of processes.
    #[arg(long, conflicts_with = "token")]
    token_file: Option<Utf8PathBuf>,
    /// The agent's name in the plan.
    #[arg(long)]
    agent: AgentId,
    /// Where key and identity are kept.
    #[arg(long, default_value = "/var/lib/nines-agent")]
    state_dir: Utf8PathBuf,
    /// Further certificate authorities (PEM), beside those of the system.
    #[arg(long)]
    ca_file: Option<Utf8PathBuf>,
}

#[derive(Debug, Args)]
struct ConfigFile {
    /// Configuration file.
    #[arg(long, default_value = "/etc/nines/agent.toml")]
    config: Utf8PathBuf,
}

fn main() -> ExitCode {
    match start(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The last resort for telling why; if standard error is gone, the exit code remains.
            drop(writeln!(std::io::stderr(), "nines-agent: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn start(cli: Cli) -> anyhow::Result<()> {
    let runtime = runtime().context("failed to start the runtime")?;
    match cli.command {
        Command::Enroll(options) => {
            let _telemetry = telemetry::install(&settings("info", LogFormat::Text, None))?;
            runtime.block_on(enroll(options))
        }
        Command::Run(file) => {
            let config = AgentConfig::read(&file.config)?;
            let otlp = config.otlp_endpoint.clone();
            let settings = settings(&config.log_filter, config.log_format, otlp);
            let telemetry = telemetry::install(&settings)?;
            runtime.block_on(async {
                let stop = stopped().context("failed to listen for signals")?;
                let metrics = telemetry.metrics().clone();
                Ok(operate::run(&config, variable, metrics, stop).await?)
            })
        }
        Command::Rotate(file) => {
            let config = AgentConfig::read(&file.config)?;
            let _telemetry = telemetry::install(&settings("info", LogFormat::Text, None))?;
            runtime.block_on(rotate(&config))
        }
        Command::Status(file) => {
            let config = AgentConfig::read(&file.config)?;
            let page = runtime.block_on(operate::status(&config))?;
            std::io::stdout()
                .write_all(page.as_bytes())
                .context("failed to print")
        }
    }
}

/// A thread for each core, but not more than do any good; where there is one core, none beside the
/// main thread: each costs memory. What blocks has threads of its own.
fn runtime() -> std::io::Result<Runtime> {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let mut builder = match cores {
        1 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    builder
        .worker_threads(cores.min(WORKERS_MAX))
        .enable_all()
        .build()
}

async fn enroll(options: Enroll) -> anyhow::Result<()> {
    let roots = options
        .ca_file
        .map_or(TlsRoots::Platform, |path| TlsRoots::PlatformAnd {
            ca_pem: path.into(),
        });
    let token = match (options.token, options.token_file) {
        (Some(token), _) => token,
        (None, Some(path)) => {
            let text = std::fs::read_to_string(&path);
            let text = text.with_context(|| format!("failed to read the token in `{path}`"))?;
            SecretString::from(text.trim())
        }
        (None, None) => anyhow::bail!("give --token-file or set NINES_TOKEN"),
    };
    let options = EnrolOptions {
        collector: options.collector,
        token,
        agent: options.agent,
        dir: options.state_dir,
        roots,
    };
    let stored = operate::enrol(&options, &SystemClock).await?;
    let (agent, log) = (&stored.agent, &stored.log_vkey);
    writeln!(
        std::io::stdout(),
        "enrolled agent {agent}; its log's key is\n{log}"
    )
    .context("failed to print")
}

async fn rotate(config: &AgentConfig) -> anyhow::Result<()> {
    let rotated = operate::rotate(config).await?;
    let (agent, vkey, from) = (&rotated.agent, &rotated.vkey, rotated.from_batch);
    writeln!(
        std::io::stdout(),
        "agent {agent} signs from batch {from} on with\n{vkey}"
    )
    .context("failed to print")
}

fn settings(filter: &str, format: LogFormat, otlp_endpoint: Option<String>) -> Settings {
    Settings {
        log_filter: filter.to_owned(),
        log_format: format,
        otlp_endpoint,
        service_name: "nines-agent".to_owned(),
        service_version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// Resolves when the process is asked to end.
fn stopped() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the environment is read"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
