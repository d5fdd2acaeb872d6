//! Five fields of cron, as a plan writes them: `*/5 8-18 * * 1-5`. Always UTC.
//!
//! Fields are minute, hour, day of month, month and day of week, with lists, ranges, steps over
//! `*` or a range, and English names. Sunday is 0 or 7, as in crontab; the `cron` crate, which
//! reads the fields, counts it as 1. Refused, because programs disagree on what they mean: day of
//! month and day of week together, a step after a single number, `?`, `L`, `W`, `#`, `@daily`.
//!
//! Invariants: at least one moment fits, and the next is never more than eight years away; the
//! search takes bounded time for every instant. Non-goals: seconds, years, time zones.

use std::fmt;

use domain::spelling;
use serde::{Deserialize, Serialize};

mod times;

#[cfg(test)]
mod tests;

pub(super) use times::Times;

/// Longest text of all five fields, bytes.
pub const CRON_BYTES_MAX: usize = 256;

/// When slots are, where an interval cannot say it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cron {
    text: String,
    times: Times,
}

/// Five fields that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CronError {
    /// More text than any schedule needs.
    #[error("cron: at most {CRON_BYTES_MAX} bytes")]
    TooLong,
    /// Not five fields.
    #[error(
        "cron: five fields are needed (minute, hour, day of month, month, day of week), not {count}; \
         there are no seconds and no years"
    )]
    Fields {
        /// How many there are.
        count: usize,
    },
    /// One field cannot be read.
    #[error("cron: {field} `{text}`: {problem}")]
    Field {
        /// Its name.
        field: &'static str,
        /// What stands there.
        text: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Both days are set.
    #[error(
        "cron: day of month and day of week cannot both be set: programs disagree on whether a day \
         has to fit one or both; put `*` for one of them"
    )]
    BothDays,
    /// No date fits, such as 30 February.
    #[error("cron: no month that is named has such a day of month")]
    Never,
}

/// The fields, with what an `*` stands for where the `cron` crate is asked about one of them.
const FIELDS: [&str; 5] = ["minute", "hour", "day of month", "month", "day of week"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl Cron {
    /// Reads five fields.
    pub fn parse(text: &str) -> Result<Self, CronError> {
        if text.len() > CRON_BYTES_MAX {
            return Err(CronError::TooLong);
        }
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields[..] else {
            return Err(CronError::Fields {
                count: fields.len(),
            });
        };
        for (name, field) in FIELDS.into_iter().zip(&fields) {
            check_form(field).map_err(|problem| refused(name, field, problem))?;
        }
        if day != "*" && weekday != "*" {
            return Err(CronError::BothDays);
        }
        let weekdays = weekdays(weekday).map_err(|p| refused(FIELDS[4], weekday, p))?;
        let times = Times::new(
            read(0, minute, |schedule| ordinals(schedule.minutes()))?,
            read(1, hour, |schedule| ordinals(schedule.hours()))?,
            read(2, day, |schedule| ordinals(schedule.days_of_month()))?,
            read(3, month, |schedule| ordinals(schedule.months()))?,
            quartz(weekdays, weekday)?,
        );
        let times = times.ok_or(CronError::Never)?;
        Ok(Self {
            text: fields.join(" "),
            times,
        })
    }

    /// The five fields, with one space between.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) const fn times(&self) -> Times {
        self.times
    }
}

impl TryFrom<String> for Cron {
    type Error = CronError;

    fn try_from(text: String) -> Result<Self, CronError> {
        Self::parse(&text)
    }
}

