//! Which rule decides about a sample.

use domain::{Attribution, Class, Kind, Outcome, Source};

use super::{Contract, DIRECT};
use crate::contract::{EventClass, EventRules};

fn class(outcome: Outcome, status: Option<u16>, attribution: Attribution) -> Class {
    Class {
        outcome,
        status,
        attribution,
        kind: Kind::Planned,
        source: Source::Probe,
        stream: true,
        served_model: None,
        served_tier: Some("standard".into()),
        features: vec!["preview".into()],
        late: false,
    }
}

#[track_caller]
fn check(rules: &EventRules, class: &Class, expected: EventClass) {
    assert_eq!(rules.classify(class), expected, "{class:?}");
}

#[test]
fn the_demo_contract_blames_the_provider_for_its_own_faults_only() {
    let rules = Contract::parse(DIRECT).unwrap().events;
    for (outcome, status, attribution, expected) in [
        (
            Outcome::ServerError,
            Some(500),
            Attribution::Provider,
            EventClass::Error,
        ),
        (
            Outcome::Capacity429,
            Some(429),
            Attribution::Provider,
            EventClass::NotValid,
        ),
        (
            Outcome::Auth,
            Some(401),
            Attribution::Ours,
            EventClass::NotValid,
        ),
        (
            Outcome::Tcp,
            None,
            Attribution::Unknown,
            EventClass::Unknown,
        ),
        (
            Outcome::StreamCut,
            Some(200),
            Attribution::Provider,
            EventClass::Error,
        ),
        (
            Outcome::UnexpectedStatus,
            Some(302),
            Attribution::Provider,
            EventClass::Unknown,
        ),
    ] {
        check(&rules, &class(outcome, status, attribution), expected);
    }
}

#[test]
fn the_first_matching_rule_decides_and_lists_mean_any_of() {
    let rule = "[[events.rule]]\nclass = \"not_valid\"\nwhen = { feature = [\"grounding\", \"preview\"], tier = [\"standard\"], stream = true, status = [500, \"503\"] }\n";
    let (head, rest) = DIRECT.split_once("[[events.rule]]\n").unwrap();
    let excepted = Contract::parse(&format!("{head}{rule}[[events.rule]]\n{rest}"));
    let excepted = excepted.unwrap().events;
    let failed = class(Outcome::ServerError, Some(500), Attribution::Provider);
    check(&excepted, &failed, EventClass::NotValid);
    for other in [
        Class {
            status: Some(502),
            ..failed.clone()
        },
        Class {
            served_tier: None,
            ..failed.clone()
        },
        Class {
            stream: false,
            ..failed.clone()
        },
        Class {
            features: Vec::new(),
            ..failed.clone()
        },
    ] {
        check(&excepted, &other, EventClass::Error);
    }
}

#[test]
fn a_failure_that_needs_a_quorum_is_unknown_to_one_agent_alone() {
    let quorum = DIRECT.replacen(
        "when = { status = [\"5xx\"] }",
        "when = { status = [\"5xx\"], quorum = true }",
        1,
    );
    let rules = Contract::parse(&quorum).unwrap().events;
    assert!(rules.asks_for_quorum());
    let failed = class(Outcome::ServerError, Some(500), Attribution::Provider);
    check(&rules, &failed, EventClass::Unknown);
}
