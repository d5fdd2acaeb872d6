//! The batch that is being filled.

pub(super) mod said;

use std::collections::BTreeMap;

use domain::{Line, UnixMicros};
use wire::batch::StreamLines;
use wire::limits::{BATCH_BODY_BYTES_MAX, BATCH_LINES_MAX, BATCH_STREAMS_MAX};
use wire::line::{EncodedLine, LineError, parse_core};
use wire::reserved::ReservedLine;
use wire::stream::{Reserved, StreamId};

use crate::spool::SpooledLine;
use crate::stamp::Stamp;
use said::Said;

/// Uncompressed text at which a batch is full, bytes: even text that does not shrink stays within
/// the limit of the body then, with room for note and headings.
const TEXT_BYTES_MAX: usize = BATCH_BODY_BYTES_MAX - 256 * 1024;

/// Lines at which a batch is full: those that the seal itself adds still fit.
pub(super) const LINES_MAX: usize = BATCH_LINES_MAX - super::note::SEAL_LINES;

/// Streams of targets in one batch.
const TARGETS_MAX: usize = BATCH_STREAMS_MAX - Reserved::ALL.len();

/// Lines since the last seal, and what they cover.
#[derive(Debug, Default)]
pub(super) struct OpenBatch {
    streams: BTreeMap<StreamId, StreamLines>,
    lines: usize,
    text_bytes: usize,
    /// What failed answers said.
    pub(super) said: Said,
    wall_us: Option<(i64, i64)>,
    mono_us: Option<(u64, u64)>,
    /// When the last line that a former run wrote about itself was written.
    noted: Option<Stamp>,
}

impl OpenBatch {
    pub(super) fn is_empty(&self) -> bool {
        self.lines == 0
    }

    /// Whether the line has to go into the next batch.
    pub(super) fn is_full_for(&self, stream: &StreamId, line: &EncodedLine) -> bool {
        let new_stream = !self.streams.contains_key(stream);
        self.lines >= LINES_MAX
            || self.text_bytes + text_bytes(line) > TEXT_BYTES_MAX
            || (new_stream && self.streams.len() >= TARGETS_MAX)
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
        let core = spooled.line.core.as_bytes();
        if let StreamId::Reserved(stream) = &spooled.stream {
            let (wall, mono_us) = ReservedLine::parse(*stream, core)?.written();
            let noted = Stamp { wall, mono_us };
            if self.noted.is_none_or(|last| last.mono_us < mono_us) {
                self.noted = Some(noted);
            }
            self.add(spooled.clone());
            return Ok(());
        }
        match parse_core(core)? {
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

    /// The last moment that lines of a former run speak of, as far as they tell.
    pub(super) fn last(&self) -> Stamp {
        let noted = self.noted.unwrap_or(Stamp {
            wall: UnixMicros::new(0),
            mono_us: 0,
        });
        let wall = self.wall_us.map(|(_, last)| UnixMicros::new(last));
        Stamp {
            wall: wall.unwrap_or(noted.wall),
            mono_us: self.mono_us.map_or(noted.mono_us, |(_, last)| last),
        }
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
