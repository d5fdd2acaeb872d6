//! Laws that hold for every zone.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// Minutes from 1900 to 2100.
const AT: std::ops::Range<i64> = -36_000_000..68_000_000;

fn any_zone() -> impl Strategy<Value = TimeZone> {
    select(TimeZone::all().collect::<Vec<_>>())
}

fn tiling() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("kind = \"calendar_month\"".to_owned()),
        Just("kind = \"calendar_quarter\"".to_owned()),
        (1..=31).prop_map(|day| format!("kind = \"billing_month\"\nanchor_day = {day}")),
        (1..=366, 0..1440_i64).prop_map(|(days, minute)| {
            let (hour, minute) = (minute / 60, minute % 60);
            let anchor = format!("2026-01-01T{hour:02}:{minute:02}:00Z");
            format!("kind = \"fixed_days\"\ndays = {days}\nanchor = \"{anchor}\"")
        }),
    ]
}

/// Walks the windows of a year: each begins where the one before ended, knows every minute
/// inside, and is found again by its name.
#[track_caller]
fn tiles_a_year(rule: &WindowRule, from: Minute, inside: &[u64]) {
    let mut window = rule.window_at(from);
    assert!(window.contains(from));
    let end = from.plus(366 * DAY);
    for n in 0..1_000 {
        let at = inside[n % inside.len()] % window.minutes();
        let at = window.start().plus(at.try_into().unwrap());
        for minute in [window.start(), at, window.end().plus(-1)] {
            assert_eq!(rule.window_at(minute), window, "{rule:?} {minute:?}");
        }
        assert_eq!(
            rule.named(&rule.label(window)).as_ref(),
            Ok(&window),
            "{rule:?}"
        );
        let next = rule.next(window);
        assert_eq!(next.start(), window.end());
        assert_eq!(
            rule.window_at(window.start().plus(-1)).end(),
            window.start()
        );
        window = next;
        if window.start() > end {
            return;
        }
    }
    panic!("windows of a day at least reach a year's end");
}

#[test]
fn months_and_billing_months_of_every_zone_tile_the_years_of_its_oddities() {
    for (index, zone) in TimeZone::all().enumerate() {
        let day = index % 31 + 1;
        let billing = format!("kind = \"billing_month\"\nanchor_day = {day}");
        for kind in ["kind = \"calendar_month\"", &billing] {
            let rule = rule(&format!("{kind}\ntimezone = \"{zone}\""));
            for from in [
                "1994-06-01T00:00:00Z",
                "2011-06-01T00:00:00Z",
                "2026-01-01T00:00:00Z",
            ] {
                tiles_a_year(&rule, minute(from), &[0, 12_345, 29_999]);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn windows_tile_time_in_every_zone(
        toml in tiling(), zone in any_zone(), at in AT, inside in prop::collection::vec(any::<u64>(), 1..5),
    ) {
        let rule = rule(&format!("{toml}\ntimezone = \"{zone}\""));
        tiles_a_year(&rule, Minute::new(at), &inside);
    }

    #[test]
    fn a_window_of_another_zone_is_the_one_that_its_rule_gives_the_same_name(
        toml in tiling(), zone in any_zone(), other in any_zone(), at in AT,
    ) {
        prop_assume!(!toml.contains("fixed"));
        let here = rule(&format!("{toml}\ntimezone = \"{zone}\""));
        let there = rule(&format!("{toml}\ntimezone = \"{other}\""));
        let window = here.window_at(Minute::new(at));
        prop_assert_eq!(Ok(here.window_in(other, window)), there.named(&here.label(window)));
        prop_assert_eq!(here.window_at_in(Minute::new(at), other), there.window_at(Minute::new(at)));
    }

    #[test]
    fn a_trailing_window_ends_with_the_day_of_its_minute(
        days in 1..=366_u32, zone in any_zone(), at in AT,
    ) {
        let rule = rule(&format!("kind = \"trailing_days\"\ndays = {days}\ntimezone = \"{zone}\""));
        let minute = Minute::new(at);
        let window = rule.window_at(minute);
        prop_assert!(window.contains(minute));
        prop_assert_eq!(zone.day_of(window.end().plus(-1)), zone.day_of(minute));
        prop_assert_eq!(rule.named(&rule.label(window)), Ok(window));
        let next = rule.next(window);
        prop_assert!(next.start() >= window.start() && next.end() > window.end());
        prop_assert!(next.end().get() - window.end().get() <= 26 * 60);
    }

    #[test]
    fn no_minute_is_too_far_away_for_a_window(toml in tiling(), zone in any_zone(), at in any::<i64>()) {
        let rule = rule(&format!("{toml}\ntimezone = \"{zone}\""));
        let window = rule.window_at(Minute::new(at));
        prop_assert!(rule.next(window).end() >= window.start());
        prop_assert!(!rule.label(window).is_empty());
        prop_assert!(window.minutes() <= 366 * 1440 + 26 * 60);
    }

    #[test]
    fn no_name_is_too_strange(toml in tiling(), name in "[0-9Q+-]{0,12}|\\PC*") {
        let rule = rule(&toml);
        if let Ok(window) = rule.named(&name) {
            prop_assert_eq!(rule.named(&rule.label(window)), Ok(window));
        }
    }
}
