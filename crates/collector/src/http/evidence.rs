//! `GET /api/v1/violations/{violation}/evidence`: the bundle.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{AppendHeaders, IntoResponse};

use super::Problem;
use super::name::Name;
use crate::app::App;
use crate::export;

/// Names the authorities that gave no timestamp of the manifest.
const UNSTAMPED: &str = "nines-unstamped";

/// Builds and sends the bundle.
#[tracing::instrument(name = "http.evidence.download", skip_all)]
pub(crate) async fn download(
    State(app): State<Arc<App>>,
    Name(violation): Name,
) -> Result<impl IntoResponse, Problem> {
    let exported = export::export(&app, &violation).await?;
    let disposition = format!("attachment; filename=\"{}\"", exported.file_name);
    let headers = [
        (header::CONTENT_TYPE, "application/zip".to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    let unstamped = exported.unstamped.join(", ");
    let unstamped = (!unstamped.is_empty()).then_some((UNSTAMPED, unstamped));
    Ok((headers, AppendHeaders(unstamped), exported.bytes))
}
