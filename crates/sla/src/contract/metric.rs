//! The formula that a commitment is computed by: the table `[commitment.metric]`, whose shape its
//! key `family` selects.
//!
//! Every type here is read straight from the contract and cannot be wrong once it exists. Where a
//! text is silent, a word may be `unknown`: then the first of [`Metric::readings`] is judged and
//! the others are compared with it. Deliberately absent: what a formula does; see
//! `crate::formula`.

mod downtime;
mod intervals;
mod kinds;
mod latency;
mod readings;
mod requests;
mod rules;

#[cfg(test)]
pub(crate) mod tests;

use std::num::NonZeroU32;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};

use super::whole::Whole;

pub use downtime::{AffectedRatio, BadMinute, DowntimeMinutes, OutageProportional};
pub use intervals::{Align, EmptyInterval, IntervalMean};
pub use kinds::{Kinds, SampleKind};
pub use latency::{
    Aggregate, LatencyAttainment, LatencyCompare, LatencyTarget, LatencyTargets, LatencyWindows,
    PercentileMethod, Quantity, SampleFilter, TokenTiming,
};
pub use readings::{Choice, MetricReading};
pub use requests::{Dedupe, DedupeKind, RequestRatio};

/// Longest interval or latency window, in seconds: a day.
pub const INTERVAL_SECONDS_MAX: u32 = 86_400;

/// The formula that uptime is computed by; the key `family` says which.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename = "family", rename_all = "snake_case")]
#[schemars(tag = "family", rename = "Metric")]
pub enum Metric {
    /// The share of minutes outside of runs of bad minutes.
    DowntimeMinutes(DowntimeMinutes),
    /// The mean over intervals of the share of requests that succeed.
    IntervalMean(IntervalMean),
    /// The share of all requests of the window that succeed.
    RequestRatio(RequestRatio),
    /// The share of scheduled minutes left after outages, each weighted by its share of failed
    /// requests.
    OutageProportional(OutageProportional),
    /// Any other formula, as a target without remedy.
    TargetOnly(TargetOnly),
    /// The share of latency windows, or of requests, that are fast enough.
    LatencyAttainment(LatencyAttainment),
}

/// The name of a formula.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// [`DowntimeMinutes`].
    DowntimeMinutes,
    /// [`IntervalMean`].
    IntervalMean,
    /// [`RequestRatio`].
    RequestRatio,
    /// [`OutageProportional`].
    OutageProportional,
    /// [`TargetOnly`].
    TargetOnly,
    /// [`LatencyAttainment`].
    LatencyAttainment,
}

/// A formula whose target, when missed, entitles to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "TargetOnlyText", into = "TargetOnlyText")]
#[schemars(with = "TargetOnlyText")]
pub struct TargetOnly {
    of: Box<Metric>,
}

/// Computed as another formula, but a target only: when it is missed, there is no credit and
/// nothing to claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "TargetOnly")]
struct TargetOnlyText {
    /// The formula: a table with a `family` of its own, which is any but `"target_only"`.
    of: Box<Metric>,
}

impl TryFrom<TargetOnlyText> for TargetOnly {
    type Error = String;

    fn try_from(text: TargetOnlyText) -> Result<Self, String> {
        match *text.of {
            Metric::TargetOnly(_) => {
                Err("`of.family`: must be another than \"target_only\"".to_owned())
            }
            _ => Ok(Self { of: text.of }),
        }
    }
}

impl From<TargetOnly> for TargetOnlyText {
    fn from(target: TargetOnly) -> Self {
        Self { of: target.of }
    }
}

impl TargetOnly {
    /// The formula it is computed by; never a target itself.
    #[must_use]
    pub fn of(&self) -> &Metric {
        &self.of
    }
}

impl Metric {
    /// Its name.
    #[must_use]
    pub const fn family(&self) -> Family {
        match self {
            Self::DowntimeMinutes(_) => Family::DowntimeMinutes,
            Self::IntervalMean(_) => Family::IntervalMean,
            Self::RequestRatio(_) => Family::RequestRatio,
            Self::OutageProportional(_) => Family::OutageProportional,
            Self::TargetOnly(_) => Family::TargetOnly,
            Self::LatencyAttainment(_) => Family::LatencyAttainment,
        }
    }

    /// Which samples it counts.
    #[must_use]
    pub fn kinds(&self) -> &Kinds {
        match self {
            Self::DowntimeMinutes(rule) => &rule.kinds,
            Self::IntervalMean(rule) => &rule.kinds,
            Self::RequestRatio(rule) => &rule.kinds,
            Self::OutageProportional(rule) => &rule.outages.kinds,
            Self::TargetOnly(target) => target.of.kinds(),
            Self::LatencyAttainment(rule) => &rule.kinds,
        }
    }

    /// Whether counts per minute are not enough for it: it needs the times of single samples.
    #[must_use]
    pub fn needs_times(&self) -> bool {
        match self {
            Self::DowntimeMinutes(_) | Self::IntervalMean(_) | Self::OutageProportional(_) => false,
            Self::RequestRatio(rule) => rule.dedupe.is_some() || rule.success_within_s.is_some(),
            Self::LatencyAttainment(_) => true,
            Self::TargetOnly(target) => target.of.needs_times(),
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
            Self::RequestRatio => "request_ratio",
            Self::OutageProportional => "outage_proportional",
            Self::TargetOnly => "target_only",
            Self::LatencyAttainment => "latency_attainment",
        }
    }
}

/// A metric as it is written: its keys and the one that names the family beside them.
#[derive(Serialize)]
#[serde(tag = "family", rename_all = "snake_case")]
enum Tagged<'a> {
    DowntimeMinutes(&'a DowntimeMinutes),
    IntervalMean(&'a IntervalMean),
    RequestRatio(&'a RequestRatio),
    OutageProportional(&'a OutageProportional),
    TargetOnly(&'a TargetOnly),
    LatencyAttainment(&'a LatencyAttainment),
}

impl Serialize for Metric {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::DowntimeMinutes(rule) => Tagged::DowntimeMinutes(rule),
            Self::IntervalMean(rule) => Tagged::IntervalMean(rule),
            Self::RequestRatio(rule) => Tagged::RequestRatio(rule),
            Self::OutageProportional(rule) => Tagged::OutageProportional(rule),
            Self::TargetOnly(target) => Tagged::TargetOnly(target),
            Self::LatencyAttainment(rule) => Tagged::LatencyAttainment(rule),
        }
        .serialize(serializer)
    }
}

/// Whole minutes that are written in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "i64", into = "u32")]
#[schemars(with = "Whole<60, INTERVAL_SECONDS_MAX>", inline, extend("multipleOf" = 60))]
struct MinutesInSeconds(NonZeroU32);

impl TryFrom<i64> for MinutesInSeconds {
    type Error = String;

    fn try_from(seconds: i64) -> Result<Self, String> {
        let seconds = u32::try_from(seconds).ok();
        seconds
            .filter(|seconds| seconds.is_multiple_of(60) && *seconds <= INTERVAL_SECONDS_MAX)
            .and_then(|seconds| NonZeroU32::new(seconds / 60))
            .map(Self)
            .ok_or_else(|| {
                format!("must be a multiple of 60 from 60 to {INTERVAL_SECONDS_MAX} seconds")
            })
    }
}

impl From<MinutesInSeconds> for u32 {
    fn from(minutes: MinutesInSeconds) -> Self {
        minutes.0.get() * 60
    }
}
