//! Which minutes fit five fields, by whole-number arithmetic on the proleptic Gregorian calendar.

/// Minutes of a day.
const DAY: i64 = 1_440;
/// Days after which the calendar, weekdays included, repeats: 400 years.
const CYCLE: i64 = 146_097;
/// Days within which a day that fits is found: 29 February may be eight years away.
const SEARCH_DAYS: i64 = 8 * 366 + 1;
/// Days of each month, in leap years.
const LENGTHS: [u32; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// Sets of minutes, hours, days, months and weekdays, as bits; some moment fits them all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::plan) struct Times {
    /// Bit 0 to 59.
    minutes: u64,
    /// Bit 0 to 23.
    hours: u64,
    /// Bit 1 to 31.
    days: u64,
    /// Bit 1 to 12.
    months: u64,
    /// Bit 0 (Sunday) to 6.
    weekdays: u64,
}

impl Times {
    /// `None` where no date fits: each month that is in the set is too short.
    pub(super) fn new(
        minutes: u64,
        hours: u64,
        days: u64,
        months: u64,
        weekdays: u64,
    ) -> Option<Self> {
        let mut lengths = (1_u32..).zip(LENGTHS);
        let fits = lengths.any(|(month, length)| {
            months >> month & 1 == 1 && days & ((1 << (length + 1)) - 1) != 0
        });
        (fits && minutes != 0 && hours != 0 && weekdays != 0).then_some(Self {
            minutes,
            hours,
            days,
            months,
            weekdays,
        })
    }

    /// The first minute since the epoch, at or after `minute`, that fits.
    pub(in crate::plan) fn at_or_after(self, minute: i64) -> i64 {
        let (day, of_day) = (minute.div_euclid(DAY), minute.rem_euclid(DAY));
        if self.fits(day)
            && let Some(found) = self.in_day(of_day)
        {
            return day * DAY + found;
        }
        let first = self.in_day(0).unwrap_or(0);
        let next = (day + 1..=day + SEARCH_DAYS).find(|day| self.fits(*day));
        next.unwrap_or(day + SEARCH_DAYS) * DAY + first
    }

    /// How many minutes in `[from, to)` fit.
    pub(in crate::plan) fn count(self, from: i64, to: i64) -> u64 {
        if from >= to {
            return 0;
        }
        self.before(to, from.div_euclid(DAY)) - self.before(from, from.div_euclid(DAY))
    }

    /// How many minutes from the start of day `since` up to `minute` fit.
    fn before(self, minute: i64, since: i64) -> u64 {
        let (day, of_day) = (minute.div_euclid(DAY), minute.rem_euclid(DAY));
        let in_days = self.days_between(since, day) * self.count_to(DAY);
        if self.fits(day) {
            in_days + self.count_to(of_day)
        } else {
            in_days
        }
    }

    fn days_between(self, from: i64, to: i64) -> u64 {
        let count =
            |from: i64, to: i64| (from..to).map(|day| u64::from(self.fits(day))).sum::<u64>();
        let cycles = (to - from) / CYCLE;
        let whole = match u64::try_from(cycles) {
            Ok(cycles @ 1..) => cycles * count(0, CYCLE),
            _ => 0,
        };
        whole + count(from + cycles * CYCLE, to)
    }

    /// How many of the first `minutes` minutes of a day fit.
    fn count_to(self, minutes: i64) -> u64 {
        let (hour, minute) = (minutes / 60, minutes % 60);
        let below = |set: u64, end: i64| u64::from((set & ((1 << end) - 1)).count_ones());
        let partly = (self.hours >> hour & 1) * below(self.minutes, minute);
        below(self.hours, hour) * u64::from(self.minutes.count_ones()) + partly
    }

    /// The first minute of a day, at or after `minute`, that fits.
    fn in_day(self, minute: i64) -> Option<i64> {
        let (hour, minute) = (minute / 60, minute % 60);
        let first = |set: u64, from: i64| {
            let left = set & (u64::MAX << from);
            (left != 0).then(|| i64::from(left.trailing_zeros()))
        };
        if self.hours >> hour & 1 == 1
            && let Some(minute) = first(self.minutes, minute)
        {
            return Some(hour * 60 + minute);
        }
        Some(first(self.hours, hour + 1)? * 60 + first(self.minutes, 0)?)
    }

    /// Whether a day, counted from 1970-01-01, fits.
    fn fits(self, day: i64) -> bool {
        let weekday = (day + 4).rem_euclid(7); // 1970-01-01 was a Thursday.
        let (month, day) = month_and_day(day);
        self.weekdays >> weekday & 1 == 1
            && self.months >> month & 1 == 1
            && self.days >> day & 1 == 1
    }
}

/// Month and day of month of a day counted from 1970-01-01. Years begin in March here, so that the
/// leap day comes last; 719,468 days lie between 0000-03-01 and the epoch.
fn month_and_day(day: i64) -> (i64, i64) {
    let of_cycle = (day + 719_468).rem_euclid(CYCLE);
    let leap_days = of_cycle / 1_460 - of_cycle / 36_524 + of_cycle / (CYCLE - 1);
    let year = (of_cycle - leap_days) / 365;
    let of_year = of_cycle - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    (if month < 10 { month + 3 } else { month - 9 }, day)
}
