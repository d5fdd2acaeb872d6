//! The RFC 6962 / RFC 9162 Merkle tree over SHA-256.
//!
//! A leaf hash is `SHA-256(0x00 ‖ bytes)`, a node `SHA-256(0x01 ‖ left ‖ right)`, the root of no
//! leaves `SHA-256("")`; a tree of n leaves splits at the largest power of two below n. Proofs list
//! hashes from the leaf upward and are verified by the iterative algorithms of RFC 9162 section
//! 2.1. Non-goal: storage; [`Tree`] lives in memory, [`CompactRange`] is what a prefix leaves over.

mod compact;
mod full;

pub use compact::CompactRange;
pub use full::Tree;

use crate::hash::Hash;

/// The longest proof: a tree of 2^63 leaves has no longer one.
pub const PROOF_HASHES_MAX: usize = 63;

/// The most leaves of a tree: sizes beyond are refused, so that counting never overflows.
pub const LEAVES_MAX: u64 = 1 << 62;

/// What a tree was at one size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TreeHead {
    /// Number of leaves.
    pub size: u64,
    /// Root over these leaves.
    pub root: Hash,
}

/// Why a proof cannot be built or believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// No such leaf at this size.
    #[error("leaf {index} is outside a tree of {size} leaves")]
    Index {
        /// Index asked for, from 0.
        index: u64,
        /// Size of the tree.
        size: u64,
    },
    /// The tree is smaller than what is asked of it, or shrank.
    #[error("size {size} is beyond a tree of {size_max} leaves")]
    Size {
        /// Size asked for.
        size: u64,
        /// Size there is.
        size_max: u64,
    },
    /// Too few or too many hashes for the sizes and the index.
    #[error("proof of {hashes} hashes has the wrong length")]
    ProofLength {
        /// Length of the proof.
        hashes: usize,
    },
    /// The proof leads to another root than the one claimed.
    #[error("proof does not lead to the root of the tree of {size} leaves")]
    Root {
        /// Size whose root is missed.
        size: u64,
    },
    /// A compact range needs one hash for each bit set in its size, and a size in range.
    #[error("{hashes} hashes cannot stand for {size} leaves")]
    Range {
        /// Number of hashes given.
        hashes: usize,
        /// Number of leaves claimed.
        size: u64,
    },
}

/// The hash of a leaf with these bytes.
#[must_use]
pub fn leaf_hash(bytes: &[u8]) -> Hash {
    Hash::of_parts(&[&[0], bytes])
}

/// The hash of an inner node.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Hash::of_parts(&[&[1], left.as_bytes(), right.as_bytes()])
}

/// The root over leaf hashes (Merkle Tree Hash); of none, the SHA-256 of no bytes.
#[must_use]
pub fn root(leaf_hashes: &[Hash]) -> Hash {
    let mut range = CompactRange::default();
    for leaf in leaf_hashes {
        range.append(*leaf);
    }
    range.root()
}

/// The path from leaf `index` to the root over `leaf_hashes`. Hashes every leaf: keep a [`Tree`]
/// to prove more than once.
pub fn inclusion_proof(leaf_hashes: &[Hash], index: u64) -> Result<Vec<Hash>, TreeError> {
    let tree: Tree = leaf_hashes.iter().copied().collect();
    tree.inclusion_proof(index, tree.size())
}

/// The proof that the tree over `leaf_hashes` grew from its first `old_size` leaves.
pub fn consistency_proof(leaf_hashes: &[Hash], old_size: u64) -> Result<Vec<Hash>, TreeError> {
    let tree: Tree = leaf_hashes.iter().copied().collect();
    tree.consistency_proof(old_size, tree.size())
}

