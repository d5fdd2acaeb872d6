//! Bundles that are not what they say, by makers who may sign manifests.

use evidence::checkpoint::Checkpoint;
use evidence::hash::Hash;
use evidence::manifest::{MANIFEST_PATH, Manifest, Profile};
use evidence::note::{SignedNote, SigningKey};

use super::fixture::{Twist, World, judge, open};
use crate::layout::paths::StreamPath;
use crate::*;

fn verdict(report: &Report, check: Check) -> &Verdict {
    let judged = report.verdicts.iter().find(|judged| judged.check == check);
    &judged.unwrap().verdict
}

pub(super) fn failed(report: &Report) -> Vec<Check> {
    let failed = report.verdicts.iter();
    failed
        .filter(|judged| matches!(judged.verdict, Verdict::Fail { .. }))
        .map(|judged| judged.check)
        .collect()
}

/// A world bent by `bend`, judged anew and signed again, must fail the check for the reason.
#[track_caller]
pub(super) fn caught(twist: Twist, bend: impl FnOnce(&mut Contents), check: Check, reason: &str) {
    let mut world = World::new(twist);
    bend(&mut world.contents);
    judge(&mut world.contents);
    let report = world.verify();
    let text = render_text(&report);
    match verdict(&report, check) {
        Verdict::Fail { place, reason: why } => {
            assert!(format!("{place}: {why}").contains(reason), "{text}");
        }
        _ => panic!("{text}"),
    }
}

#[test]
fn a_flipped_byte_in_any_member_is_noticed() {
    let world = World::new(Twist::None);
    let members = assemble(&world.contents, &world.export).unwrap();
    for (path, bytes) in &members {
        for at in [0, bytes.len() / 2] {
            let mut bent = members.clone();
            let bytes = bent.get_mut(path).unwrap();
            if let Some(byte) = bytes.get_mut(at) {
                *byte ^= 1;
            }
            if bent == members {
                continue; // An empty member has no byte to flip.
            }
            let report = verify(&mut open(&bent), Some(&world.policy), &Options::default());
            assert_eq!(
                report.exit_code(),
                1,
                "{path} at {at}\n{}",
                render_text(&report)
            );
        }
    }
}

/// Who may sign manifests can bend every member, but none that the verdicts rest on unnoticed.
#[test]
fn a_flipped_byte_is_noticed_though_the_manifest_is_signed_anew() {
    let world = World::new(Twist::None);
    let members = assemble(&world.contents, &world.export).unwrap();
    let for_people = [
        layout::README,
        layout::REPORT,
        layout::POLICY,
        layout::SPEC,
        layout::SCRIPT,
    ];
    for (path, bytes) in &members {
        let for_people = for_people.contains(&path.as_str()) || layout::is_legal(path);
        if path == MANIFEST_PATH || for_people {
            continue;
        }
        for at in [bytes.len() / 3, bytes.len() * 2 / 3] {
            let mut bent = members.clone();
            if let Some(byte) = bent.get_mut(path).unwrap().get_mut(at) {
                *byte ^= 1;
            }
            let text = Manifest::of("VIO-1", Profile::Claim, &bent).text().unwrap();
            let signed = evidence::note::sign(&text, &[&world.export]).unwrap();
            bent.insert(MANIFEST_PATH.into(), signed.to_bytes());
            let report = verify(&mut open(&bent), Some(&world.policy), &Options::default());
            assert_eq!(
                report.exit_code(),
                1,
                "{path} at {at}\n{}",
                render_text(&report)
            );
        }
    }
}

#[test]
fn a_missing_member_is_noticed() {
    let world = World::new(Twist::None);
    let members = assemble(&world.contents, &world.export).unwrap();
    for path in members.keys() {
        let mut bent = members.clone();
        bent.remove(path);
        let report = verify(&mut open(&bent), Some(&world.policy), &Options::default());
        assert!(failed(&report).contains(&Check::Container), "{path}");
    }
}

#[test]
fn an_added_member_is_noticed() {
    let world = World::new(Twist::None);
    let mut members = assemble(&world.contents, &world.export).unwrap();
    members.insert("agents/eu/extra.jsonl".into(), b"{}\n".to_vec());
    let report = verify(
        &mut open(&members),
        Some(&world.policy),
        &Options::default(),
    );
    assert_eq!(failed(&report), [Check::Container]);
}

