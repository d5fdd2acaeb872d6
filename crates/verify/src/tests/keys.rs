//! Keys that change hands or end: what holds, and who notices what does not.

use super::fixture::{Twist, World};
use super::tampering::caught;
use crate::*;

fn remarks(report: &Report, check: Check) -> String {
    let judged = report.verdicts.iter().find(|judged| judged.check == check);
    judged.unwrap().remarks.join("\n")
}

#[track_caller]
fn passes(twist: Twist) -> Report {
    let world = World::new(twist);
    for signatures in [Signatures::Heads, Signatures::All] {
        let options = Options {
            signatures,
            ..Options::default()
        };
        let report = verify(&mut world.bundle(), Some(&world.policy), &options);
        assert_eq!(report.exit_code(), 0, "{}", render_text(&report));
    }
    world.verify()
}

#[test]
fn a_key_may_hand_over_to_the_next() {
    passes(Twist::Rotated);
}

#[test]
fn a_batch_by_the_old_key_after_the_new_one_began_is_caught() {
    let reason = "batch 8 of `eu` is not signed by its key";
    caught(Twist::OldKeyAfter, |_| {}, Check::Chain, reason);
}

#[test]
fn a_batch_by_the_new_key_before_it_begins_is_caught() {
    let reason = "batch 4 of `eu` is not signed by its key";
    caught(Twist::NewKeyBefore, |_| {}, Check::Chain, reason);
}

#[test]
fn a_rotation_that_the_old_key_did_not_sign_is_caught() {
    let reason = "the proof is not signed by the old key";
    caught(Twist::RotatedAlone, |_| {}, Check::Coverage, reason);
}

#[test]
fn a_rotation_that_was_logged_after_its_first_batch_is_caught() {
    let reason = "batch 6 of `eu` was logged before the record of its key";
    caught(Twist::RotatedLate, |_| {}, Check::Chain, reason);
}

#[test]
fn a_rotation_that_the_bundle_leaves_out_is_caught() {
    let hide = |contents: &mut Contents| drop(contents.fleet_records.pop());
    let reason = "batch 6 of `eu` is not signed by its key";
    caught(Twist::Rotated, hide, Check::Chain, reason);
    caught(
        Twist::Rotated,
        hide,
        Check::Coverage,
        "is not in the bundle",
    );
}

#[test]
fn what_a_revoked_agent_never_delivered_is_counted_and_named() {
    for (twist, how) in [
        (Twist::Revoked, "revoked (disk lost)"),
        (Twist::Superseded, "superseded by `us-b`"),
    ] {
        let remarks = remarks(&passes(twist), Check::Coverage);
        let expected = "agent `us`: 20 slots from 2026-03-01T00:40:30Z to 2026-03-01T00:59:30Z, \
                        on 1 of its targets, are unmeasured, declared lost by the operator: ";
        assert!(remarks.contains(&format!("{expected}{how}")), "{remarks}");
    }
}

#[test]
fn an_agent_that_falls_silent_without_a_record_is_caught() {
    let reason = "agent `us` has no batch that closes its part";
    caught(Twist::Vanished, |_| {}, Check::Coverage, reason);
}

#[test]
fn a_batch_of_a_revoked_agent_is_caught() {
    let reason = "batch 9 of `us` is not believed";
    caught(Twist::RevokedUsed, |_| {}, Check::Chain, reason);
}

#[test]
fn a_revocation_that_the_bundle_leaves_out_is_caught() {
    let hide = |contents: &mut Contents| drop(contents.fleet_records.pop());
    caught(
        Twist::Revoked,
        hide,
        Check::Coverage,
        "is not in the bundle",
    );
}

/// A revocation declares lost what never came, and nothing else.
#[test]
fn delivered_lines_of_a_revoked_agent_cannot_be_passed_over() {
    let cut = |contents: &mut Contents| {
        let us = contents
            .streams
            .iter_mut()
            .find(|s| s.agent.as_str() == "us");
        let us = us.unwrap();
        let last = us.paths.pop().unwrap();
        let lines = usize::try_from(last.end_i() - last.first_i).unwrap();
        us.cores.truncate(us.cores.len() - lines);
        us.details.truncate(us.details.len() - lines);
    };
    let reason = "slot 2026-03-01T00:35:30Z has neither sample nor gap";
    caught(Twist::Revoked, cut, Check::Coverage, reason);
}

#[test]
fn a_revocation_that_names_a_batch_which_never_came_excuses_nothing() {
    let reason = "lacks batch 11 of `us`";
    caught(Twist::RevokedAhead, |_| {}, Check::Coverage, reason);
}
