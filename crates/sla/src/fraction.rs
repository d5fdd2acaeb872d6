//! Exact fractions, and how they are read and printed.
//!
//! Everything judged is a [`Fraction`] in lowest terms. Uptime, targets, credits and thresholds
//! are ratios: 99.9 % is 999/1000. Rounding happens only where a contract asks for it or where a
//! number is printed, and then always half-up.

use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;

use num_bigint::{BigInt, Sign};
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};
use serde::{Deserialize, Serialize};

/// Most digits accepted on either side of a decimal point; keeps every parsed decimal in 64 bits.
pub const DECIMAL_DIGITS_MAX: usize = 9;

/// Most digits accepted in a numerator or denominator from outside: a month of intervals with
/// thousands of different request counts stays well below it, and reading it stays cheap.
pub const FRACTION_DIGITS_MAX: usize = 100_000;

/// An exact rational number in lowest terms. In JSON `{"num":"10789","den":"10800"}`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct Fraction(BigRational);

/// A fraction as it stands in JSON; text, because JSON numbers end at 2^53.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    num: String,
    den: String,
}

/// Text that is not an exact number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FractionError {
    /// Not digits with at most one point.
    #[error(
        "`{given}` is not a decimal number: use at most {DECIMAL_DIGITS_MAX} digits on each side of one `.`, without sign or exponent"
    )]
    Decimal {
        /// What stood there.
        given: String,
    },
    /// Numerator and denominator that are not whole numbers in lowest terms.
    #[error("`{num}/{den}` is not a fraction in lowest terms with a positive denominator")]
    Parts {
        /// Numerator, cut to its first characters.
        num: String,
        /// Denominator, cut to its first characters.
        den: String,
    },
}

impl Fraction {
    /// The fraction `num / den`, reduced.
    #[must_use]
    pub fn new(num: u64, den: NonZeroU64) -> Self {
        Self(BigRational::new(num.into(), den.get().into()))
    }

    /// 0.
    #[must_use]
    pub fn zero() -> Self {
        Self(BigRational::zero())
    }

    /// 1, which is 100 %.
    #[must_use]
    pub fn one() -> Self {
        Self(BigRational::one())
    }

    /// The ratio that a percentage stands for, exactly: `"99.9"` is 999/1000.
    pub fn from_percent(text: &str) -> Result<Self, FractionError> {
        Ok(Self(decimal(text)? / hundred()))
    }

    /// Numerator of the reduced fraction, negative where the fraction is.
    #[must_use]
    pub fn num(&self) -> &BigInt {
        self.0.numer()
    }

    /// Denominator of the reduced fraction, always positive.
    #[must_use]
    pub fn den(&self) -> &BigInt {
        self.0.denom()
    }

    /// Whether it is below 0: a budget that is overdrawn.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.0.is_negative()
    }

    /// The ratio as a percentage with `digits` decimals, rounded half-up, without a sign for
    /// percent: 10789/10800 with three digits is `99.898`.
    #[must_use]
    pub fn percent_string(&self, digits: u8) -> String {
        print(&(&self.0 * hundred()), digits)
    }

    /// The number itself with `digits` decimals, rounded half-up: 216/5 with one digit is `43.2`.
    #[must_use]
    pub fn decimal_string(&self, digits: u8) -> String {
        print(&self.0, digits)
    }

    pub(crate) const fn from_ratio(ratio: BigRational) -> Self {
        Self(ratio)
    }

    pub(crate) const fn ratio(&self) -> &BigRational {
        &self.0
    }

    /// Numerator and denominator for cross-multiplication with 64-bit counts; `None` for
    /// negative or longer numbers, which parsed decimals never are.
    pub(crate) fn to_u64_pair(&self) -> Option<(u64, u64)> {
        Some((self.num().to_u64()?, self.den().to_u64()?))
    }

    /// The percentage rounded half-up to `digits` decimals, as a ratio again.
    pub(crate) fn percent_half_up(&self, digits: u8) -> Self {
        let scale = hundred() * ten_to(digits);
        Self((&self.0 * &scale + half()).floor() / scale)
    }

    /// The percentage cut off after `digits` decimals, as a ratio again.
    pub(crate) fn percent_floor(&self, digits: u8) -> Self {
        let scale = hundred() * ten_to(digits);
        Self((&self.0 * &scale).floor() / scale)
    }
}

fn hundred() -> BigRational {
    BigRational::from_integer(100.into())
}

fn half() -> BigRational {
    BigRational::new(1.into(), 2.into())
}

fn ten_to(digits: u8) -> BigRational {
    BigRational::from_integer(BigInt::from(10).pow(digits.into()))
}

/// Rounds half-up to whole units: `.5` goes towards the greater number.
pub(crate) fn round_half_up(value: &BigRational) -> BigInt {
    (value + half()).floor().to_integer()
}

fn print(value: &BigRational, digits: u8) -> String {
    let scaled = round_half_up(&(value * ten_to(digits)));
    let sign = if scaled.sign() == Sign::Minus {
        "-"
    } else {
        ""
    };
    let places = usize::from(digits);
    let magnitude = format!("{:0>width$}", scaled.magnitude(), width = places + 1);
    let (whole, rest) = magnitude.split_at(magnitude.len() - places);
    if rest.is_empty() {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{rest}")
    }
}

