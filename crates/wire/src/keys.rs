//! The keys of one agent over time: which of them signs which batch, and how one hands over to the
//! next. Collector and verifier decide it by the same code.
//!
//! Invariants: an agent has a key for every batch; of two keys that begin at the same batch, the
//! later one counts; no key comes back. Non-goals: who may take a key away, and whether a change was
//! logged in time: that is for the registry's readers.

use domain::AgentId;
use evidence::note::{KeyError, KeyId, NoteError, SignedNote, VerifierKey};

/// Largest number of a batch that a rotation can name: the largest integer of a canonical line.
pub const FROM_BATCH_MAX: u64 = (1 << 53) - 1;

/// The keys of an agent, never empty.
#[derive(Clone, Debug)]
pub struct AgentKeys {
    first: VerifierKey,
    /// Each with the first batch it signs, ascending.
    later: Vec<(u64, VerifierKey)>,
}

impl AgentKeys {
    /// The keys of an agent that has only the one it enrolled with.
    #[must_use]
    pub const fn new(first: VerifierKey) -> Self {
        Self {
            first,
            later: Vec::new(),
        }
    }

    /// Lets a key sign from a batch on. The caller has verified its [`Rotation`], or reads back
    /// what was verified before.
    pub fn push(&mut self, from_batch: u64, key: VerifierKey) {
        self.later.push((from_batch, key));
    }

    /// The key that signs the batch of a number.
    #[must_use]
    pub fn at(&self, seq: u64) -> &VerifierKey {
        let later = self.later.iter().rfind(|(from, _)| *from <= seq);
        later.map_or(&self.first, |(_, key)| key)
    }

    /// The newest key: it cosigns, and it hands over to the next.
    #[must_use]
    pub fn newest(&self) -> &VerifierKey {
        self.later.last().map_or(&self.first, |(_, key)| key)
    }

    /// First batch of the newest key; 0 where the agent has only one.
    #[must_use]
    pub fn newest_from(&self) -> u64 {
        self.later.last().map_or(0, |(from, _)| *from)
    }

    /// Every key with the first batch it signs, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &VerifierKey)> {
        let later = self.later.iter().map(|(from, key)| (*from, key));
        std::iter::once((0, &self.first)).chain(later)
    }

    /// How many keys there are; at least one.
    #[must_use]
    pub fn count(&self) -> usize {
        1 + self.later.len()
    }

    /// Verifies that a batch is signed by the key of its number, and under the agent's name by no
    /// other.
    pub fn verify_batch(&self, seq: u64, signed: &SignedNote) -> Result<(), NoteError> {
        let key = self.at(seq);
        if signer_id(signed, key.name()) == Some(key.id()) {
            signed.verify(key)
        } else {
            let name = key.name().to_owned();
            Err(NoteError::NotSigned { name })
        }
    }
}

/// The id of the one key by which a name claims to have signed; `None` where there is no such line
/// or several keys are named.
#[must_use]
pub fn signer_id(signed: &SignedNote, name: &str) -> Option<KeyId> {
    let mut ids = signed
        .signatures()
        .iter()
        .filter(|line| line.name() == name)
        .map(evidence::note::SignatureLine::key_id);
    let first = ids.next()?;
    ids.all(|id| id == first).then_some(first)
}

/// What an agent states when it hands over from one key to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// Which agent.
    pub agent: AgentId,
    /// The key so far, as a C2SP verifier key.
    pub old_vkey: String,
    /// The key from then on.
    pub new_vkey: String,
    /// First batch that the new key signs. All before it are the old one's, sent or not.
    pub from_batch: u64,
}

/// A change of keys that is not believed.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// Another key than the newest hands over.
    #[error("the old key is not the agent's newest key, which is `{newest}`")]
    NotNewest {
        /// Id of the newest key.
        newest: KeyId,
    },
    /// The new key cannot be read.
    #[error("the new key cannot be used")]
    NewKey(#[source] KeyError),
    /// The new key does not go by the agent's name.
    #[error("the new key is named `{found}`, but must be named `{expected}`")]
    KeyName {
        /// What the key says.
        found: String,
        /// What it must say.
        expected: String,
    },
    /// The agent had this key, or one of the same id, before.
    #[error("the agent had the new key, or one of its id, before")]
    Reused,
    /// The new key would sign batches of a key before the old one.
    #[error("the new key begins at batch {from_batch}, but the old one at {newest_from}")]
    Backwards {
        /// Where the new key would begin.
        from_batch: u64,
        /// Where the old key began.
        newest_from: u64,
    },
    /// A number that no record can hold.
    #[error("batch {from_batch} is beyond {FROM_BATCH_MAX}")]
    TooFar {
        /// Where the new key would begin.
        from_batch: u64,
    },
    /// The proof is no signed note.
    #[error("the proof cannot be read")]
    Proof(#[source] NoteError),
    /// The proof is about something else.
    #[error("the proof is not about this agent, these keys and this batch")]
    ProofText,
    /// The old key did not agree.
    #[error("the proof is not signed by the old key")]
    OldSignature(#[source] NoteError),
    /// The new key is not in the agent's hands.
    #[error("the proof is not signed by the new key")]
    NewSignature(#[source] NoteError),
}

impl Rotation {
    /// The exact text that both keys sign.
    #[must_use]
    pub fn text(&self) -> String {
        let Self {
            agent,
            old_vkey,
            new_vkey,
            from_batch,
        } = self;
        format!(
            "nines/rotate/v1\nagent {agent}\nold {old_vkey}\nnew {new_vkey}\nfrom-batch {from_batch}\n"
        )
    }

    /// Verifies that it follows the keys so far and that `proof`, a note, is signed by both keys
    /// over exactly this; gives the new key.
    pub fn verify(&self, proof: &[u8], keys: &AgentKeys) -> Result<VerifierKey, RotationError> {
        let newest = keys.newest();
        if newest.to_string() != self.old_vkey {
            return Err(RotationError::NotNewest {
                newest: newest.id(),
            });
        }
        let new: VerifierKey = self.new_vkey.parse().map_err(RotationError::NewKey)?;
        if new.name() != newest.name() {
            return Err(RotationError::KeyName {
                found: new.name().to_owned(),
                expected: newest.name().to_owned(),
            });
        }
        // Ids tell the keys of a name apart, so two of the same id are not wanted either.
        if keys.iter().any(|(_, key)| key.id() == new.id()) {
            return Err(RotationError::Reused);
        }
        let from_batch = self.from_batch;
        if from_batch < keys.newest_from() {
            let newest_from = keys.newest_from();
            return Err(RotationError::Backwards {
                from_batch,
                newest_from,
            });
        }
        if from_batch > FROM_BATCH_MAX {
            return Err(RotationError::TooFar { from_batch });
        }
        let proof = SignedNote::parse(proof).map_err(RotationError::Proof)?;
        if proof.text() != self.text() {
            return Err(RotationError::ProofText);
        }
        proof.verify(newest).map_err(RotationError::OldSignature)?;
        proof.verify(&new).map_err(RotationError::NewSignature)?;
        Ok(new)
    }
}

#[cfg(test)]
mod tests;
