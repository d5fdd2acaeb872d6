//! serde's words for what a type takes, as words for people who write contracts.

use serde::de::Expected;

const DATE: &str = "a date, such as 2026-10-01";
const TIME: &str = "a time of day, such as 08:30:00";
const LOCAL: &str = "a date and time without offset, such as 2026-10-01T08:30:00";
const INSTANT: &str = "an instant with its offset, such as 2026-10-01T08:30:00Z";

/// What a list is called.
pub(super) const LIST: &str = "a list";

/// Smallest and greatest number of serde's integer types, by the name that it calls them.
const WHOLE: [(&str, i64, u64); 12] = [
    ("u8", 0, 255),
    ("u16", 0, 65_535),
    ("u32", 0, 4_294_967_295),
    ("u64", 0, u64::MAX),
    ("usize", 0, u64::MAX),
    ("i64", i64::MIN, 9_223_372_036_854_775_807),
    ("i32", -2_147_483_648, 2_147_483_647),
    ("a nonzero u8", 1, 255),
    ("a nonzero u16", 1, 65_535),
    ("a nonzero u32", 1, 4_294_967_295),
    ("a nonzero u64", 1, u64::MAX),
    ("a nonzero usize", 1, u64::MAX),
];

/// The TOML type that is expected.
pub(super) fn kind(expected: &dyn Expected) -> String {
    let expected = expected.to_string();
    let plain = match &*expected {
        "a string" | "a character" | "str" => "text",
        "a boolean" => "true or false",
        "a sequence" => LIST,
        "a map" => "a table",
        "f64" | "f32" => "a number",
        other if other.starts_with("struct ") => "a table",
        other if other.starts_with("enum ") => "a word in quotes",
        other if WHOLE.iter().any(|(name, ..)| *name == other) => "a whole number",
        other => date(other).unwrap_or(other),
    };
    plain.to_owned()
}

/// Whether one of serde's integer types is expected.
pub(super) fn is_whole(expected: &dyn Expected) -> bool {
    let expected = expected.to_string();
    WHOLE.iter().any(|(name, ..)| *name == expected)
}

/// Which values of the right type are expected.
pub(super) fn value(expected: &dyn Expected) -> String {
    let expected = expected.to_string();
    match WHOLE.iter().find(|(name, ..)| *name == expected) {
        // Types with a range of their own are read from it, and never get to see the number.
        Some(("i64", ..)) => "is far outside of the range of its key".to_owned(),
        Some((_, least, u64::MAX)) => format!("must be a whole number, {least} or more"),
        Some((_, least, most)) => format!("must be a whole number from {least} to {most}"),
        None => format!("must be {}", date(&expected).unwrap_or(&expected)),
    }
}

/// What dates and times look like; their own errors only say that a text was not one.
pub(super) fn date(expected: &str) -> Option<&'static str> {
    match expected {
        "a formatted date string" => Some(DATE),
        "a formatted time string" => Some(TIME),
        "a formatted date and time string" => Some(LOCAL),
        "an RFC 3339 formatted date and time string" => Some(INSTANT),
        _ => None,
    }
}
