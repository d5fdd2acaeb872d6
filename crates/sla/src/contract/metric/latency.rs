//! `family = "latency_attainment"`.

use std::num::{NonZeroU32, NonZeroU64};

use schemars::JsonSchema;
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};

use super::super::exact::{self, Decimal, Percent};
use super::super::whole::Whole;
use super::kinds::Kinds;

mod text;

/// Attainment = compliant latency windows / latency windows with enough samples, or the same of
/// single requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(
    try_from = "text::LatencyAttainmentText",
    into = "text::LatencyAttainmentText"
)]
#[schemars(with = "text::LatencyAttainmentText")]
pub struct LatencyAttainment {
    /// What is counted.
    pub aggregate: Aggregate,
    /// What is measured of every sample.
    pub quantity: Quantity,
    /// How it is compared with the value promised.
    pub compare: LatencyCompare,
    /// Which samples are valid.
    pub sample: SampleFilter,
    /// The values promised.
    pub targets: LatencyTargets,
    /// Which samples are counted.
    pub kinds: Kinds,
}

/// What attainment is a share of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Aggregate {
    /// Of windows, by a percentile of their samples.
    Windows(LatencyWindows),
    /// Of valid requests.
    Requests,
    /// The text does not say; judged as [`Self::Windows`].
    Unknown(LatencyWindows),
}

/// How samples become one value per window. Windows lie on multiples of their length since
/// 1970-01-01T00:00Z; one that sticks out of the contract's window counts with its part inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LatencyWindows {
    /// Length in minutes, `1..=1440`.
    pub window_minutes: NonZeroU32,
    /// Which percentile, above 0 and up to 100.
    pub percentile: Percent,
    /// How it is found among few samples.
    pub method: PercentileMethod,
    /// Samples below which a window is not counted.
    pub min_samples: NonZeroU64,
}

/// How a percentile p of n values, sorted upwards, is found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PercentileMethod {
    /// The value at position floor(p x (n - 1)), counted from 0: the lower neighbour of what
    /// `linear` takes. For the median of 48, 51, 52, 60 it is 51.
    NearestRankLower,
    /// The value at position ceil(p x n), counted from 1. Its median is that of
    /// `nearest_rank_lower`, its higher percentiles are higher.
    NearestRank,
    /// At position p x (n - 1), counted from 0, between its two neighbours in proportion. For the
    /// median of 48, 51, 52, 60 it is 51.5.
    Linear,
    /// The text does not say; judged as `nearest_rank_lower`.
    #[default]
    Unknown,
}

/// What is measured of every sample. A sample that lacks what its quantity needs cannot be told,
/// and widens the bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Output tokens per second.
    OutputTokensPerSecond(TokenTiming),
    /// Milliseconds from the request sent to the first visible text.
    TtftMs,
    /// Milliseconds from the request sent to the end of the answer.
    TotalMs,
    /// Milliseconds per output token: the inverse of [`Self::OutputTokensPerSecond`].
    TimePerOutputTokenMs(TokenTiming),
}

/// Which tokens are divided by which time. Where a log does not say when the request was sent, it
/// is the start of the attempt. Answers in which there is no token to count are not valid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenTiming {
    /// All output tokens, by the time from the request sent to the last visible text.
    TokensOverTotal,
    /// All output tokens but the first, by the time from the first to the last visible text.
    TokensMinusOneOverGeneration,
    /// The text does not say; judged as `tokens_minus_one_over_generation`, which leaves the time
    /// to the first token out.
    #[default]
    Unknown,
}

/// How a value is compared with the one promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LatencyCompare {
    /// Kept when above.
    Gt,
    /// Kept when at least.
    Ge,
    /// Kept when below.
    Lt,
    /// Kept when at most.
    Le,
}

/// Which samples are valid: all that is given must hold. A sample whose log does not say how many
/// tokens there were cannot be told, and widens the bounds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SampleFilter {
    /// Whether a streamed answer was asked for. Default: either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<bool>,
    /// HTTP status of the answer, any of these. Default: any.
    #[serde(
        default,
        deserialize_with = "statuses",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(with = "Vec<Status>")]
    pub status: Vec<u16>,
    /// Fewest output tokens; "more than 75" is 76.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_output_tokens: Option<u64>,
    /// Most output tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<u64>,
    /// Most input tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_context_tokens: Option<u64>,
    /// Service tier that the answer names, any of these; never answers that name none. Default:
    /// any.
    #[serde(
        default,
        deserialize_with = "exact::lines",
        skip_serializing_if = "Vec::is_empty"
    )]
    #[schemars(with = "Vec<exact::Text>")]
    pub tier: Vec<String>,
}

/// An HTTP status.
type Status = Whole<100, 599>;

fn statuses<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u16>, D::Error> {
    let statuses = Vec::<Status>::deserialize(deserializer)?;
    let narrow = |status: Status| u16::try_from(status.get()).map_err(Error::custom);
    statuses.into_iter().map(narrow).collect()
}

/// The values promised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LatencyTargets {
    /// One for everything.
    All(Decimal),
    /// By model, never empty; the first that matches holds. Samples of other models, and those
    /// whose answer names none, are not valid.
    PerModel(Vec<LatencyTarget>),
}

/// The value promised for one model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LatencyTarget {
    /// Model as the answer names it; with a `*` at the end, every model that begins so.
    #[serde(deserialize_with = "exact::line")]
    #[schemars(with = "exact::Text")]
    pub model: String,
    /// The value, in the unit of `quantity`.
    pub value: Decimal,
}

impl LatencyTarget {
    /// Whether it is about a served model.
    #[must_use]
    pub fn covers(&self, model: &str) -> bool {
        match self.model.strip_suffix('*') {
            Some(begin) => model.starts_with(begin),
            None => model == self.model,
        }
    }
}

impl LatencyTargets {
    /// The values, one or one per model.
    pub fn values(&self) -> impl Iterator<Item = &Decimal> {
        let (one, many) = match self {
            Self::All(value) => (Some(value), &[][..]),
            Self::PerModel(targets) => (None, &targets[..]),
        };
        one.into_iter()
            .chain(many.iter().map(|target| &target.value))
    }

    /// Position of the value that holds for a served model; `None` where the contract promises
    /// it nothing.
    #[must_use]
    pub fn position(&self, served_model: Option<&str>) -> Option<usize> {
        match self {
            Self::All(_) => Some(0),
            Self::PerModel(targets) => {
                let model = served_model?;
                targets.iter().position(|target| target.covers(model))
            }
        }
    }
}
