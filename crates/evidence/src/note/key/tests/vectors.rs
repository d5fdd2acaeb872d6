//! Signatures at the edges of Ed25519: which of them the strict rules take.

use super::unhex;
use crate::note::{KeyKind, VerifierKey};

const WYCHEPROOF: &str = include_str!("wycheproof.txt");
const EDGES: &str = include_str!("edges.txt");

/// Names the vectors on which we differ from what their file says.
#[track_caller]
fn agrees(vectors: &str, count: usize) {
    let lines: Vec<&str> = vectors
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    assert_eq!(lines.len(), count);
    let differs = |line: &&str| {
        let fields: Vec<&str> = line.split(' ').collect();
        let [_, expected, key, message, signature] = fields[..] else {
            panic!("five fields: {line}")
        };
        let bytes = |field: &str| unhex(if field == "-" { "" } else { field });
        let key = bytes(key).try_into().expect("32 bytes");
        let (message, signature) = (bytes(message), bytes(signature));
        let key = VerifierKey::new("a", KeyKind::Note, &key);
        let accepted = key.is_ok_and(|key| {
            let accepted = key.verifies(&message, &signature);
            assert_eq!(
                key.prepared().verifies(&message, &signature),
                accepted,
                "{line}"
            );
            accepted
        });
        accepted != (expected == "valid")
    };
    let differing: Vec<&str> = lines.into_iter().filter(differs).collect();
    assert!(differing.is_empty(), "{differing:#?}");
}

#[test]
fn the_vectors_of_wycheproof_are_taken_and_refused_as_published() {
    agrees(WYCHEPROOF, 151);
}

#[test]
fn points_of_small_order_and_second_spellings_are_refused_where_lenient_verifiers_take_them() {
    agrees(EDGES, 33);
}
