mod laws;
mod names;

use num_rational::BigRational;

use super::*;
use crate::Fraction;

pub(super) fn zone(name: &str) -> TimeZone {
    name.parse().unwrap()
}

pub(super) fn minute(text: &str) -> Minute {
    let at = chrono::DateTime::parse_from_rfc3339(text).unwrap();
    domain::UnixMillis::from(at.to_utc()).minute()
}

#[track_caller]
pub(super) fn rule(toml: &str) -> WindowRule {
    toml::from_str(toml).unwrap()
}

fn shown(window: Window) -> [String; 2] {
    [window.start(), window.end()].map(|end| end.start().to_string())
}

#[track_caller]
fn cuts(toml: &str, at: &str, start: &str, end: &str) {
    assert_eq!(
        shown(rule(toml).window_at(minute(at))),
        [start, end],
        "{toml}"
    );
}

#[test]
fn months_are_as_long_as_the_clocks_of_their_zone_say() {
    for (name, month, minutes) in [
        ("UTC", "2026-03", 44_640),
        ("Asia/Shanghai", "2026-03", 44_640),
        ("UTC", "2026-11", 43_200),
        ("Asia/Shanghai", "2026-11", 43_200),
        ("America/Los_Angeles", "2026-03", 44_580),
        ("America/Los_Angeles", "2026-11", 43_260),
        ("Europe/Paris", "2026-03", 44_580),
        ("Europe/Paris", "2026-10", 44_700),
    ] {
        let rule = rule(&format!("kind = \"calendar_month\"\ntimezone = \"{name}\""));
        assert_eq!(
            rule.named(month).unwrap().minutes(),
            minutes,
            "{name} {month}"
        );
    }
}

#[test]
fn a_thousandth_of_a_month_is_exactly_so_many_minutes() {
    let rule = rule("kind = \"calendar_month\"");
    for (month, budget, shown) in [
        ("2026-02", "1008/25", "40.32"),
        ("2028-02", "1044/25", "41.76"),
        ("2026-04", "216/5", "43.20"),
        ("2026-05", "1116/25", "44.64"),
    ] {
        let minutes = rule.named(month).unwrap().minutes();
        let lost = Fraction::one().ratio() - Fraction::from_percent("99.9").unwrap().ratio();
        let allowed = Fraction::from_ratio(lost * BigRational::from_integer(minutes.into()));
        assert_eq!(allowed, budget.parse().unwrap(), "{month}");
        assert_eq!(allowed.decimal_string(2), shown);
    }
}

#[test]
fn every_kind_cuts_at_midnights_of_its_zone() {
    cuts(
        "kind = \"calendar_month\"\ntimezone = \"America/Los_Angeles\"",
        "2026-11-01T06:59:00Z",
        "2026-10-01T07:00:00Z",
        "2026-11-01T07:00:00Z",
    );
    cuts(
        "kind = \"calendar_quarter\"\ntimezone = \"Europe/Paris\"",
        "2026-03-31T22:00:00Z",
        "2026-03-31T22:00:00Z",
        "2026-06-30T22:00:00Z",
    );
    let billing = "kind = \"billing_month\"\nanchor_day = 31";
    for (at, start, end) in [
        (
            "2026-02-27T23:59:00Z",
            "2026-01-31T00:00:00Z",
            "2026-02-28T00:00:00Z",
        ),
        (
            "2026-02-28T00:00:00Z",
            "2026-02-28T00:00:00Z",
            "2026-03-31T00:00:00Z",
        ),
        (
            "2026-01-01T00:00:00Z",
            "2025-12-31T00:00:00Z",
            "2026-01-31T00:00:00Z",
        ),
    ] {
        cuts(billing, at, start, end);
    }
    // Seven days with the change of clocks inside: an hour more than 7 x 24.
    cuts(
        "kind = \"trailing_days\"\ndays = 7\ntimezone = \"Europe/Paris\"",
        "2026-10-28T22:59:00Z",
        "2026-10-21T22:00:00Z",
        "2026-10-28T23:00:00Z",
    );
}

