//! Reads what providers publish about themselves, when it is time, and keeps it.
//!
//! One collector at a time reads; a page that fails is left alone for longer each time. What a
//! page said last is taken to hold until the next look, unless that look comes late: then nobody
//! knows what it said in between.

mod made;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use evidence::hash::Hash;
use futures_util::{StreamExt as _, stream};
use sqlx::{Connection as _, PgConnection};
use telemetry::metrics::PageResult;
use tracing::{info, warn};

use crate::app::App;
use crate::holds::held_since;
use crate::published::{self, Client, Document, Fetched, Level, Observation, Source};
use crate::store::published::Poll;
use crate::store::published::version::{NewVersion, Newest};
use crate::store::{self, StoreError};

pub(crate) use made::take_made;

/// Pages that are asked at a time.
const AT_A_TIME: usize = 4;
/// The longest pause after failures in a row, unless the interval is longer.
const BACKOFF_MAX: TimeDelta = TimeDelta::minutes(15);
/// How much later than planned a look may be, beside two intervals, for a state to have held.
const LATE_MAX: TimeDelta = TimeDelta::minutes(1);
/// Level 3: pages are read seldom.
const ZSTD_LEVEL: i32 = 3;
/// What a stored page may unpack to, bytes: what the client takes.
const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Pages that could not be read and kept.
#[derive(Debug, thiserror::Error)]
pub enum PublishedJobError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// TLS cannot be set up.
    #[error("failed to set up the HTTP client")]
    Client(#[source] reqwest::Error),
    /// What a page says was to be made up where nothing else is.
    #[error("only a simulated installation takes pages that are made up")]
    NotSimulated,
    /// A page that is not configured.
    #[error("no page is called `{name}`")]
    Source {
        /// Which.
        name: String,
    },
}

/// Reads every page whose time it is, once. Does nothing where another collector is at it.
#[tracing::instrument(name = "job.published.run", skip_all)]
pub(crate) async fn run_once(app: &App) -> Result<(), PublishedJobError> {
    if app.published.sources.is_empty() {
        return Ok(());
    }
    // A connection of its own: the lock is held while the network is slow.
    let mut conn = app.connection().await?.detach();
    if !store::published::try_lock(&mut conn).await? {
        return Ok(());
    }
    let done = run_locked(app, &mut conn).await;
    store::published::unlock(&mut conn).await?;
    let closed = conn.close().await;
    closed.map_err(StoreError::query("release the lock"))?;
    done
}

async fn run_locked(app: &App, conn: &mut PgConnection) -> Result<(), PublishedJobError> {
    let now = app.clock.now_utc();
    let polls = store::published::polls(conn).await?;
    let mut due = Vec::new();
    for source in &app.published.sources {
        let last = polls.get(&source.name).copied();
        if last.is_none_or(|last| last.next_at <= now) {
            due.push((source.clone(), last, known(conn, source).await?));
        }
    }
    if due.is_empty() {
        return Ok(());
    }
    let client = Client::new().map_err(PublishedJobError::Client)?;
    let asked = due.into_iter().map(|(source, last, known)| {
        let client = client.clone();
        async move {
            let known = ask(&client, known).await;
            (source, last, known)
        }
    });
    let mut answers = stream::iter(asked).buffer_unordered(AT_A_TIME);
    while let Some((source, last, asked)) = answers.next().await {
        let mut tx = conn.begin().await.map_err(StoreError::query("begin"))?;
        settle(app, &mut tx, (&source, last), asked).await?;
        tx.commit().await.map_err(StoreError::query("commit"))?;
    }
    Ok(())
}

/// The documents of a source with the newest version of each.
async fn known(
    conn: &mut PgConnection,
    source: &Source,
) -> Result<Vec<(Document, Option<Newest>)>, StoreError> {
    let mut known = Vec::new();
    for document in source.documents() {
        let at = (document.name, document.url.as_str());
        let newest = store::published::version::newest(conn, &source.name, at).await?;
        known.push((document, newest));
    }
    Ok(known)
}

type Asked = Vec<(Document, Option<Newest>, Fetched)>;

async fn ask(client: &Client, known: Vec<(Document, Option<Newest>)>) -> Asked {
    let mut asked = Vec::with_capacity(known.len());
    for (document, newest) in known {
        let etag = newest.as_ref().and_then(|newest| newest.etag.as_deref());
        let fetched = client.get(&document, etag).await;
        asked.push((document, newest, fetched));
    }
    asked
}

/// What is left of answers once they are kept.
#[derive(Default)]
struct Taken {
    bodies: Vec<Option<Vec<u8>>>,
    /// Why one of them is missing: the first that is.
    failure: Option<String>,
    /// How long the page asks to be left alone.
    pause: Option<Duration>,
    is_new: bool,
}

/// Keeps what came.
async fn take(
    tx: &mut PgConnection,
    source: &Source,
    asked: Asked,
    now: DateTime<Utc>,
) -> Result<Taken, StoreError> {
    let mut taken = Taken::default();
    for (document, newest, fetched) in asked {
        let body = match (fetched, newest) {
            (Fetched::Unavailable { why, pause }, _) => {
                let what = document.name;
                warn!("the {what} of {} cannot be read: {why}", source.name);
                taken.failure.get_or_insert(why);
                taken.pause = taken.pause.max(pause);
                None
            }
            (Fetched::Unchanged, Some(newest)) => Some(unchanged(tx, &newest, now).await?),
            (Fetched::Unchanged, None) => None, // Only a version that is known has a tag.
            (Fetched::New { body, etag }, newest) => {
                let what = (source, &document, newest.as_ref());
                taken.is_new |= keep(tx, what, (&body, etag.as_deref()), now).await?;
                Some(body)
            }
        };
        taken.bodies.push(body);
    }
    Ok(taken)
}

