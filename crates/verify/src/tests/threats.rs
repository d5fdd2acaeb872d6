//! Attacks of the table in `docs/threats.md` that no other file here mounts, by an operator who
//! signs anew whatever his keys can sign.

use std::collections::BTreeSet;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use evidence::checkpoint::Checkpoint;
use evidence::hash::Hash;
use evidence::manifest::{MANIFEST_PATH, Manifest, Profile};
use evidence::note::{self, SignedNote, SigningKey};
use evidence::registry::{RegistryNote, registry_hash};
use evidence::tree;

use super::fixture::{Twist, World, judge, open};
use super::honest::remarks;
use super::tampering::{caught, failed};
use crate::*;

/// The operator replaces a record that is in the log, computes the whole tree anew and signs all
/// checkpoints with the log's key. What he cannot sign are the cosignatures.
#[test]
fn a_log_that_was_rewritten_is_caught() {
    let mut world = World::new(Twist::None);
    let contents = &mut world.contents;
    let operator = SigningKey::from_seed(&contents.origin.operator(), &[1; 32]).unwrap();
    let record = &mut contents.contract_records[0];
    let signed = SignedNote::parse(&record.note).unwrap();
    let mut note = RegistryNote::parse(signed.text()).unwrap();
    note.at_s -= 86_400;
    assert_eq!(note.prev, Hash::ZERO, "nothing else in its chain changes");
    assert_ne!(
        registry_hash(signed.text()),
        registry_hash(&note.text().unwrap())
    );
    let forged = note::sign(&note.text().unwrap(), &[&operator])
        .unwrap()
        .to_bytes();
    let at = usize::try_from(record.index - contents.prefix.size()).unwrap();
    record.note.clone_from(&forged);
    contents.segment[at] = forged;
    let mut range = contents.prefix.clone();
    let mut roots = vec![range.root()];
    for entry in &contents.segment {
        range.append(tree::leaf_hash(entry));
        roots.push(range.root());
    }
    for anchor in &mut contents.anchors {
        let note = SignedNote::parse(anchor).unwrap();
        let mut checkpoint = Checkpoint::parse(note.text()).unwrap();
        let size = usize::try_from(checkpoint.size - contents.prefix.size()).unwrap();
        checkpoint.root = roots[size];
        *anchor = checkpoint.sign(&world.log).unwrap().to_bytes();
    }
    let report = world.verify();
    let caught = failed(&report);
    let text = render_text(&report);
    assert!(
        caught.contains(&Check::Log) && caught.contains(&Check::Time),
        "{text}"
    );
    assert!(
        text.contains("saw another log"),
        "the agents remember: {text}"
    );
}

/// A second chain over the same text, to choose from later, shows in the segment.
#[test]
fn a_second_contract_over_the_same_text_is_caught() {
    let world = World::new(Twist::SecondContract);
    let report = world.verify();
    assert_eq!(report.exit_code(), 0, "{}", render_text(&report));
    let told = remarks(&report, Check::Log);
    assert!(
        told.contains("1 records of other contracts are in the segment"),
        "{told}"
    );
    // With its body at hand, nothing is left to ask.
    let mut members = assemble(&world.contents, &world.export).unwrap();
    let body = world.second_contract();
    members.insert(layout::body(&Hash::of(body.as_bytes())), body.into_bytes());
    let text = Manifest::of("VIO-1", Profile::Claim, &members)
        .text()
        .unwrap();
    let signed = note::sign(&text, &[&world.export]).unwrap();
    members.insert(MANIFEST_PATH.into(), signed.to_bytes());
    let report = verify(
        &mut open(&members),
        Some(&world.policy),
        &Options::default(),
    );
    let text = render_text(&report);
    assert_eq!(failed(&report), [Check::Log], "{text}");
    assert!(text.contains("is about the same contract text"), "{text}");
}

