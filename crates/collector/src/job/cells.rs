//! Cells of closed hours, computed whole from samples.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::cell::CellHourBuilder;
use domain::{AgentId, CellHour, Hour, TargetId, UnixMicros};
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
        for (at, target) in &hours {
            let target = parse_target(target)?;
            let cells = compute(&mut tx, *at, &target).await?;
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
    at: TargetHour,
    target: &TargetId,
) -> Result<Vec<(i32, CellHour)>, StoreError> {
    let end = at.hour_at + TimeDelta::hours(1);
    let counts = store::sample::count(conn, at.target, at.hour_at, end).await?;
    let gaps = store::sample::gaps(conn, at.target, at.hour_at, end).await?;
    let agents = agent_names(conn).await?;
    let hour = UnixMicros::from(at.hour_at).to_millis().minute().hour();
    let mut builders: BTreeMap<i32, CellHourBuilder> = BTreeMap::new();
    for counted in counts {
        let cell = open(&mut builders, &agents, counted.agent, (target, hour))?;
        cell.add(counted.minute, counted.class, counted.count);
    }
    for gap in gaps {
        let cell = open(&mut builders, &agents, gap.agent, (target, hour))?;
        for slot in slots(&gap) {
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

/// The slots of a gap range: evenly spaced from first to last.
fn slots(gap: &GapRange) -> impl Iterator<Item = domain::UnixMillis> + use<> {
    let steps = (gap.slots - 1).max(1);
    let spacing = (gap.last.get() - gap.first.get()) / steps;
    let first = gap.first;
    (0..gap.slots).map(move |n| first.plus_ms(n * spacing))
}

async fn agent_names(conn: &mut PgConnection) -> Result<BTreeMap<i32, AgentId>, StoreError> {
    let agents = store::agent::list(conn).await?;
    Ok(agents
        .into_iter()
        .map(|agent| (agent.key, agent.id))
        .collect())
}
