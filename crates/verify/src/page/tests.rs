use domain::Window;
use sla::{ExcludedSpan, Facts, Place, Terms};

use super::*;
use crate::layout::claim::{ClaimSchema, InputsSchema};

const CONTRACT: &str = include_str!("../tests/contract.toml");

fn render_with(violation: &str, reason: &str) -> String {
    let contract = Contract::parse(CONTRACT).unwrap();
    let window = contract.window_at(Minute::new(29_538_720));
    let mut terms = Terms::of(window, window.end());
    terms.exclusions = vec![ExcludedSpan {
        window: Window::new(window.start(), window.end()).unwrap(),
        kind: "maintenance".into(),
        reason: reason.into(),
        announced: None,
    }];
    terms.places = vec![Place {
        agent: "eu".parse().unwrap(),
        region: reason.into(),
        network: reason.into(),
    }];
    let assessment = sla::assess(&contract, &terms, Facts::counted(&[]));
    let claim = Claim {
        schema: ClaimSchema::V1,
        origin: "nines.example".into(),
        contract: contract.id().clone(),
        violation: violation.into(),
        window,
        as_of: window.end(),
        simulated: true,
    };
    let inputs = Inputs {
        schema: InputsSchema::V1,
        contract: contract.id().clone(),
        terms_sha256: String::new(),
        window,
        as_of: window.end(),
        targets: vec!["chat".parse().unwrap()],
        agents: vec!["eu".parse().unwrap()],
        fees: None,
        credited_12_months: None,
        exclusions: terms.exclusions,
        subscribed: None,
        places: terms.places,
        scopes: Vec::new(),
    };
    render(&Page {
        claim: &claim,
        inputs: &inputs,
        contract: &contract,
        assessment: &assessment,
    })
}

#[test]
fn text_from_outside_cannot_become_markup() {
    let page = render_with("<b>&\"", "<script>alert(1)</script>");
    assert!(!page.contains("<script") && !page.contains("<b>"));
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
}

#[test]
fn the_page_needs_nothing_from_elsewhere() {
    let page = render_with("VIO-1", "announced");
    for outside in ["http://", "https://", "src=", "href=", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(page.contains("SIMULATED") && page.contains("1 span considered for exclusion"));
}
