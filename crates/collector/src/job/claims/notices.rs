//! Notices: prepared as soon as an incident is known, one for each, whatever is learned of it
//! later.
//!
//! An incident grows, may begin in one window and end in the next, may be taken back by late
//! samples and come again: what overlaps or touches the incident of a notice is that incident.

use chrono::{DateTime, Utc};
use domain::{Minute, UnixMicros};
use sla::Assessment;
use sqlx::{Connection as _, PgConnection};
use tracing::{info, warn};

use super::newest;
use crate::app::App;
use crate::claim::period::{Period, incidents};
use crate::claim::{Notice, NoticeState, notice_due, wants_notices};
use crate::contracts::{self, Loaded};
use crate::job::assess::utc;
use crate::store::claim::notice::Extent;
use crate::store::{self, StoreError};

/// New notices of one contract in one run: the rest follows in the next.
const NEW_MAX: usize = 200;

/// Prepares and withdraws what the newest assessments call for, and lets notices lapse.
pub(super) async fn run(
    app: &App,
    conn: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let minute = UnixMicros::from(now).to_millis().minute();
    for loaded in contracts::current(&app.contracts, minute) {
        let nobody = loaded.contract.simulated && !app.origin.is_simulated();
        if wants_notices(&loaded.contract) && !nobody {
            let mut tx = conn.begin().await.map_err(StoreError::query("begin"))?;
            store::claim::notice::hold(&mut tx, loaded.registered.key).await?;
            follow(&mut tx, loaded, minute, now).await?;
            tx.commit().await.map_err(StoreError::query("commit"))?;
        }
    }
    for name in store::claim::notice::lapse(conn, now).await? {
        warn!(notice.id = %name, "notice {name} lapsed: it was not sent in time");
    }
    Ok(())
}

async fn follow(
    conn: &mut PgConnection,
    loaded: &Loaded,
    minute: Minute,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let current = loaded.contract.window_at(minute);
    let previous = loaded.contract.window_at(current.start().plus(-1));
    let mut judged: Vec<Assessment> = Vec::new();
    for window in [previous, current] {
        let at = utc(window.start());
        let stored = newest(conn, loaded.registered.key, at).await?;
        judged.extend(stored.map(|stored| stored.assessment));
    }
    let Some(from) = judged.iter().map(|one| one.window.start()).min() else {
        return Ok(());
    };
    let until = judged
        .iter()
        .map(|one| one.as_of.min(one.window.end()))
        .max();
    let until = until.unwrap_or(from);
    let incidents = incidents(&judged);
    withdraw(conn, loaded.registered.key, (from, until), &incidents).await?;
    let mut made = 0;
    for incident in &incidents {
        let is_known = tell(conn, loaded, (incident, until), now).await?;
        made += usize::from(!is_known);
        if made >= NEW_MAX {
            break;
        }
    }
    Ok(())
}

/// Takes back what waits and is no downtime any more. Only incidents that began within what was
/// judged can be told to be none, and only what is in by now: an agent that comes back may put
/// that off.
async fn withdraw(
    conn: &mut PgConnection,
    contract: i32,
    (from, until): (Minute, Minute),
    incidents: &[Period],
) -> Result<(), StoreError> {
    let near = store::claim::notice::near(conn, contract, (utc(from), utc(until))).await?;
    let is_gone = |notice: &&Notice| {
        notice.state == NoticeState::Prepared
            && notice.start_at >= utc(from)
            && notice.end_at <= utc(until)
            && !incidents.iter().any(|incident| touches(notice, incident))
    };
    let gone: Vec<String> = near
        .iter()
        .filter(is_gone)
        .map(|n| n.name.clone())
        .collect();
    for name in &gone {
        warn!(notice.id = %name, "notice {name} is withdrawn: late samples took its downtime back");
    }
    store::claim::notice::set_waiting(conn, &gone, NoticeState::Withdrawn).await
}

fn touches(notice: &Notice, incident: &Period) -> bool {
    notice.start_at <= utc(incident.end) && notice.end_at >= utc(incident.start)
}

/// Sees to it that an incident has one notice; whether it had one.
async fn tell(
    conn: &mut PgConnection,
    loaded: &Loaded,
    (incident, until): (&Period, Minute),
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let contract = loaded.registered.key;
    let span = (utc(incident.start), utc(incident.end));
    let near = store::claim::notice::near(conn, contract, span).await?;
    let mut active = near.iter().filter(|n| n.state != NoticeState::Withdrawn);
    let kept = active.next().or_else(|| near.first());
    // The deadline runs from what was told, where that began earlier.
    let begins = kept.map_or(incident.start, |notice| {
        let told = UnixMicros::from(notice.start_at).to_millis().minute();
        told.min(incident.start)
    });
    let whole = Period {
        start: begins,
        ..incident.clone()
    };
    let Some(due) = notice_due(&loaded.contract, &whole) else {
        return Ok(true);
    };
    let extent = Extent {
        start_at: utc(incident.start),
        end_at: utc(incident.end),
        going_on: incident.end >= until,
        due_safe_at: utc(due.safe),
        due_literal_at: utc(due.literal),
    };
    let Some(kept) = kept else {
        prepare(conn, loaded, extent, now).await?;
        return Ok(false);
    };
    if kept.state == NoticeState::Withdrawn {
        let again = [kept.name.clone()];
        store::claim::notice::set_waiting(conn, &again, NoticeState::Prepared).await?;
    }
    store::claim::notice::extend(conn, &kept.name, extent).await?;
    // Two that were told apart turned out to be one.
    let rest: Vec<String> = active.map(|notice| notice.name.clone()).collect();
    store::claim::notice::set_waiting(conn, &rest, NoticeState::Withdrawn).await?;
    Ok(true)
}

async fn prepare(
    conn: &mut PgConnection,
    loaded: &Loaded,
    extent: Extent,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let contract = &loaded.registered.id;
    let name = format!("NTC-{contract}-{}", extent.start_at.format("%Y%m%dT%H%M"));
    let of = (
        name.as_str(),
        loaded.registered.key,
        loaded.registered.toml.as_str(),
    );
    if store::claim::notice::insert(conn, of, extent, now).await? {
        let due = extent.due_safe_at.format("%Y-%m-%dT%H:%MZ");
        info!(notice.id = %name, "prepared notice {name}, due before {due}");
    }
    Ok(())
}
