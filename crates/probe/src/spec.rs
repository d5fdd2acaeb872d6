//! What one attempt is to do, in types that cannot hold a request we could not send.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use secrecy::SecretString;

use crate::ask::Ask;
use crate::endpoint::{BaseUrl, Endpoint, HttpUrl};
use crate::wire::Wire;

/// Silence after the first output that is called a stall, where the plan names no other.
pub const STALL_AFTER_DEFAULT: Duration = Duration::from_secs(30);

/// Token cap where none is named: room for the echo, not for reasoning.
pub const MAX_OUTPUT_TOKENS_DEFAULT: u32 = 64;

/// One attempt. `Debug` shows neither a key nor anything derived from it.
#[derive(Clone, Debug)]
pub struct Spec {
    /// What is asked.
    pub request: Request,
    /// The credential; plain HTTP and unauthenticated servers need none. How it is shown is the
    /// call's [`Auth`].
    pub key: Option<SecretString>,
    /// How long the client waits for the whole attempt, from name resolution on. It is the
    /// contract's: a client that hangs up earlier has no claim.
    pub deadline: Duration,
    /// Silence after the first output (text or reasoning) that ends the attempt as a stall;
    /// a value at or above `deadline` leaves the end to the deadline.
    pub stall_after: Duration,
    /// Answers that took longer are marked slow; the outcome is not changed by it.
    pub slow_after: Option<Duration>,
    /// Asked back in the prompt and sent as `x-client-request-id`.
    pub nonce: Nonce,
    /// Who answers at the address.
    pub path: Via,
    /// What stands before the attempt begins.
    pub connection: Connection,
}

/// What stands before an attempt begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Connection {
    /// Nothing: name, TCP and TLS are part of the attempt.
    #[default]
    Fresh,
    /// A connection that an earlier attempt left open, as clients with a pool have it; the first
    /// attempt, and one after the server closed it, are fresh ones and say so.
    Warm,
}

impl Spec {
    /// Where this attempt connects to.
    pub(crate) fn endpoint(&self) -> Endpoint {
        match &self.request {
            Request::Call(call) => call
                .base_url
                .below(&call.wire.path(call), call.query.as_deref()),
            Request::Http(page) => page.url.endpoint(),
        }
    }
}

/// The kinds of request.
#[derive(Clone, Debug)]
pub enum Request {
    /// A call of a model API.
    Call(Box<Call>),
    /// Plain HTTP, with an expectation of status and body.
    Http(HttpRequest),
}

/// A call of a model API.
#[derive(Clone, Debug)]
pub struct Call {
    /// How request and answer are written.
    pub wire: Wire,
    /// What the wire's own path is put below, for example `https://api.openai.com/v1`.
    pub base_url: BaseUrl,
    /// Query of the address, without its question mark, for example `api-version=2024-10-21`.
    pub query: Option<String>,
    /// How the key is shown.
    pub auth: Auth,
    /// Further headers: versions, pins, switches of gateways. Never secrets.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Secrets that stand in headers of their own, such as a gateway's key beside the provider's.
    pub secret_headers: Vec<(HeaderName, SecretString)>,
    /// Members that are laid over the wire's own body, objects member by member: pins of
    /// upstreams, switches that keep reasoning small.
    pub extra: serde_json::Map<String, serde_json::Value>,
    /// Model as the provider names it.
    pub model: String,
    /// Whether a streamed answer is asked for.
    pub stream: bool,
    /// Token cap of the answer. Reasoning models need room for their reasoning.
    pub max_output_tokens: u32,
    /// Service tier to ask for.
    pub tier: Option<String>,
    /// Name of the field that carries the cap, on wires with two.
    pub token_field: TokenField,
    /// What to make of the model that the answer names.
    pub model_match: ModelMatch,
    /// What the model is asked, and what a right answer is.
    pub ask: Ask,
    /// Name of the provider in price tables; without it the cost stays unknown.
    pub prices: Option<String>,
}

