//! Rotation: a new key takes over from the old one, by a statement that both sign.
//!
//! The agent must not run: which batch is the first of the new key is read from its spool, and
//! nothing may be sealed before the collector has agreed. The new seed waits in `agent.key.next`
//! until then. Every step may be the last before a crash: repeating the whole finds the same new
//! key and the same batch, asks the same again, and gets the same answer.

use camino::Utf8PathBuf;
use domain::AgentId;
use evidence::note::{self, KeyError, NoteError, SigningKey};
use probe::TlsRoots;
use wire::keys::Rotation;
use wire::names::OriginError;
use wire::protocol::{RotateAnswer, RotateRequest};

use crate::address::CollectorUrl;
use crate::client::{Client, ClientError, Refusal};
use crate::identity::{self, IdentityError, StoredIdentity};
use crate::lifecycle::{self, SPOOL_DIR};
use crate::spool::{Limits, Spool, SpoolError};

/// What a rotation needs.
#[derive(Debug)]
pub struct RotateOptions {
    /// State directory of the agent.
    pub dir: Utf8PathBuf,
    /// Where to ask.
    pub collector: CollectorUrl,
    /// Which certificate authorities are believed.
    pub roots: TlsRoots,
    /// Bounds of the spool.
    pub limits: Limits,
}

/// A rotation that did not come about. The old key is in place.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// No identity yet.
    #[error("`{dir}` holds no identity; run `nines-agent enroll` first")]
    NotEnrolled {
        /// The state directory.
        dir: Utf8PathBuf,
    },
    /// The agent runs.
    #[error("the agent runs; stop it, rotate, and start it again")]
    Running(#[source] SpoolError),
    /// The spool cannot be read.
    #[error(transparent)]
    Spool(SpoolError),
    /// Key or identity cannot be read or written.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The origin is none.
    #[error("failed to read the origin")]
    Origin(#[source] OriginError),
    /// A key is unusable.
    #[error("failed to use a key")]
    Key(#[source] KeyError),
    /// The statement could not be signed.
    #[error("failed to sign the change of keys")]
    Sign(#[source] NoteError),
    /// No HTTP client.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// No answer: whether the collector agreed is unknown until it is asked again.
    #[error("failed to ask for the change of keys; run the same command again")]
    Unanswered(#[source] Refusal),
    /// The collector refused.
    #[error("the collector refused; to go on with the old key, remove `{next}`")]
    Refused {
        /// The file of the new key.
        next: Utf8PathBuf,
        /// What the collector said.
        #[source]
        source: Refusal,
    },
    /// The collector answered about something else.
    #[error("the collector confirmed another key or batch; run the same command again")]
    Mismatch,
}

/// A rotation that came about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotated {
    /// Which agent.
    pub agent: AgentId,
    /// Its key from now on, as a C2SP verifier key.
    pub vkey: String,
    /// First batch that the new key signs.
    pub from_batch: u64,
}

/// Makes a new key, has the collector agree, and puts it in place.
pub async fn rotate(options: &RotateOptions) -> Result<Rotated, RotateError> {
    let dir = &options.dir;
    let not_enrolled = || RotateError::NotEnrolled { dir: dir.clone() };
    let stored = StoredIdentity::find(dir)?.ok_or_else(not_enrolled)?;
    let old = identity::find_seed(dir)?.ok_or_else(not_enrolled)?;
    // Held to the end: an agent that started meanwhile would seal with the old key.
    let spool = open_spool(options, &stored.agent)?;
    let next = identity::get_or_create_next_seed(dir)?;
    let origin: wire::names::Origin = stored.origin.parse().map_err(RotateError::Origin)?;
    let name = origin.agent(&stored.agent);
    let old = SigningKey::from_seed(&name, &old).map_err(RotateError::Key)?;
    let new = SigningKey::from_seed(&name, &next).map_err(RotateError::Key)?;
    let request = request(&stored.agent, (&old, &new), spool.state().next_seq)?;
    let client = Client::new(options.collector.clone(), &options.roots)?;
    let answer = client.rotate(&stored.agent, &request).await;
    let answer = answer.map_err(|refusal| failure(options, refusal))?;
    let expected = RotateAnswer {
        agent: stored.agent,
        from_batch: request.from_batch,
        vkey: request.new_vkey,
    };
    if answer != expected {
        return Err(RotateError::Mismatch);
    }
    identity::adopt_next_seed(dir)?;
    drop(spool);
    Ok(Rotated {
        agent: expected.agent,
        vkey: expected.vkey,
        from_batch: expected.from_batch,
    })
}

fn open_spool(options: &RotateOptions, agent: &AgentId) -> Result<Spool, RotateError> {
    match Spool::open(&options.dir.join(SPOOL_DIR), options.limits) {
        Ok((spool, recovered)) => {
            // What was put aside now is not found again when the agent starts.
            lifecycle::report_recovered(agent, &recovered);
            Ok(spool)
        }
        Err(locked @ SpoolError::Locked { .. }) => Err(RotateError::Running(locked)),
        Err(error) => Err(RotateError::Spool(error)),
    }
}

fn request(
    agent: &AgentId,
    (old, new): (&SigningKey, &SigningKey),
    from_batch: u64,
) -> Result<RotateRequest, RotateError> {
    let rotation = Rotation {
        agent: agent.clone(),
        old_vkey: old.verifier_key().to_string(),
        new_vkey: new.verifier_key().to_string(),
        from_batch,
    };
    let proof = note::sign(&rotation.text(), &[old, new]).map_err(RotateError::Sign)?;
    Ok(RotateRequest {
        from_batch,
        new_vkey: rotation.new_vkey,
        old_vkey: rotation.old_vkey,
        proof: proof.to_string(),
    })
}

/// Only a refusal for good says that the collector did not agree, now or before.
fn failure(options: &RotateOptions, source: Refusal) -> RotateError {
    match source {
        Refusal::Problem { status, .. } if (400..500).contains(&status) => RotateError::Refused {
            next: options.dir.join(identity::NEXT_KEY_FILE),
            source,
        },
        _ => RotateError::Unanswered(source),
    }
}

#[cfg(test)]
mod tests;
