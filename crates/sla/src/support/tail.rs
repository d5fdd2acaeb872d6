//! Comparing the upper tail of a binomial distribution with a bound, without floats.
//!
//! The terms are walked from the largest one outwards, relative to it, each kept between two
//! integers that are rounded outwards. So the tail lies for certain between two bounds, which
//! nearly always decide; where they do not (the tail may equal the bound) it is summed exactly. The
//! walk ends where terms no longer matter, so its length is that of some standard deviations and
//! not of all requests.

#[cfg(test)]
mod tests;

use num_bigint::BigUint;
use num_traits::{One, Zero};

/// Binary places of a term relative to the largest one.
const PLACES: u64 = 192;

/// A term below 2 to minus this ends the walk; even a billion of its like change no decision.
const NEGLIGIBLE: u64 = 128;

/// Longest denominator to the power of requests, in bits, that is summed exactly.
const EXACT_BITS_MAX: u64 = 1 << 16;

/// The chance of `at_least` successes `of` as many trials, each with the chance `num / den`, which
/// lies strictly between 0 and 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tail {
    pub(super) at_least: u64,
    pub(super) of: u64,
    pub(super) num: u64,
    pub(super) den: u64,
}

/// A number between two integers.
#[derive(Clone, Debug)]
struct Between {
    low: BigUint,
    high: BigUint,
}

impl Tail {
    /// Whether the chance is at most one in `cases`; `None` where it is too close to tell at a
    /// bearable cost.
    pub(super) fn is_within(self, cases: u64) -> Option<bool> {
        if self.is_clearly_within(cases) == Some(true) {
            return Some(true);
        }
        self.estimate(cases).or_else(|| self.exact(cases))
    }

    /// Whether Chernoff's bounds already say so: `exp(-d^2 / (k + m))` by the successes and
    /// `exp(-d^2 / (2 (n - m)))` by the failures, for `k` of `n` at a distance `d` above the mean
    /// `m`. Spares the walk for most minutes with much traffic; `None` where numbers are too long.
    fn is_clearly_within(self, cases: u64) -> Option<bool> {
        let den = u128::from(self.den);
        let (seen, mean) = (
            u128::from(self.at_least).checked_mul(den)?,
            u128::from(self.of).checked_mul(u128::from(self.num))?,
        );
        let failures = u128::from(self.of).checked_mul(den)?.checked_sub(mean)?;
        let Some(distance) = seen.checked_sub(mean) else {
            return Some(false);
        };
        let square = distance.checked_mul(distance)?.checked_mul(10)?;
        // The logarithm of `cases` is at most 7/10 of its length in bits.
        let bits = u128::from(u64::BITS - cases.leading_zeros());
        let least = (seen + mean).min(failures.checked_mul(2)?);
        Some(square >= least.checked_mul(den)?.checked_mul(7 * bits)?)
    }

    fn estimate(self, cases: u64) -> Option<bool> {
        let peak = self.peak();
        let largest = Between::exactly(BigUint::one() << PLACES);
        let (mut tail, mut rest) = (Between::zero(), Between::zero());
        if peak >= self.at_least {
            tail.add(&largest);
        } else {
            rest.add(&largest);
        }
        let mut term = largest.clone();
        for at in peak..self.of {
            // From `at` successes to one more.
            term.scale(
                u128::from(self.of - at) * u128::from(self.num),
                u128::from(at + 1) * u128::from(self.den - self.num),
            );
            if term.is_negligible() {
                // What follows is smaller, on either side of the edge.
                let left = &term.high * (self.of - at);
                tail.high += &left;
                rest.high += left;
                break;
            }
            if at + 1 >= self.at_least {
                tail.add(&term);
            } else {
                rest.add(&term);
            }
        }
        let mut term = largest;
        for at in (1..=peak).rev() {
            // From `at` successes to one fewer.
            term.scale(
                u128::from(at) * u128::from(self.den - self.num),
                u128::from(self.of - at + 1) * u128::from(self.num),
            );
            if term.is_negligible() {
                let left = &term.high * at;
                tail.high += &left;
                rest.high += left;
                break;
            }
            if at > self.at_least {
                tail.add(&term);
            } else {
                rest.add(&term);
            }
        }
        // tail / (tail + rest) <= 1 / cases.
        let odds = cases - 1;
        if tail.high * odds <= rest.low {
            Some(true)
        } else if tail.low * odds > rest.high {
            Some(false)
        } else {
            None
        }
    }

    /// Where the terms are largest.
    fn peak(self) -> u64 {
        let peak = (u128::from(self.of) + 1) * u128::from(self.num) / u128::from(self.den);
        u64::try_from(peak).map_or(self.of, |peak| peak.min(self.of))
    }

    /// Sums the shorter side over the common denominator `den^of`.
    fn exact(self, cases: u64) -> Option<bool> {
        let bits = u64::from(u64::BITS - self.den.leading_zeros());
        if self.of.saturating_mul(bits) > EXACT_BITS_MAX {
            return None;
        }
        let trials = u32::try_from(self.of).ok()?;
        let all = BigUint::from(self.den).pow(trials);
        let (success, failure) = (self.num, self.den - self.num);
        // `outer` counts on the side that is summed, from its end inwards.
        let above = self.of - self.at_least;
        let (outer, inner, terms) = if above < self.at_least {
            (success, failure, above + 1)
        } else {
            (failure, success, self.at_least)
        };
        let mut term = BigUint::from(outer).pow(trials);
        let mut sum = BigUint::zero();
        for at in 0..terms {
            sum += &term;
            term = term * (self.of - at) * inner / (at + 1) / outer;
        }
        Some(if above < self.at_least {
            sum * cases <= all
        } else {
            (&all - sum) * cases <= all
        })
    }
}

impl Between {
    fn zero() -> Self {
        Self::exactly(BigUint::zero())
    }

    fn exactly(number: BigUint) -> Self {
        Self {
            low: number.clone(),
            high: number,
        }
    }

    fn add(&mut self, other: &Self) {
        self.low += &other.low;
        self.high += &other.high;
    }

    /// Multiplies by a fraction, outwards.
    fn scale(&mut self, num: u128, den: u128) {
        self.low *= num;
        self.low /= den;
        self.high *= num;
        self.high += den - 1;
        self.high /= den;
    }

    fn is_negligible(&self) -> bool {
        self.high.bits() <= PLACES - NEGLIGIBLE
    }
}
