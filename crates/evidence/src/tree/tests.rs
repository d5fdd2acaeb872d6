mod oracle;

use proptest::prelude::*;

use super::*;

/// Leaf inputs and roots of the reference tree of transparency-dev/merkle (`testonly`), published
/// with the Certificate Transparency test data.
const REFERENCE_INPUTS: [&[u8]; 8] = [
    b"",
    b"\x00",
    b"\x10",
    b"\x20\x21",
    b"\x30\x31",
    b"\x40\x41\x42\x43",
    b"\x50\x51\x52\x53\x54\x55\x56\x57",
    b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
];
const REFERENCE_ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn reference_leaves() -> Vec<Hash> {
    REFERENCE_INPUTS.into_iter().map(leaf_hash).collect()
}

/// Leaves with the one-byte inputs 0, 1, 2, ...
fn leaves(count: u8) -> Vec<Hash> {
    (0..count).map(|byte| leaf_hash(&[byte])).collect()
}

fn head(leaves: &[Hash]) -> TreeHead {
    TreeHead {
        size: leaves.len() as u64,
        root: root(leaves),
    }
}

fn hex(proof: &[Hash]) -> Vec<String> {
    proof.iter().map(Hash::to_hex).collect()
}

#[test]
fn the_reference_tree_has_its_published_roots_at_every_size() {
    let leaves = reference_leaves();
    let tree: Tree = leaves.iter().copied().collect();
    for (size, expected) in REFERENCE_ROOTS.into_iter().enumerate() {
        assert_eq!(root(&leaves[..size]).to_hex(), expected);
        assert_eq!(
            tree.head_at(size as u64)
                .expect("within the tree")
                .root
                .to_hex(),
            expected
        );
    }
}

#[test]
fn the_reference_tree_has_its_published_proofs() {
    let leaves = reference_leaves();
    let inclusion = |index, size: usize| hex(&inclusion_proof(&leaves[..size], index).expect("in"));
    assert_eq!(inclusion(0, 1), [""; 0]);
    assert_eq!(inclusion(2, 3), [REFERENCE_ROOTS[2]]);
    assert_eq!(
        inclusion(5, 8),
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ]
    );
    let growth = |old, size: usize| hex(&consistency_proof(&leaves[..size], old).expect("grew"));
    assert_eq!(growth(1, 1), [""; 0]);
    assert_eq!(
        growth(2, 5),
        [
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ]
    );
    assert_eq!(
        growth(6, 8),
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ]
    );
}

/// Own vectors, computed by a separate recursive implementation over Python's hashlib.
#[test]
fn uneven_trees_have_the_roots_that_a_second_implementation_found() {
    for (count, expected) in [
        (
            3,
            "3b6cccd7e3e023ff393006f030315ee7ad9eb111b022b41fba7e5b7a3973f688",
        ),
        (
            7,
            "3560191803028444b232018ac047fdb561c09c23a7a6876c85e08b5e4d48e9f3",
        ),
        (
            9,
            "162a21c2230e0284ea38cb8739ee4bb75947a1acd5d529c638ec068969fb3c4a",
        ),
        (
            70,
            "353edce931ebf5791739a588c15a724846776a98366aab1e8baa428f9135c26a",
        ),
    ] {
        assert_eq!(root(&leaves(count)).to_hex(), expected);
    }
}

#[test]
fn every_leaf_of_every_size_up_to_70_is_proven_included() {
    let leaves = leaves(70);
    let tree: Tree = leaves.iter().copied().collect();
    for size in 1..=70 {
        let head = tree.head_at(size).expect("within the tree");
        for (index, leaf) in (0..size).zip(&leaves) {
            let proof = tree.inclusion_proof(index, size).expect("within the tree");
            assert_eq!(
                verify_inclusion(*leaf, index, head, &proof),
                Ok(()),
                "{index} of {size}"
            );
        }
    }
}

#[test]
fn every_growth_between_sizes_up_to_70_is_proven_consistent() {
    let tree: Tree = leaves(70).into_iter().collect();
    for new_size in 0..=70 {
        let new = tree.head_at(new_size).expect("within the tree");
        for old_size in 0..=new_size {
            let old = tree.head_at(old_size).expect("within the tree");
            let proof = tree
                .consistency_proof(old_size, new_size)
                .expect("within the tree");
            assert_eq!(
                verify_consistency(old, new, &proof),
                Ok(()),
                "{old_size} to {new_size}"
            );
        }
    }
}

#[test]
fn a_compact_range_has_the_root_of_its_leaves_and_resumes_from_any_prefix() {
    let leaves = leaves(70);
    for prefix in 0..leaves.len() {
        let mut range = CompactRange::default();
        leaves[..prefix].iter().for_each(|leaf| range.append(*leaf));
        assert_eq!(range.head(), head(&leaves[..prefix]));
        let hashes = range.hashes().to_vec();
        let mut resumed = CompactRange::from_hashes(range.size(), hashes).expect("of this size");
        leaves[prefix..]
            .iter()
            .for_each(|leaf| resumed.append(*leaf));
        assert_eq!(resumed.head(), head(&leaves));
    }
}

#[test]
fn a_compact_range_of_the_wrong_number_of_hashes_is_refused() {
    for (size, hashes) in [(0, 1), (1, 0), (3, 1), (8, 2), (u64::MAX, 63)] {
        let refused = CompactRange::from_hashes(size, vec![Hash::ZERO; hashes]);
        assert_eq!(refused, Err(TreeError::Range { hashes, size }));
    }
}

