//! How a contract cuts time into windows. Windows tile time: every minute lies in exactly one.

use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};
use domain::{Minute, UnixMillis, Window};

use super::Basis;

/// Earliest minute with a window of its own, 0001-01-01T00:00Z; earlier ones get its window.
const FIRST: i64 = -1_035_593_280;

/// Latest minute with a window of its own, in 9997; later ones get its window.
const LAST: i64 = 4_222_000_000;

/// Longest window of fixed length, in days.
pub(crate) const WINDOW_DAYS_MAX: u32 = 366;

/// How time is cut into windows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowRule {
    /// What a window is.
    pub kind: WindowKind,
    /// Zone whose midnights cut it.
    pub timezone: TimeZone,
    /// How sure the zone is; most texts name none.
    pub timezone_basis: Basis,
    /// What happens to a run of bad minutes that crosses the edge of a window.
    pub run_across_edge: RunAcrossEdge,
}

/// What a window is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowKind {
    /// From the first of a month to the first of the next.
    CalendarMonth,
    /// The same number of days each, counted in both directions from an anchor.
    FixedDays {
        /// Length, `1..=366`.
        days: u32,
        /// Where one window begins.
        anchor: Minute,
    },
}

/// Zone whose midnights cut windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeZone {
    /// Coordinated Universal Time; the only one so far.
    Utc,
}

/// What happens to a run of bad minutes that crosses the edge of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunAcrossEdge {
    /// Each window sees its own part only, which must reach the minimum run by itself.
    Cut,
    /// The text is silent; judged as [`Self::Cut`], the reading that finds less downtime.
    Unknown,
}

impl WindowRule {
    /// The window that a minute lies in. Minutes outside the years 1 to 9997 get the nearest
    /// window inside.
    #[must_use]
    pub fn window_at(&self, minute: Minute) -> Window {
        let minute = Minute::new(minute.get().clamp(FIRST, LAST));
        match self.kind {
            WindowKind::CalendarMonth => month_of(minute),
            WindowKind::FixedDays { days, anchor } => {
                let length = i64::from(days) * 24 * 60;
                let ordinal = (minute.get() - anchor.get()).div_euclid(length);
                let start = anchor.plus(ordinal * length);
                Window::new(start, start.plus(length)).expect("a length is at least one day")
            }
        }
    }
}

fn month_of(minute: Minute) -> Window {
    let first = minute
        .start()
        .to_micros()
        .to_utc()
        .date_naive()
        .with_day(1)
        .expect("every month has a first day");
    let next = first
        .checked_add_months(Months::new(1))
        .expect("the years are below chrono's last");
    Window::new(midnight(first), midnight(next)).expect("a month has days")
}

/// The minute a date begins at, UTC.
pub(crate) fn midnight(date: NaiveDate) -> Minute {
    let start: DateTime<Utc> = date.and_time(chrono::NaiveTime::MIN).and_utc();
    UnixMillis::from(start).minute()
}
