//! Values that stand in quotes: exact numbers, and lines of text.
//!
//! A bare TOML number is a binary float to most tools, and `99.9` is none. So whatever is compared
//! exactly is written in quotes and read as a fraction. Not here: what range a key takes; the
//! table that holds the number says that.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use crate::fraction::{DECIMAL_DIGITS_MAX, Fraction, decimal};

/// What the exact numbers expect. The reader of contract files knows a bare number by it.
pub(crate) const NUMBER_IN_QUOTES: &str = "a number in quotes";

/// Longest [`Text`], in characters.
pub const TEXT_CHARS_MAX: usize = 1_000;

/// Most decimals that a number that was read is written with.
const DIGITS_MAX: u8 = 9;

/// A percentage, held as the ratio that it stands for: `"99.9"` is 999/1000. At least 0, and not
/// bounded above.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent(Fraction);

/// A plain decimal number: `"0.05"` is 1/20. At least 0.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal(Fraction);

/// One line of text, from 1 to [`TEXT_CHARS_MAX`] characters, not only blanks, without control
/// characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text(String);

/// Text that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExactError {
    /// Not a percentage.
    #[error(
        "\"{given}\" is not a percentage: write digits with at most one point, such as \"99.9\", at most {DECIMAL_DIGITS_MAX} on each side, without sign, exponent or %"
    )]
    Percent {
        /// What stood there, cut to its first characters.
        given: String,
    },
    /// Not a decimal number.
    #[error(
        "\"{given}\" is not a decimal number: write digits with at most one point, such as \"0.05\", at most {DECIMAL_DIGITS_MAX} on each side, without sign or exponent"
    )]
    Decimal {
        /// What stood there, cut to its first characters.
        given: String,
    },
    /// Blank.
    #[error("must not be empty")]
    Empty,
    /// More than one line, or control characters.
    #[error("must be one line of text without control characters")]
    Line,
    /// Too long.
    #[error("must have at most {TEXT_CHARS_MAX} characters")]
    Long,
}

impl Percent {
    /// The ratio: 99.9 % is 999/1000.
    #[must_use]
    pub const fn fraction(&self) -> &Fraction {
        &self.0
    }
}

impl Decimal {
    /// The number.
    #[must_use]
    pub const fn fraction(&self) -> &Fraction {
        &self.0
    }
}

impl Text {
    /// The line.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is not a line, if it is none.
pub(crate) fn line_fault(text: &str) -> Option<ExactError> {
    if text.chars().any(char::is_control) {
        return Some(ExactError::Line);
    }
    text.trim().is_empty().then_some(ExactError::Empty)
}

/// Reads a [`Text`] into a field that holds its characters.
pub(crate) fn line<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Text::deserialize(deserializer).map(String::from)
}

/// Reads a [`Text`] into a field that may be left out; it needs `serde(default)`.
pub(crate) fn line_if_any<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    line(deserializer).map(Some)
}

/// Reads several [`Text`]s.
pub(crate) fn lines<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let lines = Vec::<Text>::deserialize(deserializer)?;
    Ok(lines.into_iter().map(String::from).collect())
}

fn cut(text: &str) -> String {
    text.chars().take(40).collect()
}

impl FromStr for Percent {
    type Err = ExactError;

    fn from_str(text: &str) -> Result<Self, ExactError> {
        Fraction::from_percent(text)
            .map(Self)
            .map_err(|_| ExactError::Percent { given: cut(text) })
    }
}

impl FromStr for Decimal {
    type Err = ExactError;

    fn from_str(text: &str) -> Result<Self, ExactError> {
        decimal(text)
            .map(|ratio| Self(Fraction::from_ratio(ratio)))
            .map_err(|_| ExactError::Decimal { given: cut(text) })
    }
}

impl FromStr for Text {
    type Err = ExactError;

    fn from_str(text: &str) -> Result<Self, ExactError> {
        text.to_owned().try_into()
    }
}

impl TryFrom<String> for Text {
    type Error = ExactError;

    fn try_from(text: String) -> Result<Self, ExactError> {
        if let Some(fault) = line_fault(&text) {
            return Err(fault);
        }
        if text.chars().count() > TEXT_CHARS_MAX {
            return Err(ExactError::Long);
        }
        Ok(Self(text))
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.0
    }
}

/// The shortest text that reads back as the same number; all that were read have one.
fn shortest(digits: impl Fn(u8) -> String, same: impl Fn(&str) -> bool) -> String {
    (0..DIGITS_MAX)
        .map(&digits)
        .find(|text| same(text))
        .unwrap_or_else(|| digits(DIGITS_MAX))
}

impl fmt::Display for Percent {
    /// As it stands in a contract: `99.9`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let same = |text: &str| Fraction::from_percent(text).is_ok_and(|read| read == self.0);
        f.write_str(&shortest(|digits| self.0.percent_string(digits), same))
    }
}

