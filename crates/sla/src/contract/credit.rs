//! What a missed commitment is worth: the table `[commitment.credit]`.
//!
//! A [`CreditSchedule`] that was read from text is consistent in itself: the keys belong to its
//! kind, bands are sorted, do not overlap, never get cheaper on the way down and end open. What
//! needs the rest of the contract is checked where that is known: `CreditSchedule::check` against
//! target and rounding, `check_currency` against the currency. Nothing is computed
//! here; that is [`mod@crate::credit`].

mod bands;
mod check;
mod min_amount;
mod text;

#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::exact::{Decimal, Percent};
use super::{Basis, Provenance};
use crate::money::{AmountRounding, AmountUnit};

pub(crate) use bands::Found;
pub use bands::{BandRange, Bands, DowntimeBand, RangeTop, Top, UptimeBand};
pub(super) use check::{percent_text, share};
pub use min_amount::{Least, MinAmount};
use text::CreditText;

/// What a missed commitment is worth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "CreditText", into = "CreditText")]
#[schemars(with = "CreditText")]
pub struct CreditSchedule {
    /// How it is computed.
    pub rule: CreditRule,
    /// What percentages are percentages of.
    pub base: CreditBase,
    /// Upper limits.
    pub caps: Caps,
    /// The amount below which no credit is given.
    pub min_amount: Option<MinAmount>,
    /// How the amount is rounded.
    pub rounding: AmountRounding,
    /// What it is rounded to.
    pub amount_unit: AmountUnit,
    /// What it is given as.
    pub form: CreditForm,
    /// Whether of several commitments missed by the same downtime only the dearest is credited.
    pub one_level_per_incident: bool,
    /// How sure the schedule is.
    pub schedule_basis: Basis,
    /// Where the schedule was read.
    pub provenance: Option<Provenance>,
    /// What else there is to say.
    pub note: Option<String>,
}

/// How a credit is computed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CreditRule {
    /// A share of the fees by how low uptime fell.
    Bands(Bands<Percent>),
    /// The same for every breach.
    Flat(FlatCredit),
    /// A share of the fees for every step of uptime below the target.
    PerStep(PerStep),
    /// Fees x multiplier x share of the window that was lost (1 - uptime).
    Proportional {
        /// The multiplier, above 0; 1 where the text names none.
        multiplier: Option<Decimal>,
    },
    /// A number of days' fees, of which the window has as many as days, by how low uptime fell.
    DailyMultiple(Bands<Decimal>),
}

/// The same credit for every breach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlatCredit {
    /// A share of the fees.
    Percent(Percent),
    /// An amount in the contract's currency.
    Amount(Decimal),
}

/// A share of the fees for every step of uptime below the target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PerStep {
    /// Length of a step.
    pub step: Percent,
    /// Share of the fees for each.
    pub percent: Percent,
    /// What a step begun is worth.
    pub steps: StepClause,
}

/// Upper limits of a credit. The fees themselves always are one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caps {
    /// Highest share of the same fees.
    pub percent: Option<Percent>,
    /// Highest amount, in the contract's currency.
    pub amount: Option<Decimal>,
    /// Highest total of the twelve months that end with the window.
    pub twelve_months: Option<TwelveMonthCap>,
}

/// Highest total of credits in the twelve months that end with the window, its own included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TwelveMonthCap {
    /// A share of the fees of those months.
    Percent(Percent),
    /// An amount in the contract's currency.
    Amount(Decimal),
}

/// Which schedule of credits the text has.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CreditKind {
    /// `bands`: each band of uptime, or of downtime, is worth a percentage of the fees.
    Bands,
    /// `percent` or `amount`: the same for every breach.
    Flat,
    /// `percent` for each `step` of uptime below the target.
    PerStep,
    /// The share of the window that was lost, times `multiplier`.
    Proportional,
    /// `bands`: each is worth the fees of some `days`.
    DailyMultiple,
}

/// What credit percentages are percentages of.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CreditBase {
    /// The window's fees for what the contract covers.
    MonthFeesInScope,
    /// The window's whole invoice.
    Invoice,
    /// The window's fixed fees, without those by use.
    FixedFees,
}

/// What a step begun, but not full, is worth.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum StepClause {
    /// Nothing: only full steps count.
    Floor,
    /// As much as a full one.
    Ceil,
    /// The text does not say: judged as `floor`, with `ceil` as another reading.
    Unknown,
}

/// How steps are counted in one reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepReading {
    /// Full steps only.
    Floor,
    /// Steps begun count as full.
    Ceil,
}

/// What a credit is given as. Changes words only.
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
pub enum CreditForm {
    /// A credit against later bills.
    #[default]
    Credit,
    /// A voucher.
    Voucher,
    /// Money paid back.
    Refund,
    /// Days of service added.
    Days,
}

impl CreditSchedule {
    /// The ways in which its steps may be counted, the literal one first. Only `per_step` with
    /// `steps = "unknown"` has more than one.
    #[must_use]
    pub const fn step_readings(&self) -> &'static [StepReading] {
        match &self.rule {
            CreditRule::PerStep(rule) => rule.steps.readings(),
            _ => &[StepReading::Floor],
        }
    }
}

impl CreditRule {
    /// Its name.
    #[must_use]
    pub const fn kind(&self) -> CreditKind {
        match self {
            Self::Bands(_) => CreditKind::Bands,
            Self::Flat(_) => CreditKind::Flat,
            Self::PerStep(_) => CreditKind::PerStep,
            Self::Proportional { .. } => CreditKind::Proportional,
            Self::DailyMultiple(_) => CreditKind::DailyMultiple,
        }
    }
}

impl CreditKind {
    /// The word used in contracts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bands => "bands",
            Self::Flat => "flat",
            Self::PerStep => "per_step",
            Self::Proportional => "proportional",
            Self::DailyMultiple => "daily_multiple",
        }
    }
}

impl StepClause {
    const fn readings(self) -> &'static [StepReading] {
        match self {
            Self::Floor => &[StepReading::Floor],
            Self::Ceil => &[StepReading::Ceil],
            Self::Unknown => &[StepReading::Floor, StepReading::Ceil],
        }
    }
}

impl CreditForm {
    /// Words for pages and letters.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Credit => "service credit",
            Self::Voucher => "voucher",
            Self::Refund => "refund",
            Self::Days => "added days of service",
        }
    }
}
