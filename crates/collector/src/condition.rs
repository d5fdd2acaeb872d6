//! What targets are like now, since when, and how long they were what: from the conditions of
//! closed hours and the cells of the open one. For eyes and alerts; no verdict reads it.
//!
//! Each state has a clock of its own. Minutes count up to the last that every live agent has
//! delivered: what is not in yet is not shown as silence.

mod cache;
mod survey;
mod timeline;

use domain::{Minute, TargetId, UnixMillis};
use sla::condition::HOLD_MINUTES_MAX;
use sla::{Condition, Vantage};
use wire::plan::Plan;

pub(crate) use cache::{Cache, all};

/// Minutes of a day.
const DAY: i64 = 1_440;
/// Minutes that are looked back on: 30 days.
const MONTH: i64 = 30 * DAY;

/// What a target is like.
#[derive(Clone, Debug)]
pub(crate) struct TargetCondition {
    pub(crate) target: TargetId,
    /// The first minute that is not in yet; the condition is that of the minute before.
    pub(crate) as_of: Minute,
    pub(crate) condition: Condition,
    /// A clock per state, from best to worst.
    pub(crate) clocks: [Clock; 5],
    /// What each region can tell, in the order of their names.
    pub(crate) regions: Vec<(String, Vantage)>,
    /// The last 24 hours, oldest first, without gaps.
    pub(crate) day: Vec<Run>,
}

/// Consecutive minutes `[start, end)` of one condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) start: Minute,
    pub(crate) end: Minute,
    pub(crate) condition: Condition,
}

/// How long a target was in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clock {
    pub(crate) condition: Condition,
    /// Minutes of the last 24 hours.
    pub(crate) minutes_24h: u64,
    /// Minutes of the last 30 days.
    pub(crate) minutes_30d: u64,
    /// The newest run within 30 days: still going on where it ends with what is known.
    pub(crate) newest: Option<Run>,
}

/// Minutes that a sample of a target speaks for: from one slot to the next, jitter included; 1
/// where the plan does not know the target. With `cron` it is the distance of the plan's first two
/// slots.
pub(crate) fn hold(plan: &Plan, target: &str) -> u32 {
    let target = plan.targets.iter().find(|one| one.id.as_str() == target);
    let minutes = target.zip(plan.agents.first()).and_then(|(target, agent)| {
        let grid = plan.grid(&agent.id, &target.id)?;
        let first = grid.at_or_after(UnixMillis::new(plan.effective_from_ms.get()));
        let gap_ms = grid
            .at_or_after(first.plus_ms(1))
            .get()
            .saturating_sub(first.get());
        let spoken_ms = gap_ms.saturating_add(i64::from(target.jitter_ms));
        u32::try_from(spoken_ms.saturating_add(59_999) / 60_000).ok()
    });
    minutes.unwrap_or(1).clamp(1, HOLD_MINUTES_MAX)
}

impl Clock {
    /// The clock of a state, from runs that end at `as_of` and start [`MONTH`] before.
    fn of(condition: Condition, runs: &[Run], as_of: Minute) -> Self {
        let day = as_of.plus(-DAY);
        let such = || runs.iter().filter(|run| run.condition == condition);
        Self {
            condition,
            minutes_24h: such().map(|run| run.minutes_from(day)).sum(),
            minutes_30d: such().map(|run| run.minutes_from(run.start)).sum(),
            newest: such().next_back().copied(),
        }
    }
}

impl Run {
    /// How many of its minutes lie from a minute on.
    fn minutes_from(self, from: Minute) -> u64 {
        let minutes = self.end.get().saturating_sub(self.start.max(from).get());
        u64::try_from(minutes).unwrap_or(0)
    }
}

impl TargetCondition {
    /// What the month before `as_of` comes to: its runs, without gaps.
    fn of(target: TargetId, as_of: Minute, runs: &[Run], regions: Vec<(String, Vantage)>) -> Self {
        let day = as_of.plus(-DAY);
        let late = runs.iter().filter(|run| run.end > day);
        let newest = runs.last().map(|run| run.condition);
        Self {
            target,
            as_of,
            condition: newest.unwrap_or(Condition::Unmeasured),
            clocks: Condition::ALL.map(|condition| Clock::of(condition, runs, as_of)),
            regions,
            day: late
                .map(|run| Run {
                    start: run.start.max(day),
                    ..*run
                })
                .collect(),
        }
    }

    /// Since when it is what it is; absent where that is longer than is looked back on.
    pub(crate) fn since(&self) -> Option<Minute> {
        let clock = self
            .clocks
            .iter()
            .find(|one| one.condition == self.condition)?;
        let run = clock.newest.filter(|run| run.end == self.as_of)?;
        let is_whole = clock.minutes_30d < MONTH.unsigned_abs();
        is_whole.then_some(run.start)
    }
}

#[cfg(test)]
mod tests;
