//! `[timestamp]` of the collector's configuration.

use std::sync::Mutex;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use chrono::TimeDelta;
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use serde::Deserialize;
use verify::timestamp::{Roots, RootsError};

use super::{Authority, Timestamping, Tries};

/// Most authorities; a manifest has room for many more tokens than anybody wants.
const AUTHORITIES_MAX: usize = 8;
/// Shortest time between two tokens of an authority, in seconds. They are kept for ever.
const INTERVAL_S_MIN: u64 = 60;
/// Longest time between two tokens, in seconds: a week.
const INTERVAL_S_MAX: u32 = 604_800;
/// Longest that one request may take, in seconds.
const TIMEOUT_S_MAX: u64 = 300;

/// Who is asked for timestamps.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimestampConfig {
    /// Seconds between two tokens of one authority, where the log has grown.
    #[serde(default = "default_interval_s")]
    pub interval_s: u32,
    /// Seconds that one request may take.
    #[serde(default = "default_timeout_s")]
    pub timeout_s: u64,
    /// Root certificates in PEM, relative to the configuration: tokens that do not lead to one are
    /// not kept, and bundles carry a copy.
    pub roots_file: Option<Utf8PathBuf>,
    /// The authorities.
    #[serde(default, rename = "authority")]
    pub authorities: Vec<AuthorityConfig>,
}

/// One timestamping authority (RFC 3161 over HTTP).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorityConfig {
    /// A name of yours, in letters, digits, `.`, `_` and `-`.
    pub name: String,
    /// Where it answers, `http://` or `https://`.
    pub url: String,
    /// Header that takes the secret.
    pub header: Option<String>,
    /// Environment variable that holds the header's value, such as `Bearer ...`.
    pub secret_env: Option<String>,
    /// File that holds the header's value, relative to the configuration.
    pub secret_file: Option<Utf8PathBuf>,
}

fn default_interval_s() -> u32 {
    3_600
}

fn default_timeout_s() -> u64 {
    10
}

