//! What is measured of one sample, exactly.

use std::cmp::Ordering;

use domain::SampleView;
use num_rational::BigRational;

use crate::contract::EventClass;
use crate::contract::metric::{LatencyCompare, Quantity, SampleFilter, TokenTiming};
use crate::fraction::Fraction;

/// A quantity as a fraction of two counts, in the unit they were counted in: tokens, microseconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Raw {
    num: u64,
    /// Never 0.
    den: u64,
}

/// What a sample says about latency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measured {
    /// Nothing: the contract does not count it.
    NotValid,
    /// It may count, or its value is not known.
    Uncertain,
    Value(Raw),
}

/// The value promised, in the unit of [`Raw`].
#[derive(Clone, Debug)]
pub(super) struct Promise {
    value: BigRational,
    /// The value as numerator and denominator.
    pair: (u64, u64),
    compare: LatencyCompare,
}

impl PartialEq for Raw {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Raw {}

impl PartialOrd for Raw {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Raw {
    fn cmp(&self, other: &Self) -> Ordering {
        self.compared_with((other.num, other.den))
    }
}

impl Raw {
    fn new(num: u64, den: u64) -> Option<Self> {
        (den > 0).then_some(Self { num, den })
    }

    /// Cross-multiplied, never divided.
    fn compared_with(self, (num, den): (u64, u64)) -> Ordering {
        let left = u128::from(self.num) * u128::from(den);
        left.cmp(&(u128::from(num) * u128::from(self.den)))
    }

    pub(super) fn ratio(self) -> BigRational {
        BigRational::new(self.num.into(), self.den.into())
    }
}

/// How many of the unit of [`Raw`] are one of the contract's, as a factor for values.
pub(super) fn scale(quantity: Quantity) -> BigRational {
    match quantity {
        Quantity::OutputTokensPerSecond(_) => BigRational::from_integer(1_000_000.into()),
        Quantity::TtftMs | Quantity::TotalMs | Quantity::TimePerOutputTokenMs(_) => {
            BigRational::new(1.into(), 1_000.into())
        }
    }
}

impl Promise {
    pub(super) fn new(value: &Fraction, quantity: Quantity, compare: LatencyCompare) -> Self {
        let value = value.ratio() / scale(quantity);
        let pair = Fraction::from_ratio(value.clone()).to_u64_pair();
        Self {
            pair: pair.expect("nine digits on either side of the point fit 64 bits in any unit"),
            value,
            compare,
        }
    }

    pub(super) fn kept_by(&self, raw: Raw) -> bool {
        self.kept(raw.compared_with(self.pair))
    }

    pub(super) fn kept_by_ratio(&self, raw: &BigRational) -> bool {
        self.kept(raw.cmp(&self.value))
    }

    /// Whether greater values are better.
    pub(super) const fn is_floor(&self) -> bool {
        matches!(self.compare, LatencyCompare::Gt | LatencyCompare::Ge)
    }

    /// Whether a value keeps it that compares with the promised one in this way.
    pub(super) const fn kept(&self, ordering: Ordering) -> bool {
        match self.compare {
            LatencyCompare::Gt => ordering.is_gt(),
            LatencyCompare::Ge => ordering.is_ge(),
            LatencyCompare::Lt => ordering.is_lt(),
            LatencyCompare::Le => ordering.is_le(),
        }
    }
}

/// What a sample says. Only successes can be valid: how long a failure took is no latency.
pub(super) fn measure(
    quantity: Quantity,
    filter: &SampleFilter,
    view: &SampleView<'_>,
    class: EventClass,
) -> Measured {
    let fits = match class {
        EventClass::Error | EventClass::NotValid => Fits::No,
        EventClass::Unknown => Fits::Maybe.and(fits(filter, view)),
        EventClass::Success => fits(filter, view),
    };
    match (fits, value(quantity, view)) {
        (Fits::No, _) | (_, Measured::NotValid) => Measured::NotValid,
        (Fits::Maybe, _) => Measured::Uncertain,
        (Fits::Yes, measured) => measured,
    }
}

/// Whether a sample is one that the contract counts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fits {
    No,
    Maybe,
    Yes,
}

impl Fits {
    fn and(self, other: Self) -> Self {
        self.min(other)
    }

    const fn exactly(fits: bool) -> Self {
        if fits { Self::Yes } else { Self::No }
    }

    /// Whether a count lies within limits; where it is not known, it may, unless there are none.
    fn within(count: Option<u64>, min: Option<u64>, max: Option<u64>) -> Self {
        match count {
            _ if min.is_none() && max.is_none() => Self::Yes,
            None => Self::Maybe,
            Some(count) => {
                let above = min.is_none_or(|min| count >= min);
                Self::exactly(above && max.is_none_or(|max| count <= max))
            }
        }
    }
}

fn fits(filter: &SampleFilter, view: &SampleView<'_>) -> Fits {
    let status = |status: u16| filter.status.contains(&status);
    let tier = |tier: &str| filter.tier.iter().any(|wanted| wanted == tier);
    let plain = filter.stream.is_none_or(|stream| stream == view.stream)
        && (filter.status.is_empty() || view.status.is_some_and(status))
        && (filter.tier.is_empty() || view.served_tier.is_some_and(tier));
    let (min, max) = (filter.min_output_tokens, filter.max_output_tokens);
    Fits::exactly(plain)
        .and(Fits::within(view.output_tokens, min, max))
        .and(Fits::within(
            view.input_tokens,
            None,
            filter.max_context_tokens,
        ))
}

fn value(quantity: Quantity, view: &SampleView<'_>) -> Measured {
    let raw = match quantity {
        Quantity::TtftMs => since_sent(view, view.first_us).and_then(|us| Raw::new(us, 1)),
        Quantity::TotalMs => since_sent(view, view.end_us).and_then(|us| Raw::new(us, 1)),
        Quantity::OutputTokensPerSecond(timing) | Quantity::TimePerOutputTokenMs(timing) => {
            let (tokens, us) = tokens_and_time(timing, view);
            if tokens == Some(0) {
                return Measured::NotValid;
            }
            let known = tokens.zip(us);
            known.and_then(|(tokens, us)| match quantity {
                Quantity::TimePerOutputTokenMs(_) => Raw::new(us, tokens),
                _ => Raw::new(tokens, us),
            })
        }
    };
    raw.map_or(Measured::Uncertain, Measured::Value)
}

/// The tokens that a definition counts, and the time that they took.
fn tokens_and_time(timing: TokenTiming, view: &SampleView<'_>) -> (Option<u64>, Option<u64>) {
    match timing {
        TokenTiming::TokensOverTotal => (view.output_tokens, since_sent(view, view.last_us)),
        TokenTiming::TokensMinusOneOverGeneration | TokenTiming::Unknown => {
            let tokens = view.output_tokens.map(|tokens| tokens.saturating_sub(1));
            let ends = view.first_us.zip(view.last_us);
            (
                tokens,
                ends.and_then(|(first, last)| last.checked_sub(first)),
            )
        }
    }
}

/// Microseconds since the request was sent, or since the attempt began.
fn since_sent(view: &SampleView<'_>, until: Option<u64>) -> Option<u64> {
    until?.checked_sub(view.sent_us.unwrap_or(0))
}
