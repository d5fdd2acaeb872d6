//! The interface between the two halves of the simulator: what a request is ([`Call`]) and what
//! happens to it ([`Plan`]), as plain data.
//!
//! A wire describes each request it accepts as a `Call`, gets one `Plan` for it, and plays that:
//!
//! - [`Outcome::Failure`]: the wire's own error for the failure's class, with the overrides given.
//! - [`Outcome::Answer`]: a sound answer with every wish of [`Shape`] honoured; the wire hands its
//!   events over unpaced, as `staging::Parts`, and `staging` does pace and damage.
//! - All other outcomes, waits, damage and headers are played by `staging` alone, for every wire.
//!
//! Non-goals: any wire's bytes, and any decision; those are the director's.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Serialize, Serializer};

use crate::config::Persona;
use crate::connection::Region;
use crate::document::{Node, one_of};
use crate::failure::{Class, Failure};
use crate::gateway::Kind;
use crate::limit::{Gauges, KeyTag};
use crate::script::Route;
use crate::wire::Wire;

/// Whether the caller lets a gateway answer from another target than the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fallback {
    #[default]
    Allowed,
    /// `disable_fallbacks: true`, `provider.allow_fallbacks: false`.
    Refused,
}

/// A request, as far as faults, limits, pacing and routing look at it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) route: Route,
    /// None for what is on no provider's wire: a status page.
    pub(crate) wire: Option<Wire>,
    /// Path of the URL, without the query.
    pub(crate) path: &'a str,
    pub(crate) model: Option<&'a str>,
    /// From the header `x-sim-region`, else the name of the listener.
    pub(crate) region: Option<&'a str>,
    pub(crate) key: Option<KeyTag>,
    pub(crate) prompt_tokens: u64,
    /// The caller's cap on answer tokens, which counts towards the limit on tokens.
    pub(crate) output_tokens_max: Option<u64>,
    pub(crate) fallback: Fallback,
    /// The caller's own `x-portkey-trace-id`, to be echoed.
    pub(crate) trace: Option<&'a str>,
}

impl<'a> Call<'a> {
    /// A request about no model, such as one for a status page.
    pub(crate) const fn page(route: Route, path: &'a str) -> Self {
        Self {
            route,
            wire: None,
            path,
            model: None,
            region: None,
            key: None,
            prompt_tokens: 0,
            output_tokens_max: None,
            fallback: Fallback::Allowed,
            trace: None,
        }
    }
}

impl<'a> Call<'a> {
    /// Reads region and trace off the headers; the listener's region stands in for the first.
    pub(crate) fn with_headers(self, headers: &'a HeaderMap, region: &'a Region) -> Self {
        let text = |name| {
            headers
                .get(name)
                .and_then(|value: &HeaderValue| value.to_str().ok())
        };
        Self {
            region: text("x-sim-region").or_else(|| region.name()),
            trace: text("x-portkey-trace-id"),
            ..self
        }
    }
}

/// What is wrong, whatever a wire calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// The provider has too much to do: 503, or 529 with Anthropic.
    Overload,
    /// The provider asks for a slower pace: 429 `slow_down`, its own doing.
    SlowDown,
    /// The caller's own limit on requests or tokens a minute: 429.
    RateLimit,
    /// The caller's quota is used up: 429 `insufficient_quota`.
    Quota,
    /// The caller's money is used up: 402.
    Billing,
    /// The provider's own fault: 500.
    ServerError,
    /// The provider took too long: 504.
    Timeout,
    /// No such model: 404.
    NotFound,
    /// The key is wrong: 401.
    Auth,
    /// Not from this region: 403.
    Forbidden,
    /// The request is refused as wrong: 400.
    BadRequest,
}

impl ErrorKind {
    const NAMES: &[(&'static str, Self)] = &[
        ("overload", Self::Overload),
        ("slow_down", Self::SlowDown),
        ("rate_limit", Self::RateLimit),
        ("quota", Self::Quota),
        ("billing", Self::Billing),
        ("server_error", Self::ServerError),
        ("timeout", Self::Timeout),
        ("not_found", Self::NotFound),
        ("auth", Self::Auth),
        ("forbidden", Self::Forbidden),
        ("bad_request", Self::BadRequest),
    ];

    pub(crate) fn read(node: &Node) -> Result<Self, String> {
        one_of(node, Self::NAMES)
    }
}

/// How much of the answer the model gives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Said {
    #[default]
    All,
    Nothing,
    /// The wire's form of a refusal by the model.
    Refusal,
    /// Half, then the wire's form of a content filter.
    Filtered,
    /// Half, then the wire's form of a full answer budget.
    Truncated,
}

/// What the answer says. By default all that was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) said: Said,
    /// The model that answers and that the body names, where it is another than asked.
    pub(crate) model: Option<String>,
    /// The service tier that the body names, in place of the wire's usual one.
    pub(crate) tier: Option<String>,
    /// The answer is an earlier one: its id is a function of the model, not of the request.
    pub(crate) cached_s: Option<u32>,
}

