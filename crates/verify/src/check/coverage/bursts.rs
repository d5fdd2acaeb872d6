//! Repeats after a failure: the plan's rule says which there had to be, and which there can be.
//!
//! What is due follows from signed bytes alone: the outcome of a slot's own attempt, and the plan
//! that its line names. Where a run of the agent went on for long enough afterwards, each repeat is
//! there, or its lines of load tell why it is not. Of runs that ended before, and of agents of
//! versions that tell nothing, what is missing is counted and fails nothing.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use domain::{AgentId, GapReason, TargetId, UnixMillis};
use wire::plan::PlanTarget;
use wire::reserved::REPEAT_WAIT_MS_MAX;

use super::super::registry::Registry;
use super::super::reserved::Told;
use super::super::streams::{Disclosed, Failing, Repeat};
use crate::layout;
use crate::verdict::{Checked, Halt, Remarks};

/// What else an agent may need between two attempts, milliseconds.
const SLACK_MS: u64 = 60_000;

/// What of one agent's bursts is missing without being held against it.
#[derive(Default)]
pub(super) struct Missing {
    /// Told by the agent, by reason.
    left_out: BTreeMap<GapReason, u64>,
    /// Of runs that ended too soon, or whose agent tells nothing.
    untold: u64,
}

/// One stream, and what its repeats are held against.
pub(super) struct Bursts<'a> {
    pub(super) registry: &'a Registry,
    pub(super) stream: (&'a AgentId, &'a TargetId),
    pub(super) told: &'a Told,
    /// What is judged of it: slots in milliseconds, the second not included.
    pub(super) slots: (i64, i64),
}

impl Bursts<'_> {
    pub(super) fn check(&self, disclosed: &Disclosed, missing: &mut Missing) -> Checked {
        let judged = |slot: i64| (self.slots.0..self.slots.1).contains(&slot);
        let failing: BTreeMap<i64, &Failing> = disclosed
            .failing
            .iter()
            .map(|one| (one.slot, one))
            .collect();
        let mut made: BTreeSet<(i64, u32)> = BTreeSet::new();
        let gaps = OnceCell::new();
        for repeat in disclosed.repeats.iter().filter(|one| judged(one.slot)) {
            let is_gap = || {
                gaps.get_or_init(|| slots_of(disclosed))
                    .contains(&repeat.slot)
            };
            if !self.is_given(repeat, &failing, is_gap) {
                return Err(self.fail(
                    (repeat.slot, repeat.attempt),
                    "is not one that the plan's rule gives",
                ));
            }
            if !made.insert((repeat.slot, repeat.attempt)) {
                return Err(self.fail((repeat.slot, repeat.attempt), "stands twice"));
            }
        }
        for failed in failing.values().filter(|one| judged(one.slot)) {
            self.check_burst(failed, &made, missing)?;
        }
        Ok(())
    }

    /// Whether the rule gives a repeat. Where the slot's own attempt could not be kept and is a gap,
    /// nobody knows what it met.
    fn is_given(
        &self,
        repeat: &Repeat,
        failing: &BTreeMap<i64, &Failing>,
        is_gap: impl FnOnce() -> bool,
    ) -> bool {
        let Some(target) = self.target(repeat.plan) else {
            return false;
        };
        let numbers = 2..2 + target.burst.count;
        let failed = failing.get(&repeat.slot);
        numbers.contains(&repeat.attempt)
            && failed.map_or_else(is_gap, |failed| failed.plan == repeat.plan)
    }

    fn check_burst(
        &self,
        failed: &Failing,
        made: &BTreeSet<(i64, u32)>,
        missing: &mut Missing,
    ) -> Checked {
        let Some(target) = self.target(failed.plan) else {
            return Ok(()); // A line that names an unknown plan is another check's.
        };
        let slot = failed.slot;
        let due = 2..2 + target.burst.count;
        let over_us = failed.mono_us.saturating_add(patience_us(target));
        let is_told = self.told.loads.get(&failed.boot);
        let is_told = is_told.is_some_and(|last_us| *last_us >= over_us);
        for attempt in due.filter(|attempt| !made.contains(&(slot, *attempt))) {
            if let Some(reason) = self.told.why(self.stream.1, slot, attempt) {
                *missing.left_out.entry(reason).or_default() += 1;
            } else if is_told {
                return Err(self.fail(
                    (slot, attempt),
                    "is missing, and the agent does not tell why",
                ));
            } else {
                missing.untold += 1;
            }
        }
        Ok(())
    }

    fn target(&self, plan: u64) -> Option<&PlanTarget> {
        self.registry.plan(plan)?.plan.target(self.stream.1)
    }

    fn fail(&self, (slot, attempt): (i64, u32), what: &str) -> Halt {
        let (agent, target) = self.stream;
        let slot = UnixMillis::new(slot);
        Halt::fail(
            layout::cores(agent, target),
            format!("repeat {attempt} of slot {slot} {what}"),
        )
    }
}

/// All slots that gaps tell of.
fn slots_of(disclosed: &Disclosed) -> BTreeSet<i64> {
    let slots = disclosed.gaps.iter().flat_map(crate::cells::slots);
    slots.map(UnixMillis::get).collect()
}

/// After how long a burst is over at the latest, counted from the start of the slot's own attempt,
/// microseconds.
fn patience_us(target: &PlanTarget) -> u64 {
    let deadline = u64::from(target.deadline_ms);
    let each = u64::from(target.burst.spacing_ms) + REPEAT_WAIT_MS_MAX + deadline;
    (deadline + u64::from(target.burst.count) * each + SLACK_MS) * 1_000
}

impl Missing {
    /// Says what is missing.
    pub(super) fn remark(self, agent: &AgentId, remarks: &mut Remarks) {
        let reasons = self.left_out.iter();
        let reasons: Vec<String> = reasons.map(|(reason, n)| format!("{reason} {n}")).collect();
        if !reasons.is_empty() {
            let reasons = reasons.join(", ");
            remarks.add(format!("agent `{agent}` left out repeats: {reasons}"));
        }
        if self.untold > 0 {
            remarks.add(format!(
                "agent `{agent}`: {} repeats of bursts are missing where its run ended or tells \
                 nothing of them",
                self.untold
            ));
        }
    }
}
