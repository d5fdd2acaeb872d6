//! What stands in the way of dropping a day.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;

use super::StoreError;
use super::partition::Table;

/// Names of the targets that have samples in `[from, to)`.
pub(crate) async fn sampled_targets(
    conn: &mut PgConnection,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<String>, StoreError> {
    sqlx::query_scalar!(
        "SELECT t.name FROM target t
         WHERE EXISTS (SELECT FROM sample s WHERE s.target_id = t.id
                       AND s.slot_at >= $1 AND s.slot_at < $2)
         ORDER BY 1",
        from,
        to,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list the targets of a day"))
}

/// Names of all targets.
pub(crate) async fn targets(conn: &mut PgConnection) -> Result<Vec<String>, StoreError> {
    sqlx::query_scalar!("SELECT name FROM target ORDER BY 1")
        .fetch_all(conn)
        .await
        .map_err(StoreError::query("list targets"))
}

/// Whether hours around `[from, to)` wait for their cells.
pub(crate) async fn is_uncounted(
    conn: &mut PgConnection,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<bool, StoreError> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM cell_dirty
                          WHERE hour_at >= $1::timestamptz - interval '1 hour'
                            AND hour_at <= $2) AS "any!""#,
        from,
        to,
    )
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("look for uncounted hours"))
}

/// Whether a batch received in `[from, to)` has no place in the log yet.
pub(crate) async fn is_unlogged(
    conn: &mut PgConnection,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<bool, StoreError> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM batch
                          WHERE received_at >= $1 AND received_at < $2 AND log_index IS NULL)
                  AS "any!""#,
        from,
        to,
    )
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("look for unlogged batches"))
}

/// Whether a batch received in `[from, to)` speaks of the days of a hold. A day more at the start
/// and two at the end: repeats run over, and a chain is closed by the batch after.
pub(crate) async fn is_cited(
    conn: &mut PgConnection,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    (first, last): (NaiveDate, NaiveDate),
) -> Result<bool, StoreError> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM batch
                          WHERE received_at >= $1 AND received_at < $2
                            AND wall_last_at >= ($3::date - 1)::timestamp AT TIME ZONE 'UTC'
                            AND wall_first_at < ($4::date + 3)::timestamp AT TIME ZONE 'UTC')
                  AS "any!""#,
        from,
        to,
        first,
        last,
    )
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("look for cited batches"))
}

/// Days of batches that were stored before raw bytes had partitions.
pub(crate) async fn unpartitioned_days(
    conn: &mut PgConnection,
) -> Result<Vec<NaiveDate>, StoreError> {
    sqlx::query_scalar!(
        r#"SELECT DISTINCT (received_at AT TIME ZONE 'UTC')::date AS "day!" FROM batch
           WHERE body IS NOT NULL ORDER BY 1"#
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list days without partition"))
}

/// Forgets the raw bytes of batches that were stored before these had partitions.
pub(crate) async fn forget_unpartitioned(
    conn: &mut PgConnection,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "UPDATE batch SET body = NULL
         WHERE received_at >= $1 AND received_at < $2 AND body IS NOT NULL",
        from,
        to,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("forget raw bytes"))?;
    Ok(done.rows_affected())
}

/// The days that were dropped.
pub(crate) async fn dropped_days(
    conn: &mut PgConnection,
    table: Table,
) -> Result<BTreeSet<NaiveDate>, StoreError> {
    let days = sqlx::query_scalar!("SELECT day FROM day_dropped WHERE kind = $1", table.kind())
        .fetch_all(conn)
        .await
        .map_err(StoreError::query("list dropped days"))?;
    Ok(days.into_iter().collect())
}

/// What was dropped so far.
#[derive(Debug)]
pub(crate) struct Dropped {
    pub(crate) kind: String,
    pub(crate) days: i64,
    pub(crate) rows: i64,
    pub(crate) first_day: NaiveDate,
    pub(crate) last_day: NaiveDate,
    pub(crate) last_at: DateTime<Utc>,
}

pub(crate) async fn dropped(conn: &mut PgConnection) -> Result<Vec<Dropped>, StoreError> {
    sqlx::query_as!(
        Dropped,
        r#"SELECT kind, count(*) AS "days!", sum(dropped_rows)::bigint AS "rows!",
                  min(day) AS "first_day!", max(day) AS "last_day!", max(dropped_at) AS "last_at!"
           FROM day_dropped GROUP BY kind ORDER BY kind"#
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("count dropped days"))
}