#[test]
fn fixed_days_are_days_of_24_hours_in_every_zone() {
    for name in ["UTC", "Europe/Paris"] {
        let toml = format!(
            "kind = \"fixed_days\"\ndays = 30\nanchor = \"2026-10-01T00:00:00+02:00\"\ntimezone = \"{name}\""
        );
        cuts(
            &toml,
            "2026-10-30T21:59:00Z",
            "2026-09-30T22:00:00Z",
            "2026-10-30T22:00:00Z",
        );
        cuts(
            &toml,
            "2026-09-30T21:59:00Z",
            "2026-08-31T22:00:00Z",
            "2026-09-30T22:00:00Z",
        );
    }
}

#[test]
fn a_month_begins_with_its_first_instant_where_its_midnight_is_skipped() {
    // Asuncion set its clocks forward over midnight of Sunday, 2017-10-01.
    cuts(
        "kind = \"calendar_month\"\ntimezone = \"America/Asuncion\"",
        "2017-10-15T00:00:00Z",
        "2017-10-01T04:00:00Z",
        "2017-11-01T03:00:00Z",
    );
}

#[test]
fn other_zones_have_windows_of_the_same_name_at_other_instants() {
    let toml = "kind = \"calendar_month\"\nalso_test_timezones = [\"Asia/Shanghai\", \"UTC\", \"America/Los_Angeles\", \"Asia/Shanghai\"]";
    let rule = rule(toml);
    let zones = rule.zones();
    assert_eq!(
        zones,
        ["UTC", "Asia/Shanghai", "America/Los_Angeles"].map(zone)
    );
    let november = rule.named("2026-11").unwrap();
    assert_eq!(
        shown(rule.window_in(zones[1], november)),
        ["2026-10-31T16:00:00Z", "2026-11-30T16:00:00Z"]
    );
    assert_eq!(
        shown(rule.window_in(zones[2], november)),
        ["2026-11-01T07:00:00Z", "2026-12-01T08:00:00Z"]
    );
    assert_eq!(
        shown(rule.window_at_in(minute("2026-11-01T00:00:00Z"), zones[2])),
        ["2026-10-01T07:00:00Z", "2026-11-01T07:00:00Z"]
    );
}

#[test]
fn windows_are_found_any_number_ahead() {
    for toml in [
        "kind = \"calendar_month\"\ntimezone = \"Europe/Paris\"",
        "kind = \"calendar_quarter\"",
        "kind = \"billing_month\"\nanchor_day = 30\ntimezone = \"America/Santiago\"",
        "kind = \"fixed_days\"\ndays = 30\nanchor = \"2026-01-01T00:00:00Z\"",
        "kind = \"trailing_days\"\ndays = 30\ntimezone = \"Europe/Paris\"",
    ] {
        let rule = rule(toml);
        let mut window = rule.window_at(minute("2026-01-15T12:00:00Z"));
        let own = window;
        for n in 0..30 {
            assert_eq!(rule.later(own, n), window, "{toml} {n}");
            window = rule.next(window);
        }
    }
}

#[test]
fn a_zone_that_is_not_given_is_utc_and_assumed() {
    let silent = rule("kind = \"calendar_month\"");
    assert_eq!(silent.timezone, TimeZone::UTC);
    assert_eq!(silent.timezone_basis, Basis::Assumed);
    assert_eq!(silent.run_across_edge, RunAcrossEdge::Unknown);
    let given = rule("kind = \"calendar_month\"\ntimezone = \"UTC\"");
    assert_eq!(given.timezone_basis, Basis::Stated);
    let unknown = rule("kind = \"calendar_month\"\ntimezone_basis = \"unknown\"");
    assert_eq!(unknown.timezone_basis, Basis::Unknown);
}

