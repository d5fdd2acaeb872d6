//! Fields of answers, bounded: whatever is in them, what is kept is short text without control
//! characters, and times to the second.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::TEXT_CHARS_MAX;

/// The most items of a list that are looked at: what compares lists must end soon.
const ITEMS_MAX: usize = 5_000;

/// A text, where there is one.
pub(super) fn text(value: &Value, key: &str) -> Option<String> {
    value
        .get(key)
        .and_then(Value::as_str)
        .map(kept)
        .filter(|text| !text.is_empty())
}

/// As much of a text as is kept.
pub(super) fn kept(text: &str) -> String {
    let plain = text.trim().chars().filter(|c| !c.is_control());
    plain.take(TEXT_CHARS_MAX).collect()
}

/// The first members of an array; none where it is something else.
pub(super) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    let items = value.get(key).and_then(Value::as_array);
    let items = items.map_or(&[][..], Vec::as_slice);
    items.get(..ITEMS_MAX).unwrap_or(items)
}

/// A time (RFC 3339), to the second: what the database gives back is then equal to it.
pub(super) fn time(value: &Value, key: &str) -> Option<DateTime<Utc>> {
    let text = value.get(key)?.as_str()?;
    let at = DateTime::parse_from_rfc3339(text).ok()?;
    DateTime::from_timestamp(at.timestamp(), 0)
}

/// A web address; others are no links.
pub(super) fn url(value: &Value, key: &str) -> Option<String> {
    text(value, key).filter(|url| url.starts_with("https://"))
}

/// A percentage as it is printed, in parts per million, cut off; absent where it is none.
pub(super) fn percent(value: &Value, key: &str) -> Option<u32> {
    let printed = value.get(key)?.as_number()?.to_string();
    let (whole, rest) = printed.split_once('.').unwrap_or((&printed, ""));
    let digits = rest.bytes().chain(std::iter::repeat(b'0')).take(4);
    let mut ppm: u32 = whole.parse().ok()?;
    for digit in digits {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 10)?;
        ppm = ppm.checked_mul(10)?.checked_add(digit.into())?;
    }
    let is_plain = rest.bytes().all(|b| b.is_ascii_digit());
    (is_plain && ppm <= 1_000_000).then_some(ppm)
}
