//! Pages that are made up, for the history of a demo: they go the way of those that were asked for,
//! by the simulated clock.

use chrono::{DateTime, Utc};
use sqlx::Connection as _;

use super::{Asked, PublishedJobError, known, settle};
use crate::app::App;
use crate::published::Fetched;
use crate::store::published::Poll;
use crate::store::{self, StoreError};

/// Keeps documents of a page, in the order in which they would be asked for, as if they had come
/// just now, and notes when it is to be asked next. What is missing is as it was.
#[tracing::instrument(name = "job.published.take_made", skip_all)]
pub(crate) async fn take_made(
    app: &App,
    name: &str,
    documents: Vec<Vec<u8>>,
    next_at: DateTime<Utc>,
) -> Result<(), PublishedJobError> {
    let source = app.published.find(name);
    let source = source.ok_or_else(|| PublishedJobError::Source {
        name: name.to_owned(),
    })?;
    let mut conn = app.connection().await?;
    let last = store::published::polls(&mut conn).await?;
    let last = last.get(name).copied();
    let mut bodies = documents.into_iter();
    let known = known(&mut conn, source).await?.into_iter();
    let asked: Asked = known
        .map(|(document, newest)| {
            let etag = None;
            let body = bodies.next();
            let fetched = body.map_or(Fetched::Unchanged, |body| Fetched::New { body, etag });
            (document, newest, fetched)
        })
        .collect();
    let mut tx = conn.begin().await.map_err(StoreError::query("begin"))?;
    settle(app, &mut tx, (source, last), asked).await?;
    let poll = Poll {
        polled_at: app.clock.now_utc(),
        next_at,
        failures: 0,
    };
    store::published::polled(&mut tx, name, poll).await?;
    let done = tx.commit().await;
    Ok(done.map_err(StoreError::query("commit"))?)
}
