//! The parts of a rule of RFC 5545: what is possible, and what is refused before the library reads
//! it.

use chrono::{NaiveDate, NaiveDateTime};
use domain::{Minute, UnixMillis};

use super::super::timezone::TimeZone;

/// Longest rule, in bytes.
pub const RULE_BYTES_MAX: usize = 512;

/// Highest `COUNT`.
const COUNT_MAX: u32 = 1_000;

/// A rule that was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Too long, or characters that no rule has.
    #[error(
        "`rrule`: must be a rule of RFC 5545 of at most {RULE_BYTES_MAX} letters, digits and `;=,+-`, without `RRULE:`"
    )]
    Shape,
    /// A rule that does not say how often.
    #[error("`rrule`: must begin with FREQ, such as FREQ=WEEKLY;BYDAY=SU")]
    NoFreq,
    /// A part that is not possible here.
    #[error("`rrule`: `{part}` is not possible here; {hint}")]
    Part {
        /// The part.
        part: String,
        /// What is.
        hint: &'static str,
    },
    /// A value that its part does not take.
    #[error("`rrule`: `{part}`: {reason}")]
    Value {
        /// The part.
        part: &'static str,
        /// What it takes.
        reason: &'static str,
    },
    /// A rule that depends on when it starts.
    #[error("`starts`: {reason}, so give the first day")]
    Starts {
        /// What depends on it.
        reason: &'static str,
    },
    /// A rule that the library refuses.
    #[error("`rrule`: {message}")]
    Refused {
        /// The library's words.
        message: String,
    },
    /// A rule without any occurrence from its first day or, without one, from 1970 on.
    #[error("`rrule`: it never comes to pass")]
    Never,
}

/// What ends a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// The last day that can be chosen.
    Day(NaiveDate),
    /// The last minute in which an occurrence can start.
    Start(Minute),
}

/// A rule taken apart: what the library reads, and what it does not get to see.
pub(super) struct Parts {
    pub(super) library: String,
    pub(super) until: Option<String>,
    pub(super) count: Option<u32>,
}

impl Parts {
    pub(super) fn read(text: &str) -> Result<Self, RuleError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || ";=,+-".contains(c);
        if text.is_empty() || text.len() > RULE_BYTES_MAX || !text.chars().all(plain) {
            return Err(RuleError::Shape);
        }
        let mut parts = Self {
            library: String::new(),
            until: None,
            count: None,
        };
        let mut seen: Vec<String> = Vec::new();
        for part in text.to_ascii_uppercase().split(';') {
            let (key, value) = part.split_once('=').ok_or(RuleError::Shape)?;
            if value.is_empty() || seen.iter().any(|other| other == key) {
                return Err(RuleError::Part {
                    part: part.to_owned(),
                    hint: "give each part once, with a value",
                });
            }
            seen.push(key.to_owned());
            match key {
                "UNTIL" => parts.until = Some(value.to_owned()),
                "COUNT" => parts.count = Some(count(value)?),
                "BYDAY" if !value.split(',').all(is_weekday) => {
                    return Err(RuleError::Value {
                        part: "BYDAY",
                        reason: "must be days such as `MO`, `MO,TH`, `1SU` or `-1FR`",
                    });
                }
                "FREQ" | "INTERVAL" | "WKST" | "BYDAY" | "BYMONTH" | "BYMONTHDAY" | "BYYEARDAY"
                | "BYSETPOS" => {
                    if !parts.library.is_empty() {
                        parts.library.push(';');
                    }
                    parts.library.push_str(part);
                }
                "BYHOUR" | "BYMINUTE" | "BYSECOND" => {
                    return Err(RuleError::Part {
                        part: key.to_owned(),
                        hint: "the rule chooses days, the time of day is `from`",
                    });
                }
                _ => {
                    return Err(RuleError::Part {
                        part: key.to_owned(),
                        hint: "the parts are FREQ, INTERVAL, COUNT, UNTIL, WKST, BYMONTH, BYMONTHDAY, BYYEARDAY, BYDAY and BYSETPOS",
                    });
                }
            }
        }
        if !seen.iter().any(|key| key == "FREQ") {
            return Err(RuleError::NoFreq);
        }
        if parts.until.is_some() && parts.count.is_some() {
            return Err(RuleError::Value {
                part: "COUNT",
                reason: "not possible beside UNTIL",
            });
        }
        Ok(parts)
    }
}

/// A weekday, with the number that a month or year gives it at most. The library takes any text
/// before the weekday for no number at all.
fn is_weekday(text: &str) -> bool {
    let name_at = text.len().saturating_sub(2);
    let (number, name) = text.split_at(name_at);
    let number = number.strip_prefix(['+', '-']).unwrap_or(number);
    let counted = (1..=2).contains(&number.len())
        && number.parse::<u8>().is_ok_and(|n| (1..=53).contains(&n));
    ["MO", "TU", "WE", "TH", "FR", "SA", "SU"].contains(&name) && (counted || name_at == 0)
}

fn count(text: &str) -> Result<u32, RuleError> {
    text.parse()
        .ok()
        .filter(|count| (1..=COUNT_MAX).contains(count))
        .ok_or(RuleError::Value {
            part: "COUNT",
            reason: "must be a whole number from 1 to 1000",
        })
}

pub(super) fn until(text: &str, zone: TimeZone) -> Result<Until, RuleError> {
    const ERROR: RuleError = RuleError::Value {
        part: "UNTIL",
        reason: "must be a day such as 20261231, or a time such as 20261231T235959Z",
    };
    let digits = |part: &str, n: usize| part.len() == n && part.bytes().all(|c| c.is_ascii_digit());
    let Some((day, time)) = text.split_once('T') else {
        let day = NaiveDate::parse_from_str(text, "%Y%m%d").ok();
        return day.filter(|_| digits(text, 8)).map(Until::Day).ok_or(ERROR);
    };
    let (time, in_utc) = match time.strip_suffix('Z') {
        Some(time) => (time, true),
        None => (time, false),
    };
    if !digits(day, 8) || !digits(time, 6) {
        return Err(ERROR);
    }
    let at = NaiveDateTime::parse_from_str(&format!("{day}T{time}"), "%Y%m%dT%H%M%S")
        .map_err(|_| ERROR)?;
    Ok(Until::Start(if in_utc {
        UnixMillis::from(at.and_utc()).minute()
    } else {
        zone.minute_at(at)
    }))
}
