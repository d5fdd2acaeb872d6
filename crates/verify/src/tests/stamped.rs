//! Bundles with timestamps, judged by both verifiers, and by OpenSSL as the README says.

use std::fs;
use std::path::Path;
use std::process::Command;

use chrono::{DateTime, TimeDelta, Utc};
use evidence::bundle::Packed;
use evidence::checkpoint::Checkpoint;
use evidence::hash::Hash;
use evidence::note::SignedNote;

use super::fixture::{Twist, World, open};
use super::honest::{all_pass, remarks};
use super::script::{Members, python, signed_anew, words};
use crate::assemble::add_to_manifest;
use crate::timestamp::tests::authority::Authority;
use crate::*;

/// How long after the cosignature the authority was asked.
const LATER: TimeDelta = TimeDelta::seconds(10);
/// The anchors that are stamped.
const STAMPED: [usize; 2] = [5, 14];

fn text_of(note: &[u8]) -> (Hash, u64) {
    let note = SignedNote::parse(note).unwrap();
    let size = Checkpoint::parse(note.text()).unwrap().size;
    (Hash::of(note.text().as_bytes()), size)
}

fn cosigned_at(note: &[u8]) -> DateTime<Utc> {
    let note = SignedNote::parse(note).unwrap();
    let time = note.signatures()[1].signature().first_chunk::<8>();
    let time_s = i64::try_from(u64::from_be_bytes(*time.unwrap())).unwrap();
    DateTime::from_timestamp(time_s, 0).unwrap()
}

fn spelled(at: DateTime<Utc>) -> String {
    at.format("%Y%m%d%H%M%SZ").to_string()
}

/// A token by the good authority over an anchor, so much after its first cosignature.
fn token(world: &World, anchor: usize, later: TimeDelta) -> Timestamp {
    let note = &world.contents.anchors[anchor];
    let (data, size) = text_of(note);
    let time = spelled(cosigned_at(note) + later);
    let response = Authority::good().stamp(&data, &time);
    Timestamp { size, response }
}

fn stamped() -> World {
    let mut world = World::new(Twist::None);
    world.contents.timestamps = STAMPED.map(|at| token(&world, at, LATER)).into();
    world
}

/// The members, with a token over the manifest from an hour after the last anchor.
fn members(world: &World) -> Members {
    let packed = pack(Packed::default(), world.contents.clone(), &world.export);
    let mut packed = packed.unwrap();
    let note = SignedNote::parse(&packed.read("MANIFEST.note").unwrap()).unwrap();
    let data = Hash::of(note.text().as_bytes());
    let last = cosigned_at(world.contents.anchors.last().unwrap());
    let response = Authority::good().stamp(&data, &spelled(last + TimeDelta::hours(1)));
    add_to_manifest(&mut packed, vec![response]).unwrap();
    packed.unpack()
}

fn options(authority: &Authority) -> Options {
    Options {
        tsa_roots: Some(authority.roots()),
        ..Options::default()
    }
}

fn judge(world: &World, members: &Members) -> Report {
    let options = options(Authority::good());
    verify(&mut open(members), Some(&world.policy), &options)
}

#[track_caller]
fn fails_by(report: &Report, expected: &str) {
    let time = report.verdicts.iter().find(|j| j.check == Check::Time);
    match &time.unwrap().verdict {
        Verdict::Fail { place, reason } => {
            let found = format!("{place}: {reason}");
            assert!(found.contains(expected), "{found}");
        }
        _ => panic!("{}", render_text(report)),
    }
}

/// What the script says of V1 to V5, and its answer as a whole.
fn ask(mut python: Command, world: &World, members: &Members) -> (String, String) {
    let folder = tempfile::tempdir().unwrap();
    let (file, policy, roots) = (
        folder.path().join("b.zip"),
        folder.path().join("policy.txt"),
        folder.path().join("roots.pem"),
    );
    evidence::bundle::write(members, fs::File::create(&file).unwrap()).unwrap();
    fs::write(&policy, &world.contents.policy).unwrap();
    fs::write(&roots, Authority::good().pem()).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/verify.py");
    let output = python
        .args(["-B".as_ref(), script.as_path(), &file])
        .args(["--policy".as_ref(), policy.as_path()])
        .args(["--tsa-roots".as_ref(), roots.as_path()])
        .arg("--json")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let verdicts = json["verdicts"].as_array().unwrap();
    let words = verdicts
        .iter()
        .map(|told| told["verdict"].as_str().unwrap());
    (words.take(5).collect::<Vec<_>>().join(" "), text)
}

