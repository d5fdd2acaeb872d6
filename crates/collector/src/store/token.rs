//! One-time join tokens, known by their hash only.

use chrono::{DateTime, Utc};
use domain::AgentId;
use sqlx::PgConnection;

use super::StoreError;

pub(crate) async fn insert(
    conn: &mut PgConnection,
    token_sha256: &[u8; 32],
    new: &NewToken<'_>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO join_token (token_sha256, agent, supersedes, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5)",
        &token_sha256[..],
        new.agent.as_str(),
        new.supersedes.map(AgentId::as_str),
        new.created_at,
        new.expires_at,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("store a join token"))?;
    Ok(())
}

/// A token to be stored.
pub(crate) struct NewToken<'a> {
    pub(crate) agent: &'a AgentId,
    /// The lost agent that it takes the place of.
    pub(crate) supersedes: Option<&'a AgentId>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
}

/// What a used token was minted for.
pub(crate) struct Redeemed {
    /// The lost agent that its bearer takes the place of.
    pub(crate) supersedes: Option<AgentId>,
}

/// Uses a token up; `None` where it was not minted for this agent, was used, or expired.
pub(crate) async fn redeem(
    conn: &mut PgConnection,
    token_sha256: &[u8; 32],
    agent: &AgentId,
    now: DateTime<Utc>,
) -> Result<Option<Redeemed>, StoreError> {
    let supersedes = sqlx::query_scalar!(
        "UPDATE join_token SET used_at = $3
         WHERE token_sha256 = $1 AND agent = $2 AND used_at IS NULL AND expires_at > $3
         RETURNING supersedes",
        &token_sha256[..],
        agent.as_str(),
        now,
    )
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("redeem a join token"))?;
    let Some(supersedes) = supersedes else {
        return Ok(None);
    };
    let supersedes = supersedes.map(|name| {
        name.parse()
            .map_err(|_| StoreError::inconsistent("join_token.supersedes", &name))
    });
    Ok(Some(Redeemed {
        supersedes: supersedes.transpose()?,
    }))
}
