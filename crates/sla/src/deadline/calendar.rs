//! Days, business days and months added to days and instants of one zone.

use chrono::{Datelike, Days, Months, NaiveDate, NaiveDateTime, Weekday};
use domain::{Minute, Window};

use super::Due;
use crate::contract::{Period, TimeZone, plus_days};

/// Business days of a week.
const WEEK: u32 = 5;

#[derive(Clone, Copy)]
pub(super) struct Calendar(pub(super) TimeZone);

impl Calendar {
    pub(super) fn day_of(self, minute: Minute) -> NaiveDate {
        self.0.day_of(minute)
    }

    pub(super) fn last_day_of_month(self, minute: Minute) -> NaiveDate {
        let day = self.day_of(minute);
        let last = day.num_days_in_month();
        day.with_day(last.into()).unwrap_or(day)
    }

    /// The day that ends with this minute, where one does.
    pub(super) fn day_ending_at(self, end: Minute) -> Option<NaiveDate> {
        let last = self.day_of(end.plus(-1));
        (self.0.day_start(plus_days(last, 1)) == end).then_some(last)
    }

    /// The end of a window.
    pub(super) fn end_of(self, window: Window) -> Due {
        self.day_ending_at(window.end())
            .map_or(Due::Instant(window.end()), Due::Day)
    }

    /// A period that begins when a day is over: the day it leads to.
    pub(super) fn after_day(self, last: NaiveDate, period: Period) -> Due {
        Due::Day(match period {
            Period::Hours(hours) => {
                let end = self.0.day_start(plus_days(last, 1));
                return Due::Instant(end.plus(i64::from(hours.get()) * 60));
            }
            Period::Days(days) => plus_days(last, days.get()),
            Period::BusinessDays(days) => plus_business_days(last, days.get()),
            Period::Months(months) => last
                .checked_add_months(Months::new(months.get()))
                .unwrap_or(NaiveDate::MAX),
        })
    }

    /// A period that begins at an instant: the same time by the clock of the zone, days or months
    /// later, so that a day on which it is set is a day like the others. Business days begin with
    /// the day after, and the last one counts in full.
    pub(super) fn after_instant(self, start: Minute, period: Period) -> Due {
        let local = self.0.local(start);
        let later = match period {
            Period::Hours(hours) => {
                return Due::Instant(start.plus(i64::from(hours.get()) * 60));
            }
            Period::BusinessDays(days) => {
                return Due::Day(plus_business_days(self.day_of(start), days.get()));
            }
            Period::Days(days) => local.checked_add_days(Days::new(days.get().into())),
            Period::Months(months) => local.checked_add_months(Months::new(months.get())),
        };
        Due::Instant(self.0.minute_at(later.unwrap_or(NaiveDateTime::MAX)))
    }

    /// As [`Self::after_instant`], where the business day of the instant counts as the first.
    pub(super) fn after_instant_strictly(self, start: Minute, period: Period) -> Due {
        match period {
            Period::BusinessDays(days) => {
                let own = self.day_of(start);
                let eve = own.pred_opt().unwrap_or(own);
                Due::Day(plus_business_days(eve, days.get()))
            }
            _ => self.after_instant(start, period),
        }
    }
}

/// The n-th day from Monday to Friday after a day.
fn plus_business_days(day: NaiveDate, n: u32) -> NaiveDate {
    let from_monday = day.weekday().num_days_from_monday();
    // Counting from a weekend is counting from the Friday before.
    let weekend = from_monday.saturating_sub(Weekday::Fri.num_days_from_monday());
    let from_monday = from_monday - weekend;
    let weekends = (from_monday + n) / WEEK;
    let ahead = n.saturating_add(weekends * 2);
    day.checked_sub_days(Days::new(weekend.into()))
        .map_or(NaiveDate::MAX, |day| plus_days(day, ahead))
}
