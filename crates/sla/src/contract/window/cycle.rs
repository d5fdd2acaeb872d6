//! Windows that repeat on the calendar: months, quarters, billing months.

use chrono::{Datelike, Months, NaiveDate};
use domain::{Minute, Window};

use super::{AnchorDay, TimeZone};

/// Runs of whole months, numbered from the one that begins in January of the year 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cycles {
    /// Months of each.
    months: i32,
    /// Day of the month that each begins on, or the month's last.
    day: u32,
}

impl Cycles {
    pub(crate) const MONTHS: Self = Self { months: 1, day: 1 };

    pub(crate) const QUARTERS: Self = Self { months: 3, day: 1 };

    pub(crate) const fn billing_months(anchor_day: AnchorDay) -> Self {
        Self {
            months: 1,
            day: anchor_day.get(),
        }
    }

    /// Number of the cycle that a minute lies in.
    pub(crate) fn at(self, minute: Minute, zone: TimeZone) -> i32 {
        let day = zone.day_of(minute);
        let month = day.year() * 12 + day.month0().cast_signed();
        let own = month.div_euclid(self.months);
        if self.first_day(own) <= day {
            own
        } else {
            own - 1
        }
    }

    pub(crate) fn window(self, number: i32, zone: TimeZone) -> Window {
        let start = zone.day_start(self.first_day(number));
        let end = zone.day_start(self.first_day(number.saturating_add(1)));
        Window::new(start, end).expect("a cycle has a month of days, and no zone skips as many")
    }

    /// The day that a cycle begins with.
    pub(crate) fn first_day(self, number: i32) -> NaiveDate {
        let month = number.saturating_mul(self.months);
        let first = NaiveDate::from_ymd_opt(month.div_euclid(12), 1, 1)
            .and_then(|january| january.checked_add_months(Months::new(self.month0(number))))
            .unwrap_or(NaiveDate::MAX);
        (0..4)
            .find_map(|short| first.with_day(self.day.saturating_sub(short)))
            .unwrap_or(first)
    }

    /// The day that a cycle ends with.
    pub(crate) fn last_day(self, number: i32) -> NaiveDate {
        let next = self.first_day(number.saturating_add(1));
        next.pred_opt().unwrap_or(next)
    }

    /// Year that a cycle begins in.
    pub(crate) fn year(self, number: i32) -> i32 {
        number.saturating_mul(self.months).div_euclid(12)
    }

    /// Month of that year that it begins in, from 0.
    pub(crate) fn month0(self, number: i32) -> u32 {
        number
            .saturating_mul(self.months)
            .rem_euclid(12)
            .unsigned_abs()
    }

    /// Number of the cycle that begins in a year, `nth` from 0.
    pub(crate) const fn of_year(self, year: i32, nth: i32) -> i32 {
        (year * (12 / self.months)).saturating_add(nth)
    }
}
