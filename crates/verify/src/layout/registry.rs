//! Bodies of the registry records that a bundle needs, and the file form of a chain.
//!
//! Bodies are strict JCS lines. Keys that this version does not know are passed over.

use domain::{AgentId, ContractId, TargetId};
use evidence::entries::{self, Entries, EntriesError};
use evidence::jcs::{self, JcsError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sla::Money;

/// Most records in one chain that a bundle may hold: an edit of the plan every hour for a year.
pub const RECORDS_MAX: usize = 10_000;

/// Body of type `software`, entry 0 of the fleet's chain: what runs, and whose signatures count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoftwareBody {
    /// Key that signs manifests, as a C2SP verifier key.
    pub export_vkey: String,
    /// Key that signs checkpoints.
    pub log_vkey: String,
    /// Key that signs registry records, this one too.
    pub operator_vkey: String,
    /// Name and version of the program.
    pub program: String,
}

/// Body of type `enrol`: an agent and its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolBody {
    /// Its name.
    pub agent: AgentId,
    /// Whose network it uses.
    pub network: String,
    /// The agent's own signed note over [`wire::protocol::enrol_text`], base64.
    pub proof: String,
    /// Where it stands.
    pub region: String,
    /// Its key, as a C2SP verifier key.
    pub vkey: String,
}

/// Body of type `rotate`: an agent's key hands over to the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RotateBody {
    /// Which agent.
    pub agent: AgentId,
    /// First batch that the new key signs.
    pub from_batch: u64,
    /// The new key, as a C2SP verifier key.
    pub new_vkey: String,
    /// The key so far.
    pub old_vkey: String,
    /// A signed note by both keys over the text of [`wire::keys::Rotation`], base64.
    pub proof: String,
}

/// Body of type `revoke`: an agent that is no longer believed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokeBody {
    /// Which agent.
    pub agent: AgentId,
    /// First batch that is no longer believed: the one after the last that was stored.
    pub from_batch: u64,
    /// Why, in the operator's words.
    pub reason: String,
    /// Its newest key, as a C2SP verifier key.
    pub vkey: String,
}

/// Body of type `supersede`: an agent that goes on in place of another, whose keys it ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupersedeBody {
    /// The successor, enrolled before.
    pub agent: AgentId,
    /// First batch of the other that is no longer believed.
    pub from_batch: u64,
    /// The other.
    pub supersedes: AgentId,
}

/// Body of type `contract`: which text is judged, over which targets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContractBody {
    /// Its name.
    pub contract: ContractId,
    /// Fees of a window, where they were known beforehand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fees: Option<Money>,
    /// What is probed for it.
    pub targets: Vec<TargetId>,
    /// SHA-256 of its text, hexadecimal.
    pub terms_sha256: String,
}

/// A body that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// Not in canonical form.
    #[error("the body is not canonical JSON")]
    Canonical(#[source] JcsError),
    /// Canonical, but not of its type.
    #[error("the body is not of its record's type")]
    Shape(#[source] serde_json::Error),
}

/// The canonical line of a body, as the registry hashes it.
pub fn write_body(body: &impl Serialize) -> Result<String, JcsError> {
    jcs::to_line(body)
}

/// Reads a body of a known type.
pub fn read_body<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, BodyError> {
    let value = jcs::check_line(bytes).map_err(BodyError::Canonical)?;
    serde_json::from_value(value).map_err(BodyError::Shape)
}

/// Notes one after the other, each after its length.
pub fn write_entries<'a>(
    notes: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Vec<u8>, EntriesError> {
    let mut out = Vec::new();
    for note in notes {
        entries::push(&mut out, note)?;
    }
    Ok(out)
}

/// Reads what [`write_entries`] writes.
pub fn read_entries(bytes: &[u8]) -> Result<Vec<Vec<u8>>, EntriesError> {
    Entries::new(bytes).collect()
}
