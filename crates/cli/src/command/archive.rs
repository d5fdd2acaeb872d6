//! `nines archive`: what is archived, whether it is sound, and back into the database with it.

use std::process::ExitCode;

use anyhow::Context as _;
use camino::{Utf8Path, Utf8PathBuf};
use chrono::NaiveDate;
use clap::Subcommand;
use collector::config::Loaded;
use collector::{Archive, ArchiveDays, ArchiveEvent, ArchiveTask, ArchiveTotals, Manifest};
use domain::SystemClock;

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
    /// List the days that are archived; needs no database.
    List(Which),
    /// Read every object, and compare it with its manifest, its signatures and the ledger.
    Check(WithDatabase),
    /// Bring raw batches of dropped days back into the database.
    Restore(WithDatabase),
    /// Fill an empty database from the archive alone.
    Replay(WithDatabase),
}

#[derive(Debug, clap::Args)]
struct Which {
    /// The collector's configuration.
    #[arg(long, value_name = "FILE")]
    config: Utf8PathBuf,
    /// One day on which batches were received, in UTC.
    #[arg(long, value_name = "DAY", conflicts_with_all = ["from", "to"])]
    day: Option<NaiveDate>,
    /// First day; default: the first that is archived.
    #[arg(long, value_name = "DAY")]
    from: Option<NaiveDate>,
    /// Last day, itself included; default: the last that is archived.
    #[arg(long, value_name = "DAY")]
    to: Option<NaiveDate>,
}

#[derive(Debug, clap::Args)]
struct WithDatabase {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    database: Database,
}

impl Which {
    fn days(&self) -> ArchiveDays {
        ArchiveDays {
            from: self.day.or(self.from),
            to: self.day.or(self.to),
        }
    }
}

/// The archive that a configuration names, if it names one.
pub(super) fn open(config: &Utf8Path, loaded: &Loaded) -> anyhow::Result<Option<Archive>> {
    let beside = config.parent().unwrap_or(Utf8Path::new(""));
    let named = loaded.config.archive.as_ref();
    let opened = named.map(|archive| archive.open(beside, environment::var));
    Ok(opened.transpose()?)
}

fn opened(config: &Utf8Path, loaded: &Loaded) -> anyhow::Result<Archive> {
    open(config, loaded)?.with_context(|| format!("`{config}` has no `[archive]`"))
}

pub(crate) fn run(options: &Options) -> anyhow::Result<ExitCode> {
    match &options.action {
        Action::List(which) => list(which),
        Action::Check(options) => {
            let (task, _) = task(options)?;
            let totals = runtime()?.block_on(collector::check_archive(&task, show))?;
            print::line(&format!("{}: {}", summary(totals), verdict(totals)));
            Ok(exit(totals))
        }
        Action::Restore(options) => {
            let (task, _) = task(options)?;
            let work = collector::restore_archive(&task, &SystemClock, show);
            let totals = runtime()?.block_on(work)?;
            print::line(&format!(
                "{}: {} brought back, {}; retention leaves these days for {} days",
                summary(totals),
                totals.restored,
                verdict(totals),
                collector::RESTORED_DAYS
            ));
            Ok(exit(totals))
        }
        Action::Replay(options) => {
            let (task, loaded) = task(options)?;
            let url = &task.database_url;
            let runtime = runtime()?;
            runtime.block_on(collector::migrate_database(url))?;
            let state_dir = &loaded.config.state_dir;
            let work = collector::replay_archive(&task, state_dir, &SystemClock, show);
            let done = runtime.block_on(work)?;
            print::line(&format!(
                "{}: {}; a log of {} entries, {} signed checkpoints checked",
                summary(done.totals),
                verdict(done.totals),
                done.log_entries,
                done.checkpoints
            ));
            Ok(exit(done.totals))
        }
    }
}

fn list(which: &Which) -> anyhow::Result<ExitCode> {
    let loaded = Loaded::read(&which.config)?;
    let archive = opened(&which.config, &loaded)?;
    let listed = collector::list_archive(&archive, &loaded.origin, which.days());
    for manifest in runtime()?.block_on(listed)? {
        print::line(&line(&manifest));
    }
    Ok(ExitCode::SUCCESS)
}

fn task(options: &WithDatabase) -> anyhow::Result<(ArchiveTask, Loaded)> {
    let which = &options.which;
    let loaded = Loaded::read(&which.config)?;
    let task = ArchiveTask {
        archive: opened(&which.config, &loaded)?,
        origin: loaded.origin.clone(),
        database_url: environment::database_url(&options.database)?,
        days: which.days(),
    };
    Ok((task, loaded))
}

fn show(event: &ArchiveEvent<'_>) {
    match event {
        ArchiveEvent::Finding(finding) => print::line(&format!("  {finding}")),
        ArchiveEvent::Day(manifest) => print::line(&line(manifest)),
    }
}

fn line(manifest: &Manifest) -> String {
    let rawless = match manifest.rawless {
        0 => String::new(),
        batches => format!("; {batches} more had lost their raw bytes"),
    };
    format!(
        "{}: {} batches in {} objects, {} bytes{rawless}",
        manifest.day,
        manifest.batches,
        manifest.objects.len(),
        manifest.bytes()
    )
}

fn summary(totals: ArchiveTotals) -> String {
    format!(
        "{} days, {} objects, {} sound batches",
        totals.days, totals.objects, totals.batches
    )
}

fn verdict(totals: ArchiveTotals) -> String {
    match totals.findings {
        0 => "nothing wrong".to_owned(),
        findings => format!("{findings} findings"),
    }
}

fn exit(totals: ArchiveTotals) -> ExitCode {
    if totals.findings == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
