//! Spans that come again: maintenance windows, peak hours, service hours.
//!
//! A rule of RFC 5545 chooses days, `from` the time of day, `minutes` how long. Days are chosen
//! on the calendar alone, so no zone and no change of clocks can move them; only then is each
//! start placed in the zone. A start that the clock is set forward over is when it would have
//! been had it not been (02:30 is then shown as 03:30), and of one that comes twice it is the
//! first: an announced maintenance does not disappear, and it is never longer than announced.
//!
//! Non-goals: the parts of RFC 5545 below a day, week numbers, and exceptions by date.

mod days;
mod parts;

#[cfg(test)]
mod tests;

use chrono::{Days, NaiveDate, NaiveTime};
use domain::{Minute, Window};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::exact::date_schema;
use super::timezone::{MINUTE_FIRST, MINUTE_LAST, TimeZone};
use super::whole::Whole;

use days::DayRule;
use parts::Until;
pub use parts::{RULE_BYTES_MAX, RuleError};

/// Most occurrences looked at in one window: daily ones for over a century. Longer windows are
/// covered up to there.
pub const OCCURRENCES_MAX: usize = 40_000;

/// Length of one occurrence in minutes, up to seven days.
pub type SpanMinutes = Whole<1, 10_080>;

/// Spans that come again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "RecurrenceText", into = "RecurrenceText")]
#[schemars(with = "RecurrenceText")]
pub struct Recurrence {
    rule: DayRule,
    from: NaiveTime,
    text: RecurrenceText,
}

/// Spans that come again, such as
/// `{ rrule = "FREQ=WEEKLY;BYDAY=SU", from = "02:00", minutes = 120, timezone = "Europe/Paris" }`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecurrenceText {
    /// On which days: a rule of RFC 5545 without `RRULE:`. `FREQ` is `DAILY`, `WEEKLY`,
    /// `MONTHLY` or `YEARLY`; `INTERVAL`, `COUNT`, `UNTIL`, `WKST`, `BYMONTH`, `BYMONTHDAY`,
    /// `BYYEARDAY`, `BYDAY` and `BYSETPOS` may follow. `UNTIL` is a day or a local time, or with
    /// a `Z` a time in UTC; the occurrence that starts then is the last. Without `starts` the
    /// rule has always applied, and has to name its days by itself.
    pub rrule: String,
    /// Time of day at which each occurrence starts, such as `02:00`. Where clocks are set forward
    /// over it, it starts when it would have without that; where it comes twice, the first time.
    pub from: String,
    /// Length of each occurrence in minutes of time that passes, 1 to 10080 (seven days).
    /// Occurrences may overlap.
    pub minutes: SpanMinutes,
    /// IANA name of the zone that `from` and the days are meant in, such as `Europe/Paris`.
    pub timezone: TimeZone,
    /// First day on which the rule can apply, such as `2026-03-01`; every second week, month and
    /// so on, and `COUNT` (up to 1000, within a hundred years), are counted from it, and are not possible without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "date_schema")]
    pub starts: Option<NaiveDate>,
}

/// Spans that could not be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecurrenceError {
    /// Not a time of day.
    #[error("`from`: must be a time of day from `00:00` to `23:59`")]
    From,
    /// A first day outside the years 1 to 9997.
    #[error("`starts`: must be a day of the years 1 to 9997")]
    Starts,
    /// A rule that is not understood, or that cannot be.
    #[error(transparent)]
    Rule(#[from] RuleError),
}

impl TryFrom<RecurrenceText> for Recurrence {
    type Error = RecurrenceError;

    fn try_from(text: RecurrenceText) -> Result<Self, RecurrenceError> {
        let from = NaiveTime::parse_from_str(&text.from, "%H:%M")
            .ok()
            .filter(|from| from.format("%H:%M").to_string() == text.from)
            .ok_or(RecurrenceError::From)?;
        if text
            .starts
            .is_some_and(|day| day < first_day() || day > last_day())
        {
            return Err(RecurrenceError::Starts);
        }
        let rule = DayRule::parse(&text.rrule, text.starts, text.timezone)?;
        Ok(Self { rule, from, text })
    }
}

impl From<Recurrence> for RecurrenceText {
    fn from(recurrence: Recurrence) -> Self {
        recurrence.text
    }
}

impl Recurrence {
    /// The minutes of a window that occurrences cover: in order, apart from each other, nothing
    /// outside the window. Occurrences that began before it reach into it.
    #[must_use]
    pub fn spans(&self, window: Window) -> Vec<Window> {
        let zone = self.text.timezone;
        let length = self.text.minutes.get();
        let ahead = Days::new(u64::from(length / (24 * 60)) + 2);
        let first = zone.day_of(window.start()).checked_sub_days(ahead);
        let last = zone.day_of(window.end().plus(-1));
        let days = self.rule.days_from(first.unwrap_or_else(first_day));
        let mut spans: Vec<Window> = Vec::new();
        for day in days.take_while(|day| *day <= last).take(OCCURRENCES_MAX) {
            let start = zone.minute_at(day.and_time(self.from));
            match self.rule.until {
                Some(Until::Start(latest)) if start > latest => continue,
                _ => {}
            }
            let end = start.plus(length.into()).min(window.end());
            let Ok(span) = Window::new(start.max(window.start()), end) else {
                continue;
            };
            match spans.last_mut() {
                Some(before) if before.end() >= span.start() => *before = joined(*before, span),
                _ => spans.push(span),
            }
        }
        spans
    }
}

/// The minutes of two spans that touch or overlap.
fn joined(a: Window, b: Window) -> Window {
    let start = a.start().min(b.start());
    Window::new(start, a.end().max(b.end())).unwrap_or(a)
}

fn first_day() -> NaiveDate {
    TimeZone::UTC.day_of(Minute::new(MINUTE_FIRST))
}

fn last_day() -> NaiveDate {
    TimeZone::UTC.day_of(Minute::new(MINUTE_LAST))
}
