//! Numbers and times as people read them, in pieces that are not broken over lines. How they are
//! worded is shared with reports and web pages, in [`verify::words`].

use domain::Minute;
use sla::Fraction;
use sla::contract::TimeZone;
use verify::words::number;

use super::TIE;

/// Longest exact fraction that is printed, in characters; longer ones are in the JSON.
const FRACTION_CHARS_MAX: usize = 32;

/// The exact fraction, where it is short enough to be read.
pub(crate) fn fraction(value: &Fraction) -> Option<String> {
    let text = format!("{}/{}", value.num(), value.den());
    Some(text).filter(|text| text.len() <= FRACTION_CHARS_MAX)
}

/// `1 minute`, `5,000 minutes`.
pub(crate) fn counted(value: u64, noun: &str) -> String {
    number::counted(value, noun).replacen(' ', &TIE.to_string(), 1)
}

/// A length of time: `46 min`, `1 h 05 min`, `2 d 3 h`.
pub(crate) fn span(minutes: u64) -> String {
    number::minutes(minutes).replace(' ', &TIE.to_string())
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

/// A text from outside without what a terminal would obey.
pub(crate) fn plain(text: &str) -> String {
    let visible = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().map(visible).collect()
}
