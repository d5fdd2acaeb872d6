//! When others had first seen each batch, for telling which samples came late.
//!
//! By the first cosignature of each anchor, as bundles are written; whose it is, V4 checks.

use std::collections::BTreeMap;

use evidence::checkpoint::Checkpoint;
use evidence::entries::Entries;
use evidence::note::SignedNote;
use wire::names::Origin;

use super::Members;
use crate::layout;
use crate::layout::claim::{Claim, Inputs};

/// Anchored times of batches.
#[derive(Debug, Default)]
pub(super) struct Logged {
    /// By position of the agent in the inputs and number of the batch; seconds since the Unix
    /// epoch.
    times: BTreeMap<(usize, u64), i64>,
}

impl Logged {
    pub(super) fn read(claim: &Claim, inputs: &Inputs, members: &mut Members<'_>) -> Self {
        Self::try_read(claim, inputs, members).unwrap_or_default()
    }

    /// When a batch is first known to have been in the log; `None` where that cannot be told.
    pub(super) fn anchored_s(&self, agent: usize, seq: u64) -> Option<i64> {
        self.times.get(&(agent, seq)).copied()
    }

    fn try_read(claim: &Claim, inputs: &Inputs, members: &mut Members<'_>) -> Option<Self> {
        let origin: Origin = claim.origin.parse().ok()?;
        let agents = inputs.agents.iter().enumerate();
        let agents: BTreeMap<String, usize> =
            agents.map(|(at, id)| (origin.agent(id), at)).collect();
        let anchors = anchors(&members.read(layout::ANCHORS)?);
        let is_segment = |name: &&String| layout::parse_segment(name).is_some();
        let segment = members.names.iter().find(is_segment)?.clone();
        let (start, _) = layout::parse_segment(&segment)?;
        let bytes = members.read(&segment)?;
        let entries = Entries::new(bytes.as_slice()).map_while(Result::ok);
        let mut times = BTreeMap::new();
        for (index, entry) in (start..).zip(entries) {
            let covering = anchors.partition_point(|(size, _)| *size <= index);
            let batch = heading(&entry).and_then(|(name, seq)| Some((*agents.get(name)?, seq)));
            if let (Some(batch), Some((_, time_s))) = (batch, anchors.get(covering)) {
                times.entry(batch).or_insert(*time_s);
            }
        }
        Some(Self { times })
    }
}

/// Agent and number of a batch.
fn heading(entry: &[u8]) -> Option<(&str, u64)> {
    let mut lines = entry.split(|byte| *byte == b'\n');
    if lines.next()? != b"sla-evidence/batch/v1" {
        return None;
    }
    let mut line = || std::str::from_utf8(lines.next()?).ok();
    let agent = line()?.strip_prefix("agent ")?;
    let seq = line()?.strip_prefix("batch ")?.parse().ok()?;
    Some((agent, seq))
}

/// Sizes and times, seconds since the Unix epoch, by ascending size.
fn anchors(bytes: &[u8]) -> Vec<(u64, i64)> {
    let anchor = |note: Vec<u8>| {
        let note = SignedNote::parse(&note).ok()?;
        let size = Checkpoint::parse(note.text()).ok()?.size;
        // The log's own signature comes first.
        let first = note.signatures().get(1)?.signature().first_chunk::<8>()?;
        Some((size, i64::try_from(u64::from_be_bytes(*first)).ok()?))
    };
    let notes = Entries::new(bytes).map_while(Result::ok);
    let mut found: Vec<(u64, i64)> = notes.filter_map(anchor).collect();
    found.sort_unstable();
    found
}
