//! Upper limits of a credit, and cutting one to them.
//!
//! A worth is a share of the fees, an amount, or both. Where the fees are known everything is
//! compared as amounts, otherwise shares with shares; what cannot be compared is unchecked.

use num_rational::BigRational;
use num_traits::Zero;

use crate::contract::credit::{CreditSchedule, TwelveMonthCap};
use crate::credit::{CreditInputs, Limit};
use crate::fraction::Fraction;
use crate::money::MINOR_UNITS_MAX;

/// How much something is worth, exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Worth {
    /// As a share of the fees, where it can be told.
    pub(super) share: Option<Fraction>,
    /// In minor units, where it can be told.
    pub(super) minor: Option<Fraction>,
}

/// One upper limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bound {
    pub(super) limit: Limit,
    pub(super) worth: Worth,
}

/// A worth within its limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// What is left.
    pub(super) worth: Worth,
    /// The limits that were below the worth.
    pub(super) cuts: Vec<Limit>,
    /// The limits that could not be compared with it.
    pub(super) unchecked: Vec<Limit>,
    /// The lowest limit, in minor units: nothing may be rounded above it.
    pub(super) highest: Fraction,
}

impl Worth {
    pub(super) const UNKNOWN: Self = Self {
        share: None,
        minor: None,
    };

    pub(super) fn of_share(share: Fraction, fees: Option<&Fraction>) -> Self {
        let minor = fees.map(|fees| Fraction::from_ratio(fees.ratio() * share.ratio()));
        Self {
            share: Some(share),
            minor,
        }
    }

    pub(super) fn of_amount(minor: Fraction, fees: Option<&Fraction>) -> Self {
        let share = fees
            .filter(|fees| !fees.ratio().is_zero())
            .map(|fees| Fraction::from_ratio(minor.ratio() / fees.ratio()));
        Self {
            share,
            minor: Some(minor),
        }
    }

    /// Whether it is above the other; `None` where the two cannot be compared. Of equal amounts,
    /// such as any shares of no fees, the greater share is above.
    pub(super) fn exceeds(&self, other: &Self) -> Option<bool> {
        let shares = self.share.as_ref().zip(other.share.as_ref());
        let shares = shares.map(|(own, other)| own > other);
        match self.minor.as_ref().zip(other.minor.as_ref()) {
            Some((own, other)) if own == other => Some(shares.unwrap_or(false)),
            Some((own, other)) => Some(own > other),
            None => shares,
        }
    }

    /// What is left of it under the limits, whose order is that of the reports.
    pub(super) fn cut(self, bounds: Vec<Bound>) -> Cut {
        let mut cut = Cut {
            worth: self.clone(),
            cuts: Vec::new(),
            unchecked: Vec::new(),
            highest: Fraction::from_ratio(BigRational::from_integer(MINOR_UNITS_MAX.into())),
        };
        for Bound { limit, worth } in bounds {
            match self.exceeds(&worth) {
                None => cut.unchecked.push(limit),
                Some(false) => {}
                Some(true) => cut.cuts.push(limit),
            }
            if let Some(minor) = &worth.minor
                && *minor < cut.highest
            {
                cut.highest.clone_from(minor);
            }
            if cut.worth.exceeds(&worth) == Some(true) {
                cut.worth = worth;
            }
        }
        cut
    }
}

/// The upper limits of a schedule, in the order of [`Limit`].
pub(super) fn bounds(schedule: &CreditSchedule, inputs: &CreditInputs<'_>) -> Vec<Bound> {
    let fees = inputs.fees_minor();
    let of_share = |share: Fraction| Worth::of_share(share, fees.as_ref());
    let of_amount = |minor: Fraction| Worth::of_amount(minor, fees.as_ref());
    let mut bounds = vec![Bound {
        limit: Limit::Fees,
        worth: of_share(Fraction::one()),
    }];
    if let Some(percent) = &schedule.caps.percent {
        bounds.push(Bound {
            limit: Limit::CapPercent,
            worth: of_share(percent.fraction().clone()),
        });
    }
    if let Some(amount) = &schedule.caps.amount {
        bounds.push(Bound {
            limit: Limit::CapAmount,
            worth: of_amount(inputs.currency.exact_minor(amount.fraction())),
        });
    }
    if let Some(cap) = &schedule.caps.twelve_months {
        bounds.push(Bound {
            limit: Limit::CapTwelveMonths,
            worth: left_of(cap, inputs).map_or(Worth::UNKNOWN, of_amount),
        });
    }
    bounds
}

/// What earlier credits leave of the cap on twelve months, in minor units.
fn left_of(cap: &TwelveMonthCap, inputs: &CreditInputs<'_>) -> Option<Fraction> {
    let past = inputs.twelve_months?;
    let credited = inputs.exact(Some(past.credited))?;
    let cap = match cap {
        TwelveMonthCap::Amount(amount) => inputs.currency.exact_minor(amount.fraction()),
        TwelveMonthCap::Percent(percent) => {
            let fees = inputs.exact(past.fees)?;
            Fraction::from_ratio(fees.ratio() * percent.fraction().ratio())
        }
    };
    let left = Fraction::from_ratio(cap.ratio() - credited.ratio());
    Some(left.max(Fraction::zero()))
}
