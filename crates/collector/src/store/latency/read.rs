//! Sketches read back for the API and pages, all agents together or one.

use chrono::{DateTime, NaiveTime, Utc};
use sqlx::PgConnection;

use super::unpack;
use crate::latency::{Latency, Point};
use crate::store::StoreError;

/// What is asked for: stretches that begin in `[from, to)`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) target: &'a str,
    /// Absent for all agents together.
    pub(crate) agent: Option<&'a str>,
    pub(crate) from: DateTime<Utc>,
    pub(crate) to: DateTime<Utc>,
}

struct Row {
    start_at: DateTime<Utc>,
    packed: Vec<u8>,
    outcomes: serde_json::Value,
}

/// A point per hour that has a sample, in order.
pub(crate) async fn list_hours(
    conn: &mut PgConnection,
    asked: Asked<'_>,
) -> Result<Vec<Point>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT l.hour_at AS start_at, l.packed, l.outcomes FROM latency_hour l
         JOIN target t ON t.id = l.target_id JOIN agent a ON a.id = l.agent_id
         WHERE t.name = $1 AND ($2::text IS NULL OR a.name = $2)
           AND l.hour_at >= $3 AND l.hour_at < $4
         ORDER BY l.hour_at",
        asked.target,
        asked.agent,
        asked.from,
        asked.to,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list sketches of hours"))?;
    points("latency_hour.packed", rows)
}

/// A point per day in UTC that has a sample, in order.
pub(crate) async fn list_days(
    conn: &mut PgConnection,
    asked: Asked<'_>,
) -> Result<Vec<Point>, StoreError> {
    let rows = sqlx::query!(
        "SELECT l.day, l.packed, l.outcomes FROM latency_day l
         JOIN target t ON t.id = l.target_id JOIN agent a ON a.id = l.agent_id
         WHERE t.name = $1 AND ($2::text IS NULL OR a.name = $2)
           AND l.day >= ($3::timestamptz AT TIME ZONE 'UTC')::date
           AND (l.day::timestamp AT TIME ZONE 'UTC') < $4
         ORDER BY l.day",
        asked.target,
        asked.agent,
        asked.from,
        asked.to,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list sketches of days"))?;
    let rows = rows.into_iter().map(|row| Row {
        start_at: row.day.and_time(NaiveTime::MIN).and_utc(),
        packed: row.packed,
        outcomes: row.outcomes,
    });
    points("latency_day.packed", rows.collect())
}

/// Agents of one stretch are merged; one stretch is unpacked at a time.
fn points(column: &'static str, rows: Vec<Row>) -> Result<Vec<Point>, StoreError> {
    let mut points = Vec::new();
    let mut open: Option<(DateTime<Utc>, Latency)> = None;
    for row in rows {
        let latency = unpack(column, &row.packed, row.outcomes)?;
        match &mut open {
            Some((start_at, merged)) if *start_at == row.start_at => merged.merge(&latency),
            _ => {
                let done = open.replace((row.start_at, latency));
                points.extend(done.map(|(at, latency)| Point::of(at, latency)));
            }
        }
    }
    points.extend(open.map(|(at, latency)| Point::of(at, latency)));
    Ok(points)
}
