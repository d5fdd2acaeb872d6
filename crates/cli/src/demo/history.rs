//! Thirty-five days in under a minute: samples are made in simulated time and go the true way,
//! from the agents' recorders through the collector's ingest into log and checkpoints.
//!
//! Only the network of the probe itself is left out: what an attempt would have met is drawn from
//! a seeded script ([`weather`]).

mod agents;
mod weather;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use collector::{Collector, Jobs};
use futures_util::future::join_all;
use domain::{Clock, ManualClock, SystemClock, UnixMicros, UnixMillis};
use indicatif::{ProgressBar, ProgressStyle};
use telemetry::Metrics;

use super::{contracts, fleet, state::Demo};
use crate::print;
use agents::SimulatedAgent;
use weather::Weather;

/// Simulated time between seals and between checkpoints: samples reach the log in time to be
/// beyond doubt, with a third of the limit to spare.
const STEP: TimeDelta = TimeDelta::minutes(10);
/// Steps whose batches are sent before the agents wait for receipts.
const STEPS_PER_FLUSH: i64 = 6;

/// Makes the history up to now, or up to a given moment.
pub(crate) async fn fill(
    demo: &Demo,
    until: Option<DateTime<Utc>>,
    metrics: &Metrics,
) -> anyhow::Result<()> {
    print::line("a new demo: making its history through the true path, in simulated time");
    let start = contracts::history_start(demo.started_at);
    let clock = ManualClock::at(UnixMicros::from(start));
    let listen = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let collector =
        fleet::start_collector(demo, listen, Arc::new(clock.clone()), Jobs::Manual, metrics)
            .await?;
    let plan = fleet::plan_of(demo)?;
    let mut agents = Vec::new();
    for planned in &plan.agents {
        let identity = fleet::enrol(demo, &collector, &planned.id, &clock).await?;
        agents.push(SimulatedAgent::open(demo, identity, start)?);
    }
    collector.run_sequencer().await?;
    let end = || until.unwrap_or_else(|| SystemClock.now_utc());
    let weather = Weather::of(demo, until)?;
    let mut making = Making { collector, plan, agents, clock, weather, start };
    making.run(end).await?;
    print::line("judging 35 days");
    making.collector.run_jobs().await?;
    making.collector.shutdown().await;
    demo.remember()
}

/// A history in the making.
struct Making {
    collector: Collector,
    plan: wire::plan::Plan,
    agents: Vec<SimulatedAgent>,
    clock: ManualClock,
    weather: Weather,
    start: DateTime<Utc>,
}

impl Making {
    /// Runs to a moment that may move on while we work.
    async fn run(&mut self, end: impl Fn() -> DateTime<Utc>) -> anyhow::Result<()> {
        let bar = progress(end() - self.start);
        let mut at = self.start;
        loop {
            let last = end();
            if at >= last {
                break;
            }
            let mut steps = Vec::new();
            while at < last && i64::try_from(steps.len())? < STEPS_PER_FLUSH {
                let next = (at + STEP).min(last);
                steps.push((at, next));
                at = next;
            }
            self.run_steps(&steps).await?;
            bar.set_position((at - self.start).num_minutes().unsigned_abs());
        }
        for place in 0..self.agents.len() {
            self.cosign_by(place, at).await?;
            self.agents[place].sync()?;
        }
        bar.finish_and_clear();
        Ok(())
    }

    /// Records and seals each step, sends it, orders the log and has a checkpoint cosigned: one
    /// step after the other, so that every claimed time is what the simulated clock showed.
    async fn run_steps(&mut self, steps: &[(DateTime<Utc>, DateTime<Utc>)]) -> anyhow::Result<()> {
        for (from, to) in steps {
            self.clock.set(UnixMicros::from(*to));
            let mut sealed = Vec::with_capacity(self.agents.len());
            for agent in &mut self.agents {
                let span = (UnixMillis::from(*from), UnixMillis::from(*to));
                sealed.push(agent.seal(&self.plan, span, &self.weather, self.clock.now())?);
            }
            let sends = sealed.into_iter().map(|body| self.collector.ingest(body));
            for receipt in join_all(sends).await {
                let receipt = receipt?;
                if let Some(agent) = self.agents.iter_mut().find(|a| *a.id() == receipt.agent) {
                    agent.acked(receipt.seq)?;
                }
            }
            self.collector.run_sequencer().await?;
            self.cosign(*to).await?;
        }
        Ok(())
    }

    /// The agents vouch for the newest checkpoint, each in its turn; in the end, all of them.
    async fn cosign(&mut self, now: DateTime<Utc>) -> anyhow::Result<()> {
        let turn = usize::try_from((now - self.start).num_seconds() / STEP.num_seconds())?;
        let place = turn % self.agents.len();
        self.cosign_by(place, now).await
    }

    async fn cosign_by(&mut self, place: usize, now: DateTime<Utc>) -> anyhow::Result<()> {
        let agent = &mut self.agents[place];
        let (newest, seen) = (agent.newest(), agent.seen_size());
        let answer = self.collector.checkpoint(agent.id(), newest, seen).await?;
        let request = agent.cosign(&answer, now)?;
        Ok(self.collector.cosign(&request).await?)
    }
}

fn progress(span: TimeDelta) -> ProgressBar {
    let style = ProgressStyle::with_template("making 35 days of history {bar:40} {percent}% {eta}");
    let bar = ProgressBar::new(span.num_minutes().unsigned_abs());
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}
