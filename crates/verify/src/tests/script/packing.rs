//! ZIP files as other programs write them, and as nobody should.

use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::bend::Dice;
use super::{Cases, Members, Trust, Twist, World, assemble, number, packed};

/// One of several ways to pack, and then mostly a fault; tells which.
pub(super) fn bend(members: &Members, dice: &mut Dice) -> (String, Vec<u8>) {
    let (how, mut zip) = pack(members, dice);
    let what = match dice.below(10) {
        0 => "nothing else".to_owned(),
        1 => {
            zip.extend([b"tail".as_slice(), b"PK\x05\x06", &[0; 40]][dice.below(3)]);
            "a tail".to_owned()
        }
        2 => {
            zip.splice(0..0, *b"#!/bin/sh\n");
            "a head".to_owned()
        }
        3 => {
            let gone = 1 + dice.below(40);
            zip.truncate(zip.len() - gone);
            format!("{gone} bytes cut off")
        }
        4 => moved(&mut zip, dice),
        5 => renamed(&mut zip),
        _ => flipped(&mut zip, dice),
    };
    (format!("{how}, {what}"), zip)
}

fn pack(members: &Members, dice: &mut Dice) -> (&'static str, Vec<u8>) {
    let options = SimpleFileOptions::default();
    let time = DateTime::from_date_and_time(2026, 11, 22, 12, 0, 0).unwrap();
    let options = match dice.below(6) {
        0 => return ("as written", packed(members)),
        1 => return ("streamed", streamed(members)),
        2 => options.compression_method(CompressionMethod::Stored),
        3 => options.compression_level(Some(9)).last_modified_time(time),
        4 => options.large_file(true).unix_permissions(0o755),
        _ => options.with_alignment(64),
    };
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.add_directory("agents/", SimpleFileOptions::default())
        .unwrap();
    for (path, bytes) in members.iter().rev() {
        zip.start_file(path.as_str(), options).unwrap();
        zip.write_all(bytes).unwrap();
    }
    if dice.below(3) == 0 {
        zip.set_comment("a comment").unwrap();
    }
    ("packed anew", zip.finish().unwrap().into_inner())
}

fn streamed(members: &Members) -> Vec<u8> {
    let mut zip = ZipWriter::new_stream(Vec::new());
    for (path, bytes) in members {
        zip.start_file(path.as_str(), SimpleFileOptions::default())
            .unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// Where a structure of the file begins.
pub(super) fn find(zip: &[u8], magic: [u8; 4]) -> Vec<usize> {
    let words = zip.windows(4).enumerate();
    words
        .filter(|(_, word)| *word == magic)
        .map(|(at, _)| at)
        .collect()
}

/// A bit somewhere in a structure, or anywhere.
fn flipped(zip: &mut [u8], dice: &mut Dice) -> String {
    let (magic, length) = *dice.of(&[
        (b"PK\x01\x02", 46),
        (b"PK\x03\x04", 30),
        (b"PK\x05\x06", 106),
    ]);
    let at = *dice.of(&find(zip, *magic)) + dice.below(length + 4);
    let at = [at.min(zip.len() - 1), dice.below(zip.len())][usize::from(dice.below(4) == 0)];
    let bit = dice.below(8);
    zip[at] ^= 1 << bit;
    format!("bit {bit} of byte {at} of {}", zip.len())
}

/// Bytes before the first entry or between entries, with all offsets made to fit.
fn moved(zip: &mut Vec<u8>, dice: &mut Dice) -> String {
    let locals = find(zip, *b"PK\x03\x04");
    let at = [0, *dice.of(&locals)][dice.below(2)];
    let hidden: &[u8] = [
        b"hidden".as_slice(),
        b"PK\x03\x04 but no entry",
        b"PK\x03\x04\x14\0\0\0\0\0\0\0!\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0x",
    ][dice.below(3)];
    let by = u32::try_from(hidden.len()).unwrap();
    for header in find(zip, *b"PK\x01\x02") {
        shift(zip, header + 42, at, by);
    }
    let end = *find(zip, *b"PK\x05\x06").last().unwrap();
    shift(zip, end + 16, at, by);
    zip.splice(at..at, hidden.iter().copied());
    format!("{by} bytes hidden at {at}")
}

fn shift(zip: &mut [u8], field: usize, at: usize, by: u32) {
    let bytes = zip[field..field + 4].first_chunk::<4>().copied().unwrap();
    let offset = u32::from_le_bytes(bytes);
    if usize::try_from(offset).unwrap() >= at {
        zip[field..field + 4].copy_from_slice(&(offset + by).to_le_bytes());
    }
}

/// Two entries of one name: `result/inputs.json` is called as another of its length.
fn renamed(zip: &mut [u8]) -> String {
    let (from, to) = (b"result/inputs.json", b"result/result.json");
    let places: Vec<usize> = (0..zip.len() - from.len())
        .filter(|at| zip[*at..].starts_with(from))
        .collect();
    for at in places {
        zip[at..at + to.len()].copy_from_slice(to);
    }
    "a name twice".to_owned()
}

#[test]
fn both_read_the_same_files_as_bundles() {
    let world = World::new(Twist::None);
    let members = assemble(&world.contents, &world.export).unwrap();
    let mut cases = Cases::new(&world);
    let (first, many) = (number("NINES_SEED", 0), number("NINES_MUTATIONS", 60));
    for seed in first..first + many {
        let (what, zip) = bend(&members, &mut Dice::new(seed));
        cases.add_bytes(format!("seed {seed}: {what}"), &zip, Trust::Policy);
    }
    for head in [
        &b""[..],
        b"PK\x05\x06",
        &[b"PK\x05\x06".as_slice(), &[0; 18]].concat(),
    ] {
        cases.add_bytes(format!("{} bytes", head.len()), head, Trust::Policy);
    }
    cases.compare();
}

/// A stream may give all its bytes and lack its end: bits of its last bytes decide that.
#[test]
fn both_want_the_end_of_what_is_unpacked() {
    let world = World::new(Twist::None);
    let zip = packed(&assemble(&world.contents, &world.export).unwrap());
    let heads = find(&zip, *b"PK\x03\x04");
    let mut cases = Cases::new(&world);
    for (before, bit) in (1..=2).flat_map(|before| (0..8).map(move |bit| (before, bit))) {
        let mut bent = zip.clone();
        bent[heads[3] - before] ^= 1 << bit;
        let name = format!("bit {bit}, {before} before the end");
        cases.add_bytes(name, &bent, Trust::Policy);
    }
    cases.compare();
}
