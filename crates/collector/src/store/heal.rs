//! A database that is older than the log: what was signed and is not here, and how it comes back.

use chrono::{DateTime, Utc};
use evidence::hash::Hash;
use evidence::tree::TreeHead;
use sqlx::PgConnection;

use super::log::{SEQUENCE_MAX, Waiting};
use super::{StoreError, to_hash, to_i64, to_u64};

/// Agents that are named as owing entries.
const AGENTS_MAX: i64 = 100;

/// Whether the log is known to be behind what was signed.
pub(crate) async fn behind(conn: &mut PgConnection) -> Result<Option<TreeHead>, StoreError> {
    let row = sqlx::query!("SELECT size, root FROM log_behind")
        .fetch_optional(conn)
        .await
        .map_err(StoreError::query("look for a log that is behind"))?;
    row.map(|row| {
        Ok(TreeHead {
            size: to_u64("log_behind.size", row.size)?,
            root: to_hash("log_behind.root", &row.root)?,
        })
    })
    .transpose()
}

/// Notes that a head was signed that the log does not reach; the greatest stays.
pub(crate) async fn note_behind(
    conn: &mut PgConnection,
    signed: TreeHead,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO log_behind (size, root, found_at) VALUES ($1, $2, $3)
         ON CONFLICT (one) DO UPDATE SET size = EXCLUDED.size, root = EXCLUDED.root
         WHERE log_behind.size < EXCLUDED.size",
        to_i64("log size", signed.size)?,
        &signed.root.as_bytes()[..],
        now,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("note that the log is behind"))?;
    Ok(())
}

/// Who wrote an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    Batch { agent: String, seq: u64 },
    Record { chain: String, entry: u64 },
}

/// A signed entry that is not in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Owed {
    pub(crate) idx: u64,
    pub(crate) leaf: Hash,
    pub(crate) owner: Owner,
}

#[derive(Default)]
struct Columns {
    idx: Vec<i64>,
    leaf: Vec<Vec<u8>>,
    agent: Vec<Option<String>>,
    seq: Vec<Option<i64>>,
    chain: Vec<Option<String>>,
    entry: Vec<Option<i32>>,
}

impl Columns {
    fn push(&mut self, owed: &Owed) -> Result<(), StoreError> {
        self.idx.push(to_i64("log index", owed.idx)?);
        self.leaf.push(owed.leaf.as_bytes().to_vec());
        let (batch, record) = match &owed.owner {
            Owner::Batch { agent, seq } => {
                let seq = to_i64("batch number", *seq)?;
                (Some((agent.clone(), seq)), None)
            }
            Owner::Record { chain, entry } => {
                let entry = i32::try_from(*entry).map_err(|_| StoreError::Range {
                    what: "registry.entry",
                })?;
                (None, Some((chain.clone(), entry)))
            }
        };
        let (agent, seq) = batch.unzip();
        let (chain, entry) = record.unzip();
        self.agent.push(agent);
        self.seq.push(seq);
        self.chain.push(chain);
        self.entry.push(entry);
        Ok(())
    }
}

/// Enters what is owed; what is known stays.
pub(crate) async fn owe(conn: &mut PgConnection, owed: &[Owed]) -> Result<(), StoreError> {
    let mut columns = Columns::default();
    for one in owed {
        columns.push(one)?;
    }
    sqlx::query!(
        "INSERT INTO log_owed (idx, leaf_hash, agent, seq, chain, entry)
         SELECT * FROM UNNEST($1::bigint[], $2::bytea[], $3::text[], $4::bigint[], $5::text[],
                              $6::int[])
         ON CONFLICT (idx) DO NOTHING",
        &columns.idx,
        &columns.leaf,
        &columns.agent as &[Option<String>],
        &columns.seq as &[Option<i64>],
        &columns.chain as &[Option<String>],
        &columns.entry as &[Option<i32>],
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("note what the log is owed"))?;
    Ok(())
}

/// An entry that has come back and waits for its old place.
#[derive(Debug)]
pub(crate) struct Returned {
    pub(crate) idx: u64,
    pub(crate) leaf: Hash,
    pub(crate) waiting: Waiting,
}

/// What has come back from an index on, in the order of the log.
pub(crate) async fn returned(
    conn: &mut PgConnection,
    from: u64,
) -> Result<Vec<Returned>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT o.idx, o.leaf_hash, p.id, p.agent_id, p.seq, p.registry_id,
                  COALESCE(b.note, r.note) AS "note!"
           FROM log_owed o
           LEFT JOIN agent a ON a.name = o.agent
           LEFT JOIN batch b ON b.agent_id = a.id AND b.seq = o.seq
           LEFT JOIN registry r ON r.chain = o.chain AND r.entry = o.entry
           JOIN log_pending p ON p.agent_id = b.agent_id AND p.seq = b.seq OR p.registry_id = r.id
           WHERE o.idx >= $1 ORDER BY o.idx LIMIT $2"#,
        to_i64("log index", from)?,
        SEQUENCE_MAX,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("look for entries that came back"))?;
    rows.into_iter()
        .map(|row| {
            Ok(Returned {
                idx: to_u64("log_owed.idx", row.idx)?,
                leaf: to_hash("log_owed.leaf_hash", &row.leaf_hash)?,
                waiting: Waiting {
                    id: row.id,
                    agent_id: row.agent_id,
                    seq: row.seq,
                    registry_id: row.registry_id,
                    note: row.note,
                },
            })
        })
        .collect()
}

/// Who still owes how many entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Debt {
    /// The agent; absent for registry records.
    pub(crate) agent: Option<String>,
    pub(crate) entries: u64,
    /// Numbers of its first and last batch that are missing.
    pub(crate) seqs: Option<(u64, u64)>,
}

