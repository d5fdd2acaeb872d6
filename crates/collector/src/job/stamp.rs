//! Has the log timestamped by outside authorities.
//!
//! Only a checkpoint that an agent or witness has cosigned is stamped: so every stamped checkpoint
//! is an anchor of bundles, and the first cosignature over what a token covers is never younger
//! than the token. An authority that fails is asked again after a pause; nothing else waits for it.

use evidence::hash::Hash;
use evidence::note::SignedNote;
use futures_util::future::join_all;
use sqlx::{Connection as _, PgConnection};
use telemetry::metrics::TimestampResult;
use tracing::{info, warn};

use crate::app::App;
use crate::database;
use crate::store::timestamp::{Newest, Stamped};
use crate::store::{self, StoreError};
use crate::timestamp::{AskError, Authority, Granted, Timestamping};

/// Asks every authority whose time it is; gives the number of tokens that are new. Does nothing
/// where another collector is at it.
#[tracing::instrument(name = "job.timestamp.run", skip_all)]
pub(crate) async fn run_once(app: &App) -> Result<u64, StoreError> {
    let Some(timestamping) = &app.timestamping else {
        return Ok(0);
    };
    // A connection of its own: the lock is held while the network is slow.
    let mut conn = app.connection().await?.detach();
    if !database::try_lock_timestamps(&mut conn).await? {
        return Ok(0);
    }
    let done = run_locked(app, timestamping, &mut conn).await;
    database::unlock_timestamps(&mut conn).await?;
    let closed = conn.close().await;
    closed.map_err(StoreError::query("release the lock"))?;
    done
}

async fn run_locked(
    app: &App,
    timestamping: &Timestamping,
    conn: &mut PgConnection,
) -> Result<u64, StoreError> {
    let Some(newest) = store::timestamp::newest_cosigned(conn).await? else {
        return Ok(0);
    };
    let note = SignedNote::parse(newest.note.as_bytes());
    let note = note.map_err(|e| StoreError::inconsistent("checkpoint.note", e))?;
    let data = Hash::of(note.text().as_bytes());
    let known = store::timestamp::by_authority(conn).await?;
    let now = app.clock.now_utc();
    let is_due = |authority: &&Authority| {
        let last = known.iter().find(|last| last.authority == authority.name);
        let is_new = last.is_none_or(|last| {
            last.size < newest.size && last.received_at + timestamping.interval <= now
        });
        is_new && authority.may_be_asked(now)
    };
    let due = timestamping.authorities.iter().filter(is_due);
    let asked = due.map(async |authority| {
        let answer = timestamping.ask(authority, &data, timestamping.timeout);
        (authority, answer.await)
    });
    let mut stamped = 0;
    for (authority, answer) in join_all(asked).await {
        if let Some(granted) = settle(app, (timestamping, authority), answer) {
            let (size, name) = (newest.size, &authority.name);
            insert(app, conn, (&newest, authority), granted).await?;
            stamped += 1;
            info!(
                log.size = size,
                "checkpoint {size} was timestamped by {name}"
            );
        }
    }
    Ok(stamped)
}

async fn insert(
    app: &App,
    conn: &mut PgConnection,
    (newest, authority): (&Newest, &Authority),
    granted: Granted,
) -> Result<(), StoreError> {
    let stamped = Stamped {
        size: newest.size,
        authority: &authority.name,
        response: &granted.response,
        at: granted.at,
        received_at: app.clock.now_utc(),
    };
    store::timestamp::insert(conn, &stamped).await
}

/// Notes how an authority answered; gives what can be kept.
pub(crate) fn settle(
    app: &App,
    (timestamping, authority): (&Timestamping, &Authority),
    answer: Result<Granted, AskError>,
) -> Option<Granted> {
    match answer {
        Ok(granted) => {
            authority.answered();
            app.instruments.timestamp_asked(TimestampResult::Granted);
            Some(granted)
        }
        Err(failure) => {
            app.instruments.timestamp_asked(failure.result());
            let name = &authority.name;
            warn!(
                error = &failure as &dyn std::error::Error,
                "no timestamp by {name}; it is asked again later"
            );
            let causes =
                std::iter::successors(Some(&failure as &dyn std::error::Error), |e| e.source());
            let causes: Vec<String> = causes.map(ToString::to_string).collect();
            let now = app.clock.now_utc();
            authority.failed(causes.join(": "), now, timestamping.interval);
            None
        }
    }
}
