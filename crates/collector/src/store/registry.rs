//! Registry chains: what the operator fixed, and when.

use chrono::{DateTime, Utc};
use evidence::hash::Hash;
use sqlx::PgConnection;

use super::{StoreError, to_hash, to_u64};

/// One logged record.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) entry: u64,
    pub(crate) kind: String,
    pub(crate) at: DateTime<Utc>,
    pub(crate) hash: Hash,
    pub(crate) body: Vec<u8>,
    pub(crate) note: Vec<u8>,
    pub(crate) log_index: Option<u64>,
}

/// All records of a chain, oldest first.
pub(crate) async fn list(conn: &mut PgConnection, chain: &str) -> Result<Vec<Record>, StoreError> {
    let rows = sqlx::query!(
        "SELECT entry, kind, at, hash, body, note, log_index FROM registry
         WHERE chain = $1 ORDER BY entry",
        chain
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list registry records"))?;
    rows.into_iter()
        .map(|row| {
            Ok(Record {
                entry: to_u64("registry.entry", row.entry.into())?,
                kind: row.kind,
                at: row.at,
                hash: to_hash("registry.hash", &row.hash)?,
                body: row.body,
                note: row.note,
                log_index: row
                    .log_index
                    .map(|index| to_u64("registry.log_index", index))
                    .transpose()?,
            })
        })
        .collect()
}

/// Number of the newest record of a kind.
pub(crate) async fn newest_entry(
    conn: &mut PgConnection,
    chain: &str,
    kind: &str,
) -> Result<Option<u64>, StoreError> {
    let newest = sqlx::query_scalar!(
        "SELECT entry FROM registry WHERE chain = $1 AND kind = $2 ORDER BY entry DESC LIMIT 1",
        chain,
        kind
    )
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("find the newest registry record"))?;
    newest
        .map(|entry| to_u64("registry.entry", entry.into()))
        .transpose()
}

/// Holds off other writers of a chain until the transaction ends.
pub(crate) async fn lock(conn: &mut PgConnection, chain: &str) -> Result<(), StoreError> {
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
        chain
    )
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("lock a registry chain"))?;
    Ok(())
}

/// Stores a record and queues it for the log.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    chain: &str,
    record: &Record,
) -> Result<(), StoreError> {
    let entry = i32::try_from(record.entry).map_err(|_| StoreError::Range {
        what: "registry.entry",
    })?;
    sqlx::query!(
        "WITH new AS (
             INSERT INTO registry (chain, entry, kind, at, hash, body, note)
             VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id
         )
         INSERT INTO log_pending (registry_id) SELECT id FROM new",
        chain,
        entry,
        record.kind,
        record.at,
        &record.hash.as_bytes()[..],
        record.body,
        record.note,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("insert a registry record"))?;
    Ok(())
}
