//! `nines plan`: a new revision for collectors that run. They notice by themselves.

use camino::Utf8PathBuf;
use domain::{Clock, UnixMicros, UnixMillis};
use evidence::registry::RegistryType;
use sqlx::{Connection as _, PgConnection};
use verify::layout::registry::{SoftwareBody, read_body};
use wire::names::Origin;
use wire::plan::{Plan, PlanError};

use super::{OrderError, Plans, check_order};
use crate::keys::{Keys, KeysError};
use crate::registry::{self, Entry, RecordError};
use crate::store::{self, StoreError};

/// What a revision is recorded with.
#[derive(Debug)]
pub struct ApplySetup {
    /// Connection string of the database.
    pub database_url: String,
    /// The collector's state directory, which holds the operator's key.
    pub state_dir: Utf8PathBuf,
    /// Name under which the installation signs.
    pub origin: Origin,
}

/// What became of a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It is recorded now.
    Recorded,
    /// It was the newest before.
    Known,
}

/// A revision that was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// No collector has used this database.
    #[error("nothing is recorded yet; start the collector with this plan instead")]
    NoFleet,
    /// Not the machine of the collector.
    #[error("`{path}` is not there; run this where the collector's state directory is")]
    NoKey {
        /// Where the operator's key should be.
        path: Utf8PathBuf,
    },
    /// Another installation's key.
    #[error(
        "the operator's key in the state directory is not the one that this fleet is signed with"
    )]
    OtherKey,
    /// It does not follow the newest revision.
    #[error(transparent)]
    Order(#[from] OrderError),
    /// It would take effect before anybody knew.
    #[error("revision {revision} would take effect at {from}, which has passed; give --from")]
    Past {
        /// Which.
        revision: u64,
        /// Its first moment.
        from: UnixMillis,
    },
    /// The newest revision is not in force yet, and agents that were away may never hear of it.
    #[error(
        "revision {newest} takes effect at {from} and not before: wait for that, or let this \
         revision take effect at the same moment"
    )]
    Pending {
        /// The newest recorded.
        newest: u64,
        /// Its first moment.
        from: UnixMillis,
    },
    /// It cannot be recorded.
    #[error("failed to encode the plan")]
    Plan(#[source] PlanError),
    /// The keys cannot be used.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The record could not be written.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

async fn connect(database_url: &str) -> Result<PgConnection, StoreError> {
    let conn = PgConnection::connect(database_url).await;
    conn.map_err(StoreError::query("connect"))
}

/// Every recorded revision, in the order in which they take effect.
pub async fn list_plans(database_url: &str, origin: &Origin) -> Result<Vec<Plan>, StoreError> {
    let mut conn = connect(database_url).await?;
    let records = store::registry::list(&mut conn, &origin.fleet_chain()).await?;
    crate::known::plans(&records)
}

/// Records a revision; running collectors pass it on within seconds.
pub async fn apply_plan(
    setup: &ApplySetup,
    plan: &Plan,
    clock: &dyn Clock,
) -> Result<Applied, ApplyError> {
    let keys_dir = setup.state_dir.join("keys");
    let path = keys_dir.join("operator.key");
    if !path.exists() {
        return Err(ApplyError::NoKey { path });
    }
    let keys = Keys::load(&keys_dir, &setup.origin)?;
    let plan = super::committed(plan, &keys.nonces);
    let body = plan.to_body().map_err(ApplyError::Plan)?;
    let chain = setup.origin.fleet_chain();
    let mut conn = connect(&setup.database_url).await?;
    let mut tx = conn.begin().await.map_err(StoreError::query("begin"))?;
    store::registry::lock(&mut tx, &chain).await?;
    let records = store::registry::list(&mut tx, &chain).await?;
    let software = RegistryType::Software.as_str();
    let software = records.iter().rfind(|record| record.kind == software);
    let software = software.ok_or(ApplyError::NoFleet)?;
    let software: SoftwareBody =
        read_body(&software.body).map_err(|e| StoreError::inconsistent("registry.body", e))?;
    if software.operator_vkey != keys.operator.verifier_key().to_string() {
        return Err(ApplyError::OtherKey);
    }
    let plans = Plans::of(records)?.ok_or(ApplyError::NoFleet)?;
    if super::is_recorded(plans.newest(), &plan) {
        return Ok(Applied::Known);
    }
    let now = clock.now_utc();
    check(plans.newest(), &plan, UnixMicros::from(now).to_millis())?;
    let kind = RegistryType::Plan;
    let entry = Entry {
        kind,
        at: now,
        body,
    };
    registry::append(&mut tx, &chain, entry, &keys.operator).await?;
    tx.commit().await.map_err(StoreError::query("commit"))?;
    Ok(Applied::Recorded)
}

/// Whether a revision may be recorded while others run.
fn check(newest: &Plan, plan: &Plan, now: UnixMillis) -> Result<(), ApplyError> {
    check_order(newest, plan)?;
    let from = plan.effective_from_ms;
    if from < now {
        let revision = plan.revision;
        return Err(ApplyError::Past { revision, from });
    }
    let pending = newest.effective_from_ms;
    if pending > now && from != pending {
        return Err(ApplyError::Pending {
            newest: newest.revision,
            from: pending,
        });
    }
    Ok(())
}
