//! What the bundle reveals of client request ids.

use domain::{AgentId, Kind, Sample, Source, TargetId};
use wire::nonce::{AttemptName, day_of};

use super::Members;
use crate::layout::{self, nonces::Nonces};

/// The seed, as one agent's attempts need it.
#[derive(Clone, Copy)]
pub(super) struct Revealed<'a> {
    pub(super) nonces: &'a Nonces,
    pub(super) agent: &'a AgentId,
}

/// Reads it, where it is there and of the form.
pub(super) fn read(members: &mut Members<'_>) -> Option<Nonces> {
    serde_json::from_slice(&members.read(layout::NONCES)?).ok()
}

impl Revealed<'_> {
    /// What an attempt named itself to the provider; none where its day is not revealed.
    pub(super) fn client_id(self, target: &TargetId, sample: &Sample) -> Option<String> {
        let is_ours = sample.source == Source::Probe && sample.kind != Kind::Manual;
        if !is_ours || !self.nonces.revisions.contains(&sample.plan) {
            return None;
        }
        let seed = self.nonces.seed()?.earlier(day_of(sample.slot_ms))?;
        seed.nonce(&AttemptName {
            agent: self.agent,
            target,
            kind: sample.kind,
            slot: sample.slot_ms,
            number: sample.attempt,
        })
    }
}
