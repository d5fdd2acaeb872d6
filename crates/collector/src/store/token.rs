//! One-time join tokens, known by their hash only.

use chrono::{DateTime, Utc};
use domain::AgentId;
use sqlx::PgConnection;

use super::StoreError;

pub(crate) async fn insert(
    conn: &mut PgConnection,
    token_sha256: &[u8; 32],
    agent: &AgentId,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO join_token (token_sha256, agent, created_at, expires_at)
         VALUES ($1, $2, $3, $4)",
        &token_sha256[..],
        agent.as_str(),
        created_at,
        expires_at,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("store a join token"))?;
    Ok(())
}

/// Uses a token up: true where it was minted for this agent, unused and not expired.
pub(crate) async fn redeem(
    conn: &mut PgConnection,
    token_sha256: &[u8; 32],
    agent: &AgentId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "UPDATE join_token SET used_at = $3
         WHERE token_sha256 = $1 AND agent = $2 AND used_at IS NULL AND expires_at > $3",
        &token_sha256[..],
        agent.as_str(),
        now,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("redeem a join token"))?;
    Ok(done.rows_affected() == 1)
}
