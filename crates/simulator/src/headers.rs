//! Response headers as providers and gateways set them.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};

use crate::answer::Answer;
use crate::config::Persona;
use crate::error_body::{Limit, ProviderError};
use crate::random::Random;

/// Requests a minute that the simulated account may make; shown, not enforced: limits are struck
/// by scripts, so that a test decides when.
const REQUESTS_PER_MINUTE: u64 = 10_000;

/// Tokens a minute of the same account.
const TOKENS_PER_MINUTE: u64 = 2_000_000;

/// The release of the proxy whose conventions the gateway persona follows.
const LITELLM_VERSION: &str = "1.100.5";

/// Ids of one exchange, drawn from the seed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ids {
    pub(crate) request: String,
    pub(crate) completion: String,
    pub(crate) call: String,
}

impl Ids {
    pub(crate) fn draw(random: &mut Random) -> Self {
        Self {
            request: format!("req_{}", random.hex(32)),
            completion: format!("chatcmpl-{}", random.hex(29)),
            call: random.uuid(),
        }
    }
}

/// What the account has used in the current minute, this request included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Used {
    pub(crate) requests: u64,
    pub(crate) tokens: u64,
}

/// Headers that do not depend on what is answered.
#[derive(Clone, Debug)]
pub(crate) struct Envelope {
    pub(crate) persona: Persona,
    pub(crate) ids: Ids,
    pub(crate) used: Used,
}

fn put(headers: &mut HeaderMap, name: &'static str, value: impl Into<String>) {
    // Only a model name from a script can fail here, and a header cannot carry what it refuses.
    if let Ok(value) = HeaderValue::try_from(value.into()) {
        headers.insert(name, value);
    }
}

/// A duration as Go prints it, the way rate limit headers do: `6ms`, `1s`, `6m0s`.
fn go_duration(ms: u64) -> String {
    let (minutes, seconds, rest) = (ms / 60_000, ms / 1_000 % 60, ms % 1_000);
    match (minutes, seconds, rest) {
        (0, 0, 0) => "0s".to_owned(),
        (0, 0, rest) => format!("{rest}ms"),
        (0, seconds, 0) => format!("{seconds}s"),
        (0, seconds, rest) => format!("{seconds}.{rest:03}s"),
        (minutes, seconds, _) => format!("{minutes}m{seconds}s"),
    }
}

impl Envelope {
    /// Headers of an answer that took `wait` before its head.
    pub(crate) fn for_answer(&self, asked: &str, answer: &Answer, wait: Duration) -> HeaderMap {
        match self.persona {
            Persona::Direct => self.direct(wait, Limit::Untouched),
            Persona::Gateway => self.gateway(asked, answer, wait),
        }
    }

    /// Headers of anything without a model: lists, pages, errors.
    pub(crate) fn for_document(&self, wait: Duration) -> HeaderMap {
        match self.persona {
            Persona::Direct => self.direct(wait, Limit::Untouched),
            Persona::Gateway => self.gateway_bare(),
        }
    }

    pub(crate) fn for_error(&self, error: &ProviderError, wait: Duration) -> HeaderMap {
        let mut headers = match self.persona {
            Persona::Direct => self.direct(wait, error.limit),
            Persona::Gateway => self.gateway_bare(),
        };
        if let Some(seconds) = error.retry_after_s {
            put(&mut headers, "retry-after", seconds.to_string());
            put(
                &mut headers,
                "retry-after-ms",
                (seconds * 1_000).to_string(),
            );
        }
        headers
    }

    fn direct(&self, wait: Duration, limit: Limit) -> HeaderMap {
        let mut headers = HeaderMap::new();
        put(&mut headers, "x-request-id", self.ids.request.as_str());
        put(
            &mut headers,
            "openai-processing-ms",
            wait.as_millis().max(1).to_string(),
        );
        put(&mut headers, "openai-version", "2020-10-01");
        put(&mut headers, "openai-organization", "org-simulated");
        let (requests, reset_ms) = match limit {
            Limit::Untouched => (
                REQUESTS_PER_MINUTE.saturating_sub(self.used.requests),
                self.used.requests * 60_000 / REQUESTS_PER_MINUTE,
            ),
            Limit::Exhausted => (0, 1_000),
        };
        let tokens = TOKENS_PER_MINUTE.saturating_sub(self.used.tokens);
        let tokens_reset_ms = self.used.tokens * 60_000 / TOKENS_PER_MINUTE;
        put(
            &mut headers,
            "x-ratelimit-limit-requests",
            REQUESTS_PER_MINUTE.to_string(),
        );
        put(
            &mut headers,
            "x-ratelimit-limit-tokens",
            TOKENS_PER_MINUTE.to_string(),
        );
        put(
            &mut headers,
            "x-ratelimit-remaining-requests",
            requests.to_string(),
        );
        put(
            &mut headers,
            "x-ratelimit-remaining-tokens",
            tokens.to_string(),
        );
        put(
            &mut headers,
            "x-ratelimit-reset-requests",
            go_duration(reset_ms),
        );
        put(
            &mut headers,
            "x-ratelimit-reset-tokens",
            go_duration(tokens_reset_ms),
        );
        headers
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
        let wait_ms = wait.as_millis().max(1);
        put(
            &mut headers,
            "x-litellm-model-id",
            format!("deployment-{served}"),
        );
        put(
            &mut headers,
            "x-litellm-model-name",
            format!("openai/{served}"),
        );
        put(&mut headers, "x-litellm-model-group", served);
        put(
            &mut headers,
            "x-litellm-model-api-base",
            "https://upstream.invalid/v1",
        );
        put(&mut headers, "x-litellm-attempted-retries", "0");
        put(&mut headers, "x-litellm-attempted-fallbacks", fallbacks);
        put(
            &mut headers,
            "x-litellm-response-duration-ms",
            wait_ms.to_string(),
        );
        put(&mut headers, "x-litellm-overhead-duration-ms", "1");
        put(
            &mut headers,
            "llm_provider-x-request-id",
            self.ids.request.as_str(),
        );
        put(
            &mut headers,
            "llm_provider-openai-processing-ms",
            wait_ms.to_string(),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_print_as_go_prints_them() {
        let printed = [0, 6, 999, 1_000, 1_500, 59_000, 360_000, 61_000].map(go_duration);
        assert_eq!(
            printed,
            ["0s", "6ms", "999ms", "1s", "1.500s", "59s", "6m0s", "1m1s"]
        );
    }

    #[test]
    fn one_request_takes_one_from_the_minute() {
        let ids = Ids::draw(&mut Random::for_parts(&[1]));
        let used = Used {
            requests: 1,
            tokens: 40,
        };
        let envelope = Envelope {
            persona: Persona::Direct,
            ids,
            used,
        };
        let headers = envelope.for_document(Duration::ZERO);
        let get = |name: &str| headers[name].to_str().expect("text").to_owned();
        assert_eq!(get("x-ratelimit-remaining-requests"), "9999");
        assert_eq!(get("x-ratelimit-reset-requests"), "6ms");
        assert_eq!(get("x-ratelimit-remaining-tokens"), "1999960");
        assert_eq!(get("x-ratelimit-reset-tokens"), "1ms");
        assert_eq!(get("x-request-id").len(), "req_".len() + 32);
    }
}
