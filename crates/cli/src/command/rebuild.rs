//! `nines rebuild`: derives everything anew from raw batches, and compares or rewrites.

use std::process::ExitCode;
use std::sync::Arc;

use camino::Utf8PathBuf;
use chrono::NaiveDate;
use collector::config::Loaded;
use collector::{DayReport, RebuildEvent, RebuildMode, RebuildSetup, Totals};
use domain::SystemClock;

use super::runtime;
use crate::args::Database;
use crate::{environment, print};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The collector's configuration.
    #[arg(long, value_name = "FILE")]
    config: Utf8PathBuf,
    /// Compare and report, write nothing; exit with 1 where anything differs.
    #[arg(long)]
    check: bool,
    /// First day, in UTC; default: the first that is stored.
    #[arg(long, value_name = "DAY")]
    from: Option<NaiveDate>,
    /// Last day, in UTC; default: the last that is stored.
    #[arg(long, value_name = "DAY")]
    to: Option<NaiveDate>,
    #[command(flatten)]
    database: Database,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let loaded = Loaded::read(&options.config)?;
    let setup = RebuildSetup {
        database_url: environment::database_url(&options.database)?,
        origin: loaded.origin,
        plan: loaded.plan,
        contracts: loaded.contracts,
        clock: Arc::new(SystemClock),
        from: options.from,
        to: options.to,
        mode: if options.check {
            RebuildMode::Check
        } else {
            RebuildMode::Rewrite
        },
    };
    let totals = runtime()?.block_on(collector::rebuild(&setup, show))?;
    print::line(&summary(totals));
    let left = match setup.mode {
        RebuildMode::Check => totals.differing,
        RebuildMode::Rewrite => totals.unhealed,
    };
    Ok(if left == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn show(event: RebuildEvent<'_>) {
    match event {
        RebuildEvent::Difference(difference) => print::line(&format!("  {difference}")),
        RebuildEvent::Day(day) => print::line(&line(day)),
    }
}

fn line(day: &DayReport) -> String {
    if day.dropped {
        return format!("{}: samples were dropped by the retention policy", day.day);
    }
    let state = match (day.differing, day.rewritten) {
        (0, _) => "equal".to_owned(),
        (differing, true) => format!("{differing} differences, rewritten"),
        (differing, false) => format!("{differing} differences"),
    };
    let rawless = match day.unverifiable {
        0 => String::new(),
        rows => format!("; {rows} rows without their raw batch"),
    };
    format!(
        "{}: {} batches, {} samples, {} gaps, {} hours: {state}{rawless}",
        day.day, day.batches, day.samples, day.gaps, day.cells
    )
}

fn summary(totals: Totals) -> String {
    format!(
        "{} days ({} rewritten, {} dropped before), {} samples, {} gaps, {} hours, \
         {} final assessments ({} wait for their revision, {} kept as they were): \
         {} differences; {} rows without their raw batch",
        totals.days,
        totals.days_rewritten,
        totals.days_dropped,
        totals.samples,
        totals.gaps,
        totals.cells,
        totals.assessments,
        totals.assessments_pending,
        totals.assessments_kept,
        totals.differing,
        totals.unverifiable,
    )
}
