//! Which slots are due, and which have been missed. Pure: time is an argument.
//!
//! Invariants: every slot of every target from the start on is handed out exactly once, as a slot
//! to run or inside a run of missed ones, in order; the slots of a run lie at even distances. A
//! slot is named by its moment on the plan's grid; jitter only moves when its attempt begins.

use std::collections::BTreeMap;

use domain::{AgentId, GapReason, TargetId, UnixMillis};
use wire::limits::SLOTS_MAX;
use wire::plan::{Grid, Jitter, Plan};

#[cfg(test)]
mod tests;

/// How late an attempt may start, after the slot's moved moment, and still count for its slot,
/// milliseconds; never so late that the next slot has come. Later, the agent was not running in any useful sense: suspended,
/// stopped or starved.
pub const SLOT_LATE_MS_MAX: i64 = 5_000;

/// How far back an agent that joins a running plan declares the slots it did not run: the age to
/// which collectors take samples, less a week.
pub const OWED_MS_MAX: i64 = 35 * 24 * 3_600 * 1_000;

/// The end of a plan that no other follows yet.
pub const NEVER: UnixMillis = UnixMillis::new(i64::MAX);

/// A slot to run now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// What to probe.
    pub target: TargetId,
    /// The planned moment.
    pub at: UnixMillis,
    /// Revision of the plan whose slot it is.
    pub plan: u64,
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
    /// Revision of the plan whose slots they are.
    pub plan: u64,
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
            plan: slot.plan,
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
    /// The first moment whose slots belong to another plan.
    end: UnixMillis,
}

#[derive(Clone, Debug)]
struct Entry {
    target: TargetId,
    plan: u64,
    grid: Grid,
    jitter: Jitter,
    next: UnixMillis,
    /// When the attempt of the next slot has to begin. Kept, because it is asked for at every turn
    /// and with jitter costs a hash.
    begins_at: UnixMillis,
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
            let jitter = plan.jitter(agent, target)?;
            Some(Entry {
                target: target.clone(),
                plan: plan.revision,
                grid,
                begins_at: jitter.moved(next),
                jitter,
                next,
            })
        };
        let mut entries = Vec::with_capacity(plan.targets.len());
        entries.extend(plan.targets.iter().filter_map(|target| entry(&target.id)));
        Self {
            entries,
            end: NEVER,
        }
    }

    /// Hands out no slot from `end` on: another plan has those.
    pub fn end_at(&mut self, end: UnixMillis) {
        self.end = end;
    }

    /// The first moment whose slots are not handed out.
    #[must_use]
    pub fn end(&self) -> UnixMillis {
        self.end
    }

    /// Whether the end has come and every slot before it was handed out; with jitter, the last
    /// attempts begin after the end.
    #[must_use]
    pub fn is_over(&self, now: UnixMillis) -> bool {
        now >= self.end && self.entries.iter().all(|entry| entry.next >= self.end)
    }

    /// When the next attempt has to begin; none where the plan gives this agent nothing to do.
    #[must_use]
    pub fn next_at(&self) -> Option<UnixMillis> {
        let open = self.entries.iter().filter(|entry| entry.next < self.end);
        open.map(|entry| entry.begins_at).min()
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
        let end = self.end;
        for entry in &mut self.entries {
            let jitter_ms = entry.jitter.max_ms();
            let late_ms_max = SLOT_LATE_MS_MAX.min(entry.grid.gap_ms_min() - jitter_ms - 1);
            let late = now.plus_ms(-late_ms_max);
            due.missed
                .extend(entry.take_before(late.plus_ms(-jitter_ms).min(end)));
            while entry.next < end && entry.begins_at <= now {
                let is_late = entry.begins_at < late;
                let slot = Slot {
                    target: entry.target.clone(),
                    at: entry.next,
                    plan: entry.plan,
                };
                if is_late {
                    due.missed.push(Missed::one(slot, GapReason::AgentDown));
                } else {
                    due.slots.push(slot);
                }
                entry.pass(entry.next);
            }
        }
        due.slots.sort_by_key(|slot| slot.at);
        due
    }
}

impl Entry {
    /// Goes on behind a slot.
    fn pass(&mut self, slot: UnixMillis) {
        self.next = self.grid.after(slot);
        self.begins_at = self.jitter.moved(self.next);
    }

    /// Hands out the slots before `end` as missed, in runs that one gap line may state.
    fn take_before(&mut self, end: UnixMillis) -> Vec<Missed> {
        let mut runs = Vec::new();
        while self.next < end {
            let run = self.grid.run(self.next, end, SLOTS_MAX);
            runs.push(Missed {
                target: self.target.clone(),
                first: self.next,
                last: run.last,
                count: run.count,
                reason: GapReason::AgentDown,
                plan: self.plan,
            });
            self.pass(run.last);
        }
        runs
    }
}
