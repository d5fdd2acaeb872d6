//! C2SP tlog-policy: which logs, and which witnesses together, make a checkpoint believable.
//!
//! The policy comes from whoever verifies, never from the bundle. Narrower than C2SP: the file must
//! be UTF-8, logs sign with type `0x01` and witnesses with type `0x04`. URLs are read and ignored.

mod parse;

pub use parse::{PolicyError, PolicyFault};

use crate::checkpoint::{Checkpoint, CheckpointError};
use crate::note::{NoteError, SignedNote, VerifierKey, verify_cosignature};

/// The longest policy file: C2SP asks for 32 logs, witnesses and groups, about 8 kB.
pub const POLICY_BYTES_MAX: usize = 1 << 20;

/// Trusted logs, known witnesses, and the quorum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<VerifierKey>,
    witnesses: Vec<Witness>,
    groups: Vec<Group>,
    quorum: Quorum,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Witness {
    name: String,
    key: VerifierKey,
}

/// Members were defined before their group, so evaluation in order needs no recursion.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    threshold: usize,
    members: Vec<Member>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quorum {
    Nobody,
    Of(Member),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Member {
    Witness(usize),
    Group(usize),
}

/// Which witnesses cosigned, and when the quorum was complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuorumTimes {
    /// Every known witness with a genuine cosignature, in the order of the policy.
    pub witnesses: Vec<WitnessTime>,
    /// The earliest time, in seconds since the Unix epoch, by which enough witnesses had signed;
    /// `None` under `quorum none`, where nobody vouches for a time.
    pub complete_at_s: Option<u64>,
}

/// A genuine cosignature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessTime {
    /// Name of the witness in the policy.
    pub name: String,
    /// When it signed by its own clock, seconds since the Unix epoch.
    pub time_s: u64,
}

/// Why a checkpoint is not believed under a policy.
#[derive(Debug, thiserror::Error)]
pub enum QuorumError {
    /// A line bears the name and id of a known witness, but not its signature.
    #[error("failed to verify the cosignature of witness `{name}`")]
    Cosignature {
        /// Name of the witness in the policy.
        name: String,
        /// What is wrong with it.
        #[source]
        source: NoteError,
    },
    /// The cosignatures are genuine but too few.
    #[error("quorum not met: cosigned by {} only", names(.witnesses))]
    NotMet {
        /// Those who did sign.
        witnesses: Vec<WitnessTime>,
    },
    /// No log of the policy signed the note.
    #[error("the checkpoint is signed by no log of the policy")]
    UnknownLog,
    /// The log's signature is wrong, or what it signed is no checkpoint.
    #[error("failed to open the checkpoint of log `{name}`")]
    Checkpoint {
        /// Name of the log's key.
        name: String,
        /// What is wrong with it.
        #[source]
        source: CheckpointError,
    },
    /// The checkpoint speaks for another log than the one whose key signed it.
    #[error("log `{name}` signed a checkpoint of origin `{origin}`")]
    Origin {
        /// Name of the log's key.
        name: String,
        /// Origin line of the checkpoint.
        origin: String,
    },
}

impl Policy {
    /// The logs whose checkpoints are accepted.
    #[must_use]
    pub fn logs(&self) -> &[VerifierKey] {
        &self.logs
    }

    /// The same policy, ready to open many checkpoints of the log of this name; see
    /// [`VerifierKey::prepared`].
    #[must_use]
    pub fn prepared(&self, log: &str) -> Self {
        let mut policy = self.clone();
        for key in policy.logs.iter_mut().filter(|key| key.name() == log) {
            *key = key.prepared();
        }
        policy
    }

    /// Names and keys of the known witnesses.
    pub fn witnesses(&self) -> impl Iterator<Item = (&str, &VerifierKey)> {
        self.witnesses
            .iter()
            .map(|witness| (witness.name.as_str(), &witness.key))
    }

    /// Whether any cosignature is required at all; without, nobody outside vouches for the log.
    #[must_use]
    pub fn needs_witnesses(&self) -> bool {
        self.quorum != Quorum::Nobody
    }

    /// Reads the checkpoint if one of the policy's logs signed it under its own origin.
    pub fn open(&self, note: &SignedNote) -> Result<Checkpoint, QuorumError> {
        let log = self.logs.iter().find(|log| note.is_claimed_by(log));
        let log = log.ok_or(QuorumError::UnknownLog)?;
        let name = log.name().to_owned();
        match Checkpoint::open(note, log) {
            Ok(checkpoint) if checkpoint.origin == name => Ok(checkpoint),
            Ok(checkpoint) => Err(QuorumError::Origin {
                name,
                origin: checkpoint.origin,
            }),
            Err(source) => Err(QuorumError::Checkpoint { name, source }),
        }
    }

    /// Verifies the cosignatures of all known witnesses on `note` and that they make a quorum. A
    /// wrong one from a known witness refuses the note; unknown witnesses are ignored.
    pub fn quorum_met(&self, note: &SignedNote) -> Result<QuorumTimes, QuorumError> {
        let signed_s = self.signed_s(note)?;
        let witnesses = self
            .witnesses
            .iter()
            .zip(&signed_s)
            .filter_map(|(witness, time_s)| {
                Some(WitnessTime {
                    name: witness.name.clone(),
                    time_s: (*time_s)?,
                })
            });
        let witnesses = witnesses.collect();
        let Quorum::Of(quorum) = self.quorum else {
            return Ok(QuorumTimes {
                witnesses,
                complete_at_s: None,
            });
        };
        match self.complete_at_s(quorum, &signed_s) {
            Some(time_s) => Ok(QuorumTimes {
                witnesses,
                complete_at_s: Some(time_s),
            }),
            None => Err(QuorumError::NotMet { witnesses }),
        }
    }

    /// When each witness signed, if it did.
    fn signed_s(&self, note: &SignedNote) -> Result<Vec<Option<u64>>, QuorumError> {
        let time_s = |witness: &Witness| match verify_cosignature(note, &witness.key) {
            Ok(time_s) => Ok(Some(time_s)),
            Err(NoteError::NotSigned { .. }) => Ok(None),
            Err(source) => Err(QuorumError::Cosignature {
                name: witness.name.clone(),
                source,
            }),
        };
        self.witnesses.iter().map(time_s).collect()
    }

    /// When `quorum` had signed: a group of threshold k does so with the k-th of its members.
    fn complete_at_s(&self, quorum: Member, witnesses_s: &[Option<u64>]) -> Option<u64> {
        let mut groups_s: Vec<Option<u64>> = Vec::with_capacity(self.groups.len());
        let time_s = |member: &Member, groups_s: &[Option<u64>]| match member {
            Member::Witness(nth) => witnesses_s[*nth],
            Member::Group(nth) => groups_s[*nth],
        };
        for group in &self.groups {
            let members = group.members.iter();
            let mut signed: Vec<u64> = members
                .filter_map(|member| time_s(member, &groups_s))
                .collect();
            signed.sort_unstable();
            groups_s.push(signed.get(group.threshold - 1).copied());
        }
        time_s(&quorum, &groups_s)
    }
}

fn names(witnesses: &[WitnessTime]) -> String {
    let names: Vec<&str> = witnesses
        .iter()
        .map(|witness| witness.name.as_str())
        .collect();
    if names.is_empty() {
        "nobody".to_owned()
    } else {
        names.join(", ")
    }
}

#[cfg(test)]
mod tests;
