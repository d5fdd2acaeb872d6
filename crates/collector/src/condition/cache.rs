//! What was found last, for pages that ask every other second.
//!
//! Whoever finds it fresh, or a little older, waits for nothing; of what is a little older a newer
//! survey is begun meanwhile. Only who finds nothing or what is too old waits, all of them for the
//! same survey, and all of them get its failure. What took long is not found again so soon: surveys
//! take a tenth of the time at most.

use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::Instant;
use tracing::error;

use super::TargetCondition;
use super::survey::{self, Asked, Past};
use crate::app::App;
use crate::store::StoreError;

/// For how long what was found is fresh.
const FRESH_MIN: TimeDelta = TimeDelta::seconds(5);
/// The longest that it is, however long it took to find.
const FRESH_MAX: TimeDelta = TimeDelta::seconds(60);
/// How many times as long as it took to find.
const FRESH_TIMES: i32 = 10;
/// For how long after that it is still shown, while a newer one is looked for.
const STALE: TimeDelta = TimeDelta::seconds(10);

/// What was found, and what finds it.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    found: RwLock<Option<Found>>,
    finder: Arc<Mutex<Finder>>,
}

#[derive(Clone, Debug)]
struct Found {
    at: DateTime<Utc>,
    fresh: TimeDelta,
    targets: Arc<[TargetCondition]>,
}

#[derive(Debug, Default)]
struct Finder {
    past: Option<Past>,
    /// When it last failed, and why.
    failed: Option<(Instant, Arc<StoreError>)>,
}

/// How what is kept can be used.
enum Kept {
    Fresh(Arc<[TargetCondition]>),
    Stale(Arc<[TargetCondition]>),
    Nothing,
}

impl Cache {
    fn kept(&self, now: DateTime<Utc>) -> Kept {
        let found = self.found.read().unwrap_or_else(PoisonError::into_inner);
        let Some(found) = found.as_ref().filter(|found| found.at <= now) else {
            return Kept::Nothing;
        };
        let age = now - found.at;
        if age < found.fresh {
            Kept::Fresh(found.targets.clone())
        } else if age < found.fresh + STALE {
            Kept::Stale(found.targets.clone())
        } else {
            Kept::Nothing
        }
    }

    fn keep(&self, found: Found) {
        let mut kept = self.found.write().unwrap_or_else(PoisonError::into_inner);
        *kept = Some(found);
    }
}

/// The condition of every target of the plan, a few seconds old at most.
pub(crate) async fn all(app: &Arc<App>) -> Result<Arc<[TargetCondition]>, StoreError> {
    match app.conditions.kept(app.clock.now_utc()) {
        Kept::Fresh(found) => Ok(found),
        Kept::Stale(found) => {
            if let Ok(finder) = app.conditions.finder.clone().try_lock_owned() {
                tokio::spawn(renew(app.clone(), finder));
            }
            Ok(found)
        }
        Kept::Nothing => wait(app).await,
    }
}

/// Waits for the survey under way, or makes one.
async fn wait(app: &Arc<App>) -> Result<Arc<[TargetCondition]>, StoreError> {
    let arrived = Instant::now();
    let finder = app.conditions.finder.clone().lock_owned().await;
    if let Kept::Fresh(found) | Kept::Stale(found) = app.conditions.kept(app.clock.now_utc()) {
        return Ok(found);
    }
    match &finder.failed {
        Some((at, failure)) if *at > arrived => Err(StoreError::Shared {
            source: failure.clone(),
        }),
        _ => find(app, finder).await,
    }
}

async fn renew(app: Arc<App>, finder: OwnedMutexGuard<Finder>) {
    if let Err(failure) = find(&app, finder).await {
        error!(
            error = &failure as &dyn std::error::Error,
            "failed to look at the targets; the next request tries again"
        );
    }
}

async fn find(
    app: &App,
    mut finder: OwnedMutexGuard<Finder>,
) -> Result<Arc<[TargetCondition]>, StoreError> {
    let (at, started) = (app.clock.now_utc(), Instant::now());
    match survey(app, &mut finder.past, at).await {
        Ok(targets) => {
            let took = TimeDelta::from_std(started.elapsed()).unwrap_or(FRESH_MAX);
            let fresh = took.checked_mul(FRESH_TIMES).unwrap_or(FRESH_MAX);
            let fresh = fresh.clamp(FRESH_MIN, FRESH_MAX);
            let targets: Arc<[TargetCondition]> = targets.into();
            app.conditions.keep(Found {
                at,
                fresh,
                targets: targets.clone(),
            });
            Ok(targets)
        }
        Err(failure) => {
            let source = Arc::new(failure);
            finder.failed = Some((Instant::now(), source.clone()));
            Err(StoreError::Shared { source })
        }
    }
}

async fn survey(
    app: &App,
    past: &mut Option<Past>,
    now: DateTime<Utc>,
) -> Result<Vec<TargetCondition>, StoreError> {
    let plans = app.plans();
    let plan = plans.in_force(app.clock.now().to_millis());
    let mut conn = app.connection().await?;
    survey::survey(&mut conn, past, Asked { plan, now }).await
}
