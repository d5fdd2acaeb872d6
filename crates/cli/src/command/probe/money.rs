//! What an attempt cost, or why nobody knows.

use domain::UnixMillis;
use probe::price::{Asked as Lookup, Cost, PriceTable, Usage};
use probe::{Attempt, preset};
use serde::Serialize;

use super::asked::Asked;

/// The cost of one attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(super) enum Money {
    /// By a price table.
    Known {
        /// Whether it may have been less.
        at_most: bool,
        /// Version of the table.
        table: String,
        /// 10^-9 US dollars, rounded up.
        usd_nano: u64,
    },
    /// Nobody knows.
    Unknown {
        /// Why, in words.
        unknown: String,
    },
}

impl Money {
    pub(super) fn of(attempt: &Attempt, asked: &Asked, table: &PriceTable, at: UnixMillis) -> Self {
        let unknown = |why: String| Self::Unknown { unknown: why };
        let call = match asked {
            Asked::Call(call) if asked.is_inference() => call,
            _ => return unknown("no model was asked".to_owned()),
        };
        if attempt.status.is_none() {
            return unknown("there was no answer to say what was used".to_owned());
        }
        let provider = preset::named(&call.preset).and_then(|preset| preset.prices);
        let Some(provider) = provider else {
            return unknown(format!(
                "whose prices hold behind `{}` is not known",
                call.preset
            ));
        };
        let detail = attempt.detail.usage.clone().unwrap_or_default();
        let usage = Usage {
            input_tokens: attempt.input_tokens,
            output_tokens: attempt.output_tokens,
            cache_read_tokens: detail.cache_read,
            cache_write_tokens: detail.cache_write,
            reasoning_tokens: detail.reasoning,
        };
        let tier = attempt.served_tier.as_deref().or(call.tier.as_deref());
        let lookup = Lookup {
            provider,
            model: &call.model,
            tier,
            at,
        };
        let known = |amount: probe::price::NanoUsd, at_most| Self::Known {
            at_most,
            table: table.version.clone(),
            usd_nano: amount.get(),
        };
        match table.cost(&lookup, &usage) {
            Cost::Exact(amount) => known(amount, false),
            Cost::AtMost(amount) => known(amount, true),
            Cost::Unknown { why } => unknown(why.to_string()),
        }
    }
}
