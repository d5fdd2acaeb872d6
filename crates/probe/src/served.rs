//! Who served an answer behind a gateway, and whether a cache did.
//!
//! Gateways say it in headers of their own, OpenRouter in the body; what none of them says stays
//! absent. Whatever is kept passes [`crate::headers::keep`]. Non-goal: whether that counts; a fallback is
//! recorded, never judged here.
//!
//! A cache's answer is none of the provider's. Where a right answer follows from the nonce of this
//! attempt no cache can have held it, so a claimed hit is recorded only ([`Cache::Claimed`]);
//! where it does not, a hit proves nothing about the provider ([`Cache::Possible`]), and
//! [`mod@crate::classify`] makes no success of it.

use domain::detail::{Served, Text};
use http::{HeaderMap, HeaderValue};
use secrecy::ExposeSecret as _;
use serde_json::Value;

use crate::ask::Ask;
use crate::headers::keep;
use crate::reply::Reply;
use crate::secrets::Secrets;
use crate::spec::Call;

/// Most attempts of a gateway that are looked at.
const ATTEMPTS_MAX: usize = 64;

/// What a body tells about the routing behind it, as it stood there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routing {
    /// Provider that answered.
    pub provider: Option<String>,
    /// Endpoint or model of it.
    pub deployment: Option<String>,
    /// How many others failed before it.
    pub fallbacks: Option<u64>,
}

/// Whether a cache answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cache {
    /// None says so.
    #[default]
    Unseen,
    /// One says so, but it cannot have held a right answer.
    Claimed,
    /// One says so, and may have held what was asked for.
    Possible,
}

/// Reads OpenRouter's `openrouter_metadata`: its attempts in order, each with the status it met.
#[must_use]
pub fn openrouter(metadata: &Value) -> Routing {
    let attempts = metadata["attempts"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    let attempts = &attempts[..attempts.len().min(ATTEMPTS_MAX)];
    let succeeded = |attempt: &Value| matches!(attempt["status"].as_u64(), Some(200..=299));
    let word = |value: &Value| value.as_str().filter(|w| !w.is_empty()).map(str::to_owned);
    match attempts.iter().position(succeeded) {
        Some(at) => Routing {
            provider: word(&attempts[at]["provider"]),
            deployment: word(&attempts[at]["model"]),
            fallbacks: u64::try_from(at).ok(),
        },
        None => Routing::default(),
    }
}

/// Who served, as far as headers and body say; `None` where nothing does.
#[must_use]
pub fn read(headers: &HeaderMap, reply: &Reply, call: &Call, secrets: &Secrets) -> Option<Served> {
    let head = Head { headers, secrets };
    let body = |text: &Option<String>| keep(text.as_deref()?.as_bytes(), secrets);
    let served = Served {
        cache: cache_word(headers).and_then(|(word, _)| keep(word.as_bytes(), secrets)),
        deployment: head
            .text("x-litellm-model-id")
            .or_else(|| head.text("x-litellm-model-group"))
            .or_else(|| head.text("x-portkey-last-used-option-index"))
            .or_else(|| head.text("cf-aig-model"))
            .or_else(|| head.text("x-ms-deployment-name"))
            .or_else(|| body(&reply.routing.deployment)),
        fallbacks: head
            .number("x-litellm-attempted-fallbacks")
            .or_else(|| portkey_fallbacks(headers, call))
            .or_else(|| head.number("cf-aig-step"))
            .or_else(|| spilled_over(headers))
            .or(reply.routing.fallbacks),
        provider: litellm_provider(headers)
            .and_then(|word| keep(word, secrets))
            .or_else(|| head.text("x-portkey-provider"))
            .or_else(|| head.text("cf-aig-provider"))
            .or_else(|| body(&reply.routing.provider))
            .or_else(|| body(&reply.provider)),
        retries: head
            .number("x-litellm-attempted-retries")
            .or_else(|| head.number("x-portkey-retry-attempt-count")),
    };
    (served != Served::default()).then_some(served)
}

/// Whether a cache answered `ask`.
#[must_use]
pub fn cache(headers: &HeaderMap, ask: &Ask) -> Cache {
    match cache_word(headers) {
        Some((_, true)) if ask.is_fresh() => Cache::Claimed,
        Some((_, true)) => Cache::Possible,
        _ => Cache::Unseen,
    }
}

struct Head<'a> {
    headers: &'a HeaderMap,
    secrets: &'a Secrets,
}

impl Head<'_> {
    fn text(&self, name: &str) -> Option<Text> {
        let value = self.headers.get(name)?;
        let value = value.as_bytes().trim_ascii();
        (!value.is_empty()).then(|| keep(value, self.secrets))?
    }

    /// Portkey writes -1 where its retries were used up: how many those were is not said.
    fn number(&self, name: &str) -> Option<u64> {
        plain(self.headers.get(name)?)?.parse().ok()
    }
}

fn plain(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok().map(str::trim)
}

/// The vendor in front of the slash of the name that LiteLLM calls.
fn litellm_provider(headers: &HeaderMap) -> Option<&[u8]> {
    let (vendor, _) = plain(headers.get("x-litellm-model-name")?)?.split_once('/')?;
    Some(vendor.as_bytes())
}

/// The index is a count of failures only where our own configuration asks for fallback; under load
/// balancing it is a choice.
fn portkey_fallbacks(headers: &HeaderMap, call: &Call) -> Option<u64> {
    let used = plain(headers.get("x-portkey-last-used-option-index")?)?;
    let (index, _) = used.strip_prefix("config.targets[")?.split_once(']')?;
    let open = call
        .headers
        .iter()
        .map(|(name, value)| (name, plain(value)));
    let secret = call.secret_headers.iter();
    let config = open
        .chain(secret.map(|(name, value)| (name, Some(value.expose_secret()))))
        .find(|(name, _)| name.as_str() == "x-portkey-config")?;
    let config: Value = serde_json::from_str(config.1?).ok()?;
    (config["strategy"]["mode"] == "fallback").then(|| index.parse().ok())?
}

/// Azure's provisioned deployment was full, and another took over.
fn spilled_over(headers: &HeaderMap) -> Option<u64> {
    match plain(headers.get("x-ms-is-spilled-over")?)? {
        word if word.eq_ignore_ascii_case("true") => Some(1),
        word if word.eq_ignore_ascii_case("false") => Some(0),
        _ => None,
    }
}

/// What a cache says of itself, and whether that is a hit. Caches in front of every API speak only
/// when they hit: their misses are no news.
fn cache_word(headers: &HeaderMap) -> Option<(String, bool)> {
    let word = |name: &str| plain(headers.get(name)?).filter(|word| !word.is_empty());
    let is_any = |word: &str, known: &[&str]| known.iter().any(|k| word.eq_ignore_ascii_case(k));
    let gateways = ["x-portkey-cache-status", "cf-aig-cache-status"]
        .into_iter()
        .filter_map(word)
        .map(|word| (word.to_owned(), is_any(word, &["HIT", "SEMANTIC HIT"])));
    let cloudflare = word("cf-cache-status")
        .filter(|word| is_any(word, &["HIT", "STALE", "UPDATING", "REVALIDATED"]))
        .map(|word| (word.to_owned(), true));
    let aged = word("age")
        .and_then(|age| age.parse::<u64>().ok())
        .filter(|age| *age > 0)
        .map(|age| (format!("age {age}"), true));
    let mut words = gateways.chain(cloudflare).chain(aged);
    let first = words.next()?;
    if first.1 {
        return Some(first);
    }
    words.find(|(_, hit)| *hit).or(Some(first))
}

#[cfg(test)]
mod tests;
