//! Agents that live in simulated time: the real recorder and chain, no network.

use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use agent::recorder::{Attempted, Recorder, RecorderSettings};
use agent::spool::Limits;
use agent::stamp::Stamp;
use agent::{Durability, Identity};
use anyhow::Context as _;
use chrono::{DateTime, TimeDelta, Utc};
use domain::{Kind, UnixMicros, UnixMillis};
use tokio::sync::mpsc::Sender;
use wire::plan::{Plan, PlanTarget};
use wire::protocol::Receipt;

use super::weather::Weather;
use crate::demo::plan::Provider;
use crate::demo::state::Demo;

/// How near to the end the history stops; below the distance of the plan's slots.
const LIVE_WITHIN: TimeDelta = TimeDelta::seconds(2);

/// Sealed batches of all agents up to one moment.
pub(super) struct Step {
    /// The moment.
    pub(super) to: DateTime<Utc>,
    /// What to send.
    pub(super) bodies: Vec<Vec<u8>>,
}

/// What the collector's side tells the agents after a step.
pub(super) struct News {
    pub(super) receipts: Vec<Receipt>,
    /// The newest checkpoint that the agents may believe.
    pub(super) seen: String,
}

/// Five recorders and the script they record.
pub(super) struct SimulatedFleet {
    recorders: Vec<Recorder>,
    plan: Plan,
    weather: Weather,
    start: DateTime<Utc>,
}

impl SimulatedFleet {
    pub(super) fn open(
        demo: &Demo,
        identities: &[Arc<Identity>],
        plan: Plan,
        weather: Weather,
        start: DateTime<Utc>,
    ) -> anyhow::Result<Self> {
        // Beyond the state that the live agents find, nothing here is worth a sync per batch: a
        // history that was interrupted is made again.
        let limits = Limits {
            durability: Durability::Manual,
            ..Limits::default()
        };
        let settings = RecorderSettings {
            boot: start.timestamp_micros().unsigned_abs(),
            limits,
            seal_interval: Duration::from_mins(5),
        };
        let mut recorders = Vec::with_capacity(identities.len());
        for identity in identities {
            let dir = demo.agent_dir(&identity.agent).join(agent::SPOOL_DIR);
            recorders.push(Recorder::open(&dir, identity.clone(), settings)?.0);
        }
        Ok(Self {
            recorders,
            plan,
            weather,
            start,
        })
    }

    /// Makes steps until the end has come, which may move on meanwhile.
    pub(super) fn run(
        mut self,
        step: TimeDelta,
        end: impl Fn() -> DateTime<Utc>,
        steps: &Sender<Step>,
        news: &Receiver<News>,
    ) -> anyhow::Result<()> {
        let mut at = self.start;
        let mut told = 0_u64;
        let mut made = 0_u64;
        loop {
            let to = (at + step).min(end());
            if to - at < LIVE_WITHIN {
                break; // Time goes on while we work: the live agents take over from here.
            }
            let bodies = self.seal(at, to)?;
            steps
                .blocking_send(Step { to, bodies })
                .ok()
                .context("the collector gave up")?;
            made += 1;
            at = to;
            for news in news.try_iter() {
                told += 1;
                self.hear(&news)?;
            }
        }
        while told < made {
            self.hear(&news.recv().context("the collector gave up")?)?;
            told += 1;
        }
        self.recorders
            .iter_mut()
            .try_for_each(|recorder| Ok(recorder.sync()?))
    }

    /// Records every slot of a span on every agent, and seals; gives what there is to send.
    fn seal(&mut self, from: DateTime<Utc>, to: DateTime<Utc>) -> anyhow::Result<Vec<Vec<u8>>> {
        let Self {
            recorders,
            plan,
            weather,
            start,
        } = self;
        let stamp = |wall: UnixMicros| Stamp {
            wall,
            mono_us: wall
                .get()
                .saturating_sub(start.timestamp_micros())
                .unsigned_abs(),
        };
        let mut bodies = Vec::with_capacity(recorders.len());
        for (place, recorder) in recorders.iter_mut().enumerate() {
            for (provider, target) in Provider::ALL.into_iter().zip(&plan.targets) {
                let Some(grid) = plan.grid(recorder.agent(), &target.id) else {
                    continue;
                };
                for slot in grid.between(UnixMillis::from(from), UnixMillis::from(to)) {
                    let attempt = weather.attempt(provider, place, slot);
                    let start = stamp(UnixMicros::new(slot.to_micros().get() + 180));
                    record(recorder, (target, plan.revision), slot, (start, &attempt))?;
                }
            }
            let sealed = recorder.seal(stamp(UnixMicros::from(to)))?;
            bodies.extend(sealed.map(|sealed| sealed.body));
        }
        Ok(bodies)
    }

    fn hear(&mut self, news: &News) -> anyhow::Result<()> {
        for receipt in &news.receipts {
            let mut own = self
                .recorders
                .iter_mut()
                .filter(|r| *r.agent() == receipt.agent);
            if let Some(recorder) = own.next() {
                recorder.mark_acked(receipt.seq)?;
                recorder.set_seen(&news.seen)?;
                recorder.mark_released(receipt.seq)?;
            }
        }
        Ok(())
    }
}

fn record(
    recorder: &mut Recorder,
    (target, plan_revision): (&PlanTarget, u64),
    slot: UnixMillis,
    (start, attempt): (Stamp, &probe::Attempt),
) -> anyhow::Result<()> {
    let (number, kind) = (1, Kind::Planned);
    let attempted = Attempted {
        target,
        plan_revision,
        slot,
        number,
        kind,
        start,
        attempt,
    };
    Ok(recorder.record_attempt(&attempted)?)
}
