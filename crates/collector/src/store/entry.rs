//! Entries of the log with what they are, for the journal beside the signer's state.

use chrono::{DateTime, Utc};
use evidence::hash::Hash;
use sqlx::PgConnection;

use super::log::SEQUENCE_MAX;
use super::{StoreError, to_hash, to_i64, to_u64};

/// An entry of the log, as the journal keeps it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) idx: u64,
    pub(crate) leaf: Hash,
    pub(crate) what: What,
}

/// What an entry is.
#[derive(Debug)]
pub(crate) enum What {
    Batch {
        agent: String,
        seq: u64,
    },
    Record {
        at: DateTime<Utc>,
        note: Vec<u8>,
        body: Vec<u8>,
    },
}

/// Entries from an index on, [`SEQUENCE_MAX`] at most.
pub(crate) async fn list(conn: &mut PgConnection, from: u64) -> Result<Vec<Entry>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT e.idx, e.leaf_hash, a.name AS "agent?", e.seq, r.at AS "at?", r.note AS "note?",
                  r.body AS "body?"
           FROM log_entry e LEFT JOIN agent a ON a.id = e.agent_id
           LEFT JOIN registry r ON r.id = e.registry_id
           WHERE e.idx >= $1 ORDER BY e.idx LIMIT $2"#,
        to_i64("log index", from)?,
        SEQUENCE_MAX,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("read entries for the journal"))?;
    rows.into_iter()
        .map(|row| {
            let what = match (row.agent.zip(row.seq), row.at, row.note.zip(row.body)) {
                (Some((agent, seq)), ..) => What::Batch {
                    agent,
                    seq: to_u64("log_entry.seq", seq)?,
                },
                (None, Some(at), Some((note, body))) => What::Record { at, note, body },
                _ => return Err(StoreError::inconsistent("log_entry", row.idx)),
            };
            Ok(Entry {
                idx: to_u64("log_entry.idx", row.idx)?,
                leaf: to_hash("log_entry.leaf_hash", &row.leaf_hash)?,
                what,
            })
        })
        .collect()
}

/// Leaf hash of one entry.
pub(crate) async fn find_leaf(
    conn: &mut PgConnection,
    idx: u64,
) -> Result<Option<Hash>, StoreError> {
    let leaf = sqlx::query_scalar!(
        "SELECT leaf_hash FROM log_entry WHERE idx = $1",
        to_i64("log index", idx)?
    )
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("find an entry of the log"))?;
    leaf.map(|bytes| to_hash("log_entry.leaf_hash", &bytes))
        .transpose()
}
