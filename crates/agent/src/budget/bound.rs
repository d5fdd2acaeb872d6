//! The most that a call can use, before it is made; and what it did use, after.

use domain::{TargetId, UnixMillis};
use probe::price::{Asked, PriceTable, Why};
use probe::{Attempt, Call};
use serde_json::{Map, Value};
use wire::plan::{PlanRequest, PlanTarget};

use super::ledger::Amount;

/// Input tokens that providers add to a prompt of their own: roles, templates, hidden
/// instructions. Generous, because a bound that is too low would let a call pass its cap.
pub const INPUT_TOKENS_OVERHEAD: u64 = 1_024;

/// Members of a body that multiply the answer or lift its cap.
const LIFTING: [&str; 13] = [
    "best_of",
    "candidateCount",
    "candidate_count",
    "maxOutputTokens",
    "maxTokens",
    "max_completion_tokens",
    "max_new_tokens",
    "max_output_tokens",
    "max_tokens",
    "max_tokens_to_sample",
    "n",
    "num_completions",
    "num_generations",
];

/// A call whose cost cannot be bounded.
#[derive(Debug, thiserror::Error)]
pub enum BoundError {
    /// Nobody knows what it costs.
    #[error(
        "target `{target}`: a budget in US dollars needs a price, and model `{model}` of `{provider}` \
         has none; give a `price_table` that has it, or cap tokens instead"
    )]
    Price {
        /// The target.
        target: TargetId,
        /// Whose price was looked for.
        provider: String,
        /// Of which model.
        model: String,
        /// What is missing.
        #[source]
        source: Why,
    },
    /// Its body may ask for more than its cap on output says.
    #[error(
        "target `{target}`: with a budget, `extra` must not hold `{member}`; use max_output_tokens"
    )]
    Lifted {
        /// The target.
        target: TargetId,
        /// The member.
        member: &'static str,
    },
}

/// What one call of a target can use at most.
#[derive(Clone, Debug)]
pub struct Bound {
    input_tokens: u64,
    output_tokens: u64,
    price: PriceOf,
    must_have_price: bool,
}

/// Whose price a call has.
#[derive(Clone, Debug)]
struct PriceOf {
    provider: String,
    model: String,
    tier: Option<String>,
}

impl Bound {
    /// The bound of a target's calls.
    pub(super) fn new(target: &PlanTarget, call: &Call) -> Result<Self, BoundError> {
        if let Some(member) = lifting(&call.extra) {
            return Err(BoundError::Lifted {
                target: target.id.clone(),
                member,
            });
        }
        let nonce = "0123456789abcdef".parse();
        let nonce = nonce.expect("sixteen hexadecimal digits are a nonce");
        let prompt = call.ask.prompt(&nonce).len();
        let extra = serde_json::to_string(&call.extra).map_or(usize::MAX, |extra| extra.len());
        // No tokeniser makes more tokens than bytes.
        let bytes = u64::try_from(prompt.saturating_add(extra)).unwrap_or(u64::MAX);
        Ok(Self {
            input_tokens: bytes.saturating_add(INPUT_TOKENS_OVERHEAD),
            output_tokens: call.max_output_tokens.into(),
            price: PriceOf {
                provider: provider(target),
                model: call.model.clone(),
                tier: call.tier.clone(),
            },
            must_have_price: false,
        })
    }

    /// The same for a call whose money is capped: refused where `prices` do not know it at `at`.
    pub(super) fn with_price(
        mut self,
        target: &TargetId,
        prices: &PriceTable,
        at: UnixMillis,
    ) -> Result<Self, BoundError> {
        self.must_have_price = true;
        match self.worst(prices, at) {
            Ok(_) => Ok(self),
            Err(source) => Err(BoundError::Price {
                target: target.clone(),
                provider: self.price.provider,
                model: self.price.model,
                source,
            }),
        }
    }

    /// The most that a call can use. Fails where its money is capped and has no price.
    pub(super) fn worst(&self, prices: &PriceTable, at: UnixMillis) -> Result<Amount, Why> {
        let rate = prices.lookup(&self.price.asked(self.price.tier.as_deref(), at));
        let cost = rate.map(|rate| rate.worst_case(self.input_tokens, self.output_tokens));
        let nano_usd = match cost.map(|cost| cost.bound()) {
            Ok(Some(amount)) => amount.get(),
            _ if !self.must_have_price => 0,
            Ok(None) => return Err(Why::TooLarge),
            Err(why) => return Err(why),
        };
        Ok(Amount {
            nano_usd,
            tokens: self.input_tokens.saturating_add(self.output_tokens),
        })
    }

    /// What a call that began at `at` used; what it does not say counts as in `worst`.
    pub(super) fn actual(
        &self,
        prices: &PriceTable,
        attempt: &Attempt,
        (worst, at): (Amount, UnixMillis),
    ) -> Amount {
        if attempt.sent_us.is_none() {
            return Amount::default(); // Not a byte was sent.
        }
        let tokens = attempt.input_tokens.zip(attempt.output_tokens);
        let tier = attempt.served_tier.as_ref().or(self.price.tier.as_ref());
        let asked = self.price.asked(tier.map(String::as_str), at);
        let cost = prices.cost(&asked, &attempt.usage()).bound();
        Amount {
            nano_usd: cost.map_or(worst.nano_usd, probe::price::NanoUsd::get),
            tokens: tokens.map_or(worst.tokens, |(input, output)| input.saturating_add(output)),
        }
    }
}

impl PriceOf {
    fn asked<'a>(&'a self, tier: Option<&'a str>, at: UnixMillis) -> Asked<'a> {
        Asked {
            provider: &self.provider,
            model: &self.model,
            tier,
            at,
        }
    }
}

/// Who charges, as price tables name it: what the preset knows, else the plan's provider.
fn provider(target: &PlanTarget) -> String {
    let of_preset = match &target.request {
        PlanRequest::Call(call) => probe::preset::named(&call.preset).and_then(|one| one.prices),
        PlanRequest::Http { .. } => None,
    };
    of_preset.map_or_else(|| target.provider.to_string(), str::to_owned)
}

fn lifting(members: &Map<String, Value>) -> Option<&'static str> {
    members.iter().find_map(|(key, value)| {
        let here = LIFTING.into_iter().find(|member| member == key);
        here.or_else(|| value.as_object().and_then(lifting))
    })
}
