//! Time zones: which instants the days of a place begin at.
//!
//! Every instant is a UTC minute. Offsets that are no whole minutes (local mean time, before
//! standard time) are floored to the minute. Days tile time: a minute lies in the day that began
//! last, also where a clock that is set back shows an earlier date again.

use std::fmt;
use std::str::FromStr;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone as _};
use chrono_tz::{GapInfo, TZ_VARIANTS, Tz};
use domain::Minute;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Earliest minute with a local time of its own, 0001-01-01T00:00Z; earlier ones get its.
pub(crate) const MINUTE_FIRST: i64 = -1_035_593_280;

/// Latest minute with a local time of its own, in 9997; later ones get its.
pub(crate) const MINUTE_LAST: i64 = 4_222_000_000;

/// How many near names an unknown one is answered with.
const NEAR_NAMES_MAX: usize = 3;

/// A time zone of the IANA database, by its name, such as `Europe/Paris` or `UTC`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct TimeZone(Tz);

/// A name that is not in the IANA database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is no IANA time zone; {hint}")]
pub struct TimeZoneError {
    given: String,
    hint: String,
}

/// When a clock shows a local time.
enum Shown {
    /// At this second, UTC: the first where it shows it twice.
    At(i64),
    /// Never: it is set forward over it.
    Skipped {
        /// The second, UTC, at which it is set forward.
        jump: i64,
        /// The second, UTC, at which it would show it had it not been set forward.
        unset: i64,
    },
}

impl TimeZone {
    /// Coordinated Universal Time.
    pub const UTC: Self = Self(Tz::UTC);

    /// The name in the IANA database.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// Every zone of the database, by name.
    pub fn all() -> impl Iterator<Item = Self> {
        TZ_VARIANTS.iter().copied().map(Self)
    }

    /// The first minute of a day: midnight, and where a clock is set forward over midnight the
    /// moment at which it is. A day that a zone skipped begins when the next one does.
    #[must_use]
    pub fn day_start(self, day: NaiveDate) -> Minute {
        match self.shown(day.and_time(NaiveTime::MIN)) {
            Shown::At(second) | Shown::Skipped { jump: second, .. } => floor(second),
        }
    }

    /// The day that a minute lies in: the latest that has begun.
    #[must_use]
    pub fn day_of(self, minute: Minute) -> NaiveDate {
        let minute = Minute::new(minute.get().clamp(MINUTE_FIRST, MINUTE_LAST));
        let shown = self.local(minute).date();
        // A clock shows another date than that of the day for a day at most: near a jump.
        (-2..=2)
            .rev()
            .map(|days| shown + TimeDelta::days(days))
            .find(|day| self.day_start(*day) <= minute)
            .unwrap_or(shown)
    }

    /// What a clock shows at the start of a minute. Minutes outside the years 1 to 9997 get the
    /// nearest inside.
    #[must_use]
    pub fn local(self, minute: Minute) -> NaiveDateTime {
        self.0.from_utc_datetime(&utc(minute)).naive_local()
    }

    /// The minute in which a clock shows a local time: the first where it shows it twice, and
    /// where it is set forward over it the minute in which it would have shown it without that
    /// (RFC 5545, 3.3.5).
    #[must_use]
    pub fn minute_at(self, local: NaiveDateTime) -> Minute {
        match self.shown(local) {
            Shown::At(second) | Shown::Skipped { unset: second, .. } => floor(second),
        }
    }

    /// Minutes that clocks are ahead of UTC in a minute, floored.
    pub(crate) fn offset_minutes(self, minute: Minute) -> i64 {
        let offset = self.0.offset_from_utc_datetime(&utc(minute)).fix();
        i64::from(offset.local_minus_utc()).div_euclid(60)
    }

