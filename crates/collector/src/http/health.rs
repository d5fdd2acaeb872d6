//! Health and metrics, for orchestrators and Prometheus.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use wire::problem::ProblemType;

use super::Problem;
use crate::app::App;

/// The process answers.
pub(crate) async fn live() -> &'static str {
    "ok\n"
}

/// The process can do its work: the database answers.
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Result<&'static str, Problem> {
    let busy = || Problem::new(ProblemType::Busy, "the database does not answer");
    let mut conn = app.connection().await.map_err(|_| busy())?;
    sqlx::query_scalar!("SELECT 1")
        .fetch_one(&mut *conn)
        .await
        .map_err(|_| busy())?;
    Ok("ready\n")
}

/// Prometheus text.
pub(crate) async fn metrics(State(app): State<Arc<App>>) -> impl IntoResponse {
    (
        [(
            header::CONTENT_TYPE,
            telemetry::metrics::RENDER_CONTENT_TYPE,
        )],
        app.metrics.render(),
    )
}
