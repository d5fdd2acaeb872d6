//! Percentiles of few values, exactly, also where some of them are only known to be extreme.

use num_rational::BigRational;

use super::quantity::Raw;
use crate::contract::metric::PercentileMethod;
use crate::fraction::Fraction;

/// A percentile, with its share of values as numerator and denominator.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rank {
    num: u64,
    den: u64,
    method: PercentileMethod,
}

/// A value, or one beyond all that are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Extended {
    Below,
    Value(BigRational),
    Above,
}

/// Values sorted upwards, with some below and above all of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Values<'a> {
    pub(super) below: usize,
    pub(super) known: &'a [Raw],
    pub(super) above: usize,
}

impl Values<'_> {
    const fn len(&self) -> usize {
        self.below + self.known.len() + self.above
    }

    fn at(&self, index: usize) -> Extended {
        match index.checked_sub(self.below) {
            None => Extended::Below,
            Some(index) => self
                .known
                .get(index)
                .map_or(Extended::Above, |raw| Extended::Value(raw.ratio())),
        }
    }
}

impl Rank {
    pub(super) fn new(percentile: &Fraction, method: PercentileMethod) -> Self {
        let (num, den) = percentile
            .to_u64_pair()
            .expect("parsed percentages fit 64 bits");
        Self { num, den, method }
    }

    /// The percentile of values; of none it is unknown.
    pub(super) fn of(self, values: Values<'_>) -> Option<Extended> {
        let last = values.len().checked_sub(1)?;
        let (num, den) = (u128::from(self.num), u128::from(self.den));
        let count = u128::try_from(values.len()).ok()?;
        let scaled = num * (count - 1);
        let index = |position: u128| usize::try_from(position).map_or(last, |i| i.min(last));
        let lower = index(scaled / den);
        Some(match self.method {
            PercentileMethod::NearestRankLower | PercentileMethod::Unknown => values.at(lower),
            PercentileMethod::NearestRank => {
                values.at(index((num * count).div_ceil(den).saturating_sub(1)))
            }
            PercentileMethod::Linear => {
                let weight = BigRational::new((scaled % den).into(), den.into());
                between(values.at(lower), values.at((lower + 1).min(last)), &weight)
            }
        })
    }
}

/// The point between two neighbours at a weight below 1.
fn between(lower: Extended, upper: Extended, weight: &BigRational) -> Extended {
    match (lower, upper) {
        (Extended::Value(lower), Extended::Value(upper)) => {
            Extended::Value(&lower + (upper - &lower) * weight)
        }
        (lower, _) if *weight == BigRational::from_integer(0.into()) => lower,
        (Extended::Below, _) => Extended::Below,
        (_, upper) => upper,
    }
}
