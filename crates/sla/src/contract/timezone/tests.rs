use chrono::Datelike;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

fn zone(name: &str) -> TimeZone {
    name.parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[track_caller]
fn starts(name: &str, date: &str, at: &str) {
    assert_eq!(
        zone(name).day_start(day(date)).start().to_string(),
        at,
        "{name} {date}"
    );
}

#[test]
fn a_day_whose_midnight_is_skipped_begins_when_the_clock_is_set_forward() {
    starts("America/Santiago", "2026-09-06", "2026-09-06T04:00:00Z"); // 00:00 to 01:00
    starts("America/Santiago", "2026-09-07", "2026-09-07T03:00:00Z");
    starts("Asia/Beirut", "2026-03-29", "2026-03-28T22:00:00Z");
    starts("Africa/Cairo", "2010-04-30", "2010-04-29T22:00:00Z");
    // 23:30 to 00:30: midnight is inside the jump.
    starts("America/Toronto", "1919-03-31", "1919-03-31T04:30:00Z");
}

#[test]
fn a_midnight_that_comes_twice_begins_its_day_the_first_time() {
    // Set back at 00:01, to 23:01 of the day before.
    starts("America/St_Johns", "2006-10-29", "2006-10-29T02:30:00Z");
    let twice = zone("America/St_Johns")
        .day_start(day("2006-10-29"))
        .plus(1);
    let shown = zone("America/St_Johns").local(twice);
    assert_eq!(shown.to_string(), "2006-10-28 23:01:00");
    assert_eq!(zone("America/St_Johns").day_of(twice), day("2006-10-29"));
    // Set back at 00:00, to 23:00: that midnight comes once.
    starts("America/Santiago", "2026-04-05", "2026-04-05T04:00:00Z");
    starts("Asia/Beirut", "2026-10-25", "2026-10-24T22:00:00Z");
}

#[test]
fn a_day_that_a_zone_skipped_begins_with_the_next() {
    starts("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z");
    starts("Pacific/Apia", "2011-12-31", "2011-12-30T10:00:00Z");
    let at = zone("Pacific/Apia").day_start(day("2011-12-31"));
    assert_eq!(zone("Pacific/Apia").day_of(at), day("2011-12-31"));
    assert_eq!(zone("Pacific/Apia").day_of(at.plus(-1)), day("2011-12-29"));
}

#[test]
fn a_local_time_that_is_skipped_is_when_it_would_have_been() {
    let at = |text: &str| {
        zone("Europe/Paris")
            .minute_at(text.parse().unwrap())
            .start()
            .to_string()
    };
    assert_eq!(at("2026-03-29T01:59:00"), "2026-03-29T00:59:00Z");
    assert_eq!(at("2026-03-29T02:30:00"), "2026-03-29T01:30:00Z"); // shown as 03:30
    assert_eq!(at("2026-03-29T03:00:00"), "2026-03-29T01:00:00Z");
    assert_eq!(at("2026-10-25T02:30:00"), "2026-10-25T00:30:00Z"); // the first of two
}

#[test]
fn local_mean_time_is_floored_to_the_minute() {
    starts("Europe/Paris", "1890-01-01", "1889-12-31T23:50:00Z"); // 9 min 21 s ahead
    assert_eq!(
        zone("Europe/Paris").offset_minutes(Minute::new(-42_000_000)),
        9
    );
    assert_eq!(
        zone("America/Los_Angeles").offset_minutes(Minute::new(-50_000_000)),
        -473
    );
}

#[test]
fn an_unknown_name_is_answered_with_the_nearest() {
    for (given, hint) in [
        ("Europe/Pariss", "near names: `Europe/Paris`"),
        ("europe/paris", "near names: `Europe/Paris`"),
        ("Paris", "near names: `Europe/Paris`"),
        ("Los Angeles", "near names: `America/Los_Angeles`"),
        ("PST", "name a city, such as `America/Los_Angeles`"),
        (
            "UTC+2",
            "an offset is no zone: name a city, such as `Europe/Paris`",
        ),
        (
            "",
            "names look like `UTC`, `Europe/Paris` or `America/Los_Angeles`",
        ),
        (
            "Middle Earth",
            "names look like `UTC`, `Europe/Paris` or `America/Los_Angeles`",
        ),
    ] {
        let error = given.parse::<TimeZone>().unwrap_err().to_string();
        assert_eq!(error, format!("`{given}` is no IANA time zone; {hint}"));
    }
}

#[test]
fn a_name_survives_json() {
    let zone = zone("America/Argentina/Buenos_Aires");
    let json = serde_json::to_string(&zone).unwrap();
    assert_eq!(json, r#""America/Argentina/Buenos_Aires""#);
    assert_eq!(serde_json::from_str::<TimeZone>(&json).unwrap(), zone);
    assert!(serde_json::from_str::<TimeZone>(r#""Mars""#).is_err());
}

/// The days around a minute found by walking, without the library's view of local times.
fn walked(zone: TimeZone, minute: Minute) -> NaiveDate {
    let back = (0..5_000).map(|n| zone.local(minute.plus(-n)).date());
    back.max().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_day_of_a_minute_is_the_latest_date_that_its_clock_has_shown(
        zone in select(TimeZone::all().collect::<Vec<_>>()),
        at in -26_000_000_i64..60_000_000, // 1920 to 2084: offsets of whole minutes, nearly
    ) {
        let minute = Minute::new(at);
        let day = zone.day_of(minute);
        prop_assert_eq!(day, walked(zone, minute));
        prop_assert!(zone.day_start(day) <= minute);
        prop_assert!(zone.day_start(day + TimeDelta::days(1)) > minute);
    }

    #[test]
    fn no_minute_and_no_name_is_too_strange(at in any::<i64>(), name in any::<String>()) {
        for zone in TimeZone::all().step_by(50) {
            let day = zone.day_of(Minute::new(at));
            prop_assert!((0..=9_998).contains(&day.year()));
        }
        prop_assert!(name.parse::<TimeZone>().is_err());
    }
}
