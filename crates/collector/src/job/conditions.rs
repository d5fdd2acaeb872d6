//! Conditions of hours that were just counted, for the pages: no verdict reads them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{UnixMicros, Window};
use sla::{Fleet, Sights};
use sqlx::PgConnection;
use wire::plan::Plan;

use crate::condition::hold;
use crate::known;
use crate::store::cell::TargetHour;
use crate::store::condition::ConditionHour;
use crate::store::{self, StoreError};

/// How long conditions are kept: what pages look back on, and a margin.
const KEPT: TimeDelta = TimeDelta::days(32);

/// Derives the conditions of counted hours from their cells and from when agents were cut off;
/// names are those of the targets. The last samples of an hour may speak for the first minutes of
/// the next, which follows suit.
pub(crate) async fn record(
    conn: &mut PgConnection,
    plan: &Plan,
    now: DateTime<Utc>,
    counted: &BTreeMap<TargetHour, String>,
) -> Result<(), StoreError> {
    if counted.is_empty() {
        return Ok(());
    }
    let places = known::places(conn).await?;
    let oldest = now - KEPT;
    store::condition::prune(conn, oldest).await?;
    let mut hours = counted.clone();
    hours.retain(|at, _| at.hour_at >= oldest);
    for (at, target) in counted {
        let next = TargetHour {
            hour_at: at.hour_at + TimeDelta::hours(1),
            ..*at
        };
        let is_touched = hold(plan, target) > 1 && !hours.contains_key(&next);
        if is_touched && store::condition::is_known(conn, next).await? {
            hours.insert(next, target.clone());
        }
    }
    let read = hours.keys().flat_map(|at| [hour_before(*at), at.hour_at]);
    let read: BTreeSet<DateTime<Utc>> = read.collect();
    let cut_off = store::agent_minute::cut_off(conn, &read).await?;
    let fleet = Fleet {
        places: &places,
        cut_off: &cut_off,
    };
    for (at, target) in &hours {
        let start = UnixMicros::from(at.hour_at).to_millis().minute();
        let Ok(window) = Window::new(start, start.plus(60)) else {
            continue; // An hour at the end of time.
        };
        let end = at.hour_at + TimeDelta::hours(1);
        let name = std::slice::from_ref(target);
        let cells = store::cell::list(conn, name, hour_before(*at), end).await?;
        let sights = Sights::of(&cells, fleet, window, hold(plan, target));
        let minutes = window.iter().map(|at| sights.condition(at)).collect();
        let hour_at = at.hour_at;
        store::condition::put(conn, at.target, &ConditionHour { hour_at, minutes }).await?;
    }
    Ok(())
}

/// Start of the hour whose samples may speak for the first minutes.
fn hour_before(at: TargetHour) -> DateTime<Utc> {
    at.hour_at - TimeDelta::hours(1)
}
