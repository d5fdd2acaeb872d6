//! Each provider's own response headers.

use std::time::Duration;

use axum::http::HeaderMap;

use super::{Envelope, Remaining, put, put_all, wait_ms};
use crate::failure::Limit;
use crate::wire::{Wire, rfc3339};

/// A duration as Go prints it, the way rate limit headers do: `6ms`, `1s`, `6m0s`.
fn go_duration(duration: Duration) -> String {
    let ms = duration.as_micros().div_ceil(1_000);
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
    /// What every response of the wire's provider has.
    pub(super) fn provider(&self, wait: Duration, limit: Limit) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let remaining = self.remaining(limit);
        match self.wire {
            Wire::OpenAi | Wire::Responses => self.openai(&mut headers, wait, remaining),
            Wire::Groq => {
                put(&mut headers, "x-request-id", self.ids.request.as_str());
                put(&mut headers, "x-groq-region", "simulated");
                put_limits(&mut headers, remaining);
            }
            Wire::DeepSeek => {
                put(
                    &mut headers,
                    "x-ds-trace-id",
                    self.ids.call.replace('-', ""),
                );
            }
            Wire::Mistral => self.mistral(&mut headers, wait, remaining),
            Wire::Azure => self.azure(&mut headers, wait, remaining),
            // Rate limits show on refusals only.
            Wire::OpenRouter if limit == Limit::Untouched => {}
            Wire::OpenRouter => {
                let limit = remaining.requests.allowance.to_string();
                put(&mut headers, "x-ratelimit-limit", limit);
                put(
                    &mut headers,
                    "x-ratelimit-remaining",
                    remaining.requests.remaining.to_string(),
                );
            }
            Wire::Anthropic => self.anthropic(&mut headers, remaining),
            // Neither door has a request id: the body's `responseId` stands for it.
            Wire::Gemini | Wire::Vertex => {
                let took = format!("gfet4t7; dur={}", wait_ms(wait));
                put(&mut headers, "server-timing", took);
            }
            Wire::Bedrock => put(&mut headers, "x-amzn-requestid", self.ids.call.as_str()),
        }
        headers
    }

    /// Adds what only an answer has.
    pub(super) fn add_served(&self, headers: &mut HeaderMap, model: &str) {
        match self.wire {
            Wire::OpenRouter => {
                put(headers, "x-generation-id", self.generation.as_str());
            }
            Wire::Azure => {
                put(headers, "x-ms-deployment-name", model);
                put(headers, "x-ms-rai-invoked", "true");
            }
            _ => {}
        }
    }

    fn openai(&self, headers: &mut HeaderMap, wait: Duration, remaining: Remaining) {
        put(headers, "x-request-id", self.ids.request.as_str());
        put(headers, "openai-processing-ms", wait_ms(wait).to_string());
        put(headers, "openai-version", "2020-10-01");
        put(headers, "openai-organization", "org-simulated");
        put_limits(headers, remaining);
    }

    fn azure(&self, headers: &mut HeaderMap, wait: Duration, remaining: Remaining) {
        put_all(
            headers,
            [
                ("apim-request-id", self.ids.call.clone()),
                ("x-request-id", self.ids.call.clone()),
                ("x-ms-client-request-id", self.ids.call.clone()),
                ("x-ms-region", "Simulated Region".to_owned()),
                ("azureml-model-session", "simulated".to_owned()),
                ("cmp-upstream-response-duration", wait_ms(wait).to_string()),
                (
                    "x-ratelimit-limit-requests",
                    remaining.requests.allowance.to_string(),
                ),
                (
                    "x-ratelimit-remaining-requests",
                    remaining.requests.remaining.to_string(),
                ),
                (
                    "x-ratelimit-limit-tokens",
                    remaining.tokens.allowance.to_string(),
                ),
                (
                    "x-ratelimit-remaining-tokens",
                    remaining.tokens.remaining.to_string(),
                ),
            ],
        );
    }

    fn mistral(&self, headers: &mut HeaderMap, wait: Duration, remaining: Remaining) {
        let wait_ms = wait_ms(wait).to_string();
        put_all(
            headers,
            [
                ("mistral-correlation-id", self.ids.call.clone()),
                ("x-kong-request-id", self.ids.call.clone()),
                ("x-kong-proxy-latency", "1".to_owned()),
                ("x-kong-upstream-latency", wait_ms.clone()),
                ("x-envoy-upstream-service-time", wait_ms),
                (
                    "x-ratelimit-limit-req-minute",
                    remaining.requests.allowance.to_string(),
                ),
                (
                    "x-ratelimit-remaining-req-minute",
                    remaining.requests.remaining.to_string(),
                ),
                (
                    "x-ratelimit-limit-tokens-minute",
                    remaining.tokens.allowance.to_string(),
                ),
                (
                    "x-ratelimit-remaining-tokens-minute",
                    remaining.tokens.remaining.to_string(),
                ),
            ],
        );
    }

    fn anthropic(&self, headers: &mut HeaderMap, remaining: Remaining) {
        let reset = |full_in: Duration| {
            let seconds = full_in.as_micros().div_ceil(1_000_000);
            let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
            rfc3339(self.now_unix_s.saturating_add(seconds))
        };
        put_all(
            headers,
            [
                ("request-id", self.ids.request.clone()),
                ("anthropic-organization-id", "org-simulated".to_owned()),
                (
                    "anthropic-ratelimit-requests-limit",
                    remaining.requests.allowance.to_string(),
                ),
                (
                    "anthropic-ratelimit-requests-remaining",
                    remaining.requests.remaining.to_string(),
                ),
                (
                    "anthropic-ratelimit-requests-reset",
                    reset(remaining.requests.full_in),
                ),
                (
                    "anthropic-ratelimit-tokens-limit",
                    remaining.tokens.allowance.to_string(),
                ),
                (
                    "anthropic-ratelimit-tokens-remaining",
                    remaining.tokens.remaining.to_string(),
                ),
                (
                    "anthropic-ratelimit-tokens-reset",
                    reset(remaining.tokens.full_in),
                ),
            ],
        );
    }
}

