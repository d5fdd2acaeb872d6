//! Members that come one by one, in pieces.

use zip::System;

use super::*;
use crate::hash::Hash;

/// What the crate `zip` makes of the same entries, which wrote bundles before. The comment, whose
/// length is in the bytes that it is about, is set twice.
fn by_crate(entries: &Entries) -> Vec<u8> {
    let mut bytes = by_crate_with(entries, "x".repeat(84));
    bytes.truncate(bytes.len() - 84);
    let hash = Hash::of(&bytes).to_hex();
    by_crate_with(entries, format!("nines-bundle sha256:{hash}"))
}

fn by_crate_with(entries: &Entries, comment: String) -> Vec<u8> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(5))
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644)
        .system(System::Unix);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, bytes) in entries {
        zip.start_file(path.as_str(), options).expect("written");
        zip.write_all(bytes).expect("written");
    }
    zip.set_comment(comment).expect("short");
    zip.finish().expect("written").into_inner()
}

#[test]
fn a_bundle_has_the_bytes_that_the_crate_zip_writes() {
    assert_eq!(pack(&sample()), by_crate(&sample()));
    assert_eq!(pack(&Entries::new()), by_crate(&Entries::new()));
}

#[test]
fn a_member_is_taken_once() {
    let mut packed = Packed::default();
    packed.add("a", b"x").expect("the first");
    let refused = packed.add("a", b"x");
    assert!(matches!(refused, Err(BundleError::Duplicate { path }) if path == "a"));
    assert!(packed.contains("a") && !packed.contains("b"));
    assert_eq!(packed.read("b"), None);
    assert_eq!(packed.hash("b"), None);
}

#[test]
fn what_would_unpack_to_too_much_is_not_written() {
    let mut members = Packed::default();
    let zeros = vec![0; 1 << 20];
    let mut packer = Packer::new("zeros");
    for _ in 0..=RATIO_FREE_BYTES >> 20 {
        packer.push(&zeros).expect("memory is written");
    }
    assert!(packer.bytes() > RATIO_FREE_BYTES);
    members.insert(packer).expect("one member");
    let refused = members.write(Vec::new());
    assert!(matches!(refused, Err(BundleError::Ratio { .. })));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn pieces_and_order_of_members_leave_no_trace(
        seeds in prop::collection::vec(any::<u64>(), 1..4), piece in 1_usize..40_000,
    ) {
        let mut entries = Entries::new();
        let mut packed = Packed::default();
        for (nth, seed) in seeds.iter().enumerate().rev() {
            let text = |at: u64| format!("{} {}\n", at.wrapping_mul(*seed), seed % (at + 1));
            let bytes: Vec<u8> = (0..4_000).map(text).collect::<String>().into_bytes();
            let mut packer = Packer::new(format!("m{nth}"));
            for piece in bytes.chunks(piece) {
                packer.push(piece).expect("memory is written");
            }
            packed.insert(packer).expect("a member");
            entries.insert(format!("m{nth}"), bytes);
        }
        for (path, hash) in packed.hashes() {
            prop_assert_eq!(Hash::of(&entries[path]), hash);
        }
        prop_assert_eq!(&packed.unpack(), &entries);
        let length = packed.file_bytes();
        let bytes = packed.write(Vec::new()).expect("a bundle");
        prop_assert_eq!(bytes.len() as u64, length);
        // Not `assert_eq`: nobody reads the bytes.
        prop_assert!(bytes == pack(&entries));
        prop_assert!(bytes == by_crate(&entries) || seeds.len() > 1);
    }
}
