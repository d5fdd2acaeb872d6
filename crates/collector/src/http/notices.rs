//! `/api/v1/notices`: notices of incidents, to read. As claims, they are moved by the command line
//! only.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use serde::Serialize;
use wire::problem::ProblemType;

use super::claims::{Download, refused, text};
use super::name::Name;
use super::{LIST_MAX, Problem};
use crate::app::App;
use crate::claim::{self, Log, Notice};
use crate::store;

/// A notice as the API shows it.
#[derive(Debug, Serialize)]
pub(crate) struct NoticeView {
    #[serde(flatten)]
    notice: Notice,
    /// Whether it waits to be sent and its deadline was told of.
    due_soon: bool,
    /// Whether it waits to be sent after the strictest deadline.
    overdue: bool,
    letter: String,
    requests: String,
}

fn view(app: &App, notice: Notice) -> NoticeView {
    let now = app.clock.now_utc();
    let path = format!("/api/v1/notices/{}", notice.name);
    NoticeView {
        due_soon: notice.is_due_soon(now),
        overdue: notice.is_overdue(now),
        letter: format!("{path}/letter"),
        requests: format!("{path}/requests.csv"),
        notice,
    }
}

async fn find(conn: &mut sqlx::PgConnection, name: &str) -> Result<Notice, Problem> {
    let found = store::claim::notice::find(conn, name).await?;
    found.ok_or_else(|| {
        Problem::new(
            ProblemType::NotFound,
            format!("there is no notice `{name}`"),
        )
    })
}

/// Notices, the newest incident first.
#[tracing::instrument(name = "http.notices.list", skip_all)]
pub(crate) async fn list(State(app): State<Arc<App>>) -> Result<Json<Vec<NoticeView>>, Problem> {
    let mut conn = app.connection().await?;
    let found = store::claim::notice::list(&mut conn, LIST_MAX).await?;
    let found = found.into_iter().map(|notice| view(&app, notice));
    Ok(Json(found.collect()))
}

/// One notice.
#[tracing::instrument(name = "http.notices.show", skip_all)]
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Name(name): Name,
) -> Result<Json<NoticeView>, Problem> {
    let mut conn = app.connection().await?;
    Ok(Json(view(&app, find(&mut conn, &name).await?)))
}

/// Its text, to be sent by people.
#[tracing::instrument(name = "http.notices.letter", skip_all)]
pub(crate) async fn letter(
    State(app): State<Arc<App>>,
    Name(name): Name,
) -> Result<impl IntoResponse, Problem> {
    let mut conn = app.connection().await?;
    let notice = find(&mut conn, &name).await?;
    let said = claim::notice_text(&mut conn, &notice, &app.claim_forms).await;
    Ok(text(said.map_err(refused)?))
}

/// Its failed requests.
#[tracing::instrument(name = "http.notices.requests", skip_all)]
pub(crate) async fn requests(
    State(app): State<Arc<App>>,
    Name(name): Name,
) -> Result<impl IntoResponse, Problem> {
    let mut conn = app.connection().await?;
    let notice = find(&mut conn, &name).await?;
    let ids = claim::ClientIds::now(&app);
    let log = claim::LogReader::of(&mut conn, Log::Notice(&notice), ids).await;
    let log = log.map_err(refused)?;
    drop(conn);
    Ok(Download::new(app, &notice.name, log))
}
