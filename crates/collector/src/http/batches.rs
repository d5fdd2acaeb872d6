//! `POST /api/v1/batches`: a sealed batch in, a receipt out.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use wire::problem::ProblemType;
use wire::protocol::Receipt;

use super::Problem;
use crate::app::App;
use crate::ingest::receive;

/// Stores a batch. The signature in its note says whose it is; there is no other credential.
#[tracing::instrument(name = "http.batches.create", skip_all)]
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Receipt>, Problem> {
    let body = body.map_err(|e| Problem::new(ProblemType::TooLarge, e.body_text()))?;
    Ok(Json(receive::receive(&app, body.to_vec()).await?))
}
