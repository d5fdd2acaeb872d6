//! Results that do not follow from what is shown.

use super::fixture::{Twist, World};
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
