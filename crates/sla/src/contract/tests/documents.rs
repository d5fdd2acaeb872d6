//! What documents say about contracts holds.

use chrono::NaiveDate;
use domain::cell::CellHourBuilder;
use domain::{Attribution, CellHour, Class, Kind, Minute, Outcome, Source};

use super::Contract;
use crate::money::Money;
use crate::{Due, Facts, Terms, Verdict, assess};

const GUIDE: &str = include_str!("../../../../../docs/contracts.md");
const REFERENCE: &str = include_str!("../../../../../docs/contract-reference.md");
const SCHEMA: &str = include_str!("../../../../../docs/sla-contract.schema.json");

/// The blocks of TOML in a Markdown text.
fn blocks(markdown: &str) -> impl Iterator<Item = &str> {
    let blocks = markdown.split("```toml\n").skip(1);
    blocks.filter_map(|rest| rest.split("```").next())
}

/// The whole contracts among them.
fn contracts(markdown: &str) -> impl Iterator<Item = &str> {
    blocks(markdown).filter(|block| block.starts_with("schema"))
}

#[test]
fn every_contract_in_the_guide_is_read() {
    let mut found = 0;
    for block in contracts(GUIDE) {
        found += 1;
        Contract::parse(block).unwrap_or_else(|error| panic!("{error} in\n{block}"));
    }
    assert!(found >= 1, "the guide has no example");
}

/// What parts of a contract are put into.
const FRAME: &str = r#"
schema = "sla-contract/1"
contract = { id = "a", provider = "a", service = "a", currency = "USD" }
window = { kind = "calendar_month" }
"#;

#[test]
fn every_part_of_a_contract_in_the_guide_has_its_place() {
    for part in blocks(GUIDE).filter(|block| !block.starts_with("schema")) {
        let mut whole: toml::Table = FRAME.parse().unwrap();
        let mut part: toml::Table = part.parse().unwrap_or_else(|error| panic!("{error}"));
        let mut commitment: toml::Table =
            "id = \"a\"\ntarget = \"99.5\"\nmetric = { family = \"request_ratio\" }"
                .parse()
                .unwrap();
        commitment.extend(
            part.remove("rounding")
                .map(|rounding| ("rounding".to_owned(), rounding)),
        );
        if let Some(toml::Value::Array(own)) = part.remove("commitment") {
            commitment.extend(own[0].as_table().unwrap().clone());
        }
        whole.insert("commitment".to_owned(), vec![commitment].into());
        let mut events: toml::Table = "default = \"unknown\"".parse().unwrap();
        if let Some(toml::Value::Table(own)) = part.remove("events") {
            events.extend(own);
        }
        whole.insert("events".to_owned(), events.into());
        whole.extend(part);
        let text = whole.to_string();
        Contract::parse(&text).unwrap_or_else(|error| panic!("{error} in\n{text}"));
    }
}

#[test]
fn the_reference_of_keys_is_that_of_the_code() {
    assert!(
        REFERENCE.trim_end() == Contract::reference().trim_end(),
        "write it anew: nines contract reference > docs/contract-reference.md"
    );
}

#[test]
fn the_json_schema_is_that_of_the_code() {
    let schema: serde_json::Value = serde_json::from_str(SCHEMA).unwrap();
    assert!(
        schema == Contract::json_schema(),
        "write it anew: nines contract schema > docs/sla-contract.schema.json"
    );
}

/// One request a minute from the start of November 2026 on, for 31 days: what the guide tells.
fn november() -> Vec<CellHour> {
    let start: Minute = Minute::new(29_891_520);
    let at = |day: i64, hour: i64, minute: i64| start.plus(((day - 1) * 24 + hour) * 60 + minute);
    let down = [
        (at(12, 9, 0), at(12, 9, 44)),
        (at(20, 15, 0), at(20, 15, 3)),
    ];
    let unmeasured = (at(22, 4, 0), at(22, 4, 10));
    let inside = |minute: Minute, (from, to): (Minute, Minute)| from <= minute && minute < to;
    let hours = (0..31 * 24).map(|hour| start.plus(hour * 60));
    let cell = |first: Minute| {
        let agent = "gateway".parse().unwrap();
        let mut cell = CellHourBuilder::new(agent, "chat".parse().unwrap(), first.hour());
        let minutes = (0..60).map(|minute| first.plus(minute));
        for minute in minutes.filter(|minute| !inside(*minute, unmeasured)) {
            let fails = down.iter().any(|span| inside(minute, *span));
            cell.add(minute, class(fails), 1);
        }
        cell.build()
    };
    hours.map(cell).collect()
}

fn class(fails: bool) -> Class {
    let (outcome, status, attribution) = if fails {
        (Outcome::ServerError, 503, Attribution::Provider)
    } else {
        (Outcome::Ok, 200, Attribution::None)
    };
    Class {
        outcome,
        status: Some(status),
        attribution,
        kind: Kind::Planned,
        source: Source::Traffic,
        stream: true,
        served_model: None,
        served_tier: None,
        features: Vec::new(),
        late: false,
    }
}

#[test]
fn the_complete_example_comes_to_what_the_guide_says() {
    let contract = Contract::parse(contracts(GUIDE).next().unwrap()).unwrap();
    let window = contract.window_at(Minute::new(29_891_520));
    assert_eq!(window.minutes(), 43_200);
    let mut terms = Terms::of(window, window.end().plus(24 * 60));
    terms.fees = Some(Money::parse("12000.00", contract.currency).unwrap());
    let assessment = assess(&contract, &terms, Facts::counted(&november()));
    let one = &assessment.commitments[0];
    assert_eq!(one.high, "10789/10800".parse().unwrap());
    assert_eq!(one.low, "799/800".parse().unwrap());
    assert_eq!(one.verdict, Verdict::Breached);
    assert!(!one.reading_dependent, "{:?}", one.spread);
    let amount = assessment.credit.unwrap().amount.unwrap();
    assert_eq!(amount.to_string(), "1200.00 USD");
    let ends: Vec<Due> = one
        .deadlines
        .iter()
        .map(|deadline| deadline.literal)
        .collect();
    let notice = window.start().plus((12 * 24 + 9) * 60);
    let claim = NaiveDate::from_ymd_opt(2026, 12, 30).unwrap();
    assert_eq!(ends, [Due::Instant(notice), Due::Day(claim)]);
    for told in [
        "10789/10800",
        "799/800",
        "1,200.00 USD",
        "13 November 09:00 UTC",
        "30 December",
    ] {
        assert!(GUIDE.contains(told), "{told}");
    }
}
