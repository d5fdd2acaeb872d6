//! A database filled from its archive: every entry at the place in the log that it had.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{StoreError, to_i64, to_u64};

/// Whether nothing was ever stored that the log is about.
pub(crate) async fn is_empty(conn: &mut PgConnection) -> Result<bool, StoreError> {
    sqlx::query_scalar!(
        r#"SELECT NOT EXISTS (SELECT FROM batch) AND NOT EXISTS (SELECT FROM registry)
                  AND NOT EXISTS (SELECT FROM agent) AS "empty!""#
    )
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("look for what is stored"))
}

/// Gives a registry record the place that it had.
pub(crate) async fn place_record(
    conn: &mut PgConnection,
    (chain, entry): (&str, u64),
    log_index: u64,
) -> Result<(), StoreError> {
    let entry = i32::try_from(entry).map_err(|_| StoreError::Range { what: "entry" })?;
    sqlx::query!(
        "UPDATE registry SET log_index = $3 WHERE chain = $1 AND entry = $2",
        chain,
        entry,
        to_i64("log index", log_index)?,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("place a record"))?;
    Ok(())
}

/// Gives batches, by agent and number, the places that they had.
pub(crate) async fn place_batches(
    conn: &mut PgConnection,
    places: &[(i32, i64, i64)],
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE batch b SET log_index = p.idx
         FROM UNNEST($1::int[], $2::bigint[], $3::bigint[]) AS p (agent_id, seq, idx)
         WHERE b.agent_id = p.agent_id AND b.seq = p.seq",
        &places.iter().map(|p| p.0).collect::<Vec<_>>(),
        &places.iter().map(|p| p.1).collect::<Vec<_>>(),
        &places.iter().map(|p| p.2).collect::<Vec<_>>(),
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("place batches"))?;
    Ok(())
}

/// Makes the log of everything up to the first place that is empty, from the stored bytes; what
/// lies behind it waits for the sequencer. Gives the log's size.
pub(crate) async fn make_log(conn: &mut PgConnection) -> Result<u64, StoreError> {
    let failed = || StoreError::query("make the log anew");
    sqlx::query!(
        r"WITH placed AS (
              SELECT log_index, note, agent_id, seq, NULL::bigint AS registry_id FROM batch
              WHERE log_index IS NOT NULL
              UNION ALL
              SELECT log_index, note, NULL, NULL, id FROM registry WHERE log_index IS NOT NULL
          ),
          counted AS (SELECT *, row_number() OVER (ORDER BY log_index) - 1 AS n FROM placed)
          INSERT INTO log_entry (idx, leaf_hash, agent_id, seq, registry_id)
          SELECT log_index, sha256('\x00'::bytea || note), agent_id, seq, registry_id
          FROM counted WHERE n = log_index"
    )
    .execute(&mut *conn)
    .await
    .map_err(failed())?;
    let size = sqlx::query_scalar!(r#"SELECT count(*) AS "size!" FROM log_entry"#)
        .fetch_one(&mut *conn)
        .await
        .map_err(failed())?;
    sqlx::query!(
        "UPDATE batch SET log_index = NULL WHERE log_index >= $1",
        size
    )
    .execute(&mut *conn)
    .await
    .map_err(failed())?;
    sqlx::query!(
        "UPDATE registry SET log_index = NULL WHERE log_index >= $1",
        size
    )
    .execute(&mut *conn)
    .await
    .map_err(failed())?;
    sqlx::query!(
        "DELETE FROM log_pending p USING log_entry e
         WHERE e.agent_id = p.agent_id AND e.seq = p.seq OR e.registry_id = p.registry_id"
    )
    .execute(conn)
    .await
    .map_err(failed())?;
    to_u64("count(log_entry)", size)
}

/// A cosignature at the place among all that it had.
pub(crate) struct Cosignature<'a> {
    pub(crate) id: i64,
    pub(crate) size: u64,
    pub(crate) agent: i32,
    pub(crate) signed_at: DateTime<Utc>,
    pub(crate) line: &'a str,
}

pub(crate) async fn insert_cosignature(
    conn: &mut PgConnection,
    cosignature: &Cosignature<'_>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO cosignature (id, size, agent_id, signed_at, line) OVERRIDING SYSTEM VALUE
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        cosignature.id,
        to_i64("log size", cosignature.size)?,
        cosignature.agent,
        cosignature.signed_at,
        cosignature.line,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("store a cosignature"))?;
    Ok(())
}

/// Sizes of the cosigned checkpoints with the time of their first cosignature, in the order in
/// which they got it; further cosignatures get numbers beyond.
pub(crate) async fn anchors(
    conn: &mut PgConnection,
) -> Result<Vec<(u64, DateTime<Utc>)>, StoreError> {
    let failed = || StoreError::query("order cosignatures");
    sqlx::query!(
        "SELECT setval(pg_get_serial_sequence('cosignature', 'id'),
                       COALESCE(max(id), 0) + 1, false) FROM cosignature"
    )
    .fetch_one(&mut *conn)
    .await
    .map_err(failed())?;
    let rows = sqlx::query!(
        r#"SELECT size, (array_agg(signed_at ORDER BY id))[1] AS "at!" FROM cosignature
           GROUP BY size ORDER BY min(id)"#
    )
    .fetch_all(conn)
    .await
    .map_err(failed())?;
    rows.into_iter()
        .map(|row| Ok((to_u64("cosignature.size", row.size)?, row.at)))
        .collect()
}
