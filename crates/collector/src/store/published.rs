//! What providers publish, as it was read. Nothing that is judged reads these tables.

pub(crate) mod incident;
pub(crate) mod version;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;

use super::StoreError;
use crate::published::{Component, Level, Observation, Run, Uptime};

/// Key of the advisory lock of whoever reads pages.
const LOCK: i64 = 0x6e69_6e65_7370_7562; // "ninespub"
/// The most rows of a kind that are answered.
pub(crate) const ROWS_MAX: i64 = 2_000;

/// Takes the lock until this connection closes; false where another has it.
pub(crate) async fn try_lock(conn: &mut PgConnection) -> Result<bool, StoreError> {
    sqlx::query_scalar!(r#"SELECT pg_try_advisory_lock($1) AS "locked!""#, LOCK)
        .fetch_one(conn)
        .await
        .map_err(StoreError::query("take the lock of pages"))
}

/// Gives the lock back.
pub(crate) async fn unlock(conn: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!("SELECT pg_advisory_unlock($1)", LOCK)
        .fetch_one(conn)
        .await
        .map(drop)
        .map_err(StoreError::query("release the lock of pages"))
}

/// How reading a source stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Poll {
    pub(crate) polled_at: DateTime<Utc>,
    pub(crate) next_at: DateTime<Utc>,
    /// In a row, up to now.
    pub(crate) failures: i32,
}

/// All sources that were ever read.
pub(crate) async fn polls(conn: &mut PgConnection) -> Result<BTreeMap<String, Poll>, StoreError> {
    let rows = sqlx::query!("SELECT source, polled_at, next_at, failures FROM published_poll")
        .fetch_all(conn)
        .await
        .map_err(StoreError::query("list polls"))?;
    let polls = rows.into_iter().map(|row| {
        let poll = Poll {
            polled_at: row.polled_at,
            next_at: row.next_at,
            failures: row.failures,
        };
        (row.source, poll)
    });
    Ok(polls.collect())
}

/// Notes that a source was read, and when it is next.
pub(crate) async fn polled(
    conn: &mut PgConnection,
    source: &str,
    poll: Poll,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO published_poll (source, polled_at, next_at, failures) VALUES ($1, $2, $3, $4)
         ON CONFLICT (source) DO UPDATE SET polled_at = EXCLUDED.polled_at,
             next_at = EXCLUDED.next_at, failures = EXCLUDED.failures",
        source,
        poll.polled_at,
        poll.next_at,
        poll.failures,
    )
    .execute(conn)
    .await
    .map(drop)
    .map_err(StoreError::query("note a poll"))
}

/// Goes on with what a source said: the same run where it says the same, and was not lost sight of
/// since `held_since`; else a new one. What it said last is taken to have held until now.
pub(crate) async fn observe(
    conn: &mut PgConnection,
    source: &str,
    said: &Observation,
    (now, held_since): (DateTime<Utc>, DateTime<Utc>),
) -> Result<(), StoreError> {
    let last = sqlx::query!(
        r#"UPDATE published_state SET to_at = GREATEST(to_at, $2)
           WHERE id = (SELECT id FROM published_state WHERE source = $1 ORDER BY id DESC LIMIT 1)
             AND to_at >= $3
           RETURNING id, level, note, components AS "components: Json<Vec<Component>>""#,
        source,
        now,
        held_since,
    )
    .fetch_optional(&mut *conn)
    .await
    .map_err(StoreError::query("find what a page said last"))?;
    let same = last.filter(|last| {
        last.level == said.level.as_str()
            && last.note == said.note
            && last.components.0 == said.components
    });
    if let Some(same) = same {
        return renew(conn, same.id, &said.uptimes).await;
    }
    sqlx::query!(
        "INSERT INTO published_state (source, from_at, to_at, level, note, components, uptimes)
         VALUES ($1, $2, $2, $3, $4, $5, $6)",
        source,
        now,
        said.level.as_str(),
        said.note,
        Json(&said.components) as _,
        Json(&said.uptimes) as _,
    )
    .execute(conn)
    .await
    .map(drop)
    .map_err(StoreError::query("store what a page says"))
}

async fn renew(conn: &mut PgConnection, id: i64, uptimes: &[Uptime]) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE published_state SET uptimes = $2 WHERE id = $1 AND uptimes <> $2",
        id,
        Json(uptimes) as _,
    )
    .execute(conn)
    .await
    .map(drop)
    .map_err(StoreError::query("renew the figures of a page"))
}

/// Runs that reach into `[from, to)`, in order: the newest [`ROWS_MAX`].
pub(crate) async fn runs(
    conn: &mut PgConnection,
    source: &str,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<Run>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT from_at, to_at, level, note, components AS "components: Json<Vec<Component>>",
                  uptimes AS "uptimes: Json<Vec<Uptime>>"
           FROM published_state WHERE source = $1 AND to_at >= $2 AND from_at < $3
           ORDER BY id DESC LIMIT $4"#,
        source,
        from,
        to,
        ROWS_MAX,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list what a page said"))?;
    let runs = rows.into_iter().rev().map(|row| {
        Ok(Run {
            from: row.from_at,
            to: row.to_at,
            level: level(&row.level)?,
            note: row.note,
            components: row.components.0,
            uptimes: row.uptimes.0,
        })
    });
    runs.collect()
}

/// The newest run.
pub(crate) async fn last_run(
    conn: &mut PgConnection,
    source: &str,
) -> Result<Option<Run>, StoreError> {
    let row = sqlx::query!(
        r#"SELECT from_at, to_at, level, note, components AS "components: Json<Vec<Component>>",
                  uptimes AS "uptimes: Json<Vec<Uptime>>"
           FROM published_state WHERE source = $1 ORDER BY id DESC LIMIT 1"#,
        source,
    )
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("find what a page says"))?;
    row.map(|row| {
        Ok(Run {
            from: row.from_at,
            to: row.to_at,
            level: level(&row.level)?,
            note: row.note,
            components: row.components.0,
            uptimes: row.uptimes.0,
        })
    })
    .transpose()
}

fn level(word: &str) -> Result<Level, StoreError> {
    let mut all = Level::ALL.into_iter();
    let found = all.find(|level| level.as_str() == word);
    found.ok_or_else(|| StoreError::inconsistent("published_state.level", word))
}

/// Forgets what was over before a moment; the newest version of a document stays, and so does an
/// incident that is told of again.
pub(crate) async fn forget(
    conn: &mut PgConnection,
    source: &str,
    before: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let row = sqlx::query!(
        r#"WITH s AS (DELETE FROM published_state WHERE source = $1 AND to_at < $2 RETURNING 1),
                i AS (DELETE FROM published_incident o WHERE source = $1 AND seen_at < $2
                      AND EXISTS (SELECT FROM published_incident n WHERE n.source = $1
                                  AND n.incident = o.incident AND n.id > o.id) RETURNING 1),
                v AS (DELETE FROM published_version WHERE source = $1 AND seen_at < $2
                      AND id < (SELECT max(id) FROM published_version n
                                WHERE n.source = $1 AND n.document = published_version.document)
                      RETURNING 1)
           SELECT (SELECT count(*) FROM s) + (SELECT count(*) FROM i) + (SELECT count(*) FROM v)
                  AS "rows!""#,
        source,
        before,
    )
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("forget what pages said"))?;
    super::to_u64("published", row.rows)
}
