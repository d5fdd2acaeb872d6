//! Results that do not follow from what is shown.

use sla::contract::Dimension;

use super::fixture::{Twist, World, judge};
use super::tampering::{caught, failed};
use crate::*;

#[test]
fn a_bent_result_is_caught() {
    let mut world = World::new(Twist::None);
    world.contents.assessment.commitments[0].minutes.down += 1;
    let report = world.verify();
    assert_eq!(failed(&report), [Check::Result], "{}", render_text(&report));
    assert!(render_text(&report).contains("/commitments/0/minutes/down"));
    let mut world = World::new(Twist::None);
    let table = world.contents.minutes.get_mut("uptime").unwrap();
    *table = table.replacen("up", "down", 1);
    assert_eq!(failed(&world.verify()), [Check::Result]);
}

#[test]
fn another_contract_text_is_caught() {
    let bend = |contents: &mut Contents| {
        contents.contract_text = contents.contract_text.replace("\"99.9\"", "\"99.99\"");
    };
    caught(Twist::None, bend, Check::Result, "never registered");
}

#[test]
fn a_window_of_ones_own_choice_is_caught() {
    let choose = |contents: &mut Contents| {
        let window = contents.terms.window;
        let end = window.start().plus(120);
        contents.terms.window = domain::Window::new(window.start(), end).unwrap();
    };
    caught(Twist::None, choose, Check::Result, "none of the contract's");
}

/// Where agents stand decides quorum and regions: it is what the registry says, for each agent
/// once, and for nobody else.
#[test]
fn agents_that_stand_elsewhere_than_they_were_enrolled_are_caught() {
    let moved = "agent `eu` does not stand where it was enrolled";
    let move_region = |contents: &mut Contents| {
        contents.terms.places[0].region = "cloud:elsewhere".into();
    };
    caught(Twist::None, move_region, Check::Result, moved);
    let move_network = |contents: &mut Contents| {
        contents.terms.places[0].network = "another".into();
    };
    caught(Twist::None, move_network, Check::Result, moved);
    let hide = |contents: &mut Contents| {
        contents.terms.places.remove(0);
    };
    caught(Twist::None, hide, Check::Result, "does not stand where");
    let add = |contents: &mut Contents| {
        let mut place = contents.terms.places[0].clone();
        place.agent = "nobody".parse().unwrap();
        contents.terms.places.push(place);
    };
    caught(Twist::None, add, Check::Result, "agent `nobody`");
    let twice = |contents: &mut Contents| {
        let place = contents.terms.places[1].clone();
        contents.terms.places.push(place);
    };
    caught(Twist::None, twice, Check::Result, "agent `us`");
}

#[test]
fn targets_that_are_something_else_than_the_plan_says_are_caught() {
    let claim_model = |contents: &mut Contents| {
        let scope = &mut contents.terms.targets[0].scope;
        scope.insert(Dimension::Model, "another".into());
    };
    let reason = "target `chat` is not what the plans in force say";
    caught(Twist::None, claim_model, Check::Result, reason);
    let claim_region = |contents: &mut Contents| {
        let scope = &mut contents.terms.targets[0].scope;
        scope.insert(Dimension::Region, "eu-west-1".into());
    };
    caught(Twist::None, claim_region, Check::Result, reason);
    let keep_silent = |contents: &mut Contents| contents.terms.targets.clear();
    caught(Twist::None, keep_silent, Check::Result, "target `chat`");
}

/// The order of the places is nobody's business.
#[test]
fn places_in_another_order_are_the_same() {
    let mut world = World::new(Twist::None);
    world.contents.terms.places.reverse();
    assert_eq!(
        failed(&world.verify()),
        [],
        "the result does not hang on it"
    );
}

#[test]
fn what_only_the_claimant_says_is_marked() {
    let mut world = World::new(Twist::None);
    let window = world.contents.terms.window;
    world.contents.terms.subscribed = Some(window);
    world.contents.terms.credited_12_months = "1.00 USD"
        .split_once(' ')
        .map(|(amount, code)| sla::Money::parse(amount, code.parse().unwrap()).unwrap());
    judge(&mut world.contents);
    let report = world.verify();
    let text = render_text(&report);
    assert_eq!(failed(&report), [], "{text}");
    assert!(
        text.contains("the time under contract is the claimant's own word"),
        "{text}"
    );
    assert!(
        text.contains("earlier credits are the claimant's own word"),
        "{text}"
    );
}

/// A formula that counts per minute cannot tell must not seem recomputed.
#[test]
fn a_formula_that_needs_single_samples_is_not_checked() {
    let mut world = World::with_contract(|text| {
        let (head, rest) = text.split_once("[commitment.metric]").unwrap();
        let (_, credit) = rest.split_once("[commitment.credit]").unwrap();
        format!(
            "{head}[commitment.metric]\nfamily = \"request_ratio\"\n\
             dedupe = {{ kind = \"repeat_errors\", window_s = 60 }}\n[commitment.credit]{credit}"
        )
    });
    judge(&mut world.contents);
    let report = world.verify();
    let text = render_text(&report);
    assert_eq!(report.exit_code(), 2, "{text}");
    assert!(text.contains("needs the times of single samples"), "{text}");
}

#[test]
fn a_breach_that_cannot_be_claimed_on_says_so() {
    let scoped = |text: &str| format!("{text}\n[scope]\npartition = [\"account\", \"region\"]\n");
    let report = World::with_contract(scoped).verify();
    let text = render_text(&report);
    assert_eq!(report.exit_code(), 0, "{text}");
    assert!(
        text.contains("`uptime` is indicative only: It is not known here which region"),
        "{text}"
    );
    assert!(!text.contains("which account"), "{text}");
    assert!(!render_text(&World::new(Twist::None).verify()).contains("indicative"));
}
