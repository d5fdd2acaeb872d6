//! What a restart makes of the segments: a fold over their frames.
//!
//! Damage is of two kinds. Behind the last intact frame of the newest segment it is a torn tail:
//! nothing there was promised to anyone, and it is cut off. Anywhere else it is corruption: what
//! can still be read is carried over, and the segment is put aside.

use std::collections::BTreeMap;
use std::io;

use camino::Utf8Path;
use domain::UnixMillis;
use wire::batch;
use wire::stream::StreamId;

use super::SpoolError;
use super::frame::{Frame, Piece, Pieces, SpooledLine, slots};
use super::salvage;
use super::scan::Scan;
use super::segment::{self, Location};
use super::skim::{self, Skimmed};
use super::state::{State, StreamState};

/// Everything that the segments say together.
#[derive(Debug, Default)]
pub(super) struct Fold {
    pub(super) state: State,
    /// Lines in no batch, with the segment that holds each.
    pub(super) unsealed: BTreeMap<(StreamId, u64), (SpooledLine, u64)>,
    /// Batches that are not proven to be in the log.
    pub(super) batches: BTreeMap<u64, Location>,
    /// Segments with damage that no crash explains.
    pub(super) damaged: Vec<u64>,
    /// Bytes of a torn tail.
    pub(super) torn_bytes: u64,
    /// Where the newest segment's last intact frame ends.
    pub(super) intact_to: u64,
    counters_known: bool,
    /// Batches whose frames are damaged, each with the counters that it had sealed.
    seals_lost: BTreeMap<u64, BTreeMap<StreamId, StreamState>>,
}

/// Reads every segment that still matters.
pub(super) fn fold(dir: &Utf8Path, segments: &[u64]) -> Result<Fold, SpoolError> {
    if segments.is_empty() {
        return Ok(Fold::default());
    }
    let from = scan_from(dir, segments)?;
    let needed: Vec<u64> = segments.iter().copied().filter(|n| *n >= from).collect();
    let fold = match skimmed(dir, &needed)? {
        Skimmed::Through(fold) => fold.read_on(dir, &needed[needed.len() - 1..])?,
        Skimmed::Damaged => whole(dir, &needed)?,
    };
    if !fold.counters_known {
        return Err(SpoolError::CountersLost {
            dir: dir.to_owned(),
        });
    }
    Ok(fold)
}

/// Reads every frame of these segments, of which the last is the newest.
pub(super) fn whole(dir: &Utf8Path, needed: &[u64]) -> Result<Fold, SpoolError> {
    Fold::default().read_on(dir, needed)
}

/// What the segments before the newest say, where its head knows their counters.
fn skimmed(dir: &Utf8Path, needed: &[u64]) -> Result<Skimmed, SpoolError> {
    let Some((newest, older)) = needed.split_last() else {
        return Ok(Skimmed::Damaged);
    };
    let head = segment::head(dir, *newest).map_err(|source| SpoolError::Read {
        path: segment::path(dir, *newest),
        source,
    })?;
    match head {
        Some(_) => skim::skim(dir, older),
        None => Ok(Skimmed::Damaged),
    }
}

/// The segment to start from: the one that the newest head names, or, where that one's own head
/// is damaged, the next older with a head.
fn scan_from(dir: &Utf8Path, segments: &[u64]) -> Result<u64, SpoolError> {
    let mut wanted = None;
    for number in segments.iter().rev() {
        let head = segment::head(dir, *number).map_err(|source| SpoolError::Read {
            path: segment::path(dir, *number),
            source,
        })?;
        let Some(head) = head else { continue };
        let wanted = *wanted.get_or_insert(head.scan_from);
        if *number <= wanted {
            return Ok(*number);
        }
    }
    Ok(0)
}

