//! Contracts of this installation: text, binding to targets, and their parsed form.

use domain::{Minute, TargetId};
use evidence::hash::Hash;
use evidence::registry::RegistryType;
use sla::{Contract, ContractError, Money};
use sqlx::{PgConnection, PgPool};
use tracing::warn;
use verify::layout::registry::{ContractBody, read_body};

use crate::app::Setup;
use crate::keys::Keys;
use crate::registry::{self, Entry, RecordError};
use crate::store::{self, StoreError, contract::Registered, registry::Record};

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
    /// A formula needs more than counts per minute.
    #[error(
        "contract `{contract}`: the formula of commitment `{commitment}` needs the times of single \
         samples, which a collector does not judge; `nines assess` judges it from files"
    )]
    BeyondCounts {
        /// Which contract.
        contract: String,
        /// Which of its commitments.
        commitment: String,
    },
    /// It is named twice, and nothing tells which version judges when.
    #[error(
        "contract `{contract}` is configured twice; give each version its own `effective_from`"
    )]
    Twice {
        /// Which contract.
        contract: String,
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
    pub(crate) targets: Vec<TargetId>,
    pub(crate) fees: Option<Money>,
}

/// The version of a contract that judges the window of a minute: the only one there is, or of
/// several the latest that is in force on the window's first day.
pub(crate) fn judging(contracts: &[Loaded], key: i32, minute: Minute) -> Option<&Loaded> {
    let versions = || contracts.iter().filter(|one| one.registered.key == key);
    if versions().count() == 1 {
        return versions().next();
    }
    versions()
        .filter(|one| one.is_in_force(minute))
        .max_by_key(|one| one.contract.source.effective_from)
}

/// One version of every contract, the one that judges now or would judge next, in the order of the
/// configuration.
pub(crate) fn current(contracts: &[Loaded], now: Minute) -> Vec<&Loaded> {
    let mut found: Vec<&Loaded> = Vec::new();
    for one in contracts {
        let key = one.registered.key;
        if found.iter().all(|known| known.registered.key != key) {
            let versions = || contracts.iter().filter(|other| other.registered.key == key);
            let earliest = || versions().min_by_key(|one| one.contract.source.effective_from);
            found.extend(judging(contracts, key, now).or_else(earliest));
        }
    }
    found
}

impl Loaded {
    /// Whether its text is in force on the first day of the window of a minute.
    pub(crate) fn is_in_force(&self, minute: Minute) -> bool {
        let start = self.contract.window_at(minute).start();
        let first_day = self.contract.window.timezone.day_of(start);
        self.contract.is_in_force(first_day)
    }
}

/// Parses and checks a contract against the plan's targets.
fn check<'a>(
    setup: &'a ContractSetup,
    plan: &wire::plan::Plan,
) -> Result<Checked<'a>, ContractSetupError> {
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
    if let Some(commitment) = verify::cells::beyond_counts(&contract) {
        return Err(ContractSetupError::BeyondCounts {
            contract: name,
            commitment: commitment.id.to_string(),
        });
    }
    let fees = setup.fees.as_deref().map(|text| {
        Money::parse(text, contract.currency).map_err(|_| ContractSetupError::Fees {
            contract: name,
            fees: text.to_owned(),
        })
    });
    let fees = fees.transpose()?;
    Ok(Checked {
        setup,
        contract,
        fees,
    })
}

/// Refuses two versions of a contract of which nothing tells which one judges.
fn check_versions(all: &[Checked<'_>]) -> Result<(), ContractSetupError> {
    for (nth, one) in all.iter().enumerate() {
        let from = one.contract.source.effective_from;
        let is_same = |other: &Checked<'_>| {
            other.contract.id() == one.contract.id() && other.contract.source.effective_from == from
        };
        if all.iter().skip(nth + 1).any(is_same) {
            return Err(ContractSetupError::Twice {
                contract: one.contract.id().to_string(),
            });
        }
    }
    Ok(())
}