impl fmt::Display for Decimal {
    /// As it stands in a contract: `0.05`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let same = |text: &str| decimal(text).is_ok_and(|read| read == *self.0.ratio());
        f.write_str(&shortest(|digits| self.0.decimal_string(digits), same))
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Reads a number that stands in quotes, and nothing else.
struct Quoted<T>(std::marker::PhantomData<T>);

impl<T: FromStr<Err = ExactError>> Visitor<'_> for Quoted<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NUMBER_IN_QUOTES)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Quoted(std::marker::PhantomData))
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Quoted(std::marker::PhantomData))
    }
}

/// The schema of a day, for a field that is read as [`chrono::NaiveDate`].
#[must_use]
pub fn date_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "title": "date", "type": "string", "format": "date", "examples": ["2026-10-01"] })
}

/// The schema of an instant, for a field that is read as [`chrono::DateTime`].
#[must_use]
pub fn instant_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "title": "instant with its offset",
        "type": "string",
        "format": "date-time",
        "examples": ["2026-10-01T08:30:00Z"],
    })
}

fn number_schema(title: &str, description: &str, example: &str) -> Schema {
    json_schema!({
        "title": title,
        "description": description,
        "type": "string",
        "pattern": format!(r"^[0-9]{{1,{DECIMAL_DIGITS_MAX}}}(\.[0-9]{{1,{DECIMAL_DIGITS_MAX}}})?$"),
        "examples": [example],
    })
}

impl JsonSchema for Percent {
    fn schema_name() -> Cow<'static, str> {
        "Percent".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        number_schema(
            "percentage in quotes",
            "A percentage in quotes, read exactly and never rounded.",
            "99.9",
        )
    }
}

impl JsonSchema for Decimal {
    fn schema_name() -> Cow<'static, str> {
        "Decimal".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        number_schema(
            "number in quotes",
            "A decimal number in quotes, read exactly and never rounded.",
            "0.05",
        )
    }
}

impl JsonSchema for Text {
    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "One line of text that is not empty.",
            "type": "string",
            "minLength": 1,
            "maxLength": TEXT_CHARS_MAX,
            "pattern": r"^[^\u0000-\u001f\u007f-\u009f]*\S[^\u0000-\u001f\u007f-\u009f]*$",
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn exact_numbers_are_read_as_the_fractions_they_stand_for() {
        let percent: Percent = "99.9".parse().unwrap();
        assert_eq!(*percent.fraction(), "999/1000".parse().unwrap());
        let decimal: Decimal = "0.05".parse().unwrap();
        assert_eq!(*decimal.fraction(), "1/20".parse().unwrap());
        assert_eq!("99.90".parse::<Percent>().unwrap(), percent);
    }

    #[test]
    fn exact_numbers_that_are_bare_or_odd_are_refused_with_a_way_out() {
        let bare = serde_json::from_str::<Percent>("99.9").unwrap_err();
        assert!(bare.to_string().contains(NUMBER_IN_QUOTES), "{bare}");
        for bad in [
            "",
            "99,9",
            "99.9%",
            "-1",
            "+1",
            "1e3",
            ".5",
            "5.",
            "1234567890",
        ] {
            let percent = bad.parse::<Percent>().unwrap_err().to_string();
            let decimal = bad.parse::<Decimal>().unwrap_err().to_string();
            assert!(percent.contains("such as \"99.9\""), "{percent}");
            assert!(decimal.contains("such as \"0.05\""), "{decimal}");
        }
    }

    #[test]
    fn a_text_is_one_line_of_bounded_length() {
        for bad in ["", " ", "\u{3000}"] {
            assert_eq!(bad.parse::<Text>(), Err(ExactError::Empty), "{bad:?}");
        }
        for bad in ["a\nb", "a\u{7f}", "\t"] {
            assert_eq!(bad.parse::<Text>(), Err(ExactError::Line), "{bad:?}");
        }
        assert_eq!("ä".repeat(1_001).parse::<Text>(), Err(ExactError::Long));
        assert_eq!(
            "ä".repeat(1_000).parse::<Text>().unwrap().as_str().len(),
            2_000
        );
    }

    proptest! {
        #[test]
        fn exact_numbers_survive_being_written_and_read(
            whole in 0..1_000_000_000_u32,
            digits in "[0-9]{1,9}",
        ) {
            for text in [whole.to_string(), format!("{whole}.{digits}")] {
                let percent: Percent = text.parse().unwrap();
                let decimal: Decimal = text.parse().unwrap();
                let json = serde_json::to_string(&(&percent, &decimal)).unwrap();
                let back: (Percent, Decimal) = serde_json::from_str(&json).unwrap();
                prop_assert_eq!(back, (percent, decimal));
            }
        }

        #[test]
        fn exact_numbers_are_printed_without_needless_digits(
            whole in 0..1_000_000_000_u32,
            digits in "[0-9]{0,8}[1-9]",
        ) {
            let text = format!("{whole}.{digits}");
            prop_assert_eq!(text.parse::<Percent>().unwrap().to_string(), text.clone());
            prop_assert_eq!(text.parse::<Decimal>().unwrap().to_string(), text);
        }
    }
}
