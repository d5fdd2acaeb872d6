use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;

fn gzip(text: &str) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

fn zstd(text: &str) -> Vec<u8> {
    zstd::encode_all(text.as_bytes(), 3).unwrap()
}

fn rows(first: u32, count: u32) -> String {
    let row = |n: u32| format!("{},200,{n}\n", 1_790_812_800_000_u64 + u64::from(n));
    (first..first + count).map(row).collect()
}

#[test]
fn packed_files_are_read_whole_in_any_number_of_parts() {
    let (one, two) = (
        format!("time,status,total_ms\n{}", rows(0, 500)),
        rows(500, 500),
    );
    let expected = read(format!("{one}{two}"));
    assert_eq!(expected.len(), 1_000);
    for packed in [
        [gzip(&one), gzip(&two)].concat(),
        [zstd(&one), zstd(&two)].concat(),
        [
            b"\x50\x2a\x4d\x18\x01\0\0\0x".to_vec(),
            zstd(&one),
            zstd(&two),
        ]
        .concat(),
    ] {
        assert!(read(packed) == expected);
    }
}

#[test]
fn the_bytes_read_are_those_of_the_packed_file() {
    let packed = gzip(&format!("time,status,total_ms\n{}", rows(0, 5_000)));
    let mut log = open(packed.as_slice(), options()).unwrap();
    assert_eq!(log.packing(), Packing::Gzip);
    while log.read().unwrap().is_some() {}
    assert_eq!(log.bytes_read(), packed.len() as u64);
}

#[test]
fn a_packed_file_that_was_cut_off_anywhere_is_an_error() {
    let text = format!("time,status,total_ms\n{}", rows(0, 300));
    for packed in [[gzip(&text), gzip(&rows(0, 9))].concat(), zstd(&text)] {
        let whole_parts = [gzip(&text).len()];
        for length in 0..packed.len() {
            let (kept, error) = drain(&packed[..length], options());
            let ends_between_parts = packed[0] == 0x1f && whole_parts.contains(&length);
            assert!(
                error.is_some() != ends_between_parts,
                "{length} of {} gave {} samples and {error:?}",
                packed.len(),
                kept.len()
            );
        }
    }
}

#[test]
fn what_is_wrong_with_a_packed_file_is_said() {
    let packed = gzip(&format!("time,status,total_ms\n{}", rows(0, 3)));
    insta::assert_snapshot!(error(&packed[..packed.len() - 9]), @"the gzip data ends early, after line 4: it was cut off; copy the file again");
    let mut other = packed.clone();
    let checksum = packed.len() - 8;
    other[checksum] ^= 1;
    insta::assert_snapshot!(error(&other), @"failed to unpack the gzip data that follows line 4");
    insta::assert_snapshot!(error([packed, b"\nmore".to_vec()].concat()), @"the gzip data ends early, after line 4: it was cut off; copy the file again");
}

#[test]
fn after_an_error_of_the_file_nothing_follows() {
    let packed = gzip(&format!("time,status,total_ms\n{}", rows(0, 3)));
    let mut log = open(&packed[..packed.len() - 4], options()).unwrap();
    while matches!(log.read(), Ok(Some(_))) {}
    assert!(matches!(log.read(), Ok(None)));
}
