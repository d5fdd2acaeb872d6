//! What a number of a credit schedule may be, and how a schedule fits the rest of its contract.

use num_bigint::BigInt;
use num_rational::BigRational;

use super::super::exact::{Decimal, Percent};
use super::super::rounding::Rounding;
use super::{Bands, CreditRule, CreditSchedule, FlatCredit, Top, TwelveMonthCap, UptimeBand};
use crate::fraction::Fraction;
use crate::money::Currency;

/// Most days that a band may be worth.
const DAYS_MAX: u32 = 366;

/// Most decimals that a number in a contract has.
const DIGITS_MAX: u8 = 9;

impl CreditSchedule {
    /// Whether its bands begin at the target and leave no hole that the rounding does not explain.
    /// The error begins with the path of the key, from the credit table on.
    pub(crate) fn check(&self, target: &Fraction, rounding: &Rounding) -> Result<(), String> {
        match &self.rule {
            CreditRule::Bands(bands) => check_bands(bands, target, rounding),
            CreditRule::DailyMultiple(bands) => check_bands(bands, target, rounding),
            CreditRule::Flat(_) | CreditRule::PerStep(_) | CreditRule::Proportional { .. } => {
                Ok(())
            }
        }
    }

    /// Whether its amounts are amounts in this currency. The error begins with the path of the
    /// key, from the credit table on.
    pub(crate) fn check_currency(&self, currency: Currency) -> Result<(), String> {
        let amount = |path: &str, amount: &Decimal| {
            let minor = currency.exact_minor(amount.fraction());
            if minor.ratio().is_integer() {
                return Ok(());
            }
            let digits = currency.digits();
            Err(format!(
                "`{path}`: {currency} has {} only",
                decimals(digits)
            ))
        };
        if let CreditRule::Flat(FlatCredit::Amount(flat)) = &self.rule {
            amount("amount", flat)?;
        }
        if let Some(cap) = &self.caps.amount {
            amount("cap_amount", cap)?;
        }
        if let Some(TwelveMonthCap::Amount(cap)) = &self.caps.twelve_months {
            amount("cap_12_months_amount", cap)?;
        }
        let Some(min) = &self.min_amount else {
            return Ok(());
        };
        if min.currency.is_some_and(|own| own != currency) {
            return Err(format!(
                "`min_amount.currency`: must be the contract's own, {currency}"
            ));
        }
        amount(
            &format!("min_amount.{}", min.least.key()),
            min.least.amount(),
        )
    }
}

fn check_bands<W>(bands: &Bands<W>, target: &Fraction, rounding: &Rounding) -> Result<(), String> {
    match bands {
        Bands::Uptime(bands) => {
            let mut above = target;
            for (at, band) in bands.iter().enumerate() {
                check_top(at, band, above, rounding)?;
                above = band.ge.as_ref().map_or(above, Percent::fraction);
            }
            Ok(())
        }
        Bands::Downtime(bands) => {
            let late = |gt: &Decimal| *gt.fraction() > Fraction::zero();
            match bands.first() {
                Some(first)
                    if *target == Fraction::one() && first.gt_minutes.as_ref().is_some_and(late) =>
                {
                    Err("`bands.0.gt_minutes`: must be 0, because any downtime misses a target of 100 percent".to_owned())
                }
                _ => Ok(()),
            }
        }
    }
}

/// Whether a band ends where the one above it (or the target, above the first) begins.
fn check_top<W>(
    at: usize,
    band: &UptimeBand<W>,
    above: &Fraction,
    rounding: &Rounding,
) -> Result<(), String> {
    let begins = if at == 0 {
        "the target"
    } else {
        "where the band above begins"
    };
    let shown = percent_text;
    match &band.top {
        Top::Below(lt) if lt.fraction() == above => Ok(()),
        Top::Below(lt) => Err(format!(
            "`bands.{at}.lt`: must be {}, {begins}{}",
            shown(above),
            hole_or_overlap(lt.fraction(), above)
        )),
        Top::UpTo(le) => {
            let Some(digits) = rounding.digits() else {
                return Err(format!(
                    "`bands.{at}.le`: leaves a hole below {}, {begins}, that only rounding explains: use `lt`, or say how the text rounds in `rounding`",
                    shown(above)
                ));
            };
            let unit = unit(digits);
            let expected = Fraction::from_ratio(above.ratio() - unit.ratio());
            // Rounded uptimes are multiples of the unit: an edge between two of them would be
            // ambiguous in the other direction.
            if !(above.ratio() / unit.ratio()).is_integer() {
                return Err(format!(
                    "`bands.{at}.le`: {}, {begins}, has more than the {} that `rounding` keeps: use `lt`",
                    shown(above),
                    decimals(digits)
                ));
            }
            if *le.fraction() == expected {
                return Ok(());
            }
            Err(format!(
                "`bands.{at}.le`: must be {}, the highest of {} below {}, {begins}",
                shown(&expected),
                decimals(digits),
                shown(above)
            ))
        }
    }
}

/// What is wrong where a band ends below or above where the one above it begins.
pub(super) fn hole_or_overlap(end: &Fraction, above: &Fraction) -> String {
    let (low, high) = (end.min(above), end.max(above));
    let (low, high) = (percent_text(low), percent_text(high));
    if end < above {
        format!(": nothing is said from {low} to {high} (for rounded percentages use `le`)")
    } else {
        format!(": two things are said from {low} to {high}")
    }
}

fn decimals(digits: u8) -> String {
    let plural = if digits == 1 { "" } else { "s" };
    format!("{digits} decimal{plural}")
}

/// One unit of the last of so many decimals of a percentage, as a ratio.
fn unit(digits: u8) -> Fraction {
    let per_one = BigInt::from(10).pow(u32::from(digits) + 2);
    Fraction::from_ratio(BigRational::new(1.into(), per_one))
}

/// A percentage above 0 and up to 100.
pub(in super::super) fn share(percent: &Percent) -> Result<(), String> {
    let share = percent.fraction();
    if *share > Fraction::zero() && *share <= Fraction::one() {
        Ok(())
    } else {
        Err("must be above 0 and at most 100 percent".to_owned())
    }
}

/// A number of days above 0.
pub(super) fn days(days: &Decimal) -> Result<(), String> {
    positive(days)?;
    if *days.fraction().ratio() <= BigRational::from_integer(DAYS_MAX.into()) {
        Ok(())
    } else {
        Err(format!("must be at most {DAYS_MAX} days"))
    }
}

/// A number above 0.
pub(super) fn positive(number: &Decimal) -> Result<(), String> {
    if *number.fraction() > Fraction::zero() {
        Ok(())
    } else {
        Err("must be above 0".to_owned())
    }
}

/// A ratio as a percentage, as contracts write it.
pub(in super::super) fn percent_text(ratio: &Fraction) -> String {
    without_zeros(&ratio.percent_string(DIGITS_MAX))
}

/// A number as contracts write it.
pub(super) fn decimal_text(number: &Fraction) -> String {
    without_zeros(&number.decimal_string(DIGITS_MAX))
}

fn without_zeros(decimal: &str) -> String {
    decimal
        .trim_end_matches('0')
        .trim_end_matches('.')
        .to_owned()
}
