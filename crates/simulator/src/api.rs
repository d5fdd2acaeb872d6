//! The provider's own routes.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{Router, get, post};
use bytes::Bytes;
use serde_json::Value;

use crate::admin;
use crate::app::{App, Ticket};
use crate::connection::ConnectionHandle;
use crate::error_body::ProviderError;
use crate::fault::Fault;
use crate::playback::deliver;
use crate::reply::{Reply, model_list};
use crate::request::ChatRequest;
use crate::script::Route;

/// Largest request body: prompts of probes are small, and nothing here should buffer more.
const REQUEST_BYTES_MAX: usize = 1024 * 1024;

pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/v1/chat/completions", post(chat))
        .route("/v1/models", get(models))
        .route("/status", get(status))
        .route("/healthz", get(|| async { "ok\n" }))
        .nest("/_sim", admin::router())
        .fallback(unknown_url)
        .layer(DefaultBodyLimit::max(REQUEST_BYTES_MAX))
        .with_state(app)
}

async fn chat(
    State(app): State<Arc<App>>,
    Extension(connection): Extension<ConnectionHandle>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let ticket = app.ticket(Route::Chat);
    let reply = match accept(&app, &headers, &body) {
        Ok(request) => {
            let model = Some(request.model.as_str());
            let fault = app.fault(ticket, model);
            let exchange = app.exchange(ticket, request.prompt_tokens(), fault.as_ref());
            let reply = exchange.chat(&request);
            app.record(ticket, model, fault.as_ref(), &reply);
            reply
        }
        Err(error) => rejected(&app, ticket, &error),
    };
    deliver(reply, connection).await
}

/// A request from a known caller for a known model.
fn accept(app: &App, headers: &HeaderMap, body: &[u8]) -> Result<ChatRequest, ProviderError> {
    app.authorise(headers)?;
    let json: Value = serde_json::from_slice(body).map_err(|_| ProviderError::unparsable())?;
    if !json.get("model").is_some_and(Value::is_string) {
        return Err(ProviderError::missing_model());
    }
    let request: ChatRequest =
        serde_json::from_value(json).map_err(|_| ProviderError::invalid_request())?;
    if !app.config.models.contains(&request.model) {
        return Err(ProviderError::unknown_model(
            app.config.persona,
            &request.model,
        ));
    }
    Ok(request)
}

fn rejected(app: &App, ticket: Ticket, error: &ProviderError) -> Reply {
    let reply = app.exchange(ticket, 0, None).error(error);
    app.record(ticket, None, None, &reply);
    reply
}

async fn models(
    State(app): State<Arc<App>>,
    Extension(connection): Extension<ConnectionHandle>,
    headers: HeaderMap,
) -> Response {
    let ticket = app.ticket(Route::Models);
    let reply = match app.authorise(&headers) {
        Ok(()) => {
            let created_unix_s = app.config.started_unix_s;
            let list = model_list(&app.config.models, &app.config.name, created_unix_s);
            document(&app, ticket, "application/json", list)
        }
        Err(error) => rejected(&app, ticket, &error),
    };
    deliver(reply, connection).await
}

async fn status(
    State(app): State<Arc<App>>,
    Extension(connection): Extension<ConnectionHandle>,
) -> Response {
    let ticket = app.ticket(Route::Status);
    let (name, kind) = (&app.config.name, app.config.persona.noun());
    let page = Bytes::from(format!(
        "{name} (simulated {kind}): all systems operational\n"
    ));
    let reply = document(&app, ticket, "text/plain; charset=utf-8", page);
    deliver(reply, connection).await
}

fn document(app: &App, ticket: Ticket, content_type: &'static str, body: Bytes) -> Reply {
    let fault: Option<Fault> = app.fault(ticket, None);
    let reply = app
        .exchange(ticket, 0, fault.as_ref())
        .document(content_type, body);
    app.record(ticket, None, fault.as_ref(), &reply);
    reply
}

async fn unknown_url(method: Method, uri: Uri) -> Response {
    let body = ProviderError::unknown_url(method.as_str(), uri.path()).body();
    (
        StatusCode::NOT_FOUND,
        [(header::CONTENT_TYPE, "application/json")],
        body,
    )
        .into_response()
}
