//! Bodies of the agent's requests and the collector's answers, version 1 (JSON).

use domain::{AgentId, UnixMicros, UnixMillis};
use evidence::hash::Hash;
use serde::{Deserialize, Serialize};

use crate::nonce::NonceRoot;

/// `POST /api/v1/agents`: a new agent presents its one-time token and its public key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolRequest {
    /// The join token, as the operator minted it.
    pub token: String,
    /// A signed note by the new key over [`enrol_text`]: proof that the agent holds it.
    pub proof: String,
    /// The agent's name in the plan.
    pub agent: AgentId,
    /// The public key, as a C2SP verifier key.
    pub vkey: String,
}

/// The text an agent signs when it enrols: the token's hash binds the proof to this enrolment.
#[must_use]
pub fn enrol_text(agent: &AgentId, vkey: &str, token: &str) -> String {
    let token_hash = Hash::of(token.as_bytes());
    format!("nines/enrol/v1\nagent {agent}\nvkey {vkey}\ntoken-sha256 {token_hash}\n")
}

/// Answer to an enrolment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EnrolAnswer {
    /// Under which origin the installation signs.
    pub origin: String,
    /// Key of the log, to pin: a C2SP verifier key.
    pub log_vkey: String,
    /// Key of the operator, who signs plans and orders, to pin: a C2SP verifier key.
    pub operator_vkey: String,
    /// The collector's clock, so that the agent can check its own at the door.
    pub now_us: UnixMicros,
}

/// Longest time for which an agent may ask that a request for the plan be held, seconds.
pub const PLAN_WAIT_S_MAX: u64 = 60;

/// Answer to `GET /api/v1/agents/{agent}/plan`: the newest revision of the plan, which may not be
/// in force yet, and what else the agent is asked to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanAnswer {
    /// The operator's registry note of type `plan`, signed.
    pub note: String,
    /// The plan, the canonical JSON whose hash the note holds.
    pub body: String,
    /// Open orders for this agent, each a signed note.
    pub orders: Vec<String>,
    /// What the agent makes the nonces of its attempts from: told only where the request proved by
    /// [`plan_proof_text`] whose it is. Absent from older collectors too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonces: Option<NonceRoot>,
}

/// Header of a request for the plan that proves whose it is: the base64 of a note signed by the
/// agent over [`plan_proof_text`].
pub const PLAN_PROOF_HEADER: &str = "nines-agent-proof";

/// By how much the time in a proof may differ from the collector's, milliseconds: a clock that is
/// off must not keep an agent from running, and whoever could take a proof from its connection
/// could take the answer.
pub const PLAN_PROOF_SKEW_MS_MAX: u64 = 24 * 3_600 * 1_000;

/// The text that an agent signs when it asks for the plan.
#[must_use]
pub fn plan_proof_text(agent: &AgentId, at: UnixMillis) -> String {
    format!("nines/plan-proof/v1\nagent {agent}\nat {}\n", at.get())
}

/// The time in a text of [`plan_proof_text`] for this agent; `None` for any other text.
#[must_use]
pub fn plan_proof_time(text: &str, agent: &AgentId) -> Option<UnixMillis> {
    let at = text.strip_suffix('\n')?.rsplit(' ').next()?.parse().ok()?;
    let at = UnixMillis::new(at);
    (plan_proof_text(agent, at) == text).then_some(at)
}

impl PlanAnswer {
    /// The strong entity tag of this answer, in its quotes: a hash over the plan's note, whether
    /// nonces are told, and the orders, in their order.
    #[must_use]
    pub fn etag(&self) -> String {
        let mut parts = Hash::of(self.note.as_bytes()).to_hex();
        if self.nonces.is_some() {
            parts.push_str("nonces");
        }
        for order in &self.orders {
            parts.push_str(&Hash::of(order.as_bytes()).to_hex());
        }
        format!("\"{}\"", Hash::of(parts.as_bytes()).to_hex())
    }
}

/// What became of a batch. Both answers end retrying.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptState {
    /// Committed now.
    Stored,
    /// Committed before, with the same bytes.
    Duplicate,
}

