//! Raw batches: the truth, and the ledger that makes ingest idempotent.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use evidence::hash::Hash;
use futures_util::stream::{Stream, StreamExt as _};
use sqlx::PgConnection;

use super::{StoreError, to_hash, to_u64};

/// A batch on its way into the ledger.
#[derive(Clone, Debug)]
pub(crate) struct NewBatch {
    pub(crate) agent: i32,
    pub(crate) seq: i64,
    pub(crate) hash: Hash,
    pub(crate) prev: Hash,
    pub(crate) note: Vec<u8>,
    pub(crate) body: Vec<u8>,
    pub(crate) lines: i32,
    pub(crate) wall_first_at: DateTime<Utc>,
    pub(crate) wall_last_at: DateTime<Utc>,
    pub(crate) received_at: DateTime<Utc>,
}

/// Whether the batch before a new one was in the ledger as it was entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Before {
    /// It was, or there is none.
    Here,
    /// It was not, as far as the statement could see: another transaction may be about to commit it.
    NotSeen,
}

/// Enters batches into the ledger, and into the queue for the log, in one statement and one order, so
/// that concurrent flushes cannot deadlock. Gives the keys that were new; the others were there already.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    batches: &[&NewBatch],
) -> Result<BTreeMap<(i32, i64), Before>, StoreError> {
    let rows = sqlx::query!(
        r#"WITH new AS (
             SELECT * FROM UNNEST($1::int[], $2::bigint[], $3::bytea[], $4::bytea[], $5::bytea[],
                                  $6::bytea[], $7::int[], $8::timestamptz[], $9::timestamptz[],
                                  $10::timestamptz[])
                  AS n (agent_id, seq, hash, prev, note, body, lines, first_at, last_at, at)
         ),
         fresh AS (
             INSERT INTO batch (agent_id, seq, hash, prev, note, lines,
                                wall_first_at, wall_last_at, received_at)
             SELECT agent_id, seq, hash, prev, note, lines, first_at, last_at, at
             FROM new ORDER BY 1, 2
             ON CONFLICT DO NOTHING RETURNING agent_id, seq
         ),
         raw AS (
             INSERT INTO batch_raw (received_at, agent_id, seq, body)
             SELECT at, agent_id, seq, body FROM new JOIN fresh USING (agent_id, seq)
         ),
         queued AS (
             INSERT INTO log_pending (agent_id, seq)
             SELECT agent_id, seq FROM fresh ORDER BY seq, agent_id
         )
         SELECT f.agent_id, f.seq,
                EXISTS (SELECT FROM batch b
                        WHERE b.agent_id = f.agent_id AND b.seq = f.seq - 1) AS "follows!"
         FROM fresh f"#,
        &batches.iter().map(|b| b.agent).collect::<Vec<_>>(),
        &batches.iter().map(|b| b.seq).collect::<Vec<_>>(),
        &column(batches, |b| b.hash.as_bytes()) as &[&[u8]],
        &column(batches, |b| b.prev.as_bytes()) as &[&[u8]],
        &column(batches, |b| &b.note) as &[&[u8]],
        &column(batches, |b| &b.body) as &[&[u8]],
        &batches.iter().map(|b| b.lines).collect::<Vec<_>>(),
        &batches.iter().map(|b| b.wall_first_at).collect::<Vec<_>>(),
        &batches.iter().map(|b| b.wall_last_at).collect::<Vec<_>>(),
        &batches.iter().map(|b| b.received_at).collect::<Vec<_>>(),
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("insert batches"))?;
    let fresh: BTreeSet<_> = rows.iter().map(|row| (row.agent_id, row.seq)).collect();
    let before = rows.iter().map(|row| {
        // What the statement enters it does not see; it is committed with the rest, or not at all.
        let is_here = row.follows || row.seq == 0 || fresh.contains(&(row.agent_id, row.seq - 1));
        let before = if is_here {
            Before::Here
        } else {
            Before::NotSeen
        };
        ((row.agent_id, row.seq), before)
    });
    Ok(before.collect())
}

fn column<'a>(batches: &[&'a NewBatch], of: fn(&NewBatch) -> &[u8]) -> Vec<&'a [u8]> {
    batches.iter().map(|batch| of(batch)).collect()
}

/// Hash of a stored batch.
pub(crate) async fn find_hash(
    conn: &mut PgConnection,
    agent: i32,
    seq: i64,
) -> Result<Option<Hash>, StoreError> {
    let bytes = sqlx::query_scalar!(
        "SELECT hash FROM batch WHERE agent_id = $1 AND seq = $2",
        agent,
        seq
    )
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("find a batch"))?;
    bytes.map(|bytes| to_hash("batch.hash", &bytes)).transpose()
}

/// Number of the batch after the last that an agent delivered.
pub(crate) async fn next_seq(conn: &mut PgConnection, agent: i32) -> Result<u64, StoreError> {
    let next = sqlx::query_scalar!(
        r#"SELECT COALESCE(max(seq) + 1, 0) AS "next!" FROM batch WHERE agent_id = $1"#,
        agent
    )
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("find an agent's last batch"))?;
    to_u64("batch.seq", next)
}

