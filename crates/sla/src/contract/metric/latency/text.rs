//! `family = "latency_attainment"` as it is written.

use std::num::{NonZeroU32, NonZeroU64};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::super::exact::{Decimal, Percent};
use super::super::super::is_default;
use super::super::MinutesInSeconds;
use super::super::kinds::{Kinds, SampleKind};
use super::{
    Aggregate, LatencyAttainment, LatencyCompare, LatencyTarget, LatencyTargets, LatencyWindows,
    PercentileMethod, Quantity, SampleFilter, TokenTiming,
};
use crate::fraction::Fraction;

/// Length of a latency window where the contract names none, in minutes.
const WINDOW_MINUTES: NonZeroU32 = NonZeroU32::new(5).expect("5 is not 0");

/// Attainment is the share of latency windows whose percentile is fast enough, or the share of
/// requests that are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "LatencyAttainment")]
pub(in super::super) struct LatencyAttainmentText {
    /// What attainment is a share of.
    aggregate: AggregateWord,
    /// Length of a latency window in seconds, a multiple of 60 up to 86400, on multiples of
    /// itself since 1970 in UTC. Default: `300`. Not for `aggregate = "requests"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    window_s: Option<MinutesInSeconds>,
    /// Percentile of a window's samples, above 0 and up to 100: `"50"`. Required, except for
    /// `aggregate = "requests"`, where it has no place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    percentile: Option<Percent>,
    /// How the percentile is found among few samples. Default: `"unknown"`. Not for
    /// `aggregate = "requests"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    percentile_method: Option<PercentileMethod>,
    /// What is measured of every sample.
    quantity: QuantityWord,
    /// Which tokens are divided by which time. Default: `"unknown"`. Only for
    /// `output_tokens_per_second` and `time_per_output_token_ms`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quantity_definition: Option<TokenTiming>,
    /// How a value is compared with the one promised.
    compare: LatencyCompare,
    /// Which samples are valid. Default: all successful ones.
    #[serde(default, skip_serializing_if = "is_default")]
    sample: SampleFilter,
    /// Valid samples below which a window is not counted. Default: `1`. Not for
    /// `aggregate = "requests"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    min_samples_per_window: Option<NonZeroU64>,
    /// The value promised, in the unit of `quantity`. Exactly one of `value` and `targets` is
    /// given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<Decimal>,
    /// The value promised by model; the first whose `model` matches holds, and samples of other
    /// models are not valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    targets: Option<Vec<LatencyTarget>>,
    /// Which samples are counted. Default: `["planned", "traffic"]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kinds: Option<Vec<SampleKind>>,
}

/// What attainment is a share of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Aggregate")]
enum AggregateWord {
    /// Of windows with enough samples, by a percentile of each.
    Windows,
    /// Of all valid requests.
    Requests,
    /// The text does not say; judged as `windows`.
    Unknown,
}

/// What is measured of every sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Quantity")]
enum QuantityWord {
    /// Output tokens per second.
    OutputTokensPerSecond,
    /// Milliseconds from the request sent to the first visible text.
    TtftMs,
    /// Milliseconds from the request sent to the end of the answer.
    TotalMs,
    /// Milliseconds per output token.
    TimePerOutputTokenMs,
}

impl LatencyAttainmentText {
    fn aggregate(&self) -> Result<Aggregate, String> {
        match self.aggregate {
            AggregateWord::Windows => self.windows().map(Aggregate::Windows),
            AggregateWord::Unknown => self.windows().map(Aggregate::Unknown),
            AggregateWord::Requests => {
                let given = [
                    ("window_s", self.window_s.is_some()),
                    ("percentile", self.percentile.is_some()),
                    ("percentile_method", self.percentile_method.is_some()),
                    (
                        "min_samples_per_window",
                        self.min_samples_per_window.is_some(),
                    ),
                ];
                match given.into_iter().find(|(_, given)| *given) {
                    None => Ok(Aggregate::Requests),
                    Some((key, _)) => Err(format!(
                        "`{key}`: has no place where aggregate = \"requests\""
                    )),
                }
            }
        }
    }

    fn windows(&self) -> Result<LatencyWindows, String> {
        let percentile = self.percentile.clone();
        let percentile = percentile.ok_or(
            "`aggregate`: windows need `percentile`, the one of their samples that counts",
        )?;
        if !(Fraction::zero() < *percentile.fraction() && *percentile.fraction() <= Fraction::one())
        {
            return Err("`percentile`: must be above 0 and at most 100".to_owned());
        }
        Ok(LatencyWindows {
            window_minutes: self.window_s.map_or(WINDOW_MINUTES, |length| length.0),
            percentile,
            method: self.percentile_method.unwrap_or_default(),
            min_samples: self.min_samples_per_window.unwrap_or(NonZeroU64::MIN),
        })
    }

