//! Cells of closed hours, computed whole from samples, and what rests on them: conditions, and the
//! marks of windows to judge again.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::cell::CellHourBuilder;
use domain::{AgentId, CellHour, Hour, TargetId, UnixMicros, UnixMillis};
use sqlx::{PgConnection, PgPool};
use wire::plan::Plan;

use super::{conditions, latency};
use crate::store::cell::TargetHour;
use crate::store::partition::Table;
use crate::store::poison::Settled;
use crate::store::sample::GapRange;
use crate::store::{self, StoreError};

/// Under which failed hours are kept.
const JOB: &str = "cells";
/// Hours taken in one transaction.
const HOURS_PER_RUN: i64 = 200;

/// Recomputes marked hours that have closed, until none is left. Gives how many there were.
#[tracing::instrument(name = "job.cells.run", skip_all)]
pub(crate) async fn run_once(
    pool: &PgPool,
    plan: &Plan,
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    let mut total = 0;
    loop {
        let mut tx = pool.begin().await.map_err(StoreError::query("begin"))?;
        let hours = store::cell::take_dirty(&mut tx, now, HOURS_PER_RUN).await?;
        let agents = agent_names(&mut tx).await?;
        let gone = store::drop::dropped_days(&mut tx, Table::Sample).await?;
        let (mut counted, mut changed) = (BTreeMap::new(), BTreeSet::new());
        for (at, target) in &hours {
            if is_gone(&gone, at.hour_at) {
                continue; // What was counted while its samples were here stays.
            }
            let done = recount(&mut tx, &agents, *at, target).await;
            let Some(has_changed) = settle(&mut tx, *at, done, now).await? else {
                continue;
            };
            counted.insert(*at, target.clone());
            if has_changed {
                changed.insert(*at);
            }
        }
        store::revision::mark(&mut tx, &changed, now).await?;
        conditions::record(&mut tx, plan, now, &counted).await?;
        latency::record(&mut tx, &counted).await?;
        tx.commit().await.map_err(StoreError::query("commit"))?;
        total += hours.len();
        if hours.is_empty() {
            return Ok(total);
        }
    }
}

async fn recount(
    conn: &mut PgConnection,
    agents: &BTreeMap<i32, AgentId>,
    at: TargetHour,
    target: &str,
) -> Result<bool, StoreError> {
    let cells = compute(conn, agents, at, &parse_target(target)?).await?;
    store::cell::replace(conn, at, &cells).await
}

/// An hour that cannot be counted is marked again, and after some tries left aside with its mark,
/// so that the others go on. Gives whether one that can be has other cells than before.
async fn settle(
    conn: &mut PgConnection,
    at: TargetHour,
    done: Result<bool, StoreError>,
    now: DateTime<Utc>,
) -> Result<Option<bool>, StoreError> {
    let has_changed = done.as_ref().ok().copied();
    let key = format!("{} {}", at.target, at.hour_at.timestamp());
    match store::poison::settle(conn, (JOB, &key), done.map(drop), now).await? {
        Settled::Done => Ok(has_changed),
        Settled::Failed => {
            store::cell::mark(conn, &BTreeSet::from([at])).await?;
            Ok(None)
        }
    }
}

/// Whether samples of an hour were dropped; requests start after their slot, which may lie in the
/// day before.
fn is_gone(gone: &BTreeSet<NaiveDate>, hour_at: DateTime<Utc>) -> bool {
    let around = [-1, 0, 1].map(|hours| hour_at + TimeDelta::hours(hours));
    around.iter().any(|at| gone.contains(&at.date_naive()))
}

pub(crate) fn parse_target(name: &str) -> Result<TargetId, StoreError> {
    name.parse()
        .map_err(|_| StoreError::inconsistent("target.name", name))
}

/// Cells of one target and hour, one per agent that has samples or gaps in it.
pub(crate) async fn compute(
    conn: &mut PgConnection,
    agents: &BTreeMap<i32, AgentId>,
    at: TargetHour,
    target: &TargetId,
) -> Result<Vec<(i32, CellHour)>, StoreError> {
    let end = at.hour_at + TimeDelta::hours(1);
    let counts = store::sample::count(conn, at.target, at.hour_at, end).await?;
    let gaps = store::sample::gaps(conn, at.target, at.hour_at, end).await?;
    let hour = UnixMicros::from(at.hour_at).to_millis().minute().hour();
    let mut builders: BTreeMap<i32, CellHourBuilder> = BTreeMap::new();
    for counted in counts {
        let cell = open(&mut builders, agents, counted.agent, (target, hour))?;
        cell.add(counted.minute, counted.class, counted.count);
    }
    for gap in gaps {
        let cell = open(&mut builders, agents, gap.agent, (target, hour))?;
        for slot in slots(&gap, hour) {
            cell.miss(slot.minute(), gap.reason);
        }
    }
    Ok(builders
        .into_iter()
        .map(|(key, builder)| (key, builder.build()))
        .collect())
}

