use std::io::Cursor;

use proptest::prelude::*;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::*;

mod packed;
mod sum;

type Entries = BTreeMap<String, Vec<u8>>;

fn sample() -> Entries {
    [
        ("README.txt", b"read me\n".to_vec()),
        ("agents/a/batches.entries", b"\x00\x02ab".repeat(100)),
        ("agents/a/streams/_sys.jsonl", b"{\"i\":0}\n".repeat(500)),
        ("log/prefix.hashes", Vec::new()),
    ]
    .into_iter()
    .map(|(path, bytes)| (path.to_owned(), bytes))
    .collect()
}

fn pack(entries: &Entries) -> Vec<u8> {
    write(entries, Cursor::new(Vec::new()))
        .expect("valid")
        .into_inner()
}

fn unpack(bytes: &[u8]) -> Result<Entries, BundleError> {
    let mut bundle = Bundle::open(Cursor::new(bytes))?;
    let names: Vec<String> = bundle.names().map(str::to_owned).collect();
    names
        .into_iter()
        .map(|name| bundle.read(&name).map(|bytes| (name, bytes)))
        .collect()
}

/// Packs as any other program might: reversed order, `options`, directory entries.
fn repack(entries: &Entries, options: SimpleFileOptions) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.add_directory("agents/", options).expect("written");
    for (path, bytes) in entries.iter().rev() {
        zip.start_file(path.as_str(), options).expect("written");
        zip.write_all(bytes).expect("written");
    }
    zip.finish().expect("written").into_inner()
}

#[test]
fn the_same_entries_give_the_same_bytes_and_read_back() {
    let bytes = pack(&sample());
    assert_eq!(bytes, pack(&sample()));
    assert_eq!(unpack(&bytes).expect("valid"), sample());
}

#[test]
fn the_headers_are_the_fixed_ones() {
    let bytes = pack(&sample());
    assert_eq!(bytes[..4], *b"PK\x03\x04");
    assert_eq!(bytes[8..14], [8, 0, 0, 0, 0x21, 0]); // Deflate, midnight, 1980-01-01.
    assert_eq!(bytes[28..30], [0, 0]); // No extra field.
    let central = bytes
        .windows(4)
        .position(|word| word == b"PK\x01\x02")
        .expect("a directory");
    assert_eq!(bytes[central + 5], 3); // Made on Unix,
    assert_eq!(bytes[central + 38..central + 42], [0, 0, 0xa4, 0x81]); // as a file of mode 0644,
    assert_eq!(bytes[central + 30..central + 34], [0; 4]); // with no extra field and no comment.
}

#[test]
fn a_copy_packed_by_another_program_is_accepted() {
    let time = DateTime::from_date_and_time(2026, 11, 22, 12, 0, 0).expect("a date");
    for options in [
        SimpleFileOptions::default().compression_method(CompressionMethod::Stored),
        SimpleFileOptions::default()
            .compression_level(Some(9))
            .last_modified_time(time),
        SimpleFileOptions::default()
            .large_file(true)
            .unix_permissions(0o755),
    ] {
        let bytes = repack(&sample(), options);
        assert_ne!(bytes, pack(&sample()));
        assert_eq!(unpack(&bytes).expect("the same contents"), sample());
    }
}

#[test]
fn a_copy_packed_without_seeking_back_is_accepted() {
    let mut zip = ZipWriter::new_stream(Vec::new());
    for (path, bytes) in &sample() {
        zip.start_file(path.as_str(), SimpleFileOptions::default())
            .expect("written");
        zip.write_all(bytes).expect("written");
    }
    let bytes = zip.finish().expect("written").into_inner();
    assert_eq!(unpack(&bytes).expect("the same contents"), sample());
}

#[test]
fn bad_names_are_neither_written_nor_read() {
    for path in [
        "", "/a", "a/", "a//b", ".", "..", "a/../b", "a/./b", "a b", "é", "a\\b", "a:b",
    ] {
        assert!(!is_path(path), "{path}");
        let entries = Entries::from([(path.to_owned(), b"x".to_vec())]);
        let refused = write(&entries, Cursor::new(Vec::new()));
        assert!(matches!(refused, Err(BundleError::Path { .. })), "{path}");
    }
    assert!(!is_path(&"a".repeat(PATH_BYTES_MAX + 1)));
    let entries = Entries::from([("../evil".to_owned(), b"x".to_vec())]);
    let bytes = repack(&entries, SimpleFileOptions::default());
    assert!(matches!(unpack(&bytes), Err(BundleError::Path { path }) if path == "../evil"));
}

#[test]
fn duplicate_names_are_refused() {
    let entries: Entries = [("aaa", b"one"), ("aab", b"two")]
        .map(|(path, bytes)| (path.to_owned(), bytes.to_vec()))
        .into();
    let mut bytes = repack(&entries, SimpleFileOptions::default());
    while let Some(at) = bytes.windows(3).position(|word| word == b"aab") {
        bytes[at + 2] = b'a';
    }
    let error = unpack(&bytes).expect_err("twice");
    assert!(error_chain(&error).contains("duplicate"), "{error:?}");
}

