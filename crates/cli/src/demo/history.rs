//! Thirty-five days in under a minute: samples are made in simulated time and go the true way,
//! from the agents' recorders through the collector's ingest into log and checkpoints.
//!
//! Only the network of the probe itself is left out: what an attempt would have met is drawn from
//! a seeded script ([`weather`]). While the collector commits one step, the agents already make
//! the next ones.

mod agents;
mod weather;
mod witnesses;

use std::sync::Arc;

use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use collector::Collector;
use domain::{Clock, ManualClock, SystemClock, UnixMicros};
use futures_util::future::join_all;
use indicatif::{ProgressBar, ProgressStyle};
use telemetry::Metrics;
use tokio::sync::mpsc;

use super::published::Looks;
use super::{contracts, fleet, state::Demo};
use crate::print;
use agents::{News, SimulatedFleet, Step};
use weather::Weather;
use witnesses::Witnesses;

/// Simulated time between seals and between checkpoints: samples reach the log in time to be
/// beyond doubt, with a minute of the limit to spare.
const STEP: TimeDelta = TimeDelta::minutes(14);
/// Steps that the agents may be ahead of the collector.
const STEPS_AHEAD: usize = 16;

/// Who takes part in the history, beside the collector.
struct Crew {
    simulated: SimulatedFleet,
    witnesses: Witnesses,
    looks: Looks,
}

/// Makes the history up to now, or up to a given moment.
pub(crate) async fn fill(
    demo: &Demo,
    until: Option<DateTime<Utc>>,
    metrics: &Metrics,
) -> anyhow::Result<()> {
    print::line("a new demo: making its history through the true path, in simulated time");
    let start = contracts::history_start(demo.started_at);
    let clock = ManualClock::at(UnixMicros::from(start));
    let collector = fleet::start_history_collector(demo, &clock, metrics).await?;
    let plan = fleet::plan_of(demo)?;
    let mut identities = Vec::new();
    for planned in &plan.agents {
        let identity = fleet::enrol(demo, &collector, &planned.id, &clock).await?;
        identities.push(Arc::new(identity));
    }
    collector.run_sequencer().await?;
    let weather = Weather::of(demo, until);
    let simulated = SimulatedFleet::open(demo, &identities, plan, weather, start)?;
    let crew = Crew {
        simulated,
        witnesses: Witnesses::new(identities),
        looks: Looks::from(demo, start),
    };
    make(&collector, &clock, crew, (start, until)).await?;
    print::line("judging 35 days");
    collector.run_jobs().await?;
    collector.shutdown().await;
    demo.remember()
}

/// Runs agents and collector side by side, to a moment that may move on while they work.
async fn make(
    collector: &Collector,
    clock: &ManualClock,
    mut crew: Crew,
    (start, until): (DateTime<Utc>, Option<DateTime<Utc>>),
) -> anyhow::Result<()> {
    let end = move || until.unwrap_or_else(|| SystemClock.now_utc());
    let bar = progress(end() - start);
    let (steps, mut made) = mpsc::channel(STEPS_AHEAD);
    let (news, told) = std::sync::mpsc::channel();
    let simulated = crew.simulated;
    let making = tokio::task::spawn_blocking(move || simulated.run(STEP, end, &steps, &told));
    while let Some(step) = made.recv().await {
        let step: Step = step;
        crew.looks.up_to(collector, clock, step.to).await?;
        clock.set(UnixMicros::from(step.to));
        commit(collector, &step, &mut crew.witnesses, &news).await?;
        bar.set_position((step.to - start).num_minutes().unsigned_abs());
    }
    making.await.context("the simulated agents were lost")??;
    crew.witnesses
        .cosign_all(collector, clock.now_utc())
        .await?;
    crew.looks.end(collector, clock).await?;
    bar.finish_and_clear();
    Ok(())
}

/// Stores the batches of one step, orders the log and has its checkpoint cosigned, all at the
/// moment that the simulated clock shows.
async fn commit(
    collector: &Collector,
    step: &Step,
    witnesses: &mut Witnesses,
    news: &std::sync::mpsc::Sender<News>,
) -> anyhow::Result<()> {
    let sends = step
        .bodies
        .iter()
        .map(|body| collector.ingest(body.clone()));
    let mut receipts = Vec::with_capacity(step.bodies.len());
    for receipt in join_all(sends).await {
        receipts.push(receipt?);
    }
    collector.run_sequencer().await?;
    let seen = witnesses.cosign_next(collector, step.to).await?;
    // The agents are gone when they have made the last step: then nobody waits for news.
    let _ended = news.send(News { receipts, seen });
    Ok(())
}

fn progress(span: TimeDelta) -> ProgressBar {
    let style = ProgressStyle::with_template("making 35 days of history {bar:40} {percent}% {eta}");
    let bar = ProgressBar::new(span.num_minutes().unsigned_abs());
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}
