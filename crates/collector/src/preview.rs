//! Previews: what agents tell between two batches, so that pages need not wait for the next one.
//!
//! Invariants: a preview is believed under the newest key of an enrolled agent only, for minutes,
//! and about targets of the plan; it never replaces what is newer, so that playing an old one back
//! changes nothing; where a batch has told as much, the batch is shown.
//!
//! Non-goals: a preview is no evidence. It makes no target and no sample; ingest, cells,
//! conditions, assessments, claims, rebuilding and exports never read it. [`newest`] is all that
//! comes of it, and only pages and `/api/v1/targets` ask that.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use domain::{AgentId, TargetId, UnixMillis};
use sqlx::{Connection as _, PgConnection};
use wire::preview::{Preview, PreviewError, PreviewStream, Unverified};

use crate::app::App;
use crate::plans::Plans;
use crate::store::stream_latest::Latest;
use crate::store::{self, StoreError};

/// Previews that are read at once; further ones are refused, so that batches find connections and
/// processors.
pub(crate) const AT_ONCE_MAX: usize = 2;
/// How far back the newest attempt of a stream may lie to be shown.
pub(crate) const SPAN: TimeDelta = TimeDelta::days(1);

/// A preview that was refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    /// It cannot be read, or cannot be believed.
    #[error(transparent)]
    Preview(#[from] PreviewError),
    /// Signed by no agent of this installation.
    #[error("the preview is not signed by an agent of this installation")]
    Foreign,
    /// The agent is not enrolled.
    #[error("agent `{agent}` is not enrolled here")]
    UnknownAgent {
        /// Which.
        agent: AgentId,
    },
    /// The agent's key was revoked.
    #[error("the key of agent `{agent}` has been revoked")]
    Revoked {
        /// Which.
        agent: AgentId,
    },
    /// There are others to read.
    #[error("too many previews are read at once")]
    Busy,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Keeps what a preview tells of targets of the plan.
pub(crate) async fn receive(app: &App, body: Bytes) -> Result<(), Refused> {
    let _permit = app.previews.try_acquire().map_err(|_| Refused::Busy)?;
    let unverified = Unverified::read(&body)?;
    drop(body);
    let agent = unverified.agent(&app.origin).ok_or(Refused::Foreign)?;
    let enrolled = find_agent(app, agent).await?;
    let key = enrolled.keys.newest().clone();
    let verified = tokio::task::spawn_blocking(move || unverified.verify(&key));
    let preview = verified.await.map_err(|_| Refused::Busy)??;
    let now = app.clock.now().to_millis();
    preview.check_age(now)?;
    let streams = planned(preview, &app.plans(), now);
    let mut conn = app.connection().await?;
    store::stream_preview::update(&mut conn, enrolled.key, &streams).await?;
    Ok(())
}

async fn find_agent(app: &App, agent: AgentId) -> Result<store::agent::Agent, Refused> {
    let mut conn = app.connection().await?;
    match store::agent::find(&mut conn, &agent).await? {
        None => Err(Refused::UnknownAgent { agent }),
        Some(found) if found.revoked => Err(Refused::Revoked { agent }),
        Some(found) => Ok(found),
    }
}

/// Of what a preview tells, the targets of the revision in force and of the newest one.
fn planned(preview: Preview, plans: &Plans, now: UnixMillis) -> Vec<PreviewStream> {
    let both = [plans.in_force(now), plans.newest()].into_iter();
    let known: BTreeSet<&TargetId> = both.flat_map(|plan| &plan.targets).map(|t| &t.id).collect();
    let mut streams = preview.streams;
    streams.retain(|stream| known.contains(&stream.target));
    streams
}

/// The newest attempt of a stream, as far as it is known.
#[derive(Debug)]
pub(crate) struct Newest {
    pub(crate) attempt: Latest,
    /// Whether only a preview tells it, and no batch yet.
    pub(crate) is_preview: bool,
}

/// The newest attempt of every stream of the targets, in the order of targets and agents.
pub(crate) async fn newest(
    conn: &mut PgConnection,
    targets: &[String],
    now: DateTime<Utc>,
) -> Result<Vec<Newest>, StoreError> {
    let since = now - SPAN;
    let snapshot = conn.begin_with(store::SNAPSHOT).await;
    let mut tx = snapshot.map_err(StoreError::query("begin"))?;
    let told = store::stream_latest::list(&mut tx, targets, since).await?;
    let previews = store::stream_preview::list_newer(&mut tx, targets, since).await?;
    tx.rollback().await.map_err(StoreError::query("end"))?;
    let told = told.into_iter().map(|attempt| Newest {
        attempt,
        is_preview: false,
    });
    let previews = previews.into_iter().map(|attempt| Newest {
        attempt,
        is_preview: true,
    });
    let stream = |one: &Newest| (one.attempt.target.clone(), one.attempt.agent.clone());
    let newest: BTreeMap<_, _> = told
        .chain(previews)
        .map(|one| (stream(&one), one))
        .collect();
    Ok(newest.into_values().collect())
}

#[cfg(test)]
mod tests;
