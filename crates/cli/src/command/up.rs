//! `nines up`: everything on one machine, against real providers.

pub(super) mod config;
mod first_look;
mod plan;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use agent::identity::{StoredIdentity, find_seed};
use agent::operate::{self, EnrolOptions};
use agent::{Agent, AgentLimits, AgentSetup, PlanSource, SelfcheckSettings};
use anyhow::Context as _;
use camino::{Utf8Path, Utf8PathBuf};
use collector::{Collector, Jobs, Setup};
use domain::{AgentId, SystemClock};
use probe::TlsRoots;
use probe::price::PriceTable;
use telemetry::Metrics;

use super::{runtime, stop_signal};
use crate::{environment, print};
use config::UpConfig;

/// Name of the one agent, and of the place it stands in.
pub(crate) const AGENT: &str = "local";
/// How long a batch waits for company: short, for somebody is looking.
const SEAL_INTERVAL: Duration = Duration::from_secs(10);

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Targets, keys and contracts (TOML); `docs/samples/nines.toml` explains every key.
    #[arg(long, default_value = "nines.toml", value_name = "FILE")]
    config: Utf8PathBuf,
    /// Where to keep files and database; default: below your data directory.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<Utf8PathBuf>,
}

pub(crate) fn run(options: &Options, metrics: &Metrics) -> anyhow::Result<ExitCode> {
    let config = UpConfig::read(&options.config)?;
    let root = match &options.data_dir {
        Some(dir) => dir.clone(),
        None => environment::default_root("nines")?,
    };
    std::fs::create_dir_all(&root).with_context(|| format!("failed to create `{root}`"))?;
    // On the main thread: the database goes when the thread that started it goes.
    let (url, cluster) = if let Some(url) = config.database_url()? {
        (url, None)
    } else {
        let cluster =
            environment::private_postgres(&root).context("failed to start the private database")?;
        (cluster.url(), Some(cluster))
    };
    let done = runtime()?.block_on(run_with(&config, &root, url, metrics));
    drop(cluster);
    done
}

async fn run_with(
    config: &UpConfig,
    root: &Utf8Path,
    database_url: String,
    metrics: &Metrics,
) -> anyhow::Result<ExitCode> {
    let plan = plan::current(config, root)?;
    let setup = Setup {
        database_url,
        state_dir: root.join("collector"),
        origin: config.origin.parse()?,
        listen: config.listen,
        plan: plan.clone(),
        contracts: config.contracts()?,
        retention: collector::Retention::default(),
        archive: None,
        timestamping: None,
        claim_forms: collector::Forms::default(),
        outside: collector::Outside::default(),
        published: config.published()?,
        claim_leads: collector::Leads::default(),
        clock: Arc::new(SystemClock),
        jobs: Jobs::Periodic {
            checkpoint: Duration::from_secs(10),
            assess: Duration::from_secs(5),
        },
        metrics: metrics.clone(),
    };
    let collector = Collector::start(setup).await?;
    let dir = root.join("agent");
    let identity = identity(&collector, &dir).await?;
    let keys = config.keys();
    agent::nonces::keep(&dir, &collector.nonces())?;
    first_look::show(&plan, config, &keys).await?;
    let agent = Agent::start(AgentSetup {
        identity: Arc::new(identity),
        plan: PlanSource::Fixed(Arc::new(plan)),
        keys,
        dir,
        clock: Arc::new(SystemClock),
        seal_interval: SEAL_INTERVAL,
        preview_interval: None, // A seal is never far.
        collector: Some(format!("http://{}", collector.addr()).parse()?),
        http: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
        roots: TlsRoots::Platform,
        limits: AgentLimits::default(),
        prices: Arc::new(PriceTable::embedded()),
        selfcheck: SelfcheckSettings::default(),
        metrics: metrics.clone(),
    })
    .await?;
    print::line(&format!(
        "\npages: http://{}   Ctrl-C stops\n",
        collector.addr()
    ));
    stop_signal().await?;
    agent.shutdown().await;
    collector.shutdown().await;
    Ok(ExitCode::SUCCESS)
}

/// The agent's identity: stored by an earlier start, or enrolled now.
async fn identity(collector: &Collector, dir: &Utf8Path) -> anyhow::Result<agent::Identity> {
    let agent: AgentId = AGENT.parse()?;
    if StoredIdentity::find(dir)?.is_none() {
        let options = EnrolOptions {
            collector: format!("http://{}", collector.addr()).parse()?,
            token: collector.mint_token(&agent).await?.into(),
            agent,
            dir: dir.to_owned(),
            roots: TlsRoots::Platform,
        };
        operate::enrol(&options, &SystemClock).await?;
    }
    let stored = StoredIdentity::find(dir)?.context("the agent's identity is gone")?;
    let seed = find_seed(dir)?.context("the agent's key is gone")?;
    Ok(stored.with_key(&seed)?)
}