#[test]
fn what_lies_before_the_archive_is_refused() {
    let bytes = [b"#!/bin/sh\n".as_slice(), &pack(&sample())].concat();
    assert!(unpack(&bytes).is_err());
}

#[test]
fn what_lies_before_the_archive_is_refused_though_all_offsets_fit() {
    let mut bytes = pack(&sample());
    let words = bytes.windows(4).enumerate();
    let fields: Vec<usize> = words
        .filter_map(|(at, word)| match word {
            b"PK\x01\x02" => Some(at + 42),
            b"PK\x05\x06" => Some(at + 16),
            _ => None,
        })
        .collect();
    for field in fields {
        let offset = bytes[field..].first_chunk::<4>().expect("four bytes");
        let moved = u32::from_le_bytes(*offset) + 10;
        bytes[field..field + 4].copy_from_slice(&moved.to_le_bytes());
    }
    bytes.splice(0..0, *b"#!/bin/sh\n");
    assert!(matches!(
        unpack(&bytes),
        Err(BundleError::Head { bytes: 10 })
    ));
}

#[test]
fn links_are_refused() {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.add_symlink("link", "README.txt", SimpleFileOptions::default())
        .expect("written");
    let bytes = zip.finish().expect("written").into_inner();
    assert!(matches!(unpack(&bytes), Err(BundleError::EntryKind { path }) if path == "link"));
}

#[test]
fn encrypted_entries_and_other_methods_are_refused() {
    let patched = |offset_local: usize, offset_central: usize, value: u8| {
        let entries = Entries::from([("a".to_owned(), b"x".to_vec())]);
        let mut bytes = pack(&entries);
        let central = bytes
            .windows(4)
            .position(|word| word == b"PK\x01\x02")
            .expect("there");
        bytes[offset_local] = value;
        bytes[central + offset_central] = value;
        unpack(&bytes)
    };
    assert!(
        matches!(patched(6, 8, 1), Err(BundleError::EntryKind { .. })),
        "encrypted"
    );
    assert!(
        matches!(patched(8, 10, 12), Err(BundleError::EntryKind { .. })),
        "bzip2"
    );
}

#[test]
fn a_bundle_that_would_unpack_out_of_proportion_is_refused() {
    let bytes = usize::try_from(RATIO_FREE_BYTES).expect("fits") + 1;
    let entries = Entries::from([("zeros".to_owned(), vec![0; bytes])]);
    assert!(matches!(
        write(&entries, Cursor::new(Vec::new())),
        Err(BundleError::Ratio { .. })
    ));
    let bomb = repack(&entries, SimpleFileOptions::default());
    assert!(matches!(unpack(&bomb), Err(BundleError::Ratio { .. })));
    check_ratio(1 << 20, RATIO_MAX << 20).expect("in proportion");
}

#[test]
fn lengths_have_limits() {
    assert!(check_length("a", ENTRY_BYTES_MAX, 0).is_ok());
    assert!(matches!(
        check_length("a", ENTRY_BYTES_MAX + 1, 0),
        Err(BundleError::EntryTooLong { .. })
    ));
    assert!(matches!(
        check_length("a", 1, BUNDLE_BYTES_MAX),
        Err(BundleError::TooLong { .. })
    ));
    let crowd: Entries = (0..=ENTRIES_MAX)
        .map(|nth| (nth.to_string(), Vec::new()))
        .collect();
    let refused = write(&crowd, Cursor::new(Vec::new()));
    assert!(matches!(refused, Err(BundleError::TooManyEntries { .. })));
}

#[test]
fn an_entry_that_is_not_there_is_missing() {
    let mut bundle = Bundle::open(Cursor::new(pack(&sample()))).expect("valid");
    assert!(bundle.contains("README.txt") && !bundle.contains("readme.txt"));
    assert!(matches!(
        bundle.read("readme.txt"),
        Err(BundleError::Missing { .. })
    ));
}

fn error_chain(error: &dyn std::error::Error) -> String {
    let source = error.source().map(error_chain).unwrap_or_default();
    format!("{error}: {source}")
}

proptest! {
    #[test]
    fn any_contents_round_trip(
        entries in proptest::collection::btree_map("[a-z]{1,4}(/[a-z0-9-]{1,4}){0,2}", any::<Vec<u8>>(), 0..6),
    ) {
        let bytes = pack(&entries);
        prop_assert_eq!(&bytes, &pack(&entries));
        prop_assert_eq!(unpack(&bytes).expect("valid"), entries);
    }

    #[test]
    fn arbitrary_and_damaged_bytes_never_panic(
        noise: Vec<u8>, damage in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..4),
    ) {
        prop_assert!(unpack(&noise).is_err());
        let mut bytes = pack(&sample());
        for (at, byte) in damage {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        drop(unpack(&bytes)); // Refused or read, never a panic.
    }
}