/// Limits in `OpenAI`'s names, with resets as durations.
fn put_limits(headers: &mut HeaderMap, remaining: Remaining) {
    put_all(
        headers,
        [
            (
                "x-ratelimit-limit-requests",
                remaining.requests.allowance.to_string(),
            ),
            (
                "x-ratelimit-limit-tokens",
                remaining.tokens.allowance.to_string(),
            ),
            (
                "x-ratelimit-remaining-requests",
                remaining.requests.remaining.to_string(),
            ),
            (
                "x-ratelimit-remaining-tokens",
                remaining.tokens.remaining.to_string(),
            ),
            (
                "x-ratelimit-reset-requests",
                go_duration(remaining.requests.full_in),
            ),
            (
                "x-ratelimit-reset-tokens",
                go_duration(remaining.tokens.full_in),
            ),
        ],
    );
}

#[cfg(test)]
mod tests {
    use super::super::{Ids, Used};
    use super::*;
    use crate::config::Persona;
    use crate::limit::{Gauge, Gauges};
    use crate::random::Random;

    fn headers(wire: Wire, limit: Limit) -> HeaderMap {
        limited(wire, limit, Gauges::default())
    }

    fn limited(wire: Wire, limit: Limit, gauges: Gauges) -> HeaderMap {
        let envelope = Envelope {
            wire,
            persona: Persona::Direct,
            ids: Ids::draw(&mut Random::for_parts(&[1])),
            used: Used {
                requests: 1,
                tokens: 40,
            },
            gauges,
            now_unix_s: 0,
            generation: "gen-1".to_owned(),
        };
        envelope.provider(Duration::ZERO, limit)
    }

    #[track_caller]
    fn check(headers: &HeaderMap, name: &str, value: &str) {
        assert_eq!(headers[name].to_str().expect("text"), value, "{name}");
    }

