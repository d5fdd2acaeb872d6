//! Who outside the installation vouches for the log or holds its checkpoints: C2SP witnesses and
//! counterparties, as the configuration names them.
//!
//! Invariants: agents are unaffected by either; nothing that is told of a failure holds an address,
//! because addresses may hold secrets. Non-goal: what they are told, which the jobs decide.

mod client;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use evidence::note::{KeyError, KeyKind, SignatureLine, VerifierKey};
use serde::Deserialize;

pub(crate) use client::{Answer, Client, ClientError};

/// The most witnesses: each is asked in turn, and each has a line on the last checkpoint of a bundle.
const WITNESSES_MAX: usize = 16;
/// The most addresses that checkpoints are posted to.
const POSTS_MAX: usize = 16;
/// The longest name, bytes.
const NAME_BYTES_MAX: usize = 64;

/// `[[witness]]` of the configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WitnessConfig {
    /// What it is called here: `a-z 0-9 . _ -`.
    pub name: String,
    /// Its key, a C2SP verifier key of type `0x04`.
    pub vkey: String,
    /// Its submission prefix, to which `/add-checkpoint` is added.
    pub url: String,
}

/// `[[checkpoint_post]]` of the configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointPost {
    /// What the receiver is called here: `a-z 0-9 . _ -`.
    pub name: String,
    /// Where to POST.
    pub url: String,
    /// What to POST.
    #[serde(default)]
    pub format: PostFormat,
}

/// What is posted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PostFormat {
    /// The signed note as it is.
    #[default]
    Note,
    /// A JSON object that holds the note.
    Json,
}

/// A witness that is asked.
#[derive(Clone, Debug)]
pub struct OutsideWitness {
    /// What it is called here.
    pub name: String,
    /// Its key, of [`KeyKind::Cosigner`].
    pub vkey: VerifierKey,
    /// Where `add-checkpoint` is.
    pub(crate) url: String,
}

/// Everyone outside, checked.
#[derive(Clone, Debug)]
pub struct Outside {
    /// Witnesses, in the order of the configuration.
    pub(crate) witnesses: Vec<OutsideWitness>,
    /// Between two submissions.
    pub(crate) every: Duration,
    /// Receivers of the daily checkpoint.
    pub(crate) posts: Vec<CheckpointPost>,
    /// What went wrong with witnesses.
    pub(crate) failures: Arc<Failures>,
}

/// A witness or receiver that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OutsideError {
    /// Too many entries of a kind.
    #[error("{count} `[[{section}]]` are more than {count_max}")]
    TooMany {
        /// Which section.
        section: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        count_max: usize,
    },
    /// A name that cannot stand in a policy.
    #[error("`{name}` is no name for a `[[{section}]]`: use 1 to 64 of a-z 0-9 . _ -")]
    Name {
        /// Which section.
        section: &'static str,
        /// The name.
        name: String,
    },
    /// Two entries of a name or key.
    #[error("two `[[{section}]]` have the name or key of `{name}`")]
    Twice {
        /// Which section.
        section: &'static str,
        /// The second one.
        name: String,
    },
    /// An address of another scheme, or with a password.
    #[error("the url of `{name}` must begin with {expected}, and hold no user or password")]
    Url {
        /// Whose.
        name: String,
        /// What is allowed.
        expected: &'static str,
    },
    /// The key is none.
    #[error("failed to read the key of witness `{name}`")]
    Key {
        /// Whose.
        name: String,
        /// What is wrong with it.
        #[source]
        source: KeyError,
    },
    /// The key is a log's.
    #[error("the key of witness `{name}` is not of type 0x04, which cosigns checkpoints")]
    KeyKind {
        /// Whose.
        name: String,
    },
    /// Submissions without a pause.
    #[error("`witness_s` must be at least 1")]
    Interval,
}

impl Default for Outside {
    /// Nobody.
    fn default() -> Self {
        Self {
            witnesses: Vec::new(),
            every: Duration::from_secs(default_witness_s()),
            posts: Vec::new(),
            failures: Arc::default(),
        }
    }
}

/// Seconds between two submissions to witnesses, unless the configuration says otherwise.
pub(crate) fn default_witness_s() -> u64 {
    600
}

