//! The append-only log: what waits, what is in, what was signed and who vouched for it.

use chrono::{DateTime, Utc};
use evidence::hash::Hash;
use evidence::tree;
use sqlx::PgConnection;

use super::{StoreError, to_hash, to_i64, to_u64};

/// Entries taken from the queue in one go.
pub(crate) const SEQUENCE_MAX: i64 = 20_000;

/// Key of the advisory lock of the one sequencer, taken for a transaction.
const SEQUENCER_LOCK: i64 = 0x6e69_6e65_736c_6f67; // "nineslog"

/// Takes the sequencer's lock for this transaction; false where another collector has it.
pub(crate) async fn try_lock(conn: &mut PgConnection) -> Result<bool, StoreError> {
    sqlx::query_scalar!(
        r#"SELECT pg_try_advisory_xact_lock($1) AS "locked!""#,
        SEQUENCER_LOCK
    )
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("take the sequencer lock"))
}

/// Leaf hashes from an index on, in order.
pub(crate) async fn leaf_hashes(
    conn: &mut PgConnection,
    from: u64,
) -> Result<Vec<Hash>, StoreError> {
    let rows = sqlx::query_scalar!(
        "SELECT leaf_hash FROM log_entry WHERE idx >= $1 ORDER BY idx",
        to_i64("log index", from)?
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("load the log"))?;
    rows.iter()
        .map(|bytes| to_hash("log_entry.leaf_hash", bytes))
        .collect()
}

/// An entry that waits for its place, with the bytes of its note as stored.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(super) id: i64,
    pub(super) agent_id: Option<i32>,
    pub(super) seq: Option<i64>,
    pub(super) registry_id: Option<i64>,
    pub(crate) note: Vec<u8>,
}

/// Entries that wait, in the order of their arrival, [`SEQUENCE_MAX`] at most.
pub(crate) async fn waiting(conn: &mut PgConnection) -> Result<Vec<Waiting>, StoreError> {
    sqlx::query_as!(
        Waiting,
        r#"SELECT p.id, p.agent_id, p.seq, p.registry_id, COALESCE(b.note, r.note) AS "note!"
           FROM log_pending p
           LEFT JOIN batch b ON b.agent_id = p.agent_id AND b.seq = p.seq
           LEFT JOIN registry r ON r.id = p.registry_id
           ORDER BY p.id LIMIT $1"#,
        SEQUENCE_MAX
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("read the log queue"))
}

/// Gives entries their index, from `size` on. Leaf hashes are computed from the stored bytes, so
/// that what is signed is what can be read back.
pub(crate) async fn append(
    conn: &mut PgConnection,
    size: u64,
    rows: &[Waiting],
) -> Result<Vec<Hash>, StoreError> {
    let hashes: Vec<Hash> = rows.iter().map(|row| tree::leaf_hash(&row.note)).collect();
    let first = to_i64("log size", size)?;
    sqlx::query!(
        "WITH gone AS (DELETE FROM log_pending WHERE id = ANY($6)),
         entry AS (
             SELECT $1 + ord - 1 AS idx, leaf_hash, agent_id, seq, registry_id
             FROM UNNEST($2::bytea[], $3::int[], $4::bigint[], $5::bigint[])
                  WITH ORDINALITY AS e (leaf_hash, agent_id, seq, registry_id, ord)
         ),
         batches AS (
             UPDATE batch b SET log_index = e.idx FROM entry e
             WHERE b.agent_id = e.agent_id AND b.seq = e.seq
         ),
         records AS (UPDATE registry r SET log_index = e.idx FROM entry e WHERE r.id = e.registry_id)
         INSERT INTO log_entry (idx, leaf_hash, agent_id, seq, registry_id) SELECT * FROM entry",
        first,
        &hashes.iter().map(|h| h.as_bytes().to_vec()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.agent_id).collect::<Vec<_>>() as &[Option<i32>],
        &rows.iter().map(|r| r.seq).collect::<Vec<_>>() as &[Option<i64>],
        &rows.iter().map(|r| r.registry_id).collect::<Vec<_>>() as &[Option<i64>],
        // These and no others: an older row may have been committed since they were read.
        &rows.iter().map(|r| r.id).collect::<Vec<_>>(),
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("append to the log"))?;
    Ok(hashes)
}

/// A signed checkpoint.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    pub(crate) size: u64,
    pub(crate) root: Hash,
    pub(crate) note: String,
    pub(crate) created_at: DateTime<Utc>,
}

pub(crate) async fn insert_checkpoint(
    conn: &mut PgConnection,
    signed: &Signed,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO checkpoint (size, root, note, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING",
        to_i64("log size", signed.size)?,
        &signed.root.as_bytes()[..],
        signed.note,
        signed.created_at,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("store a checkpoint"))?;
    Ok(())
}

