//! How much each agent has delivered: counted as batches come in, never by reading the ledger.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::batch::NewBatch;
use super::rebuild::DIFFERENCES_MAX;
use super::{StoreError, to_u64};

/// How many batches and lines an agent has delivered, and its newest sequence number.
#[derive(Debug)]
pub(crate) struct Delivered {
    pub(crate) agent: String,
    pub(crate) batches: u64,
    pub(crate) lines: u64,
    pub(crate) last_seq: Option<u64>,
    pub(crate) received_at: Option<DateTime<Utc>>,
}

/// Counts batches that were stored in this transaction. Agents are taken in their order, so that
/// concurrent flushes cannot deadlock.
pub(crate) async fn add(conn: &mut PgConnection, batches: &[&NewBatch]) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO agent_delivered
         SELECT agent_id, count(*), sum(lines), max(seq), max(at)
         FROM UNNEST($1::int[], $2::bigint[], $3::int[], $4::timestamptz[])
              AS n (agent_id, seq, lines, at)
         GROUP BY agent_id ORDER BY agent_id
         ON CONFLICT (agent_id) DO UPDATE
         SET batches = agent_delivered.batches + EXCLUDED.batches,
             lines = agent_delivered.lines + EXCLUDED.lines,
             last_seq = GREATEST(agent_delivered.last_seq, EXCLUDED.last_seq),
             received_at = GREATEST(agent_delivered.received_at, EXCLUDED.received_at)",
        &batches.iter().map(|b| b.agent).collect::<Vec<_>>(),
        &batches.iter().map(|b| b.seq).collect::<Vec<_>>(),
        &batches.iter().map(|b| b.lines).collect::<Vec<_>>(),
        &batches.iter().map(|b| b.received_at).collect::<Vec<_>>(),
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("count deliveries"))?;
    Ok(())
}

/// Every agent by name, also those that delivered nothing.
pub(crate) async fn list(conn: &mut PgConnection) -> Result<Vec<Delivered>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT a.name, COALESCE(d.batches, 0) AS "batches!", COALESCE(d.lines, 0) AS "lines!",
                  d.last_seq AS "last_seq?", d.received_at AS "received_at?"
           FROM agent a LEFT JOIN agent_delivered d ON d.agent_id = a.id ORDER BY a.name"#
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list deliveries"))?;
    rows.into_iter()
        .map(|row| {
            let last_seq = row.last_seq.map(|seq| to_u64("batch.seq", seq));
            Ok(Delivered {
                agent: row.name,
                batches: to_u64("agent_delivered.batches", row.batches)?,
                lines: to_u64("agent_delivered.lines", row.lines)?,
                last_seq: last_seq.transpose()?,
                received_at: row.received_at,
            })
        })
        .collect()
}

/// An agent whose count is not what its ledger says.
#[derive(Debug)]
pub(crate) struct Miscounted {
    pub(crate) agent: String,
    pub(crate) received_at: DateTime<Utc>,
    /// What is to be done about the row: `missing`, `extra` or `changed`.
    pub(crate) what: String,
}

/// Counts the ledger and compares; gives the first that differ.
pub(crate) async fn compare(conn: &mut PgConnection) -> Result<Vec<Miscounted>, StoreError> {
    sqlx::query_as!(
        Miscounted,
        r#"SELECT COALESCE(a.name, '#' || agent_id) AS "agent!",
                  COALESCE(d.received_at, e.received_at) AS "received_at!",
                  CASE WHEN d.batches IS NULL THEN 'missing' WHEN e.batches IS NULL THEN 'extra'
                       ELSE 'changed' END AS "what!"
           FROM agent_delivered d
           FULL JOIN (SELECT agent_id, count(*) AS batches, sum(lines) AS lines,
                             max(seq) AS last_seq, max(received_at) AS received_at
                      FROM batch GROUP BY agent_id) e USING (agent_id)
           LEFT JOIN agent a ON a.id = agent_id
           WHERE (d.batches, d.lines, d.last_seq, d.received_at)
                 IS DISTINCT FROM (e.batches, e.lines, e.last_seq, e.received_at)
           ORDER BY agent_id LIMIT $1"#,
        super::to_i64("limit", DIFFERENCES_MAX as u64)?,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("compare deliveries"))
}
