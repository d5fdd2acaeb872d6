//! `/api/v1/violations`: breached commitments.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::Minute;
use serde::Serialize;
use sla::CommitmentAssessment;
use wire::problem::ProblemType;

use super::name::Name;
use super::revisions::RevisionView;
use super::{LIST_MAX, Problem};
use crate::app::App;
use crate::store::assessment::Stored;
use crate::store::partition::Table;
use crate::store::revision::{ContractWindow, Revision};
use crate::store::{self, violation::Violation};

/// A violation as the API shows it.
#[derive(Debug, Serialize)]
pub(crate) struct ViolationView {
    violation: String,
    contract: String,
    commitment: String,
    window_start_at: DateTime<Utc>,
    detected_at: DateTime<Utc>,
    withdrawn_at: Option<DateTime<Utc>>,
    evidence: String,
    /// Whether samples of the window were dropped: the assessment stays as it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    samples_dropped: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assessment: Option<CommitmentAssessment>,
    /// Revisions of the window's final assessment, the newest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    revisions: Option<Vec<RevisionView>>,
}

impl From<Violation> for ViolationView {
    fn from(violation: Violation) -> Self {
        Self {
            evidence: format!("/api/v1/violations/{}/evidence", violation.name),
            violation: violation.name,
            contract: violation.contract,
            commitment: violation.commitment,
            window_start_at: violation.window_start_at,
            detected_at: violation.detected_at,
            withdrawn_at: violation.withdrawn_at,
            samples_dropped: None,
            assessment: None,
            revisions: None,
        }
    }
}

/// The newest violations.
#[tracing::instrument(name = "http.violations.list", skip_all)]
pub(crate) async fn list(State(app): State<Arc<App>>) -> Result<Json<Vec<ViolationView>>, Problem> {
    let mut conn = app.connection().await?;
    let found = store::violation::list(&mut conn, LIST_MAX).await?;
    Ok(Json(found.into_iter().map(ViolationView::from).collect()))
}

/// One violation with the assessment it follows from.
#[tracing::instrument(name = "http.violations.show", skip_all)]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Name(name): Name,
) -> Result<Json<ViolationView>, Problem> {
    let (violation, stored) = find(&app, &name).await?;
    let part = stored
        .as_ref()
        .and_then(|stored| stored.conclusion(&violation.commitment));
    let assessment = part.cloned();
    let samples_dropped = match &stored {
        Some(stored) => Some(has_lost_samples(&app, stored).await?),
        None => None,
    };
    let revisions = revisions(&app, &violation).await?.into_iter();
    Ok(Json(ViolationView {
        revisions: Some(revisions.map(RevisionView::from).collect()),
        samples_dropped,
        assessment,
        ..violation.into()
    }))
}

/// Revisions of the assessment that a violation follows from, the newest first.
pub(crate) async fn revisions(app: &App, violation: &Violation) -> Result<Vec<Revision>, Problem> {
    let mut conn = app.connection().await?;
    let window = ContractWindow {
        contract: violation.contract_key,
        start_at: violation.window_start_at,
    };
    Ok(store::revision::list_window(&mut conn, window, LIST_MAX).await?)
}

async fn has_lost_samples(app: &App, stored: &Stored) -> Result<bool, Problem> {
    let window = stored.assessment.window;
    let day = |minute: Minute| minute.start().to_micros().to_utc().date_naive();
    let (first, last) = (day(window.start()), day(window.end().plus(-1)));
    let mut conn = app.connection().await?;
    Ok(store::partition::any_dropped(&mut conn, Table::Sample, first, last).await?)
}

/// A violation and the newest assessment of its window.
pub(crate) async fn find(app: &App, name: &str) -> Result<(Violation, Option<Stored>), Problem> {
    let mut conn = app.connection().await?;
    let violation = store::violation::find(&mut conn, name).await?;
    let violation = violation.ok_or_else(|| {
        Problem::new(
            ProblemType::NotFound,
            format!("there is no violation `{name}`"),
        )
    })?;
    let key = violation.contract_key;
    let stored = store::assessment::find(&mut conn, key, violation.window_start_at).await?;
    Ok((violation, stored))
}
