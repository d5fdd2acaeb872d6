//! Deadlines as alarms: each reminder once, in the log, in the history and as a metric.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sqlx::{Connection as _, PgConnection};
use telemetry::metrics::{ClaimItem, ClaimsWaiting};
use tracing::warn;

use super::happened;
use crate::app::App;
use crate::store::claim::alarm::{self, Waiting};
use crate::store::{self, StoreError};

/// Waiting items looked at in one statement.
const STEP: usize = 1_000;

/// Gives every reminder that is due and was not given.
pub(super) async fn run(
    app: &App,
    conn: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let leads_s = app.claim_leads.seconds();
    let waiting = alarm::waiting(conn).await?;
    count(app, &waiting, &leads_s, now);
    let longest = leads_s.iter().copied().max().unwrap_or(0);
    let is_near = |one: &&Waiting| (one.due_at - now).num_seconds() <= longest;
    let near: Vec<&Waiting> = waiting.iter().filter(is_near).collect();
    for step in near.chunks(STEP) {
        let mut tx = conn.begin().await.map_err(StoreError::query("begin"))?;
        // Several reminders that are due at once are one: the nearest.
        let mut nearest: BTreeMap<String, i64> = BTreeMap::new();
        for raised in alarm::raise(&mut tx, step, &leads_s, now).await? {
            let lead = nearest.entry(raised.item).or_insert(raised.lead_s);
            *lead = (*lead).min(raised.lead_s);
        }
        for one in step.iter().filter(|one| nearest.contains_key(&one.item)) {
            tell(app, &mut tx, one, now).await?;
        }
        tx.commit().await.map_err(StoreError::query("commit"))?;
    }
    Ok(())
}

async fn tell(
    app: &App,
    conn: &mut PgConnection,
    one: &Waiting,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let (item, due) = (&one.item, one.due_at.format("%Y-%m-%dT%H:%MZ"));
    let hours = (one.due_at - now).num_hours();
    let left = if one.due_at <= now {
        format!("was due before {due}: by the strictest reading it is late")
    } else {
        format!("is due before {due}: {hours} hours left")
    };
    let kind = if one.is_claim {
        store::claim::note(conn, item, happened("reminded", &left), now).await?;
        warn!(claim.id = %item, "claim {item} {left}");
        ClaimItem::Claim
    } else {
        warn!(notice.id = %item, "notice {item} {left}");
        ClaimItem::Notice
    };
    app.instruments.deadline_told(kind);
    Ok(())
}

fn count(app: &App, waiting: &[Waiting], leads_s: &[i64], now: DateTime<Utc>) {
    let longest = leads_s.iter().copied().max().unwrap_or(0);
    for (kind, is_claim) in [(ClaimItem::Claim, true), (ClaimItem::Notice, false)] {
        let left = waiting.iter().filter(|one| one.is_claim == is_claim);
        let left: Vec<i64> = left.map(|one| (one.due_at - now).num_seconds()).collect();
        let counted = |is: &dyn Fn(i64) -> bool| {
            u64::try_from(left.iter().filter(|left| is(**left)).count()).unwrap_or(u64::MAX)
        };
        app.instruments.claims_wait(
            kind,
            ClaimsWaiting {
                due: counted(&|left| left > 0 && left <= longest),
                overdue: counted(&|left| left <= 0),
            },
        );
    }
}
