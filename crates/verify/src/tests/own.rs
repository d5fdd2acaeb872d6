//! What agents say about themselves: told where it is true, caught where it was bent.

use super::fixture::{Twist, World};
use super::honest::{all_pass, remarks};
use super::tampering::caught;
use crate::*;

#[test]
fn a_bundle_of_agents_that_say_nothing_of_themselves_still_passes() {
    let world = World::new(Twist::OldAgents);
    assert!(world.contents.reserved.is_empty());
    let report = world.verify();
    all_pass(&report);
    let told = remarks(&report, Check::Time);
    assert!(
        told.contains("agent `us` does not say how right its clock was"),
        "{told}"
    );
}

#[test]
fn honest_clocks_and_controls_need_no_remark() {
    let world = World::new(Twist::None);
    assert_eq!(world.contents.reserved.len(), 6);
    let report = world.verify();
    all_pass(&report);
    for (check, word) in [(Check::Time, "clock was"), (Check::Coverage, "control")] {
        assert!(!remarks(&report, check).contains(word));
    }
}

#[test]
fn a_clock_in_doubt_is_told_and_fails_nothing() {
    let report = World::new(Twist::DoubtfulClock).verify();
    all_pass(&report);
    let told = remarks(&report, Check::Time);
    assert!(
        told.contains("agent `eu` sealed 14 batches by a clock in doubt"),
        "{told}"
    );
    assert!(!told.contains("agent `us` sealed"), "{told}");
}

#[test]
fn a_time_line_ahead_of_its_anchor_is_caught() {
    caught(
        Twist::FastLine,
        |_| {},
        Check::Time,
        "_time.jsonl, line 1: claims a time after",
    );
}

#[test]
fn minutes_without_any_answer_are_told() {
    let report = World::new(Twist::CutOff).verify();
    all_pass(&report);
    let told = remarks(&report, Check::Coverage);
    assert!(told.contains("no control of agent `us` answered"), "{told}");
    assert!(!told.contains("control of agent `eu`"), "{told}");
}

fn own(contents: &mut Contents, agent: usize, stream: usize) -> &mut DisclosedReserved {
    &mut contents.reserved[agent * 3 + stream]
}

#[test]
fn a_deleted_control_line_is_caught() {
    let delete = |contents: &mut Contents| {
        let controls = own(contents, 0, 0);
        controls.lines.remove(7);
        controls.paths[1].count -= 1;
    };
    let reason = "index 8 stands where 7 belongs";
    caught(Twist::None, delete, Check::Chain, reason);
    let renumber = |contents: &mut Contents| {
        delete(contents);
        let controls = own(contents, 0, 0);
        for line in &mut controls.lines[7..] {
            let (head, tail) = line.split_once("\"i\":").unwrap();
            let (i, tail) = tail.split_once(',').unwrap();
            let i: u64 = i.parse().unwrap();
            *line = format!("{head}\"i\":{},{tail}", i - 1);
        }
        for path in &mut controls.paths[2..] {
            path.first_i -= 1;
        }
    };
    caught(Twist::None, renumber, Check::Chain, "was signed over");
}

#[test]
fn a_flipped_control_is_caught() {
    let flip = |contents: &mut Contents| {
        let line = &mut own(contents, 1, 0).lines[3];
        *line = line.replace(r#""ok":2"#, r#""ok":1"#);
    };
    caught(Twist::None, flip, Check::Chain, "was signed over");
}

#[test]
fn a_batch_left_out_of_a_stream_is_caught() {
    let leave = |contents: &mut Contents| {
        let clock = own(contents, 0, 2);
        clock.lines.remove(4);
        clock.paths.remove(4);
    };
    caught(
        Twist::None,
        leave,
        Check::Chain,
        "does not continue the stream",
    );
}

#[test]
fn a_stream_left_out_beside_another_is_caught() {
    let leave = |contents: &mut Contents| {
        contents.reserved.remove(0);
    };
    caught(
        Twist::None,
        leave,
        Check::Chain,
        "eu/_ctrl.jsonl: is missing, though `_sys`",
    );
}

#[test]
fn a_tail_cut_off_the_clock_is_told() {
    let mut world = World::new(Twist::None);
    for own in world
        .contents
        .reserved
        .iter_mut()
        .filter(|own| own.agent.as_str() == "eu")
    {
        let kept = own.paths.len() - 3;
        own.paths.truncate(kept);
        let lines = own.paths.last().unwrap().end_i();
        own.lines.truncate(usize::try_from(lines).unwrap());
    }
    let report = world.verify();
    let told = remarks(&report, Check::Time);
    assert!(
        told.contains("3 batches of agent `eu` do not say"),
        "{told}"
    );
}
