//! Which day's checkpoint reached which receiver.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;

use super::{StoreError, to_i64};

/// Key of the advisory lock of the one who posts, taken for a transaction.
const POST_LOCK: i64 = 0x6e69_6e65_7370_6f73; // "ninespos"

/// Takes the lock for this transaction; false where another collector posts.
pub(crate) async fn try_lock(conn: &mut PgConnection) -> Result<bool, StoreError> {
    sqlx::query_scalar!(
        r#"SELECT pg_try_advisory_xact_lock($1) AS "locked!""#,
        POST_LOCK
    )
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("take the lock for posting"))
}

/// What was tried of a day.
#[derive(Debug)]
pub(crate) struct Tried {
    pub(crate) tries: i32,
    pub(crate) last_at: DateTime<Utc>,
    pub(crate) delivered: bool,
}

pub(crate) async fn find(
    conn: &mut PgConnection,
    name: &str,
    day: NaiveDate,
) -> Result<Option<Tried>, StoreError> {
    sqlx::query_as!(
        Tried,
        r#"SELECT tries, tried_at AS last_at, delivered_at IS NOT NULL AS "delivered!"
           FROM checkpoint_post WHERE name = $1 AND day = $2"#,
        name,
        day
    )
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("find what was posted"))
}

/// Notes a try that gave nothing.
pub(crate) async fn failed(
    conn: &mut PgConnection,
    (name, day): (&str, NaiveDate),
    at: DateTime<Utc>,
    failure: &str,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO checkpoint_post AS p (name, day, tries, tried_at, failure)
         VALUES ($1, $2, 1, $3, $4)
         ON CONFLICT (name, day) DO UPDATE
         SET tries = p.tries + 1, tried_at = excluded.tried_at, failure = excluded.failure",
        name,
        day,
        at,
        failure
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("note a failed post"))?;
    Ok(())
}

/// Notes that the checkpoint of a size arrived.
pub(crate) async fn delivered(
    conn: &mut PgConnection,
    (name, day): (&str, NaiveDate),
    at: DateTime<Utc>,
    size: u64,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO checkpoint_post AS p (name, day, tries, tried_at, size, delivered_at)
         VALUES ($1, $2, 1, $3, $4, $3)
         ON CONFLICT (name, day) DO UPDATE
         SET tries = p.tries + 1, tried_at = excluded.tried_at, failure = NULL,
             size = excluded.size, delivered_at = excluded.delivered_at",
        name,
        day,
        at,
        to_i64("log size", size)?
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("note a post"))?;
    Ok(())
}

/// How a receiver stands.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    /// The last day that arrived, of which size, and when.
    pub(crate) last_day: Option<NaiveDate>,
    pub(crate) last_size: Option<i64>,
    pub(crate) last_at: Option<DateTime<Utc>>,
    /// Why the newest day has not arrived.
    pub(crate) failure: Option<String>,
    /// How often the newest day was tried.
    pub(crate) tries: Option<i32>,
}

pub(crate) async fn standing(conn: &mut PgConnection, name: &str) -> Result<Standing, StoreError> {
    let row = sqlx::query_as!(
        Standing,
        r#"SELECT d.day AS "last_day?", d.size AS "last_size?", d.delivered_at AS "last_at?",
                  n.failure AS "failure?", n.tries AS "tries?"
           FROM (SELECT * FROM checkpoint_post WHERE name = $1 ORDER BY day DESC LIMIT 1) n
           LEFT JOIN (SELECT * FROM checkpoint_post WHERE name = $1 AND delivered_at IS NOT NULL
                      ORDER BY day DESC LIMIT 1) d ON true"#,
        name
    )
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("find how a receiver stands"))?;
    Ok(row.unwrap_or_default())
}
