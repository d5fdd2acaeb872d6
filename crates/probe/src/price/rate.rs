//! A price with its dates, and the rate that it comes to for one call.

use chrono::NaiveDate;
use domain::UnixMillis;

use super::cost::{self, Cost, Why};
use super::exact::{RequestFee, TokenPrice};
use super::hours::Hours;
use super::{Asked, PLAIN_TIERS};
use crate::usage::Usage;

/// What a provider charges for a model, from one day to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    /// Provider.
    pub provider: String,
    /// Model, exactly as requests name it.
    pub model: String,
    /// Other names of the same model at the same price.
    pub aliases: Vec<String>,
    /// First day, UTC; without it, it held on every earlier day.
    pub from: Option<NaiveDate>,
    /// First day on which it no longer held, UTC; without it, it still does.
    pub until: Option<NaiveDate>,
    /// Where it was read.
    pub source: String,
    /// How well it is known.
    pub provenance: Provenance,
    /// Day on which the provider shuts the model off.
    pub deprecation: Option<NaiveDate>,
    /// Whether prices of zero are meant.
    pub free: bool,
    /// What every request costs beside its tokens.
    pub per_request: Option<RequestFee>,
    /// The plain service, at any time that `hours` do not name.
    pub rates: RateSet,
    /// Other service tiers.
    pub tiers: Vec<TierRates>,
    /// Other times of day; never together with tiers.
    pub hours: Vec<TimedRates>,
}

/// How well a price is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provenance {
    /// Read on the provider's own page.
    Official,
    /// Read in a word-for-word copy of that page.
    Quoted,
    /// Read in somebody else's table.
    Secondary,
}

/// Rates for short and for long inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateSet {
    /// Without a threshold passed.
    pub rates: Rates,
    /// Thresholds, ascending.
    pub above: Vec<Above>,
}

/// Rates of the whole request once its input is longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Above {
    /// The longest input, in tokens, that these rates are not for.
    pub input_tokens: u64,
    /// The rates.
    pub rates: Rates,
}

/// Rates of a service tier. Nothing in them is taken over from the plain ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TierRates {
    /// The tier, as requests and answers name it.
    pub service_tier: String,
    /// The rates.
    pub set: RateSet,
}

/// Rates of some hours. Nothing in them is taken over from the plain ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimedRates {
    /// When.
    pub hours: Hours,
    /// The rates.
    pub set: RateSet,
}

/// Prices of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Input that is not cached.
    pub input: TokenPrice,
    /// Output.
    pub output: TokenPrice,
    /// Input that a cache gave; without it, such input has no price.
    pub cache_read: Option<TokenPrice>,
    /// Input that was put into a cache; without it, such input has no price.
    pub cache_write: Option<TokenPrice>,
    /// Output that was reasoning; without it, it costs what other output does.
    pub reasoning: Option<TokenPrice>,
}

/// What one call is charged by.
#[derive(Clone, Copy, Debug)]
pub struct Rate<'a> {
    /// The price that it is from.
    pub price: &'a Price,
    /// The rates in force at the wall time.
    pub set: &'a RateSet,
}

impl Price {
    /// Its model, then its aliases.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.model)
            .chain(&self.aliases)
            .map(String::as_str)
    }

    /// Whether it is in force.
    #[must_use]
    pub fn holds_at(&self, at: UnixMillis) -> bool {
        let day = at.to_micros().to_utc().date_naive();
        self.from.is_none_or(|from| from <= day) && self.until.is_none_or(|until| day < until)
    }

    /// Whether both are in force on some day.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let begins_before_end = |one: &Self, other: &Self| match (one.from, other.until) {
            (Some(from), Some(until)) => from < until,
            _ => true,
        };
        begins_before_end(self, other) && begins_before_end(other, self)
    }

    pub(super) fn rate(&self, asked: &Asked<'_>) -> Result<Rate<'_>, Why> {
        let set = match asked.tier {
            Some(tier) if !PLAIN_TIERS.contains(&tier) => {
                let mut tiers = self.tiers.iter();
                let tier = tiers.find(|one| one.service_tier == tier);
                &tier.ok_or(Why::Tier)?.set
            }
            _ => {
                let mut hours = self.hours.iter();
                let timed = hours.find(|one| one.hours.contain(asked.at));
                timed.map_or(&self.rates, |one| &one.set)
            }
        };
        Ok(Rate { price: self, set })
    }
}

impl RateSet {
    /// Rates of a request with so much input.
    #[must_use]
    pub fn for_input(&self, tokens: u64) -> &Rates {
        let mut above = self.above.iter().rev();
        above
            .find(|band| band.input_tokens < tokens)
            .map_or(&self.rates, |band| &band.rates)
    }

    /// All rates that a request with at most so much input can meet.
    fn up_to(&self, tokens: u64) -> impl Iterator<Item = &Rates> {
        let above = self.above.iter();
        let met = above.filter(move |band| band.input_tokens < tokens);
        std::iter::once(&self.rates).chain(met.map(|band| &band.rates))
    }
}

impl Rates {
    pub(super) fn dearest_input(&self) -> TokenPrice {
        let cached = self.cache_read.max(self.cache_write);
        cached.map_or(self.input, |price| price.max(self.input))
    }

    pub(super) fn dearest_output(&self) -> TokenPrice {
        self.reasoning
            .map_or(self.output, |price| price.max(self.output))
    }
}

impl Rate<'_> {
    /// What so much usage costs, with the fee of the request, rounded up once.
    #[must_use]
    pub fn cost(&self, usage: &Usage) -> Cost {
        let input = usage.input_tokens.unwrap_or(0);
        cost::cost(self.price, self.set.for_input(input), usage)
    }

    /// The most that a call to come can cost, for budgets. The caller's bounds are believed: the
    /// one on output has to cover reasoning. A price by hours counts with its dearest ones, as
    /// the call may be made later than it was planned.
    #[must_use]
    pub fn worst_case(&self, input_tokens_max: u64, output_tokens_max: u64) -> Cost {
        let timed = self.price.hours.iter().map(|one| &one.set);
        let plain = (!self.price.hours.is_empty()).then_some(&self.price.rates);
        let rates = std::iter::once(self.set)
            .chain(plain)
            .chain(timed)
            .flat_map(|set| set.up_to(input_tokens_max));
        let costs = rates
            .map(|rates| cost::worst_case(self.price, rates, input_tokens_max, output_tokens_max));
        let worst = costs.reduce(|one, other| Ok(one?.max(other?)));
        match worst.unwrap_or(Err(Why::TooLarge)) {
            Ok(amount) => Cost::AtMost(amount),
            Err(why) => Cost::Unknown { why },
        }
    }
}