#[test]
fn rules_survive_being_written_as_toml() {
    for toml in [
        "kind = \"calendar_month\"",
        "kind = \"calendar_quarter\"\ntimezone = \"Asia/Tokyo\"\ntimezone_basis = \"inferred\"\nrun_across_edge = \"span\"\nprovenance = \"not_found\"\nnote = \"n\"",
        "kind = \"billing_month\"\nanchor_day = 31\nalso_test_timezones = [\"Asia/Tokyo\"]",
        "kind = \"fixed_days\"\ndays = 366\nanchor = \"2026-01-01T00:00:00+01:00\"",
        "kind = \"trailing_days\"\ndays = 1",
    ] {
        let first = rule(toml);
        let written = toml::to_string(&first).unwrap();
        assert_eq!(rule(&written), first, "{written}");
    }
}

#[test]
fn tables_that_contradict_themselves_are_refused_with_the_key() {
    let nine = ["\"UTC\""; 9].join(", ");
    for (toml, error) in [
        (
            "kind = \"billing_month\"",
            "`anchor_day`: kind = \"billing_month\" needs `anchor_day`",
        ),
        (
            "kind = \"fixed_days\"\nanchor = \"2026-01-01T00:00:00Z\"",
            "`days`: kind = \"fixed_days\" needs `days`",
        ),
        (
            "kind = \"fixed_days\"\ndays = 1",
            "`anchor`: kind = \"fixed_days\" needs `anchor`",
        ),
        (
            "kind = \"trailing_days\"",
            "`days`: kind = \"trailing_days\" needs `days`",
        ),
        (
            "kind = \"calendar_month\"\ndays = 30",
            "`days`: kind = \"calendar_month\" takes no `days`",
        ),
        (
            "kind = \"trailing_days\"\ndays = 3\nanchor_day = 3",
            "`anchor_day`: kind = \"trailing_days\" takes no `anchor_day`",
        ),
        (
            "kind = \"fixed_days\"\ndays = 3\nanchor = \"2026-01-01T00:00:00Z\"\nalso_test_timezones = [\"UTC\"]",
            "`also_test_timezones`: kind = \"fixed_days\" takes no `also_test_timezones`",
        ),
        (
            "kind = \"calendar_month\"\ntimezone_basis = \"stated\"",
            "`timezone_basis`: give `timezone` too, or `assumed` or `unknown`",
        ),
        (
            &format!("kind = \"calendar_month\"\nalso_test_timezones = [{nine}]"),
            "`also_test_timezones`: at most 8 zones",
        ),
        (
            "kind = \"billing_month\"\nanchor_day = 32",
            "must be a whole number from 1 to 31",
        ),
        (
            "kind = \"trailing_days\"\ndays = 367",
            "must be a whole number from 1 to 366",
        ),
        (
            "kind = \"fixed_days\"\ndays = 3\nanchor = \"2026-01-01T00:00:30Z\"",
            "must be an RFC 3339 instant on a whole minute, such as 2026-01-01T00:00:00Z",
        ),
        (
            "kind = \"calendar_month\"\ntimezone = \"Europe/Pariss\"",
            "`Europe/Pariss` is no IANA time zone; near names: `Europe/Paris`",
        ),
    ] {
        let refused = toml::from_str::<WindowRule>(toml).unwrap_err();
        assert_eq!(refused.message(), error, "{toml}");
    }
}

#[test]
fn a_part_of_a_month_is_unknown_unless_the_text_says_more() {
    assert_eq!(PartMonth::default(), PartMonth::Unknown);
    for (word, part) in [
        ("own_period", PartMonth::OwnPeriod),
        ("assume_up", PartMonth::AssumeUp),
        ("whole_month", PartMonth::WholeMonth),
        ("unknown", PartMonth::Unknown),
    ] {
        assert_eq!(serde_json::to_value(part).unwrap(), word);
    }
}

#[test]
fn the_schema_has_the_keys_of_the_table_and_their_meaning() {
    let schema = serde_json::to_value(schemars::schema_for!(WindowRule)).unwrap();
    let keys = schema["properties"].as_object().unwrap();
    assert_eq!(keys.len(), 10);
    assert!(keys.values().all(|key| key["description"].is_string()));
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema["required"], serde_json::json!(["kind"]));
    let anchor_day = &keys["anchor_day"];
    assert_eq!(anchor_day["maximum"], 31, "{anchor_day}");
}
