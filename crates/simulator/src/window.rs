//! When a rule is in force: seconds of the scenario, UTC times, hours of the day, cycles.
//!
//! All given conditions must hold; all windows are half-open.

use std::fmt;
use std::str::FromStr as _;
use std::time::Duration;

use serde::{Serialize, Serializer};
use toml::value::{Datetime, Offset};

use crate::document::{DocumentError, Node, Reader, text, whole};

const DAY_S: u64 = 86_400;
const MINUTES_PER_DAY: u16 = 1_440;

/// The time of a request, by both clocks that windows look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Now {
    /// Since the scenario's start.
    pub(crate) scenario: Duration,
    /// Unix time, in whole seconds.
    pub(crate) unix_s: u64,
}

/// A second in UTC, from 1970 on. Written in RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UtcSecond(u64);

impl UtcSecond {
    /// The second at this Unix time.
    #[must_use]
    pub const fn from_unix_s(unix_s: u64) -> Self {
        Self(unix_s)
    }

    fn read(node: &Node) -> Result<Self, String> {
        let given = text(node)?;
        let parsed = Datetime::from_str(&given).ok().and_then(Self::of_datetime);
        parsed.ok_or_else(|| {
            format!("`{given}` is not a time in RFC 3339, such as 2026-11-22T10:30:00Z")
        })
    }

    fn of_datetime(datetime: Datetime) -> Option<Self> {
        let (date, time) = (datetime.date?, datetime.time?);
        let offset_min = match datetime.offset? {
            Offset::Z => 0,
            Offset::Custom { minutes } => i64::from(minutes),
        };
        let days = days_from_civil(i64::from(date.year), date.month.into(), date.day.into());
        let minutes = i64::from(time.hour) * 60 + i64::from(time.minute) - offset_min;
        let seconds = days * 86_400 + minutes * 60 + i64::from(time.second.unwrap_or(0));
        u64::try_from(seconds).ok().map(Self)
    }
}

impl fmt::Display for UtcSecond {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.0 / DAY_S);
        let rest = self.0 % DAY_S;
        let (hour, minute, second) = (rest / 3_600, rest / 60 % 60, rest % 60);
        write!(
            formatter,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
        )
    }
}

impl Serialize for UtcSecond {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar (Hinnant, "chrono-compatible low-level
/// date algorithms").
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The inverse, for days from 1970 on.
const fn civil_from_days(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400;
    (if month <= 2 { year + 1 } else { year }, month, day)
}

/// A minute of the day in UTC, `00:00` to `23:59`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MinuteOfDay(u16);

impl MinuteOfDay {
    fn read(node: &Node) -> Result<Self, String> {
        let given = text(node)?;
        let part = |part: &str, below: u16| {
            let digits = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            let number: Option<u16> = if digits { part.parse().ok() } else { None };
            number.filter(|number| *number < below)
        };
        let hours_and_minutes = given.strip_suffix(":00").filter(|rest| rest.contains(':'));
        let parsed = hours_and_minutes
            .unwrap_or(&given)
            .split_once(':')
            .and_then(|(hours, minutes)| Some(part(hours, 24)? * 60 + part(minutes, 60)?));
        parsed
            .map(Self)
            .ok_or_else(|| format!("`{given}` is not a time of day in UTC, such as 09:30"))
    }
}

impl Serialize for MinuteOfDay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{:02}:{:02}", self.0 / 60, self.0 % 60))
    }
}

/// When a rule is in force; by default always.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Window {
    /// First second, counted from the scenario's start.
    pub from_s: u64,
    /// End, exclusive, counted from the scenario's start; open if not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until_s: Option<u64>,
    /// First second by the wall clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<UtcSecond>,
    /// End, exclusive, by the wall clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<UtcSecond>,
    /// First minute of every day, in UTC; `00:00` if only the end is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily_from: Option<MinuteOfDay>,
    /// End, exclusive, in UTC; before the first minute it means the next day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily_until: Option<MinuteOfDay>,
    /// Length of a cycle that begins at `from_s`, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cycle_s: Option<u32>,
    /// How many seconds of each cycle the rule is in force, from the cycle's beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cycle_on_s: Option<u32>,
}

impl Window {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, DocumentError> {
        let window = Self {
            from_s: reader.optional("from_s", whole)?.unwrap_or(0),
            until_s: reader.optional("until_s", whole)?,
            from: reader.optional("from", UtcSecond::read)?,
            until: reader.optional("until", UtcSecond::read)?,
            daily_from: reader.optional("daily_from", MinuteOfDay::read)?,
            daily_until: reader.optional("daily_until", MinuteOfDay::read)?,
            cycle_s: reader.optional("cycle_s", whole)?,
            cycle_on_s: reader.optional("cycle_on_s", whole)?,
        };
        Ok(window)
    }

    /// What keeps the window from ever being open, if anything.
    pub(crate) fn flaw(&self) -> Option<String> {
        if let Some(until_s) = self.until_s
            && until_s <= self.from_s
        {
            return Some(format!(
                "until_s {until_s} is not after from_s {}",
                self.from_s
            ));
        }
        if let (Some(from), Some(until)) = (self.from, self.until)
            && until <= from
        {
            return Some(format!("until {until} is not after from {from}"));
        }
        if self.daily_from.is_some() && self.daily_from == self.daily_until {
            return Some("daily_until is the same as daily_from".to_owned());
        }
        match (self.cycle_s, self.cycle_on_s) {
            (None, None) => None,
            (Some(cycle), Some(on)) if (1..=cycle).contains(&on) => None,
            (Some(_), Some(_)) => Some("cycle_on_s must be from 1 to cycle_s".to_owned()),
            _ => Some("cycle_s and cycle_on_s need each other".to_owned()),
        }
    }

    /// Whether the window closes by itself at some time, whatever happens.
    pub(crate) const fn ends(&self) -> bool {
        let daily = self.daily_from.is_some() || self.daily_until.is_some();
        let cycle = match (self.cycle_s, self.cycle_on_s) {
            (Some(cycle), Some(on)) => on < cycle,
            _ => false,
        };
        self.until_s.is_some() || self.until.is_some() || daily || cycle
    }

    pub(crate) fn covers(&self, now: Now) -> bool {
        let second = now.scenario.as_secs();
        let since_from = second.checked_sub(self.from_s);
        since_from.is_some_and(|since| self.in_cycle(since))
            && self.until_s.is_none_or(|until_s| second < until_s)
            && self.from.is_none_or(|from| now.unix_s >= from.0)
            && self.until.is_none_or(|until| now.unix_s < until.0)
            && self.in_day(now.unix_s)
    }

    fn in_cycle(&self, since_from_s: u64) -> bool {
        match (self.cycle_s, self.cycle_on_s) {
            (Some(cycle), Some(on)) if cycle > 0 => since_from_s % u64::from(cycle) < u64::from(on),
            _ => true,
        }
    }

    fn in_day(&self, unix_s: u64) -> bool {
        if self.daily_from.is_none() && self.daily_until.is_none() {
            return true;
        }
        let minute = unix_s % DAY_S / 60;
        let from = u64::from(self.daily_from.map_or(0, |from| from.0));
        let until = u64::from(self.daily_until.map_or(MINUTES_PER_DAY, |until| until.0));
        if from < until {
            (from..until).contains(&minute)
        } else {
            minute >= from || minute < until
        }
    }
}

#[cfg(test)]
mod tests;
