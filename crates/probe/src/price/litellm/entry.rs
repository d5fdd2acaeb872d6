//! One entry of LiteLLM's table.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::super::read::is_one_line;
use super::super::{
    Above, DecimalError, Price, Provenance, RateSet, Rates, RequestFee, TierRates, TokenPrice,
};
use super::{Dropped, Notes, Skip};

const INPUT: &str = "input_cost_per_token";
const OUTPUT: &str = "output_cost_per_token";
const CACHE_READ: &str = "cache_read_input_token_cost";
const CACHE_WRITE: &str = "cache_creation_input_token_cost";
const REASONING: &str = "output_cost_per_reasoning_token";
const PER_REQUEST: &str = "input_cost_per_request";

/// Prices of tokens, to which tiers and thresholds are appended.
const TOKENS: &[&str] = &[INPUT, OUTPUT, CACHE_READ, CACHE_WRITE, REASONING];

/// Text in, text out.
const MODES: &[&str] = &["chat", "completion", "responses"];

/// How keys of a tier end, and the tier as requests name it.
const TIERS: &[(&str, &str)] = &[
    ("_flex", "flex"),
    ("_priority", "priority"),
    ("_batches", "batch"),
];

/// An object of the table, with the text of every value.
pub(super) struct Entry<'a> {
    name: &'a str,
    fields: BTreeMap<String, &'a RawValue>,
}

/// Why there are no rates under some keys.
enum NoRates {
    /// There is nothing.
    Absent,
    /// Input or output is there, but not both.
    OneSided,
    /// Input or output costs zero.
    Zero,
    /// A number that is no price.
    Refused(DecimalError),
}

impl<'a> Entry<'a> {
    pub(super) fn read(name: &'a str, raw: &'a RawValue) -> Result<Self, Skip> {
        let fields = serde_json::from_str(raw.get()).map_err(|_| Skip::Unreadable)?;
        Ok(Self { name, fields })
    }

    pub(super) fn price(&self, notes: &mut Notes) -> Result<Price, Skip> {
        let is_text = self
            .word("mode")
            .is_some_and(|mode| MODES.contains(&&*mode));
        if !is_text {
            return Err(Skip::Mode);
        }
        let written = self.word("litellm_provider").ok_or(Skip::Unreadable)?;
        let provider = provider(&written);
        let model = self.model(&written, provider);
        if !is_one_line(provider) || !is_one_line(model) {
            return Err(Skip::Unreadable);
        }
        // Notes of an entry that is skipped after all would count what was never taken.
        let mut found = Notes::default();
        let rates = self.plain(&mut found)?;
        let tiers = self.tiers(&rates, &mut found);
        let per_request = self.fee(&mut found)?;
        let deprecation = self.word("deprecation_date");
        let day = deprecation.as_deref().and_then(|day| day.parse().ok());
        if deprecation.is_some() && day.is_none() {
            found.add(Dropped::Unreadable, "deprecation_date");
        }
        for key in self.fields.keys().filter(|key| !is_modelled(key)) {
            found.add(Dropped::NotModelled, key);
        }
        for ((why, key), count) in found.0 {
            *notes.0.entry((why, key)).or_default() += count;
        }
        Ok(Price {
            provider: provider.to_owned(),
            model: model.to_owned(),
            aliases: Vec::new(),
            from: None,
            until: None,
            source: self.source(),
            provenance: Provenance::Secondary,
            deprecation: day,
            free: false,
            per_request,
            rates,
            tiers,
            hours: Vec::new(),
        })
    }