#[test]
fn what_lies_outside_the_tree_is_refused() {
    let tree: Tree = leaves(5).into_iter().collect();
    assert_eq!(
        tree.inclusion_proof(5, 5),
        Err(TreeError::Index { index: 5, size: 5 })
    );
    assert_eq!(
        tree.inclusion_proof(0, 6),
        Err(TreeError::Size {
            size: 6,
            size_max: 5
        })
    );
    assert_eq!(
        tree.consistency_proof(6, 5),
        Err(TreeError::Size {
            size: 6,
            size_max: 5
        })
    );
    assert_eq!(
        tree.head_at(6),
        Err(TreeError::Size {
            size: 6,
            size_max: 5
        })
    );
    let long = [Hash::ZERO; PROOF_HASHES_MAX + 1];
    let huge = TreeHead {
        size: u64::MAX,
        root: Hash::ZERO,
    };
    assert_eq!(
        verify_inclusion(Hash::ZERO, 0, huge, &long),
        Err(TreeError::ProofLength { hashes: 64 })
    );
}

#[test]
fn growth_from_nothing_needs_the_root_of_nothing() {
    let new = head(&leaves(3));
    let empty = TreeHead {
        size: 0,
        root: root(&[]),
    };
    assert_eq!(verify_consistency(empty, new, &[]), Ok(()));
    assert!(
        verify_consistency(
            TreeHead {
                size: 0,
                root: new.root
            },
            new,
            &[]
        )
        .is_err()
    );
    assert!(verify_consistency(empty, new, &[Hash::ZERO]).is_err());
    assert!(verify_consistency(new, empty, &[]).is_err());
}

fn flip(hash: Hash, bit: usize) -> Hash {
    let mut bytes = *hash.as_bytes();
    bytes[bit / 8 % 32] ^= 1 << (bit % 8);
    Hash::from_bytes(bytes)
}

/// Proofs that differ from `proof` by one flipped bit, or by one hash more or less.
fn mutations(proof: &[Hash], bit: usize, nth: usize) -> Vec<Vec<Hash>> {
    let mut longer = proof.to_vec();
    longer.push(Hash::ZERO);
    let mut all = vec![longer];
    if !proof.is_empty() {
        let nth = nth % proof.len();
        let mut flipped = proof.to_vec();
        flipped[nth] = flip(flipped[nth], bit);
        let mut shorter = proof.to_vec();
        shorter.remove(nth);
        all.extend([flipped, shorter]);
    }
    all
}

proptest! {
    #[test]
    fn inclusion_fails_for_any_other_leaf_index_size_root_or_proof(
        size in 1_u8..=70, seed: usize, bit in 0_usize..256, nth: usize,
    ) {
        let leaves = leaves(size);
        let head = head(&leaves);
        let at = seed % leaves.len();
        let index = at as u64;
        let proof = inclusion_proof(&leaves, index).expect("within the tree");
        prop_assert_eq!(verify_inclusion(leaves[at], index, head, &proof), Ok(()));
        prop_assert!(verify_inclusion(flip(leaves[at], bit), index, head, &proof).is_err());
        let other = TreeHead { root: flip(head.root, bit), ..head };
        prop_assert!(verify_inclusion(leaves[at], index, other, &proof).is_err());
        for wrong in (0..=head.size).filter(|wrong| *wrong != index) {
            prop_assert!(verify_inclusion(leaves[at], wrong, head, &proof).is_err());
        }
        for proof in mutations(&proof, bit, nth) {
            prop_assert!(verify_inclusion(leaves[at], index, head, &proof).is_err());
        }
    }

    #[test]
    fn consistency_fails_for_any_other_root_or_proof(
        sizes in (1_u8..=70, 1_u8..=70), bit in 0_usize..256, nth: usize,
    ) {
        let (old_size, new_size) = (sizes.0.min(sizes.1), sizes.0.max(sizes.1));
        let leaves = leaves(new_size);
        let (old, new) = (head(&leaves[..usize::from(old_size)]), head(&leaves));
        let proof = consistency_proof(&leaves, old.size).expect("within the tree");
        prop_assert_eq!(verify_consistency(old, new, &proof), Ok(()));
        let other_old = TreeHead { root: flip(old.root, bit), ..old };
        let other_new = TreeHead { root: flip(new.root, bit), ..new };
        prop_assert!(verify_consistency(other_old, new, &proof).is_err());
        prop_assert!(verify_consistency(old, other_new, &proof).is_err());
        for size in (0..=new.size).filter(|size| *size != old.size) {
            let other_old = TreeHead { size, ..old };
            prop_assert!(verify_consistency(other_old, new, &proof).is_err());
        }
        for proof in mutations(&proof, bit, nth) {
            prop_assert!(verify_consistency(old, new, &proof).is_err());
        }
    }

    #[test]
    fn arbitrary_proofs_never_panic(
        index: u64, sizes: (u64, u64), bytes in proptest::collection::vec(any::<[u8; 32]>(), 0..70),
    ) {
        let proof: Vec<Hash> = bytes.into_iter().map(Hash::from_bytes).collect();
        let head = |size| TreeHead { size, root: leaf_hash(b"elsewhere") };
        prop_assert!(verify_inclusion(Hash::ZERO, index, head(sizes.0), &proof).is_err());
        if sizes.0 != sizes.1 {
            prop_assert!(verify_consistency(head(sizes.0), head(sizes.1), &proof).is_err());
        }
    }
}