/// Reads digits with at most one point, exactly.
pub(crate) fn decimal(text: &str) -> Result<BigRational, FractionError> {
    let refuse = || FractionError::Decimal {
        given: text.chars().take(40).collect(),
    };
    let good = |part: &str| {
        (1..=DECIMAL_DIGITS_MAX).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
    };
    let (whole, rest) = text.split_once('.').unwrap_or((text, "0"));
    if !good(whole) || !good(rest) {
        return Err(refuse());
    }
    let places = u8::try_from(rest.len()).map_err(|_| refuse())?;
    let digits: BigInt = format!("{whole}{rest}").parse().map_err(|_| refuse())?;
    Ok(BigRational::from_integer(digits) / ten_to(places))
}

impl FromStr for Fraction {
    type Err = FractionError;

    /// Reads `num/den` in lowest terms, or a plain decimal such as `0.05`.
    fn from_str(text: &str) -> Result<Self, FractionError> {
        match text.split_once('/') {
            None => decimal(text).map(Self),
            Some((num, den)) => Self::try_from(Parts {
                num: num.to_owned(),
                den: den.to_owned(),
            }),
        }
    }
}

impl fmt::Display for Fraction {
    /// `num/den`, also where the denominator is 1.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.num(), self.den())
    }
}

impl TryFrom<Parts> for Fraction {
    type Error = FractionError;

    fn try_from(parts: Parts) -> Result<Self, FractionError> {
        let whole = |text: &str| -> Option<BigInt> {
            let short = text.len() <= FRACTION_DIGITS_MAX;
            let number: BigInt = short.then(|| text.parse().ok()).flatten()?;
            (number.to_string() == text).then_some(number)
        };
        let refuse = || FractionError::Parts {
            num: parts.num.chars().take(40).collect(),
            den: parts.den.chars().take(40).collect(),
        };
        let num = whole(&parts.num).ok_or_else(refuse)?;
        let den = whole(&parts.den)
            .filter(BigInt::is_positive)
            .ok_or_else(refuse)?;
        let reduced = BigRational::new(num, den.clone());
        if *reduced.denom() == den {
            Ok(Self(reduced))
        } else {
            Err(refuse())
        }
    }
}

impl From<Fraction> for Parts {
    fn from(fraction: Fraction) -> Self {
        Self {
            num: fraction.num().to_string(),
            den: fraction.den().to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fraction(text: &str) -> Fraction {
        text.parse().unwrap()
    }

    #[test]
    fn a_fraction_in_json_is_two_strings_in_lowest_terms() {
        let json = r#"{"num":"10789","den":"10800"}"#;
        let value: Fraction = serde_json::from_str(json).unwrap();
        assert_eq!(value, fraction("10789/10800"));
        assert_eq!(serde_json::to_string(&value).unwrap(), json);
        for bad in [
            r#"{"num":"2","den":"4"}"#,
            r#"{"num":"1","den":"0"}"#,
            r#"{"num":"1","den":"-2"}"#,
            r#"{"num":"+1","den":"2"}"#,
            r#"{"num":"01","den":"2"}"#,
            r#"{"num":"","den":"2"}"#,
            r#"{"num":1,"den":2}"#,
        ] {
            assert!(serde_json::from_str::<Fraction>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn percentages_are_printed_half_up() {
        for (value, digits, text) in [
            ("10789/10800", 6, "99.898148"),
            ("719/720", 2, "99.86"),
            ("19999/20000", 2, "100.00"),
            ("1/8", 0, "13"),
            ("0/1", 1, "0.0"),
            ("-1/1000", 1, "-0.1"),
        ] {
            assert_eq!(fraction(value).percent_string(digits), text, "{value}");
        }
        assert_eq!(fraction("216/5").decimal_string(1), "43.2");
    }

    #[test]
    fn a_decimal_is_read_exactly_or_refused() {
        assert_eq!(fraction("0.05"), fraction("1/20"));
        assert_eq!(
            Fraction::from_percent("99.9").unwrap(),
            fraction("999/1000")
        );
        for bad in [
            "",
            ".5",
            "5.",
            "-1",
            "+1",
            "1e3",
            "1_000",
            "٣",
            "1.2.3",
            "1234567890",
        ] {
            assert!(Fraction::from_percent(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn contract_rounding_is_half_up_or_cut_off_at_the_stated_digit() {
        let value = Fraction::from_percent("97.995").unwrap();
        assert_eq!(
            value.percent_half_up(2),
            Fraction::from_percent("98").unwrap()
        );
        assert_eq!(
            value.percent_floor(2),
            Fraction::from_percent("97.99").unwrap()
        );
    }

    proptest! {
        #[test]
        fn every_fraction_survives_json_and_text(num in any::<u64>(), den in 1..u64::MAX) {
            let value = Fraction::new(num, NonZeroU64::new(den).unwrap());
            let json = serde_json::to_string(&value).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Fraction>(&json).unwrap(), &value);
            prop_assert_eq!(&value.to_string().parse::<Fraction>().unwrap(), &value);
        }

        #[test]
        fn arbitrary_text_is_read_or_refused_without_a_panic(text in ".{0,40}") {
            if let Ok(value) = text.parse::<Fraction>() {
                prop_assert_eq!(value.to_string().parse::<Fraction>(), Ok(value));
            }
        }
    }
}
