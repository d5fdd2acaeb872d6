//! Sketches of hours that were just counted, and of their days, for the pages: no verdict reads
//! them.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::PgConnection;

use crate::rebuild::Day;
use crate::store::cell::TargetHour;
use crate::store::{self, StoreError};

/// Sketches counted hours anew, then sums up the days they lie in.
pub(crate) async fn record(
    conn: &mut PgConnection,
    counted: &BTreeMap<TargetHour, String>,
) -> Result<(), StoreError> {
    let mut days = BTreeSet::new();
    for at in counted.keys() {
        let measured = store::latency::measure(conn, *at).await?;
        store::latency::replace_hour(conn, *at, &measured).await?;
        days.insert((at.target, at.hour_at.date_naive()));
    }
    for (target, date) in days {
        roll_up(conn, target, Day::of(date)?).await?;
    }
    Ok(())
}

/// Sums up the stored hours of a day.
pub(crate) async fn roll_up(
    conn: &mut PgConnection,
    target: i32,
    day: Day,
) -> Result<(), StoreError> {
    store::latency::lock_day(conn, target, day.date).await?;
    let merged = store::latency::merge_hours(conn, target, day).await?;
    store::latency::replace_day(conn, (target, day.date), &merged).await
}
