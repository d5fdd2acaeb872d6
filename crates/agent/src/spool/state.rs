//! What the journal adds up to: counters that must never go back.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use domain::{TargetId, UnixMicros, UnixMillis};
use evidence::hash::Hash;
use serde::{Deserialize, Serialize};
use wire::stream::StreamId;

use super::frame::SpooledLine;

/// Counters of an agent's chain, written at the head of each segment, so that older segments
/// may go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Batches below this number have a receipt.
    pub acked_below: u64,
    /// Slots whose attempt began and of which no line speaks yet.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub begun: BTreeMap<TargetId, BTreeSet<UnixMillis>>,
    /// Random id of the run that wrote the snapshot.
    pub boot: u64,
    /// Number of the next batch.
    pub next_seq: u64,
    /// Hash of the last batch's note text; zero before the first.
    pub prev: Hash,
    /// Batches below this number are proven to be in the log.
    pub released_below: u64,
    /// Oldest segment that recovery still has to read.
    pub scan_from: u64,
    /// When the newest batch was sealed.
    pub sealed_us: UnixMicros,
    /// The newest verified checkpoint, a signed note.
    pub seen: Option<String>,
    /// Counters of each stream that ever had a line.
    pub streams: BTreeMap<StreamId, StreamState>,
}

/// Counters of one stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamState {
    /// Index of the next line.
    pub next_i: u64,
    /// Last slot of the plan that a line speaks of.
    pub last_slot: Option<UnixMillis>,
    /// Index of the first line that is in no batch.
    pub sealed_i: u64,
    /// Last slot of the plan that a sealed line speaks of.
    pub sealed_slot: Option<UnixMillis>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            acked_below: 0,
            begun: BTreeMap::new(),
            boot: 0,
            next_seq: 0,
            prev: Hash::ZERO,
            released_below: 0,
            scan_from: 0,
            sealed_us: UnixMicros::new(0),
            seen: None,
            streams: BTreeMap::new(),
        }
    }
}

impl State {
    /// Counts a line that was appended.
    pub(super) fn add_line(&mut self, line: &SpooledLine) {
        let counters = self.streams.entry(line.stream.clone()).or_default();
        counters.next_i = counters.next_i.max(line.i + 1);
        counters.last_slot = counters.last_slot.max(line.slot);
        if let Some(target) = line.stream.target()
            && self.begun.contains_key(target)
            && let Some(slots) = line.slots()
        {
            self.settle(target, &slots);
        }
    }

    /// Counts an attempt that begins.
    pub(super) fn begin(&mut self, stream: &TargetId, slot: UnixMillis) {
        self.begun.entry(stream.clone()).or_default().insert(slot);
    }

    /// Forgets attempts that a line speaks of.
    pub(super) fn settle(&mut self, stream: &TargetId, slots: &RangeInclusive<UnixMillis>) {
        if let Some(begun) = self.begun.get_mut(stream) {
            begun.retain(|slot| !slots.contains(slot));
            if begun.is_empty() {
                self.begun.remove(stream);
            }
        }
    }

    /// Counts a batch that carries every line so far.
    pub(super) fn add_seal(&mut self, seq: u64, hash: Hash, sealed_us: UnixMicros) {
        self.next_seq = seq + 1;
        self.prev = hash;
        self.sealed_us = self.sealed_us.max(sealed_us);
        for counters in self.streams.values_mut() {
            counters.sealed_i = counters.next_i;
            counters.sealed_slot = counters.last_slot;
        }
    }
}
