//! What an attempt costs: the `usage` of its answer times a dated table of prices.
//!
//! A [`PriceTable`] is read from TOML (schema `price-table/1`), comes with the program or is made
//! from LiteLLM's table by [`litellm`]. [`PriceTable::lookup`] gives the [`Rate`] in force at an
//! attempt's wall time; the rate prices what was used, and bounds what a call can use.
//!
//! Invariants: pure, and exact until the one rounding at the end, upwards to whole nano-dollars;
//! a price has a source and dates, and is never changed but followed by another. What is not known
//! is [`Cost::Unknown`], never 0: a model or tier without a price, an answer without usage.
//! Non-goals: currencies, taxes, discounts by contract, prices of images, audio and tools.

mod cost;
mod error;
mod exact;
mod hours;
pub mod litellm;
mod rate;
mod read;
mod write;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use chrono::NaiveDate;
use domain::UnixMillis;

pub use crate::usage::Usage;
pub use cost::{Cost, Part, Why};
pub use error::{PriceError, Problem};
pub use exact::{DecimalError, RequestFee, TokenPrice, USD_PER_MILLION_MAX, USD_PER_REQUEST_MAX};
pub use hours::Hours;
pub use rate::{Above, Price, Provenance, Rate, RateSet, Rates, TierRates, TimedRates};

/// The table that comes with the program.
pub const EMBEDDED: &str = include_str!("../prices.toml");

/// Longest table that is read, bytes: eight times what LiteLLM's becomes.
pub const TABLE_BYTES_MAX: usize = 8 << 20;

/// Most prices of a table.
pub const PRICES_MAX: usize = 50_000;

/// Tiers that are a provider's plain service under another name: OpenAI and Bedrock say
/// `default`, Anthropic and Gemini `standard`, Groq `on_demand`.
pub const PLAIN_TIERS: &[&str] = &["default", "standard", "on_demand"];

/// An amount of money in nano-dollars, 10^-9 US dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NanoUsd(u64);

/// Prices of models, with what they are known from and when they held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PriceTable {
    /// The table's own version, chosen by whoever made it.
    pub version: String,
    /// The day on which the prices were looked at.
    pub as_of: NaiveDate,
    prices: Vec<Price>,
    /// Provider, then model or alias, to places in `prices`.
    index: BTreeMap<String, BTreeMap<String, Vec<usize>>>,
}

/// Whose price is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked<'a> {
    /// Provider, as the table names it.
    pub provider: &'a str,
    /// Model, as the request names it.
    pub model: &'a str,
    /// Service tier: the one that served, where the answer says it, else the one asked for.
    pub tier: Option<&'a str>,
    /// Wall time at which the attempt started.
    pub at: UnixMillis,
}

impl NanoUsd {
    /// Wraps a count of nano-dollars.
    #[must_use]
    pub const fn new(count: u64) -> Self {
        Self(count)
    }

    /// The count of nano-dollars.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The sum, unless it is more than can be held.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }
}

impl fmt::Display for NanoUsd {
    /// US dollars, exactly: `0.0000075 USD`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = format!("{:09}", self.0 % 1_000_000_000);
        let whole = self.0 / 1_000_000_000;
        match decimals.trim_end_matches('0') {
            "" => write!(f, "{whole} USD"),
            decimals => write!(f, "{whole}.{decimals} USD"),
        }
    }
}

impl PriceTable {
    /// The table that comes with the program: [`EMBEDDED`].
    #[must_use]
    pub fn embedded() -> Self {
        Self::parse(EMBEDDED).expect("the embedded table is read by a test")
    }

    /// Reads a table (TOML, schema `price-table/1`). Fails at the first mistake, with its line.
    pub fn parse(text: &str) -> Result<Self, PriceError> {
        read::table(text)
    }

    /// The table as TOML that [`PriceTable::parse`] reads back to the same.
    #[must_use]
    pub fn to_toml(&self) -> String {
        write::table(self)
    }

    /// All prices, in the order of the table.
    #[must_use]
    pub fn prices(&self) -> &[Price] {
        &self.prices
    }

    /// Every price of a model under any of its names, whenever it held, of any provider.
    pub fn of_model<'a>(&'a self, model: &'a str) -> impl Iterator<Item = &'a Price> {
        self.prices
            .iter()
            .filter(move |price| price.names().any(|name| name == model))
    }

    /// The rate in force for a model. Fails with why there is none.
    pub fn lookup(&self, asked: &Asked<'_>) -> Result<Rate<'_>, Why> {
        let places = self
            .index
            .get(asked.provider)
            .and_then(|models| models.get(asked.model))
            .ok_or(Why::Model)?;
        let mut prices = places.iter().filter_map(|place| self.prices.get(*place));
        let price = prices
            .find(|price| price.holds_at(asked.at))
            .ok_or(Why::Date)?;
        price.rate(asked)
    }

    /// What an attempt cost: [`PriceTable::lookup`] and [`Rate::cost`] in one.
    #[must_use]
    pub fn cost(&self, asked: &Asked<'_>, usage: &Usage) -> Cost {
        match self.lookup(asked) {
            Ok(rate) => rate.cost(usage),
            Err(why) => Cost::Unknown { why },
        }
    }

    /// Puts a table together. Gives the place of a price that holds while another one does for
    /// the same model, and that other one's.
    fn new(version: String, as_of: NaiveDate, prices: Vec<Price>) -> Result<Self, (usize, usize)> {
        let mut index: BTreeMap<String, BTreeMap<String, Vec<usize>>> = BTreeMap::new();
        for (place, price) in prices.iter().enumerate() {
            let models = index.entry(price.provider.clone()).or_default();
            for name in price.names() {
                let places = models.entry(name.to_owned()).or_default();
                let clash = |other: &&usize| prices[**other].overlaps(price);
                if let Some(other) = places.iter().find(clash) {
                    return Err((place, *other));
                }
                places.push(place);
            }
        }
        Ok(Self {
            version,
            as_of,
            prices,
            index,
        })
    }
}
