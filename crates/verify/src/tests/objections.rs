//! Objections of the table in `docs/threats.md` that no key answers: what a bundle tells about them,
//! and where nothing can be told, the sentence that admits it.

use evidence::manifest::MANIFEST_PATH;
use evidence::note::{self, SignedNote};
use sla::Verdict;

use super::fixture::{Twist, World, judge, open};
use super::honest::all_pass;
use super::script::{Members, signed_anew};
use super::tampering::failed;
use crate::*;

/// A rule for 429s, before all others.
const RULE: &str = "[[events.rule]]\nclass = \"CLASS\"\nwhen = { outcome = [\"rate_limited\"] }\n\n[[events.rule]]";

/// The page of a bundle as people see it, in one line.
fn page(world: &World) -> String {
    let members = assemble(&world.contents, &world.export).unwrap();
    text(&members, layout::REPORT)
}

fn text(members: &Members, path: &str) -> String {
    let html = String::from_utf8_lossy(&members[path]);
    let mut text = String::new();
    for part in html.split('<') {
        let shown = part.split_once('>').map_or(part, |(_, shown)| shown);
        text.push_str(shown);
        text.push(' ');
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A world in whose outage everything met the customer's own limit, which counts as `class`.
fn limited(class: &str) -> World {
    let rule = RULE.replace("CLASS", class);
    World::made(Twist::OwnLimit, 60, |text| {
        text.replacen("[[events.rule]]", &rule, 1)
    })
}

#[test]
fn a_limit_of_ones_own_is_no_outage_where_the_contract_says_so() {
    let world = limited("not_valid");
    let judged = &world.contents.assessment.commitments[0];
    assert_ne!(judged.verdict, Verdict::Breached);
    assert_eq!(judged.minutes.down, 0);
    all_pass(&world.verify());
    let page = page(&world);
    assert!(
        page.contains("rate_limited the customer's own rate limit 429 40"),
        "{page}"
    );
}

/// Nobody can count such minutes as the provider's and hide what they were.
#[test]
fn a_limit_of_ones_own_is_told_where_the_contract_counts_it() {
    let world = limited("error");
    let judged = &world.contents.assessment.commitments[0];
    assert_eq!(judged.verdict, Verdict::Breached);
    all_pass(&world.verify());
    let page = page(&world);
    for said in [
        "rate_limited the customer's own rate limit 429 40",
        "Other requests under the same key or limit are not in this bundle",
        "a limit shared with other traffic of the customer, cannot be seen from outside",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
}

#[test]
fn a_deadline_below_what_clients_wait_is_told() {
    let page = page(&World::new(Twist::None));
    for said in [
        "A request without its end was given up after 30 s, as the plan said beforehand.",
        "less than some providers' own clients wait by default",
        "whether it may is the contract's question",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
}

#[test]
fn a_deadline_that_was_changed_afterwards_is_caught() {
    let mut world = World::new(Twist::None);
    let line = &mut world.contents.streams[0].cores[3];
    *line = line.replace("\"deadline_ms\":30000", "\"deadline_ms\":60000");
    judge(&mut world.contents);
    let report = world.verify();
    assert!(
        failed(&report).contains(&Check::Chain),
        "{}",
        render_text(&report)
    );
}

/// Bursts, confirmations and what was sent by hand: the page's table of requests has them all.
#[test]
fn requests_beyond_the_plan_are_counted_in_the_report() {
    for twist in [Twist::Confirmed, Twist::Mixed] {
        let world = World::new(twist);
        let streams = world.contents.streams.iter();
        let start = world.contents.terms.window.start().start().get() * 1_000;
        let end = world.contents.terms.as_of.start().get() * 1_000;
        let in_window = |core: &&String| {
            let line: serde_json::Value = serde_json::from_str(core).unwrap();
            line["wall_us"]
                .as_i64()
                .is_some_and(|at| (start..end).contains(&at))
        };
        let requests = streams
            .flat_map(|stream| &stream.cores)
            .filter(in_window)
            .count();
        let planned = |core: &&String| core.contains("\"attempt\":1,") && in_window(core);
        let streams = world.contents.streams.iter();
        let due = streams
            .flat_map(|stream| &stream.cores)
            .filter(planned)
            .count();
        assert!(
            due < requests,
            "{twist:?} makes more than the plan asks for"
        );
        let page = page(&world);
        let (_, table) = page.split_once("All requests of the window").unwrap();
        let (table, _) = table.split_once("given up after").unwrap();
        let words: Vec<&str> = table.split(' ').collect();
        let counted = words.windows(2).filter_map(|pair| {
            let is_status =
                pair[0] == "none" || (pair[0].len() == 3 && pair[0].parse::<u16>().is_ok());
            is_status
                .then(|| pair[1].replace(',', "").parse::<usize>().ok())
                .flatten()
        });
        assert_eq!(counted.sum::<usize>(), requests, "{twist:?}: {table}");
    }
}

/// An agent that invents an outage signs it as any other: the bundle verifies, and says what that
/// does not mean, on its page, in its README and among its limitations.
#[test]
fn what_an_agent_made_up_passes_and_every_text_says_so() {
    let world = World::new(Twist::None);
    all_pass(&world.verify());
    let members = assemble(&world.contents, &world.export).unwrap();
    for (path, said) in [
        (
            layout::REPORT,
            "They cannot show that an agent told the truth while it recorded. What can is yours: look up the request ids in your own logs.",
        ),
        (
            layout::README,
            "that the agents told the truth while they recorded",
        ),
        (layout::LIMITATIONS, "An agent that lies while it records"),
    ] {
        let text = text(&members, path);
        assert!(text.contains(said), "{path}: {text}");
    }
}

/// No text says by which algorithm it is to be checked: the first line fixes it, so that nobody can
/// talk a verifier into a weaker one.
#[test]
fn a_text_of_another_version_is_not_read_as_this_one() {
    let world = World::new(Twist::None);
    let mut members = assemble(&world.contents, &world.export).unwrap();
    let signed = SignedNote::parse(&members[MANIFEST_PATH]).unwrap();
    let text = signed
        .text()
        .replacen("sla-evidence/bundle/v1", "sla-evidence/bundle/v2", 1);
    assert_ne!(text, signed.text());
    let signed = note::sign(&text, &[&world.export]).unwrap();
    members.insert(MANIFEST_PATH.to_owned(), signed.to_bytes());
    let report = verify(
        &mut open(&members),
        Some(&world.policy),
        &Options::default(),
    );
    assert_eq!(
        failed(&report),
        [Check::Container],
        "{}",
        render_text(&report)
    );
    let limits = String::from_utf8_lossy(&members[layout::LIMITATIONS]).into_owned();
    let limits = limits.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(limits.contains(
        "Cryptography that is broken in years to come. Timestamps over the manifest (MANIFEST.tsr), \
         where there are any, should be renewed before their certificates end."
    ));
}

#[test]
fn a_manifest_can_be_stamped_anew_without_touching_the_rest() {
    let world = World::new(Twist::None);
    let mut members = assemble(&world.contents, &world.export).unwrap();
    let before = members[MANIFEST_PATH].clone();
    members.insert(
        "MANIFEST.tsr.7".to_owned(),
        b"a token of years to come".to_vec(),
    );
    all_pass(&verify(
        &mut open(&members),
        Some(&world.policy),
        &Options::default(),
    ));
    signed_anew(&world, &mut members);
    assert_eq!(
        members[MANIFEST_PATH], before,
        "the manifest does not name it"
    );
}