pub(crate) async fn latest_checkpoint(
    conn: &mut PgConnection,
) -> Result<Option<Signed>, StoreError> {
    let row = sqlx::query!(
        "SELECT size, root, note, created_at FROM checkpoint ORDER BY size DESC LIMIT 1"
    )
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("find the newest checkpoint"))?;
    row.map(|row| {
        Ok(Signed {
            size: to_u64("checkpoint.size", row.size)?,
            root: to_hash("checkpoint.root", &row.root)?,
            note: row.note,
            created_at: row.created_at,
        })
    })
    .transpose()
}

pub(crate) async fn find_checkpoint(
    conn: &mut PgConnection,
    size: u64,
) -> Result<Option<String>, StoreError> {
    sqlx::query_scalar!(
        "SELECT note FROM checkpoint WHERE size = $1",
        to_i64("log size", size)?
    )
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("find a checkpoint"))
}

/// Where a batch stands in the log, once it is in.
pub(crate) async fn batch_index(
    conn: &mut PgConnection,
    agent: i32,
    seq: u64,
) -> Result<Option<u64>, StoreError> {
    let index = sqlx::query_scalar!(
        "SELECT log_index FROM batch WHERE agent_id = $1 AND seq = $2",
        agent,
        to_i64("seq", seq)?
    )
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("find a batch in the log"))?;
    index
        .flatten()
        .map(|index| to_u64("batch.log_index", index))
        .transpose()
}

/// Stores a verified cosignature; false where this agent had cosigned this size before.
pub(crate) async fn insert_cosignature(
    conn: &mut PgConnection,
    size: u64,
    agent: i32,
    signed_at: DateTime<Utc>,
    line: &str,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "INSERT INTO cosignature (size, agent_id, signed_at, line) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING",
        to_i64("log size", size)?,
        agent,
        signed_at,
        line,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("store a cosignature"))?;
    Ok(done.rows_affected() == 1)
}

/// A batch that a cosignature has just dated.
#[derive(Debug)]
pub(crate) struct Dated {
    pub(crate) wall_first_at: DateTime<Utc>,
    pub(crate) wall_last_at: DateTime<Utc>,
}

/// Dates the batches that a checkpoint is the first to cover, by its first cosignature.
pub(crate) async fn anchor(
    conn: &mut PgConnection,
    size: u64,
    signed_at: DateTime<Utc>,
) -> Result<Vec<Dated>, StoreError> {
    sqlx::query_as!(
        Dated,
        "UPDATE batch SET anchored_at = $2 WHERE anchored_at IS NULL AND log_index < $1
         RETURNING wall_first_at, wall_last_at",
        to_i64("log size", size)?,
        signed_at,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("anchor batches"))
}

/// A checkpoint with cosignatures, the first received first.
#[derive(Debug)]
pub(crate) struct Cosigned {
    pub(crate) size: u64,
    pub(crate) note: String,
    pub(crate) lines: Vec<String>,
    pub(crate) first_signed_at: DateTime<Utc>,
}

/// Cosigned checkpoints, in the order in which they were first cosigned.
pub(crate) async fn anchors(conn: &mut PgConnection) -> Result<Vec<Cosigned>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT p.size, p.note, array_agg(c.line ORDER BY c.id) AS "lines!",
                  (array_agg(c.signed_at ORDER BY c.id))[1] AS "first_signed_at!"
           FROM checkpoint p JOIN cosignature c ON c.size = p.size
           GROUP BY p.size, p.note ORDER BY min(c.id)"#
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list anchors"))?;
    rows.into_iter()
        .map(|row| {
            let size = to_u64("checkpoint.size", row.size)?;
            let first_signed_at = row.first_signed_at;
            Ok(Cosigned {
                size,
                note: row.note,
                lines: row.lines,
                first_signed_at,
            })
        })
        .collect()
}

/// Bytes of the log's entries in `[from, to)`, in order.
pub(crate) async fn notes(
    conn: &mut PgConnection,
    from: u64,
    to: u64,
) -> Result<Vec<Vec<u8>>, StoreError> {
    sqlx::query_scalar!(
        r#"SELECT COALESCE(b.note, r.note) AS "note!" FROM log_entry e
           LEFT JOIN batch b ON b.agent_id = e.agent_id AND b.seq = e.seq
           LEFT JOIN registry r ON r.id = e.registry_id
           WHERE e.idx >= $1 AND e.idx < $2 ORDER BY e.idx"#,
        to_i64("log index", from)?,
        to_i64("log index", to)?,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("read the log"))
}
