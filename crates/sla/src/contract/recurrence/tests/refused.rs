//! Rules that are refused, and rules made to hurt.

use proptest::prelude::*;

use super::*;

#[track_caller]
fn refused(rrule: &str, rest: &str, error: &str) {
    let message = toml::from_str::<Recurrence>(&written(rrule, rest)).unwrap_err();
    assert_eq!(message.message(), error, "{rrule}");
}

#[test]
fn parts_that_are_not_understood_are_refused_with_the_key() {
    const SHAPE: &str = "`rrule`: must be a rule of RFC 5545 of at most 512 letters, digits and `;=,+-`, without `RRULE:`";
    const WEEKDAY: &str = "`rrule`: `BYDAY`: must be days such as `MO`, `MO,TH`, `1SU` or `-1FR`";
    const PARTS: &str = "the parts are FREQ, INTERVAL, COUNT, UNTIL, WKST, BYMONTH, BYMONTHDAY, BYYEARDAY, BYDAY and BYSETPOS";
    const ONCE: &str = "is not possible here; give each part once, with a value";
    let long = format!("FREQ=DAILY;BYMONTH={}", "1,".repeat(300));
    for (rrule, error) in [
        ("", SHAPE),
        ("RRULE:FREQ=DAILY", SHAPE),
        ("FREQ", SHAPE),
        (&long, SHAPE),
        (
            "FREQ=HOURLY",
            "`rrule`: `FREQ=HOURLY` is not possible here; the rule chooses days: DAILY, WEEKLY, MONTHLY or YEARLY",
        ),
        (
            "FREQ=DAILY;BYHOUR=3",
            "`rrule`: `BYHOUR` is not possible here; the rule chooses days, the time of day is `from`",
        ),
        (
            "FREQ=YEARLY;BYWEEKNO=20",
            &format!("`rrule`: `BYWEEKNO` is not possible here; {PARTS}"),
        ),
        (
            "FREQ=DAILY;BYMOON=1",
            &format!("`rrule`: `BYMOON` is not possible here; {PARTS}"),
        ),
        (
            "FREQ=DAILY;FREQ=WEEKLY",
            &format!("`rrule`: `FREQ=WEEKLY` {ONCE}"),
        ),
        (
            "FREQ=DAILY;BYMONTH=",
            &format!("`rrule`: `BYMONTH=` {ONCE}"),
        ),
        ("FREQ=WEEKLY;BYDAY=SUNDAY", WEEKDAY),
        ("FREQ=MONTHLY;BYDAY=FIRSTMO", WEEKDAY),
        ("FREQ=MONTHLY;BYDAY=0MO", WEEKDAY),
        ("FREQ=MONTHLY;BYDAY=--1MO", WEEKDAY),
    ] {
        refused(rrule, UTC_NIGHT, error);
    }
}

#[test]
fn values_and_parts_that_do_not_fit_each_other_are_refused_with_the_key() {
    const UNTIL: &str =
        "`rrule`: `UNTIL`: must be a day such as 20261231, or a time such as 20261231T235959Z";
    const COUNT: &str = "`rrule`: `COUNT`: must be a whole number from 1 to 1000";
    const DAY: &str = "`starts`: this rule takes its day from the first one, so give the first day";
    const NEVER: &str = "`rrule`: it never comes to pass";
    for (rrule, error) in [
        (
            "FREQ=WEEKLY;BYDAY=1MO",
            "`rrule`: `BYDAY`: numbered days such as `1SU` are for MONTHLY and YEARLY",
        ),
        (
            "FREQ=MONTHLY;BYDAY=1MO,TU",
            "`rrule`: `BYDAY`: give days with a number or without, not both",
        ),
        ("FREQ=DAILY;UNTIL=2026-12-31", UNTIL),
        ("FREQ=DAILY;UNTIL=20261232", UNTIL),
        ("FREQ=DAILY;UNTIL=20261231T25", UNTIL),
        ("FREQ=DAILY;COUNT=0", COUNT),
        ("FREQ=DAILY;COUNT=1001", COUNT),
        (
            "FREQ=DAILY;COUNT=3;UNTIL=20261231",
            "`rrule`: `COUNT`: not possible beside UNTIL",
        ),
        (
            "FREQ=DAILY;INTERVAL=0",
            "`rrule`: `INTERVAL`: must be a whole number from 1 to 1000",
        ),
        (
            "FREQ=DAILY;COUNT=3",
            "`starts`: `COUNT` counts from the first day, so give the first day",
        ),
        (
            "FREQ=WEEKLY;BYDAY=SU;INTERVAL=2",
            "`starts`: `INTERVAL` counts from the first day, so give the first day",
        ),
        ("FREQ=WEEKLY", DAY),
        ("FREQ=MONTHLY", DAY),
        ("FREQ=YEARLY;BYMONTH=2", DAY),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", NEVER),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", NEVER),
    ] {
        refused(rrule, UTC_NIGHT, error);
    }
}

