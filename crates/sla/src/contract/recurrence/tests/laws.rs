//! Recurrences against a model that asks of every day whether the rule names it.

use std::collections::BTreeSet;

use chrono::{Datelike, TimeDelta, Weekday};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("MO", Weekday::Mon),
    ("TU", Weekday::Tue),
    ("WE", Weekday::Wed),
    ("TH", Weekday::Thu),
    ("FR", Weekday::Fri),
    ("SA", Weekday::Sat),
    ("SU", Weekday::Sun),
];

/// A rule as a human would note it down.
#[derive(Clone, Debug)]
struct Noted {
    freq: &'static str,
    interval: i64,
    weeks_begin: usize,
    months: Vec<u32>,
    month_days: Vec<i64>,
    weekdays: Vec<usize>,
    /// Of the month or year: 1 is the first, -1 the last.
    numbered: Option<(i64, usize)>,
    starts: NaiveDate,
}

impl Noted {
    fn rule(&self) -> String {
        let list = |key: &str, items: Vec<String>| {
            if items.is_empty() {
                return String::new();
            }
            format!(";{key}={}", items.join(","))
        };
        let mut weekdays: Vec<String> = self
            .weekdays
            .iter()
            .map(|n| WEEKDAYS[*n].0.to_owned())
            .collect();
        if let Some((number, weekday)) = self.numbered {
            weekdays = vec![format!("{number}{}", WEEKDAYS[weekday].0)];
        }
        format!(
            "FREQ={};INTERVAL={};WKST={}{}{}{}",
            self.freq,
            self.interval,
            WEEKDAYS[self.weeks_begin].0,
            list("BYMONTH", self.months.iter().map(u32::to_string).collect()),
            list(
                "BYMONTHDAY",
                self.month_days.iter().map(i64::to_string).collect()
            ),
            list("BYDAY", weekdays),
        )
    }

    fn names(&self, day: NaiveDate) -> bool {
        day >= self.starts && self.in_period(day) && self.in_lists(day) && self.is_numbered(day)
    }

    fn in_period(&self, day: NaiveDate) -> bool {
        let months = |day: NaiveDate| i64::from(day.year()) * 12 + i64::from(day.month());
        let week = |day: NaiveDate| {
            let begin = (0..7).map(|n| day - TimeDelta::days(n));
            begin
                .min_by_key(|day| day.weekday() != WEEKDAYS[self.weeks_begin].1)
                .unwrap()
        };
        let periods = match self.freq {
            "DAILY" => (day - self.starts).num_days(),
            "WEEKLY" => (week(day) - week(self.starts)).num_days() / 7,
            "MONTHLY" => months(day) - months(self.starts),
            _ => i64::from(day.year() - self.starts.year()),
        };
        periods % self.interval == 0
    }

    fn in_lists(&self, day: NaiveDate) -> bool {
        let length = i64::from(day.num_days_in_month());
        let of_month = i64::from(day.day());
        let month_day = |n: &i64| *n == of_month || *n == of_month - length - 1;
        let weekday = |n: &usize| WEEKDAYS[*n].1 == day.weekday();
        let unnamed =
            self.month_days.is_empty() && self.weekdays.is_empty() && self.numbered.is_none();
        let implied = !unnamed
            || match self.freq {
                "DAILY" => true,
                "WEEKLY" => day.weekday() == self.starts.weekday(),
                "MONTHLY" => day.day() == self.starts.day(),
                _ => {
                    let month = !self.months.is_empty() || day.month() == self.starts.month();
                    month && day.day() == self.starts.day()
                }
            };
        implied
            && (self.months.is_empty() || self.months.contains(&day.month()))
            && (self.month_days.is_empty() || self.month_days.iter().any(month_day))
            && (self.weekdays.is_empty() || self.weekdays.iter().any(weekday))
    }

