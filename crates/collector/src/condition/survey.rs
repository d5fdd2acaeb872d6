//! What all targets of a plan are like, found together: as many queries for a thousand targets as
//! for one.
//!
//! The long past changes seldom and is most of the work, so that it is kept between surveys and
//! read again every [`PAST_FRESH`]: what late data change there shows that much later.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{AgentId, CellHour, Minute, TargetId, Window};
use sla::{CutOff, Fleet, Place, Sights};
use sqlx::{Connection as _, PgConnection};
use wire::plan::Plan;

use super::timeline::Timeline;
use super::{MONTH, Run, TargetCondition, hold};
use crate::job::assess::{complete_until, utc};
use crate::job::cells::agent_names;
use crate::known;
use crate::store::cell::TargetHour;
use crate::store::condition::{Minutes, Seen};
use crate::store::{self, StoreError};

/// For how long the long past is not read again.
const PAST_FRESH: TimeDelta = TimeDelta::minutes(5);
/// How far the long past stays behind the open hour: the hours between are read each time.
const PAST_BEHIND_MINUTES: i64 = 180;

/// Closed hours as they were when they were read.
#[derive(Debug)]
pub(super) struct Past {
    read_at: DateTime<Utc>,
    start: Minute,
    end: Minute,
    /// By target; also of those that have none.
    runs: BTreeMap<String, Vec<Run>>,
}

/// What is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) plan: &'a Plan,
    pub(super) now: DateTime<Utc>,
}

/// The condition of every target of a plan, in its order.
pub(super) async fn survey(
    conn: &mut PgConnection,
    past: &mut Option<Past>,
    asked: Asked<'_>,
) -> Result<Vec<TargetCondition>, StoreError> {
    // Between two moments an hour could be taken from its mark to its cells, and be in neither.
    let moment = conn.begin_with(store::SNAPSHOT).await;
    let mut moment = moment.map_err(StoreError::query("begin"))?;
    let as_of = complete_until(&mut moment, asked.now).await?;
    let found = before(&mut moment, past, asked, as_of).await?;
    moment.commit().await.map_err(StoreError::query("commit"))?;
    Ok(found)
}

/// The same, of the minute before `as_of`.
pub(super) async fn before(
    conn: &mut PgConnection,
    past: &mut Option<Past>,
    asked: Asked<'_>,
    as_of: Minute,
) -> Result<Vec<TargetCondition>, StoreError> {
    let names: Vec<String> = names(asked.plan);
    let kept = past.take().filter(|past| past.serves(&names, asked, as_of));
    let kept = match kept {
        Some(kept) => kept,
        None => Past::read(conn, &names, asked.now, as_of).await?,
    };
    let kept = past.insert(kept);
    let span = (utc(kept.end), utc(as_of));
    let stored = store::condition::list(conn, &names, span).await?;
    let places = known::places(conn).await?;
    let agents = agent_names(conn).await?;
    let tail = Tail::read(conn, &names, as_of).await?;
    let known = Agents {
        places: &places,
        names: &agents,
    };
    let targets = asked.plan.targets.iter().map(|target| {
        let id = &target.id;
        let sights = tail.sights(id, known, hold(asked.plan, id.as_str()))?;
        let stored = stored.get(id.as_str()).map_or(&[][..], Vec::as_slice);
        let runs = kept.runs.get(id.as_str());
        let runs = runs.map_or(&[][..], Vec::as_slice);
        Ok(tail.lay(id, (runs, stored), &sights))
    });
    targets.collect()
}

fn names(plan: &Plan) -> Vec<String> {
    let targets = plan.targets.iter();
    targets.map(|target| target.id.to_string()).collect()
}

impl Past {
    async fn read(
        conn: &mut PgConnection,
        names: &[String],
        now: DateTime<Utc>,
        as_of: Minute,
    ) -> Result<Self, StoreError> {
        let start = first_hour(as_of);
        let end = as_of.plus(-1).hour().first_minute();
        let end = end.plus(-PAST_BEHIND_MINUTES);
        let mut listed = store::condition::list(conn, names, (utc(start), utc(end))).await?;
        let runs = names.iter().map(|name| {
            let mut line = Timeline::new(start);
            for (hour, minutes) in listed.remove(name).unwrap_or_default() {
                push(&mut line, hour.first_minute(), &minutes);
            }
            (name.clone(), line.into_runs())
        });
        Ok(Self {
            read_at: now,
            start,
            end,
            runs: runs.collect(),
        })
    }

    /// Whether it is new enough, and has what is asked for.
    fn serves(&self, names: &[String], asked: Asked<'_>, as_of: Minute) -> bool {
        let age = asked.now - self.read_at;
        (TimeDelta::zero()..PAST_FRESH).contains(&age)
            && self.start <= first_hour(as_of)
            && self.end <= recent(as_of)
            && names.iter().all(|name| self.runs.contains_key(name))
    }
}

/// The first hour that is looked back on.
fn first_hour(as_of: Minute) -> Minute {
    as_of.plus(-MONTH).hour().first_minute()
}

/// Start of the hour before the one that is open: its conditions may not be stored yet.
fn recent(as_of: Minute) -> Minute {
    as_of.plus(-1).hour().first_minute().plus(-60)
}