impl Fold {
    /// Oldest segment that holds a line or batch which is still needed.
    pub(super) fn oldest_segment(&self) -> Option<u64> {
        let lines = self.unsealed.values().map(|(_, segment)| *segment);
        lines
            .chain(self.batches.values().map(|location| location.segment))
            .min()
    }

    /// Goes on with these segments, of which the last is the newest.
    fn read_on(mut self, dir: &Utf8Path, numbers: &[u64]) -> Result<Self, SpoolError> {
        let newest = numbers.last().copied().unwrap_or_default();
        for number in numbers {
            let read = self.read_segment(dir, *number, newest);
            read.map_err(|source| SpoolError::Read {
                path: segment::path(dir, *number),
                source,
            })?;
        }
        Ok(self)
    }

    fn read_segment(&mut self, dir: &Utf8Path, number: u64, newest: u64) -> io::Result<()> {
        self.intact_to = 0;
        let mut scan = Scan::open(&segment::path(dir, number))?;
        while let Some(content) = scan.next()? {
            let (decoded, range) = (Frame::decode(content.bytes), content.range);
            let Some(frame) = decoded else {
                scan.step_back(range.len());
                break;
            };
            self.intact_to = range.end as u64;
            self.apply(frame, Location::new(number, &range));
        }
        let (from, rest) = scan.rest()?;
        self.add_rest(number, (from, &rest), newest);
        Ok(())
    }

    /// What stands behind the first damage of a segment, which begins at `from`.
    fn add_rest(&mut self, number: u64, (from, bytes): (usize, &[u8]), newest: u64) {
        for piece in Pieces::new(bytes) {
            match piece {
                Piece::Frame(frame, range) => {
                    let range = from + range.start..from + range.end;
                    self.intact_to = range.end as u64;
                    self.apply(*frame, Location::new(number, &range));
                }
                // A segment has its head before it has its name: a head is never torn.
                Piece::Damage(range)
                    if number == newest && range.end == bytes.len() && from + range.start > 0 =>
                {
                    self.torn_bytes = range.len() as u64;
                }
                Piece::Damage(range) => {
                    if self.damaged.last() != Some(&number) {
                        self.damaged.push(number);
                    }
                    self.add_damage(&bytes[range]);
                }
            }
        }
    }

    /// Counts a batch that damage took. Its lines come again, in a later batch, unless a receipt
    /// shows that the collector has them.
    fn add_damage(&mut self, damage: &[u8]) {
        let Some((seq, hash)) = salvage::lost_seal(damage, self.state.next_seq) else {
            return;
        };
        if seq >= self.state.next_seq {
            self.seals_lost.insert(seq, self.state.streams.clone());
            self.state.next_seq = seq + 1;
            self.state.prev = hash;
        }
    }

    fn settle_acked(&mut self) {
        let unacked = self.seals_lost.split_off(&self.state.acked_below);
        for (id, sealed) in std::mem::replace(&mut self.seals_lost, unacked)
            .into_values()
            .flatten()
        {
            let counters = self.state.streams.entry(id).or_default();
            counters.sealed_i = counters.sealed_i.max(sealed.next_i);
            counters.sealed_slot = counters.sealed_slot.max(sealed.last_slot);
        }
        self.drop_sealed();
    }

