//! Deadlines in zones whose clocks are set.

use super::*;

const PARIS: &str = "kind = \"calendar_month\"\ntimezone = \"Europe/Paris\"";

#[track_caller]
fn in_paris(clause: &str, incident: &str) -> Deadline {
    let clause = format!("purpose = \"claim\", {clause}");
    only(&rule(PARIS), &claim(&clause, ""), incident, incident)
}

#[test]
fn a_day_ends_at_the_midnight_of_the_zone() {
    let found = in_paris("anchor = \"window_end\", days = 15", "2026-03-10T12:00:00Z");
    assert_eq!(found.literal.to_string(), "2026-04-15");
    assert_eq!(found.literal_before(), minute("2026-04-15T22:00:00Z"));
    let winter = in_paris("anchor = \"window_end\", days = 15", "2026-10-10T12:00:00Z");
    assert_eq!(winter.literal.to_string(), "2026-11-15");
    assert_eq!(winter.literal_before(), minute("2026-11-15T23:00:00Z"));
}

#[test]
fn days_after_an_instant_end_at_the_same_time_by_the_clock() {
    let days = "anchor = \"incident\", days = 5";
    for (incident, end) in [
        ("2026-03-27T12:00:00Z", "2026-04-01T11:00:00Z"),
        ("2026-10-23T12:00:00Z", "2026-10-28T13:00:00Z"),
    ] {
        assert_eq!(in_paris(days, incident).literal.to_string(), end);
    }
    // 02:30 on 29 March is skipped; two hours are two hours.
    let skipped = in_paris("anchor = \"incident\", days = 1", "2026-03-28T01:30:00Z");
    assert_eq!(skipped.literal.to_string(), "2026-03-29T01:30:00Z");
    let hours = in_paris("anchor = \"incident\", hours = 24", "2026-03-28T12:00:00Z");
    assert_eq!(hours.literal.to_string(), "2026-03-29T12:00:00Z");
}

#[test]
fn the_day_of_an_incident_is_that_of_the_zone() {
    // Sunday evening in UTC is Monday in Paris.
    let found = in_paris(
        "anchor = \"incident\", business_days = 5",
        "2026-02-15T23:30:00Z",
    );
    assert_eq!(ends(&found), ["2026-02-23", "2026-02-20"]);
    // The last hour of February in UTC belongs to March in Paris.
    let found = in_paris(
        "anchor = \"window_end\", months = 2",
        "2026-02-28T23:30:00Z",
    );
    assert_eq!(ends(&found), ["2026-05-31", "2026-05-31"]);
}

#[test]
fn a_day_whose_following_midnight_is_skipped_ends_when_the_clock_is_set_forward() {
    let santiago = rule("kind = \"calendar_month\"\ntimezone = \"America/Santiago\"");
    let clause = "purpose = \"claim\", anchor = \"window_end\", days = 5";
    let noon = "2026-08-10T12:00:00Z";
    let found = only(&santiago, &claim(clause, ""), noon, noon);
    assert_eq!(found.literal.to_string(), "2026-09-05");
    assert_eq!(found.literal_before(), minute("2026-09-06T04:00:00Z"));
}

#[test]
fn a_window_that_ends_within_a_day_of_the_zone_has_deadlines_at_instants() {
    let fixed = rule(
        "kind = \"fixed_days\"\ndays = 30\nanchor = \"2026-03-01T00:00:00+01:00\"\ntimezone = \"Europe/Paris\"",
    );
    let clause = "purpose = \"claim\", anchor = \"window_end\", days = 1";
    let noon = "2026-03-10T12:00:00Z";
    let found = only(&fixed, &claim(clause, ""), noon, noon);
    assert_eq!(
        ends(&found),
        ["2026-03-31T23:00:00Z", "2026-03-31T23:00:00Z"]
    );
}

#[test]
fn a_clock_that_is_set_never_puts_the_safe_end_after_the_literal_one() {
    let paris = rule(PARIS);
    // Shown as 02:30 and 03:00; a day later the former is skipped and the latter is not.
    let downtime = [
        downtime("2026-03-28T01:30:00Z", 1),
        downtime("2026-03-28T02:00:00Z", 1),
    ];
    let occasion = Occasion {
        window: paris.window_at(downtime[0].start),
        downtime: &downtime,
        due_since: None,
    };
    let claim = claim("purpose = \"notice\", anchor = \"incident\", days = 1", "");
    let found = deadlines(&paris, Some(&claim), occasion);
    let end = "2026-03-29T01:00:00Z";
    assert_eq!(ends(&found[0]), [end, end]);
}
