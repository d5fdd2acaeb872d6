//! Packed cells, and the marks that say which hours must be computed again.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use domain::CellHour;
use sqlx::PgConnection;

use super::StoreError;

/// Compression of a packed hour: cheap, for there are many and they are small.
const ZSTD_LEVEL: i32 = 1;
/// Unpacked size of one hour: far above 60 minutes of any real number of classes.
const UNPACKED_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A target and an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TargetHour {
    pub(crate) target: i32,
    pub(crate) hour_at: DateTime<Utc>,
}

/// Marks hours to be counted, and holds the marks until this transaction ends.
///
/// A mark that stands already must be held, too: a job that took it now would count without what
/// this transaction is about to commit, and no mark would be left. Jobs skip marks that are held;
/// one that was taken meanwhile is set again.
pub(crate) async fn mark(
    conn: &mut PgConnection,
    hours: &BTreeSet<TargetHour>,
) -> Result<(), StoreError> {
    let targets: Vec<i32> = hours.iter().map(|h| h.target).collect();
    let starts: Vec<DateTime<Utc>> = hours.iter().map(|h| h.hour_at).collect();
    loop {
        let held = sqlx::query!(
            "SELECT d.target_id FROM cell_dirty d
             JOIN UNNEST($1::int[], $2::timestamptz[]) AS m (target_id, hour_at)
                 USING (target_id, hour_at)
             ORDER BY d.target_id, d.hour_at
             FOR KEY SHARE OF d",
            &targets,
            &starts,
        )
        .fetch_all(&mut *conn)
        .await
        .map_err(StoreError::query("hold marks"))?;
        if held.len() == hours.len() {
            return Ok(());
        }
        sqlx::query!(
            "INSERT INTO cell_dirty (target_id, hour_at)
             SELECT * FROM UNNEST($1::int[], $2::timestamptz[]) ORDER BY 1, 2
             ON CONFLICT DO NOTHING",
            &targets,
            &starts,
        )
        .execute(&mut *conn)
        .await
        .map_err(StoreError::query("mark hours"))?;
    }
}

/// Marks every target's hours in `[from, to]`; see [`mark`].
pub(crate) async fn mark_span(
    conn: &mut PgConnection,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<(), StoreError> {
    let hours = sqlx::query!(
        r#"SELECT t.id, h AS "hour_at!"
           FROM target t,
                generate_series(date_trunc('hour', $1::timestamptz, 'UTC'), $2, '1 hour') AS h"#,
        from,
        to,
    )
    .fetch_all(&mut *conn)
    .await
    .map_err(StoreError::query("list a span"))?;
    let hours = hours.into_iter().map(|row| TargetHour {
        target: row.id,
        hour_at: row.hour_at,
    });
    mark(conn, &hours.collect()).await
}

/// One of several equal parts of all targets, by their numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    /// Which, from 0.
    pub(crate) nth: i32,
    /// Of how many.
    pub(crate) of: i32,
}

/// Takes marked hours of a share of the targets that closed before `closed_at`, for this
/// transaction.
pub(crate) async fn take_dirty(
    conn: &mut PgConnection,
    closed_at: DateTime<Utc>,
    share: Share,
    limit: i64,
) -> Result<Vec<(TargetHour, String)>, StoreError> {
    let rows = sqlx::query!(
        r#"DELETE FROM cell_dirty d USING target t
           WHERE t.id = d.target_id AND (d.target_id, d.hour_at) IN (
               SELECT target_id, hour_at FROM cell_dirty
               WHERE hour_at <= $1::timestamptz - interval '1 hour'
                 AND target_id % $5::int = $4::int
                 AND NOT EXISTS (SELECT FROM job_poison p
                                 WHERE p.job = 'cells' AND p.tries >= $3
                                   AND p.key = target_id || ' ' || extract(epoch FROM hour_at)::bigint)
               ORDER BY hour_at, target_id LIMIT $2 FOR UPDATE SKIP LOCKED)
           RETURNING d.target_id, d.hour_at, t.name"#,
        closed_at,
        limit,
        super::poison::TRIES_MAX,
        share.nth,
        share.of,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("take marked hours"))?;
    let key = |target, hour_at| TargetHour { target, hour_at };
    Ok(rows
        .into_iter()
        .map(|row| (key(row.target_id, row.hour_at), row.name))
        .collect())
}

