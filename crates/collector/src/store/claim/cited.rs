//! Where the raw bytes lie that a claim cites.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::store::StoreError;

/// A batch that covers some of a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Covering {
    pub(crate) agent: i32,
    pub(crate) seq: i64,
    /// Whether its raw bytes are here.
    pub(crate) kept: bool,
}

/// Batches of some agents with samples that may have started in `[from, to)`, agent by agent.
pub(crate) async fn covering(
    conn: &mut PgConnection,
    agents: &[i32],
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<Covering>, StoreError> {
    sqlx::query_as!(
        Covering,
        r#"SELECT b.agent_id AS agent, b.seq,
                  (b.body IS NOT NULL
                   OR EXISTS (SELECT FROM batch_raw r WHERE r.received_at = b.received_at
                              AND r.agent_id = b.agent_id AND r.seq = b.seq)) AS "kept!"
           FROM batch b
           WHERE b.agent_id = ANY($1) AND b.wall_last_at >= $2 AND b.wall_first_at < $3
           ORDER BY b.agent_id, b.seq"#,
        agents,
        from,
        to,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list the batches of an incident"))
}
