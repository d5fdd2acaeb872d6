use domain::Hour;

use super::*;
use crate::assess::tests::{contract_text, contract_with};

fn cell(agent: &str, target: &str) -> CellHour {
    domain::cell::CellHourBuilder::new(
        agent.parse().unwrap(),
        target.parse().unwrap(),
        Hour::new(0),
    )
    .build()
}

fn terms() -> Terms {
    let minute = domain::Minute::new;
    Terms::of(
        domain::Window::new(minute(0), minute(60)).unwrap(),
        minute(60),
    )
}

fn scope(target: &str, scope: &[(Dimension, &str)]) -> crate::TargetScope {
    crate::TargetScope {
        target: target.parse().unwrap(),
        scope: scope.iter().map(|(d, v)| (*d, (*v).to_owned())).collect(),
    }
}

fn ids(contract: &Contract, terms: &Terms, cells: &[CellHour]) -> Vec<String> {
    subjects(contract, terms, cells)
        .iter()
        .map(Subject::id)
        .collect()
}

const OVERRIDE: &str = r#"overrides = [ { model_list = "short-lived", target = "95" } ]"#;

const LISTS: &str = r#"
[model_lists]
short-lived = ["flash"]
"#;

fn with_override() -> Contract {
    let text = contract_text(&format!("{OVERRIDE}{LISTS}"));
    Contract::parse(&text).unwrap()
}

#[test]
fn models_with_a_target_of_their_own_get_a_result_of_their_own() {
    let contract = with_override();
    let mut terms = terms();
    let cells = [cell("a", "pro"), cell("a", "flash-eu")];
    assert_eq!(ids(&contract, &terms, &cells), ["uptime"]);
    terms.targets = vec![
        scope("pro", &[(Dimension::Model, "pro")]),
        scope("flash-eu", &[(Dimension::Model, "flash")]),
    ];
    let all = subjects(&contract, &terms, &cells);
    assert_eq!(all[0].id(), "uptime");
    assert_eq!(all[1].id(), "uptime.short-lived");
    assert_eq!(all[1].promise.target().percent_string(0), "95");
    assert_eq!(all[1].cells.len(), 1);
    terms.targets.remove(0);
    assert_eq!(ids(&contract, &terms, &cells[1..]), ["uptime.short-lived"]);
}

#[test]
fn regions_are_judged_apart_where_the_contract_says_so() {
    let contract = contract_with("[evidence]\npooling = \"per_region\"\n");
    let mut terms = terms();
    terms.places = vec![crate::Place {
        agent: "a".parse().unwrap(),
        region: "aws:eu".to_owned(),
        network: "aws".to_owned(),
    }];
    let cells = [cell("a", "t"), cell("b", "t")];
    let expected = ["uptime@aws:eu", "uptime@unknown"];
    assert_eq!(ids(&contract, &terms, &cells), expected);
}

#[test]
fn a_result_is_claimable_only_where_every_part_is_known_and_the_same() {
    let contract = contract_with("[scope]\npartition = [\"account\", \"region\"]\n");
    let targets = |names: &[&str]| names.iter().map(|n| n.parse().unwrap()).collect();
    let mut terms = terms();
    let known = [(Dimension::Account, "acme"), (Dimension::Region, "eu")];
    terms.targets = vec![
        scope("t", &known),
        scope(
            "u",
            &[(Dimension::Account, "acme"), (Dimension::Region, "us")],
        ),
        scope("v", &known[..1]),
    ];
    let claim = |names| claimability(&contract, &terms, &targets(names));
    assert_eq!(claim(&["t"]), Claimability::Claimable);
    let several = Reservation::SeveralParts {
        dimension: Dimension::Region,
        values: vec!["eu".to_owned(), "us".to_owned()],
    };
    let reasons = vec![several];
    assert_eq!(claim(&["t", "u"]), Claimability::Indicative { reasons });
    let reasons = vec![Reservation::NotKnown {
        dimension: Dimension::Region,
        target: "v".parse().unwrap(),
    }];
    assert_eq!(claim(&["t", "v"]), Claimability::Indicative { reasons });
    let reasons = vec![Reservation::NoTarget];
    assert_eq!(claim(&[]), Claimability::Indicative { reasons });
}
