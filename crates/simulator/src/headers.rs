//! Response headers as providers and gateways set them: the gateway's here, each provider's own in
//! [`provider`].

mod provider;

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};

use crate::answer::Answer;
use crate::config::Persona;
use crate::failure::{Limit, Worded};
use crate::limit::{Gauge, Gauges};
use crate::random::Random;
use crate::wire::Wire;

/// Requests a minute that the simulated account may make; shown, not enforced: only the limits of a
/// scenario are.
const REQUESTS_PER_MINUTE: u64 = 10_000;

/// Tokens a minute of the same account.
const TOKENS_PER_MINUTE: u64 = 2_000_000;

/// The release of the proxy whose conventions the gateway persona follows.
const LITELLM_VERSION: &str = "1.100.5";

/// Ids of one exchange, drawn from the seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ids {
    pub(crate) request: String,
    /// The answer's id, before the prefix that each wire gives it.
    pub(crate) completion: String,
    pub(crate) call: String,
}

impl Ids {
    pub(crate) fn draw(random: &mut Random) -> Self {
        Self {
            request: format!("req_{}", random.hex(32)),
            completion: random.hex(29),
            call: random.uuid(),
        }
    }

    /// The id of a generation at `OpenRouter`.
    pub(crate) fn generation(&self, created_unix_s: u64) -> String {
        format!("gen-{created_unix_s}-{}", self.completion)
    }
}

/// What the account has used in the current minute, this request included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Used {
    pub(crate) requests: u64,
    pub(crate) tokens: u64,
}

/// What headers depend on apart from the answer.
#[derive(Clone, Debug)]
pub(crate) struct Envelope {
    pub(crate) wire: Wire,
    pub(crate) persona: Persona,
    pub(crate) ids: Ids,
    pub(crate) used: Used,
    /// What the limits leave of the key's minute, where there are limits.
    pub(crate) gauges: Gauges,
    pub(crate) now_unix_s: u64,
    /// The id of an answer, where a header repeats it.
    pub(crate) generation: String,
}

/// What remains of the account's minute.
#[derive(Clone, Copy, Debug)]
struct Remaining {
    requests: Gauge,
    tokens: Gauge,
}

fn put(headers: &mut HeaderMap, name: &'static str, value: impl Into<String>) {
    // Only a model name from a script can fail here, and a header cannot carry what it refuses.
    if let Ok(value) = HeaderValue::try_from(value.into()) {
        headers.insert(name, value);
    }
}

fn put_all<const COUNT: usize>(headers: &mut HeaderMap, pairs: [(&'static str, String); COUNT]) {
    for (name, value) in pairs {
        put(headers, name, value);
    }
}

/// Time before the head, in milliseconds; no server claims to have taken none.
fn wait_ms(wait: Duration) -> u128 {
    wait.as_millis().max(1)
}

impl Envelope {
    /// Headers of an answer that took `wait` before its head.
    pub(crate) fn for_answer(&self, asked: &str, answer: &Answer, wait: Duration) -> HeaderMap {
        match self.persona {
            Persona::Direct => {
                let mut headers = self.provider(wait, Limit::Untouched);
                self.add_served(&mut headers, &answer.model);
                headers
            }
            Persona::Gateway => self.gateway(asked, answer, wait),
        }
    }

    /// Headers of an answer that streams.
    pub(crate) fn for_stream(&self, asked: &str, answer: &Answer, wait: Duration) -> HeaderMap {
        let mut headers = self.for_answer(asked, answer, wait);
        put(&mut headers, "cache-control", "no-cache");
        if matches!(self.wire, Wire::Gemini | Wire::Vertex) {
            put(&mut headers, "content-disposition", "attachment");
        }
        headers
    }

    /// Headers of anything without a model: lists, pages, errors.
    pub(crate) fn for_document(&self, wait: Duration) -> HeaderMap {
        match self.persona {
            Persona::Direct => self.provider(wait, Limit::Untouched),
            Persona::Gateway => self.gateway_bare(),
        }
    }

    pub(crate) fn for_error(&self, error: &Worded, wait: Duration) -> HeaderMap {
        let mut headers = match self.persona {
            Persona::Direct => self.provider(wait, error.limit),
            Persona::Gateway => self.gateway_bare(),
        };
        if let Some(seconds) = error.retry_after_s {
            put(&mut headers, "retry-after", seconds.to_string());
            let fine = !matches!(
                self.wire,
                Wire::Anthropic | Wire::Mistral | Wire::OpenRouter
            );
            if fine {
                let ms = u64::from(seconds) * 1_000;
                put(&mut headers, "retry-after-ms", ms.to_string());
            }
        }
        if let Some(exception) = error.exception {
            put(&mut headers, "x-amzn-errortype", exception);
        }
        headers
    }

    /// The key's own limits where there are any; the figures that are only shown elsewhere.
    fn remaining(&self, limit: Limit) -> Remaining {
        let shown = |allowance: u64, used: u64| Gauge {
            allowance,
            remaining: allowance.saturating_sub(used),
            full_in: Duration::from_millis(used.saturating_mul(60_000) / allowance),
        };
        let limited = self.gauges != Gauges::default();
        let requests = match limit {
            Limit::Exhausted if !limited => Gauge {
                allowance: REQUESTS_PER_MINUTE,
                remaining: 0,
                full_in: Duration::from_secs(1),
            },
            _ => shown(REQUESTS_PER_MINUTE, self.used.requests),
        };
        Remaining {
            requests: self.gauges.requests.unwrap_or(requests),
            tokens: self
                .gauges
                .tokens
                .unwrap_or(shown(TOKENS_PER_MINUTE, self.used.tokens)),
        }
    }

    /// What every gateway response has; errors lack the deployment.
    fn gateway_bare(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        put(&mut headers, "x-litellm-call-id", self.ids.call.as_str());
        put(&mut headers, "x-litellm-version", LITELLM_VERSION);
        headers
    }

    fn gateway(&self, asked: &str, answer: &Answer, wait: Duration) -> HeaderMap {
        let mut headers = self.gateway_bare();
        let served = answer.model.as_str();
        let fallbacks = if served == asked { "0" } else { "1" };
        let wait_ms = wait_ms(wait).to_string();
        put_all(
            &mut headers,
            [
                ("x-litellm-model-id", format!("deployment-{served}")),
                ("x-litellm-model-name", format!("openai/{served}")),
                ("x-litellm-model-group", served.to_owned()),
                (
                    "x-litellm-model-api-base",
                    "https://upstream.invalid/v1".to_owned(),
                ),
                ("x-litellm-attempted-retries", "0".to_owned()),
                ("x-litellm-attempted-fallbacks", fallbacks.to_owned()),
                ("x-litellm-response-duration-ms", wait_ms.clone()),
                ("x-litellm-overhead-duration-ms", "1".to_owned()),
                ("llm_provider-x-request-id", self.ids.request.clone()),
                ("llm_provider-openai-processing-ms", wait_ms),
            ],
        );
        headers
    }

    /// Adds the cost, which the proxy knows only for answers that do not stream.
    pub(crate) fn add_cost(&self, headers: &mut HeaderMap, answer: &Answer) {
        if self.persona == Persona::Gateway {
            let nanos = answer.usage.cost_usd_nanos();
            let (dollars, rest) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
            put(
                headers,
                "x-litellm-response-cost",
                format!("{dollars}.{rest:09}"),
            );
        }
    }
}
