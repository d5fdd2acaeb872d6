//! How far behind the collector is: what is newest, and what waits. For eyes and alerts only.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{StoreError, poison, to_u64};

/// When the newest sample of each agent started, by the agents' names; those without one are
/// absent.
pub(crate) async fn newest(
    conn: &mut PgConnection,
) -> Result<BTreeMap<String, DateTime<Utc>>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT a.name, n.started_at AS "started_at!"
           FROM (SELECT agent_id, max(started_at) AS started_at FROM stream_latest
                 GROUP BY agent_id) n
           JOIN agent a ON a.id = n.agent_id"#
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("find the newest samples"))?;
    let pairs = rows.into_iter().map(|row| (row.name, row.started_at));
    Ok(pairs.collect())
}

/// What waits in a queue.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) count: u64,
    /// Since when the oldest could have been done.
    pub(crate) oldest_at: Option<DateTime<Utc>>,
}

/// Marked hours that have closed before `now`, less those that are set aside.
pub(crate) async fn hours(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<Waiting, StoreError> {
    let row = sqlx::query!(
        r#"SELECT count(*) AS "count!", min(hour_at) + interval '1 hour' AS oldest_at
           FROM cell_dirty
           WHERE hour_at <= $1::timestamptz - interval '1 hour'
             AND NOT EXISTS (SELECT FROM job_poison p
                             WHERE p.job = 'cells' AND p.tries >= $2
                               AND p.key = target_id || ' ' || extract(epoch FROM hour_at)::bigint)"#,
        now,
        poison::TRIES_MAX,
    )
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("count marked hours"))?;
    Ok(Waiting {
        count: to_u64("cell_dirty", row.count)?,
        oldest_at: row.oldest_at,
    })
}

/// Stored batches and records that have no place in the log yet.
pub(crate) async fn entries(conn: &mut PgConnection) -> Result<Waiting, StoreError> {
    let row = sqlx::query!(
        r#"SELECT (SELECT count(*) FROM log_pending) AS "count!",
                  (SELECT COALESCE(b.received_at, r.at) FROM log_pending p
                   LEFT JOIN batch b ON b.agent_id = p.agent_id AND b.seq = p.seq
                   LEFT JOIN registry r ON r.id = p.registry_id
                   ORDER BY p.id LIMIT 1) AS oldest_at"#
    )
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("count the log's queue"))?;
    Ok(Waiting {
        count: to_u64("log_pending", row.count)?,
        oldest_at: row.oldest_at,
    })
}
