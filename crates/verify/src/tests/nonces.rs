//! Client request ids: what a bundle reveals of them, and to whom it was committed.

use wire::nonce::{NonceRoot, Seed};

use super::fixture::{Twist, World, nonces, open};
use super::honest::{all_pass, remarks};
use super::script;
use crate::layout::nonces::Nonces;
use crate::*;

/// A whole day of the fixture, which is over when the bundle is made.
fn day() -> World {
    World::made(Twist::None, 1_440, str::to_owned)
}

fn revealed(world: &World) -> Nonces {
    world.contents.nonces.clone().unwrap()
}

#[track_caller]
fn caught(world: &World, reason: &str) {
    let report = world.verify();
    let failed: Vec<_> = report
        .verdicts
        .iter()
        .filter(|judged| judged.verdict != Verdict::Pass)
        .collect();
    assert_eq!(failed.len(), 1, "{}", render_text(&report));
    assert_eq!(failed[0].check, Check::Coverage);
    let text = render_text(&report);
    assert!(
        text.contains(reason) && text.contains(layout::NONCES),
        "{text}"
    );
}

#[test]
fn a_day_that_is_over_is_revealed_and_fits_what_the_plan_stated() {
    let world = day();
    let report = world.verify();
    all_pass(&report);
    let told = remarks(&report, Check::Coverage);
    assert!(
        told.contains("client request ids up to day 20513"),
        "{told}"
    );
    assert_eq!(revealed(&world).seed, nonces().0.seed(20_513).reveal());
}

#[test]
fn what_is_revealed_tells_nothing_of_the_next_day() {
    let revealed = revealed(&day());
    let seed = revealed.seed().unwrap();
    assert_eq!(seed.earlier(20_514), None);
    assert_eq!(World::new(Twist::None).contents.nonces, None);
}

#[test]
fn a_seed_that_the_plan_did_not_commit_to_is_caught() {
    let mut world = day();
    let other = NonceRoot::from_bytes([1; 32]).seed(20_513);
    world.contents.nonces = Some(Nonces {
        seed: other.reveal(),
        ..revealed(&world)
    });
    caught(&world, "did not commit to this seed");
}

#[test]
fn a_seed_that_is_kept_back_is_caught() {
    let mut world = day();
    let told = revealed(&world);
    world.contents.nonces = None;
    caught(&world, "is over, and not revealed");
    let earlier = nonces().0.seed(20_512);
    world.contents.nonces = Some(Nonces {
        day: earlier.day(),
        seed: earlier.reveal(),
        ..told.clone()
    });
    caught(&world, "must reveal the seed of day 20513");
    world.contents.nonces = Some(Nonces {
        revisions: Vec::new(),
        ..told
    });
    caught(&world, "for plan revisions [1]");
}

#[test]
fn a_seed_before_its_day_is_over_is_caught() {
    let mut world = World::new(Twist::None);
    let seed: Seed = nonces().0.seed(20_512);
    world.contents.nonces = Some(Nonces {
        day: seed.day(),
        seed: seed.reveal(),
        ..revealed(&day())
    });
    caught(&world, "no plan in force has a seed to reveal");
}

/// The first failure of agent `eu` on the page, by Python:
/// `hmac.new(seed, b"nines/nonce/v1\nchat\neu\nplanned\n1772324400000\n1\n", sha256)`.
#[test]
fn the_page_names_what_failed_requests_named_themselves() {
    let mut bundle = open(&assemble(&day().contents, &day().export).unwrap());
    let page = String::from_utf8(bundle.read(layout::REPORT).unwrap()).unwrap();
    assert!(page.contains("127451d639a39ca43d08a396d2f8ccb0"), "{page}");
    let early = World::new(Twist::None);
    let mut bundle = open(&assemble(&early.contents, &early.export).unwrap());
    let page = String::from_utf8(bundle.read(layout::REPORT).unwrap()).unwrap();
    assert!(page.contains("not revealed"));
}

/// What both verifiers have to judge alike.
pub(super) fn cases() -> Vec<(String, script::Members)> {
    let world = day();
    let members = assemble(&world.contents, &world.export).unwrap();
    let honest = String::from_utf8(members[layout::NONCES].clone()).unwrap();
    let mut cases = vec![("a day".to_owned(), members.clone())];
    let other = NonceRoot::from_bytes([1; 32]).seed(20_513).reveal();
    for (from, to) in [
        ("20513", "20512"),
        ("20513", "-1"),
        ("20513", "99999999999"),
        ("    1\n", ""),
        ("    1\n", "    true\n"),
        ("    1\n", "    1,\n    2\n"),
        ("/1\"", "/2\""),
        ("\"day\"", "\"more\": 1, \"day\""),
        ("\"day\"", "\"day\": 20513, \"day\""),
        (&revealed(&world).seed.to_string(), &other.to_string()),
        (&revealed(&world).seed.to_string(), "AAAA"),
    ] {
        let bent = honest.replacen(from, to, 1);
        assert_ne!(bent, honest, "{from}");
        let mut members = members.clone();
        members.insert(layout::NONCES.to_owned(), bent.into_bytes());
        script::signed_anew(&world, &mut members);
        cases.push((format!("nonces: {from} is {to}"), members));
    }
    let mut without = members.clone();
    without.remove(layout::NONCES);
    script::signed_anew(&world, &mut without);
    cases.push(("nonces: none".to_owned(), without));
    let early = World::new(Twist::None);
    let mut given = assemble(&early.contents, &early.export).unwrap();
    given.insert(layout::NONCES.to_owned(), honest.into_bytes());
    script::signed_anew(&early, &mut given);
    cases.push(("nonces: too early".to_owned(), given));
    cases
}
