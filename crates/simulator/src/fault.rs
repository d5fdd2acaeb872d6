//! The ways a provider can fail, as data.

use std::num::NonZeroU32;

use serde::Serialize;

use crate::plan::ErrorKind;

mod read;
mod value;

pub(crate) use read::positive;
pub use value::{ErrorCode, ErrorStatus, Millis, ValueError};

/// One way to fail. In TOML and JSON: `{ kind = "status", status = 503 }`.
///
/// `after_chunks` counts content chunks sent before the fault; a shorter answer fails after its
/// content and before its finish chunk. Answers that do not stream fail after half of their body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fault {
    /// An error status with the wire's body for it, or with `body` word for word.
    Status {
        /// The status of the provider; a gateway may show another one.
        status: ErrorStatus,
        /// The family, where the status has several.
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<ErrorCode>,
        /// A body to send instead of the usual one.
        #[serde(skip_serializing_if = "Option::is_none")]
        body: Option<String>,
    },
    /// An error by its meaning; each wire has its own status and body for it.
    Error {
        /// What is wrong.
        error: ErrorKind,
        /// A status in place of the wire's own.
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<ErrorStatus>,
        /// Advice in `retry-after`, in seconds.
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after_s: Option<u32>,
    },
    /// Nothing at all for a while, then whatever else the plan says.
    Latency {
        /// Wait before the first byte of the response.
        ms: Millis,
    },
    /// A response head whose bytes trickle over the wait.
    SlowHeaders {
        /// Time from the first to the last byte of the head.
        ms: Millis,
    },
    /// Prompt headers, late first content, and slow content if a rate is given.
    Ttft {
        /// Wait between the head and the first content.
        ms: Millis,
        /// Content chunks a second, in place of the configured rate.
        #[serde(skip_serializing_if = "Option::is_none")]
        tokens_per_second: Option<NonZeroU32>,
    },
    /// Slow content after a first token in good time.
    Gap {
        /// Wait between two content chunks.
        ms: Millis,
    },
    /// The answer stops and the connection stays open until the client leaves.
    Stall {
        /// Content chunks sent before.
        after_chunks: usize,
    },
    /// The connection is reset (TCP RST) in the middle of the answer.
    CutReset {
        /// Content chunks sent before.
        after_chunks: usize,
    },
    /// The body ends in good HTTP order, without finish chunk and terminator.
    CutClean {
        /// Content chunks sent before.
        after_chunks: usize,
    },
    /// The body ends in good HTTP order in the middle of an event's JSON.
    CutJson {
        /// Whole content chunks sent before.
        after_chunks: usize,
    },
    /// One chunk is broken JSON; the rest of the stream is sound.
    Malformed {
        /// Content chunks sent before.
        after_chunks: usize,
    },
    /// Bytes that are not server-sent events, not even UTF-8; the rest of the stream is sound.
    BadSse {
        /// Content chunks sent before.
        after_chunks: usize,
    },
    /// An error object after status 200, in the stream or as the whole body; no terminator follows.
    ErrorInStream {
        /// Content chunks sent before.
        after_chunks: usize,
        /// What is wrong; [`ErrorKind::ServerError`] if not given.
        error: ErrorKind,
    },
    /// A 502 page in HTML, as an edge proxy sends it.
    Html {},
    /// A page in HTML with status 200, as a captive portal or a login wall sends it.
    LoginPage {},
    /// A sound body under another content type.
    WrongContentType {
        /// What `content-type` says.
        content_type: String,
    },
    /// An answer from another model, which the body names; a gateway also admits the fallback in
    /// its headers.
    WrongModel {
        /// The model that answers.
        model: String,
    },
    /// The answer comes from another service tier than asked for, which only the tier's own key in
    /// the body shows.
    Tier {
        /// The tier that serves.
        tier: String,
    },
    /// An answer out of a cache: at once, with the id and time of an earlier one.
    Cached {
        /// Age of the answer, in seconds.
        age_s: u32,
    },
    /// A sound answer without content.
    Empty {},
    /// The model declines: text in `refusal`, none in `content`.
    Refusal {},
    /// The provider's filter cuts the content: finish reason `content_filter`.
    ContentFilter {},
    /// The answer breaks off half-way with finish reason `length`.
    Truncated {},
    /// The connection is closed, after the request was read, before any byte of a response.
    Refuse {},
    /// The connection is reset (TCP RST), after the request was read, before any byte of a
    /// response.
    Reset {},
    /// Nobody listens: connections are refused by the system.
    Unreachable {},
    /// Connections are accepted and closed, before anything is read.
    AcceptClose {},
    /// Connections are accepted and reset, before anything is read.
    AcceptReset {},
    /// Whatever comes first, a TLS greeting for one, is answered with a line of plain text.
    PlainText {},
    /// Whatever comes first is answered with a TLS alert: the handshake has failed.
    TlsAlert {},
    /// Whatever comes first is answered with bytes that no protocol has, and the end.
    Garbage {},
}

