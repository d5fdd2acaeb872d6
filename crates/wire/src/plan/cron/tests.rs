use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};
use proptest::prelude::*;

use super::*;

fn utc(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(minute * 60, 0).unwrap()
}

/// Whether crontab's words allow a value; numbers only, as in its manual page. An `*` is the
/// range from `lowest` to `highest`.
fn allows((lowest, highest): (u32, u32), field: &str, value: u32) -> bool {
    field.split(',').any(|item| {
        let (base, step) = item.split_once('/').unwrap_or((item, "1"));
        let number = |text: &str| text.parse::<u32>().unwrap();
        let (first, last) = match base.split_once('-') {
            _ if base == "*" => (lowest, highest),
            Some((first, last)) => (number(first), number(last)),
            None => (number(base), number(base)),
        };
        (first..=last).contains(&value) && (value - first).is_multiple_of(number(step))
    })
}

/// Minute by minute, with nothing clever.
fn fits(fields: &[&str], at: DateTime<Utc>) -> bool {
    let weekday = at.weekday().num_days_from_sunday();
    allows((0, 59), fields[0], at.minute())
        && allows((0, 23), fields[1], at.hour())
        && allows((1, 31), fields[2], at.day())
        && allows((1, 12), fields[3], at.month())
        && (allows((0, 6), fields[4], weekday) || weekday == 0 && allows((0, 6), fields[4], 7))
}

/// 2027-01-01T00:00Z, and the length of a year that has both changes of summer time in most zones.
const NEW_YEAR: i64 = 1_798_761_600 / 60;
const YEAR: i64 = 365 * 1_440;

#[track_caller]
fn check_year(text: &str) {
    let cron = Cron::parse(text).unwrap();
    let fields: Vec<&str> = cron.as_str().split(' ').collect();
    let naive: Vec<i64> = (NEW_YEAR..NEW_YEAR + YEAR)
        .filter(|minute| fits(&fields, utc(*minute)))
        .collect();
    let mut found = Vec::new();
    let mut next = cron.times().at_or_after(NEW_YEAR);
    while next < NEW_YEAR + YEAR {
        found.push(next);
        next = cron.times().at_or_after(next + 1);
    }
    assert_eq!(found, naive, "{text}");
    let count = cron.times().count(NEW_YEAR, NEW_YEAR + YEAR);
    assert_eq!(count, naive.len() as u64, "{text}");
    for (at, end) in [
        (1, YEAR),
        (1_439, 100_000),
        (77_777, 77_778),
        (5_000, 5_000),
    ] {
        let (from, to) = (NEW_YEAR + at, NEW_YEAR + end);
        let inside = naive.iter().filter(|minute| (from..to).contains(*minute));
        assert_eq!(
            cron.times().count(from, to),
            inside.count() as u64,
            "{text}"
        );
    }
}

#[test]
fn a_year_of_slots_is_what_a_walk_over_its_minutes_finds() {
    for text in [
        "*/5 8-18 * * 1-5",
        "* * * * *",
        "7,11-13,50-59/3 */6 * * *",
        "30 2 * 3,10 0",
        "0 0 31 * *",
        "15 12 29 2-4 *",
        "0 9 * * 5-7",
        "0 9 * * 0,7,3",
        "0 9 * * */2",
        "0 9 1-31/7 1-12/5 *",
    ] {
        check_year(text);
    }
}

#[test]
fn the_cron_crate_finds_the_same_moments() {
    for (ours, theirs) in [
        ("*/5 8-18 * * 1-5", "0 */5 8-18 * * MON-FRI"),
        ("0 12 29 2 *", "0 0 12 29 2 *"),
        ("59 23 * dec sun", "0 59 23 * 12 SUN"),
    ] {
        let times = Cron::parse(ours).unwrap().times();
        let schedule: ::cron::Schedule = theirs.parse().unwrap();
        let mut at = NEW_YEAR - 1;
        for moment in schedule.after(&utc(NEW_YEAR - 1)).take(15) {
            at = times.at_or_after(at + 1);
            assert_eq!(utc(at), moment, "{ours}");
        }
    }
}

#[test]
fn crontabs_numbers_of_weekdays_are_used_and_not_the_crates() {
    let sunday = utc(Cron::parse("0 0 * * 0")
        .unwrap()
        .times()
        .at_or_after(NEW_YEAR));
    assert_eq!(sunday.weekday(), chrono::Weekday::Sun);
    for (one, other) in [
        ("0", "7"),
        ("1", "mon"),
        ("1-5", "MON-FRI"),
        ("5-7", "0,5,6"),
    ] {
        let times = |days: &str| Cron::parse(&format!("0 0 * * {days}")).unwrap().times();
        assert_eq!(times(one), times(other), "{one} and {other}");
    }
}

