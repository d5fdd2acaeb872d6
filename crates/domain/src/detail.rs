//! The prunable half of a sample: what a support desk looks up, and what no contract rule reads.
//!
//! A detail line carries a random salt, so that its hash in the core cannot be guessed back once
//! the line has been erased. Fields stand in the byte order of their names.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Text from outside, kept exactly: as it is where it is printable, else as hexadecimal bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

fn hex(bytes: &[u8]) -> String {
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
    /// Response headers on the allow-list.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub hdr: BTreeMap<String, Text>,
    /// HTTP version of the answer: `1.1` or `2`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub http: Option<String>,
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
    /// Whether the answer took longer than the plan's own `slow_after_ms`.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub slow: bool,
}

/// Who was talked to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Net {
    /// Negotiated application protocol.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub alpn: Option<String>,
    /// SHA-256 of the server's leaf certificate, hexadecimal.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub leaf_sha256: Option<String>,
    /// Remote address and port.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub remote: Option<String>,
    /// TLS version, `1.2` or `1.3`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tls: Option<String>,
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
