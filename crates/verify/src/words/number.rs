//! Numbers as people read them. Rounding never changes what a number says: a value below a target
//! is never printed as the target.

use sla::Fraction;

/// The sign with a space that keeps it on the line of its number.
const PERCENT: &str = "\u{a0}%";

/// A percentage that its decimals give exactly, such as a target: `99.9 %`.
#[must_use]
pub fn exact_percent(value: &Fraction) -> String {
    format!("{}{PERCENT}", bare_percent(value))
}

/// The same without its sign: `99.9`.
#[must_use]
pub fn bare_percent(value: &Fraction) -> String {
    let exact = (0..=9)
        .map(|digits| value.percent_string(digits))
        .find(|text| Fraction::from_percent(text).is_ok_and(|shown| shown == *value));
    exact.unwrap_or_else(|| value.percent_string(9))
}

/// An uptime with three decimals, or as many more as it takes to stay on its side of the target,
/// of 0 and of 100 %.
#[must_use]
pub fn uptime(value: &Fraction, target: &Fraction) -> String {
    let marks = [target.clone(), Fraction::one(), Fraction::zero()];
    let is_faithful = |text: &String| {
        Fraction::from_percent(text)
            .is_ok_and(|shown| marks.iter().all(|mark| shown.cmp(mark) == value.cmp(mark)))
    };
    let text = (3..=9)
        .map(|digits| value.percent_string(digits))
        .find(is_faithful);
    format!(
        "{}{PERCENT}",
        text.unwrap_or_else(|| value.percent_string(9))
    )
}

/// A number exactly, where three decimals suffice; else rounded to two, but never to zero.
#[must_use]
pub fn quantity(value: &Fraction) -> String {
    let den = value.den().to_string().parse::<u64>().unwrap_or(u64::MAX);
    if let Some(digits) = (0..=3).find(|digits| 10_u64.pow(u32::from(*digits)) % den == 0) {
        return value.decimal_string(digits);
    }
    let rounded = value.decimal_string(2);
    if rounded.trim_start_matches('-') == "0.00" {
        value.decimal_string(6)
    } else {
        rounded
    }
}

/// `43,200`.
#[must_use]
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 agent`, `5 agents`.
#[must_use]
pub fn counted(value: u64, noun: &str) -> String {
    let ending = if value == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", count(value))
}

/// `46 min`, `1 h 05 min`, `2 d 3 h`.
#[must_use]
pub fn minutes(value: u64) -> String {
    match (value / 1_440, value / 60 % 24, value % 60) {
        (0, 0, min) => format!("{min} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, min) => format!("{hours} h {min:02} min"),
        (days, 0, 0) => format!("{days} d"),
        (days, hours, 0) => format!("{days} d {hours} h"),
        (days, hours, min) => format!("{days} d {hours} h {min:02} min"),
    }
}

/// `45 s`, `2 min`, `1 h 05 min`.
#[must_use]
pub fn seconds(value: u64) -> String {
    if value.is_multiple_of(60) && value > 0 {
        minutes(value / 60)
    } else {
        format!("{} s", count(value))
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU64;

    use super::*;

    fn ratio(num: u64, den: u64) -> Fraction {
        Fraction::new(num, NonZeroU64::new(den).unwrap())
    }

    #[test]
    fn an_uptime_is_never_rounded_onto_its_target() {
        let target = ratio(999, 1000);
        let check = |value, text: &str| {
            assert_eq!(uptime(&value, &target).replace('\u{a0}', " "), text);
        };
        check(ratio(10_789, 10_800), "99.898 %");
        check(ratio(999, 1000), "99.900 %");
        check(ratio(9_989_999, 10_000_000), "99.89999 %");
        check(ratio(1, 1), "100.000 %");
        check(ratio(99_999_999, 100_000_000), "99.999999 %");
    }

    #[test]
    fn a_target_has_no_more_decimals_than_it_needs() {
        assert_eq!(exact_percent(&ratio(999, 1000)), "99.9\u{a0}%");
        assert_eq!(exact_percent(&ratio(1, 1)), "100\u{a0}%");
        assert_eq!(bare_percent(&ratio(999, 1000)), "99.9");
    }

    #[test]
    fn a_quantity_is_exact_where_three_decimals_suffice() {
        let check = |value: Fraction, text: &str| assert_eq!(quantity(&value), text);
        check(ratio(216, 5), "43.2");
        check(ratio(46, 1), "46");
        check(ratio(1, 3), "0.33");
        check(ratio(1, 30_000), "0.000033");
    }

    #[test]
    fn counts_are_grouped_and_lengths_of_time_have_their_largest_units() {
        assert_eq!(count(999), "999");
        assert_eq!(count(44_640), "44,640");
        assert_eq!(counted(1, "agent"), "1 agent");
        assert_eq!(counted(5_000, "agent"), "5,000 agents");
        assert_eq!(minutes(46), "46 min");
        assert_eq!(minutes(65), "1 h 05 min");
        assert_eq!(minutes(44_640), "31 d");
        assert_eq!(seconds(45), "45 s");
        assert_eq!(seconds(120), "2 min");
    }
}
