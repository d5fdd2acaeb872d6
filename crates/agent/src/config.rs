//! Configuration of `nines-agent`: one TOML file over commented defaults. Secrets stand in it only
//! by the name of a variable or file.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use domain::CredentialAlias;
use probe::TlsRoots;
use probe::price::{PriceError, PriceTable};
use secrecy::SecretString;
use serde::Deserialize;
use telemetry::LogFormat;
use telemetry::setup::UnknownLogFormat;
use toml::{Table, Value};
use wire::plan::Budget;

use crate::address::CollectorUrl;
use crate::lifecycle::AgentLimits;
use crate::selfcheck::SelfcheckSettings;
use crate::spool::{Limits, SEGMENT_BYTES_MAX};

mod keys;
mod own_checks;
mod preview;
#[cfg(test)]
mod tests;

/// The defaults, with a comment for each.
pub const DEFAULT: &str = include_str!("../config.default.toml");

/// Longest interval between seals, seconds: beyond it, a silent agent is noticed too late.
const SEAL_INTERVAL_S_MAX: u64 = 3_600;
/// Most days that data is kept for replay.
const KEPT_DAYS_MAX: u32 = 3_650;

/// A checked configuration.
#[derive(Clone, Debug)]
pub struct AgentConfig {
    /// Key, identity and spool.
    pub state_dir: Utf8PathBuf,
    /// The plan's file; else the collector has the plan.
    pub plan: Option<Utf8PathBuf>,
    /// Where batches go; else where the agent was enrolled.
    pub collector: Option<CollectorUrl>,
    /// Which certificate authorities are believed.
    pub roots: TlsRoots,
    /// Between batches where nothing presses.
    pub seal_interval: Duration,
    /// Between previews; none where none are sent.
    pub preview_interval: Option<Duration>,
    /// Where provider keys are found.
    pub credentials: BTreeMap<CredentialAlias, KeySource>,
    /// Metrics and health.
    pub listen: SocketAddr,
    /// Bounds.
    pub limits: AgentLimits,
    /// What models cost, for budgets.
    pub prices: Arc<PriceTable>,
    /// What is asked about the agent's own clock and network.
    pub selfcheck: SelfcheckSettings,
    /// What is logged.
    pub log_filter: String,
    /// How it is logged.
    pub log_format: LogFormat,
    /// Where traces and metrics are pushed.
    pub otlp_endpoint: Option<String>,
}

