//! Whole numbers that know their range.

use std::borrow::Cow;
use std::fmt;
use std::num::NonZeroU32;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

/// A whole number from `MIN` to `MAX`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "u32")]
pub struct Whole<const MIN: u32, const MAX: u32>(u32);

/// A number outside the range of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a whole number from {min} to {max}")]
pub struct WholeError {
    min: u32,
    max: u32,
}

impl<const MIN: u32, const MAX: u32> Whole<MIN, MAX> {
    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl<const MAX: u32> Whole<1, MAX> {
    /// The number that is meant, at most `MAX`.
    pub(crate) fn clamped(number: NonZeroU32) -> Self {
        Self(number.get().min(MAX))
    }
}

impl<const MAX: u32> From<Whole<1, MAX>> for NonZeroU32 {
    fn from(whole: Whole<1, MAX>) -> Self {
        Self::new(whole.0).unwrap_or(Self::MIN)
    }
}

/// Reads a whole number into a plain field that may be left out; it needs `serde(default)`.
pub(crate) fn if_any<'de, D, const MIN: u32, const MAX: u32>(
    deserializer: D,
) -> Result<Option<u32>, D::Error>
where
    D: Deserializer<'de>,
{
    let whole = Whole::<MIN, MAX>::deserialize(deserializer)?;
    Ok(Some(whole.get()))
}

/// Reads a whole number above 0 into a plain field.
pub(crate) fn above_zero<'de, D, const MAX: u32>(deserializer: D) -> Result<NonZeroU32, D::Error>
where
    D: Deserializer<'de>,
{
    Whole::<1, MAX>::deserialize(deserializer).map(NonZeroU32::from)
}

impl<const MIN: u32, const MAX: u32> TryFrom<i64> for Whole<MIN, MAX> {
    type Error = WholeError;

    fn try_from(given: i64) -> Result<Self, WholeError> {
        u32::try_from(given)
            .ok()
            .filter(|given| (MIN..=MAX).contains(given))
            .map(Self)
            .ok_or(WholeError { min: MIN, max: MAX })
    }
}

impl<const MIN: u32, const MAX: u32> From<Whole<MIN, MAX>> for u32 {
    fn from(whole: Whole<MIN, MAX>) -> Self {
        whole.0
    }
}

impl<const MIN: u32, const MAX: u32> fmt::Display for Whole<MIN, MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<const MIN: u32, const MAX: u32> JsonSchema for Whole<MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("WholeFrom{MIN}To{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": MIN, "maximum": MAX })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_of_the_range_are_inside_and_their_neighbours_are_not() {
        for inside in [1, 31] {
            let whole = Whole::<1, 31>::try_from(inside).unwrap();
            assert_eq!(i64::from(whole.get()), inside);
        }
        for outside in [i64::MIN, -1, 0, 32, i64::MAX] {
            let error = Whole::<1, 31>::try_from(outside).unwrap_err();
            assert_eq!(error.to_string(), "must be a whole number from 1 to 31");
        }
    }
}
