//! `nines.toml`: one machine, one agent, your providers.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::{Context as _, bail};
use camino::{Utf8Path, Utf8PathBuf};
use collector::config::ContractEntry;
use collector::{ContractSetup, Published, PublishedConfig};
use domain::CredentialAlias;
use secrecy::SecretString;
use serde::Deserialize;
use wire::plan::PlanTarget;

use crate::{environment, print};

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::command) struct UpConfig {
    /// Name under which this installation signs.
    #[serde(default = "default_origin")]
    pub(super) origin: String,
    /// Where the pages are.
    #[serde(default = "default_listen")]
    pub(super) listen: SocketAddr,
    /// Environment variable with a database URL; absent: a private database is managed.
    database_url_env: Option<String>,
    /// Where provider keys are found.
    #[serde(default)]
    pub(super) credential: BTreeMap<CredentialAlias, Credential>,
    /// What to probe.
    #[serde(rename = "target")]
    pub(in crate::command) targets: Vec<PlanTarget>,
    /// What to judge.
    #[serde(default, rename = "contract")]
    contracts: Vec<ContractEntry>,
    /// Providers' status pages to read.
    #[serde(default)]
    published: Vec<PublishedConfig>,
    #[serde(skip)]
    dir: Utf8PathBuf,
}

/// Where one provider key is found: exactly one of these.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Credential {
    key_env: Option<String>,
    key_file: Option<Utf8PathBuf>,
}

fn default_origin() -> String {
    "nines.localhost".into()
}

fn default_listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8090))
}

impl UpConfig {
    pub(in crate::command) fn read(path: &Utf8Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| {
            format!("cannot read `{path}`; copy docs/samples/nines.toml to begin")
        })?;
        let mut config: Self =
            wire::document::read(&text).with_context(|| format!("`{path}` cannot be used"))?;
        config.dir = path.parent().unwrap_or(Utf8Path::new("")).to_owned();
        for target in &config.targets {
            let Some(alias) = &target.credential else {
                continue;
            };
            if !config.credential.contains_key(alias) {
                bail!(
                    "`{path}`: target `{}` uses credential `{alias}`; add a [credential.{alias}] \
                     with key_env or key_file",
                    target.id
                );
            }
        }
        Ok(config)
    }

    pub(super) fn database_url(&self) -> anyhow::Result<Option<String>> {
        let url = self
            .database_url_env
            .as_deref()
            .map(|name| environment::var(name).with_context(|| format!("`{name}` is not set")));
        url.transpose()
    }

    pub(super) fn contracts(&self) -> anyhow::Result<Vec<ContractSetup>> {
        let read = |entry: &ContractEntry| {
            let path = self.dir.join(&entry.file);
            let toml = std::fs::read_to_string(&path)
                .with_context(|| format!("cannot read the contract `{path}`"))?;
            Ok(ContractSetup {
                toml,
                targets: entry.targets.clone(),
                fees: entry.fees.clone(),
            })
        };
        self.contracts.iter().map(read).collect()
    }

    pub(super) fn published(&self) -> anyhow::Result<Published> {
        Ok(Published::checked(&self.published)?)
    }

    /// The key of one credential.
    pub(in crate::command) fn key(&self, alias: &CredentialAlias) -> anyhow::Result<SecretString> {
        self.credential
            .get(alias)
            .with_context(|| format!("there is no [credential.{alias}]"))?
            .load(&self.dir)
            .with_context(|| format!("credential `{alias}`"))
    }

    /// The keys that are there; each missing one is said here, and its slots are recorded as
    /// ours, never as the provider's.
    pub(super) fn keys(&self) -> BTreeMap<CredentialAlias, SecretString> {
        let mut keys = BTreeMap::new();
        for (alias, credential) in &self.credential {
            match credential.load(&self.dir) {
                Ok(key) => {
                    keys.insert(alias.clone(), key);
                }
                Err(why) => print::line(&format!(
                    "credential `{alias}`: {why:#}; its probes are recorded as our own fault"
                )),
            }
        }
        keys
    }
}

impl Credential {
    fn load(&self, dir: &Utf8Path) -> anyhow::Result<SecretString> {
        let key = match (&self.key_env, &self.key_file) {
            (Some(name), None) => {
                environment::var(name).with_context(|| format!("`{name}` is not set"))?
            }
            (None, Some(file)) => {
                let path = dir.join(file);
                std::fs::read_to_string(&path).with_context(|| format!("cannot read `{path}`"))?
            }
            _ => bail!("give either key_env or key_file"),
        };
        Ok(SecretString::from(key.trim()))
    }

    /// How to tell a person where the key comes from.
    pub(super) fn place(&self) -> String {
        match (&self.key_env, &self.key_file) {
            (Some(name), _) => format!("`{name}`"),
            (None, Some(file)) => format!("`{file}`"),
            (None, None) => "nowhere".into(),
        }
    }
}
