//! What a missed commitment is worth: schedule, uptime and fees to an exact share and an amount.
//!
//! Order: the schedule's rule, then the caps (the fees are always one), then the minimum, then
//! rounding; nothing is rounded before. A limit that cannot be applied, because fees or earlier
//! credits are not known, is not guessed: the credit names it as unchecked.
//!
//! Deliberately absent: whether a commitment was missed for certain, and which reading the uptime
//! comes from. That is the caller's; here there is one uptime, already rounded by the contract.

mod limit;
mod total;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;

use std::num::NonZeroU32;

use num_rational::BigRational;
use num_traits::ToPrimitive;
use serde::{Deserialize, Serialize};

use crate::contract::credit::{
    BandRange, CreditRule, CreditSchedule, FlatCredit, Found, PerStep, StepReading,
};
use crate::contract::exact::{Decimal, Percent};
use crate::fraction::Fraction;
use crate::money::{Currency, Money};

use limit::{Worth, bounds};
pub use total::CreditTotal;
pub(crate) use total::{Due, combine};

/// What a breach is worth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credit {
    /// Share of the fees after all caps, as a ratio: 10 % is 1/10. Absent only for a flat amount
    /// where the fees are not known or zero.
    pub share: Option<Fraction>,
    /// The amount after all caps and before rounding, in minor units; absent where it hangs on
    /// fees that are not known.
    pub exact_minor: Option<Fraction>,
    /// The amount, rounded as the contract says.
    pub amount: Option<Money>,
    /// What in the schedule gave it.
    pub source: CreditSource,
    /// The limits that were below what the schedule gives, in a fixed order.
    pub cuts: Vec<Limit>,
    /// Limits of the contract that could not be applied, in a fixed order.
    pub unchecked: Vec<Limit>,
}

/// What in a schedule gave a credit. In JSON the key `kind` has the word of the contract's `kind`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum CreditSource {
    /// A band.
    Bands {
        /// How many bands stand above it.
        position: usize,
        /// Its range.
        range: BandRange,
        /// Share of the fees that it gives, as a ratio.
        percent: Fraction,
    },
    /// The same for every breach.
    Flat,
    /// Steps below the target.
    PerStep {
        /// How many.
        steps: u64,
        /// How they were counted.
        reading: StepReading,
        /// Share of the fees for each, as a ratio.
        percent: Fraction,
    },
    /// The share of the window that was lost.
    Proportional {
        /// That share: 1 - uptime.
        lost: Fraction,
        /// What it is multiplied by.
        multiplier: Fraction,
    },
    /// A band worth the fees of some days.
    DailyMultiple {
        /// How many bands stand above it.
        position: usize,
        /// Its range.
        range: BandRange,
        /// How many days' fees it gives.
        days: Fraction,
        /// Days that the window's fees are spread over.
        window_days: NonZeroU32,
    },
}

/// A limit of a credit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// The fees themselves.
    Fees,
    /// The contract's cap in percent.
    CapPercent,
    /// The contract's cap as an amount.
    CapAmount,
    /// The contract's cap on twelve months.
    #[serde(rename = "cap_12_months")]
    CapTwelveMonths,
    /// The smallest credit that is given.
    MinAmount,
}

/// Why a missed commitment is worth nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case", deny_unknown_fields)]
pub enum NoCredit {
    /// The target was kept after all.
    TargetKept,
    /// No band of the contract lists this uptime: it lies in a hole that only rounding closes, or
    /// before the first band of downtime.
    InNoBand,
    /// Less than one full step below the target.
    BelowOneStep,
    /// The cap on twelve months was used up by earlier credits.
    CapUsedUp,
    /// Below the smallest credit that is given.
    BelowMinimum {
        /// What it would have been, in minor units.
        exact_minor: Fraction,
    },
}

/// What a credit is computed from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CreditInputs<'a> {
    /// Uptime promised.
    pub(crate) target: &'a Fraction,
    /// Uptime kept, rounded by the contract's rule.
    pub(crate) uptime: &'a Fraction,
    /// Downtime behind it, unrounded.
    pub(crate) downtime_minutes: &'a Fraction,
    /// Days that the window's fees are spread over.
    pub(crate) window_days: NonZeroU32,
    /// The contract's currency. Fees and credits in another one count as not known.
    pub(crate) currency: Currency,
    /// The window's fees of the schedule's base, where known.
    pub(crate) fees: Option<Money>,
    /// What the twelve months that end with the window saw, where known.
    pub(crate) twelve_months: Option<TwelveMonths>,
    /// How steps are counted.
    pub(crate) steps: StepReading,
}

/// Fees and credits of the twelve months that end with the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TwelveMonths {
    /// Credits before the window's own.
    pub(crate) credited: Money,
    /// Fees of the schedule's base, where known.
    pub(crate) fees: Option<Money>,
}

