//! The formula families: counts and standings of minutes to exact uptime and its bounds.
//!
//! Each family answers twice: [`bounds`] is what the verdict needs and is computed under every
//! reading; [`detail`] is what people and claims need besides, and is computed once. What a metric
//! leaves open (`unknown`) is judged as the first of [`Metric::readings`].

mod downtime_minutes;
mod grid;
mod interval_mean;
mod latency_attainment;
mod losses;
mod outage_proportional;
mod request_ratio;
mod requests;
mod runs;

#[cfg(test)]
mod laws;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeMap;
use std::ops::Range;

use domain::{Minute, Window};

use crate::assessment::{BudgetUnit, Downtime, State};
use crate::contract::TimeZone;
use crate::contract::metric::{Aggregate, Metric};
use crate::fraction::Fraction;
use crate::standing::Standing;
use crate::tally::{Reasons, Tally};
use crate::timed::Timing;

use losses::{Loss, Losses, sum, uptime, whole};

/// What a formula reads: everything by position of the minute in `span`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Minutes<'a> {
    /// All minutes given: the window, and as much beyond its edges as runs of bad minutes may be
    /// followed; equal to the window where they are cut at its edges.
    pub(crate) span: Window,
    /// The minutes that are judged; inside of `span`.
    pub(crate) window: Window,
    pub(crate) tallies: &'a [Tally],
    pub(crate) standings: &'a [Standing],
    pub(crate) missed: &'a BTreeMap<usize, Reasons>,
    /// Zone of the window, for intervals that begin at its midnights.
    pub(crate) zone: TimeZone,
    /// What counts per minute cannot say, for metrics that need it; about `window`.
    pub(crate) timing: Timing<'a>,
}

/// Uptime under the three assumptions about what was not measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub(crate) observed: Option<Fraction>,
    pub(crate) high: Fraction,
    pub(crate) low: Fraction,
}

/// The assumptions about what was not measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Assumption {
    /// Unmeasured time is up, unknown samples are successes.
    AllUp,
    /// Unmeasured time and unknown samples are left out.
    MeasuredOnly,
    /// Unmeasured time is down, unknown samples are errors.
    AllDown,
}

/// What people and claims need besides the bounds.
#[derive(Debug)]
pub(crate) struct Detail {
    /// One per minute of the window.
    pub(crate) states: Vec<State>,
    pub(crate) downtime: Vec<Downtime>,
    pub(crate) unit: BudgetUnit,
    /// Observed loss, in `unit`.
    pub(crate) used: Fraction,
    pub(crate) losses: Losses,
}

/// Uptime by the metric's formula.
pub(crate) fn bounds(metric: &Metric, minutes: Minutes<'_>) -> Bounds {
    match metric {
        Metric::DowntimeMinutes(rule) => downtime_minutes::bounds(rule, minutes),
        Metric::IntervalMean(rule) => interval_mean::bounds(rule, minutes),
        Metric::RequestRatio(rule) => request_ratio::bounds(rule, minutes),
        Metric::OutageProportional(rule) => outage_proportional::bounds(rule, minutes),
        Metric::LatencyAttainment(rule) => match &rule.aggregate {
            Aggregate::Windows(grid) | Aggregate::Unknown(grid) => {
                latency_attainment::window_bounds(grid, minutes)
            }
            Aggregate::Requests => latency_attainment::request_bounds(rule, minutes),
        },
        Metric::TargetOnly(target) => bounds(target.of(), minutes),
    }
}

/// How the metric's formula came to its result.
pub(crate) fn detail(metric: &Metric, minutes: Minutes<'_>) -> Detail {
    match metric {
        Metric::DowntimeMinutes(rule) => downtime_minutes::detail(rule, minutes),
        Metric::IntervalMean(rule) => interval_mean::detail(rule, minutes),
        Metric::RequestRatio(rule) => request_ratio::detail(rule, minutes),
        Metric::OutageProportional(rule) => outage_proportional::detail(rule, minutes),
        Metric::LatencyAttainment(rule) => match &rule.aggregate {
            Aggregate::Windows(grid) | Aggregate::Unknown(grid) => {
                latency_attainment::window_detail(grid, minutes)
            }
            Aggregate::Requests => latency_attainment::request_detail(rule, minutes),
        },
        Metric::TargetOnly(target) => detail(target.of(), minutes),
    }
}

impl Bounds {
    /// Nothing is known.
    fn open() -> Self {
        Self {
            observed: None,
            high: Fraction::one(),
            low: Fraction::zero(),
        }
    }
}

impl Minutes<'_> {
    /// The minute at a position.
    pub(crate) fn at(&self, index: usize) -> Minute {
        let offset = i64::try_from(index).expect("a span's length fits its own minutes");
        self.span.start().plus(offset)
    }

    /// Positions of the judged minutes.
    pub(crate) fn inside(&self) -> Range<usize> {
        self.span.position(self.window.start())..self.span.position(self.window.end())
    }

    fn missed_in(&self, range: Range<usize>) -> Reasons {
        let mut reasons = Reasons::default();
        for (_, missed) in self.missed.range(range) {
            reasons.add(*missed);
        }
        reasons
    }

    /// The state of one minute by itself.
    fn state(&self, index: usize, tally: &Tally) -> State {
        match self.standings[index] {
            Standing::Future => State::Future,
            Standing::Excluded(effect) => State::Excluded { effect },
            Standing::Judged if tally.is_empty() => State::Empty,
            Standing::Judged if tally.is_unmeasured() => State::Unmeasured {
                reasons: tally.reasons(self.missed_in(index..index + 1)),
            },
            Standing::Judged if tally.errors > 0 => State::Degraded,
            Standing::Judged => State::Up,
        }
    }

    /// Whether any judged minute has not happened yet.
    fn has_future(&self) -> bool {
        self.standings[self.inside()].contains(&Standing::Future)
    }
}

fn count(matching: impl Iterator) -> u64 {
    matching.fold(0, |count, _| count + 1)
}
