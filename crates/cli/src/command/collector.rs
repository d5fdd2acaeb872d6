//! `nines collector`.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use collector::{Collector, Jobs, Setup, config::Loaded};
use domain::SystemClock;
use telemetry::Metrics;

use super::{runtime, stop_signal};
use crate::args::Database;
use crate::{environment, print};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Configuration (TOML).
    #[arg(long, value_name = "FILE")]
    config: Utf8PathBuf,
    #[command(flatten)]
    database: Database,
}

pub(crate) fn run(options: &Options, metrics: &Metrics) -> anyhow::Result<ExitCode> {
    let loaded = Loaded::read(&options.config)?;
    let jobs = Jobs::Periodic {
        checkpoint: Duration::from_secs(loaded.config.checkpoint_s),
        assess: Duration::from_secs(loaded.config.assess_s),
    };
    let archive = super::archive::open(&options.config, &loaded)?;
    let beside = options.config.parent().unwrap_or(Utf8Path::new(""));
    let timestamping = loaded.config.timestamp.as_ref();
    let timestamping = timestamping.map(|config| config.open(beside, environment::var));
    let timestamping = timestamping.transpose()?.map(Arc::new);
    let setup = Setup {
        database_url: environment::database_url(&options.database)?,
        state_dir: loaded.config.state_dir,
        origin: loaded.origin,
        listen: loaded.config.listen,
        plan: loaded.plan,
        contracts: loaded.contracts,
        retention: loaded.config.retention,
        archive,
        timestamping,
        claim_forms: loaded.claim_forms,
        outside: loaded.outside,
        published: loaded.published,
        claim_leads: loaded.config.claims.remind_days,
        clock: Arc::new(SystemClock),
        jobs,
        metrics: metrics.clone(),
    };
    runtime()?.block_on(async {
        let collector = Collector::start(setup).await?;
        print::line(&format!("collector: http://{}", collector.addr()));
        stop_signal().await?;
        collector.shutdown().await;
        Ok(ExitCode::SUCCESS)
    })
}