    fn apply(&mut self, frame: Frame, location: Location) {
        match frame {
            Frame::Line(line) => self.add_line(line, location.segment),
            Frame::Seal { batch, sealed_us } => {
                self.batches.insert(batch.seq, location);
                if batch.seq < self.state.next_seq {
                    return; // Carried over from a damaged segment: counted already.
                }
                if self.damaged.is_empty() {
                    self.state.add_seal(batch.seq, batch.hash, sealed_us);
                } else {
                    self.add_seal_after_damage(&batch);
                    self.state.next_seq = batch.seq + 1;
                    self.state.prev = batch.hash;
                    self.state.sealed_us = self.state.sealed_us.max(sealed_us);
                }
                self.drop_sealed();
            }
            Frame::Acked { seq } => {
                self.state.acked_below = self.state.acked_below.max(seq + 1);
                if !self.seals_lost.is_empty() {
                    self.settle_acked();
                }
            }
            Frame::Released { seq } => {
                self.state.released_below = self.state.released_below.max(seq + 1);
                // What is in the log was received, also where the frame of its receipt is damaged.
                self.state.acked_below = self.state.acked_below.max(seq + 1);
                self.batches = self.batches.split_off(&self.state.released_below);
            }
            Frame::Begun { stream, slot } => self.state.begin(&stream, slot),
            Frame::Seen { checkpoint } => self.state.seen = Some(checkpoint),
            Frame::Snapshot(state) => {
                self.counters_known = true;
                self.batches = self.batches.split_off(&state.released_below);
                self.state = state;
                self.drop_sealed();
            }
        }
    }

    fn add_line(&mut self, line: SpooledLine, segment: u64) {
        let sealed = self
            .state
            .streams
            .get(&line.stream)
            .map_or(0, |stream| stream.sealed_i);
        if line.i >= sealed {
            self.state.add_line(&line);
            self.unsealed
                .insert((line.stream.clone(), line.i), (line, segment));
        }
    }

    /// Lines before the seal may be missing here, so the batch itself says what it carries. A body
    /// that cannot be read is sent as it is, and the collector decides.
    fn add_seal_after_damage(&mut self, sealed: &batch::SealedBatch) {
        let Ok(text) = batch::decompress(&sealed.body) else {
            return;
        };
        let Ok(batch) = batch::parse(&text) else {
            return;
        };
        for stream in batch.streams {
            let mut last_slot = None;
            for slots in stream.lines.iter().filter_map(|line| slots(&line.value)) {
                self.state.settle(&stream.id, &slots);
                last_slot = last_slot.max(Some(*slots.end()));
            }
            let end_i = stream.line.first_i + stream.line.count;
            self.add_sealed_lines(stream.id.into(), end_i, last_slot);
        }
        for stream in batch.reserved {
            if let Some((_, line)) = stream.lines.last() {
                self.add_sealed_lines(stream.id.into(), line.index() + 1, None);
            }
        }
    }

    fn add_sealed_lines(&mut self, stream: StreamId, end_i: u64, last_slot: Option<UnixMillis>) {
        let counters = self.state.streams.entry(stream).or_default();
        counters.sealed_i = end_i;
        counters.sealed_slot = counters.sealed_slot.max(last_slot);
        counters.next_i = counters.next_i.max(counters.sealed_i);
        counters.last_slot = counters.last_slot.max(counters.sealed_slot);
    }

    /// Forgets lines that the counters say are in a batch, or were never written.
    fn drop_sealed(&mut self) {
        let streams = &self.state.streams;
        self.unsealed.retain(|(stream, i), _| {
            streams
                .get(stream)
                .is_some_and(|s| (s.sealed_i..s.next_i).contains(i))
        });
    }

    /// Ends each stream where its first line is missing, so that indexes stay without a gap: what
    /// is dropped was in no batch, so nobody was told of it. Returns how many lines were lost.
    pub(super) fn close_holes(&mut self) -> u64 {
        let mut lost = 0;
        for (id, counters) in &mut self.state.streams {
            let (sealed, next) = (counters.sealed_i, counters.next_i);
            let held = |i: &u64| self.unsealed.contains_key(&(id.clone(), *i));
            let end = (sealed..next).find(|i| !held(i)).unwrap_or(next);
            if end == next {
                continue;
            }
            lost += next - end;
            counters.next_i = end;
            let kept = (sealed..end).filter_map(|i| self.unsealed.get(&(id.clone(), i)));
            let slots = kept.filter_map(|(line, _)| line.slot);
            counters.last_slot = slots.max().max(counters.sealed_slot);
        }
        self.drop_sealed();
        lost
    }
}
