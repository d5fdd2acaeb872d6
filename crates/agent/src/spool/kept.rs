//! Batches that are kept for replay: they are found again when the collector has lost them.
//!
//! Nothing of them is in memory, so a segment is read for each run of numbers that is asked for;
//! what was found in the newest one read is remembered, because the next question is about it.

use std::collections::BTreeMap;
use std::ops::Range;

use wire::batch::SealedBatch;

use super::frame::{self, Frame, Piece, Pieces};
use super::scan::Scan;
use super::segment::{self, Location};
use super::{Spool, SpoolError};

/// Where the batches of one segment stand.
#[derive(Debug)]
pub(super) struct Index {
    segment: u64,
    /// Length that was read: the active segment grows.
    len: u64,
    batches: BTreeMap<u64, Location>,
}

impl Spool {
    /// The first batch of these numbers that is still here, whatever became of it.
    pub fn find_kept(&mut self, seqs: Range<u64>) -> Result<Option<SealedBatch>, SpoolError> {
        let unreleased = self.batches.range(seqs.clone()).next();
        let unreleased = unreleased.map(|(seq, location)| (*seq, *location));
        // Batches stand in order, but for those that were carried over from damage, which are known.
        let end = unreleased.map_or(seqs.end, |(seq, _)| seq);
        let found = self.find_in_segments(seqs.start..end)?.or(unreleased);
        found
            .map(|(seq, location)| self.read_batch(seq, location))
            .transpose()
    }

    fn find_in_segments(
        &mut self,
        seqs: Range<u64>,
    ) -> Result<Option<(u64, Location)>, SpoolError> {
        let mut segments: Vec<u64> = self.closed.keys().copied().collect();
        segments.push(self.active.number);
        let first = self.first_segment(&segments, seqs.start)?;
        for number in segments.into_iter().skip(first) {
            let found = self.index(number)?.range(seqs.clone()).next();
            if let Some((seq, location)) = found {
                return Ok(Some((*seq, *location)));
            }
            if self
                .next_seq_of(number)?
                .is_some_and(|next| next >= seqs.end)
            {
                break;
            }
        }
        Ok(None)
    }

    /// Place of the segment that a batch stands in if it is here: the last that begins before it.
    fn first_segment(&self, segments: &[u64], seq: u64) -> Result<usize, SpoolError> {
        if let Some(index) = &self.kept
            && index.batches.contains_key(&seq)
            && let Ok(place) = segments.binary_search(&index.segment)
        {
            return Ok(place);
        }
        let (mut low, mut high) = (0, segments.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.next_seq_of(segments[middle])? {
                Some(next) if next > seq => high = middle,
                _ => low = middle + 1,
            }
        }
        Ok(low.saturating_sub(1))
    }

    /// Number of the first batch that can stand in a segment.
    fn next_seq_of(&self, number: u64) -> Result<Option<u64>, SpoolError> {
        let head = segment::head(&self.dir, number);
        let head = head.map_err(|source| SpoolError::Read {
            path: segment::path(&self.dir, number),
            source,
        })?;
        Ok(head.map(|state| state.next_seq))
    }

    fn index(&mut self, number: u64) -> Result<&BTreeMap<u64, Location>, SpoolError> {
        let closed = self.closed.get(&number).map(|closed| closed.bytes);
        let len = closed.unwrap_or(self.active.len);
        let known = self.kept.take();
        let known = known.filter(|index| (index.segment, index.len) == (number, len));
        let index = match known {
            Some(index) => index,
            None => Index {
                segment: number,
                len,
                batches: self.scan(number)?,
            },
        };
        Ok(&self.kept.insert(index).batches)
    }

    fn scan(&self, number: u64) -> Result<BTreeMap<u64, Location>, SpoolError> {
        let path = segment::path(&self.dir, number);
        let read = |source| SpoolError::Read {
            path: path.clone(),
            source,
        };
        let mut batches = BTreeMap::new();
        let mut add = |seq: u64, range: Range<usize>| {
            let location = Location::new(number, &range);
            batches.insert(seq, location);
        };
        let mut scan = Scan::open(&path).map_err(read)?;
        while let Some(content) = scan.next().map_err(read)? {
            if let Some(seq) = frame::seal_seq(content.bytes) {
                add(seq, content.range);
            }
        }
        let (at, rest) = scan.rest().map_err(read)?;
        for piece in Pieces::new(&rest) {
            if let Piece::Frame(frame, range) = piece
                && let Frame::Seal { batch, .. } = *frame
            {
                add(batch.seq, at + range.start..at + range.end);
            }
        }
        Ok(batches)
    }
}
