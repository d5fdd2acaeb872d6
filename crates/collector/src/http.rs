//! The HTTP interface: routes, and what all of them share.

mod agents;
mod assets;
mod batches;
mod claims;
mod contracts;
mod evidence;
mod health;
mod latency;
mod log;
mod name;
mod notices;
mod openapi;
mod pages;
pub(crate) mod plan;
mod previews;
mod problem;
mod published;
mod revisions;
mod targets;
mod tiles;
mod violations;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::error;

use crate::app::App;

pub(crate) use problem::Problem;

/// Items in any list that is answered.
pub(crate) const LIST_MAX: i64 = 100;

/// Serves until told to stop, then finishes what is under way.
pub(crate) async fn serve(listener: TcpListener, app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let stopped = async move {
        let _closed = stop.changed().await;
    };
    let served = axum::serve(listener, router(app))
        .with_graceful_shutdown(stopped)
        .await;
    if let Err(failure) = served {
        error!(
            error = &failure as &dyn std::error::Error,
            "failed to serve"
        );
    }
}

fn router(app: Arc<App>) -> Router {
    let api = Router::new()
        .route("/agents", post(agents::create).get(agents::list))
        .route("/agents/{agent}/keys", post(agents::rotate))
        .route("/agents/{agent}/missing", get(agents::missing))
        .route("/agents/{agent}/plan", get(plan::show))
        .route("/batches", post(batches::create))
        .route("/claims", get(claims::list))
        .route("/claims/{claim}", get(claims::show))
        .route("/claims/{claim}/letter", get(claims::letter))
        .route("/claims/{claim}/requests.csv", get(claims::requests))
        .route("/contracts", get(contracts::list))
        .route("/contracts/{contract}", get(contracts::show))
        .route("/contracts/{contract}/terms", get(contracts::terms))
        .route("/health", get(health::show))
        .route("/log/checkpoint", get(log::checkpoint))
        .route("/log/cosignatures", post(log::cosign))
        .route("/notices", get(notices::list))
        .route("/notices/{notice}", get(notices::show))
        .route("/notices/{notice}/letter", get(notices::letter))
        .route("/notices/{notice}/requests.csv", get(notices::requests))
        .route(
            "/previews",
            post(previews::create).layer(DefaultBodyLimit::max(wire::preview::BYTES_MAX)),
        )
        .route("/published", get(published::list))
        .route("/published/{source}", get(published::show))
        .route("/targets", get(targets::list))
        .route("/targets/{target}", get(targets::show))
        .route("/targets/{target}/latency", get(latency::show))
        .route("/violations", get(violations::list))
        .route("/violations/{violation}", get(violations::show))
        .route("/violations/{violation}/evidence", get(evidence::download));
    Router::new()
        .route("/", get(pages::overview))
        .route("/claims/{claim}", get(pages::claim))
        .route("/contracts/{contract}", get(pages::contract))
        .route("/targets/{target}", get(pages::target))
        .route("/violations/{violation}", get(pages::violation))
        .route("/assets/{file}", get(assets::show))
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/policy.txt", get(log::policy))
        .route("/checkpoint", get(log::newest))
        .route("/tile/{level}/{*index}", get(tiles::show))
        .route("/api/openapi.json", get(openapi::show))
        .nest("/api/v1", api)
        .fallback(problem::not_found)
        .method_not_allowed_fallback(problem::method_not_allowed)
        .layer(DefaultBodyLimit::max(wire::limits::BATCH_BODY_BYTES_MAX))
        .layer(middleware::from_fn_with_state(app.clone(), count))
        .with_state(app)
}

/// Counts and times every request, by route and never by path.
async fn count(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<axum::extract::MatchedPath>()
        .cloned();
    let response = next.run(request).await;
    app.instruments
        .request_served(telemetry::metrics::ServedRequest {
            method: method.as_str(),
            scheme: "http",
            route: route.as_ref().map(axum::extract::MatchedPath::as_str),
            status: response.status().as_u16(),
            duration: started.elapsed(),
        });
    response
}
