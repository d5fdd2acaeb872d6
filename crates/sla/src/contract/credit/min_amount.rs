//! The amount that a credit has to reach to be given at all.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Decimal;
use crate::fraction::Fraction;
use crate::money::Currency;

/// The amount that a credit has to reach to be given at all, compared before rounding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "MinAmountText", into = "MinAmountText")]
#[schemars(with = "MinAmountText")]
pub struct MinAmount {
    /// How much.
    pub least: Least,
    /// The contract's currency, where it is repeated.
    pub currency: Option<Currency>,
}

/// A lower limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Least {
    /// More than this.
    MoreThan(Decimal),
    /// This or more.
    AtLeast(Decimal),
}

/// The smallest credit that is given at all, compared before rounding: exactly one of `gt` and
/// `ge`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "MinAmount")]
struct MinAmountText {
    /// A credit must be greater than this amount, in the contract's currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    gt: Option<Decimal>,
    /// A credit must be at least this amount, in the contract's currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ge: Option<Decimal>,
    /// Must be the contract's own, where given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    currency: Option<Currency>,
}

impl Least {
    /// The amount itself.
    #[must_use]
    pub const fn amount(&self) -> &Decimal {
        match self {
            Self::MoreThan(amount) | Self::AtLeast(amount) => amount,
        }
    }

    /// The key that it stands under.
    pub(super) const fn key(&self) -> &'static str {
        match self {
            Self::MoreThan(_) => "gt",
            Self::AtLeast(_) => "ge",
        }
    }

    /// Whether an exact credit reaches it; both in minor units of `currency`.
    pub(crate) fn reached_by(&self, minor: &Fraction, currency: Currency) -> bool {
        let least = currency.exact_minor(self.amount().fraction());
        match self {
            Self::MoreThan(_) => *minor > least,
            Self::AtLeast(_) => *minor >= least,
        }
    }
}

impl TryFrom<MinAmountText> for MinAmount {
    type Error = String;

    fn try_from(text: MinAmountText) -> Result<Self, String> {
        let least = match (text.gt, text.ge) {
            (Some(amount), None) => Least::MoreThan(amount),
            (None, Some(amount)) => Least::AtLeast(amount),
            (Some(_), Some(_)) | (None, None) => {
                return Err("`gt`: give exactly one of `gt`, `ge`".to_owned());
            }
        };
        Ok(Self {
            least,
            currency: text.currency,
        })
    }
}

impl From<MinAmount> for MinAmountText {
    fn from(min: MinAmount) -> Self {
        let (gt, ge) = match min.least {
            Least::MoreThan(amount) => (Some(amount), None),
            Least::AtLeast(amount) => (None, Some(amount)),
        };
        Self {
            gt,
            ge,
            currency: min.currency,
        }
    }
}
