//! Repeats after a failure: those that the plan's rule gives, all of them, and no others.

use super::fixture::{Twist, World};
use super::honest::{all_pass, remarks};
use super::tampering::caught;
use crate::*;

#[test]
fn bursts_that_are_whole_or_told_of_pass() {
    let whole = World::new(Twist::Repeated).verify();
    all_pass(&whole);
    assert!(!remarks(&whole, Check::Coverage).contains("repeats"));
    let told = World::new(Twist::RepeatTold).verify();
    all_pass(&told);
    let remarks = remarks(&told, Check::Coverage);
    assert!(
        remarks.contains("agent `us` left out repeats: budget 1"),
        "{remarks}"
    );
}

#[test]
fn a_repeat_that_was_passed_over_in_silence_is_caught() {
    let reason = "repeat 3 of slot 2026-03-01T00:25:30Z is missing";
    caught(Twist::RepeatMissing, |_| {}, Check::Coverage, reason);
}

#[test]
fn repeats_that_no_rule_gives_are_caught() {
    let reason = "repeat 2 of slot 2026-03-01T00:05:30Z is not one that the plan's rule gives";
    caught(Twist::RepeatInvented, |_| {}, Check::Coverage, reason);
    let reason = "repeat 4 of slot 2026-03-01T00:25:30Z is not one that the plan's rule gives";
    caught(Twist::RepeatBeyond, |_| {}, Check::Coverage, reason);
    caught(Twist::RepeatTwice, |_| {}, Check::Coverage, "stands twice");
}

#[test]
fn agents_that_tell_nothing_of_repeats_are_told() {
    let report = World::new(Twist::None).verify();
    all_pass(&report);
    let remarks = remarks(&report, Check::Coverage);
    assert!(
        remarks.contains("agent `eu`: 40 repeats of bursts are missing"),
        "{remarks}"
    );
}
