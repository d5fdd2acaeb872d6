//! `/api/v1/claims`: claims, to read. They are moved by the command line only, because nothing
//! here tells who asks.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::{Deserialize, Serialize};
use wire::problem::ProblemType;

use super::name::Name;
use super::{LIST_MAX, Problem};
use crate::app::App;
use crate::claim::letter::DEFAULT_FORM;
use crate::claim::{self, Claim, ClaimError, ClaimEvent, Log, LogReader};
use crate::store::{self, StoreError};

/// A claim as the API shows it.
#[derive(Debug, Serialize)]
pub(crate) struct ClaimView {
    #[serde(flatten)]
    claim: Claim,
    /// Whole days until the strictest deadline; negative where it has passed.
    days_left: Option<i64>,
    /// Whether it waits to be filed after the strictest deadline.
    overdue: bool,
    /// Whether it waits to be filed and its deadline was told of.
    due_soon: bool,
    letter: String,
    requests: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<Vec<ClaimEvent>>,
}

/// Which form a letter takes.
#[derive(Debug, Deserialize)]
pub(crate) struct LetterQuery {
    form: Option<String>,
}

fn view(app: &App, claim: Claim) -> ClaimView {
    let now = app.clock.now_utc();
    ClaimView {
        days_left: claim.days_left(now),
        overdue: claim.is_overdue(now),
        due_soon: claim.is_due_soon(now),
        letter: format!("/api/v1/claims/{}/letter", claim.name),
        requests: format!("/api/v1/claims/{}/requests.csv", claim.name),
        history: None,
        claim,
    }
}

async fn find(conn: &mut sqlx::PgConnection, name: &str) -> Result<Claim, Problem> {
    let found = store::claim::find(conn, name).await?;
    found.ok_or_else(|| Problem::new(ProblemType::NotFound, format!("there is no claim `{name}`")))
}

/// Claims, the newest window first.
#[tracing::instrument(name = "http.claims.list", skip_all)]
pub(crate) async fn list(State(app): State<Arc<App>>) -> Result<Json<Vec<ClaimView>>, Problem> {
    let mut conn = app.connection().await?;
    let found = store::claim::list(&mut conn, LIST_MAX).await?.into_iter();
    Ok(Json(found.map(|claim| view(&app, claim)).collect()))
}

/// One claim with its history.
#[tracing::instrument(name = "http.claims.show", skip_all)]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Name(name): Name,
) -> Result<Json<ClaimView>, Problem> {
    let mut conn = app.connection().await?;
    let claim = find(&mut conn, &name).await?;
    let history = store::claim::history(&mut conn, &name, LIST_MAX).await?;
    Ok(Json(ClaimView {
        history: Some(history),
        ..view(&app, claim)
    }))
}

/// Its letter as plain text.
#[tracing::instrument(name = "http.claims.letter", skip_all)]
pub(crate) async fn letter(
    State(app): State<Arc<App>>,
    Name(name): Name,
    query: Result<Query<LetterQuery>, QueryRejection>,
) -> Result<impl IntoResponse, Problem> {
    let malformed = |e: QueryRejection| Problem::new(ProblemType::Malformed, e.body_text());
    let Query(query) = query.map_err(malformed)?;
    let mut conn = app.connection().await?;
    let claim = find(&mut conn, &name).await?;
    let form = query.form.as_deref().unwrap_or(DEFAULT_FORM);
    let said = claim::letter_text(&mut conn, &claim, (&app.claim_forms, form)).await;
    Ok(text(said.map_err(refused)?))
}

/// Its failed requests.
#[tracing::instrument(name = "http.claims.requests", skip_all)]
pub(crate) async fn requests(
    State(app): State<Arc<App>>,
    Name(name): Name,
) -> Result<impl IntoResponse, Problem> {
    let mut conn = app.connection().await?;
    let claim = find(&mut conn, &name).await?;
    let ids = claim::ClientIds::now(&app);
    let log = LogReader::of(&mut conn, Log::Claim(&claim), ids).await;
    let log = log.map_err(refused)?;
    drop(conn);
    Ok(Download::new(app, &claim.name, log))
}

/// What is wrong with a letter or log, for whoever asked.
pub(super) fn refused(failure: ClaimError) -> Problem {
    match failure {
        ClaimError::Letter(refused) => Problem::new(ProblemType::Malformed, refused.to_string()),
        ClaimError::Store(failure) => failure.into(),
        other => Problem::internal(&other),
    }
}

/// Plain text that nobody keeps.
pub(super) fn text(text: String) -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, text)
}

/// A log of requests on its way: read as fast as it is taken, with no connection held between.
#[derive(Debug)]
pub(super) struct Download {
    app: Arc<App>,
    file_name: String,
    log: LogReader,
}

impl Download {
    pub(super) fn new(app: Arc<App>, name: &str, log: LogReader) -> Self {
        Self {
            app,
            file_name: format!("{name}.requests.csv"),
            log,
        }
    }
}

impl IntoResponse for Download {
    fn into_response(self) -> Response {
        let disposition = format!("attachment; filename=\"{}\"", self.file_name);
        let headers = [
            (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
            (header::CONTENT_DISPOSITION, disposition),
            (header::CACHE_CONTROL, "no-store".to_owned()),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        ];
        let pieces = stream::try_unfold((self.app, self.log), |(app, mut log)| async move {
            let mut conn = app.connection().await?;
            let piece = log.next(&mut conn).await?;
            drop(conn);
            Ok::<_, StoreError>(piece.map(|text| (text, (app, log))))
        });
        (headers, Body::from_stream(pieces)).into_response()
    }
}