    #[test]
    fn durations_print_as_go_prints_them() {
        let printed = [0, 6, 999, 1_000, 1_500, 59_000, 360_000, 61_000]
            .map(|ms| go_duration(Duration::from_millis(ms)));
        assert_eq!(
            printed,
            ["0s", "6ms", "999ms", "1s", "1.500s", "59s", "6m0s", "1m1s"]
        );
    }

    #[test]
    fn one_request_takes_one_from_the_minute() {
        let headers = headers(Wire::OpenAi, Limit::Untouched);
        check(&headers, "x-ratelimit-remaining-requests", "9999");
        check(&headers, "x-ratelimit-reset-requests", "6ms");
        check(&headers, "x-ratelimit-remaining-tokens", "1999960");
        check(&headers, "x-ratelimit-reset-tokens", "1ms");
        assert_eq!(headers["x-request-id"].len(), "req_".len() + 32);
    }

    #[test]
    fn every_provider_has_its_own_request_id_and_google_has_none() {
        for (wire, name) in [
            (Wire::Responses, "x-request-id"),
            (Wire::Anthropic, "request-id"),
            (Wire::Azure, "apim-request-id"),
            (Wire::Bedrock, "x-amzn-requestid"),
            (Wire::Mistral, "mistral-correlation-id"),
            (Wire::DeepSeek, "x-ds-trace-id"),
        ] {
            assert!(
                headers(wire, Limit::Untouched).contains_key(name),
                "{wire:?}"
            );
        }
        let google = headers(Wire::Gemini, Limit::Untouched);
        assert_eq!(
            google
                .keys()
                .map(axum::http::HeaderName::as_str)
                .collect::<Vec<_>>(),
            ["server-timing"]
        );
    }

    #[test]
    fn a_scenarios_limits_show_in_each_providers_own_headers() {
        let gauge = |allowance, remaining, ms| Gauge {
            allowance,
            remaining,
            full_in: Duration::from_millis(ms),
        };
        let gauges = Gauges {
            requests: Some(gauge(60, 0, 59_500)),
            tokens: Some(gauge(6_000, 3_050, 29_500)),
        };
        let limited = |wire| limited(wire, Limit::Exhausted, gauges);
        let openai = limited(Wire::OpenAi);
        check(&openai, "x-ratelimit-limit-requests", "60");
        check(&openai, "x-ratelimit-remaining-requests", "0");
        check(&openai, "x-ratelimit-reset-requests", "59.500s");
        check(&openai, "x-ratelimit-remaining-tokens", "3050");
        check(&openai, "x-ratelimit-reset-tokens", "29.500s");
        let anthropic = limited(Wire::Anthropic);
        check(&anthropic, "anthropic-ratelimit-requests-limit", "60");
        check(&anthropic, "anthropic-ratelimit-tokens-remaining", "3050");
        let reset = "anthropic-ratelimit-requests-reset";
        check(&anthropic, reset, "1970-01-01T00:01:00Z");
        let mistral = limited(Wire::Mistral);
        check(&mistral, "x-ratelimit-limit-req-minute", "60");
        check(&mistral, "x-ratelimit-remaining-tokens-minute", "3050");
        check(&limited(Wire::OpenRouter), "x-ratelimit-limit", "60");
    }

    #[test]
    fn an_exhausted_limit_shows_in_the_providers_own_headers() {
        let anthropic = headers(Wire::Anthropic, Limit::Exhausted);
        check(&anthropic, "anthropic-ratelimit-requests-remaining", "0");
        check(
            &anthropic,
            "anthropic-ratelimit-requests-reset",
            "1970-01-01T00:00:01Z",
        );
        check(
            &headers(Wire::OpenRouter, Limit::Exhausted),
            "x-ratelimit-remaining",
            "0",
        );
        assert!(headers(Wire::OpenRouter, Limit::Untouched).is_empty());
    }
}
