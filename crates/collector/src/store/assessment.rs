//! Assessments: live ones are replaced while their window runs, final ones are followed.

use chrono::{DateTime, Utc};
use sla::{Assessment, CommitmentAssessment};
use sqlx::PgConnection;

use super::StoreError;

/// Whether an assessment may still be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The window, or its grace period, still runs.
    Live,
    /// Only a new revision can follow.
    Final,
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Final => "final",
        }
    }
}

/// An assessment with its place in the series of its window.
#[derive(Clone, Debug)]
pub struct Stored {
    /// 0 for the first.
    pub revision: i32,
    /// Live or final.
    pub state: State,
    /// What the contract says.
    pub assessment: Assessment,
}

impl Stored {
    /// What it says about one commitment.
    pub(crate) fn conclusion(&self, commitment: &str) -> Option<&CommitmentAssessment> {
        let mut commitments = self.assessment.commitments.iter();
        commitments.find(|part| part.id == commitment)
    }
}

struct Row {
    revision: i32,
    state: String,
    body: String,
}

impl TryFrom<Row> for Stored {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let state = match row.state.as_str() {
            "live" => State::Live,
            "final" => State::Final,
            other => return Err(StoreError::inconsistent("assessment.state", other)),
        };
        let assessment = serde_json::from_str(&row.body)
            .map_err(|e| StoreError::inconsistent("assessment.body", e))?;
        Ok(Self {
            revision: row.revision,
            state,
            assessment,
        })
    }
}

/// The newest revision for the window that starts then.
pub(crate) async fn find(
    conn: &mut PgConnection,
    contract: i32,
    window_start_at: DateTime<Utc>,
) -> Result<Option<Stored>, StoreError> {
    let row = sqlx::query_as!(
        Row,
        "SELECT revision, state, body FROM assessment
         WHERE contract_id = $1 AND window_start_at = $2 ORDER BY revision DESC LIMIT 1",
        contract,
        window_start_at,
    )
    .fetch_optional(conn)
    .await
    .map_err(StoreError::query("find an assessment"))?;
    row.map(Stored::try_from).transpose()
}

/// The newest revision of each window, newest window first.
pub(crate) async fn list(
    conn: &mut PgConnection,
    contract: i32,
    limit: i64,
) -> Result<Vec<Stored>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT DISTINCT ON (window_start_at) revision, state, body FROM assessment
         WHERE contract_id = $1 ORDER BY window_start_at DESC, revision DESC LIMIT $2",
        contract,
        limit,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list assessments"))?;
    rows.into_iter().map(Stored::try_from).collect()
}

/// The newest revisions, where they are final, of the windows that touch `[from, to)`, oldest
/// window first.
pub(crate) async fn finals(
    conn: &mut PgConnection,
    contract: i32,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<Stored>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT DISTINCT ON (window_start_at) revision, state, body FROM assessment
         WHERE contract_id = $1 AND window_end_at > $2 AND window_start_at < $3
           AND state = 'final'
         ORDER BY window_start_at, revision DESC",
        contract,
        from,
        to,
    )
    .fetch_all(conn)
    .await
    .map_err(StoreError::query("list final assessments"))?;
    rows.into_iter().map(Stored::try_from).collect()
}

/// Writes a revision; a live row of the same revision is replaced, a final one never.
pub(crate) async fn put(
    conn: &mut PgConnection,
    contract: i32,
    stored: &Stored,
) -> Result<(), StoreError> {
    let assessment = &stored.assessment;
    let body = serde_json::to_string(assessment)
        .map_err(|e| StoreError::inconsistent("assessment.body", e))?;
    let utc = |minute: domain::Minute| minute.start().to_micros().to_utc();
    sqlx::query!(
        "INSERT INTO assessment
             (contract_id, window_start_at, revision, window_end_at, state, as_of, body)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (contract_id, window_start_at, revision) DO UPDATE
         SET state = EXCLUDED.state, as_of = EXCLUDED.as_of, body = EXCLUDED.body
         WHERE assessment.state = 'live'",
        contract,
        utc(assessment.window.start()),
        stored.revision,
        utc(assessment.window.end()),
        stored.state.as_str(),
        utc(assessment.as_of),
        body,
    )
    .execute(conn)
    .await
    .map_err(StoreError::query("store an assessment"))?;
    Ok(())
}
