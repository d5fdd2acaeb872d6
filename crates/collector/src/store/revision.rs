//! Final assessments that follow others, and the marks that say which windows to judge again.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use evidence::hash::Hash;
use sla::Assessment;
use sqlx::PgConnection;

use super::assessment::Stored;
use super::cell::TargetHour;
use super::{StoreError, poison, to_hash};

/// A window of a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ContractWindow {
    /// Key of the contract.
    pub(crate) contract: i32,
    pub(crate) start_at: DateTime<Utc>,
}

/// Why a final assessment was followed by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Evidence came in, or was dated, after it was made.
    Evidence,
    /// A rebuild found that it did not follow from the raw batches.
    Rebuild,
}

impl Cause {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Evidence => "evidence",
            Self::Rebuild => "rebuild",
        }
    }
}

/// A revision with the one that it replaces.
#[derive(Clone, Debug)]
pub(crate) struct Revision {
    /// Its number, at least 1.
    pub(crate) number: i32,
    pub(crate) assessment: Assessment,
    pub(crate) replaced: Assessment,
    /// SHA-256 of the replaced assessment's JSON as it is stored; absent where the revision was
    /// made before this was kept, as are the cause and the time.
    pub(crate) replaces_sha256: Option<Hash>,
    pub(crate) cause: Option<Cause>,
    pub(crate) revised_at: Option<DateTime<Utc>>,
}

struct Row {
    revision: i32,
    body: String,
    replaced: String,
    replaces_sha256: Option<Vec<u8>>,
    cause: Option<String>,
    revised_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Revision {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let read = |body: &str| {
            serde_json::from_str(body).map_err(|e| StoreError::inconsistent("assessment.body", e))
        };
        let replaces = row.replaces_sha256.as_deref();
        let replaces = replaces.map(|bytes| to_hash("assessment.replaces_sha256", bytes));
        let cause = match row.cause.as_deref() {
            None => None,
            Some("evidence") => Some(Cause::Evidence),
            Some("rebuild") => Some(Cause::Rebuild),
            Some(other) => return Err(StoreError::inconsistent("assessment.cause", other)),
        };
        Ok(Self {
            number: row.revision,
            assessment: read(&row.body)?,
            replaced: read(&row.replaced)?,
            replaces_sha256: replaces.transpose()?,
            cause,
            revised_at: row.revised_at,
        })
    }
}

/// Marks the windows that hold an hour of a target, and holds the marks until this transaction
/// ends: a job that took one now would judge without what is about to be committed.
pub(crate) async fn mark(
    conn: &mut PgConnection,
    hours: &BTreeSet<TargetHour>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let targets: Vec<i32> = hours.iter().map(|h| h.target).collect();
    let starts: Vec<DateTime<Utc>> = hours.iter().map(|h| h.hour_at).collect();
    sqlx::query!(
        "INSERT INTO assessment_dirty (contract_id, window_start_at, marked_at)
         SELECT DISTINCT a.contract_id, a.window_start_at, $3::timestamptz
         FROM UNNEST($1::int[], $2::timestamptz[]) AS h (target_id, hour_at)
         JOIN target t ON t.id = h.target_id
         JOIN contract c ON t.name = ANY(c.targets)
         JOIN assessment a ON a.contract_id = c.id
              AND a.window_start_at < h.hour_at + interval '1 hour' AND a.window_end_at > h.hour_at
         ORDER BY 1, 2
         ON CONFLICT (contract_id, window_start_at) DO UPDATE SET marked_at = EXCLUDED.marked_at",
        &targets,
        &starts,
        now,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("mark windows"))?;
    Ok(())
}

/// Marks a window again: judging it failed.
pub(crate) async fn mark_window(
    conn: &mut PgConnection,
    window: ContractWindow,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO assessment_dirty (contract_id, window_start_at, marked_at)
         VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        window.contract,
        window.start_at,
        now,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("mark a window"))?;
    Ok(())
}

/// Under which a window's failures are kept.
pub(crate) fn poison_key(window: ContractWindow) -> String {
    format!("{} {}", window.contract, window.start_at.timestamp())
}

