//! Errors as `application/problem+json` (RFC 9457), extractor rejections included.

use axum::Json;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use tracing::error;
use wire::keys::RotationError;
use wire::problem::{self, ProblemType};

use crate::enrol::EnrolError;
use crate::export::ExportError;
use crate::ingest::IngestError;
use crate::registry::RecordError;
use crate::rotate::RotateError;
use crate::store::StoreError;
use crate::witness::WitnessError;

/// Seconds after which a sender who met a full queue may try again.
const RETRY_AFTER_S: &str = "1";

/// An answer that is not the one asked for.
#[derive(Debug)]
pub(crate) struct Problem {
    kind: ProblemType,
    detail: String,
}

impl Problem {
    pub(crate) fn new(kind: ProblemType, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
        }
    }

    pub(crate) fn is(&self, kind: ProblemType) -> bool {
        self.kind == kind
    }

    /// What was wrong, for people.
    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    /// Our own failure: logged with its causes here, told without them.
    pub(crate) fn internal(failure: &(dyn std::error::Error + 'static)) -> Self {
        error!(error = failure, "request failed: {failure}");
        Self::new(
            ProblemType::Internal,
            "the failure is in the collector's log",
        )
    }

    /// A refusal with its chain of causes: the sender must know what to change.
    pub(super) fn refusal(kind: ProblemType, refusal: &(dyn std::error::Error + 'static)) -> Self {
        let causes = std::iter::successors(Some(refusal), |e| e.source());
        let detail: Vec<String> = causes.map(ToString::to_string).collect();
        Self::new(kind, detail.join(": "))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = problem::Problem::new(self.kind, self.detail);
        let status =
            StatusCode::from_u16(self.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        let content_type = header::HeaderValue::from_static(problem::CONTENT_TYPE);
        headers.insert(header::CONTENT_TYPE, content_type);
        if self.kind == ProblemType::Busy {
            let retry_after = header::HeaderValue::from_static(RETRY_AFTER_S);
            headers.insert(header::RETRY_AFTER, retry_after);
        }
        response
    }
}

impl From<StoreError> for Problem {
    fn from(failure: StoreError) -> Self {
        Self::internal(&failure)
    }
}

impl From<IngestError> for Problem {
    fn from(failure: IngestError) -> Self {
        let kind = match &failure {
            IngestError::Batch(wire::batch::BatchError::TooLarge { .. }) => ProblemType::TooLarge,
            IngestError::Batch(_) => ProblemType::BatchInvalid,
            IngestError::Foreign { .. }
            | IngestError::UnknownAgent { .. }
            | IngestError::Signature { .. } => ProblemType::UnknownAgent,
            IngestError::Revoked { .. } => ProblemType::AgentRevoked,
            IngestError::Clock { .. } => ProblemType::ClockImplausible,
            IngestError::Conflict { .. } => ProblemType::BatchConflict,
            IngestError::Busy => ProblemType::Busy,
            IngestError::Store(_) => {
                error!(
                    error = &failure as &dyn std::error::Error,
                    "failed to ingest"
                );
                return Self::new(
                    ProblemType::Busy,
                    "the database is not available; try again",
                );
            }
        };
        Self::refusal(kind, &failure)
    }
}

impl From<EnrolError> for Problem {
    fn from(failure: EnrolError) -> Self {
        let kind = match &failure {
            EnrolError::NotPlanned { .. } => ProblemType::NotPlanned,
            EnrolError::Token { .. } => ProblemType::TokenInvalid,
            EnrolError::Key(_)
            | EnrolError::KeyName { .. }
            | EnrolError::Proof(_)
            | EnrolError::ProofText => ProblemType::Malformed,
            EnrolError::Exists { .. } | EnrolError::Superseded { .. } => ProblemType::AgentExists,
            EnrolError::Predecessor { .. } => ProblemType::NotFound,
            EnrolError::Record(RecordError::Behind) => ProblemType::Busy,
            EnrolError::Random(_) | EnrolError::Record(_) | EnrolError::Store(_) => {
                return Self::internal(&failure);
            }
        };
        Self::refusal(kind, &failure)
    }
}

impl From<RotateError> for Problem {
    fn from(failure: RotateError) -> Self {
        let kind = match &failure {
            RotateError::UnknownAgent { .. }
            | RotateError::Rotation(RotationError::OldSignature(_)) => ProblemType::UnknownAgent,
            RotateError::Revoked { .. } => ProblemType::AgentRevoked,
            RotateError::Stored { .. }
            | RotateError::Taken { .. }
            | RotateError::Rotation(
                RotationError::NotNewest { .. }
                | RotationError::Reused
                | RotationError::Backwards { .. },
            ) => ProblemType::KeyConflict,
            RotateError::Rotation(_) => ProblemType::Malformed,
            RotateError::Record(RecordError::Behind) => ProblemType::Busy,
            RotateError::Record(_) | RotateError::Store(_) => return Self::internal(&failure),
        };
        Self::refusal(kind, &failure)
    }
}

impl From<WitnessError> for Problem {
    fn from(failure: WitnessError) -> Self {
        let kind = match &failure {
            WitnessError::UnknownAgent { .. } => ProblemType::UnknownAgent,
            WitnessError::Revoked { .. } => ProblemType::AgentRevoked,
            WitnessError::NoCheckpoint | WitnessError::UnknownCheckpoint { .. } => {
                ProblemType::NotFound
            }
            WitnessError::From { .. } => ProblemType::Malformed,
            WitnessError::Line | WitnessError::Cosignature(_) | WitnessError::Time { .. } => {
                ProblemType::CosignatureInvalid
            }
            WitnessError::Store(_) => return Self::internal(&failure),
        };
        Self::refusal(kind, &failure)
    }
}

impl From<ExportError> for Problem {
    fn from(failure: ExportError) -> Self {
        match &failure {
            ExportError::NotFound { .. } => Self::refusal(ProblemType::NotFound, &failure),
            ExportError::NotAnchored | ExportError::NotYetProven { .. } => {
                Self::refusal(ProblemType::Busy, &failure)
            }
            _ => Self::internal(&failure),
        }
    }
}

pub(crate) async fn not_found(uri: Uri) -> Problem {
    Problem::new(
        ProblemType::NotFound,
        format!("there is nothing at `{}`", uri.path()),
    )
}

pub(crate) async fn method_not_allowed() -> Problem {
    Problem::new(
        ProblemType::MethodNotAllowed,
        "see /api/openapi.json for the methods",
    )
}