impl Call {
    /// A call with nothing special about it: bearer key, echo, dated snapshots accepted.
    #[must_use]
    pub fn new(wire: Wire, base_url: BaseUrl, model: String) -> Self {
        Self {
            wire,
            base_url,
            query: None,
            auth: Auth::Bearer,
            headers: Vec::new(),
            secret_headers: Vec::new(),
            extra: serde_json::Map::new(),
            model,
            stream: false,
            max_output_tokens: MAX_OUTPUT_TOKENS_DEFAULT,
            tier: None,
            token_field: TokenField::MaxTokens,
            model_match: ModelMatch::Prefix,
            ask: Ask::default(),
            prices: None,
        }
    }
}

/// How a key is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Auth {
    /// `Authorization: Bearer KEY`.
    Bearer,
    /// The bare key in a header of this name, such as `x-api-key`.
    Header(HeaderName),
    /// Signature version 4 of AWS for the service `bedrock`; the key is
    /// `ACCESS_KEY_ID:SECRET_ACCESS_KEY` or `ACCESS_KEY_ID:SECRET_ACCESS_KEY:SESSION_TOKEN`. A
    /// key without a colon is a Bedrock key, sent as a bearer token. A clock that is off by more
    /// than five minutes makes AWS refuse the signature with 403.
    SigV4 {
        /// Region that the signature is for, such as `eu-west-1`.
        region: String,
    },
}

/// Name of the field that carries the token cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenField {
    /// `max_tokens`: older models and most compatible servers.
    MaxTokens,
    /// `max_completion_tokens`: reasoning models of OpenAI.
    MaxCompletionTokens,
}

impl TokenField {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::MaxTokens => "max_tokens",
            Self::MaxCompletionTokens => "max_completion_tokens",
        }
    }
}

/// What to make of the model that the answer names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelMatch {
    /// An answer that names obviously another model is a wrong answer; see [`ModelMatch::fits`].
    Prefix,
    /// Recorded, never judged: for aliases such as `latest` and for gateways that rename models.
    RecordOnly,
}

/// Endings that name another member of a family, not a dated snapshot of the same model.
const SIBLING_ENDINGS: [&str; 3] = ["-mini", "-nano", "-lite"];

impl ModelMatch {
    /// Whether `served` may be what was asked for: equal, or a longer name for it (a dated
    /// snapshot), in any case, with or without a vendor before the slash or a variant after the
    /// colon. An answer that names no model is not held against anyone.
    #[must_use]
    pub fn fits(self, asked: &str, served: Option<&str>) -> bool {
        let (Self::Prefix, Some(served)) = (self, served) else {
            return true;
        };
        let bare = |name: &str| {
            let name = name.to_ascii_lowercase();
            let name = name.rsplit('/').next().unwrap_or_default();
            name.split(':').next().unwrap_or_default().to_owned()
        };
        bare(served).strip_prefix(&bare(asked)).is_some_and(|rest| {
            !SIBLING_ENDINGS
                .iter()
                .any(|ending| rest.starts_with(ending))
        })
    }
}

/// A plain HTTP request and what its answer should be.
#[derive(Clone, Debug)]
pub struct HttpRequest {
    /// What is fetched. Redirects are not followed: expect the redirect's status instead.
    pub url: HttpUrl,
    /// How.
    pub method: Method,
    /// Statuses that are expected.
    pub expect_status: StatusSet,
    /// Headers that must be there, and the text that one value of each must contain.
    pub expect_headers: Vec<(HeaderName, String)>,
    /// Text that the body must contain, byte for byte.
    pub expect_body_contains: Option<String>,
    /// Values that must stand in the body's JSON, each by its JSON Pointer (RFC 6901).
    pub expect_json: Vec<(String, serde_json::Value)>,
}

/// Methods without effect on the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET.
    Get,
    /// HEAD.
    Head,
}

/// Who answers at the address: decides whose fault an error without an upstream's trace is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// The model provider itself.
    Direct,
    /// A gateway between us and the provider.
    Gateway,
}

/// A value that no [`Spec`] can hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// Not a nonce.
    #[error("a nonce is 8 to 64 characters of a-z, A-Z, 0-9, `-` and `_`")]
    Nonce,
    /// Not a list of statuses.
    #[error("expected statuses are written as `200` or `200-299,304`, each from 100 to 599")]
    StatusSet,
}

