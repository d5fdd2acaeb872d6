//! The provider's own routes: from a request to a reply, on every wire in the same steps.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{Router, get, on};
use bytes::Bytes;
use serde_json::Value;

use crate::admin;
use crate::app::{App, Ticket};
use crate::auth;
use crate::connection::{ConnectionHandle, Region};
use crate::failure::{Class, Failure};
use crate::gateway;
use crate::plan::{Call, Fallback};
use crate::playback::{Reply, deliver};
use crate::reply::{Exchange, JSON};
use crate::request::Request;
use crate::script::Route;
use crate::wire::routes::{Head, Row, TABLE};
use crate::wire::{Endpoint, Verb, Wire, catalogue, embeddings, token_count, unrouted};

/// Largest request body: prompts of probes are small, and nothing here should buffer more.
const REQUEST_BYTES_MAX: usize = 1024 * 1024;

/// Where the provider's own status page is, in the shape of Atlassian's.
const SUMMARY: &str = "/status/api/v2/summary.json";
/// Where its incidents are.
const INCIDENTS: &str = "/status/api/v2/incidents.json";

/// Who asks for a page.
type Visit = (Extension<ConnectionHandle>, HeaderMap);

/// What a request asks for, once it is understood. It holds the caller's prompt, so it cannot be
/// printed.
enum Wish {
    Answer(Request),
    Count(Request),
    Embeddings(embeddings::EmbeddingsRequest),
    Models,
}

/// A path's captures, a URL's parameters, the URL and the headers.
type Parts = (
    Path<BTreeMap<String, String>>,
    Query<BTreeMap<String, String>>,
    Uri,
    HeaderMap,
);

pub(crate) fn router(app: Arc<App>) -> Router {
    let provider = TABLE.iter().fold(Router::new(), |router, row| {
        let handler = move |State(app): State<Arc<App>>,
                            Extension(connection): Extension<ConnectionHandle>,
                            parts: Parts,
                            body: Bytes| async move {
            let (Path(path), Query(query), uri, headers) = parts;
            let head = Head {
                path,
                query,
                headers,
                url: uri.path().to_owned(),
            };
            let reply = serve(&app, row, (&head, &connection.region), &body);
            deliver(reply, connection).await
        };
        router.route(row.path, on(row.method(), handler))
    });
    provider
        .route("/status", get(status))
        .route(SUMMARY, get(summary))
        .route(INCIDENTS, get(incidents))
        .route("/healthz", get(|| async { "ok\n" }))
        .nest("/_sim", admin::router())
        .fallback(unknown_url)
        .layer(DefaultBodyLimit::max(REQUEST_BYTES_MAX))
        .with_state(app)
}

fn serve(app: &App, row: &Row, from: (&Head, &Region), body: &[u8]) -> Reply {
    let (head, region) = from;
    let ticket = app.ticket(match row.verb {
        Verb::ListModels => Route::Models,
        _ => Route::Chat,
    });
    let found = row.endpoint(head);
    let endpoint = found.as_ref().unwrap_or_else(|endpoint| endpoint);
    let wish = match &found {
        Ok(endpoint) => understood(app, endpoint, head, body),
        Err(_) => Err(Class::UnknownUrl.into()),
    };
    let call = call(app, ticket, endpoint, head).with_headers(&head.headers, region);
    let client_request_id = head.headers.get("x-ms-client-request-id");
    match wish {
        Ok((wish, fallback)) => {
            let call = Call {
                model: wish.model(),
                prompt_tokens: wish.prompt_tokens(),
                output_tokens_max: wish.output_tokens_max(),
                fallback,
                ..call
            };
            let plan = app.plan(ticket, &call);
            let mut exchange = app.exchange(ticket, endpoint, call.prompt_tokens, &plan);
            if head.asks_for_routing() && !plan.attempts.is_empty() {
                exchange.stamp.route.wanted_for = call.model.map(str::to_owned);
            }
            let mut reply = granted(app, &exchange, &wish);
            exchange.echo(&mut reply, client_request_id);
            app.record(ticket, &call, &plan, &reply);
            reply
        }
        Err(failure) => {
            let plan = app.director.refuse();
            let exchange = app.exchange(ticket, endpoint, 0, &plan);
            let mut reply = exchange.refusal(&failure);
            exchange.echo(&mut reply, client_request_id);
            app.record(ticket, &call, &plan, &reply);
            reply
        }
    }
}

/// The request as far as its head tells.
fn call<'a>(app: &App, ticket: Ticket, endpoint: &Endpoint, head: &'a Head) -> Call<'a> {
    let key = auth::given(endpoint.wire, head);
    Call {
        wire: Some(endpoint.wire),
        key: key.map(|key| app.key_tag(key)),
        ..Call::page(ticket.route, &head.url)
    }
}