impl Outside {
    /// Checks what a configuration says.
    pub fn checked(
        witnesses: &[WitnessConfig],
        every_s: u64,
        posts: &[CheckpointPost],
    ) -> Result<Self, OutsideError> {
        check_count("witness", witnesses.len(), WITNESSES_MAX)?;
        check_count("checkpoint_post", posts.len(), POSTS_MAX)?;
        if every_s == 0 {
            return Err(OutsideError::Interval);
        }
        let mut names = BTreeSet::new();
        for post in posts {
            check_name("checkpoint_post", &post.name)?;
            check_url(&post.name, &post.url, is_https, "https://")?;
            if !names.insert(&post.name) {
                return Err(twice("checkpoint_post", &post.name));
            }
        }
        let mut names = BTreeSet::new();
        let mut checked = Vec::with_capacity(witnesses.len());
        for witness in witnesses {
            let witness = read_witness(witness)?;
            let keys = [
                witness.name.clone().into_bytes(),
                witness.vkey.public_key().to_vec(),
            ];
            if !keys.into_iter().all(|key| names.insert(key)) {
                return Err(twice("witness", &witness.name));
            }
            checked.push(witness);
        }
        Ok(Self {
            witnesses: checked,
            every: Duration::from_secs(every_s),
            posts: posts.to_vec(),
            failures: Arc::default(),
        })
    }

    /// Those of the lines that are of a witness configured now, in their order.
    pub(crate) fn known<'a>(&self, lines: &'a [String]) -> Vec<&'a String> {
        let known = lines.iter().filter(|line| {
            let line = SignatureLine::parse(line);
            line.is_some_and(|line| self.witnesses.iter().any(|w| w.signed(&line)))
        });
        known.collect()
    }
}

impl OutsideWitness {
    /// Whether a line bears this witness's name and key id.
    pub(crate) fn signed(&self, line: &SignatureLine) -> bool {
        line.name() == self.vkey.name() && line.key_id() == self.vkey.id()
    }
}

fn check_count(section: &'static str, count: usize, count_max: usize) -> Result<(), OutsideError> {
    if count > count_max {
        return Err(OutsideError::TooMany {
            section,
            count,
            count_max,
        });
    }
    Ok(())
}

fn check_name(section: &'static str, name: &str) -> Result<(), OutsideError> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
    if (1..=NAME_BYTES_MAX).contains(&name.len()) && name.bytes().all(allowed) {
        return Ok(());
    }
    Err(OutsideError::Name {
        section,
        name: name.to_owned(),
    })
}

fn twice(section: &'static str, name: &str) -> OutsideError {
    OutsideError::Twice {
        section,
        name: name.to_owned(),
    }
}

fn read_witness(config: &WitnessConfig) -> Result<OutsideWitness, OutsideError> {
    let name = config.name.clone();
    check_name("witness", &name)?;
    check_url(&name, &config.url, is_http, "https:// or http://")?;
    let key = |source| OutsideError::Key {
        name: name.clone(),
        source,
    };
    let vkey: VerifierKey = config.vkey.parse().map_err(key)?;
    if vkey.kind() != KeyKind::Cosigner {
        return Err(OutsideError::KeyKind { name });
    }
    let url = format!("{}/add-checkpoint", config.url.trim_end_matches('/'));
    Ok(OutsideWitness { name, vkey, url })
}

fn check_url(
    name: &str,
    url: &str,
    allowed: fn(&str) -> bool,
    expected: &'static str,
) -> Result<(), OutsideError> {
    let authority = url.split("://").nth(1).unwrap_or_default();
    let host = authority.split(['/', '?', '#']).next().unwrap_or_default();
    if allowed(url) && !host.is_empty() && !host.contains('@') && !url.contains(char::is_whitespace)
    {
        return Ok(());
    }
    Err(OutsideError::Url {
        name: name.to_owned(),
        expected,
    })
}

/// Cosignatures are verified whoever carried them: what a witness says needs no encryption.
fn is_http(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

/// A loopback address never leaves the machine.
fn is_https(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://127.0.0.1:")
}

/// What went wrong with witnesses since this collector started.
#[derive(Debug, Default)]
pub(crate) struct Failures(Mutex<BTreeMap<String, Failed>>);

/// Failures of one witness.
#[derive(Clone, Debug, Default)]
pub(crate) struct Failed {
    /// Submissions that gave no cosignature.
    pub(crate) count: u64,
    /// Why the last one failed, while none has succeeded since.
    pub(crate) last: Option<String>,
}

impl Failures {
    pub(crate) fn failed(&self, name: &str, why: String) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = all.entry(name.to_owned()).or_default();
        failed.count += 1;
        failed.last = Some(why);
    }

    pub(crate) fn succeeded(&self, name: &str) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(failed) = all.get_mut(name) {
            failed.last = None;
        }
    }

    pub(crate) fn of(&self, name: &str) -> Failed {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(name).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
