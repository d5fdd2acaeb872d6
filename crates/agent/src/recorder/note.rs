//! What the agent says about itself, on its way into the chain.
//!
//! These lines never press for a seal and never stand in the way of a sample: where the spool has
//! no room they are left out, and the samples' own gaps tell why.

use std::collections::VecDeque;

use domain::{Attribution, Outcome};
use probe::Attempt;
use tracing::{error, warn};
use wire::reserved::{LEFT_OUT_MAX, LeftOut, ReservedLine, SysEvent};
use wire::stream::StreamId;

use super::{Recorder, RecorderError, line_error};
use crate::selfcheck::Readings;
use crate::spool::SpoolError;
use crate::stamp::Stamp;

/// Lines that a seal adds: one of `_sys`, one of `_time`.
pub(super) const SEAL_LINES: usize = 2;

/// Whether the plan's burst rule applies: a failure that was not our own doing.
#[must_use]
pub fn is_burst_worthy(attempt: &Attempt) -> bool {
    attempt.outcome != Outcome::Ok && attempt.attribution != Attribution::Ours
}

/// Repeats left out that wait to be told of, at most.
const UNTOLD_MAX: usize = 10_000;

/// Repeats left out, not told of yet, in order.
#[derive(Debug, Default)]
pub(super) struct Untold {
    waiting: VecDeque<LeftOut>,
    /// Some were forgotten: from then on this run tells of none, so that nobody counts on it.
    is_broken: bool,
}

impl Untold {
    fn push(&mut self, left_out: LeftOut) {
        if self.waiting.len() >= UNTOLD_MAX {
            error!("more repeats were left out than can be told of: no further one is told");
            self.is_broken = true;
            self.waiting.clear();
        }
        if !self.is_broken {
            self.waiting.push_back(left_out);
        }
    }

    pub(super) fn waits(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// What the next line tells.
    fn next(&self) -> Option<Vec<LeftOut>> {
        let next = self.waiting.iter().take(LEFT_OUT_MAX).cloned();
        (!self.is_broken).then(|| next.collect())
    }

    fn told(&mut self, count: usize) {
        self.waiting.drain(..count.min(self.waiting.len()));
    }
}

impl Recorder {
    /// Remembers repeats that were not made; the next batch tells of them, where batches tell
    /// anything of the agent.
    pub fn leave_out(&mut self, left_out: LeftOut) {
        if self.readings.is_some() {
            self.left_out.push(left_out);
        }
    }

    /// From now on every batch says how clock and load were when it was sealed.
    pub fn observe(&mut self, readings: Readings) {
        self.readings = Some(readings);
    }

    /// A revision of the plan takes over.
    pub(super) fn adopt(&self, plan: u64) {
        if let Some(readings) = &self.readings {
            readings.adopt(plan);
        }
    }

    /// Appends a line of a reserved stream; its index is the stream's next.
    pub fn record_note(&mut self, line: ReservedLine, now: Stamp) -> Result<(), RecorderError> {
        let stream = StreamId::from(line.stream());
        let line = line.at(self.next_i(&stream)).encode();
        let line = line.map_err(|source| line_error(&stream, source));
        let written = line.and_then(|line| self.append(&stream, None, line, now));
        passed_over(&stream, written)
    }

    /// The lines that every batch of this run carries, written as it is sealed.
    pub(crate) fn note_seal(&mut self, now: Stamp) -> Result<(), RecorderError> {
        let Some(readings) = &self.readings else {
            return Ok(());
        };
        let mut load = readings.sys_line(SysEvent::Load, now);
        load.left_out = self.left_out.next();
        let told = load.left_out.as_ref().map_or(0, Vec::len);
        let time = ReservedLine::Time(readings.time_line(now));
        if self.note_one(ReservedLine::Sys(Box::new(load)))? {
            self.left_out.told(told);
        }
        self.note_one(time).map(drop)
    }

    /// Appends one line of those; whether there was room.
    fn note_one(&mut self, line: ReservedLine) -> Result<bool, RecorderError> {
        let stream = StreamId::from(line.stream());
        let line = line.at(self.next_i(&stream)).encode();
        let line = line.map_err(|source| line_error(&stream, source));
        let written = line.and_then(|line| self.append_open(&stream, None, line));
        let is_written = written.is_ok();
        passed_over(&stream, written)?;
        Ok(is_written)
    }
}

/// Passes over what only this line is lost by.
fn passed_over(stream: &StreamId, written: Result<(), RecorderError>) -> Result<(), RecorderError> {
    match written {
        Err(
            lost @ (RecorderError::Line { .. }
            | RecorderError::Spool(SpoolError::Full { .. } | SpoolError::Append { .. })),
        ) => {
            let source = &lost as &dyn std::error::Error;
            warn!(error = source, "a line of `{stream}` is left out");
            Ok(())
        }
        other => other,
    }
}
