//! Which plan runs, and how the next takes over at its moment without a restart.
//!
//! Invariants: the plan in force hands out every slot before that moment and none after it; its
//! attempts take the time they need; the next plan accounts for every slot from its first on. A
//! plan that came too late for its own moment takes over at once: of the slots that have passed,
//! those that the former plan ran stand, the others become gaps.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use camino::Utf8PathBuf;
use domain::{AgentId, CredentialAlias, GapReason, TargetId, UnixMillis};
use evidence::note::VerifierKey;
use probe::price::PriceTable;
use secrecy::SecretString;
use telemetry::metrics::AgentMetrics;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tracing::{error, info};
use wire::plan::{Grid, Plan};

use super::{AgentError, AgentLimits, former};
use crate::budget::{BudgetSettings, Budgets};
use crate::health::Health;
use crate::nonces::Nonces;
use crate::recorder::task::{RecorderGone, RecorderHandle};
use crate::runner::{AttemptFn, Runner, RunnerSettings};
use crate::schedule::{Missed, NEVER, Schedule, Slot};
use crate::stamp::Timebase;

#[cfg(test)]
mod tests;

/// Longest sleep, so that a wall clock that was set is noticed soon.
const SLEEP_MAX: Duration = Duration::from_secs(5);
/// How far ahead a plan takes over that came too late for its own moment, milliseconds: the slots
/// until then are the former plan's.
const LEAD_MS: i64 = 1_000;

/// What the runner of every plan is made from.
pub(super) struct Stage {
    pub(super) agent: AgentId,
    pub(super) keys: BTreeMap<CredentialAlias, SecretString>,
    pub(super) prices: Arc<PriceTable>,
    pub(super) limits: AgentLimits,
    pub(super) dir: Utf8PathBuf,
    pub(super) attempt: Arc<AttemptFn>,
    pub(super) timebase: Timebase,
    pub(super) health: Health,
    pub(super) metrics: AgentMetrics,
    pub(super) recorder: RecorderHandle,
    pub(super) orders: watch::Receiver<Vec<String>>,
    pub(super) nonces: Nonces,
    /// Whose orders are followed.
    pub(super) operator_key: Option<VerifierKey>,
    /// The agent's books, once a plan was there.
    pub(super) budgets: Option<Budgets>,
}

/// Runs one plan after the other.
pub(super) struct Succession {
    stage: Stage,
    plans: watch::Receiver<Option<Arc<Plan>>>,
    current: Option<Current>,
    next: Option<(Arc<Plan>, UnixMillis)>,
    /// The last recorded slots of the agent's earlier life.
    last: BTreeMap<TargetId, UnixMillis>,
    runners: JoinSet<Result<(), RecorderGone>>,
}

/// The plan in force.
struct Current {
    plan: Arc<Plan>,
    until: watch::Sender<UnixMillis>,
    /// Where the plan cannot be run: the slots after which all are missed.
    missed_after: Option<BTreeMap<TargetId, UnixMillis>>,
}

/// Where the slots of an agent lie.
pub(super) fn grids(plan: &Plan, agent: &AgentId) -> BTreeMap<TargetId, Grid> {
    let grid = |target: &TargetId| Some((target.clone(), plan.grid(agent, target)?));
    plan.targets
        .iter()
        .filter_map(|target| grid(&target.id))
        .collect()
}

fn is_named(plan: &Plan, agent: &AgentId) -> bool {
    plan.agents.iter().any(|planned| planned.id == *agent)
}

impl Stage {
    fn now(&self) -> UnixMillis {
        self.timebase.now().wall.to_millis()
    }

