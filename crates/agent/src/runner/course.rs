//! The attempts of one slot, or of one order: one after the other, each recorded as it ends.
//!
//! Invariants: a planned slot that is not attempted becomes a gap; what only repeats or confirms is
//! left out instead, and what of a burst is left out is told; repeats begin where there is room, and
//! never after the agent was asked to stop.

use std::sync::Arc;
use std::time::Duration;

use domain::{AgentId, GapReason, Kind, UnixMillis};
use probe::{Attempt, Spec};
use telemetry::metrics::{AgentMetrics, OrderResult};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;
use wire::nonce::AttemptName;
use wire::order::CONFIRM_ATTEMPT_FIRST;
use wire::plan::PlanTarget;
use wire::reserved::{LeftOut, REPEAT_WAIT_MS_MAX};

use super::{AttemptFn, Key, Phase, Target, spec};
use crate::budget::Budgets;
use crate::nonces::Nonces;
use crate::recorder::is_burst_worthy;
use crate::recorder::task::{RecorderGone, RecorderHandle, Taken};
use crate::schedule::{Missed, Slot};
use crate::stamp::{Stamp, Timebase};

/// How long a repeat waits for room.
const ROOM_TIMEOUT: Duration = Duration::from_millis(REPEAT_WAIT_MS_MAX);

/// A target's permit and the agent's.
pub(super) type Permits = (OwnedSemaphorePermit, OwnedSemaphorePermit);

/// What all attempts share.
pub(super) struct Desk {
    /// Revision of the plan whose slots are run.
    pub(super) plan: u64,
    pub(super) agent: AgentId,
    pub(super) nonces: Nonces,
    pub(super) recorder: RecorderHandle,
    pub(super) timebase: Timebase,
    pub(super) permits: Arc<Semaphore>,
    pub(super) attempt: Arc<AttemptFn>,
    pub(super) budgets: Budgets,
    pub(super) metrics: AgentMetrics,
}

impl Desk {
    /// Room for one attempt, where there is some now.
    pub(super) fn permits_for(&self, target: &Target) -> Option<Permits> {
        let of_target = Arc::clone(&target.permits).try_acquire_owned().ok()?;
        let of_agent = Arc::clone(&self.permits).try_acquire_owned().ok()?;
        Some((of_target, of_agent))
    }
}

/// Bursts and confirmations of one target that are under way, counted by who holds a share.
#[derive(Default)]
pub(super) struct Repeats(Arc<()>);

