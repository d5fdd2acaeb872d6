//! The agent as a witness of the log: what it checks before it believes a checkpoint. Pure.
//!
//! Invariant: the agent cosigns a checkpoint only if the log signed it, it continues every
//! checkpoint the agent saw before, and the log's name is the one pinned at enrolment.

use domain::AgentId;
use evidence::batch_note::Seen;
use evidence::checkpoint::{Checkpoint, CheckpointError};
use evidence::hash::{Hash, HashError};
use evidence::note::{self, NoteError, SignedNote, SigningKey, VerifierKey};
use evidence::tree::{self, TreeError, TreeHead};
use wire::protocol::{CheckpointAnswer, CosignatureRequest, Inclusion};

#[cfg(test)]
mod tests;

/// What the agent holds against an answer.
#[derive(Clone, Copy, Debug)]
pub struct Trusted<'a> {
    /// The log's name.
    pub log: &'a str,
    /// The log's key, pinned at enrolment.
    pub log_key: &'a VerifierKey,
    /// The newest checkpoint that was believed.
    pub seen: &'a Seen,
}

/// A checkpoint that was believed.
#[derive(Debug)]
pub struct Witnessed {
    /// The signed note.
    pub note: SignedNote,
    /// What it says.
    pub checkpoint: Checkpoint,
}

/// Why an answer is not believed.
#[derive(Debug, thiserror::Error)]
pub enum WitnessError {
    /// The checkpoint is no signed note.
    #[error("failed to read the checkpoint's note")]
    Note(#[source] NoteError),
    /// The log did not sign it, or it is none.
    #[error("failed to verify the checkpoint")]
    Checkpoint(#[source] CheckpointError),
    /// It is another log's.
    #[error("the checkpoint is of log `{found}`, not `{expected}`")]
    Origin {
        /// The log it names.
        found: String,
        /// The log that is pinned.
        expected: String,
    },
    /// A proof that is no list of hashes.
    #[error("failed to read a proof")]
    Hash(#[source] HashError),
    /// A checkpoint from before the newest known: an answer of a collector that lags behind.
    #[error("the checkpoint has {size} entries, {seen} are known")]
    Stale {
        /// Its size.
        size: u64,
        /// The size known.
        seen: u64,
    },
    /// A consistency proof of the wrong form.
    #[error("failed to follow the consistency proof")]
    Consistency(#[source] TreeError),
    /// The log signed two histories.
    #[error("the log of {size} entries does not continue the one of {seen}")]
    SplitView {
        /// Size of the checkpoint offered.
        size: u64,
        /// Size of the checkpoint known.
        seen: u64,
        /// What the proof led to.
        #[source]
        source: TreeError,
    },
    /// The batch is not where the answer says.
    #[error("failed to find batch {seq} in the log")]
    Inclusion {
        /// The batch.
        seq: u64,
        /// What the proof led to.
        #[source]
        source: TreeError,
    },
    /// The checkpoint cannot be cosigned.
    #[error("failed to cosign the checkpoint")]
    Cosign(#[source] NoteError),
}

/// Checks the log's signature and name, and that it continues what was seen before.
pub fn check(answer: &CheckpointAnswer, trusted: Trusted<'_>) -> Result<Witnessed, WitnessError> {
    let note = SignedNote::parse(answer.checkpoint.as_bytes()).map_err(WitnessError::Note)?;
    let checkpoint = Checkpoint::open(&note, trusted.log_key).map_err(WitnessError::Checkpoint)?;
    if checkpoint.origin != trusted.log {
        return Err(WitnessError::Origin {
            found: checkpoint.origin,
            expected: trusted.log.to_owned(),
        });
    }
    let (size, seen) = (checkpoint.size, trusted.seen.size);
    if size < seen {
        return Err(WitnessError::Stale { size, seen });
    }
    let known = TreeHead {
        size: seen,
        root: trusted.seen.root,
    };
    let proof = hashes(&answer.consistency)?;
    match tree::verify_consistency(known, checkpoint.head(), &proof) {
        Ok(()) => Ok(Witnessed { note, checkpoint }),
        Err(source @ TreeError::Root { .. }) => Err(WitnessError::SplitView { size, seen, source }),
        Err(source) => Err(WitnessError::Consistency(source)),
    }
}

impl Witnessed {
    /// Checks that a batch, by its note's bytes, stands in this checkpoint. Since batches are
    /// chained, all before it then stand there as well.
    pub fn check_inclusion(
        &self,
        inclusion: &Inclusion,
        batch_note: &[u8],
    ) -> Result<(), WitnessError> {
        let proof = hashes(&inclusion.proof)?;
        let leaf = tree::leaf_hash(batch_note);
        tree::verify_inclusion(leaf, inclusion.index, self.checkpoint.head(), &proof).map_err(
            |source| WitnessError::Inclusion {
                seq: inclusion.seq,
                source,
            },
        )
    }

    /// The agent's statement that it saw this checkpoint at `time_s`, seconds since the epoch.
    pub fn cosign(
        &self,
        agent: &AgentId,
        key: &SigningKey,
        time_s: u64,
    ) -> Result<CosignatureRequest, WitnessError> {
        let line = note::cosign(self.note.text(), time_s, key).map_err(WitnessError::Cosign)?;
        Ok(CosignatureRequest {
            agent: agent.clone(),
            size: self.checkpoint.size,
            line: line.to_string(),
        })
    }
}

fn hashes(texts: &[String]) -> Result<Vec<Hash>, WitnessError> {
    texts
        .iter()
        .map(|text| text.parse().map_err(WitnessError::Hash))
        .collect()
}
