//! Open clauses: every way to read them, and what hangs on it.

use super::*;
use crate::Choice;

/// The contract of [`contract`] with a piece of its text replaced.
fn reworded(rest: &str, from: &str, to: &str) -> Contract {
    let text = contract_text(rest);
    assert!(text.contains(from), "{from}");
    Contract::parse(&text.replace(from, to)).unwrap()
}

fn choice(clause: &str, value: &str) -> Choice {
    Choice {
        clause: clause.to_owned(),
        value: value.to_owned(),
    }
}

fn at(text: &str) -> Minute {
    let at = chrono::DateTime::parse_from_rfc3339(text).unwrap();
    Minute::new(at.timestamp() / 60)
}

/// One good or bad sample in every minute between two instants.
fn between(from: &str, to: &str, status: impl Fn(Minute) -> u16) -> Vec<CellHour> {
    let offsets = at(from).get() - NOVEMBER..at(to).get() - NOVEMBER;
    cells(offsets.map(|m| (m, class(status(Minute::new(NOVEMBER + m))), 1)))
}

fn in_month(contract: &Contract, month: &str, cells: &[CellHour]) -> CommitmentAssessment {
    let window = contract.window.named(month).unwrap();
    // Two days after its end the window is over in every zone.
    one(
        contract,
        &Terms::of(window, window.end().plus(2 * 1440)),
        cells,
    )
}

#[test]
fn a_run_over_the_edge_counts_in_part_or_whole_and_both_are_shown() {
    // Three bad minutes end January and five begin February; five in a row are needed.
    let rest = "min_run_minutes = 1";
    let contract = |edge: &str| {
        let text = contract_text("").replace(rest, "min_run_minutes = 5");
        let edge = format!("run_across_edge = \"{edge}\"");
        Contract::parse(&text.replace("run_across_edge = \"cut\"", &edge)).unwrap()
    };
    let (from, to) = (at("2026-01-31T23:57:00Z"), at("2026-02-01T00:05:00Z"));
    let cells = between("2026-01-01T00:00:00Z", "2026-03-03T00:00:00Z", |m| {
        if (from..to).contains(&m) { 500 } else { 200 }
    });
    for (edge, january, february) in [("cut", 0, 5), ("span", 3, 5)] {
        let contract = contract(edge);
        for (month, bad, minutes) in [("2026-01", january, 44_640), ("2026-02", february, 40_320)] {
            let judged = in_month(&contract, month, &cells);
            assert_eq!(judged.minutes.down, bad, "{edge} {month}");
            let up = Fraction::new(minutes - bad, minutes.try_into().unwrap());
            assert_eq!(judged.high, up, "{edge} {month}");
            assert_eq!(judged.spread, None);
        }
    }
    let open = in_month(&contract("unknown"), "2026-01", &cells);
    assert_eq!(open.high, Fraction::one());
    let spread = open.spread.unwrap();
    assert_eq!((spread.readings, spread.cut), (2, false));
    assert_eq!(spread.lowest, fraction("14879/14880"));
    assert!(!open.reading_dependent); // Met either way.
}

#[test]
fn the_zone_decides_which_month_an_outage_belongs_to() {
    let contract = reworded(
        "",
        "timezone = \"UTC\"",
        "timezone = \"UTC\"\ntimezone_basis = \"assumed\"\nalso_test_timezones = [\"America/Los_Angeles\"]",
    );
    // 44 minutes in the first hours of November in UTC, still October on the west coast.
    let (from, to) = (at("2026-11-01T03:00:00Z"), at("2026-11-01T03:44:00Z"));
    let cells = between("2026-10-01T00:00:00Z", "2026-12-02T00:00:00Z", |m| {
        if (from..to).contains(&m) { 500 } else { 200 }
    });
    let judged = in_month(&contract, "2026-11", &cells);
    assert_eq!(judged.verdict, Verdict::Breached);
    assert!(judged.reading_dependent);
    let least = judged.least_favourable.unwrap();
    assert_eq!(least.verdict, Verdict::Met);
    let expected = [choice("window.timezone", "America/Los_Angeles")];
    assert_eq!(least.choices, expected);
    assert_eq!(least.high, Fraction::one());
}

#[test]
fn a_subscription_that_begins_within_the_month_can_be_counted_in_two_ways() {
    let contract = contract_with("");
    let window = contract.window.named("2026-03").unwrap();
    let mut terms = Terms::of(window, window.end());
    let since = at("2026-03-17T00:00:00Z");
    terms.subscribed = Window::new(since, window.end()).ok();
    let down = since.plus(30);
    let cells = between("2026-03-17T00:00:00Z", "2026-04-01T00:00:00Z", |m| {
        if m < down { 500 } else { 200 }
    });
    let judged = one(&contract, &terms, &cells);
    exactly(&judged, "719/720", Verdict::Breached);
    assert!(judged.reading_dependent);
    let least = judged.least_favourable.unwrap();
    assert_eq!(least.high, fraction("1487/1488"));
    assert_eq!(least.verdict, Verdict::Met);
    assert_eq!(least.choices, [choice("scope.part_month", "assume_up")]);
    // Said outright, there is nothing to choose.
    let stated = reworded("[scope]\npart_month = \"whole_month\"\n", "99.9", "99.9");
    let judged = one(&stated, &terms, &cells);
    exactly(&judged, "1487/1488", Verdict::Met);
    assert_eq!(judged.spread, None);
}

