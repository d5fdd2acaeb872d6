//! Numbers, times and lists as people read them. Rounding never changes what a number says: a
//! value below a target is never printed as the target. All rounding is half-up.

use domain::Minute;
use sla::Fraction;
use sla::contract::TimeZone;

use super::TIE;

/// Longest exact fraction that is printed, in characters; longer ones are in the JSON.
const FRACTION_CHARS_MAX: usize = 32;

/// A percentage that its decimals give exactly, such as a target: `99.9 %`.
pub(crate) fn exact_percent(value: &Fraction) -> String {
    format!(
        "{}{TIE}%",
        shortest(
            value,
            |digits| value.percent_string(digits),
            Fraction::from_percent
        )
    )
}

/// An uptime with three decimals, or as many more as keep it on its side of a target, of 0 and of
/// 100 %.
pub(crate) fn percent(value: &Fraction, target: &Fraction) -> String {
    let marks = [target.clone(), Fraction::one(), Fraction::zero()];
    let is_faithful = |text: &String| {
        Fraction::from_percent(text)
            .is_ok_and(|shown| marks.iter().all(|mark| shown.cmp(mark) == value.cmp(mark)))
    };
    let text = (3..=9)
        .map(|digits| value.percent_string(digits))
        .find(is_faithful)
        .unwrap_or_else(|| value.percent_string(9));
    format!("{text}{TIE}%")
}

/// The exact fraction, where it is short enough to be read.
pub(crate) fn fraction(value: &Fraction) -> Option<String> {
    let text = format!("{}/{}", value.num(), value.den());
    Some(text).filter(|text| text.len() <= FRACTION_CHARS_MAX)
}

/// A number with as few decimals as say it exactly, else rounded to two, but never to zero.
pub(crate) fn quantity(value: &Fraction) -> String {
    let exact = (0..=3)
        .map(|digits| value.decimal_string(digits))
        .find(|text| is_exactly(value, text));
    exact.unwrap_or_else(|| {
        let rounded = value.decimal_string(2);
        if rounded.trim_start_matches('-') == "0.00" {
            value.decimal_string(6)
        } else {
            rounded
        }
    })
}

fn shortest(
    value: &Fraction,
    print: impl Fn(u8) -> String,
    read: impl Fn(&str) -> Result<Fraction, sla::fraction::FractionError>,
) -> String {
    let exact = (0..=9)
        .map(&print)
        .find(|text| read(text).is_ok_and(|shown| shown == *value));
    exact.unwrap_or_else(|| print(9))
}

fn is_exactly(value: &Fraction, text: &str) -> bool {
    let shown: Result<Fraction, _> = text.trim_start_matches('-').parse();
    // A fraction without its sign: only equality of what is printed is asked.
    shown.is_ok_and(|shown| {
        shown.den() == value.den() && shown.num().magnitude() == value.num().magnitude()
    })
}

/// `43,200`.
pub(crate) fn number(value: u64) -> String {
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

/// `1 minute`, `5,000 minutes`.
pub(crate) fn counted(value: u64, noun: &str) -> String {
    let ending = if value == 1 { "" } else { "s" };
    format!("{}{TIE}{noun}{ending}", number(value))
}

/// A length of time: `46 min`, `1 h 05 min`, `2 d 3 h`.
pub(crate) fn span(minutes: u64) -> String {
    let text = match (minutes / 1_440, minutes / 60 % 24, minutes % 60) {
        (0, 0, min) => format!("{min} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, min) => format!("{hours} h {min:02} min"),
        (days, 0, 0) => format!("{days} d"),
        (days, hours, 0) => format!("{days} d {hours} h"),
        (days, hours, min) => format!("{days} d {hours} h {min:02} min"),
    };
    text.replace(' ', &TIE.to_string())
}

/// A minute on a zone's clock: `2026-10-17 14:03`.
pub(crate) fn local(zone: TimeZone, minute: Minute) -> String {
    let text = zone.local(minute).format("%Y-%m-%d %H:%M").to_string();
    text.replace(' ', &TIE.to_string())
}

/// A minute in UTC: `2026-10-17 14:03 UTC`.
pub(crate) fn at_utc(minute: Minute) -> String {
    format!("{}{TIE}UTC", local(TimeZone::UTC, minute))
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn list<T: AsRef<str>>(items: &[T]) -> String {
    match items {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [all @ .., last] => {
            let all: Vec<&str> = all.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", all.join(", "), last.as_ref())
        }
    }
}

/// A text from outside without what a terminal would obey.
pub(crate) fn plain(text: &str) -> String {
    let visible = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().map(visible).collect()
}
