//! How a contract cuts time into windows, and how windows are named.
//!
//! Windows of every kind but [`WindowKind::TrailingDays`] tile time: every minute lies in exactly
//! one. Trailing windows overlap, one ends with every day; of those, the window of a minute is
//! the one that ends with its day. All instants are UTC minutes; a zone only decides which.

mod cycle;
mod name;
mod text;

#[cfg(test)]
mod tests;

use chrono::{Days, NaiveDate};
use domain::{Minute, Window};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::timezone::{MINUTE_FIRST, MINUTE_LAST, TimeZone};
use super::whole::Whole;
use super::{Basis, Provenance};

pub(crate) use cycle::Cycles;
pub use name::WindowNameError;
pub use text::{
    ALSO_TEST_TIMEZONES_MAX, WholeMinute, WholeMinuteError, WindowText, WindowTextError, WindowWord,
};

/// Minutes of a day of 24 hours.
const DAY: i64 = 24 * 60;

/// Day of the month that a billing month begins on; in shorter months their last day.
pub type AnchorDay = Whole<1, 31>;

/// Length of a window in days.
pub type WindowDays = Whole<1, 366>;

/// How time is cut into windows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "WindowText", into = "WindowText")]
#[schemars(with = "WindowText")]
pub struct WindowRule {
    /// What a window is.
    pub kind: WindowKind,
    /// Zone whose midnights cut it.
    pub timezone: TimeZone,
    /// How sure the zone is; most texts name none.
    pub timezone_basis: Basis,
    /// Other zones that the text may mean.
    pub also_test_timezones: Vec<TimeZone>,
    /// What happens to a run of bad minutes that crosses the edge of a window.
    pub run_across_edge: RunAcrossEdge,
    /// How close to the provider's own words the window is, where that differs from the rest.
    pub provenance: Option<Provenance>,
    /// A remark.
    pub note: Option<String>,
}

/// What a window is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowKind {
    /// From the first of a month to the first of the next.
    CalendarMonth,
    /// From the first of January, April, July or October to the next of them.
    CalendarQuarter,
    /// From a day of the month to the same day of the next.
    BillingMonth {
        /// That day.
        anchor_day: AnchorDay,
    },
    /// The same number of days of 24 hours each, counted in both directions from an anchor. No
    /// zone moves them.
    FixedDays {
        /// Length.
        days: WindowDays,
        /// Where one window begins.
        anchor: Minute,
    },
    /// The last days up to the end of a day. These overlap.
    TrailingDays {
        /// Length, the day at the end included.
        days: WindowDays,
    },
}

/// What happens to a run of bad minutes that crosses the edge of a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunAcrossEdge {
    /// Each window sees its own part only, which must reach the minimum run by itself.
    Cut,
    /// The whole run must reach the minimum; each window counts its own part.
    Span,
    /// The text is silent: `cut`, the reading that finds less downtime, with `span` beside it
    /// where that changes the verdict.
    #[default]
    Unknown,
}

/// What a window is judged by in which the service was used for a part only, because it was
/// bought or given up in between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartMonth {
    /// That part is a window of its own: 30 minutes down of 15 days are 719/720.
    OwnPeriod,
    /// The missing part counts as up: 30 minutes down of a month of 31 days are 1487/1488.
    AssumeUp,
    /// The whole month counts, regardless of when the use began.
    WholeMonth,
    /// The text is silent.
    #[default]
    Unknown,
}

impl WindowRule {
    /// The window that a minute lies in. Minutes outside the years 1 to 9997 get the nearest
    /// window inside.
    #[must_use]
    pub fn window_at(&self, minute: Minute) -> Window {
        self.window_at_in(minute, self.timezone)
    }

    /// The window that a minute would lie in were `zone` the contract's.
    #[must_use]
    pub fn window_at_in(&self, minute: Minute, zone: TimeZone) -> Window {
        match self.parts() {
            Parts::Cycles(cycles) => cycles.window(cycles.at(minute, zone), zone),
            Parts::Fixed(fixed) => fixed.window_at(minute),
            Parts::Trailing(days) => days.window(zone.day_of(minute), zone),
        }
    }

