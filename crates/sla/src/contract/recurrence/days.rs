//! The days that a rule of RFC 5545 chooses.
//!
//! The iteration is the `rrule` crate's, on the UTC calendar and from the period that the asked
//! day lies in, so that its cost does not grow with the distance to `starts`. What the crate
//! reads more generously than the RFC, or cannot search in bounded time, is refused before it
//! sees it; `COUNT` and `UNTIL` it never sees.

use chrono::{DateTime, Datelike, Months, NaiveDate, NaiveTime, TimeDelta};
use rrule::{Frequency, NWeekday, RRule, RRuleError, RRuleSet, Tz, Unvalidated};

use super::super::timezone::TimeZone;
use super::parts::{Parts, RuleError, Until, until};
use super::{first_day, last_day};

/// Years within which `COUNT` is counted; later occurrences are none.
const YEARS_COUNTED: u32 = 100;

/// Highest `INTERVAL`.
const INTERVAL_MAX: u16 = 1_000;

/// A rule that chooses days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DayRule {
    rule: RRule,
    starts: Option<NaiveDate>,
    pub(super) until: Option<Until>,
}

impl DayRule {
    pub(super) fn parse(
        text: &str,
        starts: Option<NaiveDate>,
        zone: TimeZone,
    ) -> Result<Self, RuleError> {
        let parts = Parts::read(text)?;
        let rule: RRule<Unvalidated> = parts.library.parse().map_err(|error| refused(&error))?;
        check(&rule)?;
        if starts.is_none() {
            check_needs_no_start(&rule, parts.count)?;
        }
        // Without `starts` the rule names its days, so that any day does here.
        let origin = at_midnight(starts.unwrap_or_default());
        let mut days = Self {
            rule: rule.validate(origin).map_err(|error| refused(&error))?,
            starts,
            until: None,
        };
        days.until = match (parts.until, parts.count) {
            (Some(text), _) => Some(until(&text, zone)?),
            (None, Some(count)) => Some(Until::Day(days.last_of(count).ok_or(RuleError::Never)?)),
            (None, None) => None,
        };
        if days.days_from(starts.unwrap_or_default()).next().is_none() {
            return Err(RuleError::Never);
        }
        Ok(days)
    }

    /// The days chosen from a day on, in order.
    pub(super) fn days_from(&self, first: NaiveDate) -> impl Iterator<Item = NaiveDate> {
        let first = first.max(self.starts.unwrap_or_else(first_day));
        let last = self.last_day();
        let set = RRuleSet::new(at_midnight(self.period_of(first)))
            .rrule(self.rule.clone())
            .limit();
        (&set)
            .into_iter()
            .map(|at| at.date_naive())
            .skip_while(move |day| *day < first)
            .take_while(move |day| *day <= last)
    }

    /// First day of the last period, counted from `starts` by the rule's interval, that begins on
    /// or before a day.
    fn period_of(&self, day: NaiveDate) -> NaiveDate {
        let origin = self.starts.unwrap_or(day);
        let interval = i64::from(self.rule.get_interval());
        let periods = |n: i64| n.div_euclid(interval) * interval;
        let later = |from: NaiveDate, length: i64| {
            let ahead = periods((day - from).num_days().div_euclid(length)) * length;
            from.checked_add_signed(TimeDelta::days(ahead))
        };
        let months_later = |first: NaiveDate, months: i64| {
            first.checked_add_months(Months::new(u32::try_from(months).ok()?))
        };
        let start = match self.rule.get_freq() {
            Frequency::Yearly => origin.with_ordinal(1).and_then(|january| {
                let years = periods(i64::from(day.year() - origin.year()));
                months_later(january, years * 12)
            }),
            Frequency::Monthly => origin.with_day(1).and_then(|first| {
                let months = periods(month_number(day) - month_number(origin));
                months_later(first, months)
            }),
            Frequency::Weekly => {
                let into_week = origin.weekday().days_since(self.rule.get_week_start());
                origin
                    .checked_sub_signed(TimeDelta::days(into_week.into()))
                    .and_then(|week| later(week, 7))
            }
            _ => later(origin, 1),
        };
        start.unwrap_or(origin)
    }

    fn last_of(&self, count: u32) -> Option<NaiveDate> {
        let starts = self.starts.unwrap_or_default();
        let counted = starts.checked_add_months(Months::new(YEARS_COUNTED * 12))?;
        let occurrences = usize::try_from(count).unwrap_or(usize::MAX);
        self.days_from(starts)
            .take_while(|day| *day <= counted)
            .take(occurrences)
            .last()
    }

    fn last_day(&self) -> NaiveDate {
        match self.until {
            Some(Until::Day(day)) => day,
            // By any zone's clock, a start is at most a day away from its day in UTC.
            Some(Until::Start(minute)) => TimeZone::UTC.day_of(minute.plus(2 * 24 * 60)),
            None => last_day(),
        }
    }
}

/// Refuses what the library would take and what is not meant here.
fn check(rule: &RRule<Unvalidated>) -> Result<(), RuleError> {
    if rule.get_freq() > Frequency::Daily {
        return Err(RuleError::Part {
            part: format!("FREQ={}", rule.get_freq()),
            hint: "the rule chooses days: DAILY, WEEKLY, MONTHLY or YEARLY",
        });
    }
    if !(1..=INTERVAL_MAX).contains(&rule.get_interval()) {
        return Err(RuleError::Value {
            part: "INTERVAL",
            reason: "must be a whole number from 1 to 1000",
        });
    }
    let days = rule.get_by_weekday();
    let numbered = days.iter().filter(|day| matches!(day, NWeekday::Nth(..)));
    let reason = match numbered.count() {
        0 => return Ok(()),
        _ if matches!(rule.get_freq(), Frequency::Daily | Frequency::Weekly) => {
            "numbered days such as `1SU` are for MONTHLY and YEARLY"
        }
        numbered if numbered < days.len() => "give days with a number or without, not both",
        _ => return Ok(()),
    };
    let part = "BYDAY";
    Err(RuleError::Value { part, reason })
}

/// Refuses what depends on a first day where none is given.
fn check_needs_no_start(rule: &RRule<Unvalidated>, count: Option<u32>) -> Result<(), RuleError> {
    let daily = rule.get_freq() == Frequency::Daily;
    let names_days = !rule.get_by_weekday().is_empty()
        || !rule.get_by_month_day().is_empty()
        || !rule.get_by_year_day().is_empty();
    let reason = if count.is_some() {
        "`COUNT` counts from the first day"
    } else if rule.get_interval() > 1 {
        "`INTERVAL` counts from the first day"
    } else if !daily && !names_days {
        "this rule takes its day from the first one"
    } else {
        return Ok(());
    };
    Err(RuleError::Starts { reason })
}

fn refused(error: &RRuleError) -> RuleError {
    let message = error.to_string();
    RuleError::Refused { message }
}

fn at_midnight(day: NaiveDate) -> DateTime<Tz> {
    day.and_time(NaiveTime::MIN)
        .and_utc()
        .with_timezone(&Tz::UTC)
}

/// Months since the year 0.
fn month_number(day: NaiveDate) -> i64 {
    i64::from(day.year()) * 12 + i64::from(day.month0())
}
