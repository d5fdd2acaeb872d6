//! `POST /api/v1/previews`: what an agent sees between two batches.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use wire::preview::PreviewError;
use wire::problem::ProblemType;

use super::Problem;
use crate::app::App;
use crate::preview::{self, Refused};

/// Takes a preview. The signature of its note says whose it is; there is no other credential.
#[tracing::instrument(name = "http.previews.create", skip_all)]
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, Problem> {
    let body = body.map_err(|e| Problem::new(ProblemType::TooLarge, e.body_text()))?;
    preview::receive(&app, body).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let kind = match &refused {
            Refused::Preview(PreviewError::TooLong { .. }) => ProblemType::TooLarge,
            Refused::Preview(PreviewError::Clock { .. }) => ProblemType::ClockImplausible,
            Refused::Preview(PreviewError::Signature(_))
            | Refused::Foreign
            | Refused::UnknownAgent { .. } => ProblemType::UnknownAgent,
            Refused::Preview(_) => ProblemType::Malformed,
            Refused::Revoked { .. } => ProblemType::AgentRevoked,
            Refused::Busy => ProblemType::Busy,
            Refused::Store(_) => return Self::internal(&refused),
        };
        Self::refusal(kind, &refused)
    }
}