    /// A runner that takes up each target after the slot that `last` names.
    fn runner(
        &mut self,
        plan: &Arc<Plan>,
        last: &BTreeMap<TargetId, UnixMillis>,
        until: watch::Receiver<UnixMillis>,
    ) -> Result<Runner, AgentError> {
        let settings = BudgetSettings {
            plan,
            cap: self.limits.budget,
            keys: &self.keys,
            prices: Arc::clone(&self.prices),
            dir: &self.dir,
            now: self.now(),
            health: self.health.clone(),
            metrics: self.metrics.clone(),
        };
        let budgets = match &self.budgets {
            Some(budgets) => {
                budgets.follow(&settings)?;
                budgets.clone()
            }
            None => Budgets::open(settings)?,
        };
        self.budgets = Some(budgets.clone());
        let settings = RunnerSettings {
            plan: Arc::clone(plan),
            agent: self.agent.clone(),
            keys: self.keys.clone(),
            timebase: self.timebase.clone(),
            overlap_max: self.limits.overlap_max,
            attempts_max: self.limits.attempts_max,
            attempt: Arc::clone(&self.attempt),
            budgets,
            nonces: self.nonces.clone(),
            until,
            orders: self.orders.clone(),
            operator_key: self.operator_key.clone(),
            metrics: self.metrics.clone(),
        };
        Ok(Runner::new(settings, self.recorder.clone(), last)?)
    }

    fn show(&self, plan: &Plan, fault: Option<&AgentError>) {
        self.health.update(|health| {
            health.plan.revision = Some(plan.revision);
            health.plan.next = None;
            health.plan.is_awaited = false;
            health.plan.is_left_out = !is_named(plan, &self.agent);
            health.plan.fault = fault.map(ToString::to_string);
            health
                .targets
                .retain(|target, _| plan.target(target).is_some());
        });
    }
}

impl Succession {
    /// Begins without any plan; `last` are the last slots recorded.
    pub(super) fn new(
        stage: Stage,
        plans: watch::Receiver<Option<Arc<Plan>>>,
        last: BTreeMap<TargetId, UnixMillis>,
    ) -> Self {
        stage.health.update(|health| health.plan.is_awaited = true);
        Self {
            stage,
            plans,
            current: None,
            next: None,
            last,
            runners: JoinSet::new(),
        }
    }

    /// Runs a plan from now on. One that cannot be run is in force all the same: its slots are
    /// declared when it ends.
    pub(super) fn start(
        &mut self,
        plan: &Arc<Plan>,
        stop: &watch::Receiver<bool>,
    ) -> Result<(), AgentError> {
        let until = watch::Sender::new(NEVER);
        let last = std::mem::take(&mut self.last);
        let made = if is_named(plan, &self.stage.agent) {
            let runner = self.stage.runner(plan, &last, until.subscribe());
            runner.map(|runner| drop(self.runners.spawn(runner.run(stop.clone()))))
        } else {
            Ok(())
        };
        self.stage.show(plan, made.as_ref().err());
        self.current = Some(Current {
            plan: Arc::clone(plan),
            until,
            missed_after: made.is_err().then_some(last),
        });
        made
    }

    /// Runs what is in force, and each newer plan from its moment on, until asked to stop.
    pub(super) async fn run(mut self, stop: watch::Receiver<bool>) -> Result<(), RecorderGone> {
        let mut stopping = stop.clone();
        while !*stopping.borrow_and_update() {
            self.hear();
            let now = self.stage.now();
            if let Some((plan, at)) = self.next.take_if(|(_, at)| *at <= now) {
                self.take_over(plan, at, &stop).await?;
                continue;
            }
            let next = self.next.as_ref().map(|(_, at)| until(now, *at));
            tokio::select! {
                () = tokio::time::sleep(next.unwrap_or(SLEEP_MAX)) => {}
                Ok(()) = self.plans.changed() => {}
                Some(ended) = self.runners.join_next() => report(ended)?,
                changed = stopping.changed() => if changed.is_err() { break },
            }
        }
        while let Some(ended) = self.runners.join_next().await {
            report(ended)?;
        }
        Ok(())
    }

    /// Notes the newest plan, and tells the one in force when it ends.
    fn hear(&mut self) {
        let Some(plan) = self.plans.borrow_and_update().clone() else {
            return;
        };
        let known = self.next.as_ref().map(|(next, _)| next);
        let known = known.or(self.current.as_ref().map(|current| &current.plan));
        if known.is_some_and(|known| plan.revision <= known.revision) {
            return;
        }
        let at = match &self.current {
            None => self.stage.now(),
            Some(current) => {
                let at = plan
                    .effective_from_ms
                    .max(self.stage.now().plus_ms(LEAD_MS));
                current.until.send_replace(at);
                let next = Some((plan.revision, at));
                self.stage.health.update(|health| health.plan.next = next);
                at
            }
        };
        self.next = Some((plan, at));
    }

