//! The runner: waits for slots and makes their attempts.
//!
//! Invariants: every slot ends as a sample or in a gap; a target never has more attempts under way
//! than `overlap_max`, and the agent never more than `attempts_max`, so that one slow provider
//! cannot starve the others; the wait for each slot is computed anew from the wall clock, so that
//! nothing drifts; no request is sent before its budget allows it; an order of the collector adds
//! attempts as the plan allows, and never moves or takes a slot.
//!
//! Non-goals: recording, sending, and any rule of a contract.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use domain::{AgentId, CredentialAlias, GapReason, TargetId, UnixMicros, UnixMillis};
use evidence::note::VerifierKey;
use probe::{Attempt, Request, Spec};
use secrecy::SecretString;
use telemetry::metrics::AgentMetrics;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tracing::{error, warn};
use wire::plan::Plan;

use crate::budget::Budgets;
use crate::nonces::Nonces;
use crate::recorder::task::{RecorderGone, RecorderHandle};
use crate::schedule::{Due, Missed, Schedule};
use crate::stamp::Timebase;

mod alarm;
mod confirm;
mod course;
mod planned;
mod spec;
#[cfg(test)]
mod tests;

use alarm::Alarm;
use confirm::Orders;
use course::{Course, Desk, Repeats};
use planned::Planned;
pub use spec::{CallError, Keys, SpecForError, TargetError, short_deadline, spec_for};
pub(crate) use spec::{nonce, request as request_for};

/// Attempts at one target that may be under way at once, where nothing else is configured.
pub const OVERLAP_MAX_DEFAULT: usize = 2;
/// Attempts at all targets that may be under way at once, where nothing else is configured.
pub const ATTEMPTS_MAX_DEFAULT: usize = 256;
/// Longest sleep, so that a wall clock that was set is noticed soon.
const SLEEP_MAX: Duration = Duration::from_secs(5);
/// How long attempts under way may take to end when the agent stops.
const GRACE: Duration = Duration::from_secs(5);

/// Makes one attempt: the probe engine, or a stand-in.
pub type AttemptFn = dyn Fn(Spec) -> Pin<Box<dyn Future<Output = Attempt> + Send>> + Send + Sync;

/// What a runner works with.
pub struct RunnerSettings {
    /// What to probe, and when.
    pub plan: Arc<Plan>,
    /// Which of the plan's agents this is.
    pub agent: AgentId,
    /// Provider keys by their public names.
    pub keys: BTreeMap<CredentialAlias, SecretString>,
    /// Both clocks.
    pub timebase: Timebase,
    /// Attempts at one target at once.
    pub overlap_max: usize,
    /// Attempts at all targets at once.
    pub attempts_max: usize,
    /// Makes one attempt.
    pub attempt: Arc<AttemptFn>,
    /// What may be spent.
    pub budgets: Budgets,
    /// What nonces are made from.
    pub nonces: Nonces,
    /// The first moment that belongs to the next plan; [`NEVER`] where none follows yet.
    ///
    /// [`NEVER`]: crate::schedule::NEVER
    pub until: watch::Receiver<UnixMillis>,
    /// Orders that are open now, as signed notes; the same one may show many times.
    pub orders: watch::Receiver<Vec<String>>,
    /// The operator's key, as it was pinned; without it no order is followed.
    pub operator_key: Option<VerifierKey>,
    /// The agent's instruments.
    pub metrics: AgentMetrics,
}

impl fmt::Debug for RunnerSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunnerSettings")
            .field("agent", &self.agent)
            .finish_non_exhaustive()
    }
}

/// Runs the slots of one agent.
pub struct Runner {
    schedule: Schedule,
    targets: BTreeMap<TargetId, Arc<Target>>,
    desk: Arc<Desk>,
    orders: Orders,
    tasks: JoinSet<Result<(), RecorderGone>>,
    phase: watch::Sender<Phase>,
    until: watch::Receiver<UnixMillis>,
}

/// How much longer attempts may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Run,
    /// Attempts under way may end, but no repeat begins.
    Stop,
    /// Attempts under way are given up.
    Abandon,
}

/// A target, ready to be probed.
struct Target {
    plan: Planned,
    request: Request,
    key: Key,
    permits: Arc<Semaphore>,
    repeats: Repeats,
}

enum Key {
    NotNeeded,
    Held(SecretString),
    Missing(CredentialAlias),
}

