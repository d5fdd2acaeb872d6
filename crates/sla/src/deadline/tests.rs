mod laws;
mod zones;

use super::*;
use crate::contract::claim::{Amount, ClaimDeadlineText};

pub(super) fn minute(text: &str) -> Minute {
    let at = chrono::DateTime::parse_from_rfc3339(text).unwrap();
    domain::UnixMillis::from(at.to_utc()).minute()
}

pub(super) fn downtime(start: &str, minutes: i64) -> Downtime {
    let start = minute(start);
    Downtime {
        start,
        end: start.plus(minutes),
        valid: 1,
        errors: 1,
        start_known_to_s: None,
        end_known_to_s: None,
    }
}

pub(super) const MONTHS: &str = "kind = \"calendar_month\"";

pub(super) fn rule(toml: &str) -> WindowRule {
    toml::from_str(toml).unwrap()
}

/// A claim with one deadline, and more keys.
pub(super) fn claim(deadline: &str, more: &str) -> Claim {
    let toml = format!("channel = \"c\"\ndeadlines = [ {{ {deadline} }} ]\n{more}");
    toml::from_str(&toml).unwrap()
}

/// The only deadline of downtime of an hour, of which a credit became certain by a minute.
#[track_caller]
pub(super) fn only(rule: &WindowRule, claim: &Claim, start: &str, certain: &str) -> Deadline {
    let down = downtime(start, 60);
    let occasion = Occasion {
        window: rule.window_at(down.start),
        downtime: &[down],
        due_since: Some(minute(certain)),
    };
    let mut found = deadlines(rule, Some(claim), occasion);
    assert_eq!(found.len(), 1);
    let json = serde_json::to_string(&found[0]).unwrap();
    assert_eq!(serde_json::from_str::<Deadline>(&json).unwrap(), found[0]);
    found.remove(0)
}

fn ends(deadline: &Deadline) -> [String; 2] {
    [deadline.literal.to_string(), deadline.safe.to_string()]
}

/// A deadline of downtime that begins at noon, in calendar months of UTC.
#[track_caller]
fn check(deadline: &str, incident: &str, literal: &str, safe: &str) {
    let noon = format!("{incident}T12:00:00Z");
    let found = only(&rule(MONTHS), &claim(deadline, ""), &noon, &noon);
    assert_eq!(ends(&found), [literal, safe], "{deadline}");
}

#[test]
fn the_second_cycle_after_the_incident_may_count_the_incidents_own() {
    let clause = "purpose = \"claim\", anchor = \"billing_cycle_end\", nth_after_incident = 2";
    check(clause, "2026-03-15", "2026-05-31", "2026-04-30");
}

#[test]
fn thirty_days_from_eligibility_run_from_the_end_of_the_month_or_from_the_breach() {
    let clause = "purpose = \"claim\", anchor = \"eligibility\", days = 30";
    check(clause, "2026-11-10", "2026-12-31", "2026-12-10T12:00:00Z");
}

#[test]
fn two_months_after_the_end_of_february_end_on_its_last_date() {
    let clause = "purpose = \"claim\", anchor = \"window_end\", months = 2";
    check(clause, "2026-02-15", "2026-04-28", "2026-04-28");
}

#[test]
fn the_end_of_the_next_billing_month_is_the_same_by_every_reading() {
    let clause = "purpose = \"claim\", anchor = \"billing_month_end\", nth_after_incident = 1";
    check(clause, "2026-02-15", "2026-03-31", "2026-03-31");
}

#[test]
fn days_after_the_end_of_a_month_count_in_full() {
    for (days, end) in [(15, "2026-03-15"), (30, "2026-03-30")] {
        let clause = format!("purpose = \"claim\", anchor = \"window_end\", days = {days}");
        check(&clause, "2026-02-15", end, end);
    }
}

