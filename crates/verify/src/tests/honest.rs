//! Bundles that are what they say.

use std::io::{Cursor, Write as _};

use super::fixture::{Twist, World, open};
use crate::*;

#[track_caller]
pub(super) fn all_pass(report: &Report) {
    assert_eq!(report.exit_code(), 0, "{}", render_text(report));
}

pub(super) fn remarks(report: &Report, check: Check) -> String {
    let judged = report.verdicts.iter().find(|judged| judged.check == check);
    judged.unwrap().remarks.join("\n")
}

#[test]
fn an_honest_bundle_passes_all_six() {
    let world = World::new(Twist::None);
    let report = world.verify();
    all_pass(&report);
    assert!(!report.simulated);
    let judged = &world.contents.assessment.commitments[0];
    assert_eq!(judged.verdict, sla::Verdict::Breached);
    assert_eq!(judged.minutes.down, 20);
}

#[test]
fn samples_made_by_order_fill_no_slot_and_are_counted() {
    let world = World::new(Twist::Confirmed);
    let by_order = |core: &&String| core.contains("\"kind\":\"confirm\"");
    assert_eq!(
        world.contents.streams[1]
            .cores
            .iter()
            .filter(by_order)
            .count(),
        2
    );
    all_pass(&world.verify());
    let counted = |world: &World| world.contents.assessment.commitments[0].minutes.down;
    assert_eq!(counted(&world), counted(&World::new(Twist::None)));
}

/// A line is written when its attempt ends: one that took long may be all that a batch covers.
#[test]
fn a_batch_of_slow_attempts_may_lie_before_its_predecessor() {
    let report = World::new(Twist::Lingering).verify();
    all_pass(&report);
    assert!(!remarks(&report, Check::Chain).contains("clock step"));
}

#[test]
fn the_fixture_takes_the_ways_that_tests_are_about() {
    let world = World::new(Twist::None);
    let stream = &world.contents.streams[0];
    assert!(stream.paths.iter().all(|path| path.hashes.len() == 3));
    assert_eq!(stream.details.len(), 20);
    assert!(world.contents.fleet_records[0].index < world.contents.prefix.size());
    assert!(
        world.contents.streams[1]
            .cores
            .iter()
            .any(|core| core.contains("agent_down"))
    );
}

#[test]
fn every_signature_can_be_verified() {
    let world = World::new(Twist::None);
    let options = Options {
        signatures: Signatures::All,
        ..Options::default()
    };
    let report = verify(&mut world.bundle(), Some(&world.policy), &options);
    all_pass(&report);
    assert!(!remarks(&report, Check::Chain).contains("last batch"));
}

#[test]
fn without_a_policy_the_log_is_not_checked() {
    let world = World::new(Twist::None);
    let report = verify(&mut world.bundle(), None, &Options::default());
    assert_eq!(report.exit_code(), 2, "{}", render_text(&report));
    let unchecked = report
        .verdicts
        .iter()
        .filter(|judged| judged.verdict != Verdict::Pass);
    assert_eq!(
        unchecked.map(|judged| judged.check).collect::<Vec<_>>(),
        [Check::Log]
    );
}

#[test]
fn a_copy_packed_by_somebody_else_passes() {
    let world = World::new(Twist::None);
    let mut bundle = world.bundle();
    let names: Vec<String> = bundle.names().map(str::to_owned).collect();
    let stored =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let mut copy = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for name in names.iter().rev() {
        copy.start_file(name.as_str(), stored).unwrap();
        copy.write_all(&bundle.read(name).unwrap()).unwrap();
    }
    let mut copy = Bundle::open(copy.finish().unwrap()).unwrap();
    let report = verify(&mut copy, Some(&world.policy), &Options::default());
    all_pass(&report);
    assert!(remarks(&report, Check::Container).starts_with("the file was packed anew"));
    let report = world.verify();
    let told = remarks(&report, Check::Container);
    assert!(
        told.starts_with("the bytes of the file are those"),
        "{told}"
    );
}

#[test]
fn a_simulated_bundle_says_so_everywhere() {
    let world = World::under("simulated.invalid/demo", Twist::None);
    let report = world.verify();
    all_pass(&report);
    assert!(report.simulated);
    assert!(render_text(&report).starts_with("SIMULATED"));
    assert!(remarks(&report, Check::Time).contains("no time here is claim-grade"));
    let members = assemble(&world.contents, &world.export).unwrap();
    for member in [layout::README, layout::REPORT] {
        let text = String::from_utf8_lossy(&members[member]);
        assert!(text.contains("SIMULATED"), "{member}");
    }
}

#[test]
fn late_samples_are_found_late_and_the_result_still_follows() {
    let world = World::new(Twist::HeldBack);
    let report = world.verify();
    all_pass(&report);
    assert!(remarks(&report, Check::Time).contains("reached the log late"));
    let judged = &world.contents.assessment.commitments[0];
    let readings = judged.spread.as_ref().map(|spread| spread.readings);
    assert_eq!(readings, Some(2), "with late samples, and without");
}

#[test]
fn a_second_plan_is_followed() {
    all_pass(&World::new(Twist::SecondPlan).verify());
}

#[test]
fn the_same_contents_give_the_same_bytes() {
    let world = World::new(Twist::None);
    let members = || assemble(&world.contents, &world.export).unwrap();
    assert_eq!(members(), members());
    drop(open(&members()));
}

#[test]
fn the_page_is_what_this_version_writes() {
    let report = World::new(Twist::None).verify();
    assert!(!remarks(&report, Check::Result).contains(layout::REPORT));
}

#[test]
fn verdicts_as_json_name_check_and_verdict() {
    let report = World::new(Twist::None).verify();
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["verdicts"][2]["check"], "log");
    assert_eq!(json["verdicts"][2]["verdict"], "pass");
    assert_eq!(json["claim"]["violation"], "VIO-1");
}

#[test]
fn the_command_tells_what_it_cannot_read() {
    let request = command::Request {
        file: "/nonexistent/bundle.zip".into(),
        policy: None,
        tsa_roots: None,
        format: command::Format::Text,
        options: Options::default(),
    };
    let answer = command::run(&request);
    assert_eq!(answer.code, 3);
    assert!(answer.text.starts_with("UNREADABLE  failed to open"));
}

#[test]
fn the_command_verifies_files() {
    let world = World::new(Twist::None);
    let folder = tempfile::tempdir().unwrap();
    let (file, policy) = (
        folder.path().join("b.zip"),
        folder.path().join("policy.txt"),
    );
    let members = assemble(&world.contents, &world.export).unwrap();
    evidence::bundle::write(&members, std::fs::File::create(&file).unwrap()).unwrap();
    std::fs::write(&policy, &world.contents.policy).unwrap();
    let mut request = command::Request {
        file,
        policy: Some(policy),
        tsa_roots: None,
        format: command::Format::Json,
        options: Options::default(),
    };
    let answer = command::run(&request);
    assert_eq!(answer.code, 0, "{}", answer.text);
    assert!(serde_json::from_str::<serde_json::Value>(&answer.text).is_ok());
    request.policy = Some(request.file.clone());
    assert_eq!(command::run(&request).code, 3);
}

#[test]
fn the_report_for_people_has_a_line_per_verdict() {
    let text = render_text(&World::new(Twist::None).verify());
    for check in Check::ALL {
        let start = format!("{} {:<10} PASS", check.id(), check.title());
        assert_eq!(text.matches(&start).count(), 1, "{text}");
    }
}