    /// Lets the next plan take over from the one in force at `at`, which has come.
    async fn take_over(
        &mut self,
        plan: Arc<Plan>,
        at: UnixMillis,
        stop: &watch::Receiver<bool>,
    ) -> Result<(), RecorderGone> {
        // What the plan before the last left under way is over before its file is replaced.
        while self.runners.len() > 1
            && let Some(ended) = self.runners.join_next().await
        {
            report(ended)?;
        }
        let former = self
            .current
            .as_ref()
            .map(|current| Arc::clone(&current.plan));
        if let Err(failed) = self.remember(former.clone(), &plan).await {
            error!(
                error = &failed as &dyn std::error::Error,
                "a new plan cannot take over yet"
            );
            let reason = failed.to_string();
            self.stage
                .health
                .update(|health| health.plan.fault = Some(reason));
            tokio::time::sleep(Duration::from_secs(1)).await;
            self.next = Some((plan, at));
            return Ok(());
        }
        let (recorder, agent) = (self.stage.recorder.clone(), self.stage.agent.clone());
        recorder.adopt(plan.revision, grids(&plan, &agent)).await?;
        if let Some(current) = self.current.take() {
            for missed in leftover(&current, (&plan, &agent), at) {
                recorder.miss(missed).await?;
            }
            let before = |target: &wire::plan::PlanTarget| (target.id.clone(), at.plus_ms(-1));
            self.last = plan.targets.iter().map(before).collect();
        }
        match self.start(&plan, stop) {
            Ok(()) => info!(
                plan.revision = plan.revision,
                "revision {} of the plan is in force", plan.revision
            ),
            Err(fault) => error!(
                plan.revision = plan.revision,
                error = &fault as &dyn std::error::Error,
                "revision {} of the plan is in force, but cannot be run",
                plan.revision
            ),
        }
        Ok(())
    }

    async fn remember(
        &self,
        former: Option<Arc<Plan>>,
        plan: &Arc<Plan>,
    ) -> Result<(), AgentError> {
        let (dir, plan) = (self.stage.dir.clone(), Arc::clone(plan));
        let written =
            tokio::task::spawn_blocking(move || former::succeed(&dir, former.as_deref(), &plan));
        written.await.map_err(AgentError::Thread)?
    }
}

/// What a plan that takes over at `at` finds unaccounted for: the slots of one that could not be
/// run, and its own between its first moment and `at` that the former one did not have.
fn leftover(current: &Current, (plan, agent): (&Plan, &AgentId), at: UnixMillis) -> Vec<Missed> {
    let mut missed = Vec::new();
    if let Some(last) = &current.missed_after {
        let mut schedule = Schedule::new(&current.plan, agent, at, last);
        missed.extend(schedule.take_missed(at));
    }
    if plan.effective_from_ms >= at {
        return missed;
    }
    for (target, grid) in grids(plan, agent) {
        let Some(former) = current.plan.grid(agent, &target) else {
            let mut alone = Schedule::new(plan, agent, at, &BTreeMap::new());
            let owed = alone.take_missed(at).into_iter();
            missed.extend(owed.filter(|missed| missed.target == target));
            continue;
        };
        if former == grid {
            continue;
        }
        let slots = grid.between(plan.effective_from_ms, at);
        let own = slots.filter(|slot| !former.contains(*slot));
        missed.extend(own.map(|at| {
            let (target, plan) = (target.clone(), plan.revision);
            Missed::one(Slot { target, at, plan }, GapReason::AgentDown)
        }));
    }
    missed
}

/// How long to sleep at most.
fn until(now: UnixMillis, at: UnixMillis) -> Duration {
    let ms = u64::try_from(at.get().saturating_sub(now.get())).unwrap_or(0);
    Duration::from_millis(ms).min(SLEEP_MAX)
}

fn report(ended: Result<Result<(), RecorderGone>, JoinError>) -> Result<(), RecorderGone> {
    ended.unwrap_or_else(|lost| {
        error!(
            error = &lost as &dyn std::error::Error,
            "the runner's task was lost"
        );
        Ok(())
    })
}
