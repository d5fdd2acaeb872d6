//! Prices as exact decimals, held as integers.
//!
//! Both units are counted in 10^-18, which is finer than any list price: published tables that
//! went through binary floats carry up to 18 decimals per million tokens.

use std::fmt;

/// Decimals that a price may have.
pub(super) const DECIMALS_MAX: u32 = 18;

/// Most digits that a number is read with: longer ones are no prices.
const DIGITS_MAX: usize = 40;

/// Dearest price per million tokens, US dollars. The dearest model on any list costs a third of
/// it; what is above was written per token where it was meant per million, or the reverse.
pub const USD_PER_MILLION_MAX: u128 = 10_000;

/// Dearest fee of one request, US dollars.
pub const USD_PER_REQUEST_MAX: u128 = 100;

/// One dollar in the unit of this module.
const ONE: u128 = 10_u128.pow(DECIMALS_MAX);

/// A price of tokens, in 10^-18 US dollars per 1,000,000 tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenPrice(u128);

/// A price of one request, in 10^-18 US dollars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestFee(u128);

/// Text that is not a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// No decimal number, or a signed one.
    #[error("use digits with at most one `.`, such as \"0.05\"")]
    Malformed,
    /// More decimals than are held.
    #[error("at most {DECIMALS_MAX} decimals are held")]
    TooFine,
    /// More than any price.
    #[error("at most {max} US dollars are believed; is the unit right?")]
    TooHigh {
        /// The limit, US dollars.
        max: u128,
    },
}

impl TokenPrice {
    /// Reads US dollars per 1,000,000 tokens: `0.05`.
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        Self::within(plain(text)?)
    }

    /// Reads US dollars per token as JSON writes numbers: `5e-08`.
    pub(super) fn parse_per_token(json: &str) -> Result<Self, DecimalError> {
        Self::within(scientific(json, DECIMALS_MAX + 6)?)
    }

    /// Whether nothing is charged.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// What so many tokens cost, in 10^-24 US dollars.
    pub(super) fn of(self, tokens: u64) -> Option<u128> {
        self.0.checked_mul(u128::from(tokens))
    }

    fn within(units: u128) -> Result<Self, DecimalError> {
        within(units, USD_PER_MILLION_MAX).map(Self)
    }
}

impl RequestFee {
    /// Reads US dollars per request: `0.005`.
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        within(plain(text)?, USD_PER_REQUEST_MAX).map(Self)
    }

    /// Reads US dollars per request as JSON writes numbers.
    pub(super) fn parse_json(json: &str) -> Result<Self, DecimalError> {
        within(scientific(json, DECIMALS_MAX)?, USD_PER_REQUEST_MAX).map(Self)
    }

    /// Whether nothing is charged.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The fee in 10^-24 US dollars.
    pub(super) const fn exact(self) -> u128 {
        self.0 * 1_000_000 // Below 10^26: the limit of a fee is 10^20.
    }
}

const fn within(units: u128, max: u128) -> Result<u128, DecimalError> {
    if units > max * ONE {
        return Err(DecimalError::TooHigh { max });
    }
    Ok(units)
}

/// A number without sign and exponent.
fn plain(text: &str) -> Result<u128, DecimalError> {
    if text.contains(['e', 'E']) {
        return Err(DecimalError::Malformed);
    }
    scientific(text, DECIMALS_MAX)
}

/// `text * 10^scale`, exactly.
fn scientific(text: &str, scale: u32) -> Result<u128, DecimalError> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        None => (text, 0),
        Some((mantissa, exponent)) => {
            let exponent: i16 = exponent.parse().map_err(|_| DecimalError::Malformed)?;
            (mantissa, i64::from(exponent))
        }
    };
    let (whole, decimals) = match mantissa.split_once('.') {
        None => (mantissa, ""),
        Some((_, "")) => return Err(DecimalError::Malformed),
        Some(parts) => parts,
    };
    let digits = format!("{whole}{decimals}");
    let are_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || digits.len() > DIGITS_MAX || !are_digits {
        return Err(DecimalError::Malformed);
    }
    let kept = digits.trim_end_matches('0');
    let dropped = i64::try_from(digits.len() - kept.len()).unwrap_or(i64::MAX);
    let after_point = i64::try_from(decimals.len()).unwrap_or(i64::MAX);
    if kept.is_empty() {
        return Ok(0);
    }
    let shift = i64::from(scale) + exponent - after_point + dropped;
    let shift = u32::try_from(shift).map_err(|_| DecimalError::TooFine)?;
    let units = kept
        .parse::<u128>()
        .ok()
        .zip(10_u128.checked_pow(shift))
        .and_then(|(number, power)| number.checked_mul(power));
    let max = USD_PER_MILLION_MAX;
    units.ok_or(DecimalError::TooHigh { max })
}

