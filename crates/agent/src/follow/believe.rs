//! Whether what a collector sends is the operator's plan. Pure.

use evidence::hash::Hash;
use evidence::note::{NoteError, SignedNote, VerifierKey};
use evidence::registry::{RegistryError, RegistryNote, RegistryType};
use wire::names::Origin;
use wire::plan::{Plan, PlanError};

/// Why a plan is not believed.
#[derive(Debug, thiserror::Error)]
pub enum Disbelief {
    /// The note is no signed note.
    #[error("failed to read the plan's note")]
    Note(#[source] NoteError),
    /// The operator did not sign it.
    #[error("the plan is not signed by the operator's key")]
    Signature(#[source] NoteError),
    /// Signed, but no registry record.
    #[error("failed to read the plan's record")]
    Record(#[source] RegistryError),
    /// A record of something else.
    #[error("the record is of type `{kind}` in chain `{chain}`, not the fleet's plan")]
    Other {
        /// What it records.
        kind: RegistryType,
        /// Where.
        chain: String,
    },
    /// The body is not the one that was signed.
    #[error("the plan's body is not the one that its record names")]
    Body,
    /// The body is no plan.
    #[error("failed to use the plan")]
    Plan(#[source] PlanError),
    /// Older than what is known.
    #[error("revision {revision} goes back behind revision {known}")]
    Backwards {
        /// What was sent.
        revision: u64,
        /// What is known.
        known: u64,
    },
    /// Another plan under a known number.
    #[error("revision {revision} was another plan before")]
    Rewritten {
        /// Which.
        revision: u64,
    },
}

/// The plan that a note of the fleet's chain fixes.
pub fn believe(
    (note, body): (&str, &str),
    origin: &Origin,
    operator: &VerifierKey,
) -> Result<Plan, Disbelief> {
    let note = SignedNote::parse(note.as_bytes()).map_err(Disbelief::Note)?;
    note.verify(operator).map_err(Disbelief::Signature)?;
    let record = RegistryNote::parse(note.text()).map_err(Disbelief::Record)?;
    if record.kind != RegistryType::Plan || record.chain != origin.fleet_chain() {
        return Err(Disbelief::Other {
            kind: record.kind,
            chain: record.chain,
        });
    }
    if record.body != Hash::of(body.as_bytes()) {
        return Err(Disbelief::Body);
    }
    Plan::from_body(body.as_bytes()).map_err(Disbelief::Plan)
}

/// Whether a plan is news beside the newest one known; an older or a rewritten one is refused.
pub fn is_news(plan: &Plan, known: &Plan) -> Result<bool, Disbelief> {
    let (revision, known_revision) = (plan.revision, known.revision);
    if revision < known_revision {
        return Err(Disbelief::Backwards {
            revision,
            known: known_revision,
        });
    }
    if revision == known_revision && plan != known {
        return Err(Disbelief::Rewritten { revision });
    }
    Ok(revision > known_revision)
}
