//! Attempts under way: known before their lines, so that a run which ends at once leaves no slot
//! unaccounted for.

use wire::stream::StreamId;

use super::{Recorder, RecorderError};
use crate::schedule::Slot;

impl Recorder {
    /// Notes that an attempt begins, in order with what is recorded.
    pub(crate) fn begin(&mut self, slot: &Slot) -> Result<(), RecorderError> {
        Ok(self.spool.append_begun(&slot.target, slot.at)?)
    }

    /// Slots whose attempts a former run left unfinished, and that younger lines have passed: the
    /// schedule goes on behind those. They count as slots of revision `plan`.
    pub(crate) fn lost_slots(&self, plan: u64) -> Vec<Slot> {
        let state = self.spool.state();
        let mut lost = Vec::new();
        for (target, begun) in &state.begun {
            let newest = state
                .streams
                .get(&StreamId::from(target.clone()))
                .and_then(|s| s.last_slot);
            let passed = begun.iter().filter(|at| Some(**at) < newest);
            lost.extend(passed.map(|at| Slot {
                target: target.clone(),
                at: *at,
                plan,
            }));
        }
        lost
    }
}