/// One of them, until it is dropped.
pub(super) struct Repeating(#[expect(dead_code, reason = "it is held, not read")] Arc<()>);

impl Repeats {
    pub(super) fn begin(&self) -> Repeating {
        Repeating(Arc::clone(&self.0))
    }

    pub(super) fn are_under_way(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }
}

/// One slot with the repeats that the plan's rule adds, or one order with its attempts.
pub(super) struct Course {
    pub(super) desk: Arc<Desk>,
    pub(super) target: Arc<Target>,
    /// The planned moment, or that of the order.
    pub(super) slot: UnixMillis,
    pub(super) phase: watch::Receiver<Phase>,
}

impl Course {
    /// The slot's own attempt, and its burst.
    pub(super) async fn run(mut self, permits: Permits) -> Result<(), RecorderGone> {
        let began = Instant::now();
        let taken = match self.attempt(1, Kind::Planned).await {
            Ok(taken) => taken,
            Err(reason) => {
                let slot = Slot {
                    target: self.target.plan.id.clone(),
                    at: self.slot,
                    plan: self.desk.plan,
                };
                return self.desk.recorder.miss(Missed::one(slot, reason)).await;
            }
        };
        drop(permits);
        let count = self.target.plan.burst.count;
        if count == 0 || !is_burst_worthy(&taken.attempt) {
            return self.desk.recorder.take(taken).await;
        }
        let target = Arc::clone(&self.target);
        let _repeating = target.repeats.begin();
        self.desk.recorder.take(taken).await?;
        self.repeat(began, 2..2 + count, Kind::Burst).await
    }

    /// The attempts that an order asks for, the first at once.
    pub(super) async fn confirm(
        mut self,
        permits: Permits,
        _repeating: Repeating,
    ) -> Result<(), RecorderGone> {
        let (began, first) = (Instant::now(), CONFIRM_ATTEMPT_FIRST);
        let taken = self.attempt(first, Kind::Confirm).await;
        drop(permits);
        let result = match &taken {
            Ok(_) => OrderResult::Followed,
            Err(GapReason::Budget) => OrderResult::Budget,
            Err(_) => OrderResult::Busy,
        };
        self.desk.metrics.order_taken(result);
        let Ok(taken) = taken else {
            return Ok(());
        };
        self.desk.recorder.take(taken).await?;
        let count = self.target.plan.burst.confirms();
        self.repeat(began, first + 1..first + count, Kind::Confirm)
            .await
    }

    /// Makes the attempts of these numbers, the plan's distance apart from start to start.
    async fn repeat(
        &mut self,
        mut began: Instant,
        numbers: std::ops::Range<u32>,
        kind: Kind,
    ) -> Result<(), RecorderGone> {
        let spacing = Duration::from_millis(self.target.plan.burst.spacing_ms.into());
        for number in numbers.clone() {
            let taken = match self.wait_for_repeat(began + spacing).await {
                Ok(permits) => {
                    began = Instant::now();
                    let taken = self.attempt(number, kind).await;
                    drop(permits);
                    taken
                }
                Err(reason) => Err(reason),
            };
            match taken {
                Ok(taken) => self.desk.recorder.take(taken).await?,
                Err(reason) => return self.leave_out(number..numbers.end, kind, reason).await,
            }
        }
        Ok(())
    }

    /// Tells of repeats that are not made. Nobody counts on what was only ordered.
    async fn leave_out(
        &self,
        numbers: std::ops::Range<u32>,
        kind: Kind,
        reason: GapReason,
    ) -> Result<(), RecorderGone> {
        if kind != Kind::Burst {
            return Ok(());
        }
        let left_out = LeftOut {
            attempt: numbers.start,
            count: numbers.end - numbers.start,
            reason,
            slot_ms: self.slot,
            target: self.target.plan.id.clone(),
        };
        self.desk.recorder.leave_out(left_out).await
    }

    /// Waits for the time of a repeat and for room to make it. Fails when the agent stops, or no
    /// room comes.
    async fn wait_for_repeat(&mut self, at: Instant) -> Result<Permits, GapReason> {
        let room = async {
            tokio::time::sleep_until(at).await;
            let of_target = Arc::clone(&self.target.permits).acquire_owned();
            let of_agent = Arc::clone(&self.desk.permits).acquire_owned();
            let room = async { Some((of_target.await.ok()?, of_agent.await.ok()?)) };
            let room = tokio::time::timeout(ROOM_TIMEOUT, room).await;
            room.ok().flatten().ok_or(GapReason::Overloaded)
        };
        tokio::select! {
            permits = room => permits,
            _ = self.phase.wait_for(|phase| *phase >= Phase::Stop) => Err(GapReason::AgentDown),
        }
    }

    /// Makes one attempt. Fails with the reason of a gap when it may not be paid for, or had to be
    /// given up.
    async fn attempt(&mut self, number: u32, kind: Kind) -> Result<Taken, GapReason> {
        let plan = &self.target.plan;
        let key = match &self.target.key {
            Key::NotNeeded => Ok(None),
            Key::Held(key) => Ok(Some(key.clone())),
            Key::Missing(alias) => Err(spec::without_key(plan, alias)),
        };
        let (start, attempt) = match key {
            Ok(key) => {
                let nonce = self.desk.nonces.of(&AttemptName {
                    agent: &self.desk.agent,
                    target: &plan.id,
                    kind,
                    slot: self.slot,
                    number,
                });
                let spec = spec::spec(plan, self.target.request.clone(), key, nonce);
                self.send(spec, kind).await?
            }
            Err(unsent) => (self.desk.timebase.now(), unsent),
        };
        Ok(Taken {
            target: Arc::new(PlanTarget::clone(&self.target.plan)),
            plan_revision: self.desk.plan,
            slot: self.slot,
            number,
            kind,
            start,
            attempt,
        })
    }

    /// Sends a request that the budget has room for. One that is given up counts at its worst.
    async fn send(&mut self, spec: Spec, kind: Kind) -> Result<(Stamp, Attempt), GapReason> {
        let at = self.desk.timebase.now().wall.to_millis();
        let budgets = &self.desk.budgets;
        let leave = budgets.reserve(&self.target.plan.id, kind, at).await?;
        let start = self.desk.timebase.now();
        let attempt = tokio::select! {
            attempt = (self.desk.attempt)(spec) => attempt,
            _ = self.phase.wait_for(|phase| *phase >= Phase::Abandon) => {
                return Err(GapReason::AgentDown);
            }
        };
        budgets.settle(leave, &attempt).await;
        Ok((start, attempt))
    }
}
