//! Drafts claims from final assessments, revises them where a correction follows, and lets those
//! expire that nobody filed in time; prepares notices, and tells of deadlines.
//!
//! Each final assessment is looked at once, in the transaction that writes what follows from it.

mod alarms;
mod early;
mod notices;

use chrono::{DateTime, Utc};
use domain::{Minute, UnixMicros};
use sla::Assessment;
use sqlx::{Connection as _, PgConnection};
use tracing::{info, warn};

use super::assess::utc;
use crate::app::App;
use crate::claim::{Asked, Claim, asked, described};
use crate::contracts::{self, Loaded};
use crate::store::assessment::Stored;
use crate::store::claim::{Draft, Happened, Revised, Unseen};
use crate::store::{self, StoreError};

/// Who drafts, in a claim's history.
const ACTOR: &str = "collector";
/// Changes kept with a revision.
const CHANGES_MAX: usize = 50;

/// Looks at every final assessment that was not looked at, then lets claims expire.
#[tracing::instrument(name = "job.claims.run", skip_all)]
pub(crate) async fn run_once(app: &App) -> Result<(), StoreError> {
    let keys: Vec<i32> = app.contracts.iter().map(|c| c.registered.key).collect();
    let now = app.clock.now_utc();
    let mut conn = app.connection().await?;
    loop {
        let mut tx = conn.begin().await.map_err(StoreError::query("begin"))?;
        let Some(unseen) = store::claim::unseen(&mut tx, &keys).await? else {
            break;
        };
        if store::claim::see(&mut tx, &unseen, now).await? {
            look(app, &mut tx, &unseen, now).await?;
        }
        tx.commit().await.map_err(StoreError::query("commit"))?;
    }
    early::run(app, &mut conn, now).await?;
    notices::run(app, &mut conn, now).await?;
    alarms::run(app, &mut conn, now).await?;
    expire(&mut conn, now).await
}

/// The newest assessment of a window. One that cannot be read calls for nothing, and is told.
async fn newest(
    conn: &mut PgConnection,
    contract: i32,
    start_at: DateTime<Utc>,
) -> Result<Option<Stored>, StoreError> {
    match store::assessment::find(conn, contract, start_at).await {
        Err(why @ StoreError::Inconsistent { .. }) => {
            warn!(
                error = &why as &dyn std::error::Error,
                "an assessment from {start_at} is passed over"
            );
            Ok(None)
        }
        found => found,
    }
}

/// An assessment that a claim follows from.
struct Look<'a> {
    unseen: &'a Unseen,
    assessment: &'a Assessment,
    asked: &'a Asked,
    /// Its text, where it is not final.
    early: Option<String>,
}

async fn look(
    app: &App,
    conn: &mut PgConnection,
    unseen: &Unseen,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let start: Minute = UnixMicros::from(unseen.window_start_at)
        .to_millis()
        .minute();
    let loaded = contracts::judging(&app.contracts, unseen.contract, start);
    let assessment = serde_json::from_str::<Assessment>(&unseen.body);
    let (Some(loaded), Ok(assessment)) = (loaded, assessment) else {
        warn!("an assessment from {start:?} cannot be claimed by: it or its contract is not known");
        return Ok(());
    };
    // A claim must quote the text that judged.
    if assessment.contract_sha256 != loaded.contract.sha256 {
        warn!("an assessment from {start:?} cannot be claimed by: the contract's text changed");
        return Ok(());
    }
    if loaded.contract.simulated && !app.origin.is_simulated() {
        return Ok(()); // There is nobody to claim from.
    }
    let asked = asked(&assessment, loaded.contract.currency);
    let at = (unseen.contract, unseen.window_start_at);
    let found = Look {
        unseen,
        assessment: &assessment,
        asked: &asked,
        early: None,
    };
    match store::claim::of_window(conn, at.0, at.1).await? {
        Some(name) => revise(conn, &name, &found, now).await,
        None if asked.results.is_empty() => Ok(()),
        None => draft(conn, loaded, &found, now).await,
    }
}

async fn draft(
    conn: &mut PgConnection,
    loaded: &Loaded,
    found: &Look<'_>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let (unseen, asked) = (found.unseen, found.asked);
    let contract = loaded.registered.id.to_string();
    let draft = Draft {
        contract: &contract,
        period: &loaded.contract.window.label(found.assessment.window),
        terms: &loaded.registered.toml,
    };
    let Some(name) = store::claim::insert(conn, unseen, draft, now).await? else {
        info!(contract.id = %contract, "no second claim for time that contract {contract} has one for");
        return Ok(());
    };
    let revised = revised(found, loaded.contract.currency, (0, Vec::new()));
    store::claim::revise(conn, &name, (unseen, &revised), now).await?;
    store::claim::tie(conn, &name, (unseen, &asked.results)).await?;
    store::claim::note(conn, &name, happened("drafted", ""), now).await?;
    info!(claim.id = %name, "drafted claim {name}");
    Ok(())
}

async fn revise(
    conn: &mut PgConnection,
    name: &str,
    found: &Look<'_>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let (unseen, asked) = (found.unseen, found.asked);
    store::claim::lock(conn, name).await?;
    let gone = || StoreError::inconsistent("claim.name", name);
    let old: Claim = store::claim::find(conn, name).await?.ok_or_else(gone)?;
    let before = store::claim::judged(conn, name).await?.ok_or_else(gone)?;
    let differs = sla::changes(&before.assessment, found.assessment);
    let is_final = before.is_early && found.early.is_none();
    let end = is_final.then(|| "the window is over and its assessment is final".to_owned());
    let differs = differs.iter().take(CHANGES_MAX).map(described);
    let changes: Vec<String> = end.into_iter().chain(differs).collect();
    let detail = format!(
        "revision {} replaces revision {}: {}",
        old.revision + 1,
        old.revision,
        changes.join("; ")
    );
    let revised = revised(found, old.paid.currency(), (old.revision + 1, changes));
    store::claim::revise(conn, name, (unseen, &revised), now).await?;
    store::claim::tie(conn, name, (unseen, &asked.results)).await?;
    store::claim::note(conn, name, happened("revised", &detail), now).await?;
    warn!(claim.id = %name, "claim {name} was revised: {}", old.state);
    Ok(())
}

fn revised(
    found: &Look<'_>,
    currency: sla::Currency,
    (revision, changes): (i32, Vec<String>),
) -> Revised {
    let asked = found.asked;
    let nothing = asked.results.is_empty();
    let none = sla::Money::from_minor(0, currency).ok();
    Revised {
        revision,
        asked: if nothing { none } else { asked.amount },
        currency,
        due_safe_at: asked.due_safe.map(utc),
        due_literal_at: asked.due_literal.map(utc),
        changes,
        early: found.early.clone(),
    }
}

const fn happened<'a>(what: &'a str, detail: &'a str) -> Happened<'a> {
    Happened {
        actor: ACTOR,
        what,
        detail,
        paid: None,
    }
}

async fn expire(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<(), StoreError> {
    let mut tx = conn.begin().await.map_err(StoreError::query("begin"))?;
    for name in store::claim::expire(&mut tx, now).await? {
        let lapsed = happened("expired", "the last deadline passed before it was filed");
        store::claim::note(&mut tx, &name, lapsed, now).await?;
        warn!(claim.id = %name, "claim {name} expired: it was not filed in time");
    }
    tx.commit().await.map_err(StoreError::query("commit"))
}