/// A request from a known caller for a known model, and whether others may answer in its place.
fn understood(
    app: &App,
    endpoint: &Endpoint,
    head: &Head,
    body: &[u8],
) -> Result<(Wish, Fallback), Failure> {
    auth::check(endpoint.wire, head, &app.config.keys)?;
    endpoint.check_version(head)?;
    if endpoint.verb == Verb::ListModels {
        return Ok((Wish::Models, Fallback::default()));
    }
    let json: Value = serde_json::from_slice(body).map_err(|_| Class::Unparsable)?;
    let fallback = gateway::wish(&json);
    let wish = match endpoint.verb {
        Verb::Embed => Wish::Embeddings(embeddings::parse(endpoint, json)?),
        Verb::CountTokens => Wish::Count(endpoint.wire.format().parse(endpoint, json)?),
        _ => Wish::Answer(endpoint.wire.format().parse(endpoint, json)?),
    };
    match wish.model() {
        Some(model) if !app.knows(model) => Err(Failure::unknown_model(model)),
        _ => Ok((wish, fallback)),
    }
}

impl Wish {
    fn model(&self) -> Option<&str> {
        match self {
            Self::Answer(request) | Self::Count(request) => Some(&request.model),
            Self::Embeddings(request) => Some(&request.model),
            Self::Models => None,
        }
    }

    fn prompt_tokens(&self) -> u64 {
        match self {
            Self::Answer(request) | Self::Count(request) => request.prompt_tokens,
            Self::Embeddings(request) => request.tokens(),
            Self::Models => 0,
        }
    }

    fn output_tokens_max(&self) -> Option<u64> {
        match self {
            Self::Answer(request) if request.tokens_max < usize::MAX => {
                u64::try_from(request.tokens_max).ok()
            }
            _ => None,
        }
    }
}

fn granted(app: &App, exchange: &Exchange<'_>, wish: &Wish) -> Reply {
    let wire = exchange.endpoint.wire;
    match wish {
        Wish::Answer(request) => exchange.answer(request),
        Wish::Count(request) => {
            let count = token_count(wire, request).to_string();
            exchange.document(JSON, Bytes::from(count))
        }
        Wish::Embeddings(request) => {
            exchange.document(JSON, request.whole(wire, &exchange.stamp.ids))
        }
        Wish::Models => {
            let list = catalogue::list(wire, &app.config);
            exchange.document(JSON, Bytes::from(list))
        }
    }
}

/// The page that a plain HTTP probe would watch.
async fn status(State(app): State<Arc<App>>, visit: Visit) -> Response {
    let (name, kind) = (&app.config.name, app.config.persona.noun());
    let page = format!("{name} (simulated {kind}): all systems operational\n");
    let ticket = app.ticket(Route::Status);
    let document = ("/status", "text/plain; charset=utf-8", page);
    serve_page(&app, ticket, visit, document).await
}

/// The provider's own status page.
async fn summary(State(app): State<Arc<App>>, visit: Visit) -> Response {
    let ticket = app.ticket(Route::Status);
    let page = app.status(ticket).summary;
    serve_page(&app, ticket, visit, (SUMMARY, JSON, page)).await
}

/// The incidents of that page.
async fn incidents(State(app): State<Arc<App>>, visit: Visit) -> Response {
    let ticket = app.ticket(Route::Status);
    let page = app.status(ticket).incidents;
    serve_page(&app, ticket, visit, (INCIDENTS, JSON, page)).await
}

/// A page with its path and media type, unless a rule says otherwise.
async fn serve_page(
    app: &App,
    ticket: Ticket,
    (Extension(connection), headers): Visit,
    (path, media, page): (&'static str, &'static str, String),
) -> Response {
    let call = Call::page(Route::Status, path).with_headers(&headers, &connection.region);
    let plan = app.plan(ticket, &call);
    let reply = app
        .exchange(ticket, &plain(), 0, &plan)
        .document(media, Bytes::from(page));
    app.record(ticket, &call, &plan, &reply);
    deliver(reply, connection).await
}

/// What is not on any provider's wire speaks `OpenAI`'s.
const fn plain() -> Endpoint {
    Endpoint {
        wire: Wire::OpenAi,
        verb: Verb::Answer,
        model: None,
    }
}

async fn unknown_url(method: Method, uri: Uri) -> Response {
    let error = Failure::unknown_url(method.as_str(), uri.path());
    let body = unrouted(&error);
    (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, JSON)], body).into_response()
}
