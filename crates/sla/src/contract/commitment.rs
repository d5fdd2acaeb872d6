//! One promise: its formula, its target and what missing it is worth.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::Basis;
use crate::fraction::Fraction;
use crate::money::Money;

/// One promise of a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commitment {
    /// Name within the contract.
    pub id: String,
    /// Uptime promised, as a ratio: 99.9 % is 999/1000.
    pub target: Fraction,
    /// How uptime is compared with it.
    pub compare: Compare,
    /// What is done to uptime before comparing.
    pub rounding: Rounding,
    /// The formula.
    pub metric: Metric,
    /// What a breach is worth, where it is worth money.
    pub credit: Option<CreditSchedule>,
    /// How sure the commitment is.
    pub basis: Basis,
}

/// How uptime is compared with the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// Met when at least the target.
    Ge,
}

/// What is done to uptime before it is compared and looked up in the bands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rounding {
    /// How.
    pub mode: RoundingMode,
    /// How sure that is.
    pub basis: Basis,
}

/// How uptime is rounded, as a percentage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RoundingMode {
    /// Not at all: compared exactly.
    #[default]
    None,
    /// Half-up.
    HalfUp {
        /// Decimals of the percentage that stay.
        digits: u8,
    },
    /// Cut off.
    Floor {
        /// Decimals of the percentage that stay.
        digits: u8,
    },
}

/// The formula that uptime is computed by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Metric {
    /// Share of minutes outside of runs of bad minutes.
    DowntimeMinutes(DowntimeMinutes),
    /// Mean over intervals of the share of requests that succeed.
    IntervalMean(IntervalMean),
}

/// The name of a formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// [`DowntimeMinutes`].
    DowntimeMinutes,
    /// [`IntervalMean`].
    IntervalMean,
}

/// Uptime = (minutes - minutes in runs of at least `min_run_minutes` bad ones) / minutes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DowntimeMinutes {
    /// When a minute is bad.
    pub rule: BadMinute,
    /// Shortest run that counts, in minutes; 1 counts every bad minute.
    pub min_run_minutes: NonZeroU32,
    /// Valid requests below which a minute is never bad.
    pub min_valid_per_minute: u64,
}

/// When a minute is bad.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadMinute {
    /// When the share of errors among valid requests is strictly above the threshold.
    RateGt {
        /// A ratio below 1.
        threshold: Fraction,
    },
    /// When there was a valid request and all of them failed.
    AllFail,
}

/// Uptime = mean over intervals of (1 - errors / valid requests).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntervalMean {
    /// Length of an interval in minutes, `1..=1440`.
    pub interval_minutes: NonZeroU32,
    /// Where intervals begin.
    pub align: Align,
    /// What an interval without a valid request is.
    pub empty: EmptyInterval,
}

/// Where intervals begin. One that sticks out of the window counts with its part inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// On multiples of their length since 1970-01-01T00:00Z.
    Epoch,
    /// At the start of the window.
    WindowStart,
}

/// What a measured interval without a valid request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmptyInterval {
    /// Fully available.
    Up,
    /// Left out of the mean.
    Skip,
}

/// What a breach is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditSchedule {
    /// What percentages are percentages of.
    pub base: CreditBase,
    /// Bands from the top down, without holes, the last open to zero.
    pub bands: Vec<Band>,
    /// Highest share that is credited.
    pub cap: Option<Fraction>,
    /// The exact amount that a credit must exceed to be given at all.
    pub min_amount: Option<Money>,
}

/// What credit percentages are percentages of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreditBase {
    /// The window's fees for what the contract covers.
    MonthFeesInScope,
    /// The window's whole invoice.
    Invoice,
}

/// The half-open range `[ge, lt)` of uptime and the share of fees credited in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// Lowest uptime inside, as a ratio; absent in the last band.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ge: Option<Fraction>,
    /// Lowest uptime above, as a ratio.
    pub lt: Fraction,
    /// Share of the fees credited, as a ratio: 10 % is 1/10.
    pub percent: Fraction,
}

impl Metric {
    /// Its name.
    #[must_use]
    pub const fn family(&self) -> Family {
        match self {
            Self::DowntimeMinutes(_) => Family::DowntimeMinutes,
            Self::IntervalMean(_) => Family::IntervalMean,
        }
    }
}

impl Family {
    /// The word used in contracts and assessments.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DowntimeMinutes => "downtime_minutes",
            Self::IntervalMean => "interval_mean",
        }
    }
}

impl RoundingMode {
    /// Applies it to an uptime.
    pub(crate) fn apply(self, uptime: &Fraction) -> Fraction {
        match self {
            Self::None => uptime.clone(),
            Self::HalfUp { digits } => uptime.percent_half_up(digits),
            Self::Floor { digits } => uptime.percent_floor(digits),
        }
    }
}

impl Commitment {
    /// Whether an exact uptime keeps the promise, after the contract's rounding.
    #[must_use]
    pub fn kept_by(&self, uptime: &Fraction) -> bool {
        match self.compare {
            Compare::Ge => self.rounding.mode.apply(uptime) >= self.target,
        }
    }
}

impl Band {
    pub(crate) fn contains(&self, uptime: &Fraction) -> bool {
        self.ge.as_ref().is_none_or(|ge| uptime >= ge) && *uptime < self.lt
    }
}