#[test]
fn a_flipped_outcome_is_caught() {
    let flip = |contents: &mut Contents| {
        let core = &mut contents.streams[0].cores[10];
        *core = core.replace(r#""status":200"#, r#""status":500"#);
    };
    caught(Twist::None, flip, Check::Chain, "was signed over");
}

#[test]
fn a_deleted_success_is_caught() {
    let delete = |contents: &mut Contents| {
        let stream = &mut contents.streams[0];
        stream.cores.remove(10);
        let path = stream
            .paths
            .iter_mut()
            .find(|path| path.end_i() > 10)
            .unwrap();
        path.count -= 1;
    };
    caught(
        Twist::None,
        delete,
        Check::Chain,
        "index 11 stands where 10 belongs",
    );
}

#[test]
fn a_dropped_batch_is_caught_in_log_and_chain() {
    let drop_batch = |contents: &mut Contents| {
        let at = position(contents, "eu", 4);
        contents.segment.remove(at);
        let stream = &mut contents.streams[0];
        stream.paths.remove(4);
        stream.cores.drain(20..25);
    };
    caught(Twist::None, drop_batch, Check::Log, "another root");
    caught(Twist::None, drop_batch, Check::Chain, "follows batch 3");
}

#[test]
fn swapped_batches_are_caught() {
    let swap = |contents: &mut Contents| {
        let (a, b) = (position(contents, "eu", 4), position(contents, "eu", 5));
        contents.segment.swap(a, b);
    };
    caught(Twist::None, swap, Check::Log, "another root");
}

#[test]
fn a_tail_cut_off_is_caught() {
    let cut = |contents: &mut Contents| {
        contents.segment.truncate(contents.segment.len() - 2);
    };
    caught_unjudged(cut, Check::Log, "lies outside");
}

#[test]
fn a_tail_cut_off_with_its_anchors_is_caught() {
    let cut = |contents: &mut Contents| {
        for _ in 0..2 {
            contents.anchors.pop();
        }
        let last = contents.anchors.last().unwrap();
        let size = Checkpoint::parse(SignedNote::parse(last).unwrap().text())
            .unwrap()
            .size;
        let kept = usize::try_from(size - contents.prefix.size()).unwrap();
        contents.segment.truncate(kept);
        for stream in &mut contents.streams {
            let end = stream.paths.len() - 2;
            stream.paths.truncate(end);
            let lines = stream.paths.last().unwrap().end_i();
            stream.cores.truncate(usize::try_from(lines).unwrap());
        }
    };
    caught(Twist::None, cut, Check::Coverage, "closes its part");
}

#[test]
fn a_sample_added_is_caught() {
    let add = |contents: &mut Contents| {
        let stream = &mut contents.streams[0];
        let last = stream.cores.last().unwrap().clone();
        let i = stream.cores.len();
        stream
            .cores
            .push(last.replace(&format!("\"i\":{}", i - 1), &format!("\"i\":{i}")));
    };
    caught(
        Twist::None,
        add,
        Check::Chain,
        "a line that no batch carries",
    );
    let hide = |contents: &mut Contents| {
        add(contents);
        contents.streams[0].paths.last_mut().unwrap().count += 1;
    };
    caught(Twist::None, hide, Check::Chain, "was signed over");
}

#[test]
fn white_space_is_caught() {
    let space = |contents: &mut Contents| {
        let core = &mut contents.streams[0].cores[3];
        *core = core.replace("\"v\":1", "\"v\": 1");
    };
    caught(Twist::None, space, Check::Chain, "not canonical");
}

#[test]
fn a_stream_left_out_is_caught() {
    let leave = |contents: &mut Contents| {
        contents.streams.remove(1);
    };
    caught(Twist::None, leave, Check::Coverage, "lacks this stream");
}

#[test]
fn an_agent_left_out_is_caught() {
    let leave = |contents: &mut Contents| {
        contents.streams.remove(1);
        contents.agents.pop();
    };
    caught(
        Twist::None,
        leave,
        Check::Coverage,
        "agent `us` is not in both",
    );
}

#[test]
fn a_detail_that_is_another_is_caught() {
    let bend = |contents: &mut Contents| {
        contents.streams[0].details[2] = r#"{"phase":{},"salt":"x"}"#.to_owned();
    };
    caught(Twist::None, bend, Check::Chain, "does not match the hash");
    let remove = |contents: &mut Contents| {
        contents.streams[0].details.pop();
    };
    caught(Twist::None, remove, Check::Chain, "ends too early");
}

#[test]
fn a_record_that_the_operator_did_not_sign_is_caught() {
    let forge = |contents: &mut Contents| {
        let record = &mut contents.contract_records[0];
        let name = contents.origin.operator();
        let other = SigningKey::from_seed(&name, &[99; 32]).unwrap();
        let text = SignedNote::parse(&record.note).unwrap().text().to_owned();
        record.note = evidence::note::sign(&text, &[&other]).unwrap().to_bytes();
    };
    caught(Twist::None, forge, Check::Coverage, "not signed by");
}

#[test]
fn an_anchor_that_nobody_vouches_for_is_caught() {
    let strip = |contents: &mut Contents| {
        let text = String::from_utf8(contents.anchors[3].clone()).unwrap();
        let kept: Vec<&str> = text.lines().take(5).collect();
        contents.anchors[3] = (kept.join("\n") + "\n").into_bytes();
    };
    caught_unjudged(strip, Check::Time, "no known witness");
}

#[test]
fn a_record_that_is_not_proven_to_be_in_the_log_is_caught() {
    let bend = |contents: &mut Contents| {
        contents.fleet_records[1].proof[0] = Hash::of(b"another");
    };
    caught(Twist::None, bend, Check::Log, "does not lead to the root");
    let drop_index = |contents: &mut Contents| {
        contents.fleet_records[1].index = contents.prefix.size();
    };
    caught(
        Twist::None,
        drop_index,
        Check::Log,
        "neither in the segment nor proven",
    );
}

#[test]
fn another_log_than_the_policys_is_caught() {
    let world = World::new(Twist::None);
    let other = World::under("other.example", Twist::None);
    let report = verify(
        &mut world.bundle(),
        Some(&other.policy),
        &Options::default(),
    );
    assert!(failed(&report).contains(&Check::Log));
}

#[test]
fn an_anchor_that_the_log_did_not_sign_is_caught() {
    let mut world = World::new(Twist::None);
    let anchor = &mut world.contents.anchors[3];
    let name = world.log.name();
    let other = SigningKey::from_seed(name, &[99; 32]).unwrap();
    let signed = SignedNote::parse(anchor).unwrap();
    let mut forged = evidence::note::sign(signed.text(), &[&other]).unwrap();
    for line in &signed.signatures()[1..] {
        forged.push(line.clone()).unwrap();
    }
    *anchor = forged.to_bytes();
    assert_eq!(failed(&world.verify()), [Check::Log]);
    let alone = verify(&mut world.bundle(), None, &Options::default());
    assert_eq!(failed(&alone), [Check::Log]);
}

#[test]
fn a_quorum_that_is_not_met_is_caught() {
    let bend = |contents: &mut Contents| {
        let last = contents.anchors.last_mut().unwrap();
        let mut lines: Vec<&str> = std::str::from_utf8(last).unwrap().lines().collect();
        lines.pop();
        *last = (lines.join("\n") + "\n").into_bytes();
    };
    caught(Twist::None, bend, Check::Log, "quorum not met");
}

#[test]
fn a_manifest_of_another_key_is_caught() {
    let world = World::new(Twist::None);
    let members = assemble(&world.contents, &world.log).unwrap();
    let report = verify(
        &mut open(&members),
        Some(&world.policy),
        &Options::default(),
    );
    assert_eq!(failed(&report), [Check::Container]);
}

#[test]
fn a_path_to_another_batch_is_caught() {
    let bend = |contents: &mut Contents| {
        let paths: &mut Vec<StreamPath> = &mut contents.streams[0].paths;
        paths[3].hashes = paths[4].hashes.clone();
    };
    caught(Twist::None, bend, Check::Chain, "was signed over");
}

/// As [`caught`], for contents that no result follows from.
#[track_caller]
fn caught_unjudged(bend: impl FnOnce(&mut Contents), check: Check, reason: &str) {
    let mut world = World::new(Twist::None);
    bend(&mut world.contents);
    let report = world.verify();
    let text = render_text(&report);
    assert!(
        matches!(verdict(&report, check), Verdict::Fail { .. }),
        "{text}"
    );
    assert!(text.contains(reason), "{text}");
}

fn position(contents: &Contents, agent: &str, seq: u64) -> usize {
    let name = format!("/agents/{agent}\nbatch {seq}\n");
    let is_it = |entry: &Vec<u8>| String::from_utf8_lossy(entry).contains(&name);
    contents.segment.iter().position(is_it).unwrap()
}
