//! The time column: RFC 3339 with any offset, or milliseconds since 1970.

use chrono::DateTime;
use domain::UnixMicros;

use super::error::{Fault, excerpt};
use super::value::{Decimal, thousandths};

/// Numbers below are seconds: in milliseconds they would lie before March 1973.
const MILLIS_MIN: u64 = 100_000_000_000;
/// Numbers from here on are microseconds: in milliseconds they would lie after the year 2286.
const MICROS_MIN: u64 = 10_000_000_000_000;
/// Numbers from here on are nanoseconds.
const NANOS_MIN: u64 = 10_000_000_000_000_000;

pub(super) fn parse(text: &[u8]) -> Result<UnixMicros, Fault> {
    if let Some(at) = rfc3339(text) {
        return Ok(at);
    }
    match Decimal::parse(text) {
        Ok(number) => epoch(text, &number),
        Err(fault @ (Fault::Negative(_) | Fault::TooLarge(_))) => Err(fault),
        Err(_) => unusual(text),
    }
}

fn epoch(text: &[u8], number: &Decimal<'_>) -> Result<UnixMicros, Fault> {
    let (unit, change) = match number.integer {
        ..MILLIS_MIN => ("seconds", "1000 times the number"),
        MILLIS_MIN..MICROS_MIN => {
            let micros = number.integer * 1_000 + thousandths(number.fraction);
            let micros = i64::try_from(micros).map_err(|_| Fault::TooLarge(excerpt(text)))?;
            return Ok(UnixMicros::new(micros));
        }
        MICROS_MIN..NANOS_MIN => ("microseconds", "the number divided by 1000"),
        NANOS_MIN.. => ("nanoseconds", "the number divided by 1000000"),
    };
    Err(Fault::TimeUnit {
        value: excerpt(text),
        unit,
        change,
    })
}

/// The form that nearly all logs use, `2026-10-01T00:00:00.123Z`, or with an offset. `None` is
/// not an error: [`unusual`] decides.
fn rfc3339(text: &[u8]) -> Option<UnixMicros> {
    let (head, tail) = text.split_first_chunk::<19>()?;
    let fixed = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
    if fixed.iter().any(|(at, byte)| head[*at] != *byte) || !matches!(head[10], b'T' | b't' | b' ')
    {
        return None;
    }
    let year = two(head, 0)? * 100 + two(head, 2)?;
    let (month, day) = (two(head, 5)?, two(head, 8)?);
    let (hour, minute, second) = (two(head, 11)?, two(head, 14)?, two(head, 17)?);
    if day == 0 || day > month_days(year, month)? || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (micros, zone) = match tail.split_first()? {
        (b'.', rest) => fraction(rest)?,
        _ => (0, tail),
    };
    let seconds = days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
    Some(UnixMicros::new(
        (seconds - offset_s(zone)?) * 1_000_000 + micros,
    ))
}

fn two(text: &[u8], at: usize) -> Option<i64> {
    let digit = |at: usize| {
        let digit = text.get(at)?.wrapping_sub(b'0');
        (digit <= 9).then_some(i64::from(digit))
    };
    Some(digit(at)? * 10 + digit(at + 1)?)
}

fn month_days(year: i64, month: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    Some(match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(leap),
        _ => return None,
    })
}

/// Days since 1970-01-01 of a date in the Gregorian calendar, with years that begin in March.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let shifted = (month + 9) % 12;
    let year = if month <= 2 { year - 1 } else { year };
    let before = year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    before + (shifted * 153 + 2) / 5 + day - 1 - 719_468
}

/// Microseconds, and what follows the digits.
fn fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let length = text.iter().take_while(|b| b.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(length);
    if digits.is_empty() {
        return None;
    }
    let digit = |at: usize| digits.get(at).map_or(0, |digit| i64::from(digit - b'0'));
    let micros = (0..6).fold(0, |micros, at| micros * 10 + digit(at));
    Some((micros, rest))
}

fn offset_s(zone: &[u8]) -> Option<i64> {
    let sign = match zone {
        b"Z" | b"z" => return Some(0),
        [b'+', _, _, b':', _, _] => 1,
        [b'-', _, _, b':', _, _] => -1,
        _ => return None,
    };
    let (hours, minutes) = (two(zone, 1)?, two(zone, 4)?);
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 3_600 + minutes * 60))
}

/// Whatever else the standard allows, such as leap seconds, and what is wrong with the rest.
fn unusual(text: &[u8]) -> Result<UnixMicros, Fault> {
    let said = std::str::from_utf8(text).unwrap_or_default();
    if let Ok(at) = DateTime::parse_from_rfc3339(said) {
        return Ok(at.to_utc().into());
    }
    let with_offset = [text, b"Z"].concat();
    Err(if rfc3339(&with_offset).is_some() {
        Fault::NoOffset(excerpt(text))
    } else {
        Fault::NotTime(excerpt(text))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, micros: i64) {
        assert_eq!(
            parse(text.as_bytes()),
            Ok(UnixMicros::new(micros)),
            "{text}"
        );
    }

    #[test]
    fn one_instant_may_be_written_in_many_ways() {
        check("1970-01-01T00:00:00Z", 0);
        for same in [
            "2026-10-01T00:00:00.123Z",
            "2026-10-01T02:00:00.123+02:00",
            "2026-09-30 18:30:00.1230009-05:30",
            "2026-10-01t00:00:00.123z",
            "1790812800123",
            "1790812800123.0",
        ] {
            check(same, 1_790_812_800_123_000);
        }
        check("1790812800123.4567", 1_790_812_800_123_456);
        check("2016-12-31T23:59:60Z", 1_483_228_800_000_000);
    }

    #[test]
    fn days_that_do_not_exist_are_refused() {
        for bad in [
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-10-00T00:00:00Z",
            "2026-10-01T24:00:00Z",
            "2026-10-01T00:00:00.Z",
            "2026-10-01T00:00:00+24:00",
            "2026-10-01",
        ] {
            assert_eq!(
                parse(bad.as_bytes()),
                Err(Fault::NotTime(bad.into())),
                "{bad}"
            );
        }
    }

    proptest! {
        #[test]
        fn the_quick_way_agrees_with_the_calendar_of_chrono(
            seconds in -62_135_596_800..253_402_300_799_i64,
            nanos in 0..1_000_000_000_u32,
            offset in -1_439..1_440_i32,
            digits in prop::sample::select(vec![0_usize, 1, 3, 6, 9]),
        ) {
            let at = DateTime::from_timestamp(seconds, nanos).unwrap();
            let zone = chrono::FixedOffset::east_opt(offset * 60).unwrap();
            let text = at.with_timezone(&zone).format("%Y-%m-%dT%H:%M:%S%.9f%:z").to_string();
            let (head, tail) = text.split_at(text.find('.').unwrap());
            let digits = if digits == 0 { "" } else { &tail[..=digits] };
            let text = format!("{head}{digits}{}", &tail[10..]);
            if let Ok(expected) = DateTime::parse_from_rfc3339(&text) {
                let expected = UnixMicros::from(expected.to_utc());
                prop_assert_eq!(rfc3339(text.as_bytes()), Some(expected), "{}", text);
            }
        }

        #[test]
        fn what_the_quick_way_takes_chrono_takes_too(
            text in "[0-3][0-9]{3}-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{1,9})?(Z|[+-][0-2][0-9]:[0-6][0-9])",
        ) {
            if let Some(at) = rfc3339(text.as_bytes()) {
                let expected = DateTime::parse_from_rfc3339(&text).unwrap();
                prop_assert_eq!(at, UnixMicros::from(expected.to_utc()));
            }
        }
    }
}
