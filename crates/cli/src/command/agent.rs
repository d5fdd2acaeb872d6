//! `nines agent`: invite, enrol and run probe agents.

use std::process::ExitCode;

use agent::AgentConfig;
use agent::operate::{self, EnrolOptions};
use camino::Utf8PathBuf;
use clap::Subcommand;
use collector::config::Loaded;
use domain::{AgentId, SystemClock};
use probe::TlsRoots;
use telemetry::Metrics;

use super::{runtime, stop_signal};
use crate::args::Database;
use crate::{environment, print};

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
            database,
        } => {
            let loaded = Loaded::read(&config)?;
            let plan = (&loaded.origin, &loaded.plan);
            let url = environment::database_url(&database)?;
            let minted = collector::mint_token(&url, plan, &agent, &SystemClock);
            print::line(&runtime()?.block_on(minted)?);
        }
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
