//! The log's own records, as the archive keeps them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::archive::lines::{CheckpointLine, CosignatureLine, RecordLine};
use crate::store::{StoreError, to_u64};

/// Half-open, as everywhere.
type Window = (DateTime<Utc>, DateTime<Utc>);

/// Whether a registry record of a window has no place in the log yet.
pub(crate) async fn is_unlogged(
    conn: &mut PgConnection,
    (from, to): Window,
) -> Result<bool, StoreError> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM registry
                          WHERE at >= $1 AND at < $2 AND log_index IS NULL) AS "any!""#,
        from,
        to,
    )
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("look for unlogged records"))
}

/// The registry records made in a window, those after a number, with the number of the last.
pub(crate) async fn records(
    conn: &mut PgConnection,
    (from, to): Window,
    after: i64,
    limit: i64,
) -> Result<(i64, Vec<RecordLine>), StoreError> {
    let rows = sqlx::query!(
        r#"SELECT id, chain, at, body, note, log_index AS "log_index!" FROM registry
           WHERE at >= $1 AND at < $2 AND id > $3 ORDER BY id LIMIT $4"#,
        from,
        to,
        after,
        limit,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list records to archive"))?;
    let last = rows.last().map_or(after, |row| row.id);
    let lines = rows.into_iter().map(|row| {
        Ok(RecordLine {
            chain: row.chain,
            at_us: row.at.into(),
            body: text("registry.body", row.body)?,
            note: text("registry.note", row.note)?,
            log_index: to_u64("registry.log_index", row.log_index)?,
        })
    });
    Ok((last, lines.collect::<Result<_, StoreError>>()?))
}

/// The checkpoints signed in a window, those beyond a size, with the size of the last.
pub(crate) async fn checkpoints(
    conn: &mut PgConnection,
    (from, to): Window,
    after: i64,
    limit: i64,
) -> Result<(i64, Vec<CheckpointLine>), StoreError> {
    let rows = sqlx::query!(
        "SELECT size, note, created_at FROM checkpoint
         WHERE created_at >= $1 AND created_at < $2 AND size > $3 ORDER BY size LIMIT $4",
        from,
        to,
        after,
        limit,
    )
    .fetch_all(&mut *conn)
    .await
    .map_err(StoreError::query("list checkpoints to archive"))?;
    let sizes: Vec<i64> = rows.iter().map(|row| row.size).collect();
    let mut cosigned = cosignatures(conn, &sizes).await?;
    let lines = rows.into_iter().map(|row| {
        Ok(CheckpointLine {
            size: to_u64("checkpoint.size", row.size)?,
            created_us: row.created_at.into(),
            note: row.note,
            cosignatures: cosigned.remove(&row.size).unwrap_or_default(),
        })
    });
    let last = sizes.last().copied().unwrap_or(after);
    Ok((last, lines.collect::<Result<_, StoreError>>()?))
}

async fn cosignatures(
    conn: &mut PgConnection,
    sizes: &[i64],
) -> Result<BTreeMap<i64, Vec<CosignatureLine>>, StoreError> {
    let rows = sqlx::query!(
        "SELECT c.id, c.size, a.name, c.line FROM cosignature c JOIN agent a ON a.id = c.agent_id
         WHERE c.size = ANY($1::bigint[]) ORDER BY c.id",
        sizes,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list cosignatures to archive"))?;
    let mut by_size: BTreeMap<i64, Vec<CosignatureLine>> = BTreeMap::new();
    for row in rows {
        by_size.entry(row.size).or_default().push(CosignatureLine {
            id: row.id,
            agent: row.name,
            line: row.line,
        });
    }
    Ok(by_size)
}

fn text(column: &'static str, bytes: Vec<u8>) -> Result<String, StoreError> {
    String::from_utf8(bytes).map_err(|e| StoreError::inconsistent(column, e))
}
