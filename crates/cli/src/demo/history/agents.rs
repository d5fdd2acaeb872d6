//! An agent that lives in simulated time: the real recorder and chain, no network.

use std::sync::Arc;
use std::time::Duration;

use agent::recorder::{Attempted, Recorder, RecorderSettings};
use agent::Durability;
use agent::spool::Limits;
use agent::stamp::Stamp;
use agent::witness::{self, Trusted};
use agent::Identity;
use chrono::{DateTime, Utc};
use domain::{AgentId, Kind, UnixMicros, UnixMillis};
use wire::plan::{Plan, PlanTarget};
use wire::protocol::{CheckpointAnswer, CosignatureRequest};

use super::weather::Weather;
use crate::demo::plan::Provider;
use crate::demo::state::Demo;

/// Beyond the state that the live agent finds, nothing here is worth a sync per batch: a demo
/// that was interrupted starts over.
fn limits() -> Limits {
    Limits { durability: Durability::Manual, ..Limits::default() }
}

pub(super) struct SimulatedAgent {
    identity: Arc<Identity>,
    recorder: Recorder,
    /// When its run began, for monotonic stamps.
    started: UnixMicros,
    acked: Option<u64>,
}

impl SimulatedAgent {
    pub(super) fn open(
        demo: &Demo,
        identity: Identity,
        start: DateTime<Utc>,
    ) -> anyhow::Result<Self> {
        let identity = Arc::new(identity);
        let settings = RecorderSettings {
            boot: start.timestamp_micros().unsigned_abs(),
            limits: limits(),
            seal_interval: Duration::from_secs(300),
        };
        let dir = demo.agent_dir(&identity.agent).join(agent::SPOOL_DIR);
        let (recorder, _recovered) = Recorder::open(&dir, identity.clone(), settings)?;
        Ok(Self { identity, recorder, started: UnixMicros::from(start), acked: None })
    }

    pub(super) fn id(&self) -> &AgentId {
        &self.identity.agent
    }

    /// Sequence number of the newest batch that the collector has.
    pub(super) fn newest(&self) -> Option<u64> {
        self.acked
    }

    /// Size of the newest checkpoint that this agent believes.
    pub(super) fn seen_size(&self) -> u64 {
        self.recorder.seen().size
    }

    /// Records every slot of a span and seals it; gives the body to send.
    pub(super) fn seal(
        &mut self,
        plan: &Plan,
        (from, to): (UnixMillis, UnixMillis),
        weather: &Weather,
        now: UnixMicros,
    ) -> anyhow::Result<Vec<u8>> {
        for (provider, target) in Provider::ALL.into_iter().zip(&plan.targets) {
            let Some(grid) = plan.grid(&self.identity.agent, &target.id) else { continue };
            let place = plan.agents.iter().position(|a| a.id == self.identity.agent);
            for slot in grid.between(from, to) {
                let attempt = weather.attempt(provider, place.unwrap_or(0), slot);
                self.record(target, plan.revision, slot, &attempt)?;
            }
        }
        let sealed = self.recorder.seal(self.stamp(now))?;
        sealed.map(|sealed| sealed.body).ok_or_else(|| anyhow::anyhow!("a span without a slot"))
    }

    fn record(
        &mut self,
        target: &PlanTarget,
        plan_revision: u64,
        slot: UnixMillis,
        attempt: &probe::Attempt,
    ) -> anyhow::Result<()> {
        let started = UnixMicros::new(slot.to_micros().get() + 180);
        let start = self.stamp(started);
        let (number, kind) = (1, Kind::Planned);
        let attempted = Attempted { target, plan_revision, slot, number, kind, start, attempt };
        Ok(self.recorder.record_attempt(&attempted)?)
    }

    pub(super) fn acked(&mut self, seq: u64) -> anyhow::Result<()> {
        self.acked = Some(seq);
        Ok(self.recorder.mark_acked(seq)?)
    }

    /// Checks a checkpoint as a live agent does, believes it and vouches for it.
    pub(super) fn cosign(
        &mut self,
        answer: &CheckpointAnswer,
        now: DateTime<Utc>,
    ) -> anyhow::Result<CosignatureRequest> {
        let log = self.identity.origin.log();
        let trusted =
            Trusted { log: &log, log_key: &self.identity.log_key, seen: self.recorder.seen() };
        let witnessed = witness::check(answer, trusted)?;
        let time_s = now.timestamp().unsigned_abs();
        let request = witnessed.cosign(&self.identity.agent, &self.identity.key, time_s)?;
        self.recorder.set_seen(&answer.checkpoint)?;
        if let Some(inclusion) = &answer.inclusion {
            self.recorder.mark_released(inclusion.seq)?;
        }
        Ok(request)
    }

    pub(super) fn sync(&mut self) -> anyhow::Result<()> {
        Ok(self.recorder.sync()?)
    }

    fn stamp(&self, wall: UnixMicros) -> Stamp {
        let mono_us = wall.get().saturating_sub(self.started.get()).unsigned_abs();
        Stamp { wall, mono_us }
    }
}
