//! Contracts of this installation: text, binding to targets, and their parsed form.

use domain::TargetId;
use evidence::hash::Hash;
use evidence::registry::RegistryType;
use sla::{Contract, ContractError, Money};
use sqlx::PgPool;
use verify::layout::registry::ContractBody;

use crate::app::Setup;
use crate::keys::Keys;
use crate::registry::{self, Entry, RecordError};
use crate::store::{self, StoreError, contract::Registered};

/// A contract and what it is bound to here.
#[derive(Clone, Debug)]
pub struct ContractSetup {
    /// The contract, as TOML of schema `sla-contract/1`.
    pub toml: String,
    /// Targets whose samples it is judged on.
    pub targets: Vec<TargetId>,
    /// Fees of one window, as a decimal in the contract's currency, where known.
    pub fees: Option<String>,
}

/// A contract that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ContractSetupError {
    /// Its text is not a contract.
    #[error("the contract cannot be read")]
    Parse(#[source] ContractError),
    /// Its fees are not an amount in its currency.
    #[error("contract `{contract}`: fees `{fees}` are not an amount like `1234.56`")]
    Fees {
        /// Which contract.
        contract: String,
        /// What was given.
        fees: String,
    },
    /// It has no targets.
    #[error("contract `{contract}` is bound to no target; name at least one in `targets`")]
    NoTargets {
        /// Which contract.
        contract: String,
    },
    /// It names a target that the plan does not know.
    #[error("contract `{contract}`: the plan has no target `{target}`")]
    UnknownTarget {
        /// Which contract.
        contract: String,
        /// Which target.
        target: TargetId,
    },
    /// The registry record could not be written.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A contract in use.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    pub(crate) registered: Registered,
    pub(crate) contract: Contract,
    pub(crate) fees: Option<Money>,
}

/// Parses and checks a contract against the plan's targets.
pub(crate) fn check(
    setup: &ContractSetup,
    plan: &wire::plan::Plan,
) -> Result<(Contract, Option<Money>), ContractSetupError> {
    let contract = Contract::parse(&setup.toml).map_err(ContractSetupError::Parse)?;
    let name = contract.id().to_string();
    if setup.targets.is_empty() {
        return Err(ContractSetupError::NoTargets { contract: name });
    }
    if let Some(target) = setup
        .targets
        .iter()
        .find(|target| plan.target(target).is_none())
    {
        return Err(ContractSetupError::UnknownTarget {
            contract: name,
            target: target.clone(),
        });
    }
    let fees = setup.fees.as_deref().map(|text| {
        Money::parse(text, contract.currency).map_err(|_| ContractSetupError::Fees {
            contract: name,
            fees: text.to_owned(),
        })
    });
    Ok((contract.clone(), fees.transpose()?))
}

/// Registers contracts that are new or changed, and gives all that are set up.
pub(crate) async fn register(
    pool: &PgPool,
    keys: &Keys,
    setup: &Setup,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<Vec<Loaded>, ContractSetupError> {
    let (origin, setups, plan) = (&setup.origin, &setup.contracts, &setup.plan);
    let mut loaded = Vec::with_capacity(setups.len());
    for setup in setups {
        let (contract, fees) = check(setup, plan)?;
        let registered = Registered {
            key: 0, // Given by the database.
            id: contract.id().clone(),
            toml: setup.toml.clone(),
            sha256: Hash::of(setup.toml.as_bytes()),
            targets: setup.targets.iter().map(ToString::to_string).collect(),
            fees: setup.fees.clone(),
        };
        let binding = ContractBody {
            contract: registered.id.clone(),
            fees,
            targets: setup.targets.clone(),
            terms_sha256: registered.sha256.to_hex(),
        };
        let body = registry::body(&binding)?;
        let mut tx = pool.begin().await.map_err(StoreError::query("begin"))?;
        let chain = origin.contract_chain(&registered.id);
        let entry = Entry {
            kind: RegistryType::Contract,
            at: now,
            body,
        };
        registry::append_if_new(&mut tx, &chain, entry, &keys.operator).await?;
        store::contract::upsert(&mut tx, &registered, now).await?;
        let stored = store::contract::find(&mut tx, &registered.id).await?;
        tx.commit().await.map_err(StoreError::query("commit"))?;
        let registered = stored.unwrap_or(registered);
        loaded.push(Loaded {
            registered,
            contract,
            fees,
        });
    }
    Ok(loaded)
}
