//! Items on which a job fails for what is stored: tried a few times, then set aside.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tracing::error;

use super::StoreError;

/// Tries after which an item is set aside.
pub(crate) const TRIES_MAX: i32 = 5;
/// Characters of an error that are kept.
const ERROR_CHARS_MAX: usize = 500;

/// An item that failed.
#[derive(Debug)]
pub(crate) struct Poison {
    pub(crate) job: String,
    pub(crate) key: String,
    pub(crate) error: String,
    pub(crate) tries: i32,
    pub(crate) first_at: DateTime<Utc>,
    pub(crate) last_at: DateTime<Utc>,
}

/// How an item of a job came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settled {
    /// Done; failures before are forgotten.
    Done,
    /// It failed for what is stored, which is noted; others go on.
    Failed,
}

/// Keeps how an item came out. Fails as `done` did where that was not about what is stored.
pub(crate) async fn settle(
    conn: &mut PgConnection,
    (job, key): (&'static str, &str),
    done: Result<(), StoreError>,
    now: DateTime<Utc>,
) -> Result<Settled, StoreError> {
    match done {
        Ok(()) => {
            clear(conn, job, key).await?;
            Ok(Settled::Done)
        }
        Err(failure) if failure.is_about_data() => {
            let tries = note(conn, (job, key), &failure, now).await?;
            error!(
                error = &failure as &dyn std::error::Error,
                job.name = job,
                job.tries = tries,
                "failed on {key}, {tries} times by now"
            );
            Ok(Settled::Failed)
        }
        Err(failure) => Err(failure),
    }
}

/// Notes a failure; gives how many there were by now.
async fn note(
    conn: &mut PgConnection,
    (job, key): (&str, &str),
    failure: &StoreError,
    now: DateTime<Utc>,
) -> Result<i32, StoreError> {
    let error: String = failure.to_string().chars().take(ERROR_CHARS_MAX).collect();
    sqlx::query_scalar!(
        "INSERT INTO job_poison (job, key, error, tries, first_at, last_at)
         VALUES ($1, $2, $3, 1, $4, $4)
         ON CONFLICT (job, key) DO UPDATE
         SET error = EXCLUDED.error, tries = job_poison.tries + 1, last_at = EXCLUDED.last_at
         RETURNING tries",
        job,
        key,
        error,
        now,
    )
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("note a failed item"))
}

/// Items of a job that failed and have not succeeded since.
pub(crate) async fn keys(
    conn: &mut PgConnection,
    job: &str,
) -> Result<BTreeSet<String>, StoreError> {
    let keys = sqlx::query_scalar!("SELECT key FROM job_poison WHERE job = $1", job)
        .fetch_all(conn)
        .await
        .map_err(StoreError::query("list failed items of a job"))?;
    Ok(keys.into_iter().collect())
}

/// Whether an item is set aside.
pub(crate) async fn is_set_aside(
    conn: &mut PgConnection,
    job: &str,
    key: &str,
) -> Result<bool, StoreError> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM job_poison WHERE job = $1 AND key = $2 AND tries >= $3)
                  AS "aside!""#,
        job,
        key,
        TRIES_MAX,
    )
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("look for a set-aside item"))
}

/// Forgets an item's failures: it succeeded.
async fn clear(conn: &mut PgConnection, job: &str, key: &str) -> Result<(), StoreError> {
    sqlx::query!(
        "DELETE FROM job_poison WHERE job = $1 AND key = $2",
        job,
        key
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("clear an item"))?;
    Ok(())
}

/// Forgets all failures, so that everything is tried again: after a repair.
pub(crate) async fn clear_all(conn: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!("DELETE FROM job_poison")
        .execute(conn)
        .await
        .map_err(StoreError::query("clear all items"))?;
    Ok(())
}

/// What failed and has not succeeded since, the newest first.
pub(crate) async fn list(conn: &mut PgConnection, limit: i64) -> Result<Vec<Poison>, StoreError> {
    sqlx::query_as!(
        Poison,
        "SELECT job, key, error, tries, first_at, last_at FROM job_poison
         ORDER BY last_at DESC, job, key LIMIT $1",
        limit
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list failed items"))
}