/// What a fault acts on. Faults of one plan combine as long as each acts on something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The TCP connection, before any request.
    Connection,
    /// When bytes are sent.
    Timing,
    /// Whether there is an answer at all.
    Outcome,
    /// What a model's answer says.
    Answer,
    /// A model's answer on its way.
    Delivery,
}

impl Fault {
    /// The fault's name, as in its `kind` key.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::Error { .. } => "error",
            Self::Latency { .. } => "latency",
            Self::SlowHeaders { .. } => "slow_headers",
            Self::Ttft { .. } => "ttft",
            Self::Gap { .. } => "gap",
            Self::Stall { .. } => "stall",
            Self::CutReset { .. } => "cut_reset",
            Self::CutClean { .. } => "cut_clean",
            Self::CutJson { .. } => "cut_json",
            Self::Malformed { .. } => "malformed",
            Self::BadSse { .. } => "bad_sse",
            Self::ErrorInStream { .. } => "error_in_stream",
            Self::Html {} => "html",
            Self::LoginPage {} => "login_page",
            Self::WrongContentType { .. } => "wrong_content_type",
            Self::WrongModel { .. } => "wrong_model",
            Self::Tier { .. } => "tier",
            Self::Cached { .. } => "cached",
            Self::Empty {} => "empty",
            Self::Refusal {} => "refusal",
            Self::ContentFilter {} => "content_filter",
            Self::Truncated {} => "truncated",
            Self::Refuse {} => "refuse",
            Self::Reset {} => "reset",
            Self::Unreachable {} => "unreachable",
            Self::AcceptClose {} => "accept_close",
            Self::AcceptReset {} => "accept_reset",
            Self::PlainText {} => "plain_text",
            Self::TlsAlert {} => "tls_alert",
            Self::Garbage {} => "garbage",
        }
    }

    pub(crate) const fn stage(&self) -> Stage {
        match self {
            Self::Latency { .. }
            | Self::SlowHeaders { .. }
            | Self::Ttft { .. }
            | Self::Gap { .. } => Stage::Timing,
            Self::Status { .. }
            | Self::Error { .. }
            | Self::Html {}
            | Self::LoginPage {}
            | Self::Refuse {}
            | Self::Reset {} => Stage::Outcome,
            Self::WrongModel { .. }
            | Self::Tier { .. }
            | Self::Cached { .. }
            | Self::Empty {}
            | Self::Refusal {}
            | Self::ContentFilter {}
            | Self::Truncated {} => Stage::Answer,
            Self::Stall { .. }
            | Self::CutReset { .. }
            | Self::CutClean { .. }
            | Self::CutJson { .. }
            | Self::Malformed { .. }
            | Self::BadSse { .. }
            | Self::ErrorInStream { .. }
            | Self::WrongContentType { .. } => Stage::Delivery,
            Self::Unreachable {}
            | Self::AcceptClose {}
            | Self::AcceptReset {}
            | Self::PlainText {}
            | Self::TlsAlert {}
            | Self::Garbage {} => Stage::Connection,
        }
    }

    /// Whether the fault needs a model's answer to act on.
    #[must_use]
    pub const fn needs_chat(&self) -> bool {
        matches!(
            self,
            Self::Ttft { .. }
                | Self::Gap { .. }
                | Self::ErrorInStream { .. }
                | Self::BadSse { .. }
                | Self::WrongModel { .. }
                | Self::Tier { .. }
                | Self::Cached { .. }
                | Self::Refusal {}
                | Self::ContentFilter {}
                | Self::Truncated {}
        )
    }

    /// The provider's own error after status 200 and so many content chunks.
    #[must_use]
    pub const fn error_in_stream(after_chunks: usize) -> Self {
        Self::ErrorInStream {
            after_chunks,
            error: ErrorKind::ServerError,
        }
    }

    /// The usual failure with `status`: the wire's own body, the status' first family.
    #[must_use]
    pub const fn status(status: ErrorStatus) -> Self {
        Self::Status {
            status,
            code: None,
            body: None,
        }
    }
}

/// The kinds of all faults.
#[cfg(test)]
pub(crate) fn kinds() -> impl Iterator<Item = &'static str> {
    read::KINDS.iter().map(|(kind, ())| *kind)
}

#[cfg(test)]
mod tests;
