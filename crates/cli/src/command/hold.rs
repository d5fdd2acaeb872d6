//! `nines hold`: keeps days from being dropped, and lets go of them.

use std::process::ExitCode;

use camino::Utf8PathBuf;
use chrono::NaiveDate;
use clap::Subcommand;
use collector::Hold;
use collector::config::Loaded;
use domain::{SystemClock, TargetId};

use super::runtime;
use crate::args::Database;
use crate::{environment, print};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Hold days of a target, whatever the retention policy says.
    Add {
        /// The target.
        #[arg(long, value_name = "ID")]
        target: TargetId,
        /// First day, in UTC.
        #[arg(long, value_name = "DAY")]
        from: NaiveDate,
        /// Last day, itself included.
        #[arg(long, value_name = "DAY")]
        to: NaiveDate,
        /// Why, for whoever asks later.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        database: Database,
    },
    /// List what is held, also what violations hold by themselves.
    List {
        /// The collector's configuration.
        #[arg(long, value_name = "FILE")]
        config: Utf8PathBuf,
        #[command(flatten)]
        database: Database,
    },
    /// Release a hold by its number, or what a violation holds by its name.
    Release {
        /// As `nines hold list` shows it.
        hold: String,
        #[command(flatten)]
        database: Database,
    },
}

pub(crate) fn run(options: Options) -> anyhow::Result<ExitCode> {
    match options.action {
        Action::Add {
            target,
            from,
            to,
            reason,
            database,
        } => {
            let url = environment::database_url(&database)?;
            let hold = Hold {
                name: String::new(),
                target: target.to_string(),
                from_day: from,
                to_day: to,
                reason,
            };
            let added = collector::add_hold(&url, &hold, &SystemClock);
            let number = runtime()?.block_on(added)?;
            print::line(&format!("hold {number}: {target} from {from} to {to}"));
        }
        Action::List { config, database } => {
            let retention = Loaded::read(&config)?.config.retention;
            let url = environment::database_url(&database)?;
            let listed = collector::list_holds(&url, &retention, &SystemClock);
            for hold in runtime()?.block_on(listed)? {
                print::line(&format!(
                    "{}  {}  {} to {}  {}",
                    hold.name, hold.target, hold.from_day, hold.to_day, hold.reason
                ));
            }
        }
        Action::Release { hold, database } => {
            let url = environment::database_url(&database)?;
            let released = collector::release_hold(&url, &hold, &SystemClock);
            runtime()?.block_on(released)?;
            print::line(&format!("released {hold}"));
        }
    }
    Ok(ExitCode::SUCCESS)
}
