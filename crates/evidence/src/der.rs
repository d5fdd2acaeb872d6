//! DER (X.690), as far as timestamps and their certificates need it: a cursor over values of one
//! byte of tag and a definite, shortest length.
//!
//! Invariants: nothing is copied, nothing recurses, and every step goes forward, so that reading
//! is linear in the input.

use std::fmt;

/// Tag `BOOLEAN`.
pub const BOOLEAN: u8 = 0x01;
/// Tag `INTEGER`.
pub const INTEGER: u8 = 0x02;
/// Tag `BIT STRING`.
pub const BIT_STRING: u8 = 0x03;
/// Tag `OCTET STRING`.
pub const OCTET_STRING: u8 = 0x04;
/// Tag `NULL`.
pub const NULL: u8 = 0x05;
/// Tag `OBJECT IDENTIFIER`.
pub const OID: u8 = 0x06;
/// Tag `UTF8String`.
pub const UTF8_STRING: u8 = 0x0c;
/// Tag `UTCTime`.
pub const UTC_TIME: u8 = 0x17;
/// Tag `GeneralizedTime`.
pub const GENERALIZED_TIME: u8 = 0x18;
/// Tag `SEQUENCE` and `SEQUENCE OF`.
pub const SEQUENCE: u8 = 0x30;
/// Tag `SET` and `SET OF`.
pub const SET: u8 = 0x31;

/// Tag `[number]` of something constructed.
#[must_use]
pub const fn context(number: u8) -> u8 {
    0xa0 | number
}

/// Bytes that are not the DER that was looked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DerError {
    /// The input ends within a value, or where one has to be.
    #[error("the value is cut off")]
    Truncated,
    /// A length that is not definite, not the shortest, or absurd; or a tag of several bytes.
    #[error("the value is not DER")]
    Form,
    /// Another value than expected.
    #[error("expected tag {expected:#04x}, found {found:#04x}")]
    Tag {
        /// The tag that belongs there.
        expected: u8,
        /// The tag that stands there.
        found: u8,
    },
    /// Something follows that does not belong there.
    #[error("more follows than belongs there")]
    Trailing,
    /// An integer that is negative, spelled long, or too large.
    #[error("the integer is out of range")]
    Integer,
    /// No time in UTC, or none of the calendar.
    #[error("the time is not one in UTC")]
    Time,
}

/// One value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Value<'a> {
    /// Its first byte.
    pub tag: u8,
    /// What it holds.
    pub content: &'a [u8],
    /// Tag and length included.
    pub whole: &'a [u8],
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Value({:#04x}, {} bytes)", self.tag, self.content.len())
    }
}

impl<'a> Value<'a> {
    /// The content as values.
    #[must_use]
    pub fn reader(&self) -> Reader<'a> {
        Reader(self.content)
    }

    /// A non-negative integer.
    pub fn unsigned(&self) -> Result<u64, DerError> {
        match self.content {
            [] => Err(DerError::Integer),
            [first, ..] if first & 0x80 != 0 => Err(DerError::Integer),
            [0, second, ..] if second & 0x80 == 0 => Err(DerError::Integer),
            [0, rest @ ..] | rest if rest.len() <= 8 => Ok(big_endian(rest)),
            _ => Err(DerError::Integer),
        }
    }

    /// A `UTCTime` or `GeneralizedTime` in UTC, microseconds since the Unix epoch. Digits of a
    /// fraction beyond the sixth are dropped.
    pub fn time_us(&self) -> Result<i64, DerError> {
        let text = self.content.strip_suffix(b"Z").ok_or(DerError::Time)?;
        let (year, rest) = match self.tag {
            GENERALIZED_TIME => digits(text, 4)?,
            UTC_TIME => {
                let (year, rest) = digits(text, 2)?;
                (year + if year < 50 { 2000 } else { 1900 }, rest)
            }
            found => {
                let expected = GENERALIZED_TIME;
                return Err(DerError::Tag { expected, found });
            }
        };
        let (month, rest) = digits(rest, 2)?;
        let (day, rest) = digits(rest, 2)?;
        let (hour, rest) = digits(rest, 2)?;
        let (minute, rest) = digits(rest, 2)?;
        let (second, rest) = digits(rest, 2)?;
        let days = days(year, month, day).ok_or(DerError::Time)?;
        if hour > 23 || minute > 59 || second > 59 {
            return Err(DerError::Time);
        }
        let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
        Ok(seconds * 1_000_000 + fraction_us(rest)?)
    }
}

