//! What targets are like now, since when, and how long they were what: from the conditions of
//! closed hours and the cells of the open one. For eyes and alerts; no verdict reads it.
//!
//! Each state has a clock of its own. Minutes count up to the last that every live agent has
//! delivered: what is not in yet is not shown as silence.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{Minute, TargetId, UnixMicros, UnixMillis, Window};
use sla::condition::HOLD_MINUTES_MAX;
use sla::{Condition, Place, Sights, Vantage};
use sqlx::PgConnection;
use tokio::sync::Mutex;
use wire::plan::Plan;

use crate::app::App;
use crate::job::assess;
use crate::known;
use crate::store::{self, StoreError};

/// Minutes of a day.
const DAY: usize = 1_440;
/// Minutes that are looked back on: 30 days.
const MONTH: usize = 30 * DAY;
/// For how long what was found is shown again.
const FRESH: TimeDelta = TimeDelta::seconds(5);

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
    pub(crate) minutes_24h: usize,
    /// Minutes of the last 30 days.
    pub(crate) minutes_30d: usize,
    /// The newest run within 30 days: still going on where it ends with what is known.
    pub(crate) newest: Option<Run>,
}

/// What was found last, and when: pages ask every other second.
#[derive(Debug, Default)]
pub(crate) struct Cache(Mutex<Option<Found>>);

/// When it was found, and what.
type Found = (DateTime<Utc>, Arc<[TargetCondition]>);

/// The condition of every target of the plan, a few seconds old at most.
pub(crate) async fn all(app: &App) -> Result<Arc<[TargetCondition]>, StoreError> {
    let now = app.clock.now_utc();
    let mut cached = app.conditions.0.lock().await;
    if let Some((at, found)) = &*cached
        && (TimeDelta::zero()..FRESH).contains(&(now - *at))
    {
        return Ok(found.clone());
    }
    let mut conn = app.connection().await?;
    let as_of = assess::complete_until(&mut conn, now).await?;
    let places = known::places(&mut conn).await?;
    let plans = app.plans();
    let plan = plans.in_force(app.clock.now().to_millis());
    let mut found = Vec::with_capacity(plan.targets.len());
    for target in &plan.targets {
        found.push(look(&mut conn, (plan, &places), &target.id, as_of).await?);
    }
    let found: Arc<[TargetCondition]> = found.into();
    *cached = Some((now, found.clone()));
    Ok(found)
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

/// What a target is like before a minute.
pub(crate) async fn look(
    conn: &mut PgConnection,
    (plan, places): (&Plan, &[Place]),
    target: &TargetId,
    as_of: Minute,
) -> Result<TargetCondition, StoreError> {
    let back = i64::try_from(MONTH).map_err(|_| StoreError::Range { what: "month" })?;
    let window = Window::new(as_of.plus(-back), as_of);
    let window = window.map_err(|_| StoreError::Range { what: "month" })?;
    let mut minutes = vec![Condition::Unmeasured; MONTH];
    let (from, to) = (window.start().hour().first_minute(), as_of);
    let mut stored_until = from;
    let stored = store::condition::list(conn, target.as_str(), assess::utc(from), assess::utc(to));
    for hour in stored.await? {
        let start = UnixMicros::from(hour.hour_at).to_millis().minute();
        for (at, condition) in (0..).zip(hour.minutes) {
            let at = start.plus(at);
            if window.contains(at) {
                minutes[window.position(at)] = condition;
            }
        }
        stored_until = start.plus(60);
    }
    // The open hour, and the one before it until its row is there.
    let last = as_of.plus(-1);
    let open = last.hour().first_minute();
    let recent = open.plus(-60);
    let tail = Window::new(recent, as_of).map_err(|_| StoreError::Range { what: "hour" })?;
    let cells = assess::gather(conn, &[target.to_string()], tail).await?;
    let sights = Sights::of(&cells, places, tail, hold(plan, target.as_str()));
    let unstored = if stored_until <= recent { recent } else { open };
    for at in tail
        .iter()
        .filter(|at| *at >= unstored && window.contains(*at))
    {
        minutes[window.position(at)] = sights.condition(at);
    }
    let regions = sights.regions(last).into_iter();
    let runs = runs(&minutes, window.start());
    let clock = |condition| clock(condition, &minutes, &runs);
    let day = as_of.plus(-i64::try_from(DAY).map_err(|_| StoreError::Range { what: "day" })?);
    Ok(TargetCondition {
        target: target.clone(),
        as_of,
        condition: minutes.last().copied().unwrap_or(Condition::Unmeasured),
        clocks: Condition::ALL.map(clock),
        regions: regions
            .map(|(name, seen)| (name.to_owned(), seen))
            .collect(),
        day: since(&runs, day),
    })
}

fn runs(minutes: &[Condition], start: Minute) -> Vec<Run> {
    let mut at = start;
    let mut runs = Vec::new();
    for same in minutes.chunk_by(|a, b| a == b) {
        let end = at.plus(i64::try_from(same.len()).unwrap_or(i64::MAX));
        runs.push(Run {
            start: at,
            end,
            condition: same[0],
        });
        at = end;
    }
    runs
}

/// The part of runs from a minute on.
fn since(runs: &[Run], from: Minute) -> Vec<Run> {
    let late = runs.iter().filter(|run| run.end > from);
    late.map(|run| Run {
        start: run.start.max(from),
        ..*run
    })
    .collect()
}

fn clock(condition: Condition, minutes: &[Condition], runs: &[Run]) -> Clock {
    let count = |minutes: &[Condition]| minutes.iter().filter(|one| **one == condition).count();
    let day = minutes.len().saturating_sub(DAY);
    let mut newest = runs.iter().rev();
    Clock {
        condition,
        minutes_24h: count(&minutes[day..]),
        minutes_30d: count(minutes),
        newest: newest.find(|run| run.condition == condition).copied(),
    }
}

impl TargetCondition {
    /// Since when it is what it is; absent where that is longer than is looked back on.
    pub(crate) fn since(&self) -> Option<Minute> {
        let clock = self
            .clocks
            .iter()
            .find(|one| one.condition == self.condition)?;
        let run = clock.newest.filter(|run| run.end == self.as_of)?;
        let is_whole = clock.minutes_30d < MONTH;
        is_whole.then_some(run.start)
    }
}

#[cfg(test)]
mod tests;
