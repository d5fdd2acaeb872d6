//! What lies where in a bundle, and the form of every member that is not a note.
//!
//! The export writes by these modules and the verifier reads by them, so that neither can drift.
//! Nothing here judges: readers refuse what is not of the form, and say nothing about its truth.

pub mod claim;
pub mod nonces;
pub mod paths;
pub mod prefix;
pub mod proofs;
pub mod registry;

use domain::{AgentId, TargetId};
use evidence::hash::Hash;
use wire::stream::Reserved;

/// What the file is and how to check it, for people.
pub const README: &str = "README.txt";
/// What is claimed.
pub const CLAIM: &str = "claim/claim.json";
/// The contract, as text.
pub const CONTRACT: &str = "contract/terms.toml";
/// The fleet's registry chain, from entry 0.
pub const FLEET_CHAIN: &str = "registry/fleet.entries";
/// The contract's registry chain, from entry 0.
pub const CONTRACT_CHAIN: &str = "registry/contract.entries";
/// Inclusion of records that were logged before the segment begins.
pub const PROOFS: &str = "registry/proofs.json";
/// The seed of client request ids, revealed; may be absent.
pub const NONCES: &str = "registry/nonces.json";
/// The log before the segment, as a compact range.
pub const PREFIX: &str = "log/prefix.hashes";
/// Signed and cosigned checkpoints, by size.
pub const ANCHORS: &str = "log/anchors.entries";
/// What the result was computed from, beside lines and contract.
pub const INPUTS: &str = "result/inputs.json";
/// The assessment.
pub const RESULT: &str = "result/result.json";
/// The result for people.
pub const REPORT: &str = "report/report.html";
/// A copy of the policy, for comparison only.
pub const POLICY: &str = "trust/policy.txt";
/// A copy of the roots of timestamping authorities, for comparison only.
pub const TSA_ROOTS: &str = "trust/tsa-roots.pem";
/// The specification of all formats.
pub const SPEC: &str = "verify/SPEC.md";
/// A second verifier, in Python, written from the specification.
pub const SCRIPT: &str = "verify/verify.py";
/// How everything was measured, and what is known of errors: for people.
pub const METHOD: &str = "legal/method-statement.txt";
/// What no bundle shows: for people.
pub const LIMITATIONS: &str = "legal/limitations.txt";
/// A certification for a court, to be filled in by a person.
pub const CERTIFICATION: &str = "legal/certification-902.txt";

/// Largest member that is read as one JSON value or text, in bytes.
pub const TEXT_BYTES_MAX: usize = 32 << 20;

const MINUTES_PREFIX: &str = "result/minutes-";

/// Body of a registry record.
#[must_use]
pub fn body(hash: &Hash) -> String {
    format!("registry/bodies/{}.json", hash.to_hex())
}

/// Log entries `start` up to `end`, which is the first that is not in.
#[must_use]
pub fn segment(start: u64, end: u64) -> String {
    format!("log/{start}-{end}.entries")
}

/// The ends in the name of a segment; `None` for other names and other spellings.
#[must_use]
pub fn parse_segment(path: &str) -> Option<(u64, u64)> {
    let (start, end) = path
        .strip_prefix("log/")?
        .strip_suffix(".entries")?
        .split_once('-')?;
    let (start, end) = (start.parse().ok()?, end.parse().ok()?);
    (segment(start, end) == path).then_some((start, end))
}

/// The token of a number, from 1, over the checkpoint of a size: an RFC 3161 response.
#[must_use]
pub fn timestamp(size: u64, number: u32) -> String {
    format!("log/timestamps/{size}.{number}.tsr")
}

/// The size in the name of a token; `None` for other names and other spellings.
#[must_use]
pub fn parse_timestamp(path: &str) -> Option<u64> {
    let (size, number) = path
        .strip_prefix("log/timestamps/")?
        .strip_suffix(".tsr")?
        .split_once('.')?;
    let (size, number) = (size.parse().ok()?, number.parse().ok()?);
    (number > 0 && timestamp(size, number) == path).then_some(size)
}

/// Core lines of a stream.
#[must_use]
pub fn cores(agent: &AgentId, target: &TargetId) -> String {
    format!("agents/{agent}/{target}.jsonl")
}

/// Detail lines of a stream.
#[must_use]
pub fn details(agent: &AgentId, target: &TargetId) -> String {
    format!("agents/{agent}/{target}.details.jsonl")
}

/// Where the lines of a stream hang in the agent's batches.
#[must_use]
pub fn paths(agent: &AgentId, target: &TargetId) -> String {
    format!("agents/{agent}/{target}.paths")
}

/// Lines of a stream that an agent keeps about itself.
#[must_use]
pub fn own_lines(agent: &AgentId, stream: Reserved) -> String {
    format!("agents/{agent}/{stream}.jsonl")
}

/// Where those lines hang in the agent's batches.
#[must_use]
pub fn own_paths(agent: &AgentId, stream: Reserved) -> String {
    format!("agents/{agent}/{stream}.paths")
}

/// What each minute was to a commitment.
#[must_use]
pub fn minutes(commitment: &str) -> String {
    format!("{MINUTES_PREFIX}{commitment}.csv")
}

/// Whether a member holds the minutes of some commitment.
#[must_use]
pub fn is_minutes(path: &str) -> bool {
    path.starts_with(MINUTES_PREFIX)
}

/// Whether a member is one of the texts for lawyers.
#[must_use]
pub fn is_legal(path: &str) -> bool {
    [METHOD, LIMITATIONS, CERTIFICATION].contains(&path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_segment_has_one_spelling() {
        assert_eq!(parse_segment(&segment(7, 12)), Some((7, 12)));
        for bad in [
            "log/07-12.entries",
            "log/7.entries",
            ANCHORS,
            "7-12.entries",
        ] {
            assert_eq!(parse_segment(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_name_of_a_token_has_one_spelling() {
        assert_eq!(parse_timestamp(&timestamp(7, 12)), Some(7));
        for bad in ["7.0", "07.1", "7.01", "7", "+7.1", "7.1.1"] {
            let path = format!("log/timestamps/{bad}.tsr");
            assert_eq!(parse_timestamp(&path), None, "{bad}");
        }
    }
}