/// A cursor over values.
#[derive(Clone, Debug)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Starts at the beginning.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether nothing is left.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next value, whatever it is.
    pub fn any(&mut self) -> Result<Value<'a>, DerError> {
        let input = self.0;
        let [tag, first, rest @ ..] = input else {
            return Err(DerError::Truncated);
        };
        let (length, rest) = match *first {
            short @ 0..0x80 => (u64::from(short), rest),
            0x80 | 0x85.. => return Err(DerError::Form), // Indefinite, or 4 GiB and more.
            long => {
                let count = usize::from(long & 0x7f);
                let (length, rest) = rest.split_at_checked(count).ok_or(DerError::Truncated)?;
                let value = big_endian(length);
                if value < 0x80 || length.first() == Some(&0) {
                    return Err(DerError::Form);
                }
                (value, rest)
            }
        };
        if tag & 0x1f == 0x1f {
            return Err(DerError::Form);
        }
        let length = usize::try_from(length).map_err(|_| DerError::Truncated)?;
        let (content, rest) = rest.split_at_checked(length).ok_or(DerError::Truncated)?;
        let whole = &input[..input.len() - rest.len()];
        self.0 = rest;
        Ok(Value {
            tag: *tag,
            content,
            whole,
        })
    }

    /// The next value, which has to be of this tag.
    pub fn expect(&mut self, tag: u8) -> Result<Value<'a>, DerError> {
        let value = self.any()?;
        if value.tag == tag {
            Ok(value)
        } else {
            let (expected, found) = (tag, value.tag);
            Err(DerError::Tag { expected, found })
        }
    }

    /// The next value, where it is of this tag.
    pub fn optional(&mut self, tag: u8) -> Result<Option<Value<'a>>, DerError> {
        if self.0.first() == Some(&tag) {
            self.any().map(Some)
        } else {
            Ok(None)
        }
    }

    /// Nothing may follow.
    pub fn end(&self) -> Result<(), DerError> {
        if self.is_empty() {
            Ok(())
        } else {
            Err(DerError::Trailing)
        }
    }
}

/// The only value of an input.
pub fn single(bytes: &[u8], tag: u8) -> Result<Value<'_>, DerError> {
    let mut reader = Reader::new(bytes);
    let value = reader.expect(tag)?;
    reader.end()?;
    Ok(value)
}

/// Appends a value.
pub fn push(out: &mut Vec<u8>, tag: u8, content: &[u8]) {
    out.push(tag);
    let length = (content.len() as u64).to_be_bytes();
    let skip = length.iter().take_while(|byte| **byte == 0).count();
    match &length[skip..] {
        [] => out.push(0),
        [short @ 0..0x80] => out.push(*short),
        long => {
            let count = u8::try_from(long.len()).expect("a length has at most eight bytes");
            out.push(0x80 | count);
            out.extend_from_slice(long);
        }
    }
    out.extend_from_slice(content);
}

/// The content of a non-negative `INTEGER`.
#[must_use]
pub fn unsigned(value: u64) -> Vec<u8> {
    let bytes = value.to_be_bytes();
    let skip = bytes.iter().take_while(|byte| **byte == 0).count();
    let mut content = bytes[skip..].to_vec();
    if content.first().is_none_or(|first| first & 0x80 != 0) {
        content.insert(0, 0);
    }
    content
}

fn big_endian(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |value, byte| value << 8 | u64::from(*byte))
}

fn digits(text: &[u8], count: usize) -> Result<(i64, &[u8]), DerError> {
    let (digits, rest) = text.split_at_checked(count).ok_or(DerError::Time)?;
    let mut value = 0;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return Err(DerError::Time);
        }
        value = value * 10 + i64::from(digit - b'0');
    }
    Ok((value, rest))
}

fn fraction_us(text: &[u8]) -> Result<i64, DerError> {
    let digits = match text {
        [] => return Ok(0),
        [b'.', digits @ ..] if (1..=18).contains(&digits.len()) => digits,
        _ => return Err(DerError::Time),
    };
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(DerError::Time);
    }
    let six = digits.iter().chain(std::iter::repeat(&b'0')).take(6);
    Ok(six.fold(0, |value, digit| value * 10 + i64::from(digit - b'0')))
}

/// Days since the Unix epoch in the Gregorian calendar; `None` where there is no such day.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => return None,
    };
    if !(1..=last).contains(&day) {
        return None;
    }
    // Years that begin in March end with the day that is not always there.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let before = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    Some(before + (153 * month + 2) / 5 + day - 1 - 719_468)
}

#[cfg(test)]
mod tests;
