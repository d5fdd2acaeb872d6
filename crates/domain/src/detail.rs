//! The prunable half of a sample: what a support desk looks up, and what no contract rule reads.
//!
//! A detail line carries a random salt, so that its hash in the core cannot be guessed back once
//! the line has been erased. Fields stand in the byte order of their names.

mod body;

use std::collections::BTreeMap;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

pub use body::{BODY_BYTES_MAX, Body, cut};

/// Text from outside, kept exactly: as it is where it is printable, else as hexadecimal bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Text {
    /// UTF-8 without control characters.
    Plain(String),
    /// Anything else.
    Hex {
        /// The bytes, two lower-case digits each.
        hex: String,
    },
}

impl Text {
    /// Keeps the bytes as text where evidence lines may hold them as text.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) if !text.chars().any(char::is_control) => Self::Plain(text.to_owned()),
            _ => Self::Hex { hex: hex(bytes) },
        }
    }
}

/// By the type of what comes, where serde's derive would copy it first to try one variant after
/// the other: collectors read several of these for each sample.
impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

/// The object form of [`Text`].
#[derive(Deserialize)]
struct HexText {
    hex: String,
}

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a string or an object with `hex`")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Text, E> {
        Ok(Text::Plain(text.to_owned()))
    }

    fn visit_string<E: serde::de::Error>(self, text: String) -> Result<Text, E> {
        Ok(Text::Plain(text))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Text, A::Error> {
        let HexText { hex } = HexText::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Text::Hex { hex })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Text, A::Error> {
        let HexText { hex } = HexText::deserialize(SeqAccessDeserializer::new(seq))?;
        Ok(Text::Hex { hex })
    }
}

/// Bytes as lower-case hexadecimal, as [`Text::Hex`] and digests in detail lines are written.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            for nibble in [byte >> 4, byte & 15] {
                text.push(char::from_digit(u32::from(nibble), 16).expect("a nibble is below 16"));
            }
            text
        })
}

/// Everything recorded of one attempt beside its core.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// What a failed answer said, without secrets: the beginning of its body, or the error that it
    /// holds. Never of an answer that is `ok`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub body: Option<Body>,
    /// Whether less of it is kept than came; without `body` nothing, for want of room.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub body_cut: bool,
    /// What the attempt cost, where usage and price are known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cost: Option<Cost>,
    /// The provider's error code, from the error body.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error_code: Option<Text>,
    /// The provider's error type, from the error body.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub error_type: Option<Text>,
    /// The failing step in our own words, without content of the answer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fault: Option<Text>,
    /// Finish reason of the answer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub finish: Option<Text>,
    /// Silence between pieces of visible output.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub gap: Option<Gaps>,
    /// Response headers on the allow-list.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub hdr: BTreeMap<String, Text>,
    /// HTTP version of the answer: `1.1` or `2`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub http: Option<String>,
    /// Longest time by which the agent's own event loop was late during the attempt,
    /// microseconds: no instant of the attempt is surer than this.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lag_us: Option<u64>,
    /// The connection.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub net: Option<Net>,
    /// When each phase ended.
    #[serde(default)]
    pub phase: Phases,
    /// Provider request id, to quote to support.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub req: Option<Text>,
    /// Length of the response body as received, bytes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub resp_len: Option<u64>,
    /// SHA-256 of the response body as received, hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub resp_sha256: Option<String>,
    /// 128 random bits, base64 without padding; set when the line is sealed.
    pub salt: String,
    /// Who answered behind a gateway, as far as its headers and body say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub served: Option<Served>,
    /// Cheap signals of the answer's quality; never judged by a contract.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub signal: Option<Signal>,
    /// Whether the answer took longer than the plan's own `slow_after_ms`.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub slow: bool,
    /// Token counts beside input and output.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub usage: Option<UsageDetail>,
}

/// Cost of one attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// Whether it may have been less: the answer does not say how its tokens divide among prices.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub at_most: bool,
    /// Version of the price table.
    pub table: String,
    /// 10^-9 US dollars, rounded up.
    pub usd_nano: u64,
}

/// Silence between consecutive pieces of visible output, microseconds. Pieces are what the
/// network delivered, not tokens: several events that arrive together are one piece.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gaps {
    /// How many there were: one fewer than pieces.
    pub count: u64,
    /// The longest.
    pub max_us: u64,
    /// The median: of an even number the lower of the two in the middle.
    pub p50_us: u64,
}

/// Who answered behind a gateway.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Served {
    /// What the gateway's cache did, in its own word.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cache: Option<Text>,
    /// Deployment or target that answered, as the gateway names it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub deployment: Option<Text>,
    /// How many others failed before it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fallbacks: Option<u64>,
    /// Provider that answered, as the gateway names it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub provider: Option<Text>,
    /// Retries of the gateway before this answer.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub retries: Option<u64>,
}

/// Signals of an answer's quality.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    /// Length of the visible text, characters.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub chars: Option<u64>,
    /// Fingerprint of the visible text: equal for answers that differ in white space, letter
    /// case and numbers only. 64 bits, hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fingerprint: Option<String>,
    /// Whether the answer has the form that was asked for; absent where none was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub format: Option<bool>,
}

/// Token counts beside input and output, as the provider's `usage` says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageDetail {
    /// Input tokens read from the provider's cache.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cache_read: Option<u64>,
    /// Input tokens written to the provider's cache.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cache_write: Option<u64>,
    /// Output tokens of reasoning.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reasoning: Option<u64>,
}

/// Who was talked to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Net {
    /// Negotiated application protocol.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub alpn: Option<String>,
    /// Address family of the connection: `4` or `6`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub family: Option<u8>,
    /// Whole days until the server's leaf certificate expires; negative after.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub leaf_days: Option<i64>,
    /// SHA-256 of the server's leaf certificate, hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub leaf_sha256: Option<String>,
    /// Remote address and port.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub remote: Option<String>,
    /// TLS version, `1.2` or `1.3`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tls: Option<String>,
    /// Addresses that were tried, where more than one was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tried: Option<u8>,
    /// Whether the connection stood before the attempt began.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub warm: bool,
}

/// Instants at which phases ended, microseconds since the start of the attempt.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phases {
    /// Name resolved.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub dns_us: Option<u64>,
    /// End of body, however it ended.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub end_us: Option<u64>,
    /// First byte of the body.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub first_byte_us: Option<u64>,
    /// First event of the stream.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub first_event_us: Option<u64>,
    /// First piece of reasoning, which a user does not see.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub first_reasoning_us: Option<u64>,
    /// Response headers complete.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub headers_us: Option<u64>,
    /// TCP connected.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tcp_us: Option<u64>,
    /// Terminator of the stream's grammar.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub terminator_us: Option<u64>,
    /// TLS established.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tls_us: Option<u64>,
}
