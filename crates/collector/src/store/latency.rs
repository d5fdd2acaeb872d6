//! Sketches of closed hours and of days; derived from samples, read by no verdict.

mod read;

use std::collections::BTreeMap;

use chrono::{Datelike as _, NaiveDate};
use domain::{Kind, Outcome};
use sqlx::PgConnection;
use tracing::warn;

use super::StoreError;
use super::cell::TargetHour;
use super::sample::Run;
use super::sample::class::Dictionary;
use crate::latency::Latency;
use crate::rebuild::Day;

pub(crate) use read::{Asked, list_days, list_hours};

/// By agent.
pub(crate) type ByAgent = BTreeMap<i32, Latency>;
/// By agent; those that cannot be read say so.
pub(crate) type Found = BTreeMap<i32, Result<Latency, StoreError>>;

/// What the planned samples of an hour say.
pub(crate) fn measure(runs: &[Run], classes: &Dictionary) -> Result<ByAgent, StoreError> {
    let mut measured = ByAgent::new();
    for run in runs {
        let class = classes.get(run.class)?;
        if class.kind != Kind::Planned {
            continue;
        }
        let of = measured.entry(run.agent).or_insert_with(Latency::empty);
        *of.outcomes.entry(class.outcome).or_default() += run.started_at.len() as u64;
        if class.outcome != Outcome::Ok {
            continue;
        }
        // A time before its own start was not measured.
        for us in run.first_us.iter().flatten() {
            if let Ok(us) = u64::try_from(*us) {
                of.first.record(us, 1);
            }
        }
        for us in &run.end_us {
            if let Ok(us) = u64::try_from(*us) {
                of.end.record(us, 1);
            }
        }
    }
    Ok(measured)
}

/// Makes an hour's sketches these, whatever stood there.
pub(crate) async fn replace_hour(
    conn: &mut PgConnection,
    at: TargetHour,
    measured: &ByAgent,
) -> Result<(), StoreError> {
    let agents: Vec<i32> = measured.keys().copied().collect();
    let (packed, outcomes) = columns(measured)?;
    sqlx::query!(
        "WITH gone AS (DELETE FROM latency_hour
                      WHERE target_id = $1 AND hour_at = $2 AND agent_id <> ALL($3))
         INSERT INTO latency_hour (target_id, hour_at, agent_id, packed, outcomes)
         SELECT $1, $2, * FROM UNNEST($3::int[], $4::bytea[], $5::jsonb[])
         ON CONFLICT (target_id, hour_at, agent_id)
         DO UPDATE SET packed = EXCLUDED.packed, outcomes = EXCLUDED.outcomes
         WHERE (latency_hour.packed, latency_hour.outcomes)
               IS DISTINCT FROM (EXCLUDED.packed, EXCLUDED.outcomes)",
        at.target,
        at.hour_at,
        &agents,
        &packed,
        &outcomes,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("store sketches of an hour"))?;
    Ok(())
}

/// Waits for others who sum up the same day, and keeps them waiting until this transaction ends:
/// else the hours of one would be missing from the sum of the other.
pub(crate) async fn lock_day(
    conn: &mut PgConnection,
    target: i32,
    day: NaiveDate,
) -> Result<(), StoreError> {
    sqlx::query!(
        "SELECT pg_advisory_xact_lock($1::int, $2::int)",
        target,
        day.num_days_from_ce(),
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("lock a day"))?;
    Ok(())
}

/// The sum of a day's stored hours. One that cannot be read is left out until a rebuild heals it:
/// it must not keep other hours from being counted.
pub(crate) async fn merge_hours(
    conn: &mut PgConnection,
    target: i32,
    day: Day,
) -> Result<ByAgent, StoreError> {
    let rows = sqlx::query!(
        "SELECT agent_id, packed, outcomes FROM latency_hour
         WHERE target_id = $1 AND hour_at >= $2 AND hour_at < $3",
        target,
        day.start,
        day.end,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("read sketches of a day"))?;
    let mut merged = ByAgent::new();
    for row in rows {
        match unpack("latency_hour.packed", &row.packed, row.outcomes) {
            Ok(hour) => merged
                .entry(row.agent_id)
                .or_insert_with(Latency::empty)
                .merge(&hour),
            Err(failure) => warn!(
                error = &failure as &dyn std::error::Error,
                store.day = %day.date,
                "left an hour of {} that cannot be read out of its sum", day.date
            ),
        }
    }
    Ok(merged)
}