/// Where Python is, for a search path that does not lead there.
fn whole_path(program: &str) -> std::path::PathBuf {
    let asked = Command::new(program)
        .args(["-c", "import sys; print(sys.executable, end='')"])
        .output();
    String::from_utf8(asked.unwrap().stdout).unwrap().into()
}

#[track_caller]
fn agree(world: &World, members: &Members) -> Report {
    let report = judge(world, members);
    if let Some(python) = python() {
        let (answer, text) = ask(Command::new(python), world, members);
        let expected = serde_json::to_value(&report).unwrap();
        assert_eq!(
            answer,
            words(&expected)[..5].join(" "),
            "{text}\n{}",
            render_text(&report)
        );
    }
    report
}

#[test]
fn stamped_evidence_passes_and_says_what_its_stamps_are_worth() {
    let world = stamped();
    let report = agree(&world, &members(&world));
    all_pass(&report);
    let said = remarks(&report, Check::Time);
    for part in [
        "the manifest existed by 2026-03-01T02:05:05.500Z (MANIFEST.tsr)",
        "disclosed samples lie under 2 timestamped checkpoints",
    ] {
        assert!(said.contains(part), "{said}");
    }
    // All samples are covered: somebody outside vouches.
    assert!(!said.contains("own agents"), "{said}");
}

#[test]
fn without_roots_stamps_are_counted_and_not_judged() {
    let world = stamped();
    let mut members = members(&world);
    let token = layout::timestamp(world.contents.timestamps[0].size, 1);
    members.insert(token, b"no token".to_vec());
    signed_anew(&world, &mut members);
    let report = verify(
        &mut open(&members),
        Some(&world.policy),
        &Options::default(),
    );
    all_pass(&report);
    let said = remarks(&report, Check::Time);
    assert!(
        said.contains("3 timestamps not checked: no roots"),
        "{said}"
    );
}

#[test]
fn roots_ask_for_stamps_that_are_not_there() {
    let world = World::new(Twist::None);
    let members = assemble(&world.contents, &world.export).unwrap();
    let report = agree(&world, &members);
    all_pass(&report);
    assert!(remarks(&report, Check::Time).contains("holds no timestamps"));
}

#[test]
fn a_bent_stamp_fails_in_both() {
    let world = stamped();
    let honest = members(&world);
    let path = layout::timestamp(world.contents.timestamps[1].size, 1);
    let length = honest[&path].len();
    for at in [60, length / 2, length - 5] {
        let mut bent = honest.clone();
        bent.get_mut(&path).unwrap()[at] ^= 1;
        bent.remove("MANIFEST.tsr");
        signed_anew(&world, &mut bent);
        fails_by(&agree(&world, &bent), &path);
    }
    let mut bent = honest;
    bent.get_mut("MANIFEST.tsr").unwrap()[length / 2] ^= 1;
    fails_by(&agree(&world, &bent), "MANIFEST.tsr");
}

#[test]
fn a_stamp_under_another_root_fails_in_both() {
    let mut world = stamped();
    let (data, size) = text_of(&world.contents.anchors[7]);
    let response = Authority::other().stamp(&data, "20260301004000Z");
    world.contents.timestamps.push(Timestamp { size, response });
    let members = assemble(&world.contents, &world.export).unwrap();
    fails_by(&agree(&world, &members), &layout::timestamp(size, 1));
}

#[test]
fn a_stamp_stands_for_the_anchor_of_its_name_only() {
    let mut world = stamped();
    let last = world.contents.timestamps.len() - 1;
    world.contents.timestamps[last].size = text_of(&world.contents.anchors[8]).1;
    let members = assemble(&world.contents, &world.export).unwrap();
    fails_by(&agree(&world, &members), "of something else");
    world.contents.timestamps[last].size = 1;
    let members = assemble(&world.contents, &world.export).unwrap();
    fails_by(&agree(&world, &members), "no anchor of this size");
}

