//! Posts the checkpoint of each day (UTC) to those who are to hold it: a counterparty that has the
//! root before there is a dispute needs to trust nobody's log.
//!
//! Delivered once a day to each: what was delivered is noted in the transaction that holds the lock.
//! A collector that is killed between the answer and the note posts again, with the same
//! `Idempotency-Key`.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use evidence::checkpoint::Checkpoint;
use evidence::note::{SignatureLine, SignedNote};
use serde::Serialize;
use sqlx::PgConnection;
use tracing::{info, warn};

use crate::app::App;
use crate::outside::{CheckpointPost, Client, PostFormat};
use crate::store::outside::Witnessed;
use crate::store::post::Tried;
use crate::store::{self, StoreError};

/// The longest pause between two tries of a day, minutes.
const PAUSE_MIN_MAX: i64 = 60;

/// Posts that did not arrive.
#[derive(Debug, thiserror::Error)]
pub enum PostError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Some receivers did not take it; each was logged, and is tried again.
    #[error("{failed} of {due} receivers did not take the checkpoint of the day")]
    Receivers {
        /// How many.
        failed: usize,
        /// Of how many that were due.
        due: usize,
    },
}

/// What is posted as JSON.
#[derive(Debug, Serialize)]
struct Body<'a> {
    day: NaiveDate,
    origin: &'a str,
    size: u64,
    root: String,
    note: &'a str,
}

/// Posts what is due, once.
#[tracing::instrument(name = "job.post.run", skip_all)]
pub(crate) async fn run_once(app: &App) -> Result<(), PostError> {
    if app.outside.posts.is_empty() {
        return Ok(());
    }
    let (mut due, mut failed) = (0, 0);
    for post in &app.outside.posts {
        match post_one(app, post, app.clock.now_utc()).await? {
            Posted::NotDue => {}
            Posted::Delivered => due += 1,
            Posted::Failed => (due, failed) = (due + 1, failed + 1),
        }
    }
    if failed > 0 {
        return Err(PostError::Receivers { failed, due });
    }
    Ok(())
}

/// What became of one receiver's day.
enum Posted {
    NotDue,
    Delivered,
    Failed,
}

/// Each in a transaction of its own: what arrived is noted whatever becomes of the others.
async fn post_one(
    app: &App,
    post: &CheckpointPost,
    now: DateTime<Utc>,
) -> Result<Posted, StoreError> {
    let mut tx = app.pool.begin().await.map_err(StoreError::query("begin"))?;
    if !store::post::try_lock(&mut tx).await? {
        return Ok(Posted::NotDue);
    }
    let tried = store::post::find(&mut tx, &post.name, now.date_naive()).await?;
    let newest = store::outside::newest_witnessed(&mut tx).await?;
    let Some(newest) = newest.filter(|_| is_due(tried.as_ref(), now)) else {
        // One that is only dropped keeps the lock for a while.
        tx.rollback()
            .await
            .map_err(StoreError::query("roll back"))?;
        return Ok(Posted::NotDue);
    };
    let posted = deliver(&mut tx, post, &newest, now).await?;
    tx.commit().await.map_err(StoreError::query("commit"))?;
    Ok(posted)
}

/// Whether a day is to be tried: never yet, or not for twice as many minutes after every failure.
fn is_due(tried: Option<&Tried>, now: DateTime<Utc>) -> bool {
    let Some(tried) = tried else { return true };
    let doublings = u32::try_from(tried.tries - 1).unwrap_or(0).min(6);
    let pause = TimeDelta::minutes((1 << doublings).min(PAUSE_MIN_MAX));
    !tried.delivered && tried.last_at + pause <= now
}

/// Posts to one receiver and notes what came of it.
async fn deliver(
    tx: &mut PgConnection,
    post: &CheckpointPost,
    newest: &Witnessed,
    now: DateTime<Utc>,
) -> Result<Posted, StoreError> {
    let (name, day) = (&post.name, now.date_naive());
    let note = with_lines(newest).map_err(|e| StoreError::inconsistent("checkpoint.note", e))?;
    match send(post, &note, day).await {
        Ok(()) => {
            store::post::delivered(tx, (name, day), now, newest.size).await?;
            info!(
                log.size = newest.size,
                "posted the checkpoint of {day} to {name}"
            );
            Ok(Posted::Delivered)
        }
        Err(failure) => {
            warn!("failed to post the checkpoint of {day} to {name}: {failure}");
            store::post::failed(tx, (name, day), now, &failure).await?;
            Ok(Posted::Failed)
        }
    }
}

/// Posts; in our own words why it did not arrive.
async fn send(post: &CheckpointPost, note: &SignedNote, day: NaiveDate) -> Result<(), String> {
    let checkpoint = Checkpoint::parse(note.text()).map_err(|e| e.to_string())?;
    let client = Client::new().map_err(|e| e.to_string())?;
    let text = note.to_string();
    let (content_type, body) = match post.format {
        PostFormat::Note => ("text/plain; charset=utf-8", text),
        PostFormat::Json => {
            let body = Body {
                day,
                origin: &checkpoint.origin,
                size: checkpoint.size,
                root: checkpoint.root.to_string(),
                note: &text,
            };
            let body = serde_json::to_string(&body).map_err(|e| e.to_string())?;
            ("application/json", body)
        }
    };
    let key = format!("{}/{day}", checkpoint.origin);
    let sent = client.post(&post.url, (content_type, &key), body).await;
    match sent.map_err(|e| e.to_string())?.status {
        200..=299 => Ok(()),
        status => Err(format!("the receiver answered {status}")),
    }
}

fn with_lines(newest: &Witnessed) -> Result<SignedNote, evidence::note::NoteError> {
    let mut note = SignedNote::parse(newest.note.as_bytes())?;
    for line in newest
        .lines
        .iter()
        .filter_map(|line| SignatureLine::parse(line))
    {
        note.push(line)?;
    }
    Ok(note)
}

#[cfg(test)]
mod tests;
