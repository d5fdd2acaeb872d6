//! The admin API under `/_sim/`: rules, outages, scenarios, the clock, counters and the journal.
//!
//! It has no access control, like every switch on a test bench: the listener belongs on loopback.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{Router, delete, get, post};
use bytes::Bytes;

use crate::app::App;
use crate::director::{Clock, Counters, Faults, Setting};
use crate::document::{DocumentError, Node, Reader, whole};
use crate::fault::Fault;
use crate::journal::Entry;
use crate::scenario::{SHIPPED, Scenario};
use crate::script::{Rule, Script, ScriptError};

/// Longest outage, in seconds; what should last longer is a rule.
const OUTAGE_SECONDS_MAX: u32 = 86_400;
/// Longest step of the clock, in seconds: ten years.
const STEP_SECONDS_MAX: u32 = 315_360_000;

pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/rules", get(show).put(replace).post(add).delete(clear))
        .route("/rules/{name}", delete(remove))
        .route("/outage", post(inject))
        .route("/scenario", get(setting).put(load))
        .route("/scenarios", get(scenarios))
        .route("/scenarios/{name}", post(load_shipped))
        .route("/reset", post(reset))
        .route("/clock", get(clock).post(advance))
        .route("/counters", get(counters))
        .route("/journal", get(journal))
}

async fn show(State(app): State<Arc<App>>) -> Json<Faults> {
    Json(app.director.faults())
}

/// TOML if the content type says so, JSON otherwise.
fn is_toml(headers: &HeaderMap) -> bool {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    content_type.is_some_and(|value| value.contains("toml"))
}

fn node(headers: &HeaderMap, body: &[u8]) -> Result<Node, DocumentError> {
    if is_toml(headers) {
        Node::from_toml(&String::from_utf8_lossy(body))
    } else {
        Node::from_json(body)
    }
}

async fn replace(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Response {
    let script = if is_toml(&headers) {
        Script::from_toml(&String::from_utf8_lossy(&body))
    } else {
        Script::from_json(&body)
    };
    done(&app, script.map(|script| app.director.set_rules(script)))
}

/// One rule, which takes the place of one of the same name or comes last.
async fn add(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Response {
    let added = || {
        let node = node(&headers, &body)?;
        app.director.put_rule(Rule::read(Reader::new(&node)?)?)
    };
    done(&app, added())
}

async fn remove(State(app): State<Arc<App>>, Path(name): Path<String>) -> Response {
    if app.director.remove_rule(&name) {
        StatusCode::NO_CONTENT.into_response()
    } else {
        missing("there is no rule of this name")
    }
}

async fn clear(State(app): State<Arc<App>>) -> StatusCode {
    app.director.clear();
    StatusCode::NO_CONTENT
}

async fn inject(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Response {
    let order = || {
        let node = node(&headers, &body)?;
        let mut reader = Reader::new(&node)?;
        let fault = Fault::read(reader.required_table("fault")?)?;
        let seconds = reader.optional("seconds", whole::<u32>)?;
        let missing = reader.refuse("`seconds` is missing");
        reader.finish()?;
        let seconds = u64::from(seconds.ok_or(missing)?.min(OUTAGE_SECONDS_MAX));
        app.director.inject(fault, Duration::from_secs(seconds));
        Ok(())
    };
    done(&app, order())
}

/// The faults in force after a change, or why there was none.
fn done(app: &App, change: Result<(), ScriptError>) -> Response {
    match change {
        Ok(()) => Json(app.director.faults()).into_response(),
        Err(error) => problem(&error),
    }
}

async fn setting(State(app): State<Arc<App>>) -> Json<Setting> {
    Json(app.director.setting())
}

async fn load(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Response {
    let scenario = if is_toml(&headers) {
        Scenario::from_toml(&String::from_utf8_lossy(&body))
    } else {
        Scenario::from_json(&body)
    };
    done(&app, scenario.map(|scenario| app.director.load(scenario)))
}

async fn load_shipped(State(app): State<Arc<App>>, Path(name): Path<String>) -> Response {
    match Scenario::shipped(&name) {
        Ok(None) => missing("there is no scenario of this name; GET /_sim/scenarios lists them"),
        Ok(Some(scenario)) => {
            app.director.load(scenario);
            done(&app, Ok(()))
        }
        Err(error) => problem(&error),
    }
}

async fn scenarios() -> Json<Vec<serde_json::Value>> {
    let listed = SHIPPED.iter().map(|shipped| {
        let scenario = Scenario::from_toml(shipped.toml).unwrap_or_default();
        serde_json::json!({ "name": shipped.name, "title": scenario.title })
    });
    Json(listed.collect())
}

async fn reset(State(app): State<Arc<App>>) -> StatusCode {
    app.director.reset();
    StatusCode::NO_CONTENT
}

async fn clock(State(app): State<Arc<App>>) -> Json<Clock> {
    Json(app.director.clock())
}

async fn advance(State(app): State<Arc<App>>, headers: HeaderMap, body: Bytes) -> Response {
    let advance = || {
        let node = node(&headers, &body)?;
        let mut reader = Reader::new(&node)?;
        let seconds = reader.required("advance_s", whole::<u32>)?;
        reader.finish()?;
        Ok::<_, DocumentError>(seconds.min(STEP_SECONDS_MAX))
    };
    match advance() {
        Ok(seconds) => {
            app.director
                .advance(Duration::from_secs(u64::from(seconds)));
            Json(app.director.clock()).into_response()
        }
        Err(error) => problem(&error),
    }
}

async fn counters(State(app): State<Arc<App>>) -> Json<Counters> {
    Json(app.director.counters())
}

async fn journal(State(app): State<Arc<App>>) -> Json<Vec<Entry>> {
    Json(app.journal())
}

fn missing(detail: &str) -> Response {
    refusal(StatusCode::NOT_FOUND, "Not Found", detail)
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
    refusal(StatusCode::BAD_REQUEST, "Bad Request", &detail)
}

fn refusal(status: StatusCode, title: &str, detail: &str) -> Response {
    let body = serde_json::json!({
        "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail,
    });
    let content_type = [(header::CONTENT_TYPE, "application/problem+json")];
    (status, content_type, body.to_string()).into_response()
}
