//! The wire formats: which there are, and what each of them must be able to do.
//!
//! One module per format; providers that share a format and differ in quirks are dialects of it.
//! A format is pure: it reads a body and writes bytes. Where requests come in is [`routes`].

pub(crate) mod catalogue;
mod chat;
mod converse;
pub(crate) mod embeddings;
mod gemini;
pub(crate) mod litellm;
mod messages;
mod responses;
pub(crate) mod routes;

use bytes::Bytes;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::answer::Answer;
use crate::config::Persona;
use crate::document::nearest;
use crate::failure::{Failure, Worded};
use crate::gateway::Kind;
use crate::headers::Ids;
use crate::plan::Attempt;
use crate::random::Random;
use crate::request::Request;
use crate::staging::Parts;

pub(crate) use self::chat::error::unrouted;
use self::chat::{Chat, Dialect};
use self::gemini::{Door, Gemini};

/// Longest random padding of a stream's event; providers pad so that sizes do not give away tokens.
const PADDING_CHARS_MAX: u32 = 36;

/// Whose wire format a request speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wire {
    /// `OpenAI` chat completions; behind the gateway persona, a `LiteLLM` proxy's.
    OpenAi,
    /// `OpenRouter`'s dialect of chat completions.
    OpenRouter,
    /// Groq's dialect of chat completions.
    Groq,
    /// `DeepSeek`'s dialect of chat completions.
    DeepSeek,
    /// Mistral's dialect of chat completions.
    Mistral,
    /// Azure's dialect of chat completions.
    Azure,
    /// `OpenAI` Responses.
    Responses,
    /// Anthropic Messages.
    Anthropic,
    /// Google's Gemini API.
    Gemini,
    /// The same on Vertex AI.
    Vertex,
    /// AWS Bedrock Converse.
    Bedrock,
}

/// What a URL asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    /// An answer; the body says whether it streams.
    Answer,
    /// An answer in one document.
    Whole,
    /// An answer as a stream of events.
    Events,
    /// An answer as a JSON list that grows.
    List,
    CountTokens,
    Embed,
    ListModels,
    /// The verb is the end of the path's model, after a colon.
    InModel,
}

/// What a request's URL and head say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) wire: Wire,
    pub(crate) verb: Verb,
    /// The model, where the path names it.
    pub(crate) model: Option<String>,
}

/// What identifies an answer on the wire.
#[derive(Clone, Debug)]
pub(crate) struct Stamp {
    pub(crate) persona: Persona,
    pub(crate) ids: Ids,
    pub(crate) created_unix_s: u64,
    /// How long the answer takes to make, pauses included.
    pub(crate) latency_ms: u64,
    /// What the error in the stream is, if there is to be one.
    pub(crate) failure: Failure,
    /// Content events that precede that error, for formats that number their events.
    pub(crate) failure_after: u64,
    pub(crate) padding: Random,
    /// The service tier to name, in place of the wire's usual one.
    pub(crate) tier: Option<String>,
    /// How the gateway that is played came to this answer.
    pub(crate) route: Routed,
}

/// A gateway's way to an answer, as its own bodies tell it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Routed {
    /// Upstreams tried, in order; empty without a gateway.
    pub(crate) attempts: Vec<Attempt>,
    /// The model asked for, if the caller wants to be told of the attempts.
    pub(crate) wanted_for: Option<String>,
}

/// A wire format.
pub(crate) trait Format: Sync {
    /// Reads a request for an answer.
    fn parse(&self, endpoint: &Endpoint, body: Value) -> Result<Request, Failure>;

    /// Writes the answer as one document.
    fn whole(&self, stamp: &Stamp, answer: &Answer) -> Bytes;

    /// Writes the answer as a stream, with what the request opted into.
    fn events(&self, stamp: &Stamp, answer: &Answer, request: &Request) -> Parts;

    /// Words a failure.
    fn error(&self, failure: &Failure, stamp: &Stamp) -> Worded;
}

impl Serialize for Wire {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl Wire {
    /// All wires, in the order of the manual.
    pub const ALL: [Self; 11] = [
        Self::OpenAi,
        Self::OpenRouter,
        Self::Groq,
        Self::DeepSeek,
        Self::Mistral,
        Self::Azure,
        Self::Responses,
        Self::Anthropic,
        Self::Gemini,
        Self::Vertex,
        Self::Bedrock,
    ];

    /// Why `pattern`, a name that may end in `*`, means no wire; none if it means one.
    pub(crate) fn flaw_of(pattern: &str) -> Option<String> {
        let (start, open) = match pattern.strip_suffix('*') {
            Some(start) => (start, true),
            None => (pattern, false),
        };
        let means = |wire: Self| wire.name() == start || open && wire.name().starts_with(start);
        if Self::ALL.into_iter().any(means) {
            return None;
        }
        let nearest = nearest(start, Self::ALL.map(Self::name))?;
        Some(format!(
            "there is no wire `{pattern}`; did you mean `{nearest}`?"
        ))
    }

