//! The comment that names the SHA-256 of all bytes before it.

use super::*;
use crate::hash::Hash;

fn sum(bytes: &[u8]) -> FileSum {
    Bundle::open(Cursor::new(bytes)).expect("a bundle").sum()
}

/// By any other program, with a comment of its own or none.
fn by_another(comment: &str) -> Vec<u8> {
    let mut bytes = repack(&sample(), SimpleFileOptions::default());
    let length = u16::try_from(comment.len()).expect("short");
    bytes.truncate(bytes.len() - 2);
    [bytes.as_slice(), &length.to_le_bytes(), comment.as_bytes()].concat()
}

#[test]
fn a_bundle_ends_with_the_hash_of_all_bytes_before() {
    for entries in [sample(), Entries::new()] {
        let bytes = pack(&entries);
        let (before, comment) = bytes.split_at(bytes.len() - 84);
        let expected = format!("nines-bundle sha256:{}", Hash::of(before).to_hex());
        assert_eq!(comment, expected.as_bytes());
        assert_eq!(before[before.len() - 22..][..4], *b"PK\x05\x06");
        assert_eq!(before[before.len() - 2..], [84, 0]);
        assert_eq!(sum(&bytes), FileSum::Holds);
    }
}

#[test]
fn a_hash_is_made_over_files_of_many_blocks() {
    let noise = |n: u64| Hash::of(&n.to_le_bytes()).as_bytes().to_vec();
    let bytes: Vec<u8> = (0..10_000).flat_map(noise).collect();
    let mut bytes = pack(&Entries::from([("noise".to_owned(), bytes)]));
    assert_eq!(sum(&bytes), FileSum::Holds);
    bytes[11] ^= 0x40; // A time of day, in both headers.
    let central = bytes.windows(4).rposition(|word| word == b"PK\x01\x02");
    bytes[central.expect("a directory") + 13] ^= 0x40;
    assert_eq!(sum(&bytes), FileSum::Differs);
}

#[test]
fn no_flipped_bit_leaves_a_bundle_that_holds_or_that_was_packed_anew() {
    let bytes = pack(&sample());
    let mut opened = 0;
    for (at, bit) in (0..bytes.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
        let mut bent = bytes.clone();
        bent[at] ^= 1 << bit;
        if let Ok(bundle) = Bundle::open(Cursor::new(bent)) {
            opened += 1;
            let found = bundle.sum();
            let caught = matches!(found, FileSum::Differs | FileSum::Strange);
            assert!(caught, "bit {bit} of byte {at}: {found:?}");
        }
    }
    assert!(opened > 84 * 8, "of the comment alone, all");
}

#[test]
fn a_copy_packed_by_another_program_has_no_hash() {
    assert_eq!(sum(&by_another("")), FileSum::Absent);
}

#[test]
fn a_comment_that_another_program_carries_over_does_not_hold() {
    let bytes = pack(&sample());
    let comment = String::from_utf8(bytes[bytes.len() - 84..].to_vec()).expect("text");
    assert_eq!(sum(&by_another(&comment)), FileSum::Differs);
    assert_eq!(
        sum(&by_another(&comment.replace("nines", "mines"))),
        FileSum::Strange
    );
    assert_eq!(sum(&by_another("packed by somebody")), FileSum::Strange);
}

#[test]
fn what_stands_behind_the_end_does_not_hold() {
    let empty = [b"PK\x05\x06".as_slice(), &[0; 18]].concat();
    let astray = [&empty[..8], &[1, 0, 1, 0], &[0; 10]].concat();
    for copy in [pack(&sample()), by_another("")] {
        for tail in [b"\0".as_slice(), &[0; 84], b"a tail", &empty, &astray] {
            let bytes = [copy.as_slice(), tail].concat();
            // Refused, or read by the record before the tail.
            if let Ok(bundle) = Bundle::open(Cursor::new(bytes)) {
                assert_eq!(bundle.sum(), FileSum::Strange, "{tail:?}");
            }
        }
    }
}

#[test]
fn upper_case_is_another_spelling_and_does_not_hold() {
    let mut bytes = pack(&sample());
    let hash = bytes.len() - 64;
    bytes[hash..].make_ascii_uppercase();
    assert_eq!(sum(&bytes), FileSum::Differs);
}