/// What the client gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Answer(Shape),
    Failure(Failure),
    /// A page of an edge proxy (502) or a login wall (200).
    Page(Page),
    /// The connection is closed without a byte.
    Close,
    /// The connection is reset without a byte.
    Reset,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    BadGateway,
    Login,
}

/// What happens to an answer on its way, after so many content events; `staging` plays it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Damage {
    pub(crate) after_chunks: usize,
    pub(crate) harm: Harm,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Harm {
    Stall,
    Reset,
    /// A clean end without finish and terminator.
    End,
    /// A clean end in the middle of the next event.
    EndInEvent,
    BadJson,
    BadSse,
    /// An error of this kind, then a clean end without terminator.
    Error(Class),
}

/// When the parts of an answer leave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pace {
    /// From the head to the first token, of reasoning or of content.
    pub(crate) ttft: Duration,
    /// From token to token.
    pub(crate) gap: Duration,
    /// Tokens of reasoning before the content, each of which takes a gap. The wire counts them in
    /// its usage, and sends them as events if it has such events.
    pub(crate) reasoning_tokens: u32,
}

impl Pace {
    /// Until an answer of `content` tokens is complete.
    pub(crate) fn until_complete(self, content: usize) -> Duration {
        let content = u32::try_from(content).unwrap_or(u32::MAX);
        let tokens = content.saturating_add(self.reasoning_tokens);
        self.ttft
            .saturating_add(self.gap.saturating_mul(tokens.saturating_sub(1)))
    }
}

/// What happens to one request, decided before its first byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Before anything is sent.
    pub(crate) wait: Duration,
    /// From the first to the last byte of the head; zero means at once.
    pub(crate) head: Duration,
    pub(crate) outcome: Outcome,
    pub(crate) pace: Pace,
    pub(crate) damage: Option<Damage>,
    /// Headers that replace those of the wire.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    /// The gateway's dialect, where the simulator plays one.
    pub(crate) gateway: Option<Kind>,
    /// The gateway's way to the upstream that had the last word; empty without a gateway.
    pub(crate) attempts: Vec<Attempt>,
    /// What the limits leave of the key's minute, where there are limits.
    pub(crate) gauges: Gauges,
    /// What struck, in the order it was decided.
    pub(crate) struck: Vec<Strike>,
}

/// One attempt of a gateway at an upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attempt {
    /// The upstream provider, as the gateway names it.
    pub(crate) provider: String,
    /// The model there, where it is another than asked.
    pub(crate) model: Option<String>,
    /// Why it gave no answer, if it gave none.
    pub(crate) failure: Option<Failure>,
}

/// A rule that struck, or the limits, or an outage, and with what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Strike {
    pub(crate) rule: String,
    pub(crate) fault: &'static str,
}

impl Serialize for Strike {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.rule)
    }
}

impl Plan {
    /// A whole answer at this pace.
    pub(crate) const fn healthy(pace: Pace) -> Self {
        Self {
            wait: Duration::ZERO,
            head: Duration::ZERO,
            outcome: Outcome::Answer(Shape {
                said: Said::All,
                model: None,
                tier: None,
                cached_s: None,
            }),
            pace,
            damage: None,
            headers: Vec::new(),
            gateway: None,
            attempts: Vec::new(),
            gauges: Gauges {
                requests: None,
                tokens: None,
            },
            struck: Vec::new(),
        }
    }

    /// The plan of a request that these faults have struck, each by the next of equal rules.
    #[cfg(test)]
    pub(crate) fn struck_by<'a>(faults: impl IntoIterator<Item = &'a crate::fault::Fault>) -> Self {
        let mut plan = Self::healthy(Pace::default());
        for fault in faults {
            crate::effect::apply(&mut plan, "test", fault);
        }
        plan
    }

    /// The answer's shape, unless there is no answer.
    pub(crate) const fn shape(&self) -> Option<&Shape> {
        match &self.outcome {
            Outcome::Answer(shape) => Some(shape),
            _ => None,
        }
    }

    /// Whose conventions the wire follows: those of the gateway that is played, if one is.
    pub(crate) const fn persona(&self, configured: Persona) -> Persona {
        match self.gateway {
            None => configured,
            Some(Kind::Litellm) => Persona::Gateway,
            Some(Kind::Portkey | Kind::Openrouter) => Persona::Direct,
        }
    }

    pub(crate) fn put(&mut self, name: &'static str, value: impl Into<String>) {
        // Only names out of a script can fail here, and a header cannot carry what it refuses.
        if let Ok(value) = HeaderValue::try_from(value.into()) {
            let name = HeaderName::from_static(name);
            self.headers.retain(|(other, _)| *other != name);
            self.headers.push((name, value));
        }
    }
}
