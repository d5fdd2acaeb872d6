//! Drafts before an assessment is final, where the claim falls due before that.
//!
//! What a live assessment says stands in the revision itself, for the assessment goes on changing.
//! A further revision is made where what is asked, or what it stands on, changed.

use chrono::{DateTime, Utc};
use domain::UnixMicros;
use sla::Assessment;
use sqlx::{Connection as _, PgConnection};

use super::{Look, draft, newest, revise};
use crate::app::App;
use crate::claim::period::{Period, incidents};
use crate::claim::{Asked, asked};
use crate::contracts::{self, Loaded};
use crate::job::assess::{GRACE, utc};
use crate::store::assessment::{State, Stored};
use crate::store::claim::Unseen;
use crate::store::{self, StoreError};

/// Drafts and revises claims of windows that are not final.
pub(super) async fn run(
    app: &App,
    conn: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let minute = UnixMicros::from(now).to_millis().minute();
    for loaded in &app.contracts {
        let nobody = loaded.contract.simulated && !app.origin.is_simulated();
        if nobody || loaded.contract.claim.is_none() {
            continue;
        }
        let current = loaded.contract.window_at(minute);
        let previous = loaded.contract.window_at(current.start().plus(-1));
        for window in [previous, current] {
            let key = loaded.registered.key;
            let judging = contracts::judging(&app.contracts, key, window.start());
            if !judging.is_some_and(|one| std::ptr::eq(one, loaded)) {
                continue;
            }
            let mut tx = conn.begin().await.map_err(StoreError::query("begin"))?;
            store::claim::notice::hold(&mut tx, key).await?;
            let stored = newest(&mut tx, key, utc(window.start())).await?;
            if let Some(stored) = stored.filter(|stored| stored.state == State::Live) {
                look(&mut tx, loaded, &stored, now).await?;
            }
            tx.commit().await.map_err(StoreError::query("commit"))?;
        }
    }
    Ok(())
}

async fn look(
    conn: &mut PgConnection,
    loaded: &Loaded,
    stored: &Stored,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let assessment = &stored.assessment;
    if assessment.contract_sha256 != loaded.contract.sha256 {
        return Ok(()); // A claim must quote the text that judged.
    }
    let window = assessment.window;
    let asked = asked(assessment, loaded.contract.currency);
    let (key, start) = (loaded.registered.key, utc(window.start()));
    let known = store::claim::of_window(conn, key, start).await?;
    let is_early = || {
        let due = asked.due_safe.map(utc);
        due.is_some_and(|due| due <= utc(window.end()) + GRACE)
    };
    if known.is_none() && !is_early() {
        return Ok(());
    }
    if let Some(name) = &known
        && !differs(conn, name, (loaded, assessment, &asked)).await?
    {
        return Ok(());
    }
    let body = serde_json::to_string(assessment);
    let body = body.map_err(|e| StoreError::inconsistent("assessment.body", e))?;
    let unseen = Unseen {
        contract: key,
        window_start_at: start,
        window_end_at: utc(window.end()),
        revision: stored.revision,
        body: body.clone(),
    };
    let found = Look {
        unseen: &unseen,
        assessment,
        asked: &asked,
        early: Some(body),
    };
    match known {
        Some(name) => revise(conn, &name, &found, now).await,
        None => draft(conn, loaded, &found, now).await,
    }
}

/// Whether an early claim has to be revised: it asks for something else, or stands on something
/// else that is over.
async fn differs(
    conn: &mut PgConnection,
    name: &str,
    (loaded, assessment, asked): (&Loaded, &Assessment, &Asked),
) -> Result<bool, StoreError> {
    let Some(before) = store::claim::judged(conn, name).await? else {
        return Ok(true);
    };
    let before = before.assessment;
    let same = self::asked(&before, loaded.contract.currency) == *asked;
    Ok(!same || ended(&before) != ended(assessment))
}

/// Incidents that are over.
fn ended(assessment: &Assessment) -> Vec<Period> {
    let mut all = incidents(std::slice::from_ref(assessment));
    all.retain(|one| one.end < assessment.as_of);
    all
}
