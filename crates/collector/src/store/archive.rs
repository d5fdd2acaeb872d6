//! What goes to the archive, what is known to be there, and what comes back.

pub(crate) mod log;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use evidence::hash::Hash;
use sqlx::PgConnection;

use super::{StoreError, to_hash, to_i64, to_u64};

/// A batch on its way to the archive.
#[derive(Debug)]
pub(crate) struct Archived {
    pub(crate) agent: String,
    pub(crate) seq: u64,
    pub(crate) hash: Hash,
    pub(crate) received_at: DateTime<Utc>,
    pub(crate) log_index: u64,
    pub(crate) body: Vec<u8>,
}

/// The days up to one that hold something and are not archived, oldest first. `stored` are days
/// of raw bytes. A day that grew since, which a right clock rules out, is one of them.
pub(crate) async fn days_waiting(
    conn: &mut PgConnection,
    last: NaiveDate,
    stored: &[NaiveDate],
) -> Result<Vec<NaiveDate>, StoreError> {
    sqlx::query_scalar!(
        r#"SELECT d.day AS "day!"
           FROM (SELECT (at AT TIME ZONE 'UTC')::date AS day FROM registry
                 UNION SELECT (created_at AT TIME ZONE 'UTC')::date FROM checkpoint
                 UNION SELECT unnest($2::date[])) d
           WHERE d.day <= $1
             AND NOT EXISTS (
                 SELECT FROM day_archived a
                 WHERE a.day = d.day
                   AND a.batches >= (SELECT count(*) FROM batch_raw r
                                     WHERE r.received_at >= d.day::timestamp AT TIME ZONE 'UTC'
                                       AND r.received_at < (d.day + 1)::timestamp
                                                           AT TIME ZONE 'UTC'))
           ORDER BY 1"#,
        last,
        stored,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list days to archive"))
}

/// Keys of the batches received in `[from, to)` whose raw bytes are here, by agent and number.
pub(crate) async fn keys(
    conn: &mut PgConnection,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<(i32, i64)>, StoreError> {
    let rows = sqlx::query!(
        "SELECT b.agent_id, b.seq FROM batch b JOIN agent a ON a.id = b.agent_id
         WHERE b.received_at >= $1 AND b.received_at < $2
           AND (b.body IS NOT NULL
                OR EXISTS (SELECT FROM batch_raw r WHERE r.received_at = b.received_at
                           AND r.agent_id = b.agent_id AND r.seq = b.seq))
         ORDER BY a.name, b.seq",
        from,
        to,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list batches to archive"))?;
    Ok(rows
        .into_iter()
        .map(|row| (row.agent_id, row.seq))
        .collect())
}

/// Batches received in `[from, to)` whose raw bytes are gone.
pub(crate) async fn rawless(
    conn: &mut PgConnection,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM batch b
           WHERE b.received_at >= $1 AND b.received_at < $2 AND b.body IS NULL
             AND NOT EXISTS (SELECT FROM batch_raw r WHERE r.received_at = b.received_at
                             AND r.agent_id = b.agent_id AND r.seq = b.seq)"#,
        from,
        to,
    )
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("count batches without raw bytes"))?;
    to_u64("count(batch)", count)
}

/// Some batches with their raw bytes, by agent and number.
pub(crate) async fn batches(
    conn: &mut PgConnection,
    keys: &[(i32, i64)],
) -> Result<Vec<Archived>, StoreError> {
    let (agents, seqs): (Vec<_>, Vec<_>) = keys.iter().copied().unzip();
    let rows = sqlx::query!(
        r#"SELECT a.name, b.seq, b.hash, b.received_at, b.log_index AS "log_index!",
                  COALESCE(b.body, r.body) AS "body!: Vec<u8>"
           FROM UNNEST($1::int[], $2::bigint[]) AS k (agent_id, seq)
           JOIN batch b ON b.agent_id = k.agent_id AND b.seq = k.seq
           JOIN agent a ON a.id = b.agent_id
           LEFT JOIN batch_raw r ON r.received_at = b.received_at
                AND r.agent_id = b.agent_id AND r.seq = b.seq
           WHERE COALESCE(b.body, r.body) IS NOT NULL
           ORDER BY a.name, b.seq"#,
        &agents,
        &seqs,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("read batches to archive"))?;
    rows.into_iter()
        .map(|row| {
            Ok(Archived {
                agent: row.name,
                seq: to_u64("batch.seq", row.seq)?,
                hash: to_hash("batch.hash", &row.hash)?,
                received_at: row.received_at,
                log_index: to_u64("batch.log_index", row.log_index)?,
                body: row.body,
            })
        })
        .collect()
}

/// What is known of an archived day.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DayArchived {
    pub(crate) day: NaiveDate,
    pub(crate) objects: u64,
    pub(crate) batches: u64,
    pub(crate) bytes: u64,
    pub(crate) sha256: Hash,
}

