//! LiteLLM's table (`model_prices_and_context_window.json`) to ours.
//!
//! Its prices are US dollars per token, written by a program that went through binary floats; they
//! are read from the text of the numbers, digit by digit. It is somebody else's table: every price
//! is [`Provenance::Secondary`], zeros are not believed, and whatever is not understood is left
//! out and counted, so that a model costs an unknown amount rather than a wrong one. Non-goals:
//! prices of images, audio, tools, regions, and longer cache lifetimes.

mod entry;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::NaiveDate;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use self::entry::Entry;
use super::{PRICES_MAX, Price, PriceTable};

#[cfg(doc)]
use super::Provenance;

/// Longest table that is read, bytes: ten times today's.
pub const LITELLM_BYTES_MAX: usize = 32 << 20;

/// The key of the entry that explains the others.
const SAMPLE: &str = "sample_spec";

/// What became of LiteLLM's table.
#[derive(Clone, Debug)]
pub struct Imported {
    /// The prices that are believed. Its version names the bytes by their SHA-256.
    pub table: PriceTable,
    /// Names of entries that were left out, by why.
    pub skipped: BTreeMap<Skip, Vec<String>>,
    /// Parts that were left out of entries, by why and by their key; in how many entries.
    pub dropped: BTreeMap<(Dropped, String), u64>,
}

/// Bytes that are not LiteLLM's table.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// Longer than any such table.
    #[error("LiteLLM's table has at most {max} bytes")]
    TooLong {
        /// The limit.
        max: usize,
    },
    /// More models than in any such table.
    #[error("a price table has at most {max} prices")]
    TooMany {
        /// The limit.
        max: usize,
    },
    /// Not a JSON object.
    #[error("failed to read the JSON object of models")]
    Json(#[source] serde_json::Error),
}

/// Why an entry was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Skip {
    /// It explains the others.
    Sample,
    /// Its mode is not text in, text out; or it has none.
    Mode,
    /// It lacks a price of input or of output.
    NoPrice,
    /// Its prices are a list of ranges, of which it is not said whether they are per token or per
    /// request.
    Ranges,
    /// Input or output costs zero, which may mean free, or unknown.
    Zero,
    /// A price is too high to be one: a slip of the unit.
    TooHigh,
    /// Longer inputs have another price for input or for output, but not for both.
    OneSided,
    /// Another entry gives the same model another price: neither is believed.
    Contradiction,
    /// Another entry gives the same model the same price.
    Twice,
    /// Not in the shape of an entry.
    Unreadable,
}

/// Why a part of an entry was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dropped {
    /// Our table has no place for it.
    NotModelled,
    /// It costs zero, which may mean free, or unknown.
    Zero,
    /// A service tier that has no price of input or output, for inputs of every length.
    OneSided,
    /// Not in the shape of its key.
    Unreadable,
}

/// Parts left out so far.
#[derive(Debug, Default)]
struct Notes(BTreeMap<(Dropped, String), u64>);

/// Reads LiteLLM's table. `as_of` is the day on which it was fetched, which it does not say.
pub fn import(bytes: &[u8], as_of: NaiveDate) -> Result<Imported, ImportError> {
    if bytes.len() > LITELLM_BYTES_MAX {
        let max = LITELLM_BYTES_MAX;
        return Err(ImportError::TooLong { max });
    }
    let entries: BTreeMap<String, &RawValue> =
        serde_json::from_slice(bytes).map_err(ImportError::Json)?;
    let mut notes = Notes::default();
    let mut skipped: BTreeMap<Skip, Vec<String>> = BTreeMap::new();
    let mut prices = Found::default();
    for (name, raw) in &entries {
        let read = if name == SAMPLE {
            Err(Skip::Sample)
        } else {
            Entry::read(name, raw).and_then(|entry| entry.price(&mut notes))
        };
        if let Err(skip) = read.and_then(|price| prices.add(name, price)) {
            skipped.entry(skip).or_default().push(name.clone());
        }
    }
    let (prices, contradicted) = prices.believed();
    if !contradicted.is_empty() {
        let names = skipped.entry(Skip::Contradiction).or_default();
        names.extend(contradicted);
        names.sort();
    }
    if prices.len() > PRICES_MAX {
        return Err(ImportError::TooMany { max: PRICES_MAX });
    }
    let digest: [u8; 32] = Sha256::digest(bytes).into();
    let short = digest.first_chunk().expect("it has 32 bytes");
    let short = u64::from_be_bytes(*short);
    let table = PriceTable::new(format!("litellm-{short:016x}"), as_of, prices)
        .expect("one price for each provider and model, and no aliases");
    Ok(Imported {
        table,
        skipped,
        dropped: notes.0,
    })
}

/// Prices found so far, by provider and model, with the entry that they are from.
#[derive(Default)]
struct Found {
    prices: BTreeMap<(String, String), (String, Price)>,
    contradicted: BTreeSet<(String, String)>,
}

impl Found {
    fn add(&mut self, name: &str, price: Price) -> Result<(), Skip> {
        let key = (price.provider.clone(), price.model.clone());
        match self.prices.get(&key) {
            None => {
                self.prices.insert(key, (name.to_owned(), price));
                Ok(())
            }
            Some((_, known)) if is_same(known, &price) => Err(Skip::Twice),
            Some(_) => {
                self.contradicted.insert(key);
                Err(Skip::Contradiction)
            }
        }
    }

    /// The prices that no other contradicts, and the entries of those that one does.
    fn believed(mut self) -> (Vec<Price>, Vec<String>) {
        let contradicted = self.contradicted.iter();
        let names = contradicted
            .filter_map(|key| self.prices.remove(key))
            .map(|(name, _)| name)
            .collect();
        let prices = self.prices.into_values().map(|(_, price)| price).collect();
        (prices, names)
    }
}

/// Whether two prices of one model charge the same.
fn is_same(one: &Price, other: &Price) -> bool {
    one.rates == other.rates && one.tiers == other.tiers && one.per_request == other.per_request
}

impl Notes {
    fn add(&mut self, why: Dropped, key: &str) {
        *self.0.entry((why, key.to_owned())).or_default() += 1;
    }
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sample => "an explanation, not a model",
            Self::Mode => "not a model of text in, text out",
            Self::NoPrice => "no price of input or of output",
            Self::Ranges => "prices by ranges",
            Self::Zero => "a price of zero, which may mean free or unknown",
            Self::TooHigh => "a price that is too high to be per token",
            Self::OneSided => "half a price for longer inputs",
            Self::Contradiction => "two different prices for one model",
            Self::Twice => "the same price for the same model as another entry",
            Self::Unreadable => "not in the shape of an entry",
        })
    }
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotModelled => "has no place in a price table",
            Self::Zero => "is zero, which may mean free or unknown",
            Self::OneSided => "is half a price of a service tier",
            Self::Unreadable => "is not in the shape of its key",
        })
    }
}
