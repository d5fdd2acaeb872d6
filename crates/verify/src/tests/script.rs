//! The second verifier, in Python, answers as the first does: word by word, over honest bundles,
//! misconduct, and bundles bent at random by somebody who signs them anew.
//!
//! Without a Python 3.9 on the machine nothing is compared.

mod bend;
mod cases;
mod contracts;
mod credits;
mod exclusions;
mod json;
mod library;
mod packing;
mod rules;
mod signatures;
mod sum;
mod zones;

use std::collections::BTreeMap;
use std::io::Cursor;

use evidence::manifest::{MANIFEST_PATH, Manifest, Profile};

use super::fixture::{AGENTS, Twist, World, judge, open};
use super::nonces;
use crate::*;

use bend::{Dice, bend};
use cases::{Cases, Trust};
pub(super) use cases::{python, words};

pub(super) type Members = BTreeMap<String, Vec<u8>>;

const TWISTS: [Twist; 36] = [
    Twist::None,
    Twist::SecondHistory,
    Twist::SecondPlan,
    Twist::LatePlan,
    Twist::SplitView,
    Twist::SplitFirst,
    Twist::SecondContract,
    Twist::FastClock,
    Twist::SkippedSlot,
    Twist::DoubleSlot,
    Twist::StrangerKey,
    Twist::Confirmed,
    Twist::OldAgents,
    Twist::DoubtfulClock,
    Twist::FastLine,
    Twist::CutOff,
    Twist::HeldBack,
    Twist::Mixed,
    Twist::OwnLimit,
    Twist::Rotated,
    Twist::RotatedAlone,
    Twist::RotatedLate,
    Twist::OldKeyAfter,
    Twist::NewKeyBefore,
    Twist::Revoked,
    Twist::RevokedUsed,
    Twist::RevokedAhead,
    Twist::Superseded,
    Twist::Vanished,
    Twist::Repeated,
    Twist::RepeatTold,
    Twist::RepeatMissing,
    Twist::RepeatInvented,
    Twist::RepeatBeyond,
    Twist::RepeatTwice,
    Twist::Lingering,
];

/// Worlds that random bending starts from: good ones, of every kind.
const GOOD: [Twist; 9] = [
    Twist::None,
    Twist::SecondPlan,
    Twist::HeldBack,
    Twist::Mixed,
    Twist::Rotated,
    Twist::Revoked,
    Twist::Superseded,
    Twist::OldAgents,
    Twist::RepeatTold,
];

/// Bent bundles that are compared where `NINES_MUTATIONS` gives no other number.
const MUTATIONS: u64 = 160;

pub(super) fn packed(members: &Members) -> Vec<u8> {
    let zip = evidence::bundle::write(members, Cursor::new(Vec::new())).unwrap();
    zip.into_inner()
}

pub(super) fn signed_anew(world: &World, members: &mut Members) {
    let text = Manifest::of("VIO-1", Profile::Claim, members)
        .text()
        .unwrap();
    let signed = evidence::note::sign(&text, &[&world.export]).unwrap();
    members.insert(MANIFEST_PATH.into(), signed.to_bytes());
}

/// What somebody who runs the tests asks for, to look further than each run can.
#[expect(
    clippy::disallowed_methods,
    reason = "tests have no configuration but their environment"
)]
pub(super) fn number(variable: &str, default: u64) -> u64 {
    let given = std::env::var(variable).ok();
    given.map_or(default, |given| given.parse().unwrap())
}

#[test]
fn the_script_judges_every_world_as_the_library_does() {
    let mut cases = Cases::new(&World::new(Twist::None));
    for twist in TWISTS {
        let mut world = World::new(twist);
        judge(&mut world.contents);
        let members = assemble(&world.contents, &world.export).unwrap();
        cases.add(format!("{twist:?}"), &members);
        cases.add_bytes(format!("{twist:?} alone"), &packed(&members), Trust::Nobody);
    }
    for (name, members) in nonces::cases() {
        cases.add(name, &members);
    }
    for origin in ["simulated.invalid/demo", "other.example"] {
        let world = World::under(origin, Twist::None);
        cases.add(origin, &assemble(&world.contents, &world.export).unwrap());
    }
    cases.compare();
}

#[test]
fn the_script_misses_what_the_library_misses_and_nothing_else() {
    let world = World::new(Twist::None);
    let members = assemble(&world.contents, &world.export).unwrap();
    let mut cases = Cases::new(&world);
    for path in members.keys() {
        let mut without = members.clone();
        without.remove(path);
        cases.add(format!("without {path}"), &without);
        signed_anew(&world, &mut without);
        cases.add(format!("without {path}, signed anew"), &without);
    }
    cases.compare();
}

/// The seed of a case that differs is in its name: `NINES_SEED` makes the run start there.
#[test]
fn both_judge_bundles_alike_that_were_bent_at_random() {
    let (first, many) = (
        number("NINES_SEED", 0),
        number("NINES_MUTATIONS", MUTATIONS),
    );
    let mut worlds: Vec<(String, World)> = GOOD
        .map(|twist| (format!("{twist:?}"), World::new(twist)))
        .into();
    worlds.push(("Exclusions".to_owned(), exclusions::of_a_day()));
    let kinds = u64::try_from(worlds.len()).unwrap();
    for (nth, (name, world)) in (0_u64..).zip(worlds) {
        let members = assemble(&world.contents, &world.export).unwrap();
        let mut cases = Cases::new(&world);
        for seed in (first..first + many).filter(|seed| seed % kinds == nth) {
            let mut dice = Dice::new(seed);
            let (what, zip) = bend(&world, members.clone(), &mut dice);
            let trust = if dice.below(8) == 0 {
                Trust::Nobody
            } else {
                Trust::Policy
            };
            cases.add_bytes(format!("{name} seed {seed}: {what}"), &zip, trust);
        }
        cases.compare();
    }
}

#[test]
fn the_script_needs_no_package() {
    let world = World::new(Twist::Rotated);
    let mut cases = Cases::new(&world).pure();
    cases.add("pure", &assemble(&world.contents, &world.export).unwrap());
    let stranger = World::new(Twist::StrangerKey);
    cases.add(
        "pure, a stranger's key",
        &assemble(&stranger.contents, &stranger.export).unwrap(),
    );
    cases.compare();
}

#[test]
fn the_script_in_a_bundle_is_the_one_that_is_tested() {
    let world = World::new(Twist::None);
    let mut bundle = open(&assemble(&world.contents, &world.export).unwrap());
    let script = bundle.read(layout::SCRIPT).unwrap();
    assert_eq!(script, include_bytes!("../../python/verify.py"));
    assert_eq!(AGENTS.len(), world.contents.agents.len());
}
