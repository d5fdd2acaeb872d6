use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use domain::{Attribution, Class, Kind, Outcome, Source};

use super::*;
use crate::contract::{Basis, Claim, Contract, EventClass, Remedy};

mod summary;

fn contracts() -> impl Iterator<Item = (&'static Template, Contract)> {
    TEMPLATES.iter().map(|template| {
        let contract = Contract::parse(template.toml)
            .unwrap_or_else(|error| panic!("{}: {error}", template.name));
        (template, contract)
    })
}

/// A probe's planned attempt at a provider, without a gateway in between.
fn class(outcome: Outcome, status: Option<u16>, attribution: Attribution) -> Class {
    Class {
        outcome,
        status,
        attribution,
        kind: Kind::Planned,
        source: Source::Probe,
        stream: true,
        served_model: None,
        served_tier: None,
        features: Vec::new(),
        late: false,
    }
}

#[test]
fn every_file_of_the_directory_is_a_template_and_its_name_is_its_id() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("contracts");
    let files: BTreeSet<String> = fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let listed = TEMPLATES
        .iter()
        .map(|t| format!("{}.toml", t.name))
        .collect();
    assert_eq!(files, listed);
    for (template, contract) in contracts() {
        assert_eq!(contract.id().as_str(), template.name);
    }
}

#[test]
fn templates_are_sorted_and_each_is_told_in_one_line() {
    assert!(TEMPLATES.is_sorted_by(|a, b| a.name < b.name));
    for template in TEMPLATES {
        assert!(!template.title.contains('\n') && template.title.len() <= 80);
        assert!(
            template.toml.starts_with("# "),
            "{} does not say what it is",
            template.name
        );
    }
}

#[test]
fn a_template_is_found_by_its_name_and_a_slip_is_answered_with_the_nearest() {
    assert_eq!(find("cohere").unwrap().name, "cohere");
    assert_eq!(find("coher"), None);
    assert_eq!(nearest("coher"), Some("cohere"));
    assert_eq!(nearest("aws-bedrok"), Some("aws-bedrock"));
    assert_eq!(nearest("something else entirely"), None);
}

#[test]
fn every_commitment_says_how_well_it_is_known() {
    for (template, contract) in contracts().filter(|(_, contract)| !contract.simulated) {
        assert!(contract.source.provenance.is_some(), "{}", template.name);
        for commitment in &contract.commitments {
            let id = commitment.id.as_str();
            assert!(commitment.provenance.is_some(), "{}: {id}", template.name);
            if let Some(credit) = &commitment.credit {
                assert!(credit.provenance.is_some(), "{}: {id}", template.name);
            }
        }
    }
}

#[test]
fn a_remedy_can_be_claimed_and_a_deadline_that_is_not_known_is_told() {
    for (template, contract) in contracts() {
        match (contract.remedy, &contract.claim) {
            (Remedy::None, claim) => assert_eq!(*claim, None, "{}", template.name),
            (_, None) => panic!("{} has a remedy, and no claim", template.name),
            (_, Some(claim)) => check_claim(template.name, claim),
        }
    }
}

#[track_caller]
fn check_claim(name: &str, claim: &Claim) {
    if claim.deadlines.is_empty() {
        assert_eq!(claim.basis, Basis::Unknown, "{name}");
        assert!(
            claim.note.is_some(),
            "{name} does not say why it has no deadline"
        );
    }
}

#[test]
fn what_is_our_own_doing_is_never_an_error() {
    for (template, contract) in contracts() {
        for outcome in [Outcome::Auth, Outcome::Billing, Outcome::BadRequest] {
            let seen = class(outcome, Some(400), Attribution::Ours);
            let event = contract.events.classify(&seen);
            assert_eq!(event, EventClass::NotValid, "{}", template.name);
        }
        let fault = class(Outcome::ProbeFault, None, Attribution::Agent);
        let event = contract.events.classify(&fault);
        assert_eq!(event, EventClass::Unknown, "{}", template.name);
    }
}