/// Replaces the cells of an hour; true where that changed anything.
pub(crate) async fn replace(
    conn: &mut PgConnection,
    at: TargetHour,
    cells: &[(i32, CellHour)],
) -> Result<bool, StoreError> {
    let mut agents = Vec::with_capacity(cells.len());
    let mut packed = Vec::with_capacity(cells.len());
    let mut compressor = compressor()?;
    for (agent, cell) in cells {
        agents.push(*agent);
        packed.push(pack(&mut compressor, cell)?);
    }
    let done = sqlx::query!(
        "INSERT INTO cell (target_id, hour_at, agent_id, packed)
         SELECT $1, $2, * FROM UNNEST($3::int[], $4::bytea[])
         ON CONFLICT (target_id, hour_at, agent_id) DO UPDATE SET packed = EXCLUDED.packed
         WHERE cell.packed IS DISTINCT FROM EXCLUDED.packed",
        at.target,
        at.hour_at,
        &agents,
        &packed,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("replace cells"))?;
    Ok(done.rows_affected() > 0)
}

/// Stored cells of an hour by agent; those that cannot be unpacked say so.
pub(crate) async fn find(
    conn: &mut PgConnection,
    at: TargetHour,
) -> Result<BTreeMap<i32, Result<CellHour, StoreError>>, StoreError> {
    let rows = sqlx::query!(
        "SELECT agent_id, packed FROM cell WHERE target_id = $1 AND hour_at = $2",
        at.target,
        at.hour_at,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("find cells"))?;
    let mut unpacker = Unpacker::new()?;
    let cells = rows.into_iter();
    Ok(cells
        .map(|row| (row.agent_id, unpacker.unpack(&row.packed)))
        .collect())
}

