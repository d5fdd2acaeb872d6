//! Values from their text: integers only, without a float on the way.

use std::str::FromStr;

use domain::{AgentId, TargetId};

use super::DURATION_MS_MAX;
use super::column::hint;
use super::error::{Fault, excerpt};

/// A whole number. Tables often write those of columns with holes as `200.0`: zeros after the
/// point are accepted.
pub(super) fn whole(text: &[u8]) -> Result<u64, Fault> {
    let Decimal { integer, fraction } = Decimal::parse(text)?;
    if fraction.iter().any(|digit| *digit != b'0') {
        return Err(Fault::NotWhole(excerpt(text)));
    }
    Ok(integer)
}

/// Milliseconds as microseconds; digits below those are dropped, which can only make an answer
/// look faster than it was.
pub(super) fn micros(text: &[u8]) -> Result<u64, Fault> {
    let Decimal { integer, fraction } = Decimal::parse(text)?;
    if integer > DURATION_MS_MAX {
        return Err(Fault::NotDuration(excerpt(text)));
    }
    Ok(integer * 1_000 + thousandths(fraction))
}

/// The first three digits after the point.
pub(super) fn thousandths(fraction: &[u8]) -> u64 {
    let digit = |at: usize| fraction.get(at).map_or(0, |digit| u64::from(digit - b'0'));
    digit(0) * 100 + digit(1) * 10 + digit(2)
}

/// A decimal number that is not negative.
pub(super) struct Decimal<'a> {
    pub(super) integer: u64,
    /// Digits after the point.
    pub(super) fraction: &'a [u8],
}

impl<'a> Decimal<'a> {
    pub(super) fn parse(text: &'a [u8]) -> Result<Self, Fault> {
        let mut integer: u64 = 0;
        for (at, byte) in text.iter().enumerate() {
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                return Self::with_fraction(text, integer, at);
            }
            let next = integer
                .checked_mul(10)
                .and_then(|tens| tens.checked_add(digit.into()));
            integer = next.ok_or_else(|| Fault::TooLarge(excerpt(text)))?;
        }
        if text.is_empty() {
            return Err(Fault::NotNumber(String::new()));
        }
        Ok(Self {
            integer,
            fraction: &[],
        })
    }

    /// The digits end at `at`.
    fn with_fraction(text: &'a [u8], integer: u64, at: usize) -> Result<Self, Fault> {
        let fraction = &text[at + 1..];
        if at > 0
            && text[at] == b'.'
            && !fraction.is_empty()
            && fraction.iter().all(u8::is_ascii_digit)
        {
            return Ok(Self { integer, fraction });
        }
        let negative = at == 0
            && text[0] == b'-'
            && matches!(
                Self::parse(&text[1..]),
                Ok(_) | Err(Fault::TooLarge(_) | Fault::Negative(_))
            );
        Err(if negative {
            Fault::Negative(excerpt(text))
        } else {
            Fault::NotNumber(excerpt(text))
        })
    }
}

pub(super) fn status(text: &[u8]) -> Result<u16, Fault> {
    let number = whole(text).ok().and_then(|n| u16::try_from(n).ok());
    number
        .filter(|status| (100..=599).contains(status))
        .ok_or_else(|| Fault::NotStatus(excerpt(text)))
}

pub(super) fn boolean(text: &[u8]) -> Result<bool, Fault> {
    match text {
        b"true" | b"True" | b"TRUE" | b"1" => Ok(true),
        b"false" | b"False" | b"FALSE" | b"0" => Ok(false),
        _ => Err(Fault::NotBool(excerpt(text))),
    }
}

/// A word of one of the domain's enumerations.
pub(super) fn word<T: FromStr + Copy>(
    text: &[u8],
    all: &'static [T],
    as_str: fn(T) -> &'static str,
) -> Result<T, Fault> {
    let known = std::str::from_utf8(text).ok().and_then(|w| w.parse().ok());
    known.ok_or_else(|| Fault::UnknownWord {
        value: excerpt(text),
        hint: hint(
            &String::from_utf8_lossy(text),
            all.iter().map(|word| as_str(*word)),
        ),
    })
}

