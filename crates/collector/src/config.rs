//! Configuration of `nines collector`: one TOML file, secrets by name of variable or file only.

use std::net::SocketAddr;

use camino::{Utf8Path, Utf8PathBuf};
use domain::TargetId;
use serde::Deserialize;
use wire::document::{self, DocumentError};
use wire::names::{Origin, OriginError};
use wire::plan::{Plan, PlanError};

use crate::archive::config::{ArchiveConfig, ArchiveConfigError};
use crate::claim::{Forms, Leads, LetterError};
use crate::contracts::ContractSetup;
use crate::outside::{self, CheckpointPost, Outside, OutsideError, WitnessConfig};
use crate::published::{Published, PublishedConfig, PublishedError};
use crate::retention::{Retention, RetentionError};
use crate::timestamp::config::{TimestampConfig, TimestampConfigError};

/// The file as it stands.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CollectorConfig {
    /// Name under which the installation signs, like `nines.example/team`.
    pub origin: String,
    /// Where to listen.
    #[serde(default = "default_listen")]
    pub listen: SocketAddr,
    /// Directory of keys and the signer's state.
    pub state_dir: Utf8PathBuf,
    /// Plan file, relative to the configuration.
    pub plan: Utf8PathBuf,
    /// Seconds between checkpoints, where there is something to sign.
    #[serde(default = "default_checkpoint_s")]
    pub checkpoint_s: u64,
    /// Seconds between assessments.
    #[serde(default = "default_assess_s")]
    pub assess_s: u64,
    /// What is kept for how long.
    #[serde(default)]
    pub retention: Retention,
    /// Where raw batches are archived; absent for nowhere.
    pub archive: Option<ArchiveConfig>,
    /// Who is asked for timestamps; absent for nobody.
    pub timestamp: Option<TimestampConfig>,
    /// How claims are written.
    #[serde(default)]
    pub claims: ClaimsConfig,
    /// Contracts to judge.
    #[serde(default, rename = "contract")]
    pub contracts: Vec<ContractEntry>,
    /// Witnesses that are no agents.
    #[serde(default, rename = "witness")]
    pub witnesses: Vec<WitnessConfig>,
    /// Seconds between two submissions to these witnesses.
    #[serde(default = "outside::default_witness_s")]
    pub witness_s: u64,
    /// Who receives a checkpoint every day.
    #[serde(default, rename = "checkpoint_post")]
    pub checkpoint_posts: Vec<CheckpointPost>,
    /// Providers' status pages that are read.
    #[serde(default)]
    pub published: Vec<PublishedConfig>,
}

/// How claims are written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimsConfig {
    /// Directory of your own `aws.txt`, `azure.txt`, `generic.txt`, `google.txt` and `notice.txt`,
    /// relative to the configuration; what it lacks is as supplied.
    pub forms_dir: Option<Utf8PathBuf>,
    /// How many days before a deadline people are told of it.
    #[serde(default)]
    pub remind_days: Leads,
}

/// A contract file and what it is bound to.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContractEntry {
    /// The contract, relative to the configuration.
    pub file: Utf8PathBuf,
    /// Targets whose samples it is judged on.
    pub targets: Vec<TargetId>,
    /// Fees of one window in the contract's currency, like `"1250.00"`.
    pub fees: Option<String>,
}

fn default_listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8090))
}

fn default_checkpoint_s() -> u64 {
    60
}

fn default_assess_s() -> u64 {
    10
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error("failed to read `{path}`")]
    Read {
        /// Which.
        path: Utf8PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is not the TOML of a configuration.
    #[error("`{path}` is not a collector configuration")]
    Parse {
        /// Which.
        path: Utf8PathBuf,
        /// What is wrong, and where.
        #[source]
        source: DocumentError,
    },
    /// The origin cannot be used.
    #[error("`origin` cannot be used")]
    Origin(#[source] OriginError),
    /// The retention policy cannot be used.
    #[error(transparent)]
    Retention(#[from] RetentionError),
    /// The archive cannot be used.
    #[error(transparent)]
    Archive(#[from] ArchiveConfigError),
    /// Timestamps cannot be asked for.
    #[error(transparent)]
    Timestamp(#[from] TimestampConfigError),
    /// A form of a letter cannot be used.
    #[error(transparent)]
    Forms(#[from] LetterError),
    /// A witness or a receiver of checkpoints cannot be used.
    #[error(transparent)]
    Outside(#[from] OutsideError),
    /// A status page cannot be read.
    #[error(transparent)]
    Published(#[from] PublishedError),
    /// The plan cannot be used.
    #[error("`{path}` cannot be used as plan")]
    Plan {
        /// Which.
        path: Utf8PathBuf,
        /// Why.
        #[source]
        source: PlanError,
    },
}

/// A configuration with the files it names.
#[derive(Debug)]
pub struct Loaded {
    /// The file.
    pub config: CollectorConfig,
    /// Its origin, parsed.
    pub origin: Origin,
    /// The plan.
    pub plan: Plan,
    /// The contracts' texts and bindings.
    pub contracts: Vec<ContractSetup>,
    /// Forms of the letters of claims.
    pub claim_forms: Forms,
    /// Witnesses and receivers of checkpoints.
    pub outside: Outside,
    /// Providers' status pages that are read.
    pub published: Published,
}

impl Loaded {
    /// Reads a configuration and everything it names.
    pub fn read(path: &Utf8Path) -> Result<Self, ConfigError> {
        let parse = |source| ConfigError::Parse {
            path: path.to_owned(),
            source,
        };
        let config: CollectorConfig = document::read(&read(path)?).map_err(parse)?;
        config.retention.check()?;
        if let Some(archive) = &config.archive {
            archive.check()?;
        }
        let (witnesses, posts) = (&config.witnesses, &config.checkpoint_posts);
        let outside = Outside::checked(witnesses, config.witness_s, posts)?;
        let published = Published::checked(&config.published)?;
        if let Some(timestamp) = &config.timestamp {
            timestamp.check()?;
        }
        let beside = |file: &Utf8Path| path.parent().unwrap_or(Utf8Path::new("")).join(file);
        let origin = config.origin.parse().map_err(ConfigError::Origin)?;
        let plan_path = beside(&config.plan);
        let plan = Plan::parse(&read(&plan_path)?).map_err(|source| ConfigError::Plan {
            path: plan_path,
            source,
        })?;
        let contract = |entry: &ContractEntry| {
            let toml = read(&beside(&entry.file))?;
            Ok(ContractSetup {
                toml,
                targets: entry.targets.clone(),
                fees: entry.fees.clone(),
            })
        };
        let contracts = config
            .contracts
            .iter()
            .map(contract)
            .collect::<Result<_, ConfigError>>()?;
        let claim_forms = match &config.claims.forms_dir {
            Some(dir) => Forms::with_copies(&beside(dir))?,
            None => Forms::default(),
        };
        Ok(Self {
            config,
            origin,
            plan,
            contracts,
            claim_forms,
            outside,
            published,
        })
    }
}

fn read(path: &Utf8Path) -> Result<String, ConfigError> {
    let failed = |source| ConfigError::Read {
        path: path.to_owned(),
        source,
    };
    std::fs::read_to_string(path).map_err(failed)
}