/// Keeps a batch that contradicts a stored one.
pub(crate) async fn insert_conflict(
    conn: &mut PgConnection,
    batch: &NewBatch,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO batch_conflict (agent_id, seq, hash, body, received_at)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        batch.agent,
        batch.seq,
        &batch.hash.as_bytes()[..],
        batch.body,
        batch.received_at,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("keep a conflicting batch"))?;
    Ok(())
}

/// A stored batch with its raw bytes.
#[derive(Clone, Debug)]
pub(crate) struct Raw {
    pub(crate) agent: i32,
    pub(crate) seq: i64,
    pub(crate) hash: Hash,
    pub(crate) note: Vec<u8>,
    pub(crate) body: Vec<u8>,
    pub(crate) received_at: DateTime<Utc>,
}

/// Agents and numbers of the batches received in `[from, to)` whose raw bytes are here, oldest
/// first.
pub(crate) async fn received(
    conn: &mut PgConnection,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<(i32, i64)>, StoreError> {
    let rows = sqlx::query!(
        "SELECT b.agent_id, b.seq FROM batch b
         WHERE b.received_at >= $1 AND b.received_at < $2
           AND (b.body IS NOT NULL
                OR EXISTS (SELECT FROM batch_raw r WHERE r.received_at = b.received_at
                           AND r.agent_id = b.agent_id AND r.seq = b.seq))
         ORDER BY b.received_at, b.agent_id, b.seq",
        from,
        to,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list received batches"))?;
    Ok(rows
        .into_iter()
        .map(|row| (row.agent_id, row.seq))
        .collect())
}

/// The raw bytes of some batches; those that have none are left out.
pub(crate) async fn raw(
    conn: &mut PgConnection,
    keys: &[(i32, i64)],
) -> Result<Vec<Raw>, StoreError> {
    let (agents, seqs): (Vec<_>, Vec<_>) = keys.iter().copied().unzip();
    let rows = sqlx::query!(
        r#"SELECT b.agent_id, b.seq, b.hash, b.note, b.received_at,
                  COALESCE(b.body, r.body) AS "body!: Vec<u8>"
           FROM UNNEST($1::int[], $2::bigint[]) AS k (agent_id, seq)
           JOIN batch b ON b.agent_id = k.agent_id AND b.seq = k.seq
           LEFT JOIN batch_raw r ON r.received_at = b.received_at
                AND r.agent_id = b.agent_id AND r.seq = b.seq
           WHERE COALESCE(b.body, r.body) IS NOT NULL
           ORDER BY b.received_at, b.agent_id, b.seq"#,
        &agents,
        &seqs,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("read raw batches"))?;
    rows.into_iter()
        .map(|row| {
            Ok(Raw {
                agent: row.agent_id,
                seq: row.seq,
                hash: to_hash("batch.hash", &row.hash)?,
                note: row.note,
                body: row.body,
                received_at: row.received_at,
            })
        })
        .collect()
}

/// A stored batch, as a bundle needs it.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) body: Vec<u8>,
    pub(crate) log_index: u64,
    pub(crate) wall_last_at: DateTime<Utc>,
}

/// The batches of one agent that touch `[from, to)`, and the one after, below a size of the log:
/// without a closing batch nobody could tell that the end was not cut off. They come one by one: a
/// month of them is not held in memory.
pub(crate) fn covering(
    conn: &mut PgConnection,
    agent: i32,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    log_size: i64,
) -> impl Stream<Item = Result<Stored, StoreError>> {
    let rows = sqlx::query!(
        r#"WITH ends AS (
               SELECT min(seq) AS first, max(seq) + 1 AS last FROM batch
               WHERE agent_id = $1 AND wall_last_at >= $2 AND wall_first_at < $3
           )
           SELECT COALESCE(b.body, r.body) AS body, b.seq, b.log_index AS "log_index!",
                  b.wall_last_at
           FROM ends CROSS JOIN batch b
           LEFT JOIN batch_raw r ON r.received_at = b.received_at
                AND r.agent_id = b.agent_id AND r.seq = b.seq
           WHERE b.agent_id = $1 AND b.seq BETWEEN ends.first AND ends.last AND b.log_index < $4
           ORDER BY b.seq"#,
        agent,
        from,
        to,
        log_size,
    )
    .fetch(conn);
    rows.map(|row| {
        let row = row.map_err(StoreError::query("list batches of a window"))?;
        let log_index = to_u64("batch.log_index", row.log_index)?;
        Ok(Stored {
            body: row.body.ok_or(StoreError::RawDropped { seq: row.seq })?,
            log_index,
            wall_last_at: row.wall_last_at,
        })
    })
}

/// Until when the samples of every agent heard since `since` are in; absent where there is none.
pub(crate) async fn sealed_until(
    conn: &mut PgConnection,
    since: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    sqlx::query_scalar!(
        "SELECT min(last) FROM agent a
         CROSS JOIN LATERAL (SELECT b.wall_last_at AS last FROM batch b WHERE b.agent_id = a.id
                             ORDER BY b.seq DESC LIMIT 1) AS newest
         WHERE a.revoked_at IS NULL AND last >= $1",
        since
    )
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("find how far the fleet has come"))
}