/// An id that lines name again and again.
pub(super) trait Name: FromStr {
    fn as_bytes(&self) -> &[u8];
}

impl Name for AgentId {
    fn as_bytes(&self) -> &[u8] {
        self.as_str().as_bytes()
    }
}

impl Name for TargetId {
    fn as_bytes(&self) -> &[u8] {
        self.as_str().as_bytes()
    }
}

/// The ids seen last, so that each is checked and copied once, not once per line.
#[derive(Debug)]
pub(super) struct Names<T> {
    known: Vec<T>,
    next: usize,
}

impl<T: Name> Names<T> {
    /// Ids kept at once: the agents or targets of a log, mostly.
    const KEPT: usize = 32;

    pub(super) const fn new() -> Self {
        Self {
            known: Vec::new(),
            next: 0,
        }
    }

    /// The place of an id, good until the next call.
    pub(super) fn find(&mut self, text: &[u8]) -> Result<usize, Fault> {
        if let Some(at) = self.known.iter().position(|id| id.as_bytes() == text) {
            return Ok(at);
        }
        let id = std::str::from_utf8(text).ok().and_then(|t| t.parse().ok());
        let id = id.ok_or_else(|| Fault::NotName(excerpt(text)))?;
        if self.known.len() < Self::KEPT {
            self.known.push(id);
            return Ok(self.known.len() - 1);
        }
        let at = self.next;
        self.known[at] = id;
        self.next = (at + 1) % Self::KEPT;
        Ok(at)
    }

    pub(super) fn get(&self, at: usize) -> &T {
        &self.known[at]
    }
}

/// A text that is often the same as on the line before: kept in place, and checked only where it
/// changes.
#[derive(Debug, Default)]
pub(super) struct Text {
    text: String,
    given: bool,
}

impl Text {
    pub(super) fn set(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        if bytes != self.text.as_bytes() {
            let text = std::str::from_utf8(bytes).map_err(|_| Fault::NotUtf8)?;
            self.text.clear();
            self.text.push_str(text);
        }
        self.given = true;
        Ok(())
    }

    pub(super) const fn clear(&mut self) {
        self.given = false;
    }

    pub(super) fn get(&self) -> Option<&str> {
        self.given.then_some(self.text.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_are_kept_exactly_down_to_the_microsecond() {
        for (text, expected) in [
            ("0", 0),
            ("123.4", 123_400),
            ("0.001", 1),
            ("0.0019", 1),
            ("1234567.123456789", 1_234_567_123),
            ("31622400000", 31_622_400_000_000),
        ] {
            assert_eq!(micros(text.as_bytes()), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_plain_number_is_refused() {
        for bad in [
            "", ".", "1.", ".5", "1e3", "+1", "1 ", "0x1", "1_000", "1,5", "NaN", "-",
        ] {
            assert!(
                matches!(micros(bad.as_bytes()), Err(Fault::NotNumber(_))),
                "{bad}"
            );
        }
        assert_eq!(whole(b"-5.0"), Err(Fault::Negative("-5.0".into())));
        assert_eq!(whole(b"200.50"), Err(Fault::NotWhole("200.50".into())));
        assert_eq!(whole(b"200.0"), Ok(200));
        let large = "18446744073709551616";
        assert_eq!(whole(large.as_bytes()), Err(Fault::TooLarge(large.into())));
    }

    #[test]
    fn more_names_than_are_kept_are_still_told_apart() {
        let mut names = Names::<AgentId>::new();
        for round in 0..3 {
            for n in 0..70 {
                let name = format!("agent-{n}");
                let at = names.find(name.as_bytes()).unwrap();
                assert_eq!(names.get(at).as_str(), name, "round {round}");
            }
        }
        assert_eq!(names.known.len(), Names::<AgentId>::KEPT);
    }
}
