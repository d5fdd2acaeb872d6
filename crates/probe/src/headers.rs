//! Response headers: which are evidence, which id support asks for, and what they say about who
//! answered.
//!
//! Nothing outside the allow-list is kept. Organisation, project and account ids are left out on
//! purpose, also where a gateway repeats the upstream's headers under a prefix of its own.

use std::collections::BTreeMap;

use domain::detail::Text;
use http::{HeaderMap, HeaderName};

use crate::secrets::Secrets;

/// Most response headers of one answer that are kept.
pub const KEPT_MAX: usize = 64;
/// Longest header value, code or name that is kept, bytes; longer ones are left out, not cut.
pub const VALUE_BYTES_MAX: usize = 512;

/// Kept by their whole name.
const NAMES: [&str; 30] = [
    "age",
    "apim-request-id",
    "cf-cache-status",
    "cf-ray",
    "date",
    "mistral-correlation-id",
    "openai-processing-ms",
    "openai-version",
    "request-id",
    "retry-after",
    "retry-after-ms",
    "server",
    "server-timing",
    "traceresponse",
    "via",
    "x-amzn-errortype",
    "x-amzn-requestid",
    "x-client-request-id",
    "x-ds-trace-id",
    "x-envoy-upstream-service-time",
    "x-generation-id",
    "x-groq-region",
    "x-kong-request-id",
    "x-ms-client-request-id",
    "x-ms-deployment-name",
    "x-ms-is-spilled-over",
    "x-ms-region",
    "x-ms-request-id",
    "x-request-id",
    "x-should-retry",
];

/// Kept by the start of their name.
const PREFIXES: [&str; 6] = [
    "anthropic-ratelimit-",
    "cf-aig-",
    "x-amzn-bedrock-",
    "x-litellm-",
    "x-portkey-",
    "x-ratelimit-",
];

/// Under which LiteLLM repeats the headers of its upstream.
const UPSTREAM_PREFIX: &str = "llm_provider-";

/// Ids to quote to support, the best first.
const REQUEST_IDS: [&str; 15] = [
    "x-request-id",
    "request-id",
    "apim-request-id",
    "x-ms-request-id",
    "x-amzn-requestid",
    "mistral-correlation-id",
    "x-kong-request-id",
    "x-ds-trace-id",
    "x-generation-id",
    "cf-aig-log-id",
    "x-litellm-call-id",
    "x-portkey-trace-id",
    "llm_provider-x-request-id",
    "llm_provider-request-id",
    "cf-ray",
];

/// Ids that a model provider gives its own answers.
const PROVIDER_IDS: [&str; 7] = [
    "x-request-id",
    "request-id",
    "apim-request-id",
    "x-amzn-requestid",
    "mistral-correlation-id",
    "x-ds-trace-id",
    "openai-processing-ms",
];

/// Whether an answer bears the trace of a model provider behind a gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upstream {
    /// No upstream id: the gateway answered by itself.
    Absent,
    /// An id that may be the upstream's or the gateway's own.
    Possible,
    /// An id in a place where only the upstream's can stand.
    Seen,
}

