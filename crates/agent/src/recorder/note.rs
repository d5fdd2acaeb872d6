//! What the agent says about itself, on its way into the chain.
//!
//! These lines never press for a seal and never stand in the way of a sample: where the spool has
//! no room they are left out, and the samples' own gaps tell why.

use tracing::warn;
use wire::reserved::{ReservedLine, SysEvent};
use wire::stream::StreamId;

use super::{Recorder, RecorderError, line_error};
use crate::selfcheck::Readings;
use crate::spool::SpoolError;
use crate::stamp::Stamp;

/// Lines that a seal adds: one of `_sys`, one of `_time`.
pub(super) const SEAL_LINES: usize = 2;

impl Recorder {
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
        left_out(&stream, written)
    }

    /// The lines that every batch of this run carries, written as it is sealed.
    pub(super) fn note_seal(&mut self, now: Stamp) -> Result<(), RecorderError> {
        let Some(readings) = &self.readings else {
            return Ok(());
        };
        let lines: [ReservedLine; SEAL_LINES] = [
            ReservedLine::Sys(Box::new(readings.sys_line(SysEvent::Load, now))),
            ReservedLine::Time(readings.time_line(now)),
        ];
        for line in lines {
            let stream = StreamId::from(line.stream());
            let line = line.at(self.next_i(&stream)).encode();
            let line = line.map_err(|source| line_error(&stream, source));
            let written = line.and_then(|line| self.append_open(&stream, None, line));
            left_out(&stream, written)?;
        }
        Ok(())
    }
}

/// Passes over what only this line is lost by.
fn left_out(stream: &StreamId, written: Result<(), RecorderError>) -> Result<(), RecorderError> {
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