#[test]
fn a_leap_day_is_found_across_the_century_without_one() {
    let times = Cron::parse("0 0 29 2 *").unwrap().times();
    let year_of = |at: &str| {
        let at = at.parse::<DateTime<Utc>>().unwrap().timestamp() / 60;
        utc(times.at_or_after(at)).to_rfc3339()
    };
    assert_eq!(year_of("2096-03-01T00:00:00Z"), "2104-02-29T00:00:00+00:00");
    assert_eq!(year_of("2028-02-29T00:00:00Z"), "2028-02-29T00:00:00+00:00");
}

#[track_caller]
fn refused(text: &str, message: &str) {
    assert_eq!(Cron::parse(text).unwrap_err().to_string(), message);
}

#[test]
fn a_refusal_names_the_field_and_what_is_possible() {
    refused(
        "60 * * * *",
        "cron: minute `60`: possible are 0 to 59, lists and rising ranges",
    );
    refused(
        "0 22-2 * * *",
        "cron: hour `22-2`: possible are 0 to 23, lists and rising ranges",
    );
    refused(
        "0 0 * * mno",
        "cron: day of week `mno`: possible are 0 to 7 and sun to sat; did you mean `mon`?",
    );
    refused(
        "0 0 * * 8",
        "cron: day of week `8`: possible are 0 to 7, where 0 and 7 are Sunday",
    );
    refused(
        "5/10 * * * *",
        "cron: minute `5/10`: a step needs `*` or a range before it, such as `10-59/5`",
    );
    refused(
        "*/0 * * * *",
        "cron: minute `*/0`: a step is a number above 0",
    );
    refused(
        "0 0 ? * *",
        "cron: day of month `?`: only numbers, names, `*`, `,`, `-` and `/` are possible",
    );
    refused(
        "0 0 * january *",
        "cron: month `january`: a name has three letters, such as `jan` or `mon`",
    );
    refused(
        "0 0 0 * * *",
        "cron: five fields are needed (minute, hour, day of month, month, day of week), not 6; \
         there are no seconds and no years",
    );
    refused(
        "0 0 30 2 *",
        "cron: no month that is named has such a day of month",
    );
    assert_eq!(Cron::parse("0 0 1 * 1"), Err(CronError::BothDays));
    assert_eq!(Cron::parse(&"0 ".repeat(200)), Err(CronError::TooLong));
    assert!(Cron::parse("@daily").is_err() && Cron::parse("0 0 * * 1#2").is_err());
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_and_what_is_read_comes_back(text in "[0-9a-z*/,? -]{0,40}") {
        if let Ok(cron) = Cron::parse(&text) {
            prop_assert_eq!(Cron::parse(cron.as_str()).unwrap(), cron);
        }
    }

    #[test]
    fn the_next_minute_fits_and_none_between_does(
        minutes in 0_u32..60, hours in 0_u32..24, days in 1_u32..29, months in 1_u32..13,
        from in -100_000_000_i64..100_000_000,
    ) {
        let cron = Cron::parse(&format!("{minutes} {hours} {days} {months} *")).unwrap();
        let next = cron.times().at_or_after(from);
        let at = utc(next);
        prop_assert_eq!((at.minute(), at.hour(), at.day(), at.month()), (minutes, hours, days, months));
        prop_assert_eq!(cron.times().count(from, next), 0);
        prop_assert_eq!(cron.times().count(from, next + 1), 1);
        prop_assert!(at - utc(from) <= TimeDelta::days(366));
    }

    #[test]
    fn the_count_over_centuries_is_the_sum_of_its_parts(
        from in -1_000_000_000_i64..1_000_000_000, length in 0_i64..2_000_000_000, cut in 0_i64..2_000_000_000,
    ) {
        let times = Cron::parse("*/20 3-5 * * 1,6").unwrap().times();
        let (middle, to) = (from + cut.min(length), from + length);
        prop_assert_eq!(times.count(from, middle) + times.count(middle, to), times.count(from, to));
    }

    #[test]
    fn no_instant_is_too_far(minute in any::<i64>()) {
        let times = Cron::parse("0 0 29 2 *").unwrap().times();
        let minute = minute / 60_000;
        prop_assert!(times.at_or_after(minute) >= minute);
    }
}
