//! What the spool has no room for: remembered here, and written before anything else once there is.
//!
//! Invariants: no line passes a slot that is remembered here, so that a crash which forgets it
//! leaves it to the schedule, which goes on behind the last line; a full spool does not grow with
//! every slot that it cannot take.

use wire::limits::SLOTS_MAX;

use super::{Desk, RecorderError};
use crate::schedule::{Missed, Slot};
use crate::spool::SpoolError;
use crate::stamp::Stamp;

impl Desk {
    /// Notes that an attempt begins; without room, here only.
    pub(super) fn begin(&mut self, slot: Slot) -> Result<(), RecorderError> {
        if self.is_behind() || self.recorder.spool().is_full() {
            self.unbegun.push(slot);
            return Ok(());
        }
        let begun = self.recorder.begin(&slot);
        if self.refused(begun)?.is_some() {
            self.unbegun.push(slot);
        }
        Ok(())
    }

    /// Whether anything waits for room.
    pub(super) fn is_behind(&self) -> bool {
        !self.held.is_empty() || !self.unbegun.is_empty()
    }

    /// The refusal of a line that would pass what waits.
    pub(super) fn full(&self) -> RecorderError {
        let bytes_max = self.recorder.spool().limits().backlog_bytes_max;
        SpoolError::Full { bytes_max }.into()
    }

    /// Joins a gap to the run that it continues. Gaps that do not touch stay apart: a slot between
    /// them may have been run, and its line may still come. So do those that lie unevenly.
    pub(super) fn hold(&mut self, missed: Missed) {
        let grids = self.grids.get(&missed.plan);
        let grid = grids.and_then(|grids| grids.get(&missed.target));
        let continues = |held: &&mut Missed| {
            held.target == missed.target
                && held.plan == missed.plan
                && held.reason == missed.reason
                && grid.is_some_and(|grid| {
                    let joined = grid.run(held.first, missed.last.plus_ms(1), SLOTS_MAX);
                    (joined.last, joined.count)
                        == (missed.last, held.count.saturating_add(missed.count))
                })
        };
        match self.held.iter_mut().rev().find(continues) {
            Some(held) => {
                held.last = missed.last;
                held.count = held.count.saturating_add(missed.count);
            }
            None => self.held.push_back(missed),
        }
    }

    /// Writes what waits, as far as there is room. Gives whether nothing waits any more.
    pub(super) fn catch_up(&mut self, now: Stamp) -> Result<bool, RecorderError> {
        while !self.recorder.spool().is_full()
            && let Some(slot) = self.unbegun.pop()
        {
            let begun = self.recorder.begin(&slot);
            if self.refused(begun)?.is_some() {
                self.unbegun.push(slot);
                break;
            }
        }
        while !self.recorder.spool().is_full()
            && let Some(missed) = self.held.pop_front()
        {
            let recorded = self.recorder.record_gap(&missed, now);
            if self.refused(recorded)?.is_some() {
                self.held.push_front(missed);
                break;
            }
        }
        Ok(!self.is_behind())
    }
}
