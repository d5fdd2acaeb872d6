//! The formula families: counts and standings of minutes to exact uptime and its bounds.
//!
//! Each family answers twice: [`bounds`] is what the verdict needs and is computed under every
//! reading; [`detail`] is what people and claims need besides, and is computed once.

mod downtime_minutes;
mod interval_mean;

use std::collections::BTreeMap;
use std::ops::Range;

use domain::{Minute, Window};
use num_rational::BigRational;
use num_traits::{One, Zero};

use crate::assessment::{BudgetUnit, Downtime, State};
use crate::contract::{Commitment, Metric};
use crate::fraction::Fraction;
use crate::tally::{Reasons, Tally};
use crate::terms::Standing;

/// What a formula reads: everything by position of the minute in the window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Minutes<'a> {
    pub(crate) window: Window,
    pub(crate) tallies: &'a [Tally],
    pub(crate) standings: &'a [Standing],
    pub(crate) missed: &'a BTreeMap<usize, Reasons>,
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
    /// One per minute.
    pub(crate) states: Vec<State>,
    pub(crate) downtime: Vec<Downtime>,
    pub(crate) unit: BudgetUnit,
    /// Observed loss, in `unit`.
    pub(crate) used: Fraction,
    pub(crate) losses: Losses,
}

/// What is lost for certain, in order of time.
#[derive(Debug)]
pub(crate) struct Losses {
    /// Minutes or intervals that uptime is a share of.
    pub(crate) units: u64,
    entries: Vec<Loss>,
}

/// One minute or interval that is down, or the failed part of it.
#[derive(Clone, Copy, Debug)]
struct Loss {
    /// The minute in which it is over.
    over: Minute,
    failed: u64,
    of: u64,
}

/// Uptime by the metric's formula.
pub(crate) fn bounds(metric: &Metric, minutes: Minutes<'_>) -> Bounds {
    match metric {
        Metric::DowntimeMinutes(rule) => downtime_minutes::bounds(rule, minutes),
        Metric::IntervalMean(rule) => interval_mean::bounds(*rule, minutes),
    }
}

/// How the metric's formula came to its result.
pub(crate) fn detail(metric: &Metric, minutes: Minutes<'_>) -> Detail {
    match metric {
        Metric::DowntimeMinutes(rule) => downtime_minutes::detail(rule, minutes),
        Metric::IntervalMean(rule) => interval_mean::detail(*rule, minutes),
    }
}

impl Losses {
    /// The minute by whose end the promise could no longer be kept; `None` where it still can.
    pub(crate) fn breached_by(&self, commitment: &Commitment) -> Option<Minute> {
        let kept_after = |lost: usize| {
            let sum = sum(self.entries[..lost]
                .iter()
                .map(|loss| (loss.failed, loss.of)));
            commitment.kept_by(&uptime(&sum, self.units).unwrap_or_else(Fraction::one))
        };
        // More loss never mends a promise, so the first count of losses that breaks it can be
        // searched for by halves.
        let mut range: Range<usize> = 0..self.entries.len() + 1;
        while !range.is_empty() {
            let middle = range.start.midpoint(range.end);
            if kept_after(middle) {
                range.start = middle + 1;
            } else {
                range.end = middle;
            }
        }
        let last = range.start.checked_sub(1)?;
        self.entries.get(last).map(|loss| loss.over)
    }
}

/// `1 - lost / units`; `None` where there are no units.
fn uptime(lost: &BigRational, units: u64) -> Option<Fraction> {
    let uptime = || BigRational::one() - lost / BigRational::from_integer(units.into());
    (units > 0).then(|| Fraction::from_ratio(uptime()))
}

/// The exact sum of `failed / of`. Equal denominators are added as integers first, and the rest
/// pairwise, so that numbers stay short for as long as possible.
fn sum(parts: impl Iterator<Item = (u64, u64)>) -> BigRational {
    let mut by_denominator: BTreeMap<u64, u128> = BTreeMap::new();
    for (failed, of) in parts.filter(|(failed, _)| *failed > 0) {
        *by_denominator.entry(of).or_default() += u128::from(failed);
    }
    let fractions: Vec<BigRational> = by_denominator
        .into_iter()
        .map(|(of, failed)| BigRational::new(failed.into(), of.into()))
        .collect();
    sum_pairwise(&fractions)
}

fn sum_pairwise(fractions: &[BigRational]) -> BigRational {
    match fractions {
        [] => BigRational::zero(),
        [one] => one.clone(),
        many => {
            let (left, right) = many.split_at(many.len() / 2);
            sum_pairwise(left) + sum_pairwise(right)
        }
    }
}

/// A count as a fraction.
fn whole(count: u64) -> Fraction {
    Fraction::from_ratio(BigRational::from_integer(count.into()))
}

impl Minutes<'_> {
    /// The minute at a position.
    fn at(&self, index: usize) -> Minute {
        let offset = i64::try_from(index).expect("a window's length fits its own minutes");
        self.window.start().plus(offset)
    }

    fn missed_in(&self, range: Range<usize>) -> Reasons {
        let mut reasons = Reasons::default();
        for (_, missed) in self.missed.range(range) {
            reasons.add(*missed);
        }
        reasons
    }
}

fn count(matching: impl Iterator) -> u64 {
    matching.fold(0, |count, _| count + 1)
}