/// Verifies that the leaf with hash `leaf` stands at `index` in the tree of `head`
/// (RFC 9162 section 2.1.3.2). The size must come from the same signed checkpoint as the root: a
/// path alone does not always tell neighbouring sizes apart.
pub fn verify_inclusion(
    leaf: Hash,
    index: u64,
    head: TreeHead,
    proof: &[Hash],
) -> Result<(), TreeError> {
    if index >= head.size {
        return Err(TreeError::Index {
            index,
            size: head.size,
        });
    }
    check_length(proof)?;
    let mut walk = Walk {
        node: index,
        last: head.size - 1,
    };
    let mut hash = leaf;
    for sibling in proof {
        hash = match walk.up(proof)? {
            Side::Left => node_hash(sibling, &hash),
            Side::Right => node_hash(&hash, sibling),
        };
    }
    walk.finish(proof)?;
    check_root(hash, head)
}

/// Verifies that the tree of `new` grew from the tree of `old` (RFC 9162 section 2.1.4.2). Equal
/// sizes need equal roots and no proof; so does growth from the empty tree, whose root is known.
pub fn verify_consistency(old: TreeHead, new: TreeHead, proof: &[Hash]) -> Result<(), TreeError> {
    if old.size > new.size {
        return Err(TreeError::Size {
            size: old.size,
            size_max: new.size,
        });
    }
    check_length(proof)?;
    if old.size == 0 {
        check_root(root(&[]), old)?;
    }
    if old.size == new.size {
        check_root(new.root, old)?;
    }
    if old.size == 0 || old.size == new.size {
        return if proof.is_empty() {
            Ok(())
        } else {
            Err(wrong_length(proof))
        };
    }
    let mut walk = Walk {
        node: old.size - 1,
        last: new.size - 1,
    };
    walk.skip_right_edges();
    // The old root is itself a node of the new tree if the old tree was complete.
    let (first, siblings) = if old.size.is_power_of_two() {
        (old.root, proof)
    } else {
        let (first, siblings) = proof.split_first().ok_or_else(|| wrong_length(proof))?;
        (*first, siblings)
    };
    let (mut old_hash, mut new_hash) = (first, first);
    for sibling in siblings {
        match walk.up(proof)? {
            Side::Left => {
                old_hash = node_hash(sibling, &old_hash);
                new_hash = node_hash(sibling, &new_hash);
            }
            Side::Right => new_hash = node_hash(&new_hash, sibling),
        }
    }
    walk.finish(proof)?;
    check_root(old_hash, old)?;
    check_root(new_hash, new)
}

/// Where the sibling of a node stands.
enum Side {
    Left,
    Right,
}

/// The way up: `node` and the `last` node of its level, `fn` and `sn` of RFC 9162.
struct Walk {
    node: u64,
    last: u64,
}

impl Walk {
    /// Steps up one level that has a sibling, over those that have none.
    fn up(&mut self, proof: &[Hash]) -> Result<Side, TreeError> {
        if self.last == 0 {
            return Err(wrong_length(proof));
        }
        let side = if self.node & 1 == 1 || self.node == self.last {
            while self.node & 1 == 0 && self.node != 0 {
                self.halve();
            }
            Side::Left
        } else {
            Side::Right
        };
        self.halve();
        Ok(side)
    }

    fn skip_right_edges(&mut self) {
        while self.node & 1 == 1 {
            self.halve();
        }
    }

    fn halve(&mut self) {
        self.node >>= 1;
        self.last >>= 1;
    }

    fn finish(&self, proof: &[Hash]) -> Result<(), TreeError> {
        if self.last == 0 {
            Ok(())
        } else {
            Err(wrong_length(proof))
        }
    }
}

fn wrong_length(proof: &[Hash]) -> TreeError {
    TreeError::ProofLength {
        hashes: proof.len(),
    }
}

fn check_length(proof: &[Hash]) -> Result<(), TreeError> {
    if proof.len() > PROOF_HASHES_MAX {
        Err(wrong_length(proof))
    } else {
        Ok(())
    }
}

fn check_root(computed: Hash, head: TreeHead) -> Result<(), TreeError> {
    if computed == head.root {
        Ok(())
    } else {
        Err(TreeError::Root { size: head.size })
    }
}

#[cfg(test)]
mod tests;