    /// The model as requests name it: without the provider that the key may begin with.
    fn model(&self, written: &str, provider: &str) -> &'a str {
        let Some((first, rest)) = self.name.split_once('/') else {
            return self.name;
        };
        let is_provider =
            [written, provider].contains(&first) || first == written.replace('_', "-");
        if is_provider { rest } else { self.name }
    }

    fn source(&self) -> String {
        let plain = "LiteLLM, model_prices_and_context_window.json";
        let named = self
            .word("source")
            .map(|url| format!("{plain}, which names {url}"));
        named
            .filter(|source| is_one_line(source))
            .unwrap_or_else(|| plain.to_owned())
    }

    fn plain(&self, notes: &mut Notes) -> Result<RateSet, Skip> {
        self.rate_set("", notes).map_err(|why| match why {
            NoRates::Absent | NoRates::OneSided if self.fields.contains_key("tiered_pricing") => {
                Skip::Ranges
            }
            NoRates::OneSided if self.has_both() => Skip::OneSided,
            NoRates::Absent | NoRates::OneSided => Skip::NoPrice,
            NoRates::Zero => Skip::Zero,
            NoRates::Refused(DecimalError::TooHigh { .. }) => Skip::TooHigh,
            NoRates::Refused(_) => Skip::Unreadable,
        })
    }

    fn has_both(&self) -> bool {
        [INPUT, OUTPUT].iter().all(|key| self.number(key).is_some())
    }

    /// Tiers that are wholly priced: one that lacks the thresholds of the plain service would make
    /// long inputs look cheap.
    fn tiers(&self, plain: &RateSet, notes: &mut Notes) -> Vec<TierRates> {
        let mut tiers = Vec::new();
        for (suffix, tier) in TIERS {
            let why = match self.rate_set(suffix, notes) {
                Ok(set) if set.above.len() >= plain.above.len() => {
                    let service_tier = (*tier).to_owned();
                    tiers.push(TierRates { service_tier, set });
                    continue;
                }
                Err(NoRates::Absent) => continue,
                Ok(_) | Err(NoRates::OneSided) => Dropped::OneSided,
                Err(NoRates::Zero) => Dropped::Zero,
                Err(NoRates::Refused(_)) => Dropped::Unreadable,
            };
            notes.add(why, &format!("*{suffix}"));
        }
        tiers
    }

    fn rate_set(&self, tier: &str, notes: &mut Notes) -> Result<RateSet, NoRates> {
        let rates = self.rates(tier, notes)?;
        let mut above = Vec::new();
        for (input_tokens, infix) in self.thresholds(tier) {
            let rates = self.rates(&format!("{infix}{tier}"), notes)?;
            above.push(Above {
                input_tokens,
                rates,
            });
        }
        Ok(RateSet { rates, above })
    }

    /// Thresholds of a tier, ascending, with how keys name them.
    fn thresholds(&self, tier: &str) -> BTreeMap<u64, String> {
        let of_key = |key: &String| {
            let key = key.strip_suffix(tier)?;
            let rest = key.strip_prefix(INPUT).or(key.strip_prefix(OUTPUT))?;
            Some((threshold(rest)?, rest.to_owned()))
        };
        self.fields.keys().filter_map(of_key).collect()
    }

    /// The rates whose keys end so.
    fn rates(&self, end: &str, notes: &mut Notes) -> Result<Rates, NoRates> {
        let price = |base: &str| {
            let json = self.number(&format!("{base}{end}"));
            let price = json.map(TokenPrice::parse_per_token);
            price.transpose().map_err(NoRates::Refused)
        };
        let (input, output) = match (price(INPUT)?, price(OUTPUT)?) {
            (Some(input), Some(output)) => (input, output),
            (None, None) => return Err(NoRates::Absent),
            _ => return Err(NoRates::OneSided),
        };
        if input.is_zero() || output.is_zero() {
            return Err(NoRates::Zero);
        }
        let mut part = |base: &str| {
            let part = price(base)?;
            if part.is_some_and(TokenPrice::is_zero) {
                notes.add(Dropped::Zero, &format!("{base}{end}"));
                return Ok(None);
            }
            Ok(part)
        };
        Ok(Rates {
            input,
            output,
            cache_read: part(CACHE_READ)?,
            cache_write: part(CACHE_WRITE)?,
            reasoning: part(REASONING)?,
        })
    }

    fn fee(&self, notes: &mut Notes) -> Result<Option<RequestFee>, Skip> {
        let fee = self.number(PER_REQUEST).map(RequestFee::parse_json);
        let fee = fee.transpose().map_err(|_| Skip::Unreadable)?;
        if fee.is_some_and(RequestFee::is_zero) {
            notes.add(Dropped::Zero, PER_REQUEST);
        }
        Ok(fee.filter(|fee| !fee.is_zero()))
    }

    /// The text of a value that is there.
    fn number(&self, key: &str) -> Option<&'a str> {
        let raw = self.fields.get(key)?.get();
        (raw != "null").then_some(raw)
    }

    fn word(&self, key: &str) -> Option<String> {
        serde_json::from_str(self.fields.get(key)?.get()).ok()
    }
}

/// The provider by one name, where LiteLLM tells its own adapters apart.
fn provider(written: &str) -> &str {
    match written {
        "azure_text" => "azure",
        "bedrock_converse" => "bedrock",
        "cohere_chat" => "cohere",
        "text-completion-openai" => "openai",
        _ if written.starts_with("vertex_ai-") => "vertex_ai",
        _ => written,
    }
}

/// The tokens that `_above_272k_tokens` stands for.
fn threshold(infix: &str) -> Option<u64> {
    let thousands = infix.strip_prefix("_above_")?.strip_suffix("k_tokens")?;
    let is_number = thousands.bytes().all(|byte| byte.is_ascii_digit());
    let thousands: u64 = is_number.then(|| thousands.parse().ok())??;
    thousands.checked_mul(1_000).filter(|tokens| *tokens > 0)
}

/// Whether a key says nothing of money, or something that a price table has a place for.
fn is_modelled(key: &str) -> bool {
    let is_money = ["cost", "pricing", "uplift", "provider_specific"];
    if !is_money.iter().any(|word| key.contains(word)) || key == PER_REQUEST {
        return true;
    }
    let mut ends = TIERS.iter();
    let key = ends
        .find_map(|(end, _)| key.strip_suffix(end))
        .unwrap_or(key);
    TOKENS.iter().any(|base| {
        let rest = key.strip_prefix(base);
        rest.is_some_and(|rest| rest.is_empty() || threshold(rest).is_some())
    })
}
