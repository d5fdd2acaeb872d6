//! `/api/v1/log`: checkpoints with proofs for agents, their cosignatures; and the policy that a
//! verifier of this installation's bundles would start from.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Query, State, rejection::QueryRejection};
use axum::http::StatusCode;
use domain::AgentId;
use serde::Deserialize;
use wire::problem::ProblemType;
use wire::protocol::{CheckpointAnswer, CosignatureRequest};

use super::Problem;
use crate::app::App;
use crate::{export, store, witness};

/// What an agent asks for.
#[derive(Debug, Deserialize)]
pub(crate) struct CheckpointQuery {
    agent: AgentId,
    seq: Option<u64>,
    from: u64,
}

/// The newest checkpoint with its proofs.
#[tracing::instrument(name = "http.log.checkpoint", skip_all)]
pub(crate) async fn checkpoint(
    State(app): State<Arc<App>>,
    query: Result<Query<CheckpointQuery>, QueryRejection>,
) -> Result<Json<CheckpointAnswer>, Problem> {
    let malformed = |e: QueryRejection| Problem::new(ProblemType::Malformed, e.body_text());
    let Query(query) = query.map_err(malformed)?;
    Ok(Json(
        witness::checkpoint(&app, &query.agent, query.seq, query.from).await?,
    ))
}

/// Keeps a cosignature.
#[tracing::instrument(name = "http.log.cosign", skip_all)]
pub(crate) async fn cosign(
    State(app): State<Arc<App>>,
    request: Result<Json<CosignatureRequest>, JsonRejection>,
) -> Result<StatusCode, Problem> {
    let malformed = |e: JsonRejection| Problem::new(ProblemType::Malformed, e.body_text());
    let Json(request) = request.map_err(malformed)?;
    witness::cosign(&app, &request).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The policy as this installation would state it: a starting point, to be compared out of band.
#[tracing::instrument(name = "http.log.policy", skip_all)]
pub(crate) async fn policy(State(app): State<Arc<App>>) -> Result<String, Problem> {
    let mut conn = app.connection().await?;
    Ok(export::policy_text(&app, &mut conn).await?)
}

/// The newest checkpoint as a signed note (C2SP tlog-tiles path `/checkpoint`).
#[tracing::instrument(name = "http.log.newest", skip_all)]
pub(crate) async fn newest(State(app): State<Arc<App>>) -> Result<String, Problem> {
    let mut conn = app.connection().await?;
    let newest = store::log::latest_checkpoint(&mut conn).await?;
    let none = || Problem::new(ProblemType::NotFound, "no checkpoint has been signed yet");
    newest.map(|signed| signed.note).ok_or_else(none)
}