    fn is_numbered(&self, day: NaiveDate) -> bool {
        let Some((number, weekday)) = self.numbered else {
            return true;
        };
        let yearly = self.freq == "YEARLY" && self.months.is_empty();
        let same = |other: &NaiveDate| {
            other.year() == day.year() && (yearly || other.month() == day.month())
        };
        let later = |step: i64| (0..).map(move |n| day + TimeDelta::days(7 * n * step));
        let nth = if number > 0 {
            later(-1).take_while(same).count()
        } else {
            later(1).take_while(same).count()
        };
        day.weekday() == WEEKDAYS[weekday].1 && i64::try_from(nth).unwrap() == number.abs()
    }
}

fn noted() -> impl Strategy<Value = Noted> {
    let freq = select(vec!["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]);
    let few = |items: Vec<u32>| subsequence(items, 0..3);
    let month_days: Vec<i64> = (-31..=31).filter(|n| *n != 0).collect();
    let numbered = (select(vec![-4_i64, -1, 1, 2, 4]), 0..7_usize);
    (
        (freq, 1..=5_i64, 0..7_usize),
        prop_oneof![Just(Vec::new()), few((1..=12).collect())],
        prop_oneof![Just(Vec::new()), subsequence(month_days, 0..3)],
        prop_oneof![
            Just(Vec::new()),
            subsequence((0..7_usize).collect::<Vec<_>>(), 0..4)
        ],
        proptest::option::of(numbered),
        0..7_300_i64,
    )
        .prop_map(
            |((freq, interval, weeks_begin), months, month_days, weekdays, numbered, day)| {
                let numbered = numbered.filter(|_| matches!(freq, "MONTHLY" | "YEARLY"));
                Noted {
                    freq,
                    interval,
                    weeks_begin,
                    months,
                    month_days: if freq == "WEEKLY" {
                        Vec::new()
                    } else {
                        month_days
                    },
                    weekdays: if numbered.is_some() {
                        Vec::new()
                    } else {
                        weekdays
                    },
                    numbered,
                    starts: NaiveDate::from_epoch_days(11_000).unwrap() + TimeDelta::days(day),
                }
            },
        )
}

fn minutes(spans: &[Window]) -> BTreeSet<Minute> {
    spans.iter().flat_map(|span| span.iter()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn covered_are_the_minutes_after_the_starts_of_the_days_that_the_rule_names(
        noted in noted(),
        zone in select(TimeZone::all().collect::<Vec<_>>()),
        (from, length) in (0..1440_u32, prop_oneof![1..300_u32, 1..300_u32, 1..10_081_u32]),
        (at, wide) in (0..20_000_000_i64, 1..50_000_i64),
    ) {
        let time = NaiveTime::from_num_seconds_from_midnight_opt(from * 60, 0).unwrap();
        let rest = format!(
            "from = \"{}\"\nminutes = {length}\ntimezone = \"{zone}\"\nstarts = \"{}\"",
            time.format("%H:%M"),
            noted.starts,
        );
        let toml = written(&noted.rule(), &rest);
        let start = minute("2000-01-01T00:00:00Z").plus(at);
        let asked = Window::new(start, start.plus(wide)).unwrap();
        let Ok(found) = toml::from_str::<Recurrence>(&toml) else {
            // Only rules that never come to pass are refused.
            let days = (0..12_000).map(|n| noted.starts + TimeDelta::days(n));
            prop_assert!(!days.into_iter().any(|day| noted.names(day)), "{}", noted.rule());
            return Ok(());
        };
        let first = zone.day_of(asked.start()) - TimeDelta::days(10);
        let mut model = BTreeSet::new();
        for day in (0..wide / 1440 + 13).map(|n| first + TimeDelta::days(n)) {
            if noted.names(day) {
                let begin = zone.minute_at(day.and_time(time));
                let covered = (0..length).map(|n| begin.plus(n.into()));
                model.extend(covered.filter(|minute| asked.contains(*minute)));
            }
        }
        let spans = found.spans(asked);
        prop_assert!(spans.windows(2).all(|pair| pair[0].end() < pair[1].start()));
        prop_assert_eq!(minutes(&spans), model, "{}", noted.rule());
    }
}
