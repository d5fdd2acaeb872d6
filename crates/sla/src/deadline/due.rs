//! The end of a deadline, as a day or an instant.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use domain::{Minute, UnixMillis};
use serde::{Deserialize, Serialize};

use crate::contract::{TimeZone, plus_days};

/// The end of a deadline. In JSON RFC 3339 text: `2026-05-31` or `2026-12-10T12:00:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Due {
    /// Within this day of the deadline's zone.
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
    pub fn before(self, zone: TimeZone) -> Minute {
        match self {
            Self::Instant(minute) => minute,
            Self::Day(day) => zone.day_start(plus_days(day, 1)),
        }
    }

    /// The first minute that is not too early, where it opens something.
    #[must_use]
    pub fn begins(self, zone: TimeZone) -> Minute {
        match self {
            Self::Instant(minute) => minute,
            Self::Day(day) => zone.day_start(day),
        }
    }
}

impl fmt::Display for Due {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
