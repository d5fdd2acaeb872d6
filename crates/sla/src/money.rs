//! Amounts of money as whole minor units, and how exact amounts become whole ones.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, ToPrimitive};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::fraction::{self, Fraction};

/// Largest amount, in minor units: JSON integers are exact up to here.
pub const MINOR_UNITS_MAX: u64 = (1 << 53) - 1;

/// An ISO 4217 currency code, three capital letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

/// An exact, non-negative amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Parts", into = "Parts")]
pub struct Money {
    minor: u64,
    currency: Currency,
}

/// An amount as it stands in JSON: `{"minor":30864,"currency":"USD"}`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    minor: u64,
    currency: Currency,
}

/// How an exact amount becomes a whole one.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AmountRounding {
    /// To the nearest, halves up.
    #[default]
    HalfUp,
    /// Down.
    Floor,
    /// Up.
    Ceil,
    /// To the nearest, halves to the even neighbour.
    HalfEven,
}

/// What an amount is rounded to.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum AmountUnit {
    /// The currency's smallest unit, such as cents.
    #[default]
    Minor,
    /// Whole units of the currency, such as dollars, but never more than the fees or a cap.
    Whole,
}

/// Text that is not an amount of money.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not a currency code.
    #[error("`{given}` is not a currency code: use three capital letters, such as `USD`")]
    Currency {
        /// What stood there.
        given: String,
    },
    /// Not an amount in this currency.
    #[error(
        "`{given}` is not an amount in {currency}: use digits with at most {digits} after one `.`"
    )]
    Amount {
        /// What stood there.
        given: String,
        /// Currency it was read for.
        currency: Currency,
        /// Decimals that the currency has.
        digits: u8,
    },
    /// More than can be stored exactly.
    #[error("an amount of {minor} minor units is above the limit of {MINOR_UNITS_MAX}")]
    TooLarge {
        /// The amount.
        minor: u64,
    },
}

impl Currency {
    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a code is ASCII, checked when it was made")
    }

    /// Decimals of one unit in ISO 4217: 2 for most, 0 or 3 for some.
    #[must_use]
    pub const fn digits(self) -> u8 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG"
            | b"RWF" | b"UGX" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }

    /// An amount in units of the currency, exactly, in minor units that need not be whole.
    pub(crate) fn exact_minor(self, units: &Fraction) -> Fraction {
        Fraction::from_ratio(units.ratio() * scale(self))
    }
}

impl AmountRounding {
    /// Rounds to a whole number.
    fn apply(self, value: &BigRational) -> BigInt {
        match self {
            Self::HalfUp => fraction::round_half_up(value),
            Self::Floor => value.floor().to_integer(),
            Self::Ceil => value.ceil().to_integer(),
            Self::HalfEven => {
                let up = fraction::round_half_up(value);
                let tie = BigRational::from_integer(&up * 2) - value * BigInt::from(2);
                if tie.is_one() && up.bit(0) {
                    up - 1
                } else {
                    up
                }
            }
        }
    }
}

impl AmountUnit {
    /// How many minor units of the currency it is.
    fn minor(self, currency: Currency) -> BigRational {
        match self {
            Self::Minor => BigRational::one(),
            Self::Whole => scale(currency),
        }
    }
}

impl Money {
    /// An amount in minor units (cents).
    pub fn from_minor(minor: u64, currency: Currency) -> Result<Self, MoneyError> {
        if minor > MINOR_UNITS_MAX {
            return Err(MoneyError::TooLarge { minor });
        }
        Ok(Self { minor, currency })
    }

