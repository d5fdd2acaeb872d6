//! The short way through the segments before the newest one.
//!
//! The newest head says what all of them add up to, so of them only two things are wanted: where
//! batches stand, and lines that no batch carries. Lines before a batch are passed over unread.
//! The short way is left at the first damage: what that took, only the whole fold can tell.

use camino::Utf8Path;

use super::SpoolError;
use super::frame::{self, Frame, KIND_LINE, KIND_SNAPSHOT};
use super::recover::Fold;
use super::scan::Scan;
use super::segment::{self, Location};

/// What was found on the way.
#[derive(Debug)]
struct Skim {
    fold: Fold,
    /// Number of the next batch: one below it was carried over from damage, and seals no line.
    next_seq: u64,
    /// Lines behind the last seal.
    behind: Vec<Location>,
}

/// How far the short way led.
#[derive(Debug)]
pub(super) enum Skimmed {
    /// To the newest segment.
    Through(Box<Fold>),
    /// To damage.
    Damaged,
}

/// Skims segments that are all older than the newest, whose head is intact.
pub(super) fn skim(dir: &Utf8Path, older: &[u64]) -> Result<Skimmed, SpoolError> {
    let mut skim = Skim {
        fold: Fold::default(),
        next_seq: 0,
        behind: Vec::new(),
    };
    for number in older {
        let passed = skim.pass(dir, *number).map_err(|source| SpoolError::Read {
            path: segment::path(dir, *number),
            source,
        })?;
        if passed.is_none() {
            return Ok(Skimmed::Damaged);
        }
    }
    for location in &skim.behind {
        let read = segment::read_at(dir, *location);
        let bytes = read.map_err(|source| SpoolError::Read {
            path: segment::path(dir, location.segment),
            source,
        })?;
        let Some((Frame::Line(line), _)) = frame::read(&bytes, 0) else {
            return Ok(Skimmed::Damaged);
        };
        let place = (line.stream.clone(), line.i);
        skim.fold.unsealed.insert(place, (line, location.segment));
    }
    Ok(Skimmed::Through(Box::new(skim.fold)))
}

impl Skim {
    /// `None` where the segment is damaged.
    fn pass(&mut self, dir: &Utf8Path, number: u64) -> std::io::Result<Option<()>> {
        let mut scan = Scan::open(&segment::path(dir, number))?;
        while let Some(content) = scan.next()? {
            let location = Location::new(number, &content.range);
            match content.bytes.first() {
                Some(&KIND_LINE) => self.behind.push(location),
                Some(&KIND_SNAPSHOT) => match Frame::decode(content.bytes) {
                    Some(Frame::Snapshot(state)) => self.next_seq = state.next_seq,
                    _ => return Ok(None),
                },
                _ => {
                    if let Some(seq) = frame::seal_seq(content.bytes) {
                        self.seal(seq, location);
                    }
                }
            }
        }
        Ok(scan.is_at_end()?.then_some(()))
    }

    fn seal(&mut self, seq: u64, location: Location) {
        self.fold.batches.insert(seq, location);
        if seq >= self.next_seq {
            self.next_seq = seq + 1;
            self.behind.clear();
        }
    }
}
