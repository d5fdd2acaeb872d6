//! Times of day, in UTC, at which a price holds.

use std::fmt;

use chrono::{Datelike as _, Weekday};
use domain::UnixMillis;

const MINUTES_PER_DAY: u16 = 24 * 60;

/// Names of days in tables, in the order of the week.
pub(super) const DAYS: &[&str] = &["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Part of each of some days, half-open, in UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hours {
    from: u16,
    until: u16,
    /// In the order of the week, each once, never none.
    days: Vec<Weekday>,
}

impl Hours {
    /// From one minute of the day to another; none where that is no part of a day, or no day.
    pub(super) fn new(from: u16, until: u16, mut days: Vec<Weekday>) -> Option<Self> {
        days.sort_by_key(Weekday::num_days_from_monday);
        days.dedup();
        let is_part = from < until && until <= MINUTES_PER_DAY && !days.is_empty();
        is_part.then_some(Self { from, until, days })
    }

    /// Whether an instant lies in them.
    #[must_use]
    pub fn contain(&self, at: UnixMillis) -> bool {
        let minute = at.minute().get().rem_euclid(i64::from(MINUTES_PER_DAY));
        (i64::from(self.from)..i64::from(self.until)).contains(&minute)
            && self.days.contains(&at.to_micros().to_utc().weekday())
    }

    /// Whether some instant lies in both.
    pub(super) fn overlap(&self, other: &Self) -> bool {
        let minutes = self.from < other.until && other.from < self.until;
        minutes && self.days.iter().any(|day| other.days.contains(day))
    }

    pub(super) fn from(&self) -> String {
        clock(self.from)
    }

    pub(super) fn until(&self) -> String {
        clock(self.until)
    }

    /// The days by name, where it is not all of them.
    pub(super) fn some_days(&self) -> Option<Vec<&'static str>> {
        let names = self.days.iter().map(|day| name(*day)).collect();
        (self.days.len() < DAYS.len()).then_some(names)
    }
}

/// The minute of the day that `HH:MM` stands for; `24:00` is its end.
pub(super) fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !two_digits(hour) || !two_digits(minute) {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    let at = hour * 60 + minute;
    (minute < 60 && at <= MINUTES_PER_DAY).then_some(at)
}

/// The day that a name of [`DAYS`] stands for.
pub(super) fn day(name: &str) -> Option<Weekday> {
    let place = DAYS.iter().position(|day| *day == name)?;
    Weekday::try_from(u8::try_from(place).ok()?).ok()
}

fn name(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "mon",
        Weekday::Tue => "tue",
        Weekday::Wed => "wed",
        Weekday::Thu => "thu",
        Weekday::Fri => "fri",
        Weekday::Sat => "sat",
        Weekday::Sun => "sun",
    }
}

fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

impl fmt::Display for Hours {
    /// `01:00-04:00 UTC mon-fri`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{} UTC", self.from(), self.until())?;
        let is_run = self.days.windows(2).all(|two| two[0].succ() == two[1]);
        match self.some_days().as_deref() {
            None => Ok(()),
            Some([first, _, .., last]) if is_run => write!(f, " {first}-{last}"),
            Some(days) => write!(f, " {}", days.join(" ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_is_two_digits_twice() {
        assert_eq!(minute("00:00"), Some(0));
        assert_eq!(minute("09:30"), Some(570));
        assert_eq!(minute("24:00"), Some(1440));
        for text in ["24:01", "9:30", "09:60", "0930", "+9:30", "", "ab:cd"] {
            assert_eq!(minute(text), None, "{text}");
        }
    }

    #[test]
    fn days_have_their_names() {
        for (place, name_of_day) in DAYS.iter().enumerate() {
            let day = day(name_of_day).unwrap();
            assert_eq!(name(day), *name_of_day);
            assert_eq!(day.num_days_from_monday() as usize, place);
        }
        assert_eq!(day("Mon"), None);
    }

    #[test]
    fn hours_are_shown_with_their_days() {
        let shown = |names: &str| {
            let days = names.split(' ').map(|name| day(name).unwrap()).collect();
            Hours::new(0, 1440, days).unwrap().to_string()
        };
        assert_eq!(shown("mon tue wed thu fri"), "00:00-24:00 UTC mon-fri");
        assert_eq!(shown("sun sat sat"), "00:00-24:00 UTC sat sun");
        assert_eq!(shown("mon wed"), "00:00-24:00 UTC mon wed");
        assert_eq!(shown(&DAYS.join(" ")), "00:00-24:00 UTC");
    }

    #[test]
    fn hours_begin_with_their_first_minute_and_end_before_their_last() {
        let hours = Hours::new(60, 240, vec![Weekday::Mon]).unwrap();
        assert_eq!(hours.to_string(), "01:00-04:00 UTC mon");
        // 1970-01-05 was the first Monday.
        let at = |minute: i64| UnixMillis::new((4 * 1440 + minute) * 60_000);
        assert!(!hours.contain(at(60).plus_ms(-1)));
        assert!(hours.contain(at(60)));
        assert!(hours.contain(at(240).plus_ms(-1)));
        assert!(!hours.contain(at(240)));
        assert!(!hours.contain(at(1440 + 60)));
        assert_eq!(Hours::new(240, 60, vec![Weekday::Mon]), None);
        assert_eq!(Hours::new(60, 240, vec![]), None);
    }
}
