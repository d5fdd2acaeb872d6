//! Tokens of outside authorities over checkpoints.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{StoreError, to_i64, to_u64};

/// The largest checkpoint that somebody has cosigned.
#[derive(Debug)]
pub(crate) struct Newest {
    pub(crate) size: u64,
    pub(crate) note: String,
}

/// A token to keep.
#[derive(Debug)]
pub(crate) struct Stamped<'a> {
    pub(crate) size: u64,
    pub(crate) authority: &'a str,
    pub(crate) response: &'a [u8],
    /// The time in the token.
    pub(crate) at: DateTime<Utc>,
    pub(crate) received_at: DateTime<Utc>,
}

/// What an authority has given so far.
#[derive(Debug)]
pub(crate) struct ByAuthority {
    pub(crate) authority: String,
    pub(crate) tokens: i64,
    /// Of its last token.
    pub(crate) size: u64,
    pub(crate) stamped_at: DateTime<Utc>,
    pub(crate) received_at: DateTime<Utc>,
}

/// The largest cosigned checkpoint: no larger one was cosigned before it, so that it dates
/// something and bundles carry it.
pub(crate) async fn newest_cosigned(conn: &mut PgConnection) -> Result<Option<Newest>, StoreError> {
    let row = sqlx::query!(
        "SELECT size, note FROM checkpoint p
         WHERE EXISTS (SELECT FROM cosignature c WHERE c.size = p.size)
         ORDER BY size DESC LIMIT 1"
    )
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("find the newest cosigned checkpoint"))?;
    row.map(|row| {
        let size = to_u64("checkpoint.size", row.size)?;
        let note = row.note;
        Ok(Newest { size, note })
    })
    .transpose()
}

/// By authority, in the order of their names.
pub(crate) async fn by_authority(conn: &mut PgConnection) -> Result<Vec<ByAuthority>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT DISTINCT ON (authority) authority, size, stamped_at, received_at,
                  count(*) OVER (PARTITION BY authority) AS "tokens!"
           FROM checkpoint_timestamp ORDER BY authority, id DESC"#
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list timestamps by authority"))?;
    rows.into_iter()
        .map(|row| {
            Ok(ByAuthority {
                size: to_u64("checkpoint_timestamp.size", row.size)?,
                authority: row.authority,
                tokens: row.tokens,
                stamped_at: row.stamped_at,
                received_at: row.received_at,
            })
        })
        .collect()
}

pub(crate) async fn insert(
    conn: &mut PgConnection,
    stamped: &Stamped<'_>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO checkpoint_timestamp (size, authority, response, stamped_at, received_at)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        to_i64("log size", stamped.size)?,
        stamped.authority,
        stamped.response,
        stamped.at,
        stamped.received_at,
    )
    .execute(conn)
    .await
    .map(drop)
    .map_err(StoreError::query("store a timestamp"))
}

/// Sizes and answers over checkpoints larger than `after`, up to `last`, in the order of size and
/// receipt.
pub(crate) async fn between(
    conn: &mut PgConnection,
    (after, last): (u64, u64),
) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
    let rows = sqlx::query!(
        "SELECT size, response FROM checkpoint_timestamp
         WHERE size > $1 AND size <= $2 ORDER BY size, id",
        to_i64("log size", after)?,
        to_i64("log size", last)?,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list timestamps"))?;
    rows.into_iter()
        .map(|row| Ok((to_u64("checkpoint_timestamp.size", row.size)?, row.response)))
        .collect()
}
