//! Until when something has to be sent: the literal day and an earlier, safe one for reminders.
//!
//! Where a text can be read in two ways, the literal deadline is the plain reading and the safe
//! one the earliest that anybody could mean. Days are UTC, like windows.

use chrono::{DateTime, Days, Months, NaiveDate, Utc};
use domain::{Minute, UnixMillis, Window};
use serde::{Deserialize, Serialize};

use crate::assessment::Downtime;
use crate::contract::{Anchor, ClaimDeadline, Contract, Period, Purpose, midnight};

/// Something that has to be sent by a certain time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deadline {
    /// What has to be sent.
    pub purpose: Purpose,
    /// Until when, as the text reads.
    pub literal: Due,
    /// Until when, by the strictest reading; never later than `literal`.
    pub safe: Due,
}

/// The end of a deadline. In JSON RFC 3339 text: `2026-05-31` or `2026-12-10T12:00:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Due {
    /// Within this day, UTC.
    Day(NaiveDate),
    /// Before this minute.
    Instant(Minute),
}

/// Text that is neither a day nor an instant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is neither a date nor an RFC 3339 instant on a whole minute")]
pub struct DueError {
    given: String,
}

impl Due {
    /// The first minute that is too late.
    #[must_use]
    pub fn before(self) -> Minute {
        match self {
            Self::Instant(minute) => minute,
            Self::Day(date) => midnight(date).plus(24 * 60),
        }
    }

    /// A period that begins when a day is over: the end of the day that the period leads to.
    /// Days that begin within a day only exist as instants.
    fn after_end(end: Minute, period: Period) -> Self {
        match (day_before(end), period) {
            (Some(last), Period::Days(days)) => Self::Day(plus_days(last, days)),
            (Some(last), Period::Months(months)) => Self::Day(plus_months(last, months)),
            _ => Self::after(end, period),
        }
    }

    /// A period that begins at an instant.
    fn after(start: Minute, period: Period) -> Self {
        let at = utc(start);
        let at = match period {
            Period::Hours(hours) => return Self::Instant(start.plus(i64::from(hours) * 60)),
            Period::Days(days) => at.checked_add_days(Days::new(days.into())),
            Period::Months(months) => at.checked_add_months(Months::new(months)),
        };
        let at = at.unwrap_or(DateTime::<Utc>::MAX_UTC);
        Self::Instant(UnixMillis::from(at).minute())
    }

    /// The end of a window.
    fn end_of(window: Window) -> Self {
        day_before(window.end()).map_or(Self::Instant(window.end()), Self::Day)
    }
}

fn utc(minute: Minute) -> DateTime<Utc> {
    minute.start().to_micros().to_utc()
}

/// The day that ends with this minute, where one does.
fn day_before(end: Minute) -> Option<NaiveDate> {
    let date = utc(end).date_naive();
    (midnight(date) == end).then(|| date.pred_opt()).flatten()
}

fn plus_days(date: NaiveDate, days: u32) -> NaiveDate {
    date.checked_add_days(Days::new(days.into()))
        .unwrap_or(NaiveDate::MAX)
}

fn plus_months(date: NaiveDate, months: u32) -> NaiveDate {
    date.checked_add_months(Months::new(months))
        .unwrap_or(NaiveDate::MAX)
}

/// What deadlines run from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Occasion<'a> {
    pub(crate) window: Window,
    pub(crate) downtime: &'a [Downtime],
    /// The minute by whose end a credit was certain; absent where none is due.
    pub(crate) due_since: Option<Minute>,
}

/// The deadlines of a commitment: notices as soon as there is downtime, claims once something is
/// due.
pub(crate) fn deadlines(contract: &Contract, occasion: Occasion<'_>) -> Vec<Deadline> {
    let clauses = contract.claim.iter().flat_map(|claim| &claim.deadlines);
    clauses
        .filter_map(|clause| deadline(contract, clause, occasion))
        .collect()
}

fn deadline(
    contract: &Contract,
    clause: &ClaimDeadline,
    occasion: Occasion<'_>,
) -> Option<Deadline> {
    let window = occasion.window;
    if clause.purpose == Purpose::Claim {
        occasion.due_since?;
    }
    let first = occasion.downtime.first();
    let last = occasion.downtime.last();
    let (literal, safe) = match clause.anchor {
        Anchor::WindowEnd(period) => {
            occasion.due_since.or(first.map(|down| down.start))?;
            let due = Due::after_end(window.end(), period);
            (due, due)
        }
        Anchor::Eligibility(period) => {
            let since = occasion.due_since?;
            // A credit is due on the first day after the window; the day it leads to counts.
            let literal = match (day_before(window.end()), period) {
                (Some(_), Period::Days(days)) => {
                    Due::Day(plus_days(utc(window.end()).date_naive(), days))
                }
                (Some(_), Period::Months(months)) => {
                    Due::Day(plus_months(utc(window.end()).date_naive(), months))
                }
                _ => Due::after(window.end(), period),
            };
            (literal, Due::after(since, period))
        }
        Anchor::Incident(period) => (
            Due::after(last?.start, period),
            Due::after(first?.start, period),
        ),
        Anchor::DowntimeEnd(period) => (
            Due::after(last?.end, period),
            Due::after(first?.end, period),
        ),
        Anchor::BillingCycleEnd { nth_after_incident } => {
            first?;
            let own = contract.window_at(window.start());
            let nth = nth_after_incident.get();
            let end = |n| Due::end_of(nth_after(contract, own, n));
            (end(nth), end(nth - 1))
        }
    };
    Some(Deadline {
        purpose: clause.purpose,
        literal,
        safe,
    })
}

fn nth_after(contract: &Contract, window: Window, nth: u32) -> Window {
    (0..nth).fold(window, |window, _| contract.window_at(window.end()))
}

impl std::fmt::Display for Due {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Day(date) => write!(f, "{date}"),
            Self::Instant(minute) => write!(f, "{}", minute.start()),
        }
    }
}

impl From<Due> for String {
    fn from(due: Due) -> Self {
        due.to_string()
    }
}

impl TryFrom<String> for Due {
    type Error = DueError;

    fn try_from(given: String) -> Result<Self, DueError> {
        if let Ok(date) = given.parse() {
            return Ok(Self::Day(date));
        }
        let minute = DateTime::parse_from_rfc3339(&given)
            .ok()
            .map(|at| UnixMillis::from(at.with_timezone(&Utc)).minute());
        minute
            .map(Self::Instant)
            .filter(|due| due.to_string() == given)
            .ok_or(DueError { given })
    }
}
