//! The web pages: gather a view, render it whole or only its `<main>`.

mod claim;
mod contract;
mod listing;
mod overview;
mod published;
mod target;
mod violation;

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use maud::Markup;
use wire::problem::ProblemType;

use super::Problem;
use super::name::Name;
use crate::app::App;
use crate::contracts;
use crate::store::StoreError;
use crate::store::assessment::{State as Progress, Stored};
use crate::store::revision::{Cause, Revision};
use crate::store::violation::Violation;
use crate::web::view::{Judged, RevisionNote, Site, Stage, ViolationRow};
use crate::web::{self, assets};

/// How much of a page is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// All of it.
    Page,
    /// Its newest `<main>` only (`?fragment=1`).
    Fragment,
}

impl<S: Sync> FromRequestParts<S> for Shape {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let mut pairs = parts.uri.query().unwrap_or_default().split('&');
        let fragment = pairs.any(|pair| pair == "fragment=1");
        Ok(if fragment { Self::Fragment } else { Self::Page })
    }
}

impl Shape {
    /// Renders a view by the one function or the other.
    fn render<V>(self, view: &V, page: fn(&V) -> Markup, fragment: fn(&V) -> Markup) -> Markup {
        match self {
            Self::Page => page(view),
            Self::Fragment => fragment(view),
        }
    }
}

/// The front page.
#[tracing::instrument(name = "http.pages.overview", skip_all)]
pub(crate) async fn overview(State(app): State<Arc<App>>, uri: Uri, shape: Shape) -> Response {
    let view = overview::view(&app, listing::asked(&uri)).await;
    let render = |view| shape.render(&view, web::overview, web::overview_fragment);
    respond(&app, view.map(render))
}

/// The page of a contract.
#[tracing::instrument(name = "http.pages.contract", skip_all)]
pub(crate) async fn contract(
    State(app): State<Arc<App>>,
    name: Result<Name, Problem>,
    shape: Shape,
) -> Response {
    let view = match name {
        Ok(Name(name)) => contract::view(&app, &name).await,
        Err(_) => Err(no_such_page()),
    };
    let render = |view| shape.render(&view, web::contract, web::contract_fragment);
    respond(&app, view.map(render))
}

/// The page of a target.
#[tracing::instrument(name = "http.pages.target", skip_all)]
pub(crate) async fn target(
    State(app): State<Arc<App>>,
    name: Result<Name, Problem>,
    shape: Shape,
) -> Response {
    let view = match name {
        Ok(Name(name)) => target::view(&app, &name).await,
        Err(_) => Err(no_such_page()),
    };
    let render = |view| shape.render(&view, web::target, web::target_fragment);
    respond(&app, view.map(render))
}

/// The page of a violation.
#[tracing::instrument(name = "http.pages.violation", skip_all)]
pub(crate) async fn violation(
    State(app): State<Arc<App>>,
    name: Result<Name, Problem>,
    shape: Shape,
) -> Response {
    let view = match name {
        Ok(Name(name)) => violation::view(&app, &name).await,
        Err(_) => Err(no_such_page()),
    };
    let render = |view| shape.render(&view, web::violation, web::violation_fragment);
    respond(&app, view.map(render))
}

/// The page of a claim.
#[tracing::instrument(name = "http.pages.claim", skip_all)]
pub(crate) async fn claim(
    State(app): State<Arc<App>>,
    name: Result<Name, Problem>,
    shape: Shape,
) -> Response {
    let view = match name {
        Ok(Name(name)) => claim::view(&app, &name).await,
        Err(_) => Err(no_such_page()),
    };
    let render = |view| shape.render(&view, web::claim, web::claim_fragment);
    respond(&app, view.map(render))
}

/// A path that is no text names no page.
fn no_such_page() -> Problem {
    Problem::new(ProblemType::NotFound, "the name in the address is not text")
}

fn respond(app: &App, page: Result<Markup, Problem>) -> Response {
    let site = site(app);
    let (status, markup) = match page {
        Ok(markup) => (StatusCode::OK, markup),
        Err(problem) if problem.is(ProblemType::NotFound) => {
            (StatusCode::NOT_FOUND, web::not_found(&site))
        }
        Err(problem) => {
            let page = web::error_page(&site, "This page cannot be shown", problem.detail());
            (StatusCode::INTERNAL_SERVER_ERROR, page)
        }
    };
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (
            header::CONTENT_SECURITY_POLICY,
            assets::CONTENT_SECURITY_POLICY,
        ),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, markup.into_string()).into_response()
}

/// What stands on every page.
fn site(app: &App) -> Site {
    Site {
        origin: app.origin.to_string(),
        simulated: app.origin.is_simulated(),
        now: app.clock.now().to_millis(),
    }
}

fn judged(stored: Stored) -> Judged {
    let stage = match stored.state {
        Progress::Live => Stage::Live,
        Progress::Final => Stage::Final,
    };
    Judged {
        stage,
        revision: stored.revision,
        assessment: stored.assessment,
    }
}

/// A revision as pages show it.
fn revision_note(made: Revision) -> RevisionNote {
    RevisionNote {
        revision: made.number,
        replaces: made.number - 1,
        replaces_sha256: made.replaces_sha256.map(|hash| hash.to_hex()),
        cause: made.cause.map(|cause| match cause {
            Cause::Evidence => "evidence came in after it was final",
            Cause::Rebuild => "a rebuild found that it did not follow from the raw batches",
        }),
        revised_at: made.revised_at.map(Into::into),
        changes: sla::changes(&made.replaced, &made.assessment),
        assessment: made.assessment,
    }
}

/// A violation as lists show it; `newest` is the assessment of its contract's running window.
fn violation_row(
    violation: &Violation,
    newest: Option<&Judged>,
    app: &App,
) -> Result<ViolationRow, StoreError> {
    let contract = violation.contract.parse();
    let contract = contract.map_err(|e| StoreError::inconsistent("contract.name", e))?;
    let start = domain::UnixMicros::from(violation.window_start_at)
        .to_millis()
        .minute();
    let loaded = contracts::judging(&app.contracts, violation.contract_key, start);
    let window = loaded.map(|loaded| loaded.contract.window_at(start));
    let window = window.ok_or_else(|| StoreError::inconsistent("violation", &violation.name))?;
    let conclusion = newest
        .filter(|judged| judged.assessment.window == window)
        .and_then(|j| {
            j.assessment
                .commitments
                .iter()
                .find(|c| c.id == violation.commitment)
        });
    Ok(ViolationRow {
        name: violation.name.clone(),
        contract,
        commitment: violation.commitment.clone(),
        window,
        detected_at: violation.detected_at.into(),
        withdrawn_at: violation.withdrawn_at.map(Into::into),
        conclusion: conclusion.cloned(),
    })
}
