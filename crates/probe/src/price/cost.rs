//! Usage times rates.

use super::NanoUsd;
use super::exact::TokenPrice;
use super::rate::{Price, Rates};
use crate::usage::Usage;

/// 10^-24 US dollars in one nano-dollar.
const EXACT_PER_NANO: u128 = 1_000_000_000_000_000;

/// What an attempt cost, before taxes and discounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// This, rounded up to whole nano-dollars.
    Exact(NanoUsd),
    /// No more than this: the answer does not say how its tokens divide among prices, or the call
    /// is still to come.
    AtMost(NanoUsd),
    /// Nobody knows.
    Unknown {
        /// What is missing.
        why: Why,
    },
}

/// Why a cost is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// The table does not have the model.
    #[error("the price table does not have this model")]
    Model,
    /// The table has the model, but for other dates.
    #[error("the price table has no price of this model for that day")]
    Date,
    /// The table has the model, but not in this service tier.
    #[error("the price table has no price of this model in that service tier")]
    Tier,
    /// Tokens of this kind were used, and the table does not say what they cost.
    #[error("the price table does not say what {0} tokens of this model cost")]
    Price(Part),
    /// The answer does not say how many tokens of this kind were used.
    #[error("the answer does not say how many {0} tokens were used")]
    Usage(Part),
    /// The tokens of this kind are more than those they are part of.
    #[error("the answer counts more {0} tokens than tokens that they are part of")]
    Contradiction(Part),
    /// The cost is beyond what can be held.
    #[error("the cost is too large to be true")]
    TooLarge,
}

/// A kind of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Input.
    Input,
    /// Output.
    Output,
    /// Input that a cache gave, or was put into one.
    Cached,
    /// Input that a cache gave.
    CacheRead,
    /// Input that was put into a cache.
    CacheWrite,
    /// Output that was reasoning.
    Reasoning,
}

impl Cost {
    /// The most that it can be, where that is known.
    #[must_use]
    pub const fn bound(&self) -> Option<NanoUsd> {
        match self {
            Self::Exact(amount) | Self::AtMost(amount) => Some(*amount),
            Self::Unknown { .. } => None,
        }
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Input => "input",
            Self::Output => "output",
            Self::Cached => "cached",
            Self::CacheRead => "cache read",
            Self::CacheWrite => "cache write",
            Self::Reasoning => "reasoning",
        })
    }
}

/// Tokens of a total that have the total's own price, and whether that price is the dearest of
/// several possible ones.
struct Rest {
    price: TokenPrice,
    is_bound: bool,
}

impl Rest {
    /// Notes a part that the answer does not count: any of the rest may be of it.
    fn may_cost(&mut self, price: Option<TokenPrice>) {
        if let Some(price) = price.filter(|price| *price != self.price) {
            self.price = self.price.max(price);
            self.is_bound = true;
        }
    }
}

/// What the usage costs at these rates, with the price's fee per request.
pub(super) fn cost(price: &Price, rates: &Rates, usage: &Usage) -> Cost {
    total(price, rates, usage).unwrap_or_else(|why| Cost::Unknown { why })
}

fn total(price: &Price, rates: &Rates, usage: &Usage) -> Result<Cost, Why> {
    let input = usage.input_tokens.ok_or(Why::Usage(Part::Input))?;
    let output = usage.output_tokens.ok_or(Why::Usage(Part::Output))?;
    let mut plain = Rest {
        price: rates.input,
        is_bound: false,
    };
    let mut exact = price.per_request.map_or(0, super::RequestFee::exact);
    let mut cached = 0_u64;
    for (tokens, rate, part) in [
        (usage.cache_read_tokens, rates.cache_read, Part::CacheRead),
        (
            usage.cache_write_tokens,
            rates.cache_write,
            Part::CacheWrite,
        ),
    ] {
        match tokens {
            None => plain.may_cost(rate),
            Some(0) => {}
            Some(tokens) => {
                exact = add(exact, rate.ok_or(Why::Price(part))?, tokens)?;
                cached = cached.checked_add(tokens).ok_or(Why::TooLarge)?;
            }
        }
    }
    let uncached = input
        .checked_sub(cached)
        .ok_or(Why::Contradiction(Part::Cached))?;
    exact = add(exact, plain.price, uncached)?;

    let mut visible = Rest {
        price: rates.output,
        is_bound: false,
    };
    let reasoning = match usage.reasoning_tokens {
        None => {
            visible.may_cost(rates.reasoning);
            0
        }
        Some(tokens) => {
            exact = add(exact, rates.reasoning.unwrap_or(rates.output), tokens)?;
            tokens
        }
    };
    let shown = output
        .checked_sub(reasoning)
        .ok_or(Why::Contradiction(Part::Reasoning))?;
    exact = add(exact, visible.price, shown)?;

    let amount = round_up(exact)?;
    let is_bound = (plain.is_bound && uncached > 0) || (visible.is_bound && shown > 0);
    Ok(if is_bound {
        Cost::AtMost(amount)
    } else {
        Cost::Exact(amount)
    })
}

/// The most that a call can cost at these rates, whatever part of its tokens is cached or reasoning.
pub(super) fn worst_case(
    price: &Price,
    rates: &Rates,
    input_tokens_max: u64,
    output_tokens_max: u64,
) -> Result<NanoUsd, Why> {
    let fee = price.per_request.map_or(0, super::RequestFee::exact);
    let exact = add(fee, rates.dearest_input(), input_tokens_max)?;
    round_up(add(exact, rates.dearest_output(), output_tokens_max)?)
}

fn add(sum: u128, price: TokenPrice, tokens: u64) -> Result<u128, Why> {
    price
        .of(tokens)
        .and_then(|cost| sum.checked_add(cost))
        .ok_or(Why::TooLarge)
}

fn round_up(exact: u128) -> Result<NanoUsd, Why> {
    u64::try_from(exact.div_ceil(EXACT_PER_NANO))
        .map(NanoUsd::new)
        .map_err(|_| Why::TooLarge)
}
