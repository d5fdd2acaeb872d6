//! `family = "interval_mean"`.

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::is_default;
use super::MinutesInSeconds;
use super::kinds::{Kinds, SampleKind};

/// Uptime = mean over intervals of (1 - errors / valid requests).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "IntervalMeanText", into = "IntervalMeanText")]
#[schemars(with = "IntervalMeanText")]
pub struct IntervalMean {
    /// Length of an interval in minutes, `1..=1440`.
    pub interval_minutes: NonZeroU32,
    /// Where intervals begin.
    pub align: Align,
    /// What an interval without enough valid requests is.
    pub empty: EmptyInterval,
    /// Valid requests below which an interval is empty.
    pub min_valid: u64,
    /// Which samples are counted.
    pub kinds: Kinds,
}

/// Where intervals begin. One that sticks out of the window counts with its part inside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Align {
    /// On multiples of their length since 1970-01-01T00:00Z.
    #[default]
    Epoch,
    /// At the start of the window.
    WindowStart,
    /// At every midnight of the window's time zone; the last interval of a day ends with it.
    LocalMidnight,
    /// The text does not say; judged as `epoch`.
    Unknown,
}

/// What a measured interval without enough valid requests is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EmptyInterval {
    /// Fully available.
    Up,
    /// Left out of the mean.
    Skip,
    /// The text does not say; judged as `up`.
    Unknown,
}

/// Uptime is the mean over intervals of (1 - errors / valid requests).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "IntervalMean")]
struct IntervalMeanText {
    /// Length of an interval in seconds: a multiple of 60 up to 86400.
    interval_s: MinutesInSeconds,
    /// Where intervals begin. Default: `"epoch"`.
    #[serde(default, skip_serializing_if = "is_default")]
    align: Align,
    /// What a measured interval without enough valid requests is.
    empty: EmptyInterval,
    /// Valid requests below which an interval is empty, whatever they met. Default: `0`, which
    /// makes only intervals without any empty.
    #[serde(default, skip_serializing_if = "is_default")]
    min_valid: u64,
    /// Which samples are counted; bursts and confirmations would weigh outages twice. Default:
    /// `["planned", "traffic"]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kinds: Option<Vec<SampleKind>>,
}

impl TryFrom<IntervalMeanText> for IntervalMean {
    type Error = String;

    fn try_from(text: IntervalMeanText) -> Result<Self, String> {
        Ok(Self {
            interval_minutes: text.interval_s.0,
            align: text.align,
            empty: text.empty,
            min_valid: text.min_valid,
            kinds: text
                .kinds
                .map_or(Ok(Kinds::planned_and_traffic()), Kinds::listed)?,
        })
    }
}

impl From<IntervalMean> for IntervalMeanText {
    fn from(rule: IntervalMean) -> Self {
        Self {
            interval_s: MinutesInSeconds(rule.interval_minutes),
            align: rule.align,
            empty: rule.empty,
            min_valid: rule.min_valid,
            kinds: rule.kinds.unless(&Kinds::planned_and_traffic()),
        }
    }
}