/// A stamp says that a checkpoint existed. Who says to have seen it first much later, though
/// stamps are asked for after that, has a clock that is not to be believed.
#[test]
fn a_stamp_from_before_the_first_cosignature_contradicts_it() {
    let mut world = stamped();
    let at = |later| vec![token(&world, 12, TimeDelta::seconds(later))];
    let (near, far) = (at(-61), at(-62));
    world.contents.timestamps = near;
    all_pass(&agree(
        &world,
        &assemble(&world.contents, &world.export).unwrap(),
    ));
    world.contents.timestamps = far;
    let members = assemble(&world.contents, &world.export).unwrap();
    fails_by(&agree(&world, &members), "after a timestamp over it");
}

/// The agent's clock is an hour fast: the authority's is not.
#[test]
fn a_batch_from_after_a_stamp_over_it_contradicts_it() {
    let mut world = World::new(Twist::FastClock);
    world.contents.timestamps = STAMPED.map(|at| token(&world, at, LATER)).into();
    super::fixture::judge(&mut world.contents);
    let members = assemble(&world.contents, &world.export).unwrap();
    let report = agree(&world, &members);
    fails_by(&report, "claims a time after a timestamp that covers it");
}

#[test]
fn without_openssl_the_script_does_not_check() {
    let Some(python) = python() else { return };
    let world = stamped();
    let mut python = Command::new(whole_path(python));
    python.env("PATH", "/nowhere");
    let (answer, text) = ask(python, &world, &members(&world));
    assert_eq!(answer, "pass pass pass not_checked pass", "{text}");
    assert!(text.contains("by the program `openssl`"), "{text}");
}

#[test]
fn a_stamp_that_nobody_signed_for_fails_the_container() {
    let world = stamped();
    let mut members = members(&world);
    let extra = layout::timestamp(world.contents.timestamps[0].size, 2);
    let token = members["MANIFEST.tsr"].clone();
    members.insert("MANIFEST.tsr.1".to_owned(), token.clone());
    all_pass(&judge(&world, &members));
    members.insert(extra, token);
    let report = judge(&world, &members);
    assert!(matches!(report.verdicts[0].verdict, Verdict::Fail { .. }));
}

#[test]
fn the_commands_of_the_readme_work() {
    let world = stamped();
    let members = members(&world);
    let folder = tempfile::tempdir().unwrap();
    for (path, bytes) in &members {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    fs::write(folder.path().join("roots.pem"), Authority::good().pem()).unwrap();
    let readme = String::from_utf8(members[layout::README].clone()).unwrap();
    let start = readme.find("sed '/^$/").unwrap();
    let end = start + readme[start..].find("\ndone").unwrap() + 5;
    let run = || {
        let output = Command::new("sh")
            .args(["-c", &readme[start..end]])
            .current_dir(folder.path())
            .output()
            .unwrap();
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    let said = run();
    assert_eq!(said.matches("Verification: OK").count(), 3, "{said}");
    fs::write(folder.path().join("roots.pem"), Authority::other().pem()).unwrap();
    let said = run();
    assert_eq!(said.matches("Verification: FAILED").count(), 3, "{said}");
}

#[test]
fn the_command_reads_roots() {
    let world = stamped();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let file = fs::File::create(at("b.zip")).unwrap();
    evidence::bundle::write(&members(&world), file).unwrap();
    fs::write(at("policy.txt"), &world.contents.policy).unwrap();
    fs::write(at("roots.pem"), Authority::other().pem()).unwrap();
    let mut request = command::Request {
        file: at("b.zip"),
        policy: Some(at("policy.txt")),
        tsa_roots: Some(at("roots.pem")),
        format: command::Format::Json,
        options: Options::default(),
    };
    assert_eq!(command::run(&request).code, 1);
    fs::write(at("roots.pem"), Authority::good().pem()).unwrap();
    assert_eq!(command::run(&request).code, 0);
    request.tsa_roots = Some(at("policy.txt"));
    assert_eq!(command::run(&request).code, 3);
}