/// Whether a header may be stored.
#[must_use]
pub fn is_evidence(name: &str) -> bool {
    let name = name.strip_prefix(UPSTREAM_PREFIX).unwrap_or(name);
    NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Who left their trace in the headers.
#[must_use]
pub fn upstream(headers: &HeaderMap) -> Upstream {
    let names = || headers.keys().map(HeaderName::as_str);
    let passes_on =
        names().any(|name| name.starts_with("x-portkey-") || name.starts_with("cf-aig-"));
    let repeated = names()
        .filter_map(|name| name.strip_prefix(UPSTREAM_PREFIX))
        .any(|name| PROVIDER_IDS.contains(&name));
    let own = names().any(|name| PROVIDER_IDS.contains(&name));
    match (repeated || (own && passes_on), own) {
        (true, _) => Upstream::Seen,
        (false, true) => Upstream::Possible,
        (false, false) => Upstream::Absent,
    }
}

/// Whether the headers say that a limit was reached.
#[must_use]
pub fn names_limit(headers: &HeaderMap) -> bool {
    let used_up = |name: &HeaderName| {
        let bare = name.as_str();
        let bare = bare.strip_prefix(UPSTREAM_PREFIX).unwrap_or(bare);
        let is_rest = bare.starts_with("x-ratelimit-remaining-")
            || (bare.starts_with("anthropic-ratelimit-") && bare.ends_with("-remaining"));
        is_rest && headers[name].as_bytes() == b"0"
    };
    headers.contains_key("retry-after")
        || headers.contains_key("retry-after-ms")
        || headers.keys().any(used_up)
}

/// The name of an error that AWS gives in a header, where its bodies hold a message only: without
/// the address behind the colon and the namespace in front of the hash.
#[must_use]
pub fn error_name(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get("x-amzn-errortype")?.to_str().ok()?;
    let name = value.split(':').next()?.rsplit('#').next()?.trim();
    (!name.is_empty() && name.len() <= VALUE_BYTES_MAX).then_some(name)
}

/// Text from outside that may be kept: not too long, and without a secret of ours.
#[must_use]
pub fn keep(bytes: &[u8], secrets: &Secrets) -> Option<Text> {
    let fits = bytes.len() <= VALUE_BYTES_MAX && !secrets.are_in(bytes);
    fits.then(|| Text::from_bytes(bytes))
}

/// The headers that are stored; the values of a repeated one are joined as RFC 9110 joins them.
#[must_use]
pub fn evidence(headers: &HeaderMap, secrets: &Secrets) -> BTreeMap<String, Text> {
    headers
        .keys()
        .filter(|name| is_evidence(name.as_str()))
        .filter_map(|name| {
            let values: Vec<&[u8]> = headers
                .get_all(name)
                .iter()
                .map(http::HeaderValue::as_bytes)
                .collect();
            Some((name.to_string(), keep(&values.join(&b", "[..]), secrets)?))
        })
        .take(KEPT_MAX)
        .collect()
}

/// The id to quote to the support of whoever answered.
#[must_use]
pub fn request_id(headers: &HeaderMap, secrets: &Secrets) -> Option<Text> {
    REQUEST_IDS
        .iter()
        .filter_map(|name| headers.get(*name))
        .filter(|value| !value.is_empty())
        .find_map(|value| keep(value.as_bytes(), secrets))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::try_from(*name).unwrap(), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn only_listed_headers_are_kept_and_no_customer_ids() {
        let kept = evidence(
            &map(&[
                ("x-request-id", "req_1"),
                ("set-cookie", "session=1"),
                ("openai-organization", "org-ours"),
                ("openai-project", "proj_ours"),
                ("anthropic-organization-id", "org-ours"),
                ("llm_provider-openai-organization", "org-ours"),
                ("llm_provider-set-cookie", "session=1"),
                ("llm_provider-x-request-id", "req_2"),
                ("x-ratelimit-remaining-requests", "0"),
                ("authorization", "Bearer x"),
            ]),
            &Secrets::default(),
        );
        let names: Vec<&str> = kept.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "llm_provider-x-request-id",
                "x-ratelimit-remaining-requests",
                "x-request-id"
            ]
        );
    }

    #[test]
    fn a_header_that_repeats_the_key_is_dropped() {
        let secrets = Secrets::from("sk-secret");
        let headers = map(&[("x-litellm-echo", "was sk-secret, sir"), ("cf-ray", "1")]);
        assert_eq!(evidence(&headers, &secrets).len(), 1);
    }

    #[test]
    fn values_are_joined_and_long_ones_left_out() {
        let long = "x".repeat(VALUE_BYTES_MAX + 1);
        let kept = evidence(
            &map(&[("via", "a"), ("via", "b"), ("server", &long)]),
            &Secrets::default(),
        );
        assert_eq!(kept.len(), 1);
        assert_eq!(kept["via"], Text::Plain("a, b".to_owned()));
    }

    #[test]
    fn the_kind_of_an_error_is_named_without_its_address_and_namespace() {
        let kind = |value| error_name(&map(&[("x-amzn-errortype", value)])).map(str::to_owned);
        for value in [
            "ThrottlingException",
            "ThrottlingException:http://internal.amazon.com/coral/com.amazon.bedrock/",
            "com.amazon.bedrock#ThrottlingException:",
        ] {
            assert_eq!(
                kind(value).as_deref(),
                Some("ThrottlingException"),
                "{value}"
            );
        }
        for value in [
            "",
            ":http://internal.amazon.com/",
            &"x".repeat(VALUE_BYTES_MAX + 1),
        ] {
            assert_eq!(kind(value), None, "{value}");
        }
        assert_eq!(error_name(&map(&[])), None);
    }

    #[test]
    fn headers_beyond_the_limit_are_left_out() {
        let names: Vec<String> = (0..200).map(|i| format!("x-ratelimit-{i}")).collect();
        let pairs: Vec<_> = names.iter().map(|name| (name.as_str(), "1")).collect();
        assert_eq!(evidence(&map(&pairs), &Secrets::default()).len(), KEPT_MAX);
    }

    #[test]
    fn a_limit_is_named_by_a_wait_or_by_nothing_being_left() {
        for (name, value, named) in [
            ("retry-after", "1", true),
            ("retry-after-ms", "20", true),
            ("x-ratelimit-remaining-requests", "0", true),
            ("x-ratelimit-remaining-requests", "7", false),
            ("anthropic-ratelimit-output-tokens-remaining", "0", true),
            ("anthropic-ratelimit-output-tokens-limit", "0", false),
            ("llm_provider-x-ratelimit-remaining-tokens", "0", true),
            ("x-ratelimit-limit-requests", "0", false),
        ] {
            assert_eq!(
                names_limit(&map(&[(name, value)])),
                named,
                "{name}: {value}"
            );
        }
    }

    #[test]
    fn an_error_of_aws_is_named_without_its_surroundings() {
        let name = |value| error_name(&map(&[("x-amzn-errortype", value)])).map(str::to_owned);
        let throttled = Some("ThrottlingException".to_owned());
        assert_eq!(name("ThrottlingException"), throttled);
        assert_eq!(
            name("ThrottlingException:http://internal.example/x/"),
            throttled
        );
        assert_eq!(name("com.example.bedrock#ThrottlingException"), throttled);
        assert_eq!(name(""), None);
    }

    #[test]
    fn an_upstream_shows_by_its_id_where_a_gateway_passes_ids_on() {
        assert_eq!(
            upstream(&map(&[("x-litellm-call-id", "1")])),
            Upstream::Absent
        );
        assert_eq!(upstream(&map(&[("x-request-id", "1")])), Upstream::Possible);
        let portkey = [("x-portkey-provider", "openai"), ("x-request-id", "1")];
        assert_eq!(upstream(&map(&portkey)), Upstream::Seen);
        assert_eq!(upstream(&map(&portkey[..1])), Upstream::Absent);
        assert_eq!(
            upstream(&map(&[("llm_provider-x-request-id", "1")])),
            Upstream::Seen
        );
        assert_eq!(
            upstream(&map(&[("llm_provider-date", "1")])),
            Upstream::Absent
        );
    }
}
