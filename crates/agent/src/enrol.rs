//! Enrolment: a one-time token makes a new key known to a collector, and the collector's log known
//! to the agent.
//!
//! The first contact is trusted for the log's key and the operator's, which signs plans; both are
//! pinned from then on, and stand in `identity.toml` to be compared out of band.

use camino::Utf8PathBuf;
use domain::{AgentId, Clock, UnixMicros};
use evidence::note::{self, KeyError, NoteError, SigningKey, VerifierKey};
use evidence::policy::{Policy, PolicyError};
use probe::TlsRoots;
use secrecy::{ExposeSecret as _, SecretString};
use tracing::warn;
use wire::names::{Origin, OriginError};
use wire::protocol::{EnrolRequest, enrol_text};

use crate::address::CollectorUrl;
use crate::client::{Client, ClientError, Refusal};
use crate::identity::{self, IdentityError, StoredIdentity};

/// Difference between the clocks of agent and collector that is worth a warning, microseconds.
pub const SKEW_WARN_US: u64 = 5_000_000;
/// Difference at which samples would not be accepted, microseconds.
pub const SKEW_REFUSE_US: u64 = 5 * 60 * 1_000_000;

/// What enrolment needs.
#[derive(Debug)]
pub struct EnrolOptions {
    /// Where to enrol.
    pub collector: CollectorUrl,
    /// The one-time token.
    pub token: SecretString,
    /// The agent's name in the plan.
    pub agent: AgentId,
    /// State directory, made where there is none.
    pub dir: Utf8PathBuf,
    /// Which certificate authorities are believed.
    pub roots: TlsRoots,
}

/// An enrolment that did not come about.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// There is an identity already.
    #[error("`{dir}` already holds the identity of agent `{agent}`")]
    Enrolled {
        /// The state directory.
        dir: Utf8PathBuf,
        /// Who it is.
        agent: AgentId,
    },
    /// Key or identity could not be read or written.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// No HTTP client.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The collector did not say under which origin it signs.
    #[error("failed to ask the collector for its log")]
    Policy(#[source] Refusal),
    /// What it said is no policy.
    #[error("failed to read the collector's policy")]
    PolicyText(#[source] PolicyError),
    /// The policy names no log of ours.
    #[error("the collector's policy names no log")]
    NoLog,
    /// The origin is none.
    #[error("failed to read the collector's origin")]
    Origin(#[source] OriginError),
    /// The agent's name makes no key name.
    #[error("failed to name the agent's key")]
    Key(#[source] KeyError),
    /// The proof could not be signed.
    #[error("failed to prove possession of the key")]
    Proof(#[source] NoteError),
    /// The collector refused.
    #[error("failed to enrol")]
    Refused(#[source] Refusal),
    /// Policy and answer name different logs.
    #[error("the collector names two logs: `{policy}` and `{answer}`")]
    TwoLogs {
        /// By its policy.
        policy: String,
        /// By its answer.
        answer: String,
    },
    /// The operator's key is none.
    #[error("failed to read the key that signs plans")]
    OperatorKey(#[source] KeyError),
    /// The operator's key goes by another name.
    #[error("the key that signs plans is named `{name}`")]
    OperatorName {
        /// What it says.
        name: String,
    },
    /// The clocks are too far apart.
    #[error("this clock is {off_s} s off the collector's; set it, then enrol with a new token")]
    Clock {
        /// Difference, seconds.
        off_s: u64,
    },
}

/// Enrols and stores the identity. Repeating it after a failure uses the same key.
pub async fn enrol(
    options: &EnrolOptions,
    clock: &dyn Clock,
) -> Result<StoredIdentity, EnrolError> {
    if let Some(stored) = StoredIdentity::find(&options.dir)? {
        return Err(EnrolError::Enrolled {
            dir: options.dir.clone(),
            agent: stored.agent,
        });
    }
    let seed = identity::get_or_create_seed(&options.dir)?;
    let client = Client::new(options.collector.clone(), &options.roots)?;
    let policy = client.policy().await.map_err(EnrolError::Policy)?;
    let (origin, log_vkey) = log_of(&policy)?;
    let name = origin.agent(&options.agent);
    let key = SigningKey::from_seed(&name, &seed).map_err(EnrolError::Key)?;
    let request = request(options, &key)?;
    let asked = clock.now();
    let answer = client.enrol(&request).await.map_err(EnrolError::Refused)?;
    if (&answer.origin, &answer.log_vkey) != (&origin.to_string(), &log_vkey) {
        return Err(EnrolError::TwoLogs {
            policy: log_vkey,
            answer: answer.log_vkey,
        });
    }
    let operator: VerifierKey = answer
        .operator_vkey
        .parse()
        .map_err(EnrolError::OperatorKey)?;
    if operator.name() != origin.operator() {
        return Err(EnrolError::OperatorName {
            name: operator.name().to_owned(),
        });
    }
    check_clock(answer.now_us, asked, clock.now())?;
    let stored = StoredIdentity {
        agent: options.agent.clone(),
        collector: options.collector.clone(),
        log_vkey,
        operator_vkey: Some(answer.operator_vkey),
        origin: answer.origin,
    };
    stored.store(&options.dir)?;
    Ok(stored)
}

/// The origin of the collector's log and the log's key, from its published policy.
fn log_of(policy: &str) -> Result<(Origin, String), EnrolError> {
    let policy = Policy::parse(policy).map_err(EnrolError::PolicyText)?;
    let log = policy.logs().first().ok_or(EnrolError::NoLog)?;
    let origin = log.name().strip_suffix("/log").ok_or(EnrolError::NoLog)?;
    Ok((origin.parse().map_err(EnrolError::Origin)?, log.to_string()))
}

fn request(options: &EnrolOptions, key: &SigningKey) -> Result<EnrolRequest, EnrolError> {
    let vkey = key.verifier_key().to_string();
    let token = options.token.expose_secret();
    let text = enrol_text(&options.agent, &vkey, token);
    let proof = note::sign(&text, &[key]).map_err(EnrolError::Proof)?;
    Ok(EnrolRequest {
        token: token.to_owned(),
        proof: proof.to_string(),
        agent: options.agent.clone(),
        vkey,
    })
}

/// Holds the collector's clock against ours at asking and at the answer: between the two it was
/// read.
fn check_clock(
    theirs: UnixMicros,
    asked: UnixMicros,
    answered: UnixMicros,
) -> Result<(), EnrolError> {
    let clamped = theirs
        .get()
        .clamp(asked.get(), answered.get().max(asked.get()));
    let skew_us = theirs.get().abs_diff(clamped);
    let off_s = skew_us / 1_000_000;
    if skew_us > SKEW_REFUSE_US {
        return Err(EnrolError::Clock { off_s });
    }
    if skew_us > SKEW_WARN_US {
        warn!("this clock is {off_s} s off the collector's; run a time service");
    }
    Ok(())
}

#[cfg(test)]
mod tests;
