//! The comment that names the SHA-256 of the file: both say the same of flipped bits, and of copies
//! that were packed anew.

use std::io::{Cursor, Write as _};
use std::process::Command;

use serde_json::Value;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::super::flips::{judged, small, smallest};
use super::cases::SCRIPT;
use super::packing::find;
use super::*;

fn bent(zip: &[u8], at: usize, bit: usize) -> Vec<u8> {
    let mut bent = zip.to_vec();
    bent[at] ^= 1 << bit;
    bent
}

#[test]
fn both_catch_flips_in_every_structure_of_the_file() {
    let world = small();
    let zip = smallest(&world);
    let (locals, centrals) = (find(&zip, *b"PK\x03\x04"), find(&zip, *b"PK\x01\x02"));
    let mut cases = Cases::new(&world);
    for (what, start, length) in [
        ("local header", locals[1], 30),
        ("directory", centrals[1], 46),
        ("end and comment", zip.len() - 106, 106),
    ] {
        for at in start..start + length {
            let bit = at % 8;
            let name = format!("{what}, bit {bit} of byte {}", at - start);
            cases.add_bytes(name, &bent(&zip, at, bit), Trust::Policy);
        }
    }
    // The last bits of a member's last byte mostly stand behind the end of what was deflated.
    let mut spelled = 0;
    for end in locals[1..].iter().chain(&centrals[..1]) {
        let bent = bent(&zip, end - 1, 7);
        spelled += u32::from(judged(&bent, &world).is_some());
        cases.add_bytes(format!("deflated, byte {}", end - 1), &bent, Trust::Policy);
    }
    assert!(spelled > 3, "{spelled} of {}", locals.len());
    cases.compare();
}

/// By another program, which leaves members as they are and gives the file a comment.
fn copy(world: &World, comment: &[u8]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, bytes) in assemble(&world.contents, &world.export).unwrap() {
        zip.start_file(path, SimpleFileOptions::default()).unwrap();
        zip.write_all(&bytes).unwrap();
    }
    zip.set_raw_comment(comment.into()).unwrap();
    zip.finish().unwrap().into_inner()
}

/// V1 as the library tells it, and as the script does where there is a Python.
fn told(world: &World, zip: &[u8]) -> Vec<Value> {
    let mut bundle = Bundle::open(Cursor::new(zip)).unwrap();
    let report = verify(&mut bundle, Some(&world.policy), &Options::default());
    let mut reports = vec![serde_json::to_value(&report).unwrap()];
    if let Some(python) = python() {
        let folder = tempfile::tempdir().unwrap();
        let (file, policy) = (folder.path().join("b.zip"), folder.path().join("p.txt"));
        std::fs::write(&file, zip).unwrap();
        std::fs::write(&policy, &world.contents.policy).unwrap();
        let mut command = Command::new(python);
        command.args(["-B", SCRIPT, "--json", "--policy"]);
        let output = command.args([&policy, &file]).output().unwrap();
        reports.push(serde_json::from_slice(&output.stdout).unwrap());
    }
    let mut told = Vec::new();
    for report in reports {
        assert_eq!(words(&report)[1..5], ["pass"; 4], "{report}");
        told.push(report["verdicts"][0].clone());
    }
    told
}

#[test]
fn a_copy_packed_anew_passes_and_both_say_so() {
    let world = World::new(Twist::None);
    let written = packed(&assemble(&world.contents, &world.export).unwrap());
    for (zip, remark) in [
        (copy(&world, b""), "the file was packed anew"),
        (written, "the bytes of the file are those"),
    ] {
        for told in told(&world, &zip) {
            assert_eq!(told["verdict"], "pass", "{told}");
            let said = told["remarks"][0].as_str().unwrap();
            assert!(said.starts_with(remark), "{said}");
        }
    }
}

#[test]
fn a_copy_packed_anew_with_any_comment_fails_in_both() {
    let world = World::new(Twist::None);
    let written = packed(&assemble(&world.contents, &world.export).unwrap());
    let kept = &written[written.len() - 84..];
    for comment in [kept, b"packed by somebody", &kept[1..]] {
        for told in told(&world, &copy(&world, comment)) {
            assert_eq!(told["verdict"], "fail", "{told}");
            assert_eq!(told["place"], "the ZIP file");
            assert!(
                told["reason"]
                    .as_str()
                    .unwrap()
                    .contains("get the file again")
            );
        }
    }
}

/// What follows an end record with a second one, which leads nowhere, is not taken for a copy.
#[test]
fn a_second_end_behind_the_first_fails_in_both() {
    let world = World::new(Twist::None);
    let written = packed(&assemble(&world.contents, &world.export).unwrap());
    for mut zip in [written, copy(&world, b"")] {
        zip.extend(b"PK\x05\x06");
        zip.extend([0; 4]);
        zip.extend([1, 0, 1, 0]);
        zip.extend([0; 10]);
        for told in told(&world, &zip) {
            assert_eq!(told["verdict"], "fail", "{told}");
            assert_eq!(told["place"], "the ZIP file");
        }
    }
}
