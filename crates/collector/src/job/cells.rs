//! Cells of closed hours, computed whole from samples.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::cell::CellHourBuilder;
use domain::{AgentId, CellHour, Hour, TargetId, UnixMicros, UnixMillis};
use sqlx::{PgConnection, PgPool};

use crate::store::cell::TargetHour;
use crate::store::sample::GapRange;
use crate::store::{self, StoreError};

/// Hours taken in one transaction.
const HOURS_PER_RUN: i64 = 200;

/// Recomputes marked hours that have closed, until none is left. Gives how many there were.
#[tracing::instrument(name = "job.cells.run", skip_all)]
pub(crate) async fn run_once(pool: &PgPool, now: DateTime<Utc>) -> Result<usize, StoreError> {
    let mut total = 0;
    loop {
        let mut tx = pool.begin().await.map_err(StoreError::query("begin"))?;
        let hours = store::cell::take_dirty(&mut tx, now, HOURS_PER_RUN).await?;
        let agents = agent_names(&mut tx).await?;
        for (at, target) in &hours {
            let target = parse_target(target)?;
            let cells = compute(&mut tx, &agents, *at, &target).await?;
            store::cell::replace(&mut tx, *at, &cells).await?;
        }
        tx.commit().await.map_err(StoreError::query("commit"))?;
        total += hours.len();
        if hours.is_empty() {
            return Ok(total);
        }
    }
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