/// The text that an answer has to repeat: long enough not to occur by chance, and made of
/// characters that stand unescaped in JSON and in a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nonce(String);

impl Nonce {
    /// The nonce as it is sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Nonce {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        let usable = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if (8..=64).contains(&text.len()) && text.bytes().all(usable) {
            Ok(Self(text.to_owned()))
        } else {
            Err(SpecError::Nonce)
        }
    }
}

/// HTTP statuses that are expected: one or more ranges, ends included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusSet(Vec<RangeInclusive<u16>>);

impl StatusSet {
    /// Whether `status` is expected.
    #[must_use]
    pub fn contains(&self, status: u16) -> bool {
        self.0.iter().any(|range| range.contains(&status))
    }
}

impl FromStr for StatusSet {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        let status = |part: &str| match part.trim().parse::<u16>() {
            Ok(code @ 100..=599) => Ok(code),
            _ => Err(SpecError::StatusSet),
        };
        let range = |part: &str| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (status(first)?, status(last)?);
            if first <= last {
                Ok(first..=last)
            } else {
                Err(SpecError::StatusSet)
            }
        };
        text.split(',')
            .map(range)
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

impl fmt::Display for StatusSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, range) in self.0.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            if range.start() == range.end() {
                write!(f, "{comma}{}", range.start())?;
            } else {
                write!(f, "{comma}{}-{}", range.start(), range.end())?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_of_a_spec_hides_the_key() {
        let spec = Spec {
            request: Request::Http(HttpRequest {
                url: "http://a.example/".parse().unwrap(),
                method: Method::Get,
                expect_status: "200".parse().unwrap(),
                expect_headers: Vec::new(),
                expect_body_contains: None,
                expect_json: Vec::new(),
            }),
            key: Some("sk-very-secret".into()),
            deadline: Duration::from_secs(1),
            stall_after: STALL_AFTER_DEFAULT,
            slow_after: None,
            nonce: "pong-7f3a".parse().unwrap(),
            path: Via::Direct,
            connection: Connection::Fresh,
        };
        assert!(!format!("{spec:?}").contains("very-secret"));
    }

    #[test]
    fn a_nonce_that_any_answer_would_contain_is_refused() {
        for text in [
            "",
            "a",
            "short",
            "with space",
            "quote\"quote",
            "line\nbreak1",
        ] {
            assert_eq!(text.parse::<Nonce>(), Err(SpecError::Nonce), "{text}");
        }
    }

    #[test]
    fn statuses_are_lists_of_ranges() {
        let set: StatusSet = "200-204, 304".parse().unwrap();
        assert_eq!(set.to_string(), "200-204,304");
        let inside: Vec<u16> = (100..600).filter(|status| set.contains(*status)).collect();
        assert_eq!(inside, [200, 201, 202, 203, 204, 304]);
        for text in ["", "2xx", "300-200", "99", "200,"] {
            assert_eq!(
                text.parse::<StatusSet>(),
                Err(SpecError::StatusSet),
                "{text}"
            );
        }
    }

    #[test]
    fn snapshots_and_vendor_names_fit_and_siblings_do_not() {
        let fits = |asked, served| ModelMatch::Prefix.fits(asked, Some(served));
        assert!(fits("gpt-4o-mini", "gpt-4o-mini"));
        assert!(fits("gpt-4o", "gpt-4o-2024-08-06"));
        assert!(fits("openai/gpt-4o-mini", "gpt-4o-mini-2024-07-18"));
        assert!(fits("minimax/minimax-m2:free", "MiniMax/minimax-m2"));
        assert!(!fits("gpt-4o", "gpt-4o-mini"));
        assert!(!fits("gpt-4o", "claude-haiku-4-5"));
        assert!(!fits("gpt-4o-mini", "gpt-4o"));
        assert!(ModelMatch::Prefix.fits("gpt-4o", None));
        assert!(ModelMatch::RecordOnly.fits("gpt-4o", Some("claude-haiku-4-5")));
    }
}
