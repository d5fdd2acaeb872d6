//! Names of windows.

use super::*;

const FIXED: &str = "kind = \"fixed_days\"\ndays = 30\nanchor = \"2026-01-01T00:00:00-08:00\"\ntimezone = \"America/Los_Angeles\"";

#[track_caller]
fn named(toml: &str, name: &str, start: &str, end: &str) {
    let rule = rule(toml);
    let window = rule.named(name).unwrap();
    assert_eq!(shown(window), [start, end], "{toml} {name}");
}

#[test]
fn a_name_is_read_by_the_kind_of_window() {
    for (toml, name, start, end) in [
        (
            "kind = \"calendar_month\"",
            "2026-10",
            "2026-10-01T00:00:00Z",
            "2026-11-01T00:00:00Z",
        ),
        (
            "kind = \"calendar_quarter\"",
            "2026-Q3",
            "2026-07-01T00:00:00Z",
            "2026-10-01T00:00:00Z",
        ),
        (
            "kind = \"billing_month\"\nanchor_day = 31",
            "2026-02",
            "2026-02-28T00:00:00Z",
            "2026-03-31T00:00:00Z",
        ),
        (
            FIXED,
            "2026-01-01",
            "2026-01-01T08:00:00Z",
            "2026-01-31T08:00:00Z",
        ),
        (
            FIXED,
            "2026-01-30",
            "2026-01-01T08:00:00Z",
            "2026-01-31T08:00:00Z",
        ),
        // The clocks of Los Angeles show 01:00 then; those of its winter midnight.
        (
            FIXED,
            "2026-07-30",
            "2026-07-30T08:00:00Z",
            "2026-08-29T08:00:00Z",
        ),
        (
            "kind = \"trailing_days\"\ndays = 30\ntimezone = \"Asia/Tokyo\"",
            "2026-10-30",
            "2026-09-30T15:00:00Z",
            "2026-10-30T15:00:00Z",
        ),
    ] {
        named(toml, name, start, end);
    }
}

#[test]
fn other_names_are_refused_with_what_is_accepted() {
    let strange = [
        "", "2026", "2026-1", "2026-13", "2026-00", "0000-01", "10000-01", "-2026-01",
    ];
    let more = [
        "2026-Q0",
        "2026-Q5",
        "2026-QQ1",
        "2026-10-",
        "+2026-10",
        "2026-10-17 ",
        "october",
    ];
    for (toml, accepted, others) in [
        (
            "kind = \"calendar_month\"",
            "give a month, such as `2026-10`",
            ["2026-Q3", "2026-10-17"],
        ),
        (
            "kind = \"calendar_quarter\"",
            "give a quarter, such as `2026-Q3`",
            ["2026-10", "2026-3"],
        ),
        (
            "kind = \"billing_month\"\nanchor_day = 3",
            "give the month that the billing month begins in, such as `2026-10`",
            ["2026-Q3", "2026-10-17"],
        ),
        (
            FIXED,
            "give a day inside the window, such as `2026-10-17`",
            ["2026-10", "2026-02-30"],
        ),
        (
            "kind = \"trailing_days\"\ndays = 3",
            "give the window's last day, such as `2026-10-17`",
            ["2026-Q3", "2026-1-5"],
        ),
    ] {
        let rule = rule(toml);
        for name in strange.iter().chain(&more).chain(&others) {
            let error = rule.named(name).unwrap_err().to_string();
            assert_eq!(
                error,
                format!("`{name}` names no window of this contract; {accepted}")
            );
        }
    }
}

#[test]
fn a_day_that_a_zone_skipped_names_the_window_that_ended_before_it() {
    let apia = rule("kind = \"trailing_days\"\ndays = 1\ntimezone = \"Pacific/Apia\"");
    let skipped = apia.named("2011-12-30").unwrap();
    assert_eq!(skipped, apia.named("2011-12-29").unwrap());
    assert_eq!(skipped.minutes(), 1440);
}