#[test]
fn an_agent_that_says_it_saw_another_empty_log_is_heard() {
    let reason = "batch 0 of `eu` saw another log than this";
    caught(Twist::SplitFirst, |_| {}, Check::Log, reason);
}

#[test]
fn exclusions_are_marked_as_the_claimants_word() {
    let mut world = World::new(Twist::None);
    let terms = &mut world.contents.terms;
    terms.exclusions.push(sla::ExcludedSpan {
        window: terms.window,
        kind: "maintenance".into(),
        reason: "announced".into(),
        announced: None,
    });
    judge(&mut world.contents);
    let told = remarks(&world.verify(), Check::Result);
    assert!(
        told.contains("1 exclusions are the claimant's own word"),
        "{told}"
    );
}

#[test]
fn a_key_that_stands_twice_in_the_result_is_caught() {
    let world = World::new(Twist::None);
    let mut members = assemble(&world.contents, &world.export).unwrap();
    let result = String::from_utf8(members[layout::RESULT].clone()).unwrap();
    let (head, tail) = result.split_once("\"verdict\"").unwrap();
    let twice = format!("{head}\"verdict\":\"met\",\"verdict\"{tail}");
    members.insert(layout::RESULT.into(), twice.into_bytes());
    let text = Manifest::of("VIO-1", Profile::Claim, &members)
        .text()
        .unwrap();
    let signed = note::sign(&text, &[&world.export]).unwrap();
    members.insert(MANIFEST_PATH.into(), signed.to_bytes());
    let report = verify(
        &mut open(&members),
        Some(&world.policy),
        &Options::default(),
    );
    let text = render_text(&report);
    assert_eq!(failed(&report), [Check::Result], "{text}");
    assert!(text.contains("key `verdict` stands twice"), "{text}");
}

/// What a bundle cannot show is said where people begin to read.
#[test]
fn the_readme_says_what_a_bundle_cannot_show() {
    let world = World::new(Twist::None);
    let members = assemble(&world.contents, &world.export).unwrap();
    let readme = String::from_utf8_lossy(&members[layout::README]).into_owned();
    assert!(readme.contains("that the agents told the truth while they recorded"));
    assert!(readme.contains("request ids"));
    let told = remarks(&world.verify(), Check::Time);
    assert!(told.contains("the policy names no other witness"), "{told}");
}

#[test]
fn no_member_holds_a_secret_key() {
    let world = World::new(Twist::Rotated);
    let members = assemble(&world.contents, &world.export).unwrap();
    for seed in [1_u8, 2, 3, 10, 11, 20] {
        let seed = [seed; 32];
        let hex: Vec<String> = seed.iter().map(|byte| format!("{byte:02x}")).collect();
        for spelled in [
            seed.to_vec(),
            hex.concat().into_bytes(),
            STANDARD.encode(seed).into_bytes(),
        ] {
            for (path, bytes) in &members {
                let held = bytes.windows(spelled.len()).any(|part| part == spelled);
                assert!(!held, "{path}");
            }
        }
    }
}

/// The table names tests; they are there.
#[test]
fn every_test_of_the_table_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let table = std::fs::read_to_string(root.join("docs/threats.md")).unwrap();
    let named: BTreeSet<&str> = table
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|name| name.contains("::"))
        .collect();
    assert!(named.len() > 30, "{named:?}");
    for name in named {
        let (file, test) = name.rsplit_once("::").unwrap();
        let file = file.replace("::", "/");
        let places = [
            format!("crates/verify/src/tests/{file}.rs"),
            format!("crates/{file}.rs"),
        ];
        let held = places.iter().any(|place| {
            let source = std::fs::read_to_string(root.join(place)).unwrap_or_default();
            source.contains(&format!("fn {test}()")) || source.contains(&format!("fn {test}("))
        });
        assert!(held, "docs/threats.md names `{name}`, which is nowhere");
    }
    for row in (1..=23).map(|row| row.to_string()).chain(["4b".to_owned()]) {
        assert!(table.contains(&format!("\n| {row} |")), "row {row}");
    }
}
