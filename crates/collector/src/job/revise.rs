//! Final assessments of which the evidence changed, judged again.
//!
//! A window is marked in the transaction that writes its cells, and taken here in the transaction
//! that writes what follows: work that stops is done again, work that is done leaves no mark, and
//! several collectors never take the same window. The mark of a window that still runs waits
//! until its assessment is final, so that nothing can slip in between.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sla::{Assessment, Facts};
use sqlx::{Connection as _, PgConnection};
use tracing::warn;

use super::assess;
use crate::app::App;
use crate::contracts::{self, Loaded};
use crate::known::Known;
use crate::store::assessment::{State, Stored};
use crate::store::poison::Settled;
use crate::store::revision::{Cause, ContractWindow};
use crate::store::{self, StoreError};

/// Under which failed windows are kept.
const JOB: &str = "revise";

/// Judges marked windows again until none is left. Gives how many there were.
#[tracing::instrument(name = "job.revise.run", skip_all)]
pub(crate) async fn run_once(app: &App) -> Result<usize, StoreError> {
    let keys: Vec<i32> = app.contracts.iter().map(|c| c.registered.key).collect();
    let mut conn = app.connection().await?;
    let mut total = 0;
    loop {
        match one(app, &mut conn, &keys).await {
            Ok(true) => total += 1,
            Ok(false) => return Ok(total),
            // Cells of the window changed meanwhile: its mark stands, for the next run.
            Err(failure) if failure.is_serialization_failure() => return Ok(total),
            Err(failure) => return Err(failure),
        }
    }
}

/// One marked window in a transaction of its own; false where there is none.
async fn one(app: &App, conn: &mut PgConnection, keys: &[i32]) -> Result<bool, StoreError> {
    let snapshot = conn.begin_with(store::SNAPSHOT).await;
    let mut tx = snapshot.map_err(StoreError::query("begin"))?;
    let Some(window) = store::revision::take(&mut tx, keys).await? else {
        return Ok(false);
    };
    let now = app.clock.now_utc();
    let done = revise(app, &mut tx, window, now).await;
    let key = store::revision::poison_key(window);
    if store::poison::settle(&mut tx, (JOB, &key), done, now).await? == Settled::Failed {
        store::revision::mark_window(&mut tx, window, now).await?;
    }
    tx.commit().await.map_err(StoreError::query("commit"))?;
    Ok(true)
}

async fn revise(
    app: &App,
    conn: &mut PgConnection,
    at: ContractWindow,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let stored = store::assessment::find(conn, at.contract, at.start_at).await?;
    let Some(stored) = stored.filter(|stored| stored.state == State::Final) else {
        return Ok(());
    };
    let window = stored.assessment.window;
    let loaded = contracts::judging(&app.contracts, at.contract, window.start());
    // Another text would be another verdict, not a correction of this one.
    let other_text = || {
        let sha256 = stored.assessment.contract_sha256.as_str().to_owned();
        StoreError::inconsistent("assessment.contract_sha256", sha256)
    };
    let loaded = loaded.ok_or_else(other_text)?;
    let known = Known::now(app.plans().all(), conn).await?;
    let terms = known.terms(loaded, window, stored.assessment.as_of);
    let cells = assess::gather(conn, &loaded.registered.targets, window).await?;
    let assessment = sla::assess(&loaded.contract, &terms, Facts::counted(&cells));
    if assessment.contract_sha256 != stored.assessment.contract_sha256 {
        return Err(other_text());
    }
    if assessment != stored.assessment {
        follow(conn, loaded, (&stored, &assessment), (Cause::Evidence, now)).await?;
    }
    Ok(())
}

/// Stores the assessment that follows a final one, and keeps the violations that it stands for;
/// false where something follows it already. Both in one transaction, which is the caller's.
pub(crate) async fn follow(
    conn: &mut PgConnection,
    loaded: &Loaded,
    (replaced, assessment): (&Stored, &Assessment),
    (cause, now): (Cause, DateTime<Utc>),
) -> Result<bool, StoreError> {
    let key = loaded.registered.key;
    if !store::revision::insert(conn, key, (replaced, assessment), (cause, now)).await? {
        return Ok(false);
    }
    let start_at = assess::utc(assessment.window.start());
    warn!(
        contract.id = %loaded.registered.id,
        assessment.revision = replaced.revision + 1,
        assessment.changes = sla::changes(&replaced.assessment, assessment).len(),
        "contract {}: the final assessment from {start_at} is followed by revision {} ({})",
        loaded.registered.id,
        replaced.revision + 1,
        cause.as_str(),
    );
    assess::record_violations(conn, loaded, assessment, now).await?;
    let still: BTreeSet<&str> = assessment
        .commitments
        .iter()
        .map(|c| c.id.as_str())
        .collect();
    for gone in &replaced.assessment.commitments {
        if !still.contains(gone.id.as_str()) {
            store::violation::withdraw(conn, key, &gone.id, start_at, now).await?;
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests;
