//! `family = "request_ratio"`.

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::whole::{self, Whole};
use super::INTERVAL_SECONDS_MAX;
use super::kinds::{Kinds, SampleKind};

/// Uptime = 1 - errors / valid requests, over the whole window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "RequestRatioText", into = "RequestRatioText")]
#[schemars(with = "RequestRatioText")]
pub struct RequestRatio {
    /// Which repeated errors do not count.
    pub dedupe: Option<Dedupe>,
    /// Seconds after which even a success is an error.
    pub success_within_s: Option<NonZeroU32>,
    /// Which samples are counted.
    pub kinds: Kinds,
}

/// Which repeated errors count neither as errors nor as valid requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dedupe {
    /// By which rule.
    pub kind: DedupeKind,
    /// Length of its window in seconds, 1 to 86400.
    #[serde(deserialize_with = "whole::above_zero::<_, INTERVAL_SECONDS_MAX>")]
    #[schemars(with = "Whole<1, INTERVAL_SECONDS_MAX>")]
    pub window_s: NonZeroU32,
}

/// A rule for repeated errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DedupeKind {
    /// The first error opens a window, errors that begin before its end are dropped, and the
    /// first one at its end or later opens the next.
    RepeatErrors,
}

/// Uptime is 1 - errors / valid requests, over the whole window. Without a valid request there is
/// no data, never 100 %. A planned slot that was not run is one unmeasured request; a minute of
/// which nothing is known, where samples are usual, holds as many as the mean sampled minute.
/// Nothing is concluded before the window is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RequestRatio")]
struct RequestRatioText {
    /// Which repeated errors do not count. Default: all count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dedupe: Option<Dedupe>,
    /// Seconds after which even a success is an error, 1 to 86400; a success of exactly this
    /// length is none. Samples without an end are unknown. Default: any success counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    success_within_s: Option<Whole<1, INTERVAL_SECONDS_MAX>>,
    /// Which samples are counted; bursts and confirmations would weigh outages twice. Default:
    /// `["planned", "traffic"]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kinds: Option<Vec<SampleKind>>,
}

impl TryFrom<RequestRatioText> for RequestRatio {
    type Error = String;

    fn try_from(text: RequestRatioText) -> Result<Self, String> {
        Ok(Self {
            dedupe: text.dedupe,
            success_within_s: text.success_within_s.map(NonZeroU32::from),
            kinds: text
                .kinds
                .map_or(Ok(Kinds::planned_and_traffic()), Kinds::listed)?,
        })
    }
}

impl From<RequestRatio> for RequestRatioText {
    fn from(rule: RequestRatio) -> Self {
        Self {
            dedupe: rule.dedupe,
            success_within_s: rule.success_within_s.map(Whole::clamped),
            kinds: rule.kinds.unless(&Kinds::planned_and_traffic()),
        }
    }
}
