//! Names of windows, such as `2026-10`, and back.

use chrono::{Datelike, NaiveDate};
use domain::{Minute, Window};

use super::cycle::Cycles;
use super::{DAY, Fixed, Parts, WindowKind, WindowRule};

/// Latest year in the name of a window.
const YEAR_MAX: i32 = 9_997;

/// Text that names no window of the contract.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` names no window of this contract; {accepted}")]
pub struct WindowNameError {
    given: String,
    accepted: &'static str,
}

impl WindowRule {
    /// The window with a name:
    ///
    /// | windows | name | is |
    /// |---|---|---|
    /// | calendar months | `2026-10` | that month in the contract's zone |
    /// | calendar quarters | `2026-Q3` | that quarter |
    /// | billing months | `2026-10` | the one that begins in that month |
    /// | fixed days | `2026-10-17` | the one that contains the start of that day, by a clock that always shows the offset of the anchor |
    /// | trailing days | `2026-10-17` | the one that ends with that day |
    pub fn named(&self, period: &str) -> Result<Window, WindowNameError> {
        self.find_named(period).ok_or_else(|| WindowNameError {
            given: period.chars().take(40).collect(),
            accepted: self.accepted_names(),
        })
    }

    /// The name of one of this rule's windows: [`Self::named`] finds it again.
    #[must_use]
    pub fn label(&self, window: Window) -> String {
        let zone = self.timezone;
        match self.parts() {
            Parts::Cycles(cycles) => {
                let number = cycles.at(window.start(), zone);
                self.cycle_name(cycles, number)
            }
            Parts::Fixed(fixed) => self.anchored_day(&fixed, window.start()).to_string(),
            Parts::Trailing(_) => zone.day_of(window.end().plus(-1)).to_string(),
        }
    }

    fn find_named(&self, period: &str) -> Option<Window> {
        let zone = self.timezone;
        match self.parts() {
            Parts::Cycles(cycles) => {
                let (year, rest) = period.split_once('-')?;
                let year = year.parse().ok().filter(|year| in_range(*year))?;
                let nth: i32 = rest.trim_start_matches('Q').parse().ok()?;
                let number = cycles.of_year(year, nth.checked_sub(1)?);
                (self.cycle_name(cycles, number) == period).then(|| cycles.window(number, zone))
            }
            Parts::Fixed(fixed) => {
                let at = self.anchored_start(&fixed, day(period)?);
                Some(fixed.window_at(at))
            }
            Parts::Trailing(days) => Some(days.window(day(period)?, zone)),
        }
    }

    fn cycle_name(&self, cycles: Cycles, number: i32) -> String {
        let (year, month0) = (cycles.year(number), cycles.month0(number));
        if self.kind == WindowKind::CalendarQuarter {
            format!("{year:04}-Q{}", month0 / 3 + 1)
        } else {
            format!("{year:04}-{:02}", month0 + 1)
        }
    }

    const fn accepted_names(&self) -> &'static str {
        match self.kind {
            WindowKind::CalendarMonth => "give a month, such as `2026-10`",
            WindowKind::CalendarQuarter => "give a quarter, such as `2026-Q3`",
            WindowKind::BillingMonth { .. } => {
                "give the month that the billing month begins in, such as `2026-10`"
            }
            WindowKind::FixedDays { .. } => "give a day inside the window, such as `2026-10-17`",
            WindowKind::TrailingDays { .. } => "give the window's last day, such as `2026-10-17`",
        }
    }

    /// The first day that begins in or with a window of fixed days. Its clock is never set, or
    /// windows of one day would share a date in autumn.
    fn anchored_day(&self, fixed: &Fixed, start: Minute) -> NaiveDate {
        let shown = start.plus(self.timezone.offset_minutes(fixed.anchor)).get();
        let days = shown.div_euclid(DAY) + i64::from(shown.rem_euclid(DAY) != 0);
        let days = i32::try_from(days).unwrap_or(i32::MAX);
        NaiveDate::from_epoch_days(days).unwrap_or(NaiveDate::MAX)
    }

    fn anchored_start(&self, fixed: &Fixed, day: NaiveDate) -> Minute {
        let shown = Minute::new(i64::from(day.to_epoch_days()) * DAY);
        shown.plus(-self.timezone.offset_minutes(fixed.anchor))
    }
}

fn in_range(year: i32) -> bool {
    (1..=YEAR_MAX).contains(&year)
}

/// A date as it is printed, no other way of writing it.
fn day(text: &str) -> Option<NaiveDate> {
    let day: NaiveDate = text.parse().ok()?;
    (day.to_string() == text && in_range(day.year())).then_some(day)
}