/// A contract that can be used.
struct Checked<'a> {
    setup: &'a ContractSetup,
    contract: Contract,
    fees: Option<Money>,
}

/// Registers contracts that are new or changed, and gives all that are set up.
pub(crate) async fn register(
    pool: &PgPool,
    keys: &Keys,
    (setup, plan): (&Setup, &wire::plan::Plan),
    now: chrono::DateTime<chrono::Utc>,
) -> Result<Vec<Loaded>, ContractSetupError> {
    let mut all = Vec::with_capacity(setup.contracts.len());
    for contract in &setup.contracts {
        all.push(check(contract, plan)?);
    }
    check_versions(&all)?;
    let mut loaded: Vec<Loaded> = Vec::with_capacity(all.len());
    for one in &all {
        let versions = all
            .iter()
            .filter(|other| other.contract.id() == one.contract.id());
        let versions = Versions {
            count: versions.count(),
            chain: setup.origin.contract_chain(one.contract.id()),
        };
        let mut tx = pool.begin().await.map_err(StoreError::query("begin"))?;
        loaded.push(record(&mut tx, keys, one, &versions, now).await?);
        tx.commit().await.map_err(StoreError::query("commit"))?;
    }
    Ok(loaded)
}

/// The contracts among these that are registered, without registering any.
pub(crate) async fn registered(
    conn: &mut PgConnection,
    setups: &[ContractSetup],
    plan: &wire::plan::Plan,
) -> Result<Vec<Loaded>, ContractSetupError> {
    let mut loaded = Vec::with_capacity(setups.len());
    for setup in setups {
        let one = check(setup, plan)?;
        if let Some(registered) = store::contract::find(conn, one.contract.id()).await? {
            loaded.push(Loaded {
                registered,
                contract: one.contract,
                targets: setup.targets.clone(),
                fees: one.fees,
            });
        }
    }
    Ok(loaded)
}

/// The versions of one contract.
struct Versions {
    count: usize,
    /// Where they are registered.
    chain: String,
}

async fn record(
    conn: &mut PgConnection,
    keys: &Keys,
    one: &Checked<'_>,
    versions: &Versions,
    now: chrono::DateTime<chrono::Utc>,
) -> Result<Loaded, ContractSetupError> {
    let setup = one.setup;
    let registered = Registered {
        key: 0, // Given by the database.
        id: one.contract.id().clone(),
        toml: setup.toml.clone(),
        sha256: Hash::of(setup.toml.as_bytes()),
        targets: setup.targets.iter().map(ToString::to_string).collect(),
        fees: setup.fees.clone(),
    };
    let binding = ContractBody {
        contract: registered.id.clone(),
        fees: one.fees,
        targets: setup.targets.clone(),
        terms_sha256: registered.sha256.to_hex(),
    };
    let entry = Entry {
        kind: RegistryType::Contract,
        at: now,
        body: registry::body(&binding)?,
    };
    // The newest record may be about another version.
    let is_about = |record: &Record| {
        let body = read_body::<ContractBody>(&record.body);
        versions.count == 1 || body.is_ok_and(|b| b.terms_sha256 == binding.terms_sha256)
    };
    let operator = &keys.operator;
    match registry::append_if_new_among(conn, &versions.chain, entry, operator, is_about).await {
        // It is judged by what the configuration says; the next start records it.
        Err(RecordError::Behind) => warn!("contract `{}` is not recorded yet", registered.id),
        done => drop(done?),
    }
    store::contract::upsert(conn, &registered, now).await?;
    let stored = store::contract::find(conn, &registered.id).await?;
    Ok(Loaded {
        registered: stored.unwrap_or(registered),
        contract: one.contract.clone(),
        targets: setup.targets.clone(),
        fees: one.fees,
    })
}

#[cfg(test)]
mod tests;
