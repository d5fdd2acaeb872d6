mod laws;
mod refused;

use super::*;

#[track_caller]
pub(super) fn recurrence(rrule: &str, rest: &str) -> Recurrence {
    toml::from_str(&written(rrule, rest)).unwrap()
}

pub(super) fn written(rrule: &str, rest: &str) -> String {
    format!("rrule = \"{rrule}\"\n{rest}")
}

pub(super) fn minute(text: &str) -> Minute {
    let at = chrono::DateTime::parse_from_rfc3339(text).unwrap();
    domain::UnixMillis::from(at.to_utc()).minute()
}

pub(super) fn window(start: &str, end: &str) -> Window {
    Window::new(minute(start), minute(end)).unwrap()
}

const UTC_NIGHT: &str = "from = \"02:00\"\nminutes = 120\ntimezone = \"UTC\"";
const PARIS_NIGHT: &str = "from = \"02:30\"\nminutes = 60\ntimezone = \"Europe/Paris\"";

/// The starts of what is covered in a window from day to day, UTC.
#[track_caller]
fn starts(rrule: &str, rest: &str, from: &str, to: &str) -> Vec<String> {
    let spans = recurrence(rrule, rest).spans(window(
        &format!("{from}T00:00:00Z"),
        &format!("{to}T00:00:00Z"),
    ));
    let starts = spans
        .into_iter()
        .map(|span| span.start().start().to_string());
    starts.map(|start| start.replace(":00Z", "")).collect()
}

#[test]
fn a_weekly_maintenance_covers_its_hours() {
    let spans = recurrence("FREQ=WEEKLY;BYDAY=SU", UTC_NIGHT)
        .spans(window("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"));
    assert_eq!(spans.len(), 5);
    assert_eq!(
        spans[0],
        window("2026-11-01T02:00:00Z", "2026-11-01T04:00:00Z")
    );
    assert_eq!(
        spans[4],
        window("2026-11-29T02:00:00Z", "2026-11-29T04:00:00Z")
    );
}

#[test]
fn a_start_that_the_clock_is_set_forward_over_is_when_it_would_have_been() {
    let shown = starts(
        "FREQ=WEEKLY;BYDAY=SU",
        PARIS_NIGHT,
        "2026-03-20",
        "2026-04-08",
    );
    // 29 March, 02:30 does not exist: 03:30 is shown, an hour after the start of the winter time.
    assert_eq!(
        shown,
        ["2026-03-22T01:30", "2026-03-29T01:30", "2026-04-05T00:30"]
    );
}

#[test]
fn of_a_start_that_comes_twice_it_is_the_first_and_the_length_is_time_that_passes() {
    let spans = recurrence("FREQ=WEEKLY;BYDAY=SU", PARIS_NIGHT)
        .spans(window("2026-10-25T00:00:00Z", "2026-10-26T00:00:00Z"));
    assert_eq!(
        spans,
        [window("2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z")]
    );
}

#[test]
fn spans_are_clipped_and_those_that_touch_or_overlap_are_one() {
    let all_day = "from = \"00:00\"\nminutes = 1440\ntimezone = \"UTC\"";
    let week = window("2026-11-03T12:00:00Z", "2026-11-10T00:00:00Z");
    assert_eq!(recurrence("FREQ=DAILY", all_day).spans(week), [week]);
    let workdays = recurrence("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", all_day);
    assert_eq!(
        workdays.spans(week),
        [
            window("2026-11-03T12:00:00Z", "2026-11-07T00:00:00Z"),
            window("2026-11-09T00:00:00Z", "2026-11-10T00:00:00Z"),
        ]
    );
    // Seven days from a Monday that lies before the window.
    let long = "from = \"06:00\"\nminutes = 10080\ntimezone = \"UTC\"";
    let first = recurrence("FREQ=MONTHLY;BYDAY=1MO", long);
    assert_eq!(
        first.spans(window("2026-11-09T05:00:00Z", "2026-11-30T00:00:00Z")),
        [window("2026-11-09T05:00:00Z", "2026-11-09T06:00:00Z")]
    );
    assert!(
        first
            .spans(window("2026-11-09T06:00:00Z", "2026-12-07T06:00:00Z"))
            .is_empty()
    );
}

#[test]
fn days_are_those_of_the_zone() {
    let tokyo = "from = \"08:00\"\nminutes = 60\ntimezone = \"Asia/Tokyo\"";
    // Monday morning in Tokyo is still Sunday in UTC.
    assert_eq!(
        starts("FREQ=WEEKLY;BYDAY=MO", tokyo, "2026-11-01", "2026-11-03"),
        ["2026-11-01T23:00"]
    );
}

#[test]
fn a_rule_with_a_first_day_counts_from_it() {
    let starting = |day: &str| format!("{UTC_NIGHT}\nstarts = \"{day}\"");
    let in_year =
        |rrule: &str, day: &str| starts(rrule, &starting(day), "2026-01-01", "2027-01-01");
    assert_eq!(
        in_year("FREQ=WEEKLY;INTERVAL=2;COUNT=3", "2026-03-05"),
        ["2026-03-05T02:00", "2026-03-19T02:00", "2026-04-02T02:00"]
    );
    // The week of the first day counts, the days before it do not.
    assert_eq!(
        in_year("FREQ=WEEKLY;INTERVAL=2;COUNT=3;BYDAY=MO,FR", "2026-03-05"),
        ["2026-03-06T02:00", "2026-03-16T02:00", "2026-03-20T02:00"]
    );
    // Months without a 31st are left out.
    assert_eq!(
        in_year("FREQ=MONTHLY;COUNT=3", "2026-01-31"),
        ["2026-01-31T02:00", "2026-03-31T02:00", "2026-05-31T02:00"]
    );
    assert_eq!(in_year("FREQ=YEARLY", "2020-02-29"), Vec::<String>::new());
    assert_eq!(
        in_year("FREQ=YEARLY;INTERVAL=3", "2023-07-04"),
        ["2026-07-04T02:00"]
    );
    assert_eq!(
        in_year("FREQ=DAILY;COUNT=2", "2025-12-31"),
        ["2026-01-01T02:00"]
    );
    assert_eq!(
        in_year("FREQ=DAILY;COUNT=2", "2027-01-01"),
        Vec::<String>::new()
    );
}

#[test]
fn the_end_of_a_rule_is_a_day_or_the_latest_start() {
    let until = |until: &str| {
        let rule = format!("FREQ=DAILY;UNTIL={until}");
        starts(&rule, PARIS_NIGHT, "2026-11-10", "2026-11-20").len()
    };
    assert_eq!(until("20261112"), 3);
    assert_eq!(until("20261112T013000Z"), 3); // 02:30 in Paris
    assert_eq!(until("20261112T012959Z"), 2);
    assert_eq!(until("20261112T023000"), 3);
    assert_eq!(until("20261112T022959"), 2);
}

#[test]
fn the_last_workday_of_a_month_is_found() {
    assert_eq!(
        starts(
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            UTC_NIGHT,
            "2026-01-01",
            "2026-04-01"
        ),
        ["2026-01-30T02:00", "2026-02-27T02:00", "2026-03-31T02:00"]
    );
}

#[test]
fn a_recurrence_survives_being_written_as_toml() {
    let first = recurrence(
        "FREQ=WEEKLY;INTERVAL=2",
        &format!("{PARIS_NIGHT}\nstarts = \"2026-03-05\""),
    );
    let written = toml::to_string(&first).unwrap();
    assert_eq!(
        toml::from_str::<Recurrence>(&written).unwrap(),
        first,
        "{written}"
    );
}