/// Makes a day's sums these, whatever stood there.
pub(crate) async fn replace_day(
    conn: &mut PgConnection,
    (target, day): (i32, NaiveDate),
    merged: &ByAgent,
) -> Result<(), StoreError> {
    let agents: Vec<i32> = merged.keys().copied().collect();
    sqlx::query!(
        "DELETE FROM latency_day WHERE target_id = $1 AND day = $2 AND agent_id <> ALL($3)",
        target,
        day,
        &agents,
    )
    .execute(&mut *conn)
    .await
    .map_err(StoreError::query("forget sketches of a day"))?;
    let (packed, outcomes) = columns(merged)?;
    sqlx::query!(
        "INSERT INTO latency_day (target_id, day, agent_id, packed, outcomes)
         SELECT $1, $2, * FROM UNNEST($3::int[], $4::bytea[], $5::jsonb[])
         ON CONFLICT (target_id, day, agent_id)
         DO UPDATE SET packed = EXCLUDED.packed, outcomes = EXCLUDED.outcomes
         WHERE (latency_day.packed, latency_day.outcomes)
               IS DISTINCT FROM (EXCLUDED.packed, EXCLUDED.outcomes)",
        target,
        day,
        &agents,
        &packed,
        &outcomes,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("store sketches of a day"))?;
    Ok(())
}

/// Stored sketches of an hour.
pub(crate) async fn find_hour(
    conn: &mut PgConnection,
    at: TargetHour,
) -> Result<Found, StoreError> {
    let rows = sqlx::query!(
        "SELECT agent_id, packed, outcomes FROM latency_hour
         WHERE target_id = $1 AND hour_at = $2",
        at.target,
        at.hour_at,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("find sketches of an hour"))?;
    let read = |packed: &[u8], outcomes| unpack("latency_hour.packed", packed, outcomes);
    let rows = rows.into_iter();
    Ok(rows
        .map(|row| (row.agent_id, read(&row.packed, row.outcomes)))
        .collect())
}

/// Stored sketches of a day.
pub(crate) async fn find_day(
    conn: &mut PgConnection,
    target: i32,
    day: NaiveDate,
) -> Result<Found, StoreError> {
    let rows = sqlx::query!(
        "SELECT agent_id, packed, outcomes FROM latency_day WHERE target_id = $1 AND day = $2",
        target,
        day,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("find sketches of a day"))?;
    let read = |packed: &[u8], outcomes| unpack("latency_day.packed", packed, outcomes);
    let rows = rows.into_iter();
    Ok(rows
        .map(|row| (row.agent_id, read(&row.packed, row.outcomes)))
        .collect())
}

/// Packed sketches and their outcomes, in the order of the agents.
fn columns(of: &ByAgent) -> Result<(Vec<Vec<u8>>, Vec<serde_json::Value>), StoreError> {
    let bad = |e| StoreError::inconsistent("latency_hour.outcomes", e);
    let outcomes = of.values().map(|l| serde_json::to_value(&l.outcomes));
    let outcomes: Result<_, serde_json::Error> = outcomes.collect();
    let packed = of.values().map(Latency::pack).collect();
    Ok((packed, outcomes.map_err(bad)?))
}

fn unpack(
    column: &'static str,
    packed: &[u8],
    outcomes: serde_json::Value,
) -> Result<Latency, StoreError> {
    let outcomes = serde_json::from_value(outcomes);
    let outcomes = outcomes.map_err(|e| StoreError::inconsistent(column, e))?;
    Latency::unpack(packed, outcomes).map_err(|e| StoreError::inconsistent(column, e))
}
