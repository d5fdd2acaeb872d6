//! Bundles that show truly what agents, operator or log did, which was wrong.

use super::fixture::Twist;
use super::tampering::caught;
use crate::*;

#[test]
fn a_second_history_is_a_fork() {
    caught(
        Twist::SecondHistory,
        |_| {},
        Check::Log,
        "fork: a second batch 5 of `eu`",
    );
}

#[test]
fn an_agent_that_saw_another_log_is_heard() {
    caught(Twist::SplitView, |_| {}, Check::Log, "saw another log");
}

#[test]
fn batches_under_another_key_than_the_enrolled_are_caught() {
    caught(Twist::StrangerKey, |_| {}, Check::Chain, "not signed by");
}

#[test]
fn a_clock_ahead_of_the_anchors_is_caught() {
    caught(Twist::FastClock, |_| {}, Check::Time, "claims a time after");
}

#[test]
fn a_hidden_plan_revision_is_caught() {
    let hide = |contents: &mut Contents| {
        contents.fleet_records.pop();
    };
    caught(
        Twist::SecondPlan,
        hide,
        Check::Coverage,
        "is not in the bundle",
    );
}

#[test]
fn a_plan_logged_after_its_first_batch_is_caught() {
    caught(
        Twist::LatePlan,
        |_| {},
        Check::Coverage,
        "after the first batch",
    );
}

#[test]
fn a_slot_passed_over_in_silence_is_caught() {
    caught(
        Twist::SkippedSlot,
        |_| {},
        Check::Coverage,
        "has neither sample nor gap",
    );
}

#[test]
fn a_slot_accounted_for_twice_is_caught() {
    caught(
        Twist::DoubleSlot,
        |_| {},
        Check::Coverage,
        "is accounted for twice",
    );
}
