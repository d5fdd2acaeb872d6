//! Cells of closed hours, computed whole from samples, and what rests on them: conditions, and the
//! marks of windows to judge again.

mod count;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::{AgentId, TargetId};
use sqlx::{PgConnection, PgPool};
use wire::plan::Plan;

use super::{conditions, latency};
use crate::store::cell::{Share, TargetHour};
use crate::store::partition::Table;
use crate::store::poison::Settled;
use crate::store::{self, StoreError};

use count::Observed;
pub(crate) use count::{Names, compute};

/// Under which failed hours are kept.
const JOB: &str = "cells";
/// Hours taken in one transaction.
const HOURS_PER_RUN: i64 = 100;
/// Transactions at once: while the database reads for one, the hours of the other are counted. Each
/// has targets of its own, for what is kept of an hour may depend on the hour before.
const SHARES: i32 = 2;
/// Consecutive hours of a target that are read at once. Each reading looks an hour further on both
/// sides, which for a single hour is two thirds of the work; and what was read is in memory.
const HOURS_READ_MAX: usize = 6;

/// Recomputes marked hours that have closed, until none is left. Gives how many there were.
#[tracing::instrument(name = "job.cells.run", skip_all)]
pub(crate) async fn run_once(
    pool: &PgPool,
    plan: &Plan,
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    let shares = (0..SHARES).map(|nth| Share { nth, of: SHARES });
    let runs = shares.map(|share| run_share(pool, plan, now, share));
    let counted = futures_util::future::try_join_all(runs).await?;
    Ok(counted.into_iter().sum())
}

async fn run_share(
    pool: &PgPool,
    plan: &Plan,
    now: DateTime<Utc>,
    share: Share,
) -> Result<usize, StoreError> {
    let mut total = 0;
    loop {
        let mut tx = pool.begin().await.map_err(StoreError::query("begin"))?;
        let mut hours = store::cell::take_dirty(&mut tx, now, share, HOURS_PER_RUN).await?;
        let taken = hours.len();
        let gone = store::drop::dropped_days(&mut tx, Table::Sample).await?;
        // What was counted while its samples were here stays.
        hours.retain(|(at, _)| !is_gone(&gone, at.hour_at));
        hours.sort_unstable_by_key(|(at, _)| *at);
        let mut run = Recount {
            names: Names::load(&mut tx).await?,
            failed: store::poison::keys(&mut tx, JOB).await?,
            now,
        };
        let (mut counted, mut changed) = (BTreeMap::new(), BTreeSet::new());
        let spans = hours.chunk_by(|(a, _), (b, _)| is_next(*a, *b));
        for span in spans.flat_map(|span| span.chunks(HOURS_READ_MAX)) {
            for (at, target, has_changed) in run.span(&mut tx, span).await? {
                counted.insert(at, target.clone());
                if has_changed {
                    changed.insert(at);
                }
            }
        }
        store::revision::mark(&mut tx, &changed, now).await?;
        conditions::record(&mut tx, plan, now, &counted).await?;
        latency::roll_up_days(&mut tx, counted.keys()).await?;
        tx.commit().await.map_err(StoreError::query("commit"))?;
        total += taken;
        if taken == 0 {
            return Ok(total);
        }
    }
}

/// Hours of one transaction.
struct Recount {
    names: Names,
    /// Hours that failed before.
    failed: BTreeSet<String>,
    now: DateTime<Utc>,
}