    /// The window after one of this rule's; of trailing windows the one that ends a day later.
    #[must_use]
    pub fn next(&self, window: Window) -> Window {
        self.window_at(window.end())
    }

    /// The window `n` after one of this rule's, `n` days later where they trail.
    pub(crate) fn later(&self, window: Window, n: u32) -> Window {
        let zone = self.timezone;
        match self.parts() {
            Parts::Cycles(cycles) => {
                let own = cycles.at(window.start(), zone);
                cycles.window(own.saturating_add_unsigned(n), zone)
            }
            Parts::Fixed(fixed) => {
                let ahead = fixed.length().saturating_mul(n.into());
                fixed.window_at(window.start().plus(ahead))
            }
            Parts::Trailing(days) => {
                let last = zone.day_of(window.end().plus(-1));
                days.window(plus_days(last, n), zone)
            }
        }
    }

    /// The contract's zone and then the others that its text may mean, each once.
    #[must_use]
    pub fn zones(&self) -> Vec<TimeZone> {
        let mut zones = vec![self.timezone];
        for zone in &self.also_test_timezones {
            if !zones.contains(zone) {
                zones.push(*zone);
            }
        }
        zones
    }

    /// The window of another zone that bears the same name as `window` has in the contract's.
    #[must_use]
    pub fn window_in(&self, zone: TimeZone, window: Window) -> Window {
        match self.parts() {
            Parts::Cycles(cycles) => cycles.window(cycles.at(window.start(), self.timezone), zone),
            Parts::Fixed(_) => window,
            Parts::Trailing(days) => {
                let last = self.timezone.day_of(window.end().plus(-1));
                days.window(last, zone)
            }
        }
    }

    /// Billing months of the contract: its own where it has them, else calendar months.
    pub(crate) const fn billing_months(&self) -> Cycles {
        match self.kind {
            WindowKind::BillingMonth { anchor_day } => Cycles::billing_months(anchor_day),
            _ => Cycles::MONTHS,
        }
    }

    const fn parts(&self) -> Parts {
        match self.kind {
            WindowKind::CalendarMonth => Parts::Cycles(Cycles::MONTHS),
            WindowKind::CalendarQuarter => Parts::Cycles(Cycles::QUARTERS),
            WindowKind::BillingMonth { anchor_day } => {
                Parts::Cycles(Cycles::billing_months(anchor_day))
            }
            WindowKind::FixedDays { days, anchor } => Parts::Fixed(Fixed { days, anchor }),
            WindowKind::TrailingDays { days } => Parts::Trailing(Trailing(days)),
        }
    }
}

/// The three ways in which windows are computed.
enum Parts {
    Cycles(Cycles),
    Fixed(Fixed),
    Trailing(Trailing),
}

struct Fixed {
    days: WindowDays,
    anchor: Minute,
}

impl Fixed {
    fn length(&self) -> i64 {
        i64::from(self.days.get()) * DAY
    }

    fn window_at(&self, minute: Minute) -> Window {
        let minute = minute.get().clamp(MINUTE_FIRST, MINUTE_LAST);
        let ordinal = (minute - self.anchor.get()).div_euclid(self.length());
        let start = self.anchor.plus(ordinal * self.length());
        Window::new(start, start.plus(self.length())).expect("a length is at least one day")
    }
}

struct Trailing(WindowDays);

impl Trailing {
    fn window(&self, last: NaiveDate, zone: TimeZone) -> Window {
        let end = zone.day_start(plus_days(last, 1));
        let first = plus_days(last, 1)
            .checked_sub_days(Days::new(self.0.get().into()))
            .unwrap_or(last);
        // A day that a zone skipped has no minutes: its window is that of the day before.
        Window::new(zone.day_start(first), end)
            .unwrap_or_else(|_| self.window(zone.day_of(end.plus(-1)), zone))
    }
}

/// The day `days` later, at most chrono's last.
pub(crate) fn plus_days(day: NaiveDate, days: u32) -> NaiveDate {
    day.checked_add_days(Days::new(days.into()))
        .unwrap_or(NaiveDate::MAX)
}