/// Computes what an uptime below the target is worth, or says why nothing.
pub(crate) fn credit(
    schedule: &CreditSchedule,
    inputs: &CreditInputs<'_>,
) -> Result<Credit, NoCredit> {
    if inputs.uptime >= inputs.target {
        return Err(NoCredit::TargetKept);
    }
    let (worth, source) = inputs.worth(&schedule.rule)?;
    let cut = worth.cut(bounds(schedule, inputs));
    let mut unchecked = cut.unchecked;
    if let Some(exact) = &cut.worth.minor {
        if *exact == Fraction::zero() && cut.cuts.contains(&Limit::CapTwelveMonths) {
            return Err(NoCredit::CapUsedUp);
        }
        if let Some(min) = &schedule.min_amount
            && !min.least.reached_by(exact, inputs.currency)
        {
            return Err(NoCredit::BelowMinimum {
                exact_minor: exact.clone(),
            });
        }
    } else if schedule.min_amount.is_some() {
        unchecked.push(Limit::MinAmount);
    }
    let rule = (schedule.rounding, schedule.amount_unit);
    let round =
        |exact: &Fraction| Money::rounded_within(exact, &cut.highest, inputs.currency, rule);
    Ok(Credit {
        amount: cut.worth.minor.as_ref().map(round),
        share: cut.worth.share,
        exact_minor: cut.worth.minor,
        source,
        cuts: cut.cuts,
        unchecked,
    })
}

impl CreditInputs<'_> {
    /// The fees in minor units.
    fn fees_minor(&self) -> Option<Fraction> {
        self.exact(self.fees)
    }

    /// An amount in minor units, where it is in the contract's currency.
    fn exact(&self, amount: Option<Money>) -> Option<Fraction> {
        amount
            .filter(|amount| amount.currency() == self.currency)
            .map(Money::exact)
    }

    /// What the rule gives, before any limit.
    fn worth(&self, rule: &CreditRule) -> Result<(Worth, CreditSource), NoCredit> {
        let fees = self.fees_minor();
        let share = |share: Fraction| Worth::of_share(share, fees.as_ref());
        match rule {
            CreditRule::Bands(bands) => {
                let found: Found<'_, Percent> = bands
                    .find(self.uptime, self.downtime_minutes)
                    .ok_or(NoCredit::InNoBand)?;
                let percent = found.worth.fraction().clone();
                let source = CreditSource::Bands {
                    position: found.position,
                    range: found.range,
                    percent: percent.clone(),
                };
                Ok((share(percent), source))
            }
            CreditRule::Flat(FlatCredit::Percent(percent)) => {
                Ok((share(percent.fraction().clone()), CreditSource::Flat))
            }
            CreditRule::Flat(FlatCredit::Amount(amount)) => {
                let minor = self.currency.exact_minor(amount.fraction());
                Ok((Worth::of_amount(minor, fees.as_ref()), CreditSource::Flat))
            }
            CreditRule::PerStep(rule) => {
                let (percent, source) = self.steps(rule)?;
                Ok((share(percent), source))
            }
            CreditRule::Proportional { multiplier } => {
                let multiplier = multiplier
                    .as_ref()
                    .map_or_else(Fraction::one, |multiplier| multiplier.fraction().clone());
                let lost = Fraction::one().ratio() - self.uptime.ratio();
                let percent = Fraction::from_ratio(&lost * multiplier.ratio());
                let lost = Fraction::from_ratio(lost);
                let source = CreditSource::Proportional { lost, multiplier };
                Ok((share(percent), source))
            }
            CreditRule::DailyMultiple(bands) => {
                let found: Found<'_, Decimal> = bands
                    .find(self.uptime, self.downtime_minutes)
                    .ok_or(NoCredit::InNoBand)?;
                let days = found.worth.fraction().clone();
                let all = BigRational::from_integer(self.window_days.get().into());
                let percent = Fraction::from_ratio(days.ratio() / all);
                let source = CreditSource::DailyMultiple {
                    position: found.position,
                    range: found.range,
                    days,
                    window_days: self.window_days,
                };
                Ok((share(percent), source))
            }
        }
    }

    fn steps(&self, rule: &PerStep) -> Result<(Fraction, CreditSource), NoCredit> {
        let below = self.target.ratio() - self.uptime.ratio();
        let steps = below / rule.step.fraction().ratio();
        let steps = match self.steps {
            StepReading::Floor => steps.floor(),
            StepReading::Ceil => steps.ceil(),
        };
        let count = steps.to_integer().to_u64().unwrap_or(u64::MAX);
        if count == 0 {
            return Err(NoCredit::BelowOneStep);
        }
        let percent = rule.percent.fraction().clone();
        let share = Fraction::from_ratio(percent.ratio() * steps);
        let source = CreditSource::PerStep {
            steps: count,
            reading: self.steps,
            percent,
        };
        Ok((share, source))
    }
}
