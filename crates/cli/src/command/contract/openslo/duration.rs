//! OpenSLO's shorthand for lengths of time: `4w`, `1M`.

use super::yaml::{At, cut};

/// A number of one unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Duration {
    pub(super) count: u32,
    pub(super) unit: Unit,
}

/// What is counted. The specification leaves open what a month, quarter or year is in days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Duration {
    /// Reads a number and a unit.
    pub(super) fn read(at: &At<'_>) -> anyhow::Result<Self> {
        let text = at.text()?;
        let mut digits = text.chars();
        let unit = digits.next_back().and_then(Unit::of);
        let (Some(unit), Some(count)) = (unit, count(digits.as_str())) else {
            return Err(at.fault(format_args!(
                "`{}` is not a duration: write a whole number above 0 and one of m, h, d, w, M, Q, Y, such as `4w`",
                cut(text)
            )));
        };
        Ok(Self { count, unit })
    }

    /// Reads a length of time slices, where a bare number counts minutes.
    pub(super) fn of_slice(at: &At<'_>) -> anyhow::Result<Self> {
        match count(at.text()?) {
            Some(count) => Ok(Self {
                count,
                unit: Unit::Minute,
            }),
            None => Self::read(at),
        }
    }

    /// Its minutes; `None` where its unit has no fixed length.
    pub(super) fn minutes(self) -> Option<u64> {
        let each = match self.unit {
            Unit::Minute => 1,
            Unit::Hour => 60,
            Unit::Day => 24 * 60,
            Unit::Week => 7 * 24 * 60,
            Unit::Month | Unit::Quarter | Unit::Year => return None,
        };
        Some(u64::from(self.count) * each)
    }
}

/// Digits as a number above 0.
fn count(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|count| digits && *count > 0)
}

impl Unit {
    const fn of(letter: char) -> Option<Self> {
        Some(match letter {
            'm' => Self::Minute,
            'h' => Self::Hour,
            'd' => Self::Day,
            'w' => Self::Week,
            'M' => Self::Month,
            'Q' => Self::Quarter,
            'Y' => Self::Year,
            _ => return None,
        })
    }
}
