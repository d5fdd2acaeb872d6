//! `/api/v1/agents`: enrolment, and who there is.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Query, State};
use domain::AgentId;
use serde::{Deserialize, Serialize};
use wire::problem::ProblemType;
use wire::protocol::{
    EnrolAnswer, EnrolRequest, MissingAnswer, MissingRun, RotateAnswer, RotateRequest,
};

use super::Problem;
use super::name::Name;
use crate::app::App;
use crate::enrol;
use crate::rotate;
use crate::store::{self, agent_state::AgentState};

/// Enrols an agent by its one-time token.
#[tracing::instrument(name = "http.agents.create", skip_all)]
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    request: Result<Json<EnrolRequest>, JsonRejection>,
) -> Result<Json<EnrolAnswer>, Problem> {
    let Json(request) = request.map_err(|e| Problem::new(ProblemType::Malformed, e.body_text()))?;
    Ok(Json(enrol::enrol(&app, &request).await?))
}

/// Lets an agent hand over to a new key.
#[tracing::instrument(name = "http.agents.keys.create", skip_all)]
pub(crate) async fn rotate(
    State(app): State<Arc<App>>,
    Name(agent): Name,
    request: Result<Json<RotateRequest>, JsonRejection>,
) -> Result<Json<RotateAnswer>, Problem> {
    let malformed = |detail| Problem::new(ProblemType::Malformed, detail);
    let Json(request) = request.map_err(|e| malformed(e.body_text()))?;
    let agent: AgentId = agent
        .parse()
        .map_err(|_| malformed(format!("`{agent}` is not the name of an agent")))?;
    Ok(Json(rotate::rotate(&app, &agent, &request).await?))
}

/// Which batches an agent asks about.
#[derive(Debug, Deserialize)]
pub(crate) struct MissingQuery {
    from: u64,
    below: u64,
}

/// Tells an agent which of its batches are not here, so that it sends them again.
#[tracing::instrument(name = "http.agents.missing", skip_all)]
pub(crate) async fn missing(
    State(app): State<Arc<App>>,
    Name(agent): Name,
    query: Result<Query<MissingQuery>, QueryRejection>,
) -> Result<Json<MissingAnswer>, Problem> {
    let malformed = |detail| Problem::new(ProblemType::Malformed, detail);
    let Query(asked) = query.map_err(|e| malformed(e.body_text()))?;
    let id: AgentId = agent
        .parse()
        .map_err(|_| malformed(format!("`{agent}` is not the name of an agent")))?;
    let mut conn = app.connection().await?;
    let known = store::agent::find(&mut conn, &id).await?;
    let unknown = || {
        let detail = format!("agent `{id}` is not enrolled here");
        Problem::new(ProblemType::UnknownAgent, detail)
    };
    let known = known.ok_or_else(unknown)?;
    let run = (asked.from, asked.below);
    let run = store::missing::first_run(&mut conn, known.key, run).await?;
    let missing = run.map(|(from, below)| MissingRun { from, below });
    Ok(Json(MissingAnswer { missing }))
}

/// An agent as the API shows it.
#[derive(Debug, Serialize)]
pub(crate) struct AgentView {
    agent: String,
    batches: u64,
    lines: u64,
    last_seq: Option<u64>,
    received_at: Option<chrono::DateTime<chrono::Utc>>,
    /// How it is, by its own newest lines; absent where it never said.
    #[serde(skip_serializing_if = "Option::is_none")]
    own: Option<AgentState>,
}

/// Agents with what they have delivered and what they say about themselves.
#[tracing::instrument(name = "http.agents.list", skip_all)]
pub(crate) async fn list(State(app): State<Arc<App>>) -> Result<Json<Vec<AgentView>>, Problem> {
    let mut conn = app.connection().await?;
    let delivered = store::delivered::list(&mut conn).await?;
    let mut states = store::agent_state::list(&mut conn).await?;
    let view = |d: store::delivered::Delivered| AgentView {
        own: states.remove(&d.agent),
        agent: d.agent,
        batches: d.batches,
        lines: d.lines,
        last_seq: d.last_seq,
        received_at: d.received_at,
    };
    Ok(Json(delivered.into_iter().map(view).collect()))
}
