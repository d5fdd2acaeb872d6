//! What a collector records of itself when it starts: its keys and its plan.

use evidence::registry::RegistryType;
use sqlx::PgPool;
use tracing::warn;
use verify::layout::registry::SoftwareBody;

use super::{Setup, StartError};
use crate::keys::Keys;
use crate::plans::{self, Plans};
use crate::registry::{self, Entry};
use crate::store::{self, StoreError};

/// Keys first, then the plan: fleet entry 0 names the keys that sign everything after it.
pub(super) async fn register(
    pool: &PgPool,
    setup: &Setup,
    keys: &Keys,
    at: chrono::DateTime<chrono::Utc>,
) -> Result<(), StartError> {
    let chain = setup.origin.fleet_chain();
    let software = registry::body(&SoftwareBody {
        export_vkey: keys.export.verifier_key().to_string(),
        log_vkey: keys.log.verifier_key().to_string(),
        operator_vkey: keys.operator.verifier_key().to_string(),
        program: concat!("nines ", env!("CARGO_PKG_VERSION")).to_owned(),
    })?;
    let plan = plans::committed(&setup.plan, &keys.nonces);
    let body = plan.to_body().map_err(StartError::Plan)?;
    if is_behind(pool, &chain).await? {
        warn!("the database is older than the log: what it has recorded is used as it is");
        return Ok(());
    }
    let mut tx = pool.begin().await.map_err(StoreError::query("begin"))?;
    let entry = Entry {
        kind: RegistryType::Software,
        at,
        body: software,
    };
    registry::append_if_new(&mut tx, &chain, entry, &keys.operator).await?;
    plans::register(&mut tx, &chain, (&plan, body), &keys.operator, at).await?;
    tx.commit().await.map_err(StoreError::query("commit"))?;
    Ok(())
}

/// Whether the log is not whole, but there are records to go by meanwhile.
async fn is_behind(pool: &PgPool, chain: &str) -> Result<bool, StoreError> {
    let conn = pool.acquire().await;
    let mut conn = conn.map_err(StoreError::query("get a connection"))?;
    Ok(store::heal::behind(&mut conn).await?.is_some()
        && store::registry::newest_entry(&mut conn, chain, RegistryType::Plan.as_str())
            .await?
            .is_some())
}

pub(super) async fn plans(pool: &PgPool, setup: &Setup) -> Result<Plans, StoreError> {
    let conn = pool.acquire().await;
    let mut conn = conn.map_err(StoreError::query("get a connection"))?;
    let records = store::registry::list(&mut conn, &setup.origin.fleet_chain()).await?;
    let missing = || StoreError::inconsistent("registry.kind", "no plan is recorded");
    Plans::of(records)?.ok_or_else(missing)
}