#[test]
fn a_claim_opens_with_the_fifth_working_day_or_surely_after_it() {
    let claim = claim(
        "purpose = \"claim\", anchor = \"month_end\", months = 2",
        "opens = { anchor = \"month_end\", working_days = 5 }",
    );
    let noon = "2026-02-15T12:00:00Z";
    let found = only(&rule(MONTHS), &claim, noon, noon);
    assert_eq!(ends(&found), ["2026-04-28", "2026-04-28"]);
    let opens = found.opens.unwrap();
    assert_eq!(opens.literal.to_string(), "2026-03-06"); // Friday; the month begins on a Sunday.
    assert_eq!(opens.safe.to_string(), "2026-03-07");
    assert_eq!(
        opens.literal.begins(TimeZone::UTC),
        minute("2026-03-06T00:00:00Z")
    );
}

#[test]
fn a_safe_end_before_the_opening_gives_way_to_the_literal_one() {
    let claim = claim(
        "purpose = \"claim\", anchor = \"eligibility\", days = 30",
        "opens = { anchor = \"window_end\", business_days = 5 }",
    );
    let noon = "2026-11-01T12:00:00Z";
    let found = only(&rule(MONTHS), &claim, noon, noon);
    assert_eq!(found.opens.unwrap().literal.to_string(), "2026-12-07");
    assert_eq!(ends(&found), ["2026-12-31", "2026-12-31"]);
}

#[test]
fn business_days_after_an_incident_leave_out_weekends() {
    let clause = "purpose = \"notice\", anchor = \"incident\", business_days = 5";
    // A Sunday: Monday is the first.
    check(clause, "2026-02-15", "2026-02-20", "2026-02-20");
    check(clause, "2026-02-14", "2026-02-20", "2026-02-20");
    // A Monday may be meant as the first itself.
    check(clause, "2026-02-16", "2026-02-23", "2026-02-20");
    check(clause, "2026-02-20", "2026-02-27", "2026-02-26");
}

#[test]
fn hours_after_downtime_end_at_an_instant() {
    let clause = "purpose = \"claim\", anchor = \"downtime_end\", hours = 24";
    check(
        clause,
        "2026-02-15",
        "2026-02-16T13:00:00Z",
        "2026-02-16T13:00:00Z",
    );
    let after_window = "purpose = \"claim\", anchor = \"window_end\", hours = 24";
    check(
        after_window,
        "2026-02-15",
        "2026-03-02T00:00:00Z",
        "2026-03-02T00:00:00Z",
    );
}

#[test]
fn the_end_of_the_window_stands_for_an_invoice() {
    let clause = "purpose = \"claim\", anchor = \"invoice\", days = 30";
    check(clause, "2026-02-15", "2026-03-30", "2026-03-30");
}

#[test]
fn several_incidents_are_literally_the_last_and_safely_the_first() {
    let quarters = rule("kind = \"calendar_quarter\"");
    let downtime = [
        downtime("2026-01-10T08:00:00Z", 10),
        downtime("2026-03-10T08:00:00Z", 10),
    ];
    let occasion = Occasion {
        window: quarters.window_at(downtime[0].start),
        downtime: &downtime,
        due_since: Some(downtime[1].end),
    };
    for (clause, literal, safe) in [
        (
            "anchor = \"incident\", days = 5",
            "2026-03-15T08:00:00Z",
            "2026-01-15T08:00:00Z",
        ),
        (
            "anchor = \"downtime_end\", hours = 2",
            "2026-03-10T10:10:00Z",
            "2026-01-10T10:10:00Z",
        ),
        (
            "anchor = \"month_end\", days = 10",
            "2026-04-10",
            "2026-02-10",
        ),
        (
            "anchor = \"billing_month_end\", nth_after_incident = 2",
            "2026-05-31",
            "2026-03-31",
        ),
        (
            "anchor = \"billing_cycle_end\", nth_after_incident = 1",
            "2026-06-30",
            "2026-03-31",
        ),
    ] {
        let claim = claim(&format!("purpose = \"claim\", {clause}"), "");
        let found = deadlines(&quarters, Some(&claim), occasion);
        assert_eq!(ends(&found[0]), [literal, safe], "{clause}");
    }
}

