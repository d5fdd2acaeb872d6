//! `agents/<agent>/<stream>.paths`: which batch carried which lines of a stream, each with the
//! way from the stream's line to the root that the agent signed.
//!
//! One line per batch, in order: `<seq> <leaf index> <streams> <first i> <count> <hash>...`, all
//! decimal, hashes in base64, from the leaf upward (RFC 9162).

use std::fmt;
use std::str::FromStr;

use evidence::batch_note::StreamLine;
use evidence::hash::Hash;
use evidence::tree::{self, PROOF_HASHES_MAX, TreeError, TreeHead};
use wire::batch::Batch;

/// One stream's place in one batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamPath {
    /// Number of the batch in its agent's chain.
    pub seq: u64,
    /// Position of the stream among those of the batch, from 0.
    pub leaf_index: u64,
    /// Streams in the batch.
    pub streams: u64,
    /// Index of the first line.
    pub first_i: u64,
    /// Lines, at least 1.
    pub count: u64,
    /// Inclusion path of the stream's line.
    pub hashes: Vec<Hash>,
}

/// A line that is no path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected `<seq> <leaf index> <streams> <first i> <count> <hash>...`")]
pub struct PathError;

impl StreamPath {
    /// The path of a stream's lines in a batch; `None` where the batch carries none of them.
    #[must_use]
    pub fn of(batch: &Batch<'_>, stream: &str) -> Option<Self> {
        let lines = &batch.signed_streams;
        let at = lines.iter().position(|line| line.id == stream)?;
        let leaves = lines.iter().map(StreamLine::leaf_hash);
        let leaves: Vec<Hash> = leaves.collect::<Result<_, _>>().ok()?;
        let leaf_index = u64::try_from(at).ok()?;
        let line = lines.get(at)?;
        Some(Self {
            seq: batch.note.seq,
            leaf_index,
            streams: batch.note.streams,
            first_i: line.first_i,
            count: line.count,
            hashes: tree::inclusion_proof(&leaves, leaf_index).ok()?,
        })
    }

    /// Whether `next` can be the path of the next batch that carries the stream.
    #[must_use]
    pub fn continues_in(&self, next: &Self) -> bool {
        self.seq < next.seq && self.end_i() == next.first_i
    }

    /// Index of the line after the last.
    #[must_use]
    pub fn end_i(&self) -> u64 {
        self.first_i.saturating_add(self.count)
    }

    /// Verifies that a batch carries lines with this root for a stream. `batch` is the number of
    /// streams and their root as the batch states them that [`StreamPath::seq`] names.
    pub fn verify(&self, stream: &str, root: Hash, batch: TreeHead) -> Result<(), TreeError> {
        let line = StreamLine {
            id: stream.to_owned(),
            first_i: self.first_i,
            count: self.count,
            root,
        };
        let outside = || TreeError::Index {
            index: self.leaf_index,
            size: self.streams,
        };
        let leaf = line.leaf_hash().map_err(|_| outside())?;
        if self.streams != batch.size {
            return Err(outside());
        }
        tree::verify_inclusion(leaf, self.leaf_index, batch, &self.hashes)
    }
}

impl fmt::Display for StreamPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            seq,
            leaf_index,
            streams,
            first_i,
            count,
            hashes,
        } = self;
        write!(f, "{seq} {leaf_index} {streams} {first_i} {count}")?;
        hashes.iter().try_for_each(|hash| write!(f, " {hash}"))
    }
}

impl FromStr for StreamPath {
    type Err = PathError;

    fn from_str(line: &str) -> Result<Self, PathError> {
        let mut words = line.split(' ');
        let mut number = || words.next()?.parse().ok();
        let mut numbers = || Some((number()?, number()?, number()?, number()?, number()?));
        let (seq, leaf_index, streams, first_i, count) = numbers().ok_or(PathError)?;
        let hashes = words
            .take(PROOF_HASHES_MAX + 1)
            .map(|word| word.parse().map_err(|_| PathError))
            .collect::<Result<_, _>>()?;
        let path = Self {
            seq,
            leaf_index,
            streams,
            first_i,
            count,
            hashes,
        };
        let canonical = path.to_string() == line && first_i.checked_add(count).is_some();
        if canonical && count > 0 {
            Ok(path)
        } else {
            Err(PathError)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_path_prints_and_parses_back(
            seq: u64, leaf_index: u64, streams: u64, first_i: u32, count in 1_u32.., n in 0_u8..5,
        ) {
            let path = StreamPath {
                seq, leaf_index, streams,
                first_i: first_i.into(), count: count.into(),
                hashes: (0..n).map(|n| Hash::of(&[n])).collect(),
            };
            prop_assert_eq!(path.to_string().parse(), Ok(path));
        }

        #[test]
        fn arbitrary_text_never_panics_and_has_one_spelling(line in "[0-9 +]{0,40}") {
            if let Ok(path) = line.parse::<StreamPath>() {
                prop_assert_eq!(path.to_string(), line);
            }
        }
    }
}