impl From<Cron> for String {
    fn from(cron: Cron) -> Self {
        cron.text
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn refused(field: &'static str, text: &str, problem: impl Into<String>) -> CronError {
    CronError::Field {
        field,
        text: text.to_owned(),
        problem: problem.into(),
    }
}

/// What the `cron` crate would read in a way of its own.
fn check_form(field: &str) -> Result<(), &'static str> {
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '*' | ',' | '-' | '/');
    if !field.chars().all(known) {
        return Err("only numbers, names, `*`, `,`, `-` and `/` are possible");
    }
    let mut words = field.split([',', '-', '/']);
    let is_long = |word: &str| word.len() != 3 && word.contains(|c: char| c.is_ascii_alphabetic());
    if words.any(is_long) {
        return Err("a name has three letters, such as `jan` or `mon`");
    }
    for item in field.split(',') {
        let (base, step) = item.split_once('/').unwrap_or((item, "1"));
        if base == "*" && item == "*" && field != "*" {
            return Err("`*` stands alone or with a step");
        }
        if item.contains('/') && base != "*" && !base.contains('-') {
            return Err("a step needs `*` or a range before it, such as `10-59/5`");
        }
        if !step.parse::<u8>().is_ok_and(|step| step > 0) {
            return Err("a step is a number above 0");
        }
    }
    Ok(())
}

/// One field, read by the `cron` crate as the only one that is not `*`.
fn read(place: usize, field: &str, set: impl Fn(&cron::Schedule) -> u64) -> Result<u64, CronError> {
    let mut all = ["*"; 5];
    all[place] = field;
    let schedule = format!("0 {}", all.join(" ")).parse::<cron::Schedule>();
    schedule.as_ref().map(set).map_err(|_| {
        let possible = [
            "0 to 59",
            "0 to 23",
            "1 to 31",
            "1 to 12 or jan to dec",
            "1 to 7",
        ];
        let problem = format!("possible are {}, lists and rising ranges", possible[place]);
        refused(FIELDS[place], field, problem)
    })
}

/// A set of numbers below 64, as bits.
fn ordinals(unit: &impl cron::TimeUnitSpec) -> u64 {
    unit.iter()
        .filter(|ordinal| *ordinal < 64)
        .fold(0, |set, ordinal| set | 1 << ordinal)
}

/// Days of the week as bits, Sunday the lowest: crontab's numbers, where 7 is Sunday too.
fn weekdays(field: &str) -> Result<u8, String> {
    let mut set = 0_u8;
    for item in field.split(',') {
        let (base, step) = item.split_once('/').unwrap_or((item, "1"));
        let (first, last) = match base.split_once('-') {
            _ if base == "*" => (0, 6),
            Some((first, last)) => (day_of_week(first)?, day_of_week(last)?),
            None => (day_of_week(base)?, day_of_week(base)?),
        };
        if first > last {
            return Err("a range rises; write `5-7` for Friday to Sunday".to_owned());
        }
        let step = step
            .parse::<usize>()
            .map_err(|_| "a step is a number above 0")?;
        for day in (first..=last).step_by(step.max(1)) {
            set |= 1 << (day % 7);
        }
    }
    Ok(set)
}

fn day_of_week(word: &str) -> Result<u8, String> {
    if let Ok(number) = word.parse::<u8>() {
        return (number <= 7)
            .then_some(number)
            .ok_or_else(|| "possible are 0 to 7, where 0 and 7 are Sunday".to_owned());
    }
    let word = word.to_ascii_lowercase();
    let found = (0_u8..7).zip(WEEKDAYS).find(|(_, name)| *name == word);
    found.map(|(day, _)| day).ok_or_else(|| {
        let nearest = spelling::nearest(&word, WEEKDAYS);
        let hint = nearest.map(|name| format!("; did you mean `{name}`?"));
        format!(
            "possible are 0 to 7 and sun to sat{}",
            hint.unwrap_or_default()
        )
    })
}

/// The same days in the `cron` crate's numbers, read by it, and back.
fn quartz(weekdays: u8, field: &str) -> Result<u64, CronError> {
    let days = (0..7).filter(|day| weekdays >> day & 1 == 1);
    let days: Vec<String> = days.map(|day: u8| (day + 1).to_string()).collect();
    let set = read(4, &days.join(","), |schedule| {
        ordinals(schedule.days_of_week())
    });
    set.map(|set| set >> 1)
        .map_err(|_| refused(FIELDS[4], field, "no day of the week is left"))
}