    fn quantity(&self) -> Result<Quantity, String> {
        let timing = self.quantity_definition.unwrap_or_default();
        match (self.quantity, self.quantity_definition) {
            (QuantityWord::OutputTokensPerSecond, _) => Ok(Quantity::OutputTokensPerSecond(timing)),
            (QuantityWord::TimePerOutputTokenMs, _) => Ok(Quantity::TimePerOutputTokenMs(timing)),
            (QuantityWord::TtftMs, None) => Ok(Quantity::TtftMs),
            (QuantityWord::TotalMs, None) => Ok(Quantity::TotalMs),
            (QuantityWord::TtftMs | QuantityWord::TotalMs, Some(_)) => {
                Err("`quantity_definition`: only belongs to quantities of tokens".to_owned())
            }
        }
    }
}

fn positive(key: &str, value: &Decimal) -> Result<(), String> {
    if *value.fraction() > Fraction::zero() {
        return Ok(());
    }
    Err(format!("`{key}`: must be above 0"))
}

fn targets(
    value: Option<Decimal>,
    targets: Option<Vec<LatencyTarget>>,
) -> Result<LatencyTargets, String> {
    let models = match (value, targets) {
        (Some(value), None) => {
            positive("value", &value)?;
            return Ok(LatencyTargets::All(value));
        }
        (None, Some(models)) => models,
        (Some(_), Some(_)) | (None, None) => {
            return Err("`value`: give exactly one of `value`, `targets`".to_owned());
        }
    };
    if models.is_empty() {
        return Err("`targets`: name at least one model".to_owned());
    }
    for (index, target) in models.iter().enumerate() {
        positive(&format!("targets.{index}.value"), &target.value)?;
        if models[..index]
            .iter()
            .any(|above| above.model == target.model)
        {
            return Err(format!("`targets.{index}.model`: another target names it"));
        }
    }
    Ok(LatencyTargets::PerModel(models))
}

impl TryFrom<LatencyAttainmentText> for LatencyAttainment {
    type Error = String;

    fn try_from(text: LatencyAttainmentText) -> Result<Self, String> {
        let sample = &text.sample;
        if let (Some(min), Some(max)) = (sample.min_output_tokens, sample.max_output_tokens)
            && min > max
        {
            return Err("`sample.max_output_tokens`: is below `min_output_tokens`".to_owned());
        }
        Ok(Self {
            aggregate: text.aggregate()?,
            quantity: text.quantity()?,
            compare: text.compare,
            sample: text.sample,
            targets: targets(text.value, text.targets)?,
            kinds: text
                .kinds
                .map_or(Ok(Kinds::planned_and_traffic()), Kinds::listed)?,
        })
    }
}

impl From<LatencyAttainment> for LatencyAttainmentText {
    fn from(rule: LatencyAttainment) -> Self {
        let (aggregate, windows) = match rule.aggregate {
            Aggregate::Windows(windows) => (AggregateWord::Windows, Some(windows)),
            Aggregate::Requests => (AggregateWord::Requests, None),
            Aggregate::Unknown(windows) => (AggregateWord::Unknown, Some(windows)),
        };
        let (quantity, quantity_definition) = match rule.quantity {
            Quantity::OutputTokensPerSecond(timing) => {
                (QuantityWord::OutputTokensPerSecond, Some(timing))
            }
            Quantity::TtftMs => (QuantityWord::TtftMs, None),
            Quantity::TotalMs => (QuantityWord::TotalMs, None),
            Quantity::TimePerOutputTokenMs(timing) => {
                (QuantityWord::TimePerOutputTokenMs, Some(timing))
            }
        };
        let (value, targets) = match rule.targets {
            LatencyTargets::All(value) => (Some(value), None),
            LatencyTargets::PerModel(targets) => (None, Some(targets)),
        };
        let of = windows.as_ref();
        let length = |windows: &LatencyWindows| MinutesInSeconds(windows.window_minutes);
        Self {
            aggregate,
            window_s: of.map(length),
            percentile_method: of.map(|windows| windows.method),
            min_samples_per_window: of.map(|windows| windows.min_samples),
            percentile: windows.map(|windows| windows.percentile),
            quantity,
            quantity_definition,
            compare: rule.compare,
            sample: rule.sample,
            value,
            targets,
            kinds: rule.kinds.unless(&Kinds::planned_and_traffic()),
        }
    }
}