/// Takes one marked window of these contracts whose assessment is final, for this transaction.
pub(crate) async fn take(
    conn: &mut PgConnection,
    contracts: &[i32],
) -> Result<Option<ContractWindow>, StoreError> {
    let row = sqlx::query!(
        "DELETE FROM assessment_dirty d
         WHERE (d.contract_id, d.window_start_at) IN (
             SELECT m.contract_id, m.window_start_at FROM assessment_dirty m
             WHERE m.contract_id = ANY($1)
               AND EXISTS (SELECT FROM assessment a
                           WHERE a.contract_id = m.contract_id
                             AND a.window_start_at = m.window_start_at AND a.state = 'final')
               AND NOT EXISTS (SELECT FROM job_poison p
                               WHERE p.job = 'revise' AND p.tries >= $2
                                 AND p.key = m.contract_id || ' '
                                             || extract(epoch FROM m.window_start_at)::bigint)
             ORDER BY m.window_start_at, m.contract_id LIMIT 1 FOR UPDATE SKIP LOCKED)
         RETURNING d.contract_id, d.window_start_at",
        contracts,
        poison::TRIES_MAX,
    )
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("take a marked window"))?;
    Ok(row.map(|row| ContractWindow {
        contract: row.contract_id,
        start_at: row.window_start_at,
    }))
}

/// Whether a window waits to be judged again, or an hour of its targets to be counted again.
pub(crate) async fn is_marked(
    conn: &mut PgConnection,
    window: ContractWindow,
    end_at: DateTime<Utc>,
) -> Result<bool, StoreError> {
    sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM assessment_dirty
                          WHERE contract_id = $1 AND window_start_at = $2)
               OR EXISTS (SELECT FROM cell_dirty d JOIN target t ON t.id = d.target_id
                          JOIN contract c ON t.name = ANY(c.targets)
                          WHERE c.id = $1 AND d.hour_at < $3
                            AND d.hour_at > $2::timestamptz - interval '1 hour') AS "marked!""#,
        window.contract,
        window.start_at,
        end_at,
    )
    .fetch_one(conn)
    .await
    .map_err(StoreError::query("look for a marked window"))
}

/// Stores the final assessment that follows `replaced`; false where something follows it already.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    contract: i32,
    (replaced, assessment): (&Stored, &Assessment),
    (cause, now): (Cause, DateTime<Utc>),
) -> Result<bool, StoreError> {
    let body = serde_json::to_string(assessment)
        .map_err(|e| StoreError::inconsistent("assessment.body", e))?;
    let utc = |minute: domain::Minute| minute.start().to_micros().to_utc();
    let done = sqlx::query!(
        "INSERT INTO assessment (contract_id, window_start_at, revision, window_end_at, state,
                                 as_of, body, replaces_sha256, cause, revised_at)
         SELECT o.contract_id, o.window_start_at, o.revision + 1, o.window_end_at, 'final',
                $4, $5, sha256(convert_to(o.body, 'UTF8')), $6, $7
         FROM assessment o
         WHERE o.contract_id = $1 AND o.window_start_at = $2 AND o.revision = $3
           AND o.state = 'final'
         ON CONFLICT DO NOTHING",
        contract,
        utc(replaced.assessment.window.start()),
        replaced.revision,
        utc(assessment.as_of),
        body,
        cause.as_str(),
        now,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("store a revision"))?;
    Ok(done.rows_affected() == 1)
}

/// Revisions of a contract's assessments, the newest window and revision first.
pub(crate) async fn list(
    conn: &mut PgConnection,
    contract: i32,
    limit: i64,
) -> Result<Vec<Revision>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT a.revision, a.body, o.body AS replaced, a.replaces_sha256, a.cause, a.revised_at
           FROM assessment a
           JOIN assessment o ON o.contract_id = a.contract_id
                AND o.window_start_at = a.window_start_at AND o.revision = a.revision - 1
           WHERE a.contract_id = $1 AND a.revision > 0
           ORDER BY a.window_start_at DESC, a.revision DESC LIMIT $2"#,
        contract,
        limit,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list revisions"))?;
    rows.into_iter().map(Revision::try_from).collect()
}

/// Revisions of one window's assessment, the newest first.
pub(crate) async fn list_window(
    conn: &mut PgConnection,
    window: ContractWindow,
    limit: i64,
) -> Result<Vec<Revision>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT a.revision, a.body, o.body AS replaced, a.replaces_sha256, a.cause, a.revised_at
           FROM assessment a
           JOIN assessment o ON o.contract_id = a.contract_id
                AND o.window_start_at = a.window_start_at AND o.revision = a.revision - 1
           WHERE a.contract_id = $1 AND a.window_start_at = $2 AND a.revision > 0
           ORDER BY a.revision DESC LIMIT $3"#,
        window.contract,
        window.start_at,
        limit,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list revisions of a window"))?;
    rows.into_iter().map(Revision::try_from).collect()
}