/// Notes that a day stands in the archive.
pub(crate) async fn note(
    conn: &mut PgConnection,
    done: &DayArchived,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO day_archived (day, objects, batches, bytes, sha256, archived_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (day) DO UPDATE
         SET objects = EXCLUDED.objects, batches = EXCLUDED.batches, bytes = EXCLUDED.bytes,
             sha256 = EXCLUDED.sha256, archived_at = EXCLUDED.archived_at",
        done.day,
        to_i64("objects", done.objects)?,
        to_i64("batches", done.batches)?,
        to_i64("bytes", done.bytes)?,
        &done.sha256.as_bytes()[..],
        now,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("note an archived day"))?;
    Ok(())
}

/// Notes a day that was found in the archive, where nothing is known of it.
pub(crate) async fn note_found(
    conn: &mut PgConnection,
    found: &DayArchived,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO day_archived (day, objects, batches, bytes, sha256, archived_at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
        found.day,
        to_i64("objects", found.objects)?,
        to_i64("batches", found.batches)?,
        to_i64("bytes", found.bytes)?,
        &found.sha256.as_bytes()[..],
        now,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("note a day that was found"))?;
    Ok(())
}

/// Whether all raw bytes of a day are known to be in the archive.
pub(crate) async fn is_whole(
    conn: &mut PgConnection,
    day: NaiveDate,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<bool, StoreError> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM day_archived
                          WHERE day = $1
                            AND batches >= (SELECT count(*) FROM batch_raw
                                            WHERE received_at >= $2 AND received_at < $3))
                  AS "any!""#,
        day,
        from,
        to,
    )
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("look for an archived day"))
}

/// Notes that the raw bytes of an archived day were brought back.
pub(crate) async fn note_restored(
    conn: &mut PgConnection,
    day: NaiveDate,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE day_archived SET restored_at = $2 WHERE day = $1",
        day,
        now
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("note a restored day"))?;
    Ok(())
}

/// Whether the raw bytes of a day were brought back after a moment.
pub(crate) async fn is_restored_after(
    conn: &mut PgConnection,
    day: NaiveDate,
    after: DateTime<Utc>,
) -> Result<bool, StoreError> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM day_archived WHERE day = $1 AND restored_at > $2) AS "any!""#,
        day,
        after,
    )
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("look for a restored day"))
}

/// What is archived so far.
#[derive(Debug)]
pub(crate) struct Summary {
    pub(crate) days: i64,
    pub(crate) batches: i64,
    pub(crate) bytes: i64,
    pub(crate) last_day: Option<NaiveDate>,
    pub(crate) last_at: Option<DateTime<Utc>>,
}

pub(crate) async fn summary(conn: &mut PgConnection) -> Result<Summary, StoreError> {
    sqlx::query_as!(
        Summary,
        r#"SELECT count(*) AS "days!", COALESCE(sum(batches), 0)::bigint AS "batches!",
                  COALESCE(sum(bytes), 0)::bigint AS "bytes!", max(day) AS last_day,
                  max(archived_at) AS last_at
           FROM day_archived"#
    )
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("count archived days"))
}

/// What the ledger says of a batch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    pub(crate) agent: i32,
    pub(crate) hash: Hash,
    pub(crate) received_at: DateTime<Utc>,
}

/// The ledger's rows of some batches of an agent, by number.
pub(crate) async fn known(
    conn: &mut PgConnection,
    agent: &str,
    seqs: &[i64],
) -> Result<BTreeMap<u64, Known>, StoreError> {
    let rows = sqlx::query!(
        "SELECT b.agent_id, b.seq, b.hash, b.received_at FROM batch b
         JOIN agent a ON a.id = b.agent_id
         WHERE a.name = $1 AND b.seq = ANY($2::bigint[])",
        agent,
        seqs,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("look up batches"))?;
    rows.into_iter()
        .map(|row| {
            let known = Known {
                agent: row.agent_id,
                hash: to_hash("batch.hash", &row.hash)?,
                received_at: row.received_at,
            };
            Ok((to_u64("batch.seq", row.seq)?, known))
        })
        .collect()
}

/// Raw bytes on their way back.
#[derive(Debug)]
pub(crate) struct Back {
    pub(crate) agent: i32,
    pub(crate) seq: i64,
    pub(crate) received_at: DateTime<Utc>,
    pub(crate) body: Vec<u8>,
}

/// Puts raw bytes back where they are gone; gives how many were. Their partition exists.
pub(crate) async fn put_back(conn: &mut PgConnection, batches: &[Back]) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "INSERT INTO batch_raw (received_at, agent_id, seq, body)
         SELECT n.at, n.agent_id, n.seq, n.body
         FROM UNNEST($1::timestamptz[], $2::int[], $3::bigint[], $4::bytea[])
              AS n (at, agent_id, seq, body)
         JOIN batch b ON b.agent_id = n.agent_id AND b.seq = n.seq AND b.body IS NULL
         ON CONFLICT DO NOTHING",
        &batches.iter().map(|b| b.received_at).collect::<Vec<_>>(),
        &batches.iter().map(|b| b.agent).collect::<Vec<_>>(),
        &batches.iter().map(|b| b.seq).collect::<Vec<_>>(),
        &batches.iter().map(|b| b.body.clone()).collect::<Vec<_>>(),
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("put raw bytes back"))?;
    Ok(done.rows_affected())
}
