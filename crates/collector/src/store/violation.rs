//! Breached commitments, one row per window; nothing is ever deleted.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::StoreError;

/// A breached commitment in one window.
#[derive(Clone, Debug)]
pub(crate) struct Violation {
    pub(crate) name: String,
    pub(crate) contract: String,
    pub(crate) contract_key: i32,
    pub(crate) commitment: String,
    pub(crate) window_start_at: DateTime<Utc>,
    pub(crate) detected_at: DateTime<Utc>,
    pub(crate) withdrawn_at: Option<DateTime<Utc>>,
}

/// Records a breach; true where it is new. A breach that had been withdrawn stands again.
pub(crate) async fn detect(
    conn: &mut PgConnection,
    violation: &Violation,
) -> Result<bool, StoreError> {
    sqlx::query_scalar!(
        r#"INSERT INTO violation (name, contract_id, commitment, window_start_at, detected_at)
           VALUES ($1, $2, $3, $4, $5)
           ON CONFLICT (contract_id, commitment, window_start_at)
           DO UPDATE SET withdrawn_at = NULL
           RETURNING (xmax = 0) AS "new!""#,
        violation.name,
        violation.contract_key,
        violation.commitment,
        violation.window_start_at,
        violation.detected_at,
    )
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("record a violation"))
}

/// Notes that a correction took a breach back.
pub(crate) async fn withdraw(
    conn: &mut PgConnection,
    contract: i32,
    commitment: &str,
    window_start_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE violation SET withdrawn_at = $4
         WHERE contract_id = $1 AND commitment = $2 AND window_start_at = $3
           AND withdrawn_at IS NULL",
        contract,
        commitment,
        window_start_at,
        now,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("withdraw a violation"))?;
    Ok(())
}

pub(crate) async fn list(
    conn: &mut PgConnection,
    limit: i64,
) -> Result<Vec<Violation>, StoreError> {
    sqlx::query_as!(
        Violation,
        "SELECT v.name, c.name AS contract, c.id AS contract_key, v.commitment,
                v.window_start_at, v.detected_at, v.withdrawn_at
         FROM violation v JOIN contract c ON c.id = v.contract_id
         ORDER BY v.detected_at DESC LIMIT $1",
        limit
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list violations"))
}

pub(crate) async fn find(
    conn: &mut PgConnection,
    name: &str,
) -> Result<Option<Violation>, StoreError> {
    sqlx::query_as!(
        Violation,
        "SELECT v.name, c.name AS contract, c.id AS contract_key, v.commitment,
                v.window_start_at, v.detected_at, v.withdrawn_at
         FROM violation v JOIN contract c ON c.id = v.contract_id WHERE v.name = $1",
        name
    )
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("find a violation"))
}
