//! A tree with all its levels in memory: 64 bytes a leaf, proofs in microseconds.

use std::ops::Range;

use super::{Hash, TreeError, TreeHead, node_hash};

/// All complete subtrees of the leaves so far, level by level, from which the root, inclusion and
/// consistency of *every* smaller size follow in logarithmic time.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    /// `levels[l][i]` covers leaves `i << l` up to `(i + 1) << l`; only complete subtrees are kept,
    /// so no hash is ever changed.
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    /// Number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| leaves.len() as u64)
    }

    /// Adds the next leaf by its hash; returns its index.
    pub fn append(&mut self, leaf: Hash) -> u64 {
        let index = self.size();
        let mut hash = leaf;
        for level in 0_usize.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let nodes = &mut self.levels[level];
            nodes.push(hash);
            match nodes.as_slice() {
                [.., left, right] if nodes.len().is_multiple_of(2) => hash = node_hash(left, right),
                _ => break,
            }
        }
        index
    }

    /// The root of the complete subtree over leaves `index << level` up to `(index + 1) << level`,
    /// if those leaves are there: the content of tiles.
    #[must_use]
    pub fn node(&self, level: u32, index: u64) -> Option<Hash> {
        let nodes = self.levels.get(usize::try_from(level).ok()?)?;
        nodes.get(usize::try_from(index).ok()?).copied()
    }

    /// Size and root of the first `size` leaves.
    pub fn head_at(&self, size: u64) -> Result<TreeHead, TreeError> {
        self.check_size(size)?;
        Ok(TreeHead {
            size,
            root: self.root_of(0..size),
        })
    }

    /// Size and root of all leaves.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        let size = self.size();
        TreeHead {
            size,
            root: self.root_of(0..size),
        }
    }

    /// The path from leaf `index` to the root of the first `size` leaves.
    pub fn inclusion_proof(&self, index: u64, size: u64) -> Result<Vec<Hash>, TreeError> {
        self.check_size(size)?;
        if index >= size {
            return Err(TreeError::Index { index, size });
        }
        let mut proof = Vec::new();
        let mut span = 0..size;
        while span.end - span.start > 1 {
            let middle = split(&span);
            if index < middle {
                proof.push(self.root_of(middle..span.end));
                span.end = middle;
            } else {
                proof.push(self.root_of(span.start..middle));
                span.start = middle;
            }
        }
        proof.reverse();
        Ok(proof)
    }

    /// The proof that the first `new_size` leaves grew from the first `old_size`. Empty if the
    /// sizes are equal or the old one is 0.
    pub fn consistency_proof(&self, old_size: u64, new_size: u64) -> Result<Vec<Hash>, TreeError> {
        self.check_size(new_size)?;
        if old_size > new_size {
            return Err(TreeError::Size {
                size: old_size,
                size_max: new_size,
            });
        }
        let mut proof = Vec::new();
        if old_size == 0 {
            return Ok(proof);
        }
        let mut span = 0..new_size;
        while old_size != span.end {
            let middle = split(&span);
            if old_size <= middle {
                proof.push(self.root_of(middle..span.end));
                span.end = middle;
            } else {
                proof.push(self.root_of(span.start..middle));
                span.start = middle;
            }
        }
        if span.start > 0 {
            proof.push(self.root_of(span)); // At start 0 this is the old root, which all know.
        }
        proof.reverse();
        Ok(proof)
    }

    fn check_size(&self, size: u64) -> Result<(), TreeError> {
        if size <= self.size() {
            return Ok(());
        }
        Err(TreeError::Size {
            size,
            size_max: self.size(),
        })
    }

    /// The root over a span within the tree that begins where [`split`] put it: at a multiple of a
    /// power of two not less than its length. It is then a row of complete subtrees, largest first.
    fn root_of(&self, span: Range<u64>) -> Hash {
        let mut row = Vec::new();
        let mut start = span.start;
        while start < span.end {
            let level = (span.end - start).ilog2();
            row.push(
                self.node(level, start >> level)
                    .expect("spans lie within the tree"),
            );
            start += 1 << level;
        }
        let subtrees = row.into_iter().rev();
        subtrees
            .reduce(|right, left| node_hash(&left, &right))
            .unwrap_or_else(|| Hash::of(b""))
    }
}

impl FromIterator<Hash> for Tree {
    fn from_iter<I: IntoIterator<Item = Hash>>(leaf_hashes: I) -> Self {
        let mut tree = Self::default();
        for leaf in leaf_hashes {
            tree.append(leaf);
        }
        tree
    }
}

/// Where a span of two leaves or more divides: after the largest power of two below its length.
fn split(span: &Range<u64>) -> u64 {
    span.start + (1 << (span.end - span.start - 1).ilog2())
}
