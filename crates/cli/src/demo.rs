//! `nines demo`: the whole product on one machine, with simulated providers and no configuration.
//!
//! Thirty-five days of history are made in simulated time through the true path: recorded, signed,
//! sealed, ingested, logged, cosigned. Then agents probe live, and an outage starts by itself.
//! Everything of it lies under a simulated origin and says so.

mod check;
mod contracts;
mod evidence;
mod fleet;
mod history;
mod live;
mod plan;
mod published;
mod state;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use camino::Utf8PathBuf;
use domain::{Clock as _, SystemClock};
use telemetry::Metrics;

use crate::command::runtime;
use crate::{environment, print};

/// How long after the start the outage begins.
const OUTAGE_AFTER: Duration = Duration::from_mins(1);
/// How long `--check` may wait for the violation: an outage's minute, its end, seal and verdict.
const CHECK_TIMEOUT: Duration = Duration::from_mins(5);

/// Options of `nines demo`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Run without a browser, bounded in time; exit 0 only if the violation was found, its bundle
    /// verified, a re-zipped copy accepted and a tampered copy refused.
    #[arg(long)]
    check: bool,
    /// Throw away what an earlier demo left, and make the history again.
    #[arg(long)]
    fresh: bool,
    /// Where to keep the demo's files; default: below your data directory.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<Utf8PathBuf>,
    /// Where to serve the pages; default: 127.0.0.1:8090, or any free port if that is taken.
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Pretend that the demo starts at this moment (RFC 3339): for tests of odd dates. The live
    /// part is made in simulated time as well.
    #[arg(long, value_name = "TIME", hide = true)]
    at: Option<chrono::DateTime<chrono::Utc>>,
}

/// Runs the demo.
pub(crate) fn run(options: &Options, metrics: &Metrics) -> anyhow::Result<ExitCode> {
    let place = state::Place::claim(options)?;
    // On the main thread: the database goes when the thread that started it goes.
    let cluster = environment::private_postgres(&place.root)
        .context("failed to start the demo's private database")?;
    let done = runtime()?.block_on(run_with(options, &place, &cluster, metrics));
    drop(cluster);
    done
}

async fn run_with(
    options: &Options,
    place: &state::Place,
    cluster: &pgembed::Cluster,
    metrics: &Metrics,
) -> anyhow::Result<ExitCode> {
    let now = options.at.unwrap_or_else(|| SystemClock.now_utc());
    let demo = state::Demo::open(place, cluster, now).await?;
    if demo.is_new {
        history::fill(&demo, options.at, metrics)
            .await
            .context("failed to make the history")?;
    } else {
        print::line("continuing the demo of earlier today; --fresh starts over");
    }
    if let Some(at) = options.at {
        return check::run_at(&demo, at, metrics).await;
    }
    let live = live::Live::start(&demo, options.listen, metrics).await?;
    let done = if options.check {
        check::run(&live).await
    } else {
        live::watch(&live).await
    };
    live.stop().await;
    done
}
