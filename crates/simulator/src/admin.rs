//! The admin API under `/_sim/`: rules, outages and the journal.
//!
//! It has no access control, like every switch on a test bench: the listener belongs on loopback.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{Router, get, post};
use bytes::Bytes;
use serde::Deserialize;

use crate::app::{App, Faults};
use crate::fault::Fault;
use crate::journal::Entry;
use crate::script::Script;

/// Longest outage, in seconds; what should last longer is a rule.
const OUTAGE_SECONDS_MAX: u32 = 86_400;

pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/rules", get(show).put(replace).delete(clear))
        .route("/outage", post(inject))
        .route("/journal", get(journal))
}

/// The body of `POST /_sim/outage`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OutageOrder {
    fault: Fault,
    seconds: u32,
}

async fn show(State(app): State<Arc<App>>) -> Json<Faults> {
    Json(app.faults())
}

/// Takes TOML if the content type says so, JSON otherwise, and answers with what is in force.
async fn replace(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Response {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let toml = content_type.is_some_and(|value| value.contains("toml"));
    let script = if toml {
        Script::from_toml(&String::from_utf8_lossy(&body))
    } else {
        Script::from_json(&body)
    };
    match script {
        Ok(script) => {
            app.set_rules(script);
            Json(app.faults()).into_response()
        }
        Err(error) => problem(&error),
    }
}

async fn clear(State(app): State<Arc<App>>) -> StatusCode {
    app.clear();
    StatusCode::NO_CONTENT
}

async fn inject(State(app): State<Arc<App>>, body: Bytes) -> Response {
    match serde_json::from_slice::<OutageOrder>(&body) {
        Ok(order) => {
            let seconds = order.seconds.min(OUTAGE_SECONDS_MAX);
            app.inject(order.fault, Duration::from_secs(u64::from(seconds)));
            Json(app.faults()).into_response()
        }
        Err(error) => problem(&error),
    }
}

async fn journal(State(app): State<Arc<App>>) -> Json<Vec<Entry>> {
    Json(app.journal())
}

/// A refusal that tells the whole chain of causes: the innermost names the key.
fn problem(error: &dyn Error) -> Response {
    let mut detail = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        detail.push_str(": ");
        detail.push_str(cause.to_string().trim_end());
        source = cause.source();
    }
    let body = serde_json::json!({
        "type": "about:blank", "title": "Bad Request", "status": 400, "detail": detail,
    });
    let content_type = [(header::CONTENT_TYPE, "application/problem+json")];
    (StatusCode::BAD_REQUEST, content_type, body.to_string()).into_response()
}