    /// Reads `1234.56`, with no more decimals than the currency has.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let digits = currency.digits();
        let minor = fraction::decimal(text)
            .ok()
            .map(|amount| amount * scale(currency))
            .filter(BigRational::is_integer)
            .and_then(|minor| minor.to_integer().to_u64())
            .ok_or_else(|| MoneyError::Amount {
                given: text.chars().take(40).collect(),
                currency,
                digits,
            })?;
        Self::from_minor(minor, currency)
    }

    /// The amount in minor units (cents).
    #[must_use]
    pub const fn minor(self) -> u64 {
        self.minor
    }

    /// The currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The whole amount for an exact one that is not negative: rounded, but by going over to whole
    /// units of the currency never lifted above `limit`. Both in minor units.
    pub(crate) fn rounded_within(
        exact: &Fraction,
        limit: &Fraction,
        currency: Currency,
        (rounding, unit): (AmountRounding, AmountUnit),
    ) -> Self {
        let unit = unit.minor(currency);
        let rounded = BigRational::from_integer(rounding.apply(&(exact.ratio() / &unit))) * &unit;
        // In minor units a rounded amount never passes the equally rounded limit, and that is the
        // amount which the limit stands for.
        let minor = if rounded > BigRational::from_integer(rounding.apply(limit.ratio())) {
            (limit.ratio() / &unit).floor() * &unit
        } else {
            rounded
        };
        let minor = minor.to_integer().to_u64().unwrap_or(MINOR_UNITS_MAX);
        Self {
            minor: minor.min(MINOR_UNITS_MAX),
            currency,
        }
    }

    /// The amount in minor units as a fraction.
    pub(crate) fn exact(self) -> Fraction {
        Fraction::from_ratio(BigRational::from_integer(self.minor.into()))
    }
}

fn scale(currency: Currency) -> BigRational {
    BigRational::from_integer(BigInt::from(10).pow(currency.digits().into()))
}

impl JsonSchema for Currency {
    fn schema_name() -> Cow<'static, str> {
        "Currency".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "An ISO 4217 currency code, such as `USD`.",
            "pattern": "^[A-Z]{3}$",
        })
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        <[u8; 3]>::try_from(text.as_bytes())
            .ok()
            .filter(|code| code.iter().all(u8::is_ascii_uppercase))
            .map(Self)
            .ok_or_else(|| MoneyError::Currency {
                given: text.chars().take(40).collect(),
            })
    }
}

impl TryFrom<String> for Currency {
    type Error = MoneyError;

    fn try_from(text: String) -> Result<Self, MoneyError> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.as_str().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Money {
    /// `1234.56 USD`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = BigRational::from_integer(self.minor.into()) / scale(self.currency);
        let units = Fraction::from_ratio(units).decimal_string(self.currency.digits());
        write!(f, "{units} {}", self.currency)
    }
}

impl TryFrom<Parts> for Money {
    type Error = MoneyError;

    fn try_from(parts: Parts) -> Result<Self, MoneyError> {
        Self::from_minor(parts.minor, parts.currency)
    }
}

impl From<Money> for Parts {
    fn from(money: Money) -> Self {
        Self {
            minor: money.minor,
            currency: money.currency,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, code: &str, out: Option<u64>) {
        let amount = Money::parse(text, code.parse().unwrap());
        assert_eq!(amount.ok().map(Money::minor), out, "{text} {code}");
    }

    #[test]
    fn an_amount_has_as_many_decimals_as_its_currency() {
        check("1234.56", "USD", Some(123_456));
        check("1234.5", "USD", Some(123_450));
        check("1234", "USD", Some(123_400));
        check("1234.567", "USD", None);
        check("1234", "JPY", Some(1234));
        check("1234.5", "JPY", None);
        check("1.234", "KWD", Some(1234));
        check("-1", "USD", None);
        check("1,000", "USD", None);
        check("", "USD", None);
    }

    #[test]
    fn an_amount_prints_and_survives_json() {
        let amount = Money::parse("5.07", "EUR".parse().unwrap()).unwrap();
        assert_eq!(amount.to_string(), "5.07 EUR");
        let json = r#"{"minor":507,"currency":"EUR"}"#;
        assert_eq!(serde_json::to_string(&amount).unwrap(), json);
        assert_eq!(serde_json::from_str::<Money>(json).unwrap(), amount);
        assert!(serde_json::from_str::<Money>(r#"{"minor":1,"currency":"eur"}"#).is_err());
        let above = format!(r#"{{"minor":{},"currency":"EUR"}}"#, MINOR_UNITS_MAX + 1);
        assert!(serde_json::from_str::<Money>(&above).is_err());
    }
}