/// Timestamps that cannot be asked for.
#[derive(Debug, thiserror::Error)]
pub enum TimestampConfigError {
    /// None, too many, or two of one name.
    #[error(
        "`timestamp` needs 1 to {AUTHORITIES_MAX} `[[timestamp.authority]]`, of different names in letters, digits, `.`, `_` and `-`"
    )]
    Authorities,
    /// An interval or timeout that cannot be meant.
    #[error(
        "`timestamp.interval_s` must be {INTERVAL_S_MIN} to {INTERVAL_S_MAX}, `timeout_s` 1 to {TIMEOUT_S_MAX}"
    )]
    Times,
    /// The URL is of no kind that is known, or holds a credential.
    #[error(
        "the `url` of timestamp authority `{name}` must be `http://...` or `https://...`, without a credential"
    )]
    Url {
        /// Which authority.
        name: String,
    },
    /// A secret without a use, or given twice, or a header without a value.
    #[error(
        "timestamp authority `{name}` needs one of `secret_env` and `secret_file` with a `header`, or none of them"
    )]
    Secret {
        /// Which authority.
        name: String,
    },
    /// A variable that is not set.
    #[error("`{variable}` is not set; timestamp authority `{name}` needs it")]
    Unset {
        /// Name of the variable.
        variable: String,
        /// Which authority.
        name: String,
    },
    /// A header that cannot be sent.
    #[error("the `header` or secret of timestamp authority `{name}` cannot stand in a request")]
    Header {
        /// Which authority.
        name: String,
    },
    /// A file that cannot be read.
    #[error("failed to read `{path}`")]
    Read {
        /// Which.
        path: Utf8PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file holds no roots.
    #[error("`{path}` holds no roots of timestamping authorities")]
    Roots {
        /// Which.
        path: Utf8PathBuf,
        /// Why.
        #[source]
        source: RootsError,
    },
    /// The client of requests cannot be made.
    #[error("failed to set up requests for timestamps")]
    Client(#[source] reqwest::Error),
}

impl TimestampConfig {
    /// Refuses what cannot be meant, without reading secrets.
    pub fn check(&self) -> Result<(), TimestampConfigError> {
        let names = || self.authorities.iter().map(|authority| &authority.name);
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
        let is_known = |name: &String| {
            !name.is_empty()
                && name.bytes().all(is_plain)
                && names().filter(|other| *other == name).count() == 1
        };
        if !(1..=AUTHORITIES_MAX).contains(&self.authorities.len()) || !names().all(is_known) {
            return Err(TimestampConfigError::Authorities);
        }
        let interval =
            u64::from(self.interval_s) >= INTERVAL_S_MIN && self.interval_s <= INTERVAL_S_MAX;
        if !interval || !(1..=TIMEOUT_S_MAX).contains(&self.timeout_s) {
            return Err(TimestampConfigError::Times);
        }
        self.authorities.iter().try_for_each(AuthorityConfig::check)
    }

    /// Gets ready to ask; `beside` is the directory of the configuration, `variable` reads the
    /// environment.
    pub fn open(
        &self,
        beside: &Utf8Path,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Timestamping, TimestampConfigError> {
        self.check()?;
        let authorities = self.authorities.iter();
        let authorities = authorities.map(|authority| authority.open(beside, &variable));
        let roots = self.roots_file.as_ref().map(|file| {
            let path = beside.join(file);
            let pem = read(&path)?;
            match Roots::from_pem(pem.as_bytes()) {
                Ok(roots) => Ok((pem, roots)),
                Err(source) => Err(TimestampConfigError::Roots { path, source }),
            }
        });
        // A redirect would carry the secret to where nobody meant it.
        let client = reqwest::Client::builder().redirect(Policy::none());
        Ok(Timestamping {
            authorities: authorities.collect::<Result<_, _>>()?,
            roots: roots.transpose()?,
            client: client.build().map_err(TimestampConfigError::Client)?,
            interval: TimeDelta::seconds(self.interval_s.into()),
            timeout: Duration::from_secs(self.timeout_s),
        })
    }
}

impl AuthorityConfig {
    fn check(&self) -> Result<(), TimestampConfigError> {
        let name = || self.name.clone();
        let is_http = self.url.starts_with("http://") || self.url.starts_with("https://");
        // An `@` would be a credential in the URL.
        if !is_http || self.url.contains(['@', ' ']) {
            return Err(TimestampConfigError::Url { name: name() });
        }
        let secrets =
            usize::from(self.secret_env.is_some()) + usize::from(self.secret_file.is_some());
        if secrets != usize::from(self.header.is_some()) {
            return Err(TimestampConfigError::Secret { name: name() });
        }
        Ok(())
    }

    fn open(
        &self,
        beside: &Utf8Path,
        variable: &impl Fn(&str) -> Option<String>,
    ) -> Result<Authority, TimestampConfigError> {
        let name = || self.name.clone();
        let secret = match (&self.secret_env, &self.secret_file) {
            (Some(wanted), _) => {
                let unset = || TimestampConfigError::Unset {
                    variable: wanted.clone(),
                    name: name(),
                };
                Some(variable(wanted).ok_or_else(unset)?)
            }
            (None, Some(file)) => Some(read(&beside.join(file))?.trim().to_owned()),
            (None, None) => None,
        };
        let unfit = || TimestampConfigError::Header { name: name() };
        let header = match self.header.as_ref().zip(secret) {
            Some((header, secret)) => {
                let header = HeaderName::from_bytes(header.as_bytes()).map_err(|_| unfit())?;
                let mut value = HeaderValue::from_str(&secret).map_err(|_| unfit())?;
                value.set_sensitive(true);
                Some((header, value))
            }
            None => None,
        };
        Ok(Authority {
            name: name(),
            url: self.url.clone(),
            header,
            tries: Mutex::new(Tries::default()),
        })
    }
}

fn read(path: &Utf8Path) -> Result<String, TimestampConfigError> {
    std::fs::read_to_string(path).map_err(|source| TimestampConfigError::Read {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "[[authority]]\nname = 'a'\nurl = 'http://tsa.invalid/'\n";

    fn config(toml: &str) -> TimestampConfig {
        toml::from_str(toml).unwrap()
    }

    #[track_caller]
    fn refused(toml: &str, expected: &str) {
        let refusal = config(toml).check().unwrap_err().to_string();
        assert!(refusal.contains(expected), "{refusal}");
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        refused("", "1 to 8");
        refused(&format!("{ONE}{ONE}"), "different names");
        refused(&format!("interval_s = 59\n{ONE}"), "interval_s");
        refused(&format!("timeout_s = 0\n{ONE}"), "timeout_s");
        refused(&ONE.replace("http://", "ftp://"), "`http://...`");
        refused(&ONE.replace("http://", "http://me:secret@"), "credential");
        refused(&format!("{ONE}header = 'x-key'"), "secret_env");
        refused(&format!("{ONE}secret_env = 'A'"), "header");
        config(ONE).check().unwrap();
    }

    #[test]
    fn secrets_are_found_and_do_not_show() {
        let config = config(&format!("{ONE}header = 'authorization'\nsecret_env = 'A'"));
        let unset = config.open(Utf8Path::new("."), |_| None).unwrap_err();
        assert!(unset.to_string().contains("`A` is not set"), "{unset}");
        let secret = |_: &str| Some("Bearer hidden".to_owned());
        let opened = config.open(Utf8Path::new("."), secret).unwrap();
        let (name, value) = opened.authorities[0].header.clone().unwrap();
        assert_eq!(
            (name.as_str(), value.as_bytes()),
            ("authorization", &b"Bearer hidden"[..])
        );
        assert!(!format!("{opened:?}").contains("hidden"));
    }
}
