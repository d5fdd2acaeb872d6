//! What agents tell between two batches, one row for each stream: see [`crate::preview`]. Nothing
//! but pages may read it.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use wire::preview::PreviewStream;

use super::StoreError;
use super::stream_latest::Latest;

/// Keeps what is newer than what batches told, and than former previews. Streams come in one
/// order, so that concurrent previews cannot deadlock.
pub(crate) async fn update(
    conn: &mut PgConnection,
    agent: i32,
    streams: &[PreviewStream],
) -> Result<(), StoreError> {
    let mut columns = Columns::default();
    for stream in streams {
        columns.push(stream)?;
    }
    sqlx::query!(
        "INSERT INTO stream_preview AS known
         SELECT p.target, $1, p.slot_at, p.attempt, p.started_at, p.outcome, p.attribution,
                p.status, p.first_us
         FROM UNNEST($2::text[], $3::timestamptz[], $4::int[], $5::timestamptz[], $6::text[],
                     $7::text[], $8::smallint[], $9::bigint[])
              AS p (target, slot_at, attempt, started_at, outcome, attribution, status, first_us)
         WHERE NOT EXISTS (SELECT FROM stream_latest l JOIN target t ON t.id = l.target_id
                           WHERE t.name = p.target AND l.agent_id = $1
                             AND (l.slot_at, l.attempt) >= (p.slot_at, p.attempt))
         ORDER BY 1
         ON CONFLICT (target, agent_id) DO UPDATE
         SET slot_at = EXCLUDED.slot_at, attempt = EXCLUDED.attempt,
             started_at = EXCLUDED.started_at, outcome = EXCLUDED.outcome,
             attribution = EXCLUDED.attribution, status = EXCLUDED.status,
             first_us = EXCLUDED.first_us
         WHERE (known.slot_at, known.attempt) < (EXCLUDED.slot_at, EXCLUDED.attempt)",
        agent,
        &columns.target as &[&str],
        &columns.slot_at,
        &columns.attempt,
        &columns.started_at,
        &columns.outcome as &[&str],
        &columns.attribution as &[&str],
        &columns.status as &[Option<i16>],
        &columns.first_us as &[Option<i64>],
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("keep a preview"))?;
    Ok(())
}

#[derive(Default)]
struct Columns<'a> {
    target: Vec<&'a str>,
    slot_at: Vec<DateTime<Utc>>,
    attempt: Vec<i32>,
    started_at: Vec<DateTime<Utc>>,
    outcome: Vec<&'static str>,
    attribution: Vec<&'static str>,
    status: Vec<Option<i16>>,
    first_us: Vec<Option<i64>>,
}

impl<'a> Columns<'a> {
    fn push(&mut self, stream: &'a PreviewStream) -> Result<(), StoreError> {
        let range = |what| move |_| StoreError::Range { what };
        let status = stream.status.map(i16::try_from).transpose();
        let first_us = stream.first_us.map(|us| super::to_i64("first_us", us));
        let attempt = i32::try_from(stream.attempt).map_err(range("attempt"))?;
        self.target.push(stream.target.as_str());
        self.slot_at.push(stream.slot_ms.to_micros().to_utc());
        self.attempt.push(attempt);
        self.started_at.push(stream.started_us.to_utc());
        self.outcome.push(stream.outcome.as_str());
        self.attribution.push(stream.attribution.as_str());
        self.status.push(status.map_err(range("status"))?);
        self.first_us.push(first_us.transpose()?);
        Ok(())
    }
}

/// What is kept of the targets, where no batch has told as much, of streams whose slot lies not
/// before `since`. Agents that were ended are not heard any more.
pub(crate) async fn list_newer(
    conn: &mut PgConnection,
    targets: &[String],
    since: DateTime<Utc>,
) -> Result<Vec<Latest>, StoreError> {
    sqlx::query_as!(
        Latest,
        r#"SELECT p.target, a.name AS agent, p.started_at, p.outcome, p.attribution, p.status,
                  p.first_us
           FROM stream_preview p JOIN agent a ON a.id = p.agent_id
           LEFT JOIN target t ON t.name = p.target
           LEFT JOIN stream_latest l ON l.target_id = t.id AND l.agent_id = p.agent_id
           WHERE p.target = ANY($1) AND p.slot_at >= $2 AND a.revoked_at IS NULL
             AND (l.target_id IS NULL OR (l.slot_at, l.attempt) < (p.slot_at, p.attempt))"#,
        targets,
        since,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list previews"))
}

/// Deletes what is too old to be shown.
pub(crate) async fn drop_before(
    conn: &mut PgConnection,
    before: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query!("DELETE FROM stream_preview WHERE slot_at < $1", before)
        .execute(conn)
        .await
        .map_err(StoreError::query("drop old previews"))?;
    Ok(())
}