/// Answer to `POST /api/v1/batches`: the batch is committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Whose batch.
    pub agent: AgentId,
    /// Its sequence number.
    pub seq: u64,
    /// Hash of its note text, base64.
    pub batch: String,
    /// New or known.
    pub state: ReceiptState,
    /// The collector's clock when it committed.
    pub received_us: UnixMicros,
    /// The first of the batches right before this one that the collector does not have, though the
    /// agent may know a receipt for them: its database was restored from an older copy, and it
    /// asks for them again. Absent where it has the one before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing_from: Option<u64>,
}

/// Answer to `GET /api/v1/agents/{agent}/missing?from=N&below=M`: batches that the collector does
/// not have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingAnswer {
    /// The first run of them in `[from, below)`; absent where none is missing.
    pub missing: Option<MissingRun>,
}

/// Consecutive batches `[from, below)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingRun {
    /// Number of the first.
    pub from: u64,
    /// Number after the last.
    pub below: u64,
}

/// Answer to `GET /api/v1/log/checkpoint?agent=A&seq=N&from=SIZE`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CheckpointAnswer {
    /// The newest checkpoint, a signed note.
    pub checkpoint: String,
    /// Consistency proof from the size the agent knew (RFC 9162), base64 hashes.
    pub consistency: Vec<String>,
    /// The asking agent's batch in this checkpoint, where it is in.
    pub inclusion: Option<Inclusion>,
}

/// Where a batch stands in the log, with its proof (RFC 9162).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Inclusion {
    /// Sequence number of the batch.
    pub seq: u64,
    /// Its index in the log.
    pub index: u64,
    /// Inclusion proof, base64 hashes.
    pub proof: Vec<String>,
}

/// `POST /api/v1/log/cosignatures`: an agent vouches that it saw a checkpoint and that it
/// continues every checkpoint it saw before.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CosignatureRequest {
    /// Who signs.
    pub agent: AgentId,
    /// Size of the checkpoint signed.
    pub size: u64,
    /// The signature line of a C2SP cosignature/v1, without line end.
    pub line: String,
}

/// `POST /api/v1/agents/{agent}/keys`: an agent hands over from its key to a new one.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RotateRequest {
    /// Number of the first batch that the new key signs.
    pub from_batch: u64,
    /// The new public key, as a C2SP verifier key.
    pub new_vkey: String,
    /// The key so far.
    pub old_vkey: String,
    /// A signed note by both keys over the text of [`crate::keys::Rotation`].
    pub proof: String,
}

/// Answer to a change of keys, the same for the same request: the new key's record is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RotateAnswer {
    /// Which agent.
    pub agent: AgentId,
    /// First batch that the new key signs.
    pub from_batch: u64,
    /// The agent's newest key, as a C2SP verifier key.
    pub vkey: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_of_a_plan_changes_with_the_plan_and_with_every_order() {
        let answer = |note: &str, orders: &[&str]| PlanAnswer {
            note: note.to_owned(),
            body: String::new(),
            orders: orders.iter().map(ToString::to_string).collect(),
            nonces: None,
        };
        let tags: std::collections::BTreeSet<String> = [
            answer("a", &[]),
            answer("b", &[]),
            answer("a", &["x"]),
            answer("a", &["x", "y"]),
            answer("a", &["y", "x"]),
            answer("a", &["xy"]),
        ]
        .iter()
        .map(PlanAnswer::etag)
        .collect();
        assert_eq!(tags.len(), 6);
        assert!(
            tags.iter()
                .all(|tag| tag.len() == 66 && tag.starts_with('"'))
        );
    }

    #[test]
    fn a_proof_is_read_for_its_agent_in_its_one_spelling() {
        let (agent, other) = ("eu-1".parse().unwrap(), "eu-2".parse().unwrap());
        let at = UnixMillis::new(1_800_000_000_123);
        let text = plan_proof_text(&agent, at);
        assert_eq!(plan_proof_time(&text, &agent), Some(at));
        assert_eq!(plan_proof_time(&text, &other), None);
        for wrong in [
            text.replace("at 1", "at +1"),
            text.replace("plan-proof", "enrol"),
            format!("{text}\n"),
            String::new(),
        ] {
            assert_eq!(plan_proof_time(&wrong, &agent), None, "{wrong}");
        }
    }
}
