//! The batch that is being filled.

use std::collections::BTreeMap;

use domain::{Line, TargetId, UnixMicros};
use wire::batch::StreamLines;
use wire::limits::{BATCH_BODY_BYTES_MAX, BATCH_LINES_MAX, BATCH_STREAMS_MAX};
use wire::line::{EncodedLine, LineError, parse_core};

use crate::spool::SpooledLine;
use crate::stamp::Stamp;

/// Uncompressed text at which a batch is full, bytes: even text that does not shrink stays within
/// the limit of the body then, with room for note and headings.
const TEXT_BYTES_MAX: usize = BATCH_BODY_BYTES_MAX - 256 * 1024;

/// Lines since the last seal, and what they cover.
#[derive(Debug, Default)]
pub(super) struct OpenBatch {
    streams: BTreeMap<TargetId, StreamLines>,
    lines: usize,
    text_bytes: usize,
    wall_us: Option<(i64, i64)>,
    mono_us: Option<(u64, u64)>,
}

impl OpenBatch {
    pub(super) fn is_empty(&self) -> bool {
        self.lines == 0
    }

    /// Whether the line has to go into the next batch.
    pub(super) fn is_full_for(&self, stream: &TargetId, line: &EncodedLine) -> bool {
        let new_stream = !self.streams.contains_key(stream);
        self.lines >= BATCH_LINES_MAX
            || self.text_bytes + text_bytes(line) > TEXT_BYTES_MAX
            || (new_stream && self.streams.len() >= BATCH_STREAMS_MAX)
    }

    pub(super) fn add(&mut self, spooled: SpooledLine) {
        let SpooledLine {
            stream, i, line, ..
        } = spooled;
        self.lines += 1;
        self.text_bytes += text_bytes(&line);
        let id = stream.clone();
        let lines = self.streams.entry(stream).or_insert_with(|| StreamLines {
            id,
            first_i: i,
            lines: Vec::new(),
        });
        lines.lines.push(line);
    }

    /// Adds a line of a former run, and covers the time it speaks of.
    pub(super) fn add_recovered(&mut self, spooled: &SpooledLine) -> Result<(), LineError> {
        match parse_core(spooled.line.core.as_bytes())? {
            Line::Sample(sample) => {
                self.cover(Stamp {
                    wall: sample.wall_us,
                    mono_us: sample.mono_us,
                });
            }
            Line::Gap(gap) if self.wall_us.is_none() => {
                let at = gap.last_ms.to_micros().get();
                self.wall_us = Some((at, at));
            }
            Line::Gap(_) => {}
        }
        self.add(spooled.clone());
        Ok(())
    }

    /// Widens what the batch covers to a sample's start.
    pub(super) fn cover(&mut self, start: Stamp) {
        let (wall, mono) = (start.wall.get(), start.mono_us);
        self.wall_us = Some(widen(self.wall_us, wall));
        self.mono_us = Some(widen(self.mono_us, mono));
    }

    /// First and last sample on both clocks; without samples, the moment of the seal.
    pub(super) fn covered(&self, now: Stamp) -> ((i64, i64), (u64, u64)) {
        let wall = now.wall.get();
        (
            self.wall_us.unwrap_or((wall, wall)),
            self.mono_us.unwrap_or((now.mono_us, now.mono_us)),
        )
    }

    pub(super) fn last_wall(&self) -> UnixMicros {
        UnixMicros::new(self.wall_us.map_or(0, |(_, last)| last))
    }

    pub(super) fn streams(&self) -> Vec<StreamLines> {
        self.streams.values().cloned().collect()
    }
}

fn widen<T: Ord + Copy>(range: Option<(T, T)>, at: T) -> (T, T) {
    range.map_or((at, at), |(first, last)| (first.min(at), last.max(at)))
}

/// A line's share of the body: its parts with their line ends.
fn text_bytes(line: &EncodedLine) -> usize {
    line.core.len() + 1 + line.detail.as_ref().map_or(0, |detail| detail.len() + 1)
}
