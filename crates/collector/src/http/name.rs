//! The name of a resource in a path.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use wire::problem::ProblemType;

use super::Problem;

/// A name as it stands in the path, decoded; bytes that are no text are refused as every other
/// mistake is.
#[derive(Debug)]
pub(crate) struct Name(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(name)) => Ok(Self(name)),
            Err(refused) => Err(Problem::new(ProblemType::Malformed, refused.body_text())),
        }
    }
}