impl Recount {
    /// Counts consecutive hours of one target. Gives those that could be counted, and whether they
    /// have other cells than before.
    async fn span<'a>(
        &mut self,
        conn: &mut PgConnection,
        span: &'a [(TargetHour, String)],
    ) -> Result<Vec<(TargetHour, &'a String, bool)>, StoreError> {
        let (Some((first, _)), Some((last, _))) = (span.first(), span.last()) else {
            return Ok(Vec::new());
        };
        let end = last.hour_at + TimeDelta::hours(1);
        let mut counted = Vec::with_capacity(span.len());
        let mut observed = match Observed::read(conn, first.target, (first.hour_at, end)).await {
            Ok(observed) => observed,
            Err(failure) if failure.is_about_data() && span.len() > 1 => {
                for hour in span.chunks(1) {
                    // What cannot be read is to cost one hour, not its neighbours.
                    counted.extend(Box::pin(self.span(conn, hour)).await?);
                }
                return Ok(counted);
            }
            Err(failure) => {
                self.settle(conn, *first, Err(failure)).await?;
                return Ok(counted);
            }
        };
        for (at, target) in span {
            let done = self.hour(conn, (*at, target), &mut observed).await;
            if let Some(has_changed) = self.settle(conn, *at, done).await? {
                counted.push((*at, target, has_changed));
            }
        }
        Ok(counted)
    }

    async fn hour(
        &mut self,
        conn: &mut PgConnection,
        (at, target): (TargetHour, &str),
        observed: &mut Observed,
    ) -> Result<bool, StoreError> {
        let target = parse_target(target)?;
        let hour = observed.take(at);
        self.names.learn(conn, &hour).await?;
        let cells = hour.count(&self.names, &target)?;
        let measured = store::latency::measure(&hour.runs, &self.names.classes)?;
        let has_changed = store::cell::replace(conn, at, &cells).await?;
        store::latency::replace_hour(conn, at, &measured).await?;
        Ok(has_changed)
    }

    /// An hour that cannot be counted is marked again, and after some tries left aside with its
    /// mark, so that the others go on. Gives whether one that can be has other cells than before.
    async fn settle(
        &self,
        conn: &mut PgConnection,
        at: TargetHour,
        done: Result<bool, StoreError>,
    ) -> Result<Option<bool>, StoreError> {
        let has_changed = done.as_ref().ok().copied();
        let key = format!("{} {}", at.target, at.hour_at.timestamp());
        if has_changed.is_some() && !self.failed.contains(&key) {
            return Ok(has_changed);
        }
        match store::poison::settle(conn, (JOB, &key), done.map(drop), self.now).await? {
            Settled::Done => Ok(has_changed),
            Settled::Failed => {
                store::cell::mark(conn, &BTreeSet::from([at])).await?;
                Ok(None)
            }
        }
    }
}

fn is_next(a: TargetHour, b: TargetHour) -> bool {
    a.target == b.target && a.hour_at + TimeDelta::hours(1) == b.hour_at
}

/// Whether samples of an hour were dropped; requests start after their slot, which may lie in the
/// day before.
fn is_gone(gone: &BTreeSet<NaiveDate>, hour_at: DateTime<Utc>) -> bool {
    let around = [-1, 0, 1].map(|hours| hour_at + TimeDelta::hours(hours));
    around.iter().any(|at| gone.contains(&at.date_naive()))
}

pub(crate) fn parse_target(name: &str) -> Result<TargetId, StoreError> {
    name.parse()
        .map_err(|_| StoreError::inconsistent("target.name", name))
}

/// Names of the agents by their keys, read once for many hours.
pub(crate) async fn agent_names(
    conn: &mut PgConnection,
) -> Result<BTreeMap<i32, AgentId>, StoreError> {
    let agents = store::agent::list(conn).await?;
    Ok(agents
        .into_iter()
        .map(|agent| (agent.key, agent.id))
        .collect())
}

#[cfg(test)]
mod tests {
    use crate::lab::{Lab, reclass, utc};

    #[tokio::test]
    async fn an_hour_that_cannot_be_counted_is_set_aside_and_the_others_go_on() {
        let (from, to) = (utc("2026-02-25T00:00:00Z"), utc("2026-02-25T06:00:00Z"));
        let mut lab = Lab::start("poison", from).await;
        lab.measure((from, to), |_| false).await;
        lab.tamper(
            &format!("{}; DELETE FROM cell; INSERT INTO cell_dirty SELECT id, h FROM target,
             generate_series('2026-02-25T00:00:00Z'::timestamptz, '2026-02-25T05:00:00Z', '1 hour') h
             ON CONFLICT DO NOTHING", reclass(&["outcome = 'nonsense'"], "slot_at = '2026-02-25T02:10:00Z'")),
        )
        .await;
        lab.collector.run_jobs().await.unwrap();
        assert_eq!(lab.number("SELECT count(*) FROM cell").await, 5);
        let tries = "SELECT tries::bigint FROM job_poison WHERE job = 'cells'";
        assert_eq!(lab.number(tries).await, 5);
        lab.collector.run_jobs().await.unwrap();
        assert_eq!(lab.number(tries).await, 5, "it is tried no more");
        let windows = "SELECT tries::bigint FROM job_poison WHERE job = 'assess'";
        assert_eq!(
            lab.number(windows).await,
            2,
            "each run tried the window once"
        );
        let ok = reclass(&["outcome = 'ok'"], "true");
        lab.tamper(&format!("{ok}; DELETE FROM job_poison")).await;
        lab.collector.run_jobs().await.unwrap();
        assert_eq!(lab.number("SELECT count(*) FROM cell").await, 6);
        assert_eq!(lab.number("SELECT count(*) FROM job_poison").await, 0);
        lab.stop().await;
    }
}
