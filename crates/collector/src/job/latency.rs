//! Sketches of days, summed up from those of their hours, for the pages: no verdict reads them.

use std::collections::BTreeSet;

use sqlx::PgConnection;

use crate::rebuild::Day;
use crate::store::cell::TargetHour;
use crate::store::{self, StoreError};

/// Sums up the days of hours that were just sketched.
pub(crate) async fn roll_up_days(
    conn: &mut PgConnection,
    hours: impl Iterator<Item = &TargetHour>,
) -> Result<(), StoreError> {
    let days: BTreeSet<_> = hours
        .map(|at| (at.target, at.hour_at.date_naive()))
        .collect();
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