/// The builder of one agent's cells, made where it is the first mention.
fn open<'a>(
    builders: &'a mut BTreeMap<i32, CellHourBuilder>,
    agents: &BTreeMap<i32, AgentId>,
    key: i32,
    (target, hour): (&TargetId, Hour),
) -> Result<&'a mut CellHourBuilder, StoreError> {
    let name = agents
        .get(&key)
        .ok_or_else(|| StoreError::inconsistent("agent.id", key))?;
    let empty = || CellHourBuilder::new(name.clone(), target.clone(), hour);
    Ok(builders.entry(key).or_insert_with(empty))
}

/// The slots of a gap range that lie in an hour: evenly spaced from first to last.
fn slots(gap: &GapRange, hour: Hour) -> impl Iterator<Item = UnixMillis> + use<> {
    let spacing = ((gap.last.get() - gap.first.get()) / (gap.slots - 1).max(1)).max(1);
    let (start, end) = (
        hour.first_minute().start(),
        hour.first_minute().plus(60).start(),
    );
    let before = (start.get() - gap.first.get()).max(0);
    let skipped = before / spacing + i64::from(before % spacing != 0);
    let first = gap.first;
    (skipped..gap.slots)
        .map(move |n| first.plus_ms(n * spacing))
        .take_while(move |slot| *slot < end)
}

/// Names of the agents by their keys, read once for many hours.
pub(crate) async fn agent_names(
    conn: &mut PgConnection,
) -> Result<BTreeMap<i32, AgentId>, StoreError> {
    let agents = store::agent::list(conn).await?;
    Ok(agents
        .into_iter()
        .map(|agent| (agent.key, agent.id))
        .collect())
}

#[cfg(test)]
mod tests {
    use domain::GapReason;

    use super::*;
    use crate::lab::{Lab, utc};

    #[tokio::test]
    async fn an_hour_that_cannot_be_counted_is_set_aside_and_the_others_go_on() {
        let (from, to) = (utc("2026-02-25T00:00:00Z"), utc("2026-02-25T06:00:00Z"));
        let mut lab = Lab::start("poison", from).await;
        lab.measure((from, to), |_| false).await;
        lab.tamper(
            "UPDATE sample SET outcome = 'nonsense' WHERE slot_at = '2026-02-25T02:10:00Z';
             DELETE FROM cell; INSERT INTO cell_dirty SELECT id, h FROM target,
             generate_series('2026-02-25T00:00:00Z'::timestamptz, '2026-02-25T05:00:00Z', '1 hour') h
             ON CONFLICT DO NOTHING",
        )
        .await;
        lab.collector.run_jobs().await.unwrap();
        assert_eq!(lab.number("SELECT count(*) FROM cell").await, 5);
        let tries = "SELECT tries::bigint FROM job_poison WHERE job = 'cells'";
        assert_eq!(lab.number(tries).await, 5);
        lab.collector.run_jobs().await.unwrap();
        assert_eq!(lab.number(tries).await, 5, "it is tried no more");
        let windows = "SELECT tries::bigint FROM job_poison WHERE job = 'assess'";
        assert_eq!(
            lab.number(windows).await,
            2,
            "each run tried the window once"
        );
        lab.tamper("UPDATE sample SET outcome = 'ok'; DELETE FROM job_poison")
            .await;
        lab.collector.run_jobs().await.unwrap();
        assert_eq!(lab.number("SELECT count(*) FROM cell").await, 6);
        assert_eq!(lab.number("SELECT count(*) FROM job_poison").await, 0);
        lab.stop().await;
    }

    #[test]
    fn the_hours_of_a_gap_hold_each_of_its_slots_once() {
        let gap = GapRange {
            agent: 1,
            first: UnixMillis::new(1_800_000 + 12_000),
            last: UnixMillis::new(1_800_000 + 12_000 + 299 * 60_000),
            slots: 300,
            reason: GapReason::AgentDown,
        };
        let all: Vec<_> = (0..8)
            .flat_map(|hour| slots(&gap, Hour::new(hour)))
            .collect();
        assert_eq!((all.len(), all[0], all[299]), (300, gap.first, gap.last));
        assert_eq!(slots(&gap, Hour::new(1)).count(), 60);
        let one = GapRange {
            last: gap.first,
            slots: 1,
            ..gap
        };
        assert_eq!(slots(&one, Hour::new(0)).count(), 1);
    }
}