#[test]
fn an_answer_is_a_success_and_a_500_of_the_one_under_contract_an_error() {
    for (template, contract) in contracts() {
        let ok = class(Outcome::Ok, Some(200), Attribution::None);
        let event = contract.events.classify(&ok);
        assert_eq!(event, EventClass::Success, "{}", template.name);
        let (outcome, whose) = if is_gateway(template.name) {
            (Outcome::GatewayError, Attribution::Gateway)
        } else {
            (Outcome::ServerError, Attribution::Provider)
        };
        let event = contract.events.classify(&class(outcome, Some(500), whose));
        assert_eq!(event, EventClass::Error, "{}", template.name);
    }
}

#[test]
fn one_agent_alone_cannot_prove_that_an_endpoint_is_not_reached() {
    for (template, contract) in contracts() {
        for outcome in [
            Outcome::Dns,
            Outcome::Tcp,
            Outcome::Tls,
            Outcome::ConnectTimeout,
        ] {
            let seen = class(outcome, None, Attribution::Unknown);
            let event = contract.events.classify(&seen);
            assert_eq!(event, EventClass::Unknown, "{}: {outcome}", template.name);
        }
    }
}

#[test]
fn only_your_own_goals_count_a_429_as_an_error() {
    for (template, contract) in contracts() {
        let full = class(Outcome::Capacity429, Some(429), Attribution::Provider);
        let is_error = contract.events.classify(&full) == EventClass::Error;
        assert_eq!(
            is_error,
            template.name == "performance-budget",
            "{}",
            template.name
        );
    }
}

#[test]
fn a_gateway_does_not_answer_for_the_providers_behind_it_unless_it_says_so() {
    for (template, contract) in contracts().filter(|(t, _)| is_gateway(t.name)) {
        let upstream = class(Outcome::ServerError, Some(502), Attribution::Provider);
        let expected = if template.name == "demo-gateway" {
            EventClass::Error
        } else {
            EventClass::NotValid
        };
        assert_eq!(
            contract.events.classify(&upstream),
            expected,
            "{}",
            template.name
        );
    }
}

#[test]
fn a_provider_does_not_answer_for_a_gateway_of_yours() {
    for (template, contract) in contracts().filter(|(t, _)| !is_gateway(t.name)) {
        // A worker may be the gateway itself; goals of one's own do not ask who it was.
        if matches!(
            template.name,
            "cloudflare-workers" | "demo-direct" | "performance-budget"
        ) {
            continue;
        }
        let between = class(Outcome::GatewayError, Some(502), Attribution::Gateway);
        let event = contract.events.classify(&between);
        assert_eq!(event, EventClass::NotValid, "{}", template.name);
    }
}

#[test]
fn bedrock_counts_500_only_and_503_in_its_other_reading() {
    let bedrock = Contract::parse(find("aws-bedrock").unwrap().toml).unwrap();
    let seen = class(Outcome::Overloaded, Some(503), Attribution::Provider);
    assert_eq!(bedrock.events.classify(&seen), EventClass::NotValid);
    let mut rules = bedrock.events.rules.iter();
    let rule = rules.find(|rule| rule.when.matches(&seen)).unwrap();
    assert_eq!(rule.otherwise, Some(EventClass::Error));
}

#[test]
fn the_gemini_list_of_models_holds_once_it_is_filled() {
    let toml = find("google-gemini-online").unwrap().toml;
    let filled = Contract::parse(&toml.replace("#: ", "")).unwrap();
    let uptime = &filled.commitments[0];
    assert_eq!(uptime.overrides[0].target.to_string(), "95");
    assert!(
        Contract::parse(toml).unwrap().commitments[0]
            .overrides
            .is_empty()
    );
}

#[test]
fn the_demo_can_move_the_windows_of_its_contracts() {
    for name in ["demo-direct", "demo-gateway"] {
        let toml = find(name).unwrap().toml;
        assert!(toml.contains("\nanchor = 2026-01-01T00:00:00Z\n"), "{name}");
        assert!(Contract::parse(toml).unwrap().simulated, "{name}");
    }
}

fn is_gateway(name: &str) -> bool {
    [
        "demo-gateway",
        "generic-gateway",
        "openrouter",
        "tokenmix",
        "truefoundry",
    ]
    .contains(&name)
}
