//! What happens to claims: their states, and the history of them.

use chrono::{DateTime, Utc};
use sla::Money;
use sqlx::PgConnection;

use super::Happened;
use crate::claim::{ClaimEvent, ClaimState};
use crate::store::{StoreError, to_i64};

/// Adds to a claim's history.
pub(crate) async fn note(
    conn: &mut PgConnection,
    claim: &str,
    happened: Happened<'_>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let paid = happened.paid.map(Money::minor);
    let paid = paid.map(|minor| to_i64("paid", minor)).transpose()?;
    sqlx::query!(
        "INSERT INTO claim_event (claim, at, actor, what, detail, paid_minor)
         VALUES ($1, $2, $3, $4, $5, $6)",
        claim,
        now,
        happened.actor,
        happened.what,
        happened.detail,
        paid,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("note what happened to a claim"))?;
    Ok(())
}

/// A claim's history, oldest first.
pub(crate) async fn history(
    conn: &mut PgConnection,
    claim: &str,
    limit: i64,
) -> Result<Vec<ClaimEvent>, StoreError> {
    sqlx::query_as!(
        ClaimEvent,
        "SELECT at, actor, what, detail FROM claim_event WHERE claim = $1 ORDER BY id LIMIT $2",
        claim,
        limit,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list a claim's history"))
}

/// Holds a claim as it is until the transaction ends; false where there is none.
pub(crate) async fn lock(conn: &mut PgConnection, claim: &str) -> Result<bool, StoreError> {
    let found = sqlx::query_scalar!("SELECT name FROM claim WHERE name = $1 FOR UPDATE", claim)
        .fetch_optional(conn)
        .await
        .map_err(StoreError::query("lock a claim"))?;
    Ok(found.is_some())
}

/// Takes a claim to a state; a word that is not given stays as it was.
pub(crate) async fn advance(
    conn: &mut PgConnection,
    claim: &str,
    (state, reference, reason): (ClaimState, Option<&str>, Option<&str>),
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE claim SET state = $2, reference = COALESCE($3, reference),
                reason = COALESCE($4, reason),
                filed_at = CASE WHEN $2 = 'filed' THEN $5::timestamptz ELSE filed_at END,
                settled_at = CASE WHEN $6 THEN $5::timestamptz END
         WHERE name = $1",
        claim,
        state.as_str(),
        reference,
        reason,
        now,
        state.is_settled(),
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("take a claim to a state"))?;
    Ok(())
}

/// Lets claims expire that were never filed and are past their last literal deadline; gives their
/// names.
pub(crate) async fn expire(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<Vec<String>, StoreError> {
    sqlx::query_scalar!(
        "UPDATE claim c SET state = 'expired', settled_at = $1
         FROM claim_revision r
         WHERE r.claim = c.name AND c.state = 'drafted' AND r.due_literal_at <= $1
           AND r.revision = (SELECT max(revision) FROM claim_revision WHERE claim = c.name)
         RETURNING c.name",
        now,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("let claims expire"))
}