#[test]
fn a_rounding_that_only_the_bands_suggest_is_a_reading() {
    let schedule = r#"
[commitment.credit]
kind = "bands"
basis = "invoice"
bands = [ { ge = "98", lt = "99.5", percent = "10" }, { lt = "98", percent = "20" } ]
"#;
    let rounding = r#"rounding = { mode = "half_up", digits = 2, basis = "inferred" }"#;
    let contract = contract("99.5", INTERVALS, &format!("{rounding}\n{schedule}"));
    let samples = [(0, class(500), 401), (0, class(200), 19_599)]; // 97.995 %
    let judged = one(&contract, &terms(5), &cells(samples));
    assert_eq!(percent(&judged).as_deref(), Some("10"));
    assert!(judged.reading_dependent);
    let others = judged.spread.unwrap().conclusions;
    let shares: Vec<String> = others
        .iter()
        .filter_map(|r| Some(r.credit.as_ref()?.share.as_ref()?.percent_string(0)))
        .collect();
    assert_eq!(shares, ["20"]);
}

#[test]
fn a_status_that_one_reading_calls_an_error_decides_nothing_unseen() {
    let contract = reworded(
        "",
        r#"{ class = "error", when = { status = ["5xx"] } }"#,
        r#"{ class = "error", when = { status = [500] } },
  { class = "not_valid", otherwise = "error", basis = "unknown", when = { status = [503] } }"#,
    );
    let overloaded = every_minute(MONTH, |m| Some(if m < 44 { 503 } else { 200 }));
    let judged = one(&contract, &terms(MONTH), &overloaded);
    assert_eq!(judged.verdict, Verdict::Met);
    assert_eq!(judged.minutes.empty, 44);
    assert!(judged.reading_dependent);
    let spread = judged.spread.unwrap();
    assert_eq!(spread.conclusions[0].verdict, Verdict::Breached);
    assert_eq!(
        spread.conclusions[0].choices,
        [choice("events.rule.1", "error")]
    );
    // The claimant's worst is the letter itself.
    assert_eq!(judged.least_favourable.unwrap().choices, []);
}

#[test]
fn a_formula_that_the_text_leaves_open_is_read_each_way() {
    let other = r#"
[[commitment.alternative]]
id = "any_error"
note = "the text says downtime and no more"
metric = { family = "downtime_minutes", rule = "any_fail", min_run_minutes = 1 }
"#;
    let metric = r#"family = "downtime_minutes", rule = "all_fail", min_run_minutes = 1"#;
    let contract = contract("99.9", metric, other);
    let mixed = cells((0..MONTH).flat_map(|m| {
        let second = class(if m < 44 { 500 } else { 200 });
        [(m, class(200), 1), (m, second, 1)]
    }));
    let judged = one(&contract, &terms(MONTH), &mixed);
    assert_eq!(judged.verdict, Verdict::Met);
    let found = &judged.spread.unwrap().conclusions[0];
    assert_eq!(found.verdict, Verdict::Breached);
    let clause = "commitment.uptime.alternative";
    assert_eq!(found.choices, [choice(clause, "any_error")]);
}

#[test]
fn an_exclusion_of_unknown_effect_is_read_in_all_three_ways() {
    let open =
        "[[exclusion]]\nkind = \"maintenance\"\neffect = \"not_excluded\"\nbasis = \"unknown\"\n";
    let contract = contract_with(open);
    let mut terms = terms(MONTH);
    terms.exclusions.push(ExcludedSpan {
        window: window(NOVEMBER, 120),
        kind: "maintenance".to_owned(),
        reason: "upgrade".to_owned(),
        announced: None,
    });
    // 45 bad minutes, five of them inside of the maintenance.
    let cells = every_minute(MONTH, |m| {
        Some(if (115..160).contains(&m) { 500 } else { 200 })
    });
    let judged = one(&contract, &terms, &cells);
    exactly(&judged, "959/960", Verdict::Breached);
    let spread = judged.spread.unwrap();
    assert_eq!(spread.readings, 3);
    assert_eq!(spread.highest, fraction("1079/1080"));
    let least = judged.least_favourable.unwrap();
    let clause = "exclusion.0.effect";
    assert_eq!(least.choices, [choice(clause, "treat_as_up")]);
}

#[test]
fn more_combinations_than_can_be_computed_are_varied_one_clause_at_a_time() {
    let clause = |n| {
        format!("[[exclusion]]\nkind = \"k{n}\"\neffect = \"not_excluded\"\nbasis = \"unknown\"\n")
    };
    let five: String = (0..5).map(clause).collect();
    let judged = |tables: &str| {
        let cells = every_minute(MONTH, |_| Some(200));
        let mut terms = terms(MONTH);
        let announced = (0..5).map(|n| ExcludedSpan {
            window: window(NOVEMBER + n, 1),
            kind: format!("k{n}"),
            reason: String::new(),
            announced: None,
        });
        terms.exclusions = announced.collect();
        one(&contract_with(tables), &terms, &cells).spread.unwrap()
    };
    let spread = judged(&five);
    assert_eq!((spread.readings, spread.cut), (11, true));
    let three: String = (0..3).map(clause).collect();
    let spread = judged(&three);
    assert_eq!((spread.readings, spread.cut), (27, false));
}

#[test]
fn another_zone_is_no_reading_where_nothing_was_measured_beyond_the_edge() {
    let contract = reworded(
        "",
        "timezone = \"UTC\"",
        "timezone = \"UTC\"\nalso_test_timezones = [\"America/Los_Angeles\"]",
    );
    let inside = every_minute(MONTH, |_| Some(200));
    let judged = one(&contract, &terms(MONTH), &inside);
    let spread = judged.spread.unwrap();
    assert_eq!((spread.readings, spread.cut), (1, true));
    assert!(!judged.reading_dependent);
}
