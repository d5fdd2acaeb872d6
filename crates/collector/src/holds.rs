//! Holds, as the command line keeps them.

use chrono::{DateTime, Months};
use domain::{Clock, TargetId};
use sqlx::{Connection as _, PgConnection};

use crate::retention::Retention;
use crate::store::hold::Hold;
use crate::store::{self, StoreError};

/// A hold that was not made or released.
#[derive(Debug, thiserror::Error)]
pub enum HoldError {
    /// Nothing of the target was ever stored.
    #[error("nothing is stored of a target `{target}`")]
    UnknownTarget {
        /// Which.
        target: String,
    },
    /// The last day lies before the first.
    #[error("the last day lies before the first")]
    Days,
    /// A hold without a reason cannot be judged later.
    #[error("a hold needs a reason")]
    Reason,
    /// There is no such hold, or it was released before.
    #[error("there is no hold or violation `{name}` that could be released")]
    Unknown {
        /// Its number, or the violation's name.
        name: String,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

async fn connect(database_url: &str) -> Result<PgConnection, StoreError> {
    let conn = PgConnection::connect(database_url).await;
    conn.map_err(StoreError::query("connect"))
}

/// Holds days of a target, whatever the policy says; gives the hold's number. `hold.name` is not
/// read. Waits for a drop that is under way.
pub async fn add_hold(
    database_url: &str,
    hold: &Hold,
    clock: &dyn Clock,
) -> Result<i64, HoldError> {
    let target = hold.target.clone();
    if hold.to_day < hold.from_day {
        return Err(HoldError::Days);
    }
    if hold.reason.trim().is_empty() {
        return Err(HoldError::Reason);
    }
    let mut conn = connect(database_url).await?;
    let known = store::drop::targets(&mut conn).await?;
    if target.parse::<TargetId>().is_err() || !known.contains(&target) {
        return Err(HoldError::UnknownTarget { target });
    }
    Ok(store::hold::insert(&mut conn, hold, clock.now_utc()).await?)
}

/// Everything that is held now, what violations hold by themselves too.
pub async fn list_holds(
    database_url: &str,
    retention: &Retention,
    clock: &dyn Clock,
) -> Result<Vec<Hold>, HoldError> {
    let mut conn = connect(database_url).await?;
    let since = held_since(retention, clock.now_utc());
    Ok(store::hold::list(&mut conn, since).await?)
}

/// Releases a hold by its number, or what a violation holds by its name.
pub async fn release_hold(
    database_url: &str,
    name: &str,
    clock: &dyn Clock,
) -> Result<(), HoldError> {
    let mut conn = connect(database_url).await?;
    if store::hold::release(&mut conn, name, clock.now_utc()).await? {
        return Ok(());
    }
    Err(HoldError::Unknown {
        name: name.to_owned(),
    })
}

/// Violations that were detected before this no longer hold anything.
pub(crate) fn held_since(
    retention: &Retention,
    now: DateTime<chrono::Utc>,
) -> DateTime<chrono::Utc> {
    let months = Months::new(retention.violation_months);
    now.checked_sub_months(months)
        .unwrap_or(DateTime::UNIX_EPOCH)
}
