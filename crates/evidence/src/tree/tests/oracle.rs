//! An independent implementation of RFC 6962 (the crate `ct-merkle`) makes the same roots and
//! proofs, whatever the sizes.

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use sha2::Sha256;

use super::*;

/// Uneven at every level, and a power of two within reach.
const SIZE_MAX: u8 = 70;

fn bytes(proof: &[Hash]) -> Vec<u8> {
    proof.iter().flat_map(Hash::as_bytes).copied().collect()
}

#[test]
fn another_implementation_makes_the_same_roots_and_proofs() {
    let mut theirs = MemoryBackedTree::<Sha256, Vec<u8>>::new();
    let ours: Tree = leaves(SIZE_MAX).into_iter().collect();
    for added in 0..SIZE_MAX {
        theirs.push(vec![added]);
        let size = theirs.len();
        let head = ours.head_at(size).expect("within the tree");
        assert_eq!(theirs.root().as_bytes().as_slice(), head.root.as_bytes());
        for index in 0..=added {
            let inclusion = ours.inclusion_proof(index.into(), size).expect("within");
            assert_eq!(
                theirs.prove_inclusion(index.into()).as_bytes(),
                bytes(&inclusion),
                "{index} of {size}"
            );
            let old = u64::from(index) + 1;
            let consistency = ours.consistency_proof(old, size).expect("it grew");
            let additions = usize::from(added - index);
            assert_eq!(
                theirs.prove_consistency(additions).as_bytes(),
                bytes(&consistency),
                "{old} to {size}"
            );
        }
    }
}
