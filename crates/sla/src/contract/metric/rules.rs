//! What other modules ask of a metric, whatever its family.

use super::{BadMinute, DowntimeMinutes, Metric};
use crate::fraction::Fraction;

impl Metric {
    /// Shortest run of bad minutes that counts; 1 for formulas without runs.
    pub(crate) fn run_minutes_min(&self) -> u32 {
        self.outages().map_or(1, |rule| rule.min_run_minutes.get())
    }

    /// The share of errors that makes a minute bad, where there is one.
    pub(crate) fn threshold(&self) -> Option<&Fraction> {
        match &self.outages()?.rule {
            BadMinute::RateGt { threshold } | BadMinute::RateGe { threshold } => {
                Some(threshold.fraction())
            }
            BadMinute::AllFail | BadMinute::AnyFail => None,
        }
    }

    fn outages(&self) -> Option<&DowntimeMinutes> {
        match self {
            Self::DowntimeMinutes(rule) => Some(rule),
            Self::OutageProportional(rule) => Some(&rule.outages),
            Self::TargetOnly(target) => target.of().outages(),
            Self::IntervalMean(_) | Self::RequestRatio(_) | Self::LatencyAttainment(_) => None,
        }
    }
}
