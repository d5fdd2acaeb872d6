//! `nines agent`: invite, enrol and run probe agents.

use std::process::ExitCode;

use agent::AgentConfig;
use agent::operate::{self, EnrolOptions};
use camino::Utf8PathBuf;
use clap::Subcommand;
use domain::{AgentId, SystemClock};
use probe::TlsRoots;
use telemetry::Metrics;

use super::{runtime, stop_signal};
use crate::args::Database;
use crate::{environment, print};

mod fleet;

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Mint a one-time token with which an agent of the plan may enrol within a day.
    Token {
        /// The collector's configuration.
        #[arg(long, value_name = "FILE")]
        config: Utf8PathBuf,
        /// The agent, as the plan names it.
        #[arg(long, value_name = "ID")]
        agent: AgentId,
        /// The lost agent whose place it takes, under this new name. The other's keys end with its
        /// enrolment.
        #[arg(long, value_name = "ID")]
        supersedes: Option<AgentId>,
        #[command(flatten)]
        database: Database,
    },
    /// List all agents with their keys, states and last batches.
    List {
        #[command(flatten)]
        database: Database,
    },
    /// End an agent for good: no batch after the last that it delivered is believed any more.
    Revoke {
        /// The agent.
        agent: AgentId,
        /// Why, for whoever reads the evidence.
        #[arg(long)]
        reason: String,
        /// The collector's configuration.
        #[arg(long, value_name = "FILE")]
        config: Utf8PathBuf,
        #[command(flatten)]
        database: Database,
    },
    /// Make a key on this machine and enrol it with a collector.
    Enroll {
        /// The collector.
        #[arg(long, value_name = "URL")]
        collector: agent::CollectorUrl,
        /// The one-time token.
        #[arg(long)]
        token: String,
        /// The agent, as the plan names it.
        #[arg(long, value_name = "ID")]
        agent: AgentId,
        /// Where key, identity and spool are kept.
        #[arg(long, value_name = "DIR")]
        state_dir: Utf8PathBuf,
        /// More certificate authorities to believe (PEM).
        #[arg(long, value_name = "FILE")]
        ca_file: Option<Utf8PathBuf>,
    },
    /// Let a new key take over from this agent's, which must not run.
    Rotate {
        /// The agent's configuration (TOML).
        #[arg(long, value_name = "FILE")]
        config: Utf8PathBuf,
    },
    /// Probe by the plan and deliver, until stopped.
    Run {
        /// Configuration (TOML).
        #[arg(long, value_name = "FILE")]
        config: Utf8PathBuf,
    },
}

pub(crate) fn run(options: Options, metrics: &Metrics) -> anyhow::Result<ExitCode> {
    match options.action {
        Action::Token {
            config,
            agent,
            supersedes,
            database,
        } => fleet::token(&config, &database, (&agent, supersedes.as_ref()))?,
        Action::List { database } => fleet::list(&database)?,
        Action::Revoke {
            agent,
            reason,
            config,
            database,
        } => fleet::revoke(&config, &database, (&agent, &reason))?,
        Action::Enroll {
            collector,
            token,
            agent,
            state_dir,
            ca_file,
        } => {
            let roots = ca_file.map_or(TlsRoots::Platform, |path| TlsRoots::PlatformAnd {
                ca_pem: path.into_std_path_buf(),
            });
            let options = EnrolOptions {
                collector,
                token: token.into(),
                agent,
                dir: state_dir,
                roots,
            };
            let stored = runtime()?.block_on(operate::enrol(&options, &SystemClock))?;
            print::line(&format!(
                "enrolled agent `{}` with {}\nlog key, to compare out of band: {}",
                stored.agent, stored.origin, stored.log_vkey
            ));
        }
        Action::Rotate { config } => {
            let config = AgentConfig::read(&config)?;
            let rotated = runtime()?.block_on(operate::rotate(&config))?;
            print::line(&format!(
                "agent `{}` signs from batch {} on with {}",
                rotated.agent, rotated.from_batch, rotated.vkey
            ));
        }
        Action::Run { config } => {
            let config = AgentConfig::read(&config)?;
            let stop = async {
                if let Err(failure) = stop_signal().await {
                    print::error(&failure);
                }
            };
            let running = operate::run(&config, environment::var, metrics.clone(), stop);
            runtime()?.block_on(running)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
