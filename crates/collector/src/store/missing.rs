//! Batches of an agent that are not here, though later ones are.

use sqlx::PgConnection;

use super::{StoreError, to_i64, to_u64};

/// The first run `[first, end)` of an agent's batches that are missing in `[from, below)`.
pub(crate) async fn first_run(
    conn: &mut PgConnection,
    agent: i32,
    (from, below): (u64, u64),
) -> Result<Option<(u64, u64)>, StoreError> {
    let row = sqlx::query!(
        r#"WITH gap AS (
               SELECT CASE WHEN EXISTS (SELECT FROM batch WHERE agent_id = $1 AND seq = $2::bigint)
                   THEN (SELECT b.seq + 1 FROM batch b
                         WHERE b.agent_id = $1 AND b.seq >= $2::bigint AND b.seq < $3::bigint - 1
                           AND NOT EXISTS (SELECT FROM batch n
                                           WHERE n.agent_id = $1 AND n.seq = b.seq + 1)
                         ORDER BY b.seq LIMIT 1)
                   ELSE $2::bigint END AS first
           )
           SELECT first, COALESCE((SELECT min(n.seq) FROM batch n
                                   WHERE n.agent_id = $1 AND n.seq > first AND n.seq < $3::bigint), $3::bigint)
                         AS "end!"
           FROM gap WHERE first < $3::bigint"#,
        agent,
        to_i64("batch number", from)?,
        to_i64("batch number", below)?,
    )
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("look for missing batches"))?;
    let Some(row) = row else { return Ok(None) };
    let first = row.first.map(|first| to_u64("batch.seq", first));
    let end = to_u64("batch.seq", row.end)?;
    Ok(first.transpose()?.map(|first| (first, end)))
}

/// Number of an agent's newest batch below one.
pub(crate) async fn newest_below(
    conn: &mut PgConnection,
    agent: i32,
    seq: i64,
) -> Result<Option<u64>, StoreError> {
    let newest = sqlx::query_scalar!(
        "SELECT max(seq) FROM batch WHERE agent_id = $1 AND seq < $2::bigint",
        agent,
        seq
    )
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("find an agent's batch before one"))?;
    newest.map(|seq| to_u64("batch.seq", seq)).transpose()
}
