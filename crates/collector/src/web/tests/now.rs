//! What targets are like now, and revisions: views and what the pages say of them.

use domain::{Minute, UnixMillis};
use sla::{Condition, Vantage, Verdict, What};

use super::fixtures::{self, HOSTILE, assess, month_contract, site};
use crate::condition::Run;
use crate::web::view::{RevisionNote, TargetNow};
use crate::web::{contract, overview, violation};

/// A target in each state, and one whose day had all of them.
pub(crate) fn targets(now: UnixMillis) -> Vec<TargetNow> {
    let as_of = now.minute();
    let names = [
        "acme-chat",
        "acme-embed",
        "demo-gateway",
        "acme-batch",
        "acme-models",
    ];
    let states = Condition::ALL.iter().rev();
    let targets = names.into_iter().zip(states);
    targets
        .map(|(name, condition)| target(name, as_of, *condition))
        .collect()
}

fn target(name: &str, as_of: Minute, condition: Condition) -> TargetNow {
    let lengths = [
        (Condition::Up, 700),
        (Condition::Unmeasured, 60),
        (Condition::OurSide, 30),
        (Condition::Up, 500),
        (Condition::Regional, 45),
        (condition, 105),
    ];
    let mut at = as_of.plus(-1_440);
    let run = |(condition, minutes): (Condition, i64)| {
        let start = at;
        at = at.plus(minutes);
        Run {
            start,
            end: at,
            condition,
        }
    };
    let regions = [
        ("aws:us-east-1", Vantage::Failing),
        ("aws:eu-central-1", Vantage::Up),
        ("gcp:europe-west4", Vantage::OurSide),
        ("hetzner:fsn1", Vantage::Unmeasured),
    ];
    TargetNow {
        target: name.parse().unwrap(),
        condition,
        since: (condition != Condition::Up).then(|| as_of.plus(-105)),
        as_of,
        regions: regions.map(|(name, seen)| (name.to_owned(), seen)).to_vec(),
        totals: Condition::ALL.map(|one| (one, 288, 8_640)).to_vec(),
        day: lengths.into_iter().map(run).collect(),
    }
}

/// A month that was fine until evidence of an outage came in.
pub(crate) fn revisions() -> Vec<RevisionNote> {
    let contract = month_contract();
    let assessment = assess(&contract, "2026-11-22T13:40:00Z", Some("12400.00"));
    let mut replaced = assess(&contract, "2026-11-14T09:00:00Z", Some("12400.00"));
    replaced.window = assessment.window;
    vec![RevisionNote {
        revision: 2,
        replaces: 1,
        replaces_sha256: Some("c0ffee".repeat(10) + "c0ff"),
        cause: Some("evidence came in after it was final"),
        revised_at: Some(fixtures::millis("2026-12-03T08:00:00Z")),
        changes: sla::changes(&replaced, &assessment),
        assessment,
    }]
}

#[test]
fn the_overview_tells_each_targets_state_and_that_no_verdict_rests_on_it() {
    let mut view = fixtures::rich_overview(site());
    view.now = targets(view.site.now);
    let page = overview(&view).0;
    for text in [
        "No verdict rests on these states.",
        "</svg>Provider down</span>",
        "</svg>Regional</span>",
        "</svg>Our side</span>",
        "</svg>Unmeasured</span>",
        "</svg>Up</span>",
        "over 30 days",
        "aws:us-east-1",
        "M1335 0h105v14h-105z",
    ] {
        assert!(page.contains(text), "{text}");
    }
    view.now[0].regions[0].0 = HOSTILE.to_owned();
    assert!(!overview(&view).0.contains("<b>"));
}

#[test]
fn a_revision_names_what_it_replaces_and_what_changed() {
    let mut view = fixtures::contract_page(site(), month_contract());
    let mut found = fixtures::violation_page(site(), month_contract());
    assert!(!contract(&view).0.contains("Revisions"));
    view.revisions = revisions();
    found.revisions = revisions();
    let pages = [contract(&view).0, violation(&found).0];
    for page in pages.map(|page| page.replace('\u{a0}', " ")) {
        for text in [
            "Revision 2 of November 2026 (UTC) replaces revision 1",
            "evidence came in after it was final",
            "verdict <strong>Breached</strong>, before Open",
            "before none",
            "unmeasured, before",
        ] {
            assert!(page.contains(text), "{text}");
        }
    }
    let is_verdict = |what: &What| {
        matches!(
            what,
            What::Verdict {
                to: Verdict::Breached,
                ..
            }
        )
    };
    assert!(
        view.revisions[0]
            .changes
            .iter()
            .any(|c| is_verdict(&c.what))
    );
}
