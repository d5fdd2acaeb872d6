//! Exact sums of what was lost, and when it was too much.

use std::collections::BTreeMap;
use std::ops::Range;

use domain::Minute;
use num_rational::BigRational;
use num_traits::{One, Zero};

use crate::fraction::Fraction;

/// What is lost for certain, in order of time.
#[derive(Debug)]
pub(crate) struct Losses {
    /// Minutes, intervals, latency windows or requests that uptime is a share of.
    pub(crate) units: u64,
    pub(super) entries: Vec<Loss>,
}

/// One minute or interval that is down, or the failed part of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Loss {
    /// The minute in which it is over.
    pub(super) over: Minute,
    pub(super) failed: u64,
    pub(super) of: u64,
}

impl Losses {
    /// The minute by whose end the promise could no longer be kept; `None` where it still can.
    pub(crate) fn breached_by(&self, is_kept: impl Fn(&Fraction) -> bool) -> Option<Minute> {
        let kept_after = |lost: usize| {
            let sum = sum(self.entries[..lost]
                .iter()
                .map(|loss| (loss.failed, loss.of)));
            is_kept(&uptime(&sum, self.units).unwrap_or_else(Fraction::one))
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
pub(super) fn uptime(lost: &BigRational, units: u64) -> Option<Fraction> {
    let uptime = || BigRational::one() - lost / BigRational::from_integer(units.into());
    (units > 0).then(|| Fraction::from_ratio(uptime()))
}

/// The exact sum of `failed / of`. Equal denominators are added as integers first, and the rest
/// pairwise, so that numbers stay short for as long as possible.
pub(super) fn sum(parts: impl Iterator<Item = (u64, u64)>) -> BigRational {
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
pub(super) fn whole(count: u64) -> Fraction {
    Fraction::from_ratio(BigRational::from_integer(count.into()))
}