/// Forgets the cells of an hour and marks it, so that they are computed again.
pub(crate) async fn forget(conn: &mut PgConnection, at: TargetHour) -> Result<(), StoreError> {
    sqlx::query!(
        "WITH gone AS (DELETE FROM cell WHERE target_id = $1 AND hour_at = $2)
         INSERT INTO cell_dirty (target_id, hour_at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        at.target,
        at.hour_at,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("forget cells"))?;
    Ok(())
}

/// Stored cells of the targets in `[from, to)`, without the hours that are marked.
pub(crate) async fn list(
    conn: &mut PgConnection,
    targets: &[String],
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<CellHour>, StoreError> {
    let rows = sqlx::query_scalar!(
        "SELECT c.packed FROM cell c JOIN target t ON t.id = c.target_id
         WHERE t.name = ANY($1) AND c.hour_at >= $2 AND c.hour_at < $3
           AND NOT EXISTS (SELECT FROM cell_dirty d
                           WHERE d.target_id = c.target_id AND d.hour_at = c.hour_at)",
        targets,
        from,
        to,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list cells"))?;
    let mut unpacker = Unpacker::new()?;
    rows.iter().map(|packed| unpacker.unpack(packed)).collect()
}

/// Marked hours of the targets in `[from, to)`: what has to be read from samples.
pub(crate) async fn list_dirty(
    conn: &mut PgConnection,
    targets: &[String],
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<(TargetHour, String)>, StoreError> {
    let rows = sqlx::query!(
        "SELECT d.target_id, d.hour_at, t.name FROM cell_dirty d JOIN target t ON t.id = d.target_id
         WHERE t.name = ANY($1) AND d.hour_at >= $2 AND d.hour_at < $3 ORDER BY 2, 1",
        targets,
        from,
        to,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list marked hours"))?;
    let key = |target, hour_at| TargetHour { target, hour_at };
    Ok(rows
        .into_iter()
        .map(|row| (key(row.target_id, row.hour_at), row.name))
        .collect())
}

fn compressor() -> Result<zstd::bulk::Compressor<'static>, StoreError> {
    zstd::bulk::Compressor::new(ZSTD_LEVEL)
        .map_err(|e| StoreError::inconsistent("cell.packed", e.to_string()))
}

fn pack(
    compressor: &mut zstd::bulk::Compressor<'static>,
    cell: &CellHour,
) -> Result<Vec<u8>, StoreError> {
    let bad = |e: &dyn std::fmt::Display| StoreError::inconsistent("cell.packed", e.to_string());
    let json = serde_json::to_vec(cell).map_err(|e| bad(&e))?;
    compressor.compress(&json).map_err(|e| bad(&e))
}

/// Unpacks hour after hour in the same memory: a month has thousands, each a few hundred bytes.
struct Unpacker {
    decompressor: zstd::bulk::Decompressor<'static>,
    json: Vec<u8>,
}

impl Unpacker {
    fn new() -> Result<Self, StoreError> {
        let decompressor = zstd::bulk::Decompressor::new()
            .map_err(|e| StoreError::inconsistent("cell.packed", e.to_string()))?;
        Ok(Self {
            decompressor,
            json: Vec::with_capacity(UNPACKED_BYTES_MAX),
        })
    }

    fn unpack(&mut self, packed: &[u8]) -> Result<CellHour, StoreError> {
        let bad =
            |e: &dyn std::fmt::Display| StoreError::inconsistent("cell.packed", e.to_string());
        self.json.clear();
        let unpacked = self
            .decompressor
            .decompress_to_buffer(packed, &mut self.json);
        unpacked.map_err(|e| bad(&e))?;
        serde_json::from_slice(&self.json).map_err(|e| bad(&e))
    }
}

#[cfg(test)]
mod tests {
    use sqlx::Connection as _;

    use super::*;
    use crate::lab::{Lab, utc};

    const ALL: Share = Share { nth: 0, of: 1 };

    #[tokio::test]
    async fn shares_take_every_mark_once() {
        let from = utc("2026-02-25T00:00:00Z");
        let lab = Lab::start("shares", from).await;
        lab.tamper(
            "INSERT INTO target (name) SELECT 'share-' || n FROM generate_series(1, 9) n;
             DELETE FROM cell_dirty;
             INSERT INTO cell_dirty SELECT id, h FROM target,
             generate_series('2026-02-25T00:00:00Z'::timestamptz, '2026-02-25T02:00:00Z', '1 hour') h",
        )
        .await;
        let all = lab.number("SELECT count(*) FROM cell_dirty").await;
        let now = utc("2026-02-26T00:00:00Z");
        let mut conn = PgConnection::connect(&lab.url).await.unwrap();
        let mut taken = Vec::new();
        for nth in 0..3 {
            let share = Share { nth, of: 3 };
            let hours = take_dirty(&mut conn, now, share, 1_000).await.unwrap();
            assert!(
                hours.iter().all(|(at, _)| at.target % 3 == nth),
                "{hours:?}"
            );
            taken.extend(hours.into_iter().map(|(at, _)| at));
        }
        assert!(taken.len() >= 27);
        assert_eq!(i64::try_from(taken.len()).unwrap(), all);
        let places: BTreeSet<_> = taken.iter().copied().collect();
        assert_eq!(places.len(), taken.len());
        assert_eq!(lab.number("SELECT count(*) FROM cell_dirty").await, 0);
        lab.stop().await;
    }

    #[tokio::test]
    async fn a_mark_that_stood_before_is_not_taken_while_what_it_is_for_is_not_committed() {
        let from = utc("2026-02-25T00:00:00Z");
        let mut lab = Lab::start("marks", from).await;
        lab.measure((from, utc("2026-02-25T01:00:00Z")), |_| false)
            .await;
        let mut ingest = PgConnection::connect(&lab.url).await.unwrap();
        let mut job = PgConnection::connect(&lab.url).await.unwrap();
        let now = utc("2026-02-26T00:00:00Z");
        let target = sqlx::query_scalar("SELECT id FROM target LIMIT 1");
        let at = TargetHour {
            target: target.fetch_one(&mut ingest).await.unwrap(),
            hour_at: utc("2026-02-25T10:00:00Z"),
        };
        mark(&mut ingest, &BTreeSet::from([at])).await.unwrap();

        let mut arriving = ingest.begin().await.unwrap();
        mark(&mut arriving, &BTreeSet::from([at])).await.unwrap();
        let takes = take_dirty(&mut job, now, ALL, 10).await.unwrap();
        assert!(!takes.iter().any(|(hour, _)| *hour == at), "{takes:?}");
        arriving.commit().await.unwrap();
        let takes = take_dirty(&mut job, now, ALL, 10).await.unwrap();
        assert!(takes.iter().any(|(hour, _)| *hour == at), "{takes:?}");
        lab.stop().await;
    }
}
