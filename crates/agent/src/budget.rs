//! What an agent may spend: no call is made before its worst case has been counted, on disk.
//!
//! Before a call: its bound ([`bound`]) is counted in the [`ledger`] if every cap has room, and the
//! [`store`] is written. After it: the count falls to what the call used, where that is known. A
//! crash between the two leaves the worst case standing; nothing is ever counted too low.
//!
//! Caps are the agent's share of each target's budget, fixed by the plan, and its own
//! `limits.budget`. A slot without room is a gap of reason `budget`; a burst ends.
//!
//! Non-goals: what agents spend together is never added up, for shares need no talk; invoices.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use domain::{GapReason, Kind, TargetId, UnixMillis};
use probe::Attempt;
use probe::price::{PriceTable, Why};
use telemetry::metrics::{AgentMetrics, BudgetUse};
use tracing::{error, warn};
use wire::plan::{Budget, Plan, Usd};

use crate::health::Health;
use crate::runner::{Keys, TargetError};

pub mod bound;
mod capped;
pub mod ledger;
pub mod store;
#[cfg(test)]
pub(crate) mod tests;

use bound::{Bound, BoundError};
use capped::{Bounds, bounds_of};
pub use ledger::{Amount, Exhausted, Ledger, Reservation, Spent, Standing};
use store::StoreError;

/// What metrics call the sum over all targets: no target has this name.
const ALL_TARGETS: &str = "*";

/// Budgets that cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum BudgetError {
    /// A target cannot be probed.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// A target's calls have no bound.
    #[error(transparent)]
    Bound(#[from] BoundError),
    /// What was spent so far cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a call must not be made.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error(transparent)]
    Exhausted(Exhausted),
    #[error("the price of the model is not known any more")]
    Price(#[source] Why),
    #[error("what is spent cannot be kept")]
    Store(#[source] Arc<StoreError>),
}

/// What budgets are kept from.
#[derive(Debug)]
pub struct BudgetSettings<'a> {
    /// Whose targets have budgets.
    pub plan: &'a Plan,
    /// Its own cap on everything.
    pub cap: Budget,
    /// Provider keys: a call is bounded as it is sent.
    pub keys: &'a Keys,
    /// What models cost.
    pub prices: Arc<PriceTable>,
    /// The agent's state directory.
    pub dir: &'a Utf8Path,
    /// The moment for which prices have to be known.
    pub now: UnixMillis,
    /// The agent's picture of itself.
    pub health: Health,
    /// The agent's instruments.
    pub metrics: AgentMetrics,
}

/// The budgets of one agent. Cheap to clone; all clones keep the same books.
#[derive(Clone)]
pub struct Budgets(Arc<Desk>);

struct Desk {
    prices: Arc<PriceTable>,
    dir: Utf8PathBuf,
    health: Health,
    metrics: AgentMetrics,
    book: Mutex<Book>,
    /// Version of the book that is on disk.
    written: Mutex<u64>,
}

struct Book {
    /// Of the targets that some cap binds; also those of a former plan, until they too have ended.
    bounds: Bounds,
    ledger: Ledger,
    /// Rises with every change that has to be on disk.
    version: u64,
    /// Targets that were told to be without room.
    exhausted: BTreeSet<TargetId>,
}

/// Leave to make one call; given back by [`Budgets::settle`].
#[derive(Debug)]
#[must_use = "a call that is not settled counts at its worst"]
pub enum Leave {
    /// No cap binds it.
    Free,
    /// It is counted, by the bound of its plan.
    Counted(Reservation, Arc<Bound>),
}

impl fmt::Debug for Budgets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let book = self.0.book();
        f.debug_set().entries(book.bounds.keys()).finish()
    }
}

impl Budgets {
    /// Reads what was spent so far, and makes sure that every capped call can be bounded.
    pub fn open(settings: BudgetSettings<'_>) -> Result<Self, BudgetError> {
        let (bounds, shares) = bounds_of(&settings)?;
        let spent = if bounds.is_empty() {
            Spent::default()
        } else {
            store::read(settings.dir)?
        };
        let budgets = Self(Arc::new(Desk {
            prices: settings.prices,
            dir: settings.dir.to_owned(),
            health: settings.health,
            metrics: settings.metrics,
            book: Mutex::new(Book {
                bounds,
                ledger: Ledger::new(settings.cap, shares, spent),
                version: 0,
                exhausted: BTreeSet::new(),
            }),
            written: Mutex::new(0),
        }));
        budgets.0.report_all(settings.now);
        Ok(budgets)
    }

    /// Goes on with the caps of another plan and the same books: what was spent stays spent.
    /// Targets that the plan no longer names keep their caps, for the repeats of their last slots.
    pub fn follow(&self, settings: &BudgetSettings<'_>) -> Result<(), BudgetError> {
        let (bounds, shares) = bounds_of(settings)?;
        let mut book = self.0.book();
        if book.bounds.is_empty() && !bounds.is_empty() {
            let spent = store::read(settings.dir)?;
            book.ledger = Ledger::new(settings.cap, shares, spent);
            book.bounds = bounds;
        } else {
            let is_named = |target: &TargetId| settings.plan.target(target).is_some();
            book.bounds.retain(|target, _| !is_named(target));
            book.bounds.extend(bounds);
            book.ledger.follow(shares, is_named);
        }
        drop(book);
        self.0.report_all(settings.now);
        Ok(())
    }

