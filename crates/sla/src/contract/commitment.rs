//! What a contract promises: a target for one measure, and what missing it is worth.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::credit::CreditSchedule;
use super::exact::{Percent, Text};
use super::metric::Metric;
use super::rounding::{Rounding, RoundingMode};
use super::scope::{Dimension, Values};
use super::{Basis, Provenance, is_default};
use crate::fraction::Fraction;

/// One promise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Commitment {
    /// Its name within the contract: lower-case letters, digits, `.`, `_` and `-`.
    pub id: Text,
    /// What is promised, in percent, from 1 to 100: `"99.9"`.
    pub target: Percent,
    /// How the result is compared with the target. Default: `"ge"`.
    #[serde(default)]
    pub compare: Compare,
    /// What is done to the result before it is compared. Default: nothing, compared exactly.
    #[serde(default)]
    pub rounding: Rounding,
    /// What targets must be for the promise to hold for them: `{ consumption =
    /// "provisioned_throughput" }`. Default: it holds for all.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub requires: BTreeMap<Dimension, Values>,
    /// Other targets for some models. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<Override>,
    /// The formula.
    pub metric: Metric,
    /// Other formulas that the text can be read as; each is a reading. Default: none.
    #[serde(default, rename = "alternative", skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<Alternative>,
    /// What a miss is worth. Default: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit: Option<CreditSchedule>,
    /// How sure the promise is. Default: `"stated"`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub basis: Basis,
    /// How close to the provider's own words it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
    /// Whatever a reader should know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
}

/// How a result is compared with its target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compare {
    /// Kept when at least the target.
    #[default]
    Ge,
    /// Kept only when above the target.
    Gt,
}

/// Another target for some models, which get a result of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// Name of the list in `[model_lists]`; no model is in the lists of two overrides.
    pub model_list: Text,
    /// What is promised for those models, in percent, from 1 to 100.
    pub target: Percent,
    /// What a miss is worth for those models. Default: as the commitment's, with bands that
    /// reach up to this target only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit: Option<CreditSchedule>,
}

/// Another formula that the text can be read as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Alternative {
    /// Its name among the readings.
    pub id: Text,
    /// Why the text can be read so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
    /// The formula.
    pub metric: Metric,
}

/// What one result is compared with: the commitment's own promise, or that of an override.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise<'a> {
    /// The commitment.
    pub commitment: &'a Commitment,
    /// The override, for the result of its models.
    pub for_models: Option<&'a Override>,
}

impl Commitment {
    /// Whether an exact result keeps the promise, after the contract's literal rounding.
    #[must_use]
    pub fn kept_by(&self, uptime: &Fraction) -> bool {
        let target = self.target.fraction();
        self.compare
            .holds(&self.rounding.literal().apply(uptime), target)
    }
}

impl Compare {
    /// Whether a result that is rounded already keeps the target.
    pub(crate) fn holds(self, uptime: &Fraction, target: &Fraction) -> bool {
        match self {
            Self::Ge => uptime >= target,
            Self::Gt => uptime > target,
        }
    }
}

impl Promise<'_> {
    /// The result promised, as a ratio.
    #[must_use]
    pub fn target(&self) -> &Fraction {
        match self.for_models {
            Some(other) => other.target.fraction(),
            None => self.commitment.target.fraction(),
        }
    }

    /// Whether any way to read its formula needs more than counts per minute.
    #[must_use]
    pub fn needs_times(&self) -> bool {
        let others = self.commitment.alternatives.iter().map(|a| &a.metric);
        let mut metrics = std::iter::once(&self.commitment.metric).chain(others);
        metrics.any(Metric::needs_times)
    }

    /// What a miss is worth.
    #[must_use]
    pub fn credit(&self) -> Option<&CreditSchedule> {
        let own = self.for_models.and_then(|other| other.credit.as_ref());
        own.or(self.commitment.credit.as_ref())
    }

    /// Whether an exact result keeps it under a rounding.
    pub(crate) fn kept_by(&self, uptime: &Fraction, rounding: RoundingMode) -> bool {
        let compare = self.commitment.compare;
        compare.holds(&rounding.apply(uptime), self.target())
    }
}
