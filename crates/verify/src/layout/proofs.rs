//! `registry/proofs.json`: inclusion proofs, against the last anchor, of the records that were
//! logged before the segment begins.

use evidence::hash::Hash;
use serde::{Deserialize, Serialize};

/// Version of `proofs.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProofsSchema {
    /// This one.
    #[serde(rename = "nines-proofs/1")]
    V1,
}

/// All of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proofs {
    /// Version of this form.
    pub schema: ProofsSchema,
    /// By chain, then by entry.
    pub proofs: Vec<RecordProof>,
}

/// Where one record stands in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordProof {
    /// Name of its chain.
    pub chain: String,
    /// Its number there.
    pub entry: u64,
    /// Its index in the log.
    pub index: u64,
    /// Inclusion proof (RFC 9162), base64 hashes.
    pub proof: Vec<Hash>,
}
