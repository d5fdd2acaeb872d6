mod mistakes;

use domain::{Attribution, Class, Kind, Outcome, Source};
use proptest::prelude::*;

use super::*;

const DIRECT: &str = include_str!("../../contracts/demo-direct.toml");
const GATEWAY: &str = include_str!("../../contracts/demo-gateway.toml");
const GUIDE: &str = include_str!("../../../../docs/contracts.md");

fn minute(text: &str) -> Minute {
    let at = chrono::DateTime::parse_from_rfc3339(text).unwrap();
    domain::UnixMillis::from(at.to_utc()).minute()
}

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

#[test]
fn the_demo_contracts_are_read_and_say_that_they_are_simulated() {
    let direct = Contract::parse(DIRECT).unwrap();
    assert_eq!(direct.id().as_str(), "demo-direct");
    assert!(direct.simulated);
    assert_eq!(direct.commitments[0].target, "999/1000".parse().unwrap());
    assert_eq!(
        direct.effect_of("maintenance"),
        Effect::RemoveFromDenominator
    );
    assert_eq!(direct.effect_of("storm"), Effect::NotExcluded);
    let gateway = Contract::parse(GATEWAY).unwrap();
    assert!(gateway.simulated);
    assert_eq!(gateway.window.timezone_basis, Basis::Assumed);
    assert_eq!(gateway.commitments[0].metric.family(), Family::IntervalMean);
}

#[test]
fn every_contract_in_the_guide_is_read() {
    let blocks: Vec<&str> = GUIDE
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .filter(|block| block.starts_with("schema"))
        .collect();
    assert!(!blocks.is_empty());
    for block in blocks {
        Contract::parse(block).unwrap();
    }
}

#[test]
fn the_first_matching_rule_decides_and_lists_mean_any_of() {
    let text = DIRECT.replacen(
        "# Our key,",
        "[[events.rule]]\nclass = \"not_valid\"\nwhen = { feature = [\"grounding\", \"preview\"], tier = [\"standard\"], stream = true, status = [500, 503] }\n# Our key,",
        1,
    );
    let direct = Contract::parse(DIRECT).unwrap().events;
    let excepted = Contract::parse(&text).unwrap().events;
    let check = |rules: &EventRules, class: Class, expected| {
        assert_eq!(rules.classify(&class), expected, "{class:?}");
    };
    let failed = class(Outcome::ServerError, Some(500), Attribution::Provider);
    check(&direct, failed.clone(), EventClass::Error);
    check(&excepted, failed.clone(), EventClass::NotValid);
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
        check(&excepted, other, EventClass::Error);
    }
    let capacity = class(Outcome::Capacity429, Some(429), Attribution::Provider);
    check(&direct, capacity, EventClass::NotValid);
    let own_key = class(Outcome::Auth, Some(401), Attribution::Ours);
    check(&direct, own_key, EventClass::NotValid);
    let no_answer = class(Outcome::Tcp, None, Attribution::Unknown);
    check(&direct, no_answer, EventClass::Unknown);
    let cut = class(Outcome::StreamCut, Some(200), Attribution::Provider);
    check(&direct, cut, EventClass::Error);
    let odd = class(Outcome::UnexpectedStatus, Some(302), Attribution::Provider);
    check(&direct, odd, EventClass::Unknown);
}

/// The gateway's contract with calendar months.
fn monthly() -> String {
    let days = "kind = \"fixed_days\"\ndays = 30\nanchor = 2026-01-01T00:00:00Z";
    assert!(GATEWAY.contains(days));
    GATEWAY.replacen(days, "kind = \"calendar_month\"", 1)
}

#[test]
fn calendar_months_have_their_own_lengths() {
    let contract = Contract::parse(&monthly()).unwrap();
    for (at, start, minutes) in [
        ("2026-02-28T23:59:00Z", "2026-02-01T00:00:00Z", 28 * 1440),
        ("2028-02-01T00:00:00Z", "2028-02-01T00:00:00Z", 29 * 1440),
        ("2026-03-31T12:00:00Z", "2026-03-01T00:00:00Z", 44_640),
        ("2026-11-15T00:00:00Z", "2026-11-01T00:00:00Z", 43_200),
        ("2026-12-31T23:59:00Z", "2026-12-01T00:00:00Z", 44_640),
        ("1969-12-31T23:59:00Z", "1969-12-01T00:00:00Z", 44_640),
    ] {
        let window = contract.window_at(minute(at));
        assert_eq!(window.start(), minute(start), "{at}");
        assert_eq!(window.minutes(), minutes, "{at}");
    }
}

#[test]
fn fixed_days_are_counted_from_the_anchor_in_both_directions() {
    let contract = Contract::parse(DIRECT).unwrap();
    let after = contract.window_at(minute("2026-01-31T00:00:00Z"));
    assert_eq!(after.start(), minute("2026-01-31T00:00:00Z"));
    let before = contract.window_at(minute("2025-12-31T23:59:00Z"));
    assert_eq!(before.start(), minute("2025-12-02T00:00:00Z"));
    assert_eq!(before.end(), minute("2026-01-01T00:00:00Z"));
}

proptest! {
    #[test]
    fn windows_tile_time(at in -30_000_000_i64..4_000_000_000, days in 1..=366_u32) {
        let months = Contract::parse(&monthly()).unwrap();
        let text = DIRECT.replacen("days = 1", &format!("days = {days}"), 1);
        let fixed = Contract::parse(&text).unwrap();
        for contract in [months, fixed] {
            let window = contract.window_at(Minute::new(at));
            prop_assert!(window.contains(Minute::new(at)));
            prop_assert_eq!(contract.window_at(window.start()), window);
            prop_assert_eq!(contract.window_at(window.end()).start(), window.end());
            prop_assert_eq!(contract.window_at(window.start().plus(-1)).end(), window.start());
        }
    }

    #[test]
    fn no_minute_is_too_far_away_for_a_window(at in any::<i64>()) {
        for text in [DIRECT, GATEWAY] {
            let window = Contract::parse(text).unwrap().window_at(Minute::new(at));
            prop_assert!(window.minutes() <= 44_640);
        }
    }

    #[test]
    fn arbitrary_text_never_panics_the_parser(text in any::<String>()) {
        prop_assert!(Contract::parse(&text).is_err());
    }

    #[test]
    fn a_damaged_contract_is_read_or_refused_inside_its_text(
        place in any::<prop::sample::Index>(),
        cut in 0..40_usize,
        insert in prop_oneof![
            "[\\[\\]{}=\"'.,#\\n0-9a-z_ -]{0,8}",
            Just("-1".to_owned()),
            Just("9e999".to_owned()),
            Just("0xffff_ffff_ffff".to_owned()),
            Just("[[[[".to_owned()),
        ],
    ) {
        let mut characters: Vec<char> = GATEWAY.chars().collect();
        let start = place.index(characters.len());
        let end = (start + cut).min(characters.len());
        characters.splice(start..end, insert.chars());
        let text: String = characters.into_iter().collect();
        if let Err(error) = Contract::parse(&text) {
            prop_assert!((1..=text.lines().count() + 1).contains(&error.line), "{}", error);
        }
    }
}
