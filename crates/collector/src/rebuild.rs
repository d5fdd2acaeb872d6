//! Derives sample rows, gaps, cells and assessments anew from the raw batches, and proves that
//! what is stored is equal, or makes it so.
//!
//! Invariants: batches are read by the code that admitted them ([`crate::ingest::admit`], at the
//! time they were received), so there is no second opinion on what a batch says; every day is
//! compared within one snapshot and rewritten in one transaction, so collectors may run beside
//! it; a final assessment is never rewritten, only followed by a new revision.
//!
//! Non-goals: the ledger, the log and the registry. They are not derived from anything.

mod day;
mod derive;
mod kept;
mod latency;
mod minutes;
mod report;
mod verdicts;

#[cfg(test)]
pub(crate) mod tests;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use domain::Clock;
use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection as _, PgConnection, PgPool};
use wire::names::Origin;
use wire::plan::Plan;

use crate::contracts::{self, ContractSetup, ContractSetupError};
use crate::job::cells;
use crate::store::{self, StoreError};
use crate::{database, known};

use derive::Index;
pub use report::{DayReport, Difference, Event, Totals, What};

/// Connections: one that holds the lock, one for a day, one for the cells.
const CONNECTIONS_MAX: u32 = 3;
/// How long to wait for a connection before saying that the database is not there.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// How often a day is begun anew because a collector changed it meanwhile.
const TRIES_MAX: usize = 8;

/// What to derive anew, and from where.
#[derive(Debug)]
pub struct RebuildSetup {
    /// Connection string of the database; its schema is up to date.
    pub database_url: String,
    /// Name under which the installation signs.
    pub origin: Origin,
    /// The plan in force: contracts are held against it.
    pub plan: Plan,
    /// Contracts to judge again; those that were never registered are left out.
    pub contracts: Vec<ContractSetup>,
    /// Wall clock.
    pub clock: Arc<dyn Clock>,
    /// First day in UTC; absent for the first that is stored.
    pub from: Option<NaiveDate>,
    /// Last day in UTC, itself included; absent for the last that is stored.
    pub to: Option<NaiveDate>,
    /// Whether what differs is rewritten.
    pub mode: Mode,
}

/// What to do about differences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Nothing is written.
    Check,
    /// Days that differ are rewritten.
    Rewrite,
}

/// A rebuild that stopped. Days that were reported are done; it may be started again at the next.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The database cannot be reached.
    #[error("failed to connect to the database")]
    Connect(#[source] sqlx::Error),
    /// Another rebuild, or a job that drops old days, works on the same database.
    #[error(
        "another rebuild, restore or retention job is at work on this database; try again later"
    )]
    Locked,
    /// The last day lies before the first.
    #[error("the last day, {to}, lies before the first, {from}")]
    Days {
        /// First day.
        from: NaiveDate,
        /// Last day.
        to: NaiveDate,
    },
    /// A contract cannot be used.
    #[error(transparent)]
    Contract(#[from] ContractSetupError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A day in UTC, half-open.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Day {
    pub(crate) date: NaiveDate,
    pub(crate) start: DateTime<Utc>,
    pub(crate) end: DateTime<Utc>,
}

impl Day {
    pub(crate) fn of(date: NaiveDate) -> Result<Self, StoreError> {
        let next = date.checked_add_days(Days::new(1));
        let next = next.ok_or(StoreError::Range { what: "day" })?;
        Ok(Self {
            date,
            start: date.and_time(NaiveTime::MIN).and_utc(),
            end: next.and_time(NaiveTime::MIN).and_utc(),
        })
    }

    pub(crate) fn holds(self, at: DateTime<Utc>) -> bool {
        self.start <= at && at < self.end
    }
}

/// Derives anew what the setup says, telling `told` of every day and every difference as it goes.
pub async fn rebuild(
    setup: &RebuildSetup,
    mut told: impl FnMut(Event<'_>),
) -> Result<Totals, RebuildError> {
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS_MAX)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .connect(&setup.database_url)
        .await
        .map_err(RebuildError::Connect)?;
    let mut guard = acquire(&pool).await?.detach();
    if !database::try_lock_days(&mut guard).await? {
        return Err(RebuildError::Locked);
    }
    let mut totals = Totals::default();
    let span = span(setup, &mut guard).await?;
    if let Some((from, to)) = span {
        let mut index = Index::load(&setup.origin, &mut guard).await?;
        for date in from.iter_days().take_while(|date| *date <= to) {
            let report = rebuild_day(&pool, &mut index, Day::of(date)?, setup.mode).await?;
            for difference in &report.differences {
                told(Event::Difference(difference));
            }
            told(Event::Day(&report));
            totals.add(&report);
        }
        if setup.mode == Mode::Rewrite {
            store::poison::clear_all(&mut guard).await?;
            cells::run_once(&pool, &setup.plan, setup.clock.now_utc()).await?;
        }
        let kept = kept::run(&mut guard, setup.mode).await?;
        for difference in &kept {
            told(Event::Difference(difference));
        }
        totals.differing += kept.len() as u64;
        let judged = judge(setup, &mut guard, (from, to)).await?;
        for difference in &judged.differences {
            told(Event::Difference(difference));
        }
        totals.judge(&judged);
    }
    database::unlock_days(&mut guard).await?;
    guard
        .close()
        .await
        .map_err(StoreError::query("release the lock"))?;
    Ok(totals)
}

async fn acquire(pool: &PgPool) -> Result<sqlx::pool::PoolConnection<sqlx::Postgres>, StoreError> {
    let conn = pool.acquire().await;
    conn.map_err(StoreError::query("get a connection"))
}

/// The days to look at; absent where nothing is stored.
async fn span(
    setup: &RebuildSetup,
    conn: &mut PgConnection,
) -> Result<Option<(NaiveDate, NaiveDate)>, RebuildError> {
    let Some((first, last)) = store::rebuild::stored_days(conn).await? else {
        return Ok(None);
    };
    let (from, to) = (setup.from.unwrap_or(first), setup.to.unwrap_or(last));
    if to < from && setup.from.is_some() && setup.to.is_some() {
        return Err(RebuildError::Days { from, to });
    }
    Ok(Some((from, to)))
}

/// One day, begun anew where a collector changed what it looked at.
async fn rebuild_day(
    pool: &PgPool,
    index: &mut Index,
    day: Day,
    mode: Mode,
) -> Result<DayReport, StoreError> {
    let mut tries = 1;
    loop {
        let mut conn = acquire(pool).await?;
        match day::run(&mut conn, index, day, mode).await {
            Err(failure) if failure.is_serialization_failure() && tries < TRIES_MAX => tries += 1,
            done => return done,
        }
    }
}

async fn judge(
    setup: &RebuildSetup,
    conn: &mut PgConnection,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<verdicts::Judged, RebuildError> {
    let records = store::registry::list(conn, &setup.origin.fleet_chain()).await?;
    let plans = known::plans(&records)?;
    let known = known::Known::now(&plans, conn).await?;
    let plan = plans.last().unwrap_or(&setup.plan);
    let contracts = contracts::registered(conn, &setup.contracts, plan).await?;
    let scope = verdicts::Scope {
        contracts: &contracts,
        known: &known,
        from: Day::of(from)?.start,
        to: Day::of(to)?.end,
        now: setup.clock.now_utc(),
        mode: setup.mode,
    };
    Ok(verdicts::run(conn, &scope).await?)
}