/// Entries that are owed and have not come back, by who owes them.
pub(crate) async fn debts(conn: &mut PgConnection) -> Result<Vec<Debt>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT o.agent, count(*) AS "entries!", min(o.seq) AS first, max(o.seq) AS last
           FROM log_owed o
           WHERE NOT EXISTS (SELECT FROM batch b JOIN agent a ON a.id = b.agent_id
                             WHERE a.name = o.agent AND b.seq = o.seq)
             AND NOT EXISTS (SELECT FROM registry r WHERE r.chain = o.chain AND r.entry = o.entry)
           GROUP BY o.agent ORDER BY o.agent NULLS FIRST LIMIT $1"#,
        AGENTS_MAX
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("count what the log is owed"))?;
    rows.into_iter()
        .map(|row| {
            let number = |seq| to_u64("log_owed.seq", seq);
            let seqs = row.first.zip(row.last);
            let seqs = seqs.map(|(first, last)| Ok((number(first)?, number(last)?)));
            Ok(Debt {
                agent: row.agent,
                entries: to_u64("count(log_owed)", row.entries)?,
                seqs: seqs.transpose()?,
            })
        })
        .collect()
}

/// How many entries from an index on have a known place.
pub(crate) async fn owed_from(conn: &mut PgConnection, from: u64) -> Result<u64, StoreError> {
    let known = sqlx::query_scalar!(
        r#"SELECT count(*) AS "known!" FROM log_owed WHERE idx >= $1"#,
        to_i64("log index", from)?
    )
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("count what the log is owed"))?;
    to_u64("count(log_owed)", known)
}

/// Whether the log is owed this very batch, by the hash of its note.
pub(crate) async fn is_owed(
    conn: &mut PgConnection,
    (agent, seq): (&str, u64),
    leaf: Hash,
) -> Result<bool, StoreError> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM log_owed WHERE agent = $1 AND seq = $2 AND leaf_hash = $3)
                  AS "owed!""#,
        agent,
        to_i64("batch number", seq)?,
        &leaf.as_bytes()[..],
    )
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("look for an owed batch"))
}

/// A cosignature that was lost with the checkpoint under it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cosigned {
    pub(crate) size: u64,
    pub(crate) agent: String,
    pub(crate) signed_at: DateTime<Utc>,
    pub(crate) line: String,
}

/// Keeps cosignatures until the log reaches them again.
pub(crate) async fn owe_cosignatures(
    conn: &mut PgConnection,
    lost: &[Cosigned],
) -> Result<(), StoreError> {
    let sizes: Result<Vec<_>, _> = lost.iter().map(|c| to_i64("log size", c.size)).collect();
    sqlx::query!(
        "INSERT INTO log_owed_cosignature (size, agent, signed_at, line)
         SELECT * FROM UNNEST($1::bigint[], $2::text[], $3::timestamptz[], $4::text[])
         ON CONFLICT (size, agent) DO NOTHING",
        &sizes?,
        &lost.iter().map(|c| c.agent.clone()).collect::<Vec<_>>(),
        &lost.iter().map(|c| c.signed_at).collect::<Vec<_>>(),
        &lost.iter().map(|c| c.line.clone()).collect::<Vec<_>>(),
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("keep lost cosignatures"))?;
    Ok(())
}

/// Cosignatures that wait, by enrolled agents, in the order of their times.
pub(crate) async fn lost_cosignatures(
    conn: &mut PgConnection,
) -> Result<Vec<(i32, Cosigned)>, StoreError> {
    let rows = sqlx::query!(
        "SELECT a.id, o.size, o.agent, o.signed_at, o.line
         FROM log_owed_cosignature o JOIN agent a ON a.name = o.agent
         ORDER BY o.signed_at, o.size, o.id"
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list lost cosignatures"))?;
    rows.into_iter()
        .map(|row| {
            let cosigned = Cosigned {
                size: to_u64("log_owed_cosignature.size", row.size)?,
                agent: row.agent,
                signed_at: row.signed_at,
                line: row.line,
            };
            Ok((row.id, cosigned))
        })
        .collect()
}

/// Ends it: the log holds everything that was signed.
pub(crate) async fn clear(conn: &mut PgConnection) -> Result<(), StoreError> {
    let failed = || StoreError::query("note that the log is whole again");
    sqlx::query!("DELETE FROM log_owed_cosignature")
        .execute(&mut *conn)
        .await
        .map_err(failed())?;
    sqlx::query!("DELETE FROM log_owed")
        .execute(&mut *conn)
        .await
        .map_err(failed())?;
    sqlx::query!("DELETE FROM log_behind")
        .execute(conn)
        .await
        .map_err(failed())?;
    Ok(())
}

/// Who wrote the entry that is owed at an index.
pub(crate) async fn owner(conn: &mut PgConnection, idx: u64) -> Result<Option<Owner>, StoreError> {
    let row = sqlx::query!(
        "SELECT agent, seq, chain, entry FROM log_owed WHERE idx = $1",
        to_i64("log index", idx)?
    )
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("find an owed entry"))?;
    let Some(row) = row else { return Ok(None) };
    Ok(match (row.agent.zip(row.seq), row.chain.zip(row.entry)) {
        (Some((agent, seq)), _) => Some(Owner::Batch {
            agent,
            seq: to_u64("log_owed.seq", seq)?,
        }),
        (None, Some((chain, entry))) => Some(Owner::Record {
            chain,
            entry: to_u64("log_owed.entry", entry.into())?,
        }),
        (None, None) => None,
    })
}
