//! What a count of errors says about the error rate behind it, with a stated confidence.
//!
//! A minute with one failure in five requests has an observed rate of 20 %, and still says little
//! about a threshold of 5 %. The decision here is one-sided and exact in the sense of Clopper and
//! Pearson: "above the threshold" is supported if so many errors or more had at most the stated
//! risk at a rate equal to the threshold; "at most the threshold" likewise with so many or fewer.
//! Otherwise it is undetermined. The risk holds for each decision on its own, not for a month of
//! them together, and takes requests for independent.
//!
//! No floats: tails are compared exactly, see `support/tail.rs`. A contract's literal verdict does
//! not come from here; this stands beside it.

mod tail;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use serde::{Deserialize, Serialize};

use crate::fraction::Fraction;
use tail::Tail;

/// Most requests that one decision is made about; more are undetermined. A minute of any service
/// stays below, and the work of a decision grows with the root of it.
pub const REQUESTS_MAX: u64 = 1_000_000_000;

/// Most decisions that a [`Supporter`] remembers: more than the minutes of two months.
const REMEMBERED_MAX: usize = 100_000;

/// Steps of a printed limit: percent with four decimals.
const LIMIT_STEPS: u64 = 1_000_000;

/// What a count of errors supports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Support {
    /// The error rate is above the threshold.
    Above,
    /// The error rate is at most the threshold.
    AtMost,
    /// Neither, with the stated confidence.
    Undetermined,
}

/// How sure a supported statement is: how seldom it would be supported if it were false.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// In at most one case of 20.
    #[default]
    Percent95,
    /// In at most one case of 100.
    Percent99,
}

/// [`support`] for one threshold, remembering what it decided: most minutes of a month are alike.
#[derive(Clone, Debug)]
pub struct Supporter {
    threshold: Fraction,
    confidence: Confidence,
    known: BTreeMap<(u64, u64), Support>,
}

/// What `errors` of `valid` requests support about the error rate, against `threshold`, a ratio
/// between 0 and 1. More errors than requests count as all of them. A threshold whose numerator or
/// denominator needs more than 64 bits is undetermined.
#[must_use]
pub fn support(errors: u64, valid: u64, threshold: &Fraction, confidence: Confidence) -> Support {
    let errors = errors.min(valid);
    if valid == 0 || valid > REQUESTS_MAX {
        return Support::Undetermined;
    }
    if *threshold >= Fraction::one() {
        return Support::AtMost;
    }
    let Some((num, den)) = threshold.to_u64_pair() else {
        return Support::Undetermined;
    };
    if num == 0 {
        return if errors == 0 {
            Support::Undetermined
        } else {
            Support::Above
        };
    }
    // A median of the count lies between the whole numbers around `expected`. On the near side of
    // it a tail holds at least half, so only one of the two statements can ever be supported.
    let observed = u128::from(errors) * u128::from(den);
    let expected = u128::from(valid) * u128::from(num);
    let (tail, statement) = if observed > expected {
        let tail = Tail {
            at_least: errors,
            of: valid,
            num,
            den,
        };
        (tail, Support::Above)
    } else {
        let tail = Tail {
            at_least: valid - errors,
            of: valid,
            num: den - num,
            den,
        };
        (tail, Support::AtMost)
    };
    if observed != expected && tail.is_within(confidence.cases()) == Some(true) {
        statement
    } else {
        Support::Undetermined
    }
}

/// The fewest requests that, all without an error, support an error rate of at most `threshold`;
/// `None` where [`REQUESTS_MAX`] do not, as for a threshold of 0.
#[must_use]
pub fn requests_needed(threshold: &Fraction, confidence: Confidence) -> Option<u64> {
    let enough = |valid| support(0, valid, threshold, confidence) == Support::AtMost;
    first(1, REQUESTS_MAX, enough)
}

/// The highest error rate that `errors` of `valid` requests support the rate to be above, at 95 %;
/// a ratio, cut off after four decimals of its percentage. 0 where nothing is supported.
#[must_use]
pub fn lower_limit_percent(errors: u64, valid: u64) -> Fraction {
    let above = |step| support(errors, valid, &step_ratio(step), Confidence::Percent95);
    let first_not = first(0, LIMIT_STEPS, |step| above(step) != Support::Above);
    step_ratio(first_not.unwrap_or(0).saturating_sub(1))
}

/// The lowest error rate that `errors` of `valid` requests support the rate to be at most, at
/// 95 %; a ratio, rounded up to four decimals of its percentage. 1 where nothing is supported.
#[must_use]
pub fn upper_limit_percent(errors: u64, valid: u64) -> Fraction {
    let at_most = |step| support(errors, valid, &step_ratio(step), Confidence::Percent95);
    let step = first(0, LIMIT_STEPS, |step| at_most(step) == Support::AtMost);
    step_ratio(step.unwrap_or(LIMIT_STEPS))
}

fn step_ratio(step: u64) -> Fraction {
    const STEPS: NonZeroU64 = NonZeroU64::new(LIMIT_STEPS).expect("it is not zero");
    Fraction::new(step, STEPS)
}

/// The first of `from..=to` for which `holds`, given that it holds for all after one that it holds
/// for.
fn first(from: u64, to: u64, holds: impl Fn(u64) -> bool) -> Option<u64> {
    if !holds(to) {
        return None;
    }
    let (mut low, mut high) = (from, to);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Some(low)
}

impl Confidence {
    /// In how many cases one error is accepted.
    const fn cases(self) -> u64 {
        match self {
            Self::Percent95 => 20,
            Self::Percent99 => 100,
        }
    }
}

impl Supporter {
    /// Decides about one threshold, a ratio.
    #[must_use]
    pub const fn new(threshold: Fraction, confidence: Confidence) -> Self {
        Self {
            threshold,
            confidence,
            known: BTreeMap::new(),
        }
    }

    /// As [`support`].
    pub fn support(&mut self, errors: u64, valid: u64) -> Support {
        if let Some(known) = self.known.get(&(errors, valid)) {
            return *known;
        }
        let found = support(errors, valid, &self.threshold, self.confidence);
        if self.known.len() < REMEMBERED_MAX {
            self.known.insert((errors, valid), found);
        }
        found
    }
}