#[test]
fn a_rule_that_ends_before_it_starts_or_begins_too_late_never_comes_to_pass() {
    let rest = format!("{UTC_NIGHT}\nstarts = \"2026-03-05\"");
    for rrule in [
        "FREQ=DAILY;UNTIL=20260304",
        // Its first occurrence is in 3026.
        "FREQ=YEARLY;INTERVAL=1000;BYMONTH=1;BYMONTHDAY=1;COUNT=1",
    ] {
        refused(rrule, &rest, "`rrule`: it never comes to pass");
    }
}

#[test]
fn the_library_refuses_in_its_own_words() {
    for rrule in [
        "BYDAY=MO",
        "FREQ=SOMETIMES",
        "FREQ=DAILY;BYMONTH=13",
        "FREQ=WEEKLY;BYDAY=MO;BYMONTHDAY=1",
    ] {
        let error = toml::from_str::<Recurrence>(&written(rrule, UTC_NIGHT)).unwrap_err();
        assert!(error.message().starts_with("`rrule`: "), "{error}");
    }
}

#[test]
fn times_and_lengths_out_of_range_are_refused() {
    for (rest, error) in [
        (
            "from = \"24:00\"\nminutes = 1\ntimezone = \"UTC\"",
            "`from`: must be a time of day from `00:00` to `23:59`",
        ),
        (
            "from = \"2:00\"\nminutes = 1\ntimezone = \"UTC\"",
            "`from`: must be a time of day from `00:00` to `23:59`",
        ),
        (
            "from = \"02:00\"\nminutes = 0\ntimezone = \"UTC\"",
            "must be a whole number from 1 to 10080",
        ),
        ("from = \"02:00\"\nminutes = 1", "missing field `timezone`"),
        (
            "from = \"02:00\"\nminutes = 1\ntimezone = \"UTC\"\nstarts = \"9999-01-01\"",
            "`starts`: must be a day of the years 1 to 9997",
        ),
    ] {
        refused("FREQ=DAILY", rest, error);
    }
}

#[test]
fn rare_rules_are_refused_or_answered() {
    let rest = format!("{UTC_NIGHT}\nstarts = \"0001-01-01\"");
    for rrule in [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=SU;COUNT=1000",
        "FREQ=DAILY;INTERVAL=1000;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=DAILY;INTERVAL=7;BYDAY=TU",
        "FREQ=WEEKLY;INTERVAL=1000;BYDAY=SU;BYMONTH=2",
        "FREQ=MONTHLY;INTERVAL=1000;BYMONTHDAY=31",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTH=2",
        "FREQ=YEARLY;INTERVAL=1000;BYYEARDAY=366",
        "FREQ=YEARLY;BYYEARDAY=366;BYSETPOS=366",
    ] {
        if let Ok(found) = toml::from_str::<Recurrence>(&written(rrule, &rest)) {
            for year in ["0001", "2026", "9996"] {
                let year = window(
                    &format!("{year}-01-01T00:00:00Z"),
                    &format!("{year}-12-31T00:00:00Z"),
                );
                assert!(found.spans(year).len() <= 366);
            }
        }
    }
}

#[test]
fn the_longest_window_is_covered_up_to_the_limit() {
    let all = Window::new(Minute::new(i64::MIN), Minute::new(i64::MAX)).unwrap();
    let spans = recurrence("FREQ=DAILY", UTC_NIGHT).spans(all);
    assert_eq!(spans.len(), OCCURRENCES_MAX);
}

proptest! {
    #[test]
    fn no_rule_is_too_strange(
        rrule in "(FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY))(;(INTERVAL=[0-9]{1,5}|COUNT=[0-9]{1,4}|UNTIL=[0-9]{8}(T[0-9]{6}Z?)?|WKST=(MO|SU)|BYMONTH=-?[0-9]{1,3}|BYMONTHDAY=-?[0-9]{1,3}(,-?[0-9]{1,2})?|BYYEARDAY=-?[0-9]{1,3}|BYDAY=[-+]?[0-9]?(MO|SU)|BYSETPOS=-?[0-9]{1,3})){0,3}|[A-Z;=0-9,+-]{0,40}",
        starts in proptest::option::of((1_i32..9_998, 1_u32..367)),
        at in -1_100_000_000_i64..4_300_000_000,
    ) {
        let starts = starts
            .and_then(|(year, day)| NaiveDate::from_yo_opt(year, day))
            .map(|day| format!("\nstarts = \"{day}\""))
            .unwrap_or_default();
        let toml = written(&rrule, &format!("{PARIS_NIGHT}{starts}"));
        if let Ok(found) = toml::from_str::<Recurrence>(&toml) {
            let month = Window::new(Minute::new(at), Minute::new(at + 44_640)).unwrap();
            for span in found.spans(month) {
                prop_assert!(span.start() >= month.start() && span.end() <= month.end());
            }
        }
    }
}
