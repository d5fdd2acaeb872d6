//! The complete subtrees under a prefix of leaves: enough to go on from there.

use super::{Hash, LEAVES_MAX, TreeError, TreeHead, node_hash};

/// A tree reduced to the roots of its complete subtrees, one for each bit set in its size. Appending
/// costs one hash on average; a verifier resumes from a prefix that it never saw.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompactRange {
    size: u64,
    hashes: Vec<Hash>,
}

impl CompactRange {
    /// Resumes after `size` leaves from what [`CompactRange::hashes`] gave. Only a root that is
    /// known otherwise shows whether the hashes are right.
    pub fn from_hashes(size: u64, hashes: Vec<Hash>) -> Result<Self, TreeError> {
        if size > LEAVES_MAX || usize::try_from(size.count_ones()) != Ok(hashes.len()) {
            return Err(TreeError::Range {
                hashes: hashes.len(),
                size,
            });
        }
        Ok(Self { size, hashes })
    }

    /// Number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Roots of the complete subtrees, left to right, so the largest subtree comes first.
    #[must_use]
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// Adds the next leaf by its hash.
    pub fn append(&mut self, leaf: Hash) {
        let merges = self.size.trailing_ones();
        let mut hash = leaf;
        for left in (0..merges).map_while(|_| self.hashes.pop()) {
            hash = node_hash(&left, &hash);
        }
        self.hashes.push(hash);
        self.size += 1;
    }

    /// The root over all leaves so far.
    #[must_use]
    pub fn root(&self) -> Hash {
        let subtrees = self.hashes.iter().rev().copied();
        subtrees
            .reduce(|right, left| node_hash(&left, &right))
            .unwrap_or_else(|| Hash::of(b""))
    }

    /// Size and root together.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        TreeHead {
            size: self.size,
            root: self.root(),
        }
    }
}
