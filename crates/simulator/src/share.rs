//! Shares of requests as exact fractions.

use std::fmt;
use std::num::NonZeroU32;

use serde::{Serialize, Serializer};

use crate::document::{Node, text};
use crate::random::Random;

/// Largest denominator: parts per billion are finer than any drill can measure.
const DENOMINATOR_MAX: u32 = 1_000_000_000;

/// An exact fraction of requests between nothing and all, in lowest terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    numerator: u32,
    denominator: NonZeroU32,
}

/// How a share is spread over the requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Spread {
    /// Each request is drawn by itself: bursts happen, the count is right on average.
    #[default]
    Random,
    /// As evenly as whole requests allow: after every `denominator` requests the count is exact.
    Even,
}

/// Text that is not a share.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a share: write `2.5%` or `1/40`, at most 100%")]
pub struct ShareError(String);

const fn gcd(mut left: u32, mut right: u32) -> u32 {
    while right != 0 {
        (left, right) = (right, left % right);
    }
    left
}

impl Share {
    /// Every request.
    pub const ALL: Self = Self {
        numerator: 1,
        denominator: NonZeroU32::MIN,
    };

    /// `numerator` of every `denominator` requests; none if that is more than all of them, or
    /// finer than parts per billion.
    #[must_use]
    pub fn new(numerator: u32, denominator: NonZeroU32) -> Option<Self> {
        if numerator > denominator.get() || denominator.get() > DENOMINATOR_MAX {
            return None;
        }
        let divisor = gcd(numerator, denominator.get());
        Some(Self {
            numerator: numerator / divisor,
            denominator: NonZeroU32::new(denominator.get() / divisor)?,
        })
    }

    /// Reads `2.5%` and `1/40`.
    pub fn parse(text: &str) -> Result<Self, ShareError> {
        let parsed = match text.strip_suffix('%') {
            Some(percent) => Self::percent(percent.trim_end()),
            None => text.split_once('/').and_then(|(numerator, denominator)| {
                let denominator = denominator.trim().parse().ok()?;
                Self::new(numerator.trim().parse().ok()?, denominator)
            }),
        };
        parsed.ok_or_else(|| ShareError(text.to_owned()))
    }

    fn percent(text: &str) -> Option<Self> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(decimals) || whole.len() > 3 || decimals.len() > 7 {
            return None;
        }
        let scale = 10_u32.pow(u32::try_from(decimals.len()).ok()?);
        let whole: u32 = whole.parse().ok()?;
        let numerator = whole
            .checked_mul(scale)?
            .checked_add(decimals.parse().ok()?)?;
        Self::new(numerator, NonZeroU32::new(scale.checked_mul(100)?)?)
    }

    pub(crate) fn read(node: &Node) -> Result<Self, String> {
        Self::parse(&text(node)?).map_err(|error| error.to_string())
    }

    /// Whether a draw falls into the share.
    pub(crate) fn drawn(self, random: &mut Random) -> bool {
        random.below(self.denominator.get()) < self.numerator
    }

    /// Whether request number `number` is one of the evenly spread ones.
    pub(crate) fn even(self, number: u64) -> bool {
        let denominator = u64::from(self.denominator.get());
        let position = number % denominator;
        let numerator = u64::from(self.numerator);
        (position + 1) * numerator / denominator > position * numerator / denominator
    }
}

impl Default for Share {
    fn default() -> Self {
        Self::ALL
    }
}

impl fmt::Display for Share {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.numerator, self.denominator)
    }
}

impl Serialize for Share {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let share = Share::parse(text).expect("a share");
        assert_eq!(share.to_string(), expected);
        assert_eq!(Share::parse(expected), Ok(share));
    }

    #[test]
    fn percents_and_fractions_are_exact() {
        check("100%", "1/1");
        check("0%", "0/1");
        check("2.5%", "1/40");
        check("0.1 %", "1/1000");
        check("0.0000001%", "1/1000000000");
        check("2/6", "1/3");
        for wrong in [
            "",
            "%",
            "101%",
            "3/2",
            "1/0",
            "-1%",
            "1e1%",
            "half",
            "0.00000001%",
            ".5%",
        ] {
            assert!(Share::parse(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn an_even_spread_is_exact_in_every_period(
            denominator in 1u32..500, part in 0u32..=500, periods in 1u64..4,
        ) {
            let numerator = part.min(denominator);
            let nonzero = NonZeroU32::new(denominator).expect("not zero");
            let share = Share::new(numerator, nonzero).expect("at most all");
            let struck = (0..periods * u64::from(denominator)).filter(|n| share.even(*n)).count();
            prop_assert_eq!(u64::try_from(struck).expect("few"), periods * u64::from(numerator));
        }

        #[test]
        fn arbitrary_text_never_panics(text in ".*") {
            drop(Share::parse(&text));
        }
    }
}