impl Runner {
    /// A runner that takes up each target after the slot that `last` names.
    pub fn new(
        settings: RunnerSettings,
        recorder: RecorderHandle,
        last: &BTreeMap<TargetId, UnixMillis>,
    ) -> Result<Self, TargetError> {
        let RunnerSettings {
            plan,
            agent,
            keys,
            timebase,
            ..
        } = settings;
        let now = timebase.now().wall.to_millis();
        let target = |target: Planned| {
            if let Some(note) = short_deadline(&target) {
                warn!(target = %target.id, "{note}");
            }
            let key = match &target.credential {
                None => Key::NotNeeded,
                Some(alias) => keys
                    .get(alias)
                    .map_or_else(|| Key::Missing(alias.clone()), |key| Key::Held(key.clone())),
            };
            let ready = Target {
                request: spec::request(&target, &keys)?,
                plan: target,
                key,
                permits: Arc::new(Semaphore::new(settings.overlap_max)),
                repeats: Repeats::default(),
            };
            Ok((ready.plan.id.clone(), Arc::new(ready)))
        };
        Ok(Self {
            schedule: Schedule::new(&plan, &agent, now, last),
            targets: Planned::all(&plan).map(target).collect::<Result<_, _>>()?,
            desk: Arc::new(Desk {
                plan: plan.revision,
                agent: agent.clone(),
                nonces: settings.nonces,
                recorder,
                timebase,
                permits: Arc::new(Semaphore::new(settings.attempts_max)),
                attempt: settings.attempt,
                budgets: settings.budgets,
                metrics: settings.metrics,
            }),
            orders: Orders::new(agent, settings.operator_key, now, settings.orders),
            tasks: JoinSet::new(),
            phase: watch::Sender::new(Phase::Run),
            until: settings.until,
        })
    }

    /// Runs slots until asked to stop; what is under way then may end within a few seconds, and
    /// what does not becomes a gap. Where the next plan takes over before that, what is under way
    /// takes the time it needs, repeats included.
    pub async fn run(mut self, mut stop: watch::Receiver<bool>) -> Result<(), RecorderGone> {
        let mut alarm = Alarm::default();
        while !*stop.borrow_and_update() {
            let now = self.desk.timebase.now().wall.to_millis();
            self.schedule.end_at(*self.until.borrow_and_update());
            let due = self.schedule.take_due(now);
            self.begin(due).await?;
            if self.schedule.is_over(now) && self.tasks.is_empty() {
                break;
            }
            let sleep = self.sleep_from(self.desk.timebase.now().wall);
            tokio::select! {
                () = tokio::time::sleep(sleep) => {}
                () = alarm.after(sleep) => {}
                Some(ended) = self.tasks.join_next() => report(ended)?,
                () = self.orders.changed(), if !self.schedule.is_over(now) => self.follow(),
                Ok(()) = self.until.changed() => {}
                changed = stop.changed() => if changed.is_err() { break },
            }
        }
        self.phase.send_replace(Phase::Stop);
        if tokio::time::timeout(GRACE, drain(&mut self.tasks))
            .await
            .is_err()
        {
            self.phase.send_replace(Phase::Abandon);
            drain(&mut self.tasks).await;
        }
        self.desk.budgets.flush().await;
        Ok(())
    }

    fn sleep_from(&self, now: UnixMicros) -> Duration {
        let end = Some(self.schedule.end()).filter(|end| *end > now.to_millis());
        let Some(next) = self.schedule.next_at().into_iter().chain(end).min() else {
            return SLEEP_MAX;
        };
        let us = next.get().saturating_mul(1_000).saturating_sub(now.get());
        Duration::from_micros(u64::try_from(us).unwrap_or(0)).min(SLEEP_MAX)
    }

    async fn begin(&mut self, due: Due) -> Result<(), RecorderGone> {
        for missed in due.missed {
            self.desk.recorder.miss(missed).await?;
        }
        for slot in due.slots {
            let Some(target) = self.targets.get(&slot.target) else {
                continue;
            };
            let desk = Arc::clone(&self.desk);
            match desk.permits_for(target) {
                Some(permits) => {
                    desk.recorder.begin(slot.clone()).await?;
                    let course = Course {
                        desk,
                        target: Arc::clone(target),
                        slot: slot.at,
                        phase: self.phase.subscribe(),
                    };
                    self.tasks.spawn(course.run(permits));
                }
                None => {
                    desk.recorder
                        .miss(Missed::one(slot, GapReason::Overloaded))
                        .await?;
                }
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner")
            .field("schedule", &self.schedule)
            .finish_non_exhaustive()
    }
}

async fn drain(tasks: &mut JoinSet<Result<(), RecorderGone>>) {
    while let Some(ended) = tasks.join_next().await {
        if report(ended).is_err() {
            return;
        }
    }
}

fn report(
    ended: Result<Result<(), RecorderGone>, tokio::task::JoinError>,
) -> Result<(), RecorderGone> {
    ended.unwrap_or_else(|lost| {
        error!(
            error = &lost as &dyn std::error::Error,
            "an attempt's task was lost"
        );
        Ok(())
    })
}