fn push(line: &mut Timeline, start: Minute, minutes: &Minutes) {
    match minutes {
        Minutes::Same(condition) => line.push(start, start.plus(60), *condition),
        Minutes::Each(minutes) => {
            for (at, condition) in (0..).zip(minutes) {
                line.push(start.plus(at), start.plus(at + 1), *condition);
            }
        }
    }
}

/// What the open hour and the one before rest on: cells, and samples of hours that are marked.
struct Tail {
    window: Window,
    cells: BTreeMap<TargetId, Vec<CellHour>>,
    /// By the targets' names.
    seen: BTreeMap<String, Vec<Seen>>,
    /// Agents that missed slots, by the targets' names.
    missed: BTreeMap<String, Vec<i32>>,
    cut_off: CutOff,
}

/// Where agents stand, and their names by their keys.
#[derive(Clone, Copy)]
struct Agents<'a> {
    places: &'a [Place],
    names: &'a BTreeMap<i32, AgentId>,
}

impl Tail {
    async fn read(
        conn: &mut PgConnection,
        names: &[String],
        as_of: Minute,
    ) -> Result<Self, StoreError> {
        let window = Window::new(recent(as_of), as_of);
        let window = window.map_err(|_| StoreError::Range { what: "hour" })?;
        let (from, to) = (utc(window.start()), utc(window.end()));
        let mut cells: BTreeMap<TargetId, Vec<CellHour>> = BTreeMap::new();
        for cell in store::cell::list(conn, names, from, to).await? {
            cells.entry(cell.target.clone()).or_default().push(cell);
        }
        let marked = store::cell::list_dirty(conn, names, from, to).await?;
        let hours: Vec<TargetHour> = marked.iter().map(|(at, _)| *at).collect();
        let keys = marked.into_iter().map(|(at, name)| (at.target, name));
        let keys: BTreeMap<i32, String> = keys.collect();
        let (mut seen, mut missed) = (BTreeMap::new(), BTreeMap::new());
        for one in store::condition::seen(conn, &hours, from).await? {
            let of_target: &mut Vec<_> = seen.entry(named(&keys, one.target)?).or_default();
            of_target.push(one);
        }
        for (target, agent) in store::condition::missed(conn, &hours).await? {
            let of_target: &mut Vec<_> = missed.entry(named(&keys, target)?).or_default();
            of_target.push(agent);
        }
        let read = [window.start(), window.start().plus(60)].map(utc);
        Ok(Self {
            window,
            cells,
            seen,
            missed,
            cut_off: store::agent_minute::cut_off(conn, &read.into()).await?,
        })
    }

    fn sights<'a>(
        &'a self,
        target: &TargetId,
        known: Agents<'a>,
        hold: u32,
    ) -> Result<Sights<'a>, StoreError> {
        let fleet = Fleet {
            places: known.places,
            cut_off: &self.cut_off,
        };
        let mut sights = Sights::new(fleet, self.window, hold);
        let agent = |key: i32| {
            let agent = known.names.get(&key);
            agent.ok_or_else(|| StoreError::inconsistent("agent.id", key))
        };
        for cell in self.cells.get(target).into_iter().flatten() {
            sights.add(cell);
        }
        for key in self.missed.get(target.as_str()).into_iter().flatten() {
            sights.look(agent(*key)?);
        }
        for seen in self.seen.get(target.as_str()).into_iter().flatten() {
            let agent = agent(seen.agent)?;
            sights.look(agent);
            for minute in &seen.minutes {
                let at = self.window.start().plus(*minute);
                sights.see(agent, at, (seen.outcome, seen.attribution));
            }
        }
        Ok(sights)
    }

    /// Lays the past, stored hours after it, and what is in no row yet, one after the other.
    fn lay(
        &self,
        target: &TargetId,
        (past, stored): (&[Run], &[(domain::Hour, Minutes)]),
        sights: &Sights<'_>,
    ) -> TargetCondition {
        let (recent, as_of) = (self.window.start(), self.window.end());
        let stored_end = stored.last().map(|(hour, _)| hour.first_minute().plus(60));
        let is_stored = stored_end.is_some_and(|end| end > recent);
        let open = recent.plus(60);
        let unstored = if is_stored { open } else { recent };
        let mut line = Timeline::new(as_of.plus(-MONTH));
        for run in past {
            line.push(run.start, run.end, run.condition);
        }
        let stored = stored.iter();
        for (hour, minutes) in stored.filter(|(hour, _)| hour.first_minute() < unstored) {
            push(&mut line, hour.first_minute(), minutes);
        }
        for at in self.window.iter().filter(|at| *at >= unstored) {
            line.push(at, at.plus(1), sights.condition(at));
        }
        let regions = sights.regions(as_of.plus(-1)).into_iter();
        let regions = regions.map(|(name, seen)| (name.to_owned(), seen));
        TargetCondition::of(target.clone(), as_of, &line.into_runs(), regions.collect())
    }
}

fn named(keys: &BTreeMap<i32, String>, target: i32) -> Result<String, StoreError> {
    let name = keys.get(&target);
    name.cloned()
        .ok_or_else(|| StoreError::inconsistent("target.id", target))
}
