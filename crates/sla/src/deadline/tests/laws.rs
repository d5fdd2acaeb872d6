//! Laws of all deadlines, and calendar arithmetic against walking day by day.

use chrono::{Datelike, NaiveDate, TimeDelta, Weekday};
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::contract::claim::Amount;

fn clause() -> impl Strategy<Value = String> {
    let anchor = select(vec![
        "eligibility",
        "window_end",
        "month_end",
        "incident",
        "downtime_end",
        "invoice",
    ]);
    let length = select(vec!["hours", "days", "business_days", "months"]);
    let cycles = select(vec!["billing_month_end", "billing_cycle_end"]);
    prop_oneof![
        (anchor, length, 1..100_u32)
            .prop_map(|(anchor, length, n)| { format!("anchor = \"{anchor}\", {length} = {n}") }),
        (cycles, 1..=24_u32)
            .prop_map(|(anchor, nth)| format!("anchor = \"{anchor}\", nth_after_incident = {nth}")),
    ]
}

fn window_kind() -> impl Strategy<Value = String> {
    let zone = select(TimeZone::all().collect::<Vec<_>>());
    let kind = prop_oneof![
        Just("kind = \"calendar_month\"".to_owned()),
        Just("kind = \"calendar_quarter\"".to_owned()),
        (1..=31).prop_map(|day| format!("kind = \"billing_month\"\nanchor_day = {day}")),
        (1..=366).prop_map(|days| {
            format!("kind = \"fixed_days\"\ndays = {days}\nanchor = \"2026-01-01T05:00:00Z\"")
        }),
        (1..=366).prop_map(|days| format!("kind = \"trailing_days\"\ndays = {days}")),
    ];
    (kind, zone).prop_map(|(kind, zone)| format!("{kind}\ntimezone = \"{zone}\""))
}

proptest! {
    #[test]
    fn a_safe_deadline_is_never_later_than_the_literal_one(
        clause in clause(),
        kind in window_kind(),
        purpose in select(vec!["notice", "claim"]),
        at in -10_000_000_i64..60_000_000,
        (from, length, certain) in (any::<u64>(), 1..500_i64, any::<u64>()),
        opens in proptest::option::of(1..30_u32),
    ) {
        let rule = rule(&kind);
        let window = rule.window_at(Minute::new(at));
        let inside = |n: u64| window.start().plus(i64::try_from(n % window.minutes()).unwrap());
        let start = inside(from);
        let down = Downtime {
            start,
            end: start.plus(length).min(window.end()),
            valid: 1,
            errors: 1,
            start_known_to_s: None,
            end_known_to_s: None,
        };
        let later = Downtime { start: down.end, end: window.end(), ..down };
        let opens = opens.map(|days| format!("opens = {{ anchor = \"window_end\", days = {days} }}"));
        let claim = claim(&format!("purpose = \"{purpose}\", {clause}"), &opens.unwrap_or_default());
        let occasion = Occasion {
            window,
            downtime: &[down, later],
            due_since: Some(inside(certain)),
        };
        for deadline in deadlines(&rule, Some(&claim), occasion) {
            prop_assert!(deadline.safe_before() <= deadline.literal_before());
            prop_assert!(deadline.literal_before() > down.start);
            if let Some(opens) = deadline.opens {
                prop_assert!(opens.literal.begins(deadline.zone) <= opens.safe.begins(deadline.zone));
                prop_assert!(deadline.purpose == Purpose::Claim);
            }
            let text: String = deadline.literal.into();
            prop_assert_eq!(Due::try_from(text), Ok(deadline.literal));
        }
    }

    #[test]
    fn business_days_are_counted_like_on_a_calendar_on_the_wall(day in 0..40_000_i32, n in 1..200_i64) {
        let start = NaiveDate::from_epoch_days(day).unwrap();
        let mut walked = start;
        for _ in 0..n {
            walked += TimeDelta::days(1);
            while matches!(walked.weekday(), Weekday::Sat | Weekday::Sun) {
                walked += TimeDelta::days(1);
            }
        }
        let period = Period::BusinessDays(Amount::try_from(n).unwrap());
        prop_assert_eq!(Calendar(TimeZone::UTC).after_day(start, period), Due::Day(walked));
    }
}
