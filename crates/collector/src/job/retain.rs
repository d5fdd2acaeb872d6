//! Drops the days whose time is up, and makes the next ones ahead of their first row.
//!
//! A day leaves in one transaction of its own, in which holds cannot change. Raw bytes never leave
//! before their batch stands in the log and, where there is one, in the archive, and samples never before their hours are counted.

#[cfg(test)]
mod tests;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use sqlx::PgConnection;
use tracing::{info, warn};

use crate::app::App;
use crate::archive::restore::RESTORED_DAYS;
use crate::database;
use crate::holds::held_since;
use crate::preview;
use crate::rebuild::Day;
use crate::retention::Period;
use crate::store::partition::Table;
use crate::store::{self, StoreError};

/// Days made ahead.
const DAYS_AHEAD: u64 = 2;
/// How long a drop waits for readers of the table before it leaves the day to the next run: what
/// waits for the lock holds up everybody behind it.
const LOCK_TIMEOUT: &str = "SET LOCAL lock_timeout = '2s'";

/// What one run dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retained {
    /// Days, counted once for samples and once for raw bytes.
    pub days: u64,
    /// Rows that went with them.
    pub rows: u64,
    /// Days whose time is up and that something holds.
    pub held: u64,
}

/// Drops what is due, day by day; what stands in the way of one day leaves the others alone.
#[tracing::instrument(name = "job.retain.run", skip_all)]
pub(crate) async fn run_once(app: &App) -> Result<Retained, StoreError> {
    let now = app.clock.now_utc();
    let today = now.date_naive();
    let mut conn = app.connection().await?;
    for ahead in 0..=DAYS_AHEAD {
        if let Some(day) = today.checked_add_days(Days::new(ahead)) {
            store::partition::ensure(&mut conn, Table::Sample, day).await?;
            store::partition::ensure(&mut conn, Table::Raw, day).await?;
        }
    }
    store::stream_preview::drop_before(&mut conn, now - preview::SPAN).await?;
    let mut total = Retained::default();
    if let Some(days) = app.retention.samples_days {
        let before = now - chrono::TimeDelta::days(days.into());
        total.rows += store::agent_minute::drop_before(&mut conn, before).await?;
    }
    for table in [Table::Sample, Table::Raw] {
        for date in candidates(&mut conn, app, table, today).await? {
            match drop_day(app, &mut conn, (table, date), now).await? {
                Fate::Kept => {}
                Fate::Held => total.held += 1,
                Fate::Dropped { rows } => {
                    total.days += 1;
                    total.rows += rows;
                    let kind = table.kind();
                    app.instruments.day_dropped(kind, rows);
                    info!(
                        store.kind = kind, store.day = %date, store.rows = rows,
                        "dropped {rows} {kind} rows of {date}"
                    );
                }
            }
        }
    }
    Ok(total)
}

/// Days that are stored and may be due; what is stored decides.
async fn candidates(
    conn: &mut PgConnection,
    app: &App,
    table: Table,
    today: NaiveDate,
) -> Result<Vec<NaiveDate>, StoreError> {
    let period = period(table);
    let shortest = [app.retention.raw_days, app.retention.samples_days];
    let targets = app.retention.target.values();
    let own = targets.flat_map(|target| [target.raw_days, target.samples_days]);
    if shortest.into_iter().chain(own).flatten().next().is_none() {
        return Ok(Vec::new()); // Everything is kept for ever.
    }
    let mut days = store::partition::days(conn, table).await?;
    if period == Period::Raw {
        days.extend(store::drop::unpartitioned_days(conn).await?);
        days.sort_unstable();
        days.dedup();
    }
    let youngest = today.checked_sub_days(Days::new(crate::retention::DAYS_MIN.into()));
    days.retain(|day| Some(*day) < youngest);
    Ok(days)
}

fn period(table: Table) -> Period {
    match table {
        Table::Sample => Period::Samples,
        Table::Raw => Period::Raw,
    }
}

/// What became of a day.
enum Fate {
    /// It is not due, or something has to happen first.
    Kept,
    /// It is due, and held.
    Held,
    Dropped {
        rows: u64,
    },
}

async fn drop_day(
    app: &App,
    conn: &mut PgConnection,
    (table, date): (Table, NaiveDate),
    now: DateTime<Utc>,
) -> Result<Fate, StoreError> {
    let day = Day::of(date)?;
    let mut tx = sqlx::Connection::begin(conn)
        .await
        .map_err(StoreError::query("begin"))?;
    let targets = match table {
        Table::Sample => store::drop::sampled_targets(&mut tx, day.start, day.end).await?,
        Table::Raw => store::drop::targets(&mut tx).await?,
    };
    let names = targets.iter().map(String::as_str);
    let due = app
        .retention
        .last_due(period(table), names, now.date_naive());
    if due.is_none_or(|last| date > last) || !database::try_lock_days_shortly(&mut tx).await? {
        return Ok(Fate::Kept);
    }
    let waits = match table {
        Table::Sample => store::drop::is_uncounted(&mut tx, day.start, day.end).await?,
        Table::Raw => {
            store::drop::is_unlogged(&mut tx, day.start, day.end).await?
                || !may_leave(app, &mut tx, day, now).await?
        }
    };
    if waits {
        return Ok(Fate::Kept);
    }
    let limited = sqlx::raw_sql(LOCK_TIMEOUT).execute(&mut *tx).await;
    limited.map_err(StoreError::query("limit the wait for locks"))?;
    match drop_unless_held(app, &mut tx, (table, day), now).await {
        Ok(Fate::Dropped { rows }) => {
            tx.commit().await.map_err(StoreError::query("commit"))?;
            Ok(Fate::Dropped { rows })
        }
        Err(failure) if failure.is_lock_timeout() => {
            warn!(store.day = %date, "the day {date} is in use; it is dropped at the next run");
            Ok(Fate::Kept)
        }
        other => other,
    }
}

/// Whether raw bytes are archived, where there is an archive, and were not just brought back.
async fn may_leave(
    app: &App,
    conn: &mut PgConnection,
    day: Day,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let since = now - TimeDelta::days(RESTORED_DAYS.into());
    if store::archive::is_restored_after(conn, day.date, since).await? {
        return Ok(false);
    }
    let window = (day.start, day.end);
    Ok(app.archive.is_none() || store::archive::is_whole(conn, day.date, window).await?)
}

async fn drop_unless_held(
    app: &App,
    conn: &mut PgConnection,
    (table, day): (Table, Day),
    now: DateTime<Utc>,
) -> Result<Fate, StoreError> {
    store::hold::freeze(conn).await?;
    let since = held_since(&app.retention, now);
    for hold in store::hold::list(conn, since).await? {
        let held = (hold.from_day, hold.to_day);
        let is_held = match table {
            // An hour more on both sides: requests start after their slot.
            Table::Sample => held.0 <= day.end.date_naive() && day.date <= held.1,
            Table::Raw => store::drop::is_cited(conn, (day.start, day.end), held).await?,
        };
        if is_held {
            return Ok(Fate::Held);
        }
    }
    let mut rows = 0;
    if table == Table::Raw {
        rows += store::drop::forget_unpartitioned(conn, day.start, day.end).await?;
    }
    rows += store::partition::drop_day(conn, table, day.date).await?;
    store::partition::note_dropped(conn, (table, day.date), rows, now).await?;
    Ok(Fate::Dropped { rows })
}