fn write(units: u128, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let decimals = format!("{:018}", units % ONE);
    match decimals.trim_end_matches('0') {
        "" => write!(f, "{}", units / ONE),
        decimals => write!(f, "{}.{decimals}", units / ONE),
    }
}

impl fmt::Display for TokenPrice {
    /// US dollars per 1,000,000 tokens, exactly: `0.05`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(self.0, f)
    }
}

impl fmt::Display for RequestFee {
    /// US dollars, exactly: `0.005`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use num_bigint::BigInt;
    use num_rational::BigRational;
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, out: Result<&str, DecimalError>) {
        let price = TokenPrice::parse(text).map(|price| price.to_string());
        assert_eq!(price.as_deref().map_err(|error| *error), out, "{text}");
    }

    #[test]
    fn a_price_is_read_and_written_exactly() {
        check("0.05", Ok("0.05"));
        check("10.00", Ok("10"));
        check("0", Ok("0"));
        check("0.000000000000000001", Ok("0.000000000000000001"));
        check("10000", Ok("10000"));
        check("0.0000000000000000001", Err(DecimalError::TooFine));
        check("10000.01", Err(DecimalError::TooHigh { max: 10_000 }));
        for text in [
            "", ".", ".5", "5.", "-1", "+1", "1,5", "1e-3", " 1", "0x1", "1.2.3", "inf",
        ] {
            check(text, Err(DecimalError::Malformed));
        }
        check(&"9".repeat(41), Err(DecimalError::Malformed));
    }

    #[test]
    fn a_json_number_per_token_is_read_from_its_text() {
        let read = |json| TokenPrice::parse_per_token(json).map(|price| price.to_string());
        assert_eq!(read("5e-08").as_deref(), Ok("0.05"));
        assert_eq!(read("0.0000025").as_deref(), Ok("2.5"));
        assert_eq!(read("5.46875E-07").as_deref(), Ok("0.546875"));
        assert_eq!(
            read("2.9999900000000002e-06").as_deref(),
            Ok("2.9999900000000002")
        );
        assert_eq!(read("0.0").as_deref(), Ok("0"));
        assert_eq!(read("0.0032").as_deref(), Ok("3200"));
        assert_eq!(read("1e-25"), Err(DecimalError::TooFine));
        assert_eq!(read("0.055"), Err(DecimalError::TooHigh { max: 10_000 }));
        for json in ["-1e-7", "null", "\"1\"", "1e999999", "1e", "{}"] {
            assert_eq!(read(json), Err(DecimalError::Malformed), "{json}");
        }
    }

    #[test]
    fn a_fee_is_read_and_written_exactly() {
        let fee = RequestFee::parse("0.005").unwrap();
        assert_eq!(fee.to_string(), "0.005");
        assert_eq!(RequestFee::parse_json("5e-3"), Ok(fee));
        assert_eq!(fee.exact(), 5 * 10_u128.pow(21));
    }

    proptest! {
        #[test]
        fn any_number_is_read_as_the_fraction_that_it_is(mantissa in 0_u64.., exponent in -30_i16..3) {
            let ten = BigRational::from_integer(BigInt::from(10));
            let units = BigRational::from_integer(mantissa.into()) * ten.pow(i32::from(exponent) + 24);
            match TokenPrice::parse_per_token(&format!("{mantissa}e{exponent}")) {
                Ok(price) => prop_assert_eq!(BigRational::from_integer(price.0.into()), units),
                Err(DecimalError::TooFine) => prop_assert!(!units.is_integer()),
                Err(error) => {
                    let is_too_high = matches!(error, DecimalError::TooHigh { .. });
                    prop_assert!(is_too_high);
                    prop_assert!(units > BigRational::from_integer((USD_PER_MILLION_MAX * ONE).into()));
                }
            }
        }

        #[test]
        fn arbitrary_text_is_read_or_refused(text in ".*") {
            if let Ok(price) = TokenPrice::parse(&text) {
                prop_assert_eq!(TokenPrice::parse(&price.to_string()), Ok(price));
            }
            let _read = TokenPrice::parse_per_token(&text);
        }
    }
}