/// Where a provider key is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// In an environment variable of this name.
    Env(String),
    /// In this file.
    File(Utf8PathBuf),
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("failed to read `{path}`")]
    Read {
        /// The file.
        path: Utf8PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// Not TOML, or a value of the wrong type.
    #[error("failed to parse the configuration")]
    Parse(#[source] Box<toml::de::Error>),
    /// A key that means nothing.
    #[error("unknown key `{key}`; did you mean `{nearest}`?")]
    UnknownKey {
        /// The key with its tables.
        key: String,
        /// The known key that is most like it.
        nearest: String,
    },
    /// A rule between values is broken.
    #[error("{0}")]
    Rule(String),
    /// The price table is none.
    #[error("failed to use the price table `{path}`")]
    PriceTable {
        /// The file.
        path: Utf8PathBuf,
        /// What is wrong with it.
        #[source]
        source: PriceError,
    },
    /// The log format is none.
    #[error("failed to use `telemetry.log_format`")]
    LogFormat(#[source] UnknownLogFormat),
}

/// A configured provider key that is not there.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The variable is not set, or empty.
    #[error("credential `{alias}`: environment variable `{name}` is not set")]
    Env {
        /// The credential.
        alias: CredentialAlias,
        /// The variable.
        name: String,
    },
    /// The file cannot be read.
    #[error("credential `{alias}`: failed to read `{path}`")]
    File {
        /// The credential.
        alias: CredentialAlias,
        /// The file.
        path: Utf8PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The file holds no key.
    #[error("credential `{alias}`: `{path}` is empty")]
    Empty {
        /// The credential.
        alias: CredentialAlias,
        /// The file.
        path: Utf8PathBuf,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    state_dir: Utf8PathBuf,
    plan: Option<Utf8PathBuf>,
    collector: Option<CollectorUrl>,
    ca_file: Option<Utf8PathBuf>,
    price_table: Option<Utf8PathBuf>,
    seal_interval_s: u64,
    preview_interval_s: u64,
    #[serde(default)]
    credential: BTreeMap<CredentialAlias, GivenCredential>,
    #[serde(default)]
    clock: own_checks::GivenClock,
    #[serde(default)]
    control: Vec<own_checks::GivenControl>,
    http: GivenHttp,
    limits: GivenLimits,
    telemetry: GivenTelemetry,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenCredential {
    key_env: Option<String>,
    key_file: Option<Utf8PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenHttp {
    listen: SocketAddr,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenLimits {
    overlap_max: usize,
    attempts_max: usize,
    backlog_bytes_max: u64,
    kept_bytes_max: u64,
    kept_days_max: u32,
    #[serde(default)]
    budget: Option<Budget>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GivenTelemetry {
    log_filter: String,
    log_format: String,
    otlp_endpoint: Option<String>,
}

impl AgentConfig {
    /// Reads a file; paths in it are relative to it.
    pub fn read(path: &Utf8Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text, path.parent().unwrap_or(Utf8Path::new("")))
    }

    /// Reads the text of a file that stands in `dir`.
    pub fn parse(text: &str, dir: &Utf8Path) -> Result<Self, ConfigError> {
        let parse = |source| ConfigError::Parse(Box::new(source));
        let over: Table = toml::from_str(text).map_err(parse)?;
        keys::check(&over)?;
        let mut merged: Table = toml::from_str(DEFAULT).map_err(parse)?;
        merge(&mut merged, over);
        let given: Given = merged.try_into().map_err(parse)?;
        given.check()?;
        given.into_config(dir)
    }

    /// The provider keys that are there, and why others are not. `env` looks up a variable.
    pub fn keys(
        &self,
        env: impl Fn(&str) -> Option<String>,
    ) -> (BTreeMap<CredentialAlias, SecretString>, Vec<KeyError>) {
        let mut keys = BTreeMap::new();
        let mut missing = Vec::new();
        for (alias, source) in &self.credentials {
            match source.load(alias, &env) {
                Ok(key) => {
                    keys.insert(alias.clone(), key);
                }
                Err(error) => missing.push(error),
            }
        }
        (keys, missing)
    }
}

impl KeySource {
    fn load(
        &self,
        alias: &CredentialAlias,
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<SecretString, KeyError> {
        let alias = alias.clone();
        match self {
            Self::Env(name) => env(name)
                .filter(|key| !key.is_empty())
                .map(SecretString::from)
                .ok_or_else(|| KeyError::Env {
                    alias,
                    name: name.clone(),
                }),
            Self::File(path) => match std::fs::read_to_string(path) {
                Ok(text) if text.trim().is_empty() => Err(KeyError::Empty {
                    alias,
                    path: path.clone(),
                }),
                Ok(text) => Ok(SecretString::from(text.trim())),
                Err(source) => Err(KeyError::File {
                    alias,
                    path: path.clone(),
                    source,
                }),
            },
        }
    }
}

impl Given {
    fn check(&self) -> Result<(), ConfigError> {
        let rule = |text: String| Err(ConfigError::Rule(text));
        if !(1..=SEAL_INTERVAL_S_MAX).contains(&self.seal_interval_s) {
            return rule(format!(
                "seal_interval_s must be 1 to {SEAL_INTERVAL_S_MAX}"
            ));
        }
        if !self.http.listen.ip().is_loopback() {
            return rule(
                "http.listen must be a loopback address: there is no authentication".into(),
            );
        }
        let limits = &self.limits;
        if limits.overlap_max == 0 || limits.attempts_max < limits.overlap_max {
            return rule(
                "limits.overlap_max must be at least 1, limits.attempts_max at least that".into(),
            );
        }
        if limits.backlog_bytes_max < 4 * SEGMENT_BYTES_MAX {
            let min = 4 * SEGMENT_BYTES_MAX;
            return rule(format!("limits.backlog_bytes_max must be at least {min}"));
        }
        if let Some(budget) = &limits.budget {
            if budget.is_none() {
                return rule("limits.budget has no cap; leave it out".into());
            }
            if let Err(text) = budget.check() {
                return rule(format!("limits.budget: {text}"));
            }
        }
        if limits.kept_days_max > KEPT_DAYS_MAX {
            return rule(format!(
                "limits.kept_days_max must be at most {KEPT_DAYS_MAX}"
            ));
        }
        Ok(())
    }

    fn into_config(self, dir: &Utf8Path) -> Result<AgentConfig, ConfigError> {
        let credentials = self.credential.into_iter().map(|(alias, credential)| {
            let source = match (credential.key_env, credential.key_file) {
                (Some(name), None) => KeySource::Env(name),
                (None, Some(path)) => KeySource::File(dir.join(path)),
                _ => {
                    let text = format!("credential.{alias} needs key_env or key_file, not both");
                    return Err(ConfigError::Rule(text));
                }
            };
            Ok((alias, source))
        });
        let prices = match self.price_table {
            Some(path) => read_prices(dir.join(path))?,
            None => PriceTable::embedded(),
        };
        Ok(AgentConfig {
            credentials: credentials.collect::<Result<_, _>>()?,
            state_dir: dir.join(self.state_dir),
            plan: self.plan.map(|plan| dir.join(plan)),
            collector: self.collector,
            roots: self
                .ca_file
                .map_or(TlsRoots::Platform, |path| TlsRoots::PlatformAnd {
                    ca_pem: dir.join(path).into(),
                }),
            seal_interval: Duration::from_secs(self.seal_interval_s),
            preview_interval: preview::interval(self.preview_interval_s)?,
            listen: self.http.listen,
            limits: self.limits.into_limits(),
            prices: Arc::new(prices),
            selfcheck: own_checks::settings(&self.clock, self.control)?,
            log_filter: self.telemetry.log_filter,
            log_format: self
                .telemetry
                .log_format
                .parse()
                .map_err(ConfigError::LogFormat)?,
            otlp_endpoint: self.telemetry.otlp_endpoint,
        })
    }
}

impl GivenLimits {
    fn into_limits(self) -> AgentLimits {
        AgentLimits {
            spool: Limits {
                backlog_bytes_max: self.backlog_bytes_max,
                kept_bytes_max: self.kept_bytes_max,
                kept_us_max: i64::from(self.kept_days_max) * 24 * 3_600 * 1_000_000,
                ..Limits::default()
            },
            overlap_max: self.overlap_max,
            attempts_max: self.attempts_max,
            budget: self.budget.unwrap_or(Budget::NONE),
        }
    }
}

fn read_prices(path: Utf8PathBuf) -> Result<PriceTable, ConfigError> {
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            PriceTable::parse(&text).map_err(|source| ConfigError::PriceTable { path, source })
        }
        Err(source) => Err(ConfigError::Read { path, source }),
    }
}

/// Lays `over` on top of `base`, table by table.
fn merge(base: &mut Table, over: Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Table(base)), Value::Table(over)) => merge(base, over),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}
