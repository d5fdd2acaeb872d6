//! Health and metrics, for orchestrators and Prometheus.

pub(crate) mod log;
mod outside;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use wire::problem::ProblemType;

use super::Problem;
use crate::app::App;
use crate::holds::held_since;
use crate::store::drop::Dropped;
use crate::store::hold::Hold;
use crate::store::poison::Poison;
use crate::store::{self, StoreError};
use crate::timestamp::Authority;

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

/// What somebody should know of who runs the collector.
#[derive(Debug, Serialize)]
pub(crate) struct HealthView {
    /// Whether no item of a job is set aside, and the log goes on.
    ok: bool,
    log: log::LogView,
    dropped: Vec<DroppedView>,
    /// Absent where no archive is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    archive: Option<ArchiveView>,
    /// Absent where no authority is configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamps: Option<Vec<TimestampView>>,
    holds: Vec<HoldView>,
    poison: Vec<PoisonView>,
    /// Witnesses that are no agents.
    witnesses: Vec<outside::WitnessView>,
    /// Receivers of the daily checkpoint.
    checkpoint_posts: Vec<outside::PostView>,
}

/// What retention has dropped so far, of one kind.
#[derive(Debug, Serialize)]
struct DroppedView {
    kind: String,
    days: i64,
    rows: i64,
    first_day: NaiveDate,
    last_day: NaiveDate,
    last_at: DateTime<Utc>,
}

/// What stands in the archive, and what is to follow.
#[derive(Debug, Serialize)]
struct ArchiveView {
    days: i64,
    batches: i64,
    bytes: i64,
    last_day: Option<NaiveDate>,
    last_at: Option<DateTime<Utc>>,
    /// Closed days that are not archived yet.
    days_waiting: usize,
}

/// What an authority has stamped, and how asking it goes.
#[derive(Debug, Serialize)]
struct TimestampView {
    authority: String,
    tokens: i64,
    /// Size of the log that its last token is over.
    last_size: Option<u64>,
    last_at: Option<DateTime<Utc>>,
    /// Failures since it last answered this collector.
    failures: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Debug, Serialize)]
struct HoldView {
    hold: String,
    target: String,
    from_day: NaiveDate,
    to_day: NaiveDate,
    reason: String,
}

/// An item on which a job failed.
#[derive(Debug, Serialize)]
struct PoisonView {
    job: String,
    key: String,
    error: String,
    tries: i32,
    set_aside: bool,
    first_at: DateTime<Utc>,
    last_at: DateTime<Utc>,
}

/// What was dropped, archived and is held, and which items of which jobs fail.
#[tracing::instrument(name = "http.health.show", skip_all)]
pub(crate) async fn show(State(app): State<Arc<App>>) -> Result<Json<HealthView>, Problem> {
    let mut conn = app.connection().await?;
    let since = held_since(&app.retention, app.clock.now_utc());
    let dropped = store::drop::dropped(&mut conn).await?;
    let archive = archived(&app, &mut conn).await?;
    let timestamps = stamped(&app, &mut conn).await?;
    let holds = store::hold::list(&mut conn, since).await?;
    let poison = store::poison::list(&mut conn, super::LIST_MAX).await?;
    let poison: Vec<_> = poison.into_iter().map(PoisonView::from).collect();
    let log = log::view(&app, &mut conn).await?;
    Ok(Json(HealthView {
        ok: log.trouble.is_none() && !poison.iter().any(|item| item.set_aside),
        log,
        dropped: dropped.into_iter().map(DroppedView::from).collect(),
        archive,
        timestamps,
        holds: holds.into_iter().map(HoldView::from).collect(),
        poison,
        witnesses: outside::witnesses(&app, &mut conn).await?,
        checkpoint_posts: outside::posts(&app, &mut conn).await?,
    }))
}

async fn archived(app: &App, conn: &mut PgConnection) -> Result<Option<ArchiveView>, StoreError> {
    let Some(archive) = &app.archive else {
        return Ok(None);
    };
    let waiting = crate::job::archive::waiting(app, archive, conn).await?;
    let done = store::archive::summary(conn).await?;
    Ok(Some(ArchiveView {
        days: done.days,
        batches: done.batches,
        bytes: done.bytes,
        last_day: done.last_day,
        last_at: done.last_at,
        days_waiting: waiting.len(),
    }))
}

async fn stamped(
    app: &App,
    conn: &mut PgConnection,
) -> Result<Option<Vec<TimestampView>>, StoreError> {
    let Some(timestamping) = &app.timestamping else {
        return Ok(None);
    };
    let known = store::timestamp::by_authority(conn).await?;
    let of = |authority: &Authority| {
        let last = known.iter().find(|last| last.authority == authority.name);
        let tries = authority.tries();
        TimestampView {
            authority: authority.name.clone(),
            tokens: last.map_or(0, |last| last.tokens),
            last_size: last.map(|last| last.size),
            last_at: last.map(|last| last.stamped_at),
            failures: tries.failures,
            error: tries.error,
        }
    };
    Ok(Some(timestamping.authorities.iter().map(of).collect()))
}

impl From<Dropped> for DroppedView {
    fn from(dropped: Dropped) -> Self {
        Self {
            kind: dropped.kind,
            days: dropped.days,
            rows: dropped.rows,
            first_day: dropped.first_day,
            last_day: dropped.last_day,
            last_at: dropped.last_at,
        }
    }
}

impl From<Hold> for HoldView {
    fn from(hold: Hold) -> Self {
        Self {
            hold: hold.name,
            target: hold.target,
            from_day: hold.from_day,
            to_day: hold.to_day,
            reason: hold.reason,
        }
    }
}

impl From<Poison> for PoisonView {
    fn from(item: Poison) -> Self {
        Self {
            set_aside: item.tries >= store::poison::TRIES_MAX,
            job: item.job,
            key: item.key,
            error: item.error,
            tries: item.tries,
            first_at: item.first_at,
            last_at: item.last_at,
        }
    }
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