#[test]
fn billing_months_are_the_contracts_own_where_it_has_them() {
    let clause = "purpose = \"claim\", anchor = \"billing_month_end\", nth_after_incident = 1";
    let noon = "2026-02-10T12:00:00Z";
    for (window, end) in [
        ("kind = \"billing_month\"\nanchor_day = 15", "2026-03-14"),
        ("kind = \"billing_month\"\nanchor_day = 31", "2026-03-30"),
        (
            "kind = \"fixed_days\"\ndays = 30\nanchor = \"2026-01-01T00:00:00Z\"",
            "2026-03-31",
        ),
        ("kind = \"trailing_days\"\ndays = 30", "2026-03-31"),
    ] {
        let found = only(&rule(window), &claim(clause, ""), noon, noon);
        assert_eq!(ends(&found), [end, end], "{window}");
    }
    let cycles = "purpose = \"claim\", anchor = \"billing_cycle_end\", nth_after_incident = 2";
    for (window, literal, safe) in [
        (
            "kind = \"billing_month\"\nanchor_day = 15",
            "2026-04-14",
            "2026-03-14",
        ),
        (
            "kind = \"fixed_days\"\ndays = 30\nanchor = \"2026-01-01T00:00:00Z\"",
            "2026-04-30",
            "2026-03-31",
        ),
        (
            "kind = \"trailing_days\"\ndays = 30",
            "2026-04-30",
            "2026-03-31",
        ),
    ] {
        let found = only(&rule(window), &claim(cycles, ""), noon, noon);
        assert_eq!(ends(&found), [literal, safe], "{window}");
    }
}

#[test]
fn notices_wait_for_downtime_and_claims_for_a_breach() {
    let months = rule(MONTHS);
    let down = downtime("2026-11-10T12:00:00Z", 60);
    let window = months.window_at(down.start);
    let count = |purpose: &str, downtime: &[Downtime], due_since| {
        let clause = format!("purpose = \"{purpose}\", anchor = \"window_end\", days = 5");
        let occasion = Occasion {
            window,
            downtime,
            due_since,
        };
        deadlines(&months, Some(&claim(&clause, "")), occasion).len()
    };
    assert_eq!(count("notice", &[], Some(down.end)), 0);
    assert_eq!(count("notice", &[down], None), 1);
    assert_eq!(count("claim", &[down], None), 0);
    assert_eq!(count("claim", &[], Some(down.end)), 1);
}

#[test]
fn an_incident_has_notices_of_its_own() {
    let toml = "channel = \"c\"\ndeadlines = [\n{ purpose = \"notice\", anchor = \"incident\", business_days = 5 },\n{ purpose = \"claim\", anchor = \"window_end\", days = 5 },\n]";
    let claim: Claim = toml::from_str(toml).unwrap();
    let incident = downtime("2026-02-15T12:00:00Z", 60);
    let found = notice_deadlines(&rule(MONTHS), &claim, &incident);
    assert_eq!(found.len(), 1);
    assert_eq!(ends(&found[0]), ["2026-02-20", "2026-02-20"]);
}

#[test]
fn the_json_of_a_deadline_names_its_zone_only_where_it_is_not_utc() {
    let day = Due::Day("2026-05-31".parse().unwrap());
    let mut deadline = Deadline {
        purpose: Purpose::Claim,
        opens: None,
        literal: day,
        safe: Due::Instant(minute("2026-05-30T12:00:00Z")),
        zone: TimeZone::UTC,
    };
    assert_eq!(
        serde_json::to_string(&deadline).unwrap(),
        r#"{"purpose":"claim","literal":"2026-05-31","safe":"2026-05-30T12:00:00Z"}"#
    );
    deadline.zone = "Europe/Paris".parse().unwrap();
    deadline.opens = Some(Opening {
        literal: day,
        safe: day,
    });
    assert_eq!(
        serde_json::to_string(&deadline).unwrap(),
        r#"{"purpose":"claim","opens":{"literal":"2026-05-31","safe":"2026-05-31"},"literal":"2026-05-31","safe":"2026-05-30T12:00:00Z","zone":"Europe/Paris"}"#
    );
}

#[test]
fn the_flat_form_of_a_deadline_is_what_is_documented() {
    let deadline = &claim(
        "purpose = \"claim\", anchor = \"incident\", working_days = 5",
        "",
    )
    .deadlines[0];
    let text = ClaimDeadlineText::from(deadline.clone());
    assert_eq!(text.business_days.map(Amount::get), Some(5));
    assert_eq!(text.working_days, None);
}