    fn shown(self, local: NaiveDateTime) -> Shown {
        if let Some(at) = self.0.from_local_datetime(&local).earliest() {
            return Shown::At(at.timestamp());
        }
        let local_s = local.and_utc().timestamp();
        // Before its first entry, a zone of the database has no gaps.
        GapInfo::new(&local, &self.0)
            .and_then(|gap| gap.begin)
            .map_or(Shown::At(local_s), |(begin, before)| {
                let before_s = i64::from(before.fix().local_minus_utc());
                Shown::Skipped {
                    jump: begin.and_utc().timestamp() - before_s,
                    unset: local_s - before_s,
                }
            })
    }
}

fn utc(minute: Minute) -> NaiveDateTime {
    let minute = Minute::new(minute.get().clamp(MINUTE_FIRST, MINUTE_LAST));
    minute.start().to_micros().to_utc().naive_utc()
}

const fn floor(second: i64) -> Minute {
    Minute::new(second.div_euclid(60))
}

impl Default for TimeZone {
    fn default() -> Self {
        Self::UTC
    }
}

impl fmt::Display for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for TimeZone {
    type Err = TimeZoneError;

    fn from_str(given: &str) -> Result<Self, TimeZoneError> {
        given.parse().map(Self).map_err(|_| TimeZoneError {
            given: given.to_owned(),
            hint: hint(given),
        })
    }
}

impl TryFrom<String> for TimeZone {
    type Error = TimeZoneError;

    fn try_from(given: String) -> Result<Self, TimeZoneError> {
        given.parse()
    }
}

impl From<TimeZone> for String {
    fn from(zone: TimeZone) -> Self {
        zone.name().to_owned()
    }
}

/// What people call zones by, and the city that the IANA database names each by.
const SPOKEN: [(&[&str], &str); 8] = [
    (&["pst", "pdt", "pt", "pacific time"], "America/Los_Angeles"),
    (&["mdt", "mountain time"], "America/Denver"),
    (&["cst", "cdt", "central time"], "America/Chicago"),
    (&["edt", "et", "eastern time"], "America/New_York"),
    (&["cest", "central european time"], "Europe/Paris"),
    (&["bst"], "Europe/London"),
    (&["ist"], "Asia/Kolkata"),
    (&["jst"], "Asia/Tokyo"),
];

/// The city that was probably meant or the nearest names where there are some, else what a name
/// looks like.
fn hint(given: &str) -> String {
    let lower = given.to_lowercase();
    let offset = lower
        .strip_prefix("utc")
        .or_else(|| lower.strip_prefix("gmt"));
    let offset = offset.unwrap_or(&lower).trim_start();
    if offset.starts_with(['+', '-', '\u{2212}']) {
        return "an offset is no zone: name a city, such as `Europe/Paris`".into();
    }
    let mut spoken = SPOKEN.iter();
    if let Some((_, city)) = spoken.find(|(names, _)| names.contains(&&*lower)) {
        return format!("name a city, such as `{city}`");
    }
    let given = given.replace(' ', "_").to_lowercase();
    let near: Vec<(usize, &str)> = TZ_VARIANTS
        .iter()
        .map(|zone| (common(&given, &zone.name().to_lowercase()), zone.name()))
        .filter(|(common, _)| *common >= 3 && common * 3 >= given.len() * 2)
        .collect();
    let most = near.iter().map(|(common, _)| *common).max();
    let mut nearest: Vec<&str> = near
        .iter()
        .filter(|(common, _)| Some(*common) == most)
        .map(|(_, name)| *name)
        .collect();
    if nearest.is_empty() {
        return "names look like `UTC`, `Europe/Paris` or `America/Los_Angeles`".into();
    }
    nearest.sort_by_key(|name| name.len());
    nearest.truncate(NEAR_NAMES_MAX);
    format!("near names: `{}`", nearest.join("`, `"))
}

/// Bytes of `given` that a name begins or ends with: what a slip of the finger leaves.
fn common(given: &str, name: &str) -> usize {
    let forward = given.bytes().zip(name.bytes());
    let backward = given.bytes().rev().zip(name.bytes().rev());
    let begin = forward.take_while(|(a, b)| a == b).count();
    let end = backward.take_while(|(a, b)| a == b).count();
    (begin + end).min(given.len()).min(name.len())
}

#[cfg(test)]
mod tests;