    /// Counts a call at its worst; on return that is on disk, and the call may be made. Else the
    /// reason of the gap.
    pub async fn reserve(
        &self,
        target: &TargetId,
        kind: Kind,
        at: UnixMillis,
    ) -> Result<Leave, GapReason> {
        let Some(bound) = self.0.book().bounds.get(target).cloned() else {
            return Ok(Leave::Free);
        };
        let counted = self.0.count(&bound, target, (kind, at));
        let leave = match counted {
            Ok((reservation, version)) => match self.persist(version).await {
                Ok(()) => Ok(reservation),
                Err(failed) => {
                    // The call is not made.
                    self.0.book().ledger.settle(reservation, Amount::default());
                    Err(Refused::Store(failed))
                }
            },
            Err(refused) => Err(refused),
        };
        self.0.tell(target, &leave);
        self.0.report(target, at);
        leave
            .map(|reservation| Leave::Counted(reservation, bound))
            .map_err(|_| GapReason::Budget)
    }

    /// Counts a call that was made at what it used.
    pub async fn settle(&self, leave: Leave, attempt: &Attempt) {
        let Leave::Counted(reservation, bound) = leave else {
            return;
        };
        let (target, at) = (reservation.target().clone(), reservation.at());
        let worst = reservation.worst();
        let actual = bound.actual(&self.0.prices, attempt, (worst, at));
        let overrun = {
            let mut book = self.0.book();
            let overrun = book.ledger.settle(reservation, actual);
            book.version += 1;
            overrun.then_some(book.version)
        };
        if let Some(version) = overrun {
            warn!(target.id = %target, tokens = actual.tokens, tokens_max = worst.tokens,
                "a call of target {target} used more than its bound");
            // A failure is told by the next call, which it stops.
            drop(self.persist(version).await);
        }
        self.0.report(&target, at);
    }

    /// Writes what was settled since the last call, so that a restart does not count it twice.
    pub async fn flush(&self) {
        let version = self.0.book().version;
        if let Err(failed) = self.persist(version).await {
            error!(
                error = &*failed as &dyn std::error::Error,
                "what was spent cannot be kept"
            );
        }
    }

    /// Makes sure that a version of the book is on disk. Calls that wait for each other share one
    /// write, and a caller that gives up leaves no half-done one behind.
    async fn persist(&self, version: u64) -> Result<(), Arc<StoreError>> {
        let desk = Arc::clone(&self.0);
        let written = tokio::task::spawn_blocking(move || desk.write(version)).await;
        let lost = |_| StoreError::Write {
            path: self.0.dir.join(store::FILE),
            source: std::io::ErrorKind::Interrupted.into(),
        };
        written
            .map_err(lost)
            .and_then(|written| written)
            .map_err(Arc::new)
    }
}

impl Desk {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(
        &self,
        bound: &Bound,
        target: &TargetId,
        (kind, at): (Kind, UnixMillis),
    ) -> Result<(Reservation, u64), Refused> {
        let worst = bound.worst(&self.prices, at).map_err(Refused::Price)?;
        let mut book = self.book();
        let reserved = book.ledger.reserve(target, kind, worst, at);
        let reservation = reserved.map_err(Refused::Exhausted)?;
        book.version += 1;
        Ok((reservation, book.version))
    }

    fn write(&self, version: u64) -> Result<(), StoreError> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if *written >= version {
            return Ok(());
        }
        let (spent, version) = {
            let book = self.book();
            (book.ledger.spent().clone(), book.version)
        };
        store::write(&self.dir, &spent)?;
        *written = version;
        Ok(())
    }

    /// Logs when a target runs out of room, and not again before it had some.
    fn tell(&self, target: &TargetId, leave: &Result<Reservation, Refused>) {
        let mut book = self.book();
        let Err(refused) = leave else {
            book.exhausted.remove(target);
            drop(book);
            self.health.update(|health| health.budget_failed = None);
            return;
        };
        let is_news = book.exhausted.insert(target.clone());
        drop(book);
        if let Refused::Store(failed) = refused {
            let reason = failed.to_string();
            self.health
                .update(|health| health.budget_failed = Some(reason));
        }
        if is_news {
            warn!(target.id = %target, error = refused as &dyn std::error::Error,
                "target {target} is not probed: its budget has no room");
        }
    }

    fn report_all(&self, at: UnixMillis) {
        let targets: Vec<TargetId> = self.book().bounds.keys().cloned().collect();
        for target in &targets {
            self.report(target, at);
        }
    }

    /// Shows what a target, and all of them, have spent.
    fn report(&self, target: &TargetId, at: UnixMillis) {
        let (of_target, overall) = {
            let book = self.book();
            (book.ledger.of_target(target, at), book.ledger.overall(at))
        };
        for (name, standing) in [(target.as_str(), &of_target), (ALL_TARGETS, &overall)] {
            for (cap, used, limit) in standing.caps() {
                self.metrics.budget_used(&BudgetUse {
                    target: name,
                    cap,
                    used,
                    limit,
                });
            }
        }
        self.health.update(|health| {
            health.budgets.insert(target.clone(), of_target);
            health.budget_overall = Some(overall);
        });
    }
}

impl fmt::Display for Standing {
    /// Like `0.25 of 1.2 USD today, 300 of 9000 tokens this month`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (cap, used, limit)) in self.caps().enumerate() {
            let comma = if place > 0 { ", " } else { "" };
            let when = if cap.ends_with("day") {
                "today"
            } else {
                "this month"
            };
            if cap.starts_with("usd") {
                let (used, limit) = (Usd::from_nano(used), Usd::from_nano(limit));
                write!(f, "{comma}{used} of {limit} USD {when}")?;
            } else {
                write!(f, "{comma}{used} of {limit} tokens {when}")?;
            }
        }
        Ok(())
    }
}