    /// The wire's name, as rules and the journal tell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::OpenRouter => "openrouter",
            Self::Groq => "groq",
            Self::DeepSeek => "deepseek",
            Self::Mistral => "mistral",
            Self::Azure => "azure",
            Self::Responses => "responses",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
            Self::Vertex => "vertex",
            Self::Bedrock => "bedrock",
        }
    }

    pub(crate) fn format(self) -> &'static dyn Format {
        match self {
            Self::OpenAi => &Chat(Dialect::OpenAi),
            Self::OpenRouter => &Chat(Dialect::OpenRouter),
            Self::Groq => &Chat(Dialect::Groq),
            Self::DeepSeek => &Chat(Dialect::DeepSeek),
            Self::Mistral => &Chat(Dialect::Mistral),
            Self::Azure => &Chat(Dialect::Azure),
            Self::Responses => &responses::Responses,
            Self::Anthropic => &messages::Messages,
            Self::Gemini => &Gemini(Door::Studio),
            Self::Vertex => &Gemini(Door::Vertex),
            Self::Bedrock => &converse::Converse,
        }
    }
}

impl Endpoint {
    /// The same endpoint as a gateway's client hears it: `OpenRouter` speaks its own dialect on the
    /// path of `OpenAI`'s, too.
    pub(crate) fn heard_through(self, gateway: Option<Kind>) -> Self {
        let wire = match (self.wire, gateway) {
            (Wire::OpenAi, Some(Kind::Openrouter)) => Wire::OpenRouter,
            (wire, _) => wire,
        };
        Self { wire, ..self }
    }

    /// Words a failure that the wire itself has found, as this endpoint's caller would read it.
    pub(crate) fn word(&self, failure: &Failure, stamp: &Stamp) -> Worded {
        self.listed(match stamp.persona {
            Persona::Direct => self.wire.format().error(failure, stamp),
            Persona::Gateway => litellm::error(failure),
        })
    }

    /// Words a failure of the model's provider, behind a gateway if one is played.
    pub(crate) fn pass_on(&self, failure: &Failure, stamp: &Stamp) -> Worded {
        self.listed(match stamp.persona {
            Persona::Direct => self.wire.format().error(failure, stamp),
            Persona::Gateway => litellm::upstream(failure),
        })
    }

    /// Errors of a list stand in a list.
    fn listed(&self, worded: Worded) -> Worded {
        let body = match self.verb {
            Verb::List => format!("[{}]", worded.body),
            _ => worded.body,
        };
        Worded { body, ..worded }
    }
}

/// The count of prompt tokens, in the words of the wire that counts.
pub(crate) fn token_count(wire: Wire, request: &Request) -> Value {
    match wire {
        Wire::Anthropic => messages::count(request),
        _ => gemini::count(request),
    }
}

impl Stamp {
    /// The upstream provider that had the last word.
    pub(crate) fn provider(&self) -> &str {
        let last = self.route.attempts.last();
        last.map_or("Simulated", |attempt| attempt.provider.as_str())
    }

    /// The service tier, where the wire names one: `usual` unless a script demands another.
    fn tier_or<'a>(&'a self, usual: &'a str) -> &'a str {
        self.tier.as_deref().unwrap_or(usual)
    }

    /// Padding of random length in the letters that Mistral and AWS use.
    fn letters(&mut self) -> String {
        let length = 1 + self.padding.below(PADDING_CHARS_MAX);
        let letters = ('a'..='z').chain('A'..='Z');
        letters.take(usize::try_from(length).unwrap_or(1)).collect()
    }

    /// The time of the answer as RFC 3339 in UTC; empty beyond the year 262,000.
    pub(crate) fn created_at(&self) -> String {
        rfc3339(self.created_unix_s)
    }
}

/// `unix_s` as RFC 3339 in UTC with whole seconds; empty beyond the year 262,000.
pub(crate) fn rfc3339(unix_s: u64) -> String {
    let at = i64::try_from(unix_s)
        .ok()
        .and_then(|seconds| chrono::DateTime::from_timestamp(seconds, 0));
    at.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
        .unwrap_or_default()
}

/// A decimal number in JSON: `units` of ten to the minus `places`.
fn decimal(units: u64, places: u32) -> Value {
    let scale = 10_u64.pow(places);
    let width = usize::try_from(places).unwrap_or(0);
    let text = format!("{}.{:0width$}", units / scale, units % scale);
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

/// One server-sent event without a name.
pub(crate) fn data_event(data: impl std::fmt::Display) -> Bytes {
    Bytes::from(format!("data: {data}\n\n"))
}

/// One server-sent event with a name.
fn named_event(name: &str, data: impl std::fmt::Display) -> Bytes {
    Bytes::from(format!("event: {name}\ndata: {data}\n\n"))
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("strings, numbers and lists always serialise")
}

#[cfg(test)]
mod tests;