/// What it says. Where the list of incidents is missing, what sounds well may not be.
fn said(source: &Source, taken: &Taken, now: DateTime<Utc>) -> Observation {
    let Some(why) = &taken.failure else {
        return published::read(source, &taken.bodies, now);
    };
    if taken.bodies.first().is_none_or(Option::is_none) {
        return Observation::unknown(why);
    }
    let said = published::read(source, &taken.bodies, now);
    if said.level != Level::Operational {
        return said;
    }
    Observation::unknown(format!("its list of incidents: {why}"))
}

/// Keeps what came, and what it says.
async fn settle(
    app: &App,
    tx: &mut PgConnection,
    (source, last): (&Source, Option<Poll>),
    asked: Asked,
) -> Result<(), StoreError> {
    let now = app.clock.now_utc();
    let taken = take(tx, source, asked, now).await?;
    let said = said(source, &taken, now);
    let result = match (&taken.failure, taken.is_new) {
        (Some(_), _) => PageResult::Unavailable,
        (None, true) => PageResult::Changed,
        (None, false) => PageResult::Unchanged,
    };
    app.instruments.page_read(&source.name, result);
    if taken.is_new {
        info!("{} published: {}", source.name, said.level.as_str());
    }
    let held = last.map_or(now, |last| held_from(source, last, now));
    store::published::observe(tx, &source.name, &said, (now, held)).await?;
    store::published::incident::keep(tx, &source.name, &said.incidents, now).await?;
    let failures = match result {
        PageResult::Unavailable => last.map_or(0, |last| last.failures).saturating_add(1),
        PageResult::Changed | PageResult::Unchanged => 0,
    };
    let pause = taken
        .pause
        .and_then(|pause| TimeDelta::from_std(pause).ok());
    let poll = Poll {
        polled_at: now,
        next_at: now + wait(source, failures).max(pause.unwrap_or_default()),
        failures,
    };
    store::published::polled(tx, &source.name, poll).await?;
    let is_first_of_hour = last.is_none_or(|last| hour(last.polled_at) != hour(now));
    if is_first_of_hour {
        forget(app, tx, source, now).await?;
    }
    Ok(())
}

fn hour(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(3_600)
}

/// The bytes of a version that is still the newest.
async fn unchanged(
    tx: &mut PgConnection,
    newest: &Newest,
    now: DateTime<Utc>,
) -> Result<Vec<u8>, StoreError> {
    store::published::version::seen_again(tx, newest.id, now, newest.etag.as_deref()).await?;
    zstd::bulk::decompress(&newest.body, BODY_BYTES_MAX)
        .map_err(|e| StoreError::inconsistent("published_version.body", e))
}

/// Keeps a version unless it is the one that was kept last; whether it was kept.
async fn keep(
    tx: &mut PgConnection,
    (source, document, newest): (&Source, &Document, Option<&Newest>),
    (body, etag): (&[u8], Option<&str>),
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let sha256 = Hash::of(body);
    if let Some(newest) = newest.filter(|newest| newest.sha256 == sha256) {
        store::published::version::seen_again(tx, newest.id, now, etag).await?;
        return Ok(false);
    }
    let packed = zstd::bulk::compress(body, ZSTD_LEVEL);
    let packed = packed.map_err(|e| StoreError::inconsistent("published_version.body", e))?;
    let new = NewVersion {
        source: &source.name,
        document: document.name,
        url: &document.url,
        fetched_at: now,
        sha256,
        etag,
        body: &packed,
    };
    store::published::version::insert(tx, &new).await?;
    Ok(true)
}

/// Since when what a page said last may be taken to have held: since the last look, if this one
/// comes about when it was planned.
fn held_from(source: &Source, last: Poll, now: DateTime<Utc>) -> DateTime<Utc> {
    let slack = interval(source) * 2 + LATE_MAX;
    if now - last.next_at <= slack {
        last.polled_at
    } else {
        now
    }
}

/// How long a page is left alone: twice as long after each failure in a row.
fn wait(source: &Source, failures: i32) -> TimeDelta {
    let interval = interval(source);
    let doublings = u32::try_from(failures).unwrap_or(0).min(10);
    let longest = BACKOFF_MAX.max(interval);
    (interval * (1 << doublings)).min(longest)
}

fn interval(source: &Source) -> TimeDelta {
    TimeDelta::from_std(source.interval).unwrap_or(BACKOFF_MAX)
}

/// Forgets what is older than it is kept, unless a hold reaches back further.
async fn forget(
    app: &App,
    tx: &mut PgConnection,
    source: &Source,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let before = now - TimeDelta::days(source.keep_days.into());
    let holds = store::hold::list(tx, held_since(&app.retention, now)).await?;
    let is_held = |hold: &store::hold::Hold| hold.from_day <= before.date_naive();
    if holds.iter().any(is_held) {
        return Ok(()); // Nothing goes while anything as old as this is held.
    }
    let rows = store::published::forget(tx, &source.name, before).await?;
    if rows > 0 {
        app.instruments.day_dropped("published", rows);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
