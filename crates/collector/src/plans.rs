//! The revisions of the plan, as the registry records them: what a running collector goes by, how
//! one is recorded, and which may follow which.
//!
//! Invariants: revisions rise; none takes effect before its predecessor. Several collectors with
//! one database agree within seconds, for none of them believes its own file.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::{AgentId, UnixMillis};
use evidence::note::SigningKey;
use evidence::registry::RegistryType;
use sqlx::PgConnection;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tracing::{error, info, warn};
use wire::nonce::NonceRoot;
use wire::plan::{Plan, PlanAgent};

use crate::app::App;
use crate::known;
use crate::registry::{self, Entry, RecordError};
use crate::store::{self, StoreError, registry::Record};

pub(crate) mod apply;
#[cfg(test)]
mod tests;

/// How old what a request goes by may be: however many ask, the database is asked this often.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Every recorded revision.
#[derive(Debug)]
pub(crate) struct Plans {
    /// In the order in which they take effect.
    revisions: Vec<Plan>,
    newest: Plan,
    /// The newest one's record.
    record: Record,
}

impl Plans {
    /// By the records of the fleet's chain; none before the first plan.
    pub(crate) fn of(mut records: Vec<Record>) -> Result<Option<Self>, StoreError> {
        let revisions = known::plans(&records)?;
        let kind = RegistryType::Plan.as_str();
        let newest = records.iter().rposition(|record| record.kind == kind);
        let (Some(at), Some(newest)) = (newest, revisions.last().cloned()) else {
            return Ok(None);
        };
        Ok(Some(Self {
            record: records.swap_remove(at),
            revisions,
            newest,
        }))
    }

    /// Every revision, in the order in which they take effect.
    pub(crate) fn all(&self) -> &[Plan] {
        &self.revisions
    }

    /// The newest revision, which may not be in force yet.
    pub(crate) fn newest(&self) -> &Plan {
        &self.newest
    }

    /// The newest revision's record.
    pub(crate) fn record(&self) -> &Record {
        &self.record
    }

    /// The revision in force; the first one before that.
    pub(crate) fn in_force(&self, at: UnixMillis) -> &Plan {
        let mut begun = self.revisions.iter().rev();
        let begun = begun.find(|plan| plan.effective_from_ms <= at);
        begun.or(self.revisions.first()).unwrap_or(&self.newest)
    }

    /// An agent of the newest revision.
    pub(crate) fn agent(&self, id: &AgentId) -> Option<&PlanAgent> {
        self.newest.agents.iter().find(|agent| agent.id == *id)
    }
}

/// Where a running collector keeps them.
#[derive(Debug)]
pub(crate) struct Shelf {
    plans: RwLock<Arc<Plans>>,
    looked: Mutex<Instant>,
}

impl Shelf {
    pub(crate) fn new(plans: Plans) -> Self {
        Self {
            plans: RwLock::new(Arc::new(plans)),
            looked: Mutex::new(Instant::now()),
        }
    }

    pub(crate) fn get(&self) -> Arc<Plans> {
        let plans = self.plans.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&plans)
    }

    fn put(&self, plans: Plans) {
        let mut kept = self.plans.write().unwrap_or_else(PoisonError::into_inner);
        if kept.record.entry < plans.record.entry {
            *kept = Arc::new(plans);
        }
    }
}

/// Looks for a newer revision, unless somebody did a moment ago.
pub(crate) async fn look(app: &App) -> Result<(), StoreError> {
    let mut looked = app.shelf.looked.lock().await;
    if looked.elapsed() < LOOK_EVERY {
        return Ok(());
    }
    let mut conn = app.connection().await?;
    refresh(app, &mut conn).await?;
    *looked = Instant::now();
    Ok(())
}

/// Takes up a newer revision, where there is one.
pub(crate) async fn refresh(app: &App, conn: &mut PgConnection) -> Result<(), StoreError> {
    let chain = app.origin.fleet_chain();
    let kind = RegistryType::Plan.as_str();
    let newest = store::registry::newest_entry(conn, &chain, kind).await?;
    if newest == Some(app.plans().record.entry) {
        return Ok(());
    }
    if let Some(plans) = Plans::of(store::registry::list(conn, &chain).await?)? {
        let (revision, from) = (plans.newest.revision, plans.newest.effective_from_ms);
        info!(
            plan.revision = revision,
            "revision {revision} of the plan is recorded, in force from {from}"
        );
        app.shelf.put(plans);
    }
    Ok(())
}

/// Why a plan cannot follow the newest recorded one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// Its number is taken, or older.
    #[error("revision {revision} does not follow revision {newest}; give it a higher number")]
    Revision {
        /// Its number.
        revision: u64,
        /// The newest recorded.
        newest: u64,
    },
    /// It would take effect before its predecessor.
    #[error("revision {revision} would take effect at {from}, before revision {newest} at {after}")]
    Backwards {
        /// Its number.
        revision: u64,
        /// Its first moment.
        from: UnixMillis,
        /// The newest recorded.
        newest: u64,
        /// That one's first moment.
        after: UnixMillis,
    },
}

/// Whether a plan may follow another.
pub(crate) fn check_order(newest: &Plan, plan: &Plan) -> Result<(), OrderError> {
    if plan.revision <= newest.revision {
        return Err(OrderError::Revision {
            revision: plan.revision,
            newest: newest.revision,
        });
    }
    if plan.effective_from_ms < newest.effective_from_ms {
        return Err(OrderError::Backwards {
            revision: plan.revision,
            from: plan.effective_from_ms,
            newest: newest.revision,
            after: newest.effective_from_ms,
        });
    }
    Ok(())
}

/// A plan as it is recorded: with what the installation's nonces are made from committed to.
pub(crate) fn committed(plan: &Plan, nonces: &NonceRoot) -> Plan {
    Plan {
        nonces: Some(nonces.commitment()),
        ..plan.clone()
    }
}

/// Whether a recorded plan is the one that is to be recorded, perhaps from before plans committed
/// to nonces.
pub(crate) fn is_recorded(recorded: &Plan, plan: &Plan) -> bool {
    let nonces = recorded.nonces.and(plan.nonces);
    *recorded
        == Plan {
            nonces,
            ..plan.clone()
        }
}

/// Records the plan that a collector was started with, if it is newer than everything recorded;
/// the chain is locked by the caller's transaction. Else the recorded one stays.
pub(crate) async fn register(
    conn: &mut PgConnection,
    chain: &str,
    (plan, body): (&Plan, String),
    operator: &SigningKey,
    at: DateTime<Utc>,
) -> Result<(), RecordError> {
    store::registry::lock(conn, chain).await?;
    let recorded = Plans::of(store::registry::list(conn, chain).await?)?;
    if let Some(recorded) = &recorded {
        if is_recorded(recorded.newest(), plan) {
            return Ok(());
        }
        let newest = recorded.newest();
        match check_order(newest, plan) {
            Ok(()) => {}
            Err(OrderError::Revision { revision, newest }) if revision < newest => {
                warn!(
                    plan.revision = newest,
                    "the plan's file has revision {revision}; the newer recorded revision {newest} stays"
                );
                return Ok(());
            }
            Err(disorder) => {
                error!(
                    plan.revision = newest.revision,
                    error = &disorder as &dyn std::error::Error,
                    "the plan's file is not used; the recorded revision {} stays",
                    newest.revision
                );
                return Ok(());
            }
        }
    }
    let kind = RegistryType::Plan;
    let entry = Entry { kind, at, body };
    registry::append(conn, chain, entry, operator)
        .await
        .map(drop)
}
