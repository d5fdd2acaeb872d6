//! Which slots are due, and which have been missed. Pure: time is an argument.
//!
//! Invariant: every slot of every target from the start on is handed out exactly once, as a slot
//! to run or inside a run of missed ones, in order.

use std::collections::BTreeMap;

use domain::{AgentId, GapReason, TargetId, UnixMillis};
use wire::limits::SLOTS_MAX;
use wire::plan::{Grid, Plan};

#[cfg(test)]
mod tests;

/// How late an attempt may start and still count for its slot, milliseconds; never so late that
/// the next slot has come. Later, the agent was not running in any useful sense: suspended,
/// stopped or starved.
pub const SLOT_LATE_MS_MAX: i64 = 5_000;

/// How far back an agent that joins a running plan declares the slots it did not run: the age to
/// which collectors take samples, less a week.
pub const OWED_MS_MAX: i64 = 35 * 24 * 3_600 * 1_000;

/// A slot to run now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// What to probe.
    pub target: TargetId,
    /// The planned moment.
    pub at: UnixMillis,
}

/// A run of slots of one target that were not run, all for the same reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    /// What was not probed.
    pub target: TargetId,
    /// First slot of the run.
    pub first: UnixMillis,
    /// Last slot of the run.
    pub last: UnixMillis,
    /// Slots in the run, at least 1.
    pub count: u64,
    /// Why.
    pub reason: GapReason,
}

impl Missed {
    /// A run of one slot.
    #[must_use]
    pub fn one(slot: Slot, reason: GapReason) -> Self {
        Self {
            target: slot.target,
            first: slot.at,
            last: slot.at,
            count: 1,
            reason,
        }
    }
}

/// What a moment calls for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Slots to run, in the order of their moments.
    pub slots: Vec<Slot>,
    /// Slots that are past.
    pub missed: Vec<Missed>,
}

/// The next slot of each target.
#[derive(Clone, Debug)]
pub struct Schedule {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    target: TargetId,
    grid: Grid,
    next: UnixMillis,
}

impl Schedule {
    /// The schedule of an agent that starts at `now`, after the slots that `last` names were the
    /// last recorded ones. A target without any is owed from the plan's first slot on, but for
    /// [`OWED_MS_MAX`] at most: whoever reads the evidence must find a reason for every slot.
    #[must_use]
    pub fn new(
        plan: &Plan,
        agent: &AgentId,
        now: UnixMillis,
        last: &BTreeMap<TargetId, UnixMillis>,
    ) -> Self {
        let entry = |target: &TargetId| {
            let grid = plan.grid(agent, target)?;
            let owed = now.plus_ms(-OWED_MS_MAX);
            let from = last.get(target).map_or(owed, |slot| slot.plus_ms(1));
            let next = grid.at_or_after(from.max(plan.effective_from_ms));
            Some(Entry {
                target: target.clone(),
                grid,
                next,
            })
        };
        Self {
            entries: plan
                .targets
                .iter()
                .filter_map(|target| entry(&target.id))
                .collect(),
        }
    }

    /// The moment of the next slot; none where the plan gives this agent nothing to do.
    #[must_use]
    pub fn next_at(&self) -> Option<UnixMillis> {
        self.entries.iter().map(|entry| entry.next).min()
    }

    /// Hands out every slot before `end` as missed: the end of a plan that this agent no longer
    /// runs.
    pub fn take_missed(&mut self, end: UnixMillis) -> Vec<Missed> {
        self.entries
            .iter_mut()
            .flat_map(|entry| entry.take_before(end))
            .collect()
    }

    /// Hands out every slot up to `now`.
    pub fn take_due(&mut self, now: UnixMillis) -> Due {
        let mut due = Due::default();
        for entry in &mut self.entries {
            let late_ms_max = SLOT_LATE_MS_MAX.min(entry.grid.interval_ms() - 1);
            due.missed
                .extend(entry.take_before(now.plus_ms(-late_ms_max)));
            while entry.next <= now {
                due.slots.push(Slot {
                    target: entry.target.clone(),
                    at: entry.next,
                });
                entry.next = entry.grid.after(entry.next);
            }
        }
        due.slots.sort_by_key(|slot| slot.at);
        due
    }
}

impl Entry {
    /// Hands out the slots before `end` as missed, in runs that one gap line may state.
    fn take_before(&mut self, end: UnixMillis) -> Vec<Missed> {
        let mut runs = Vec::new();
        let mut left = self.grid.count(self.next, end.max(self.next));
        while left > 0 {
            let count = left.min(SLOTS_MAX);
            let steps = i64::try_from(count - 1).expect("SLOTS_MAX is far below 2^63");
            let first = self.next;
            let last = first.plus_ms(steps.saturating_mul(self.grid.interval_ms()));
            runs.push(Missed {
                target: self.target.clone(),
                first,
                last,
                count,
                reason: GapReason::AgentDown,
            });
            self.next = self.grid.after(last);
            left -= count;
        }
        runs
    }
}
