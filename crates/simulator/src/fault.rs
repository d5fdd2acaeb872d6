//! The ways a provider can fail, as data.

use std::num::NonZeroU32;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Longest wait a fault or a pacing may ask for, in milliseconds: longer than any probe's deadline,
/// short enough that a forgotten rule does not hold connections for hours.
const WAIT_MS_MAX: u64 = 600_000;

/// A number outside its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// Not an HTTP error status.
    #[error("status {0} is not an error status (400 to 599)")]
    Status(u16),
    /// Longer than the simulator waits.
    #[error("{0} ms is more than the longest wait of {WAIT_MS_MAX} ms")]
    Millis(u64),
    /// Not a share of a million.
    #[error("probability_ppm {0} is more than 1000000 parts per million")]
    Probability(u32),
}

/// A wait in milliseconds, `0..=600_000`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Millis(u64);

impl Millis {
    /// The wait of `ms` milliseconds, or the longest allowed one.
    #[must_use]
    pub const fn clamped(ms: u64) -> Self {
        Self(if ms > WAIT_MS_MAX { WAIT_MS_MAX } else { ms })
    }

    /// The wait as a duration.
    #[must_use]
    pub const fn duration(self) -> Duration {
        Duration::from_millis(self.0)
    }
}

impl TryFrom<u64> for Millis {
    type Error = ValueError;

    fn try_from(ms: u64) -> Result<Self, ValueError> {
        if ms > WAIT_MS_MAX {
            Err(ValueError::Millis(ms))
        } else {
            Ok(Self(ms))
        }
    }
}

impl From<Millis> for u64 {
    fn from(wait: Millis) -> Self {
        wait.0
    }
}

/// An HTTP status in `400..=599`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct ErrorStatus(u16);

impl ErrorStatus {
    /// 401: the key is wrong.
    pub const UNAUTHORIZED: Self = Self(401);
    /// 402: no money left.
    pub const PAYMENT_REQUIRED: Self = Self(402);
    /// 403: not allowed from here.
    pub const FORBIDDEN: Self = Self(403);
    /// 404: no such model.
    pub const NOT_FOUND: Self = Self(404);
    /// 429: too many requests; [`ErrorCode`] says of which kind.
    pub const TOO_MANY_REQUESTS: Self = Self(429);
    /// 500: the provider's own fault.
    pub const INTERNAL: Self = Self(500);
    /// 503: overloaded.
    pub const UNAVAILABLE: Self = Self(503);
    /// 529: overloaded, in Anthropic's and `OpenRouter`'s manner.
    pub const OVERLOADED: Self = Self(529);

    /// The status as a number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl TryFrom<u16> for ErrorStatus {
    type Error = ValueError;

    fn try_from(status: u16) -> Result<Self, ValueError> {
        if (400..600).contains(&status) {
            Ok(Self(status))
        } else {
            Err(ValueError::Status(status))
        }
    }
}

impl From<ErrorStatus> for u16 {
    fn from(status: ErrorStatus) -> Self {
        status.0
    }
}

/// Which of the families of 429 is meant; the status alone does not say whose fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The caller's own limit on requests or tokens: the caller's doing. The default of 429.
    RateLimitExceeded,
    /// The caller's money or spend limit: the caller's doing, and never worth a retry.
    InsufficientQuota,
    /// The provider sheds load: the provider's doing.
    SlowDown,
}

const fn two() -> usize {
    2
}

/// One way to fail. In TOML and JSON: `{ kind = "status", status = 503 }`.
///
/// `after_chunks` counts content chunks sent before the fault; a shorter answer fails after its
/// content and before its finish chunk. Answers that do not stream fail after half of their body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
// Variants without data are written with braces: serde checks for unknown keys only in those.
pub enum Fault {
    /// An error status with the persona's body for it, or with `body` word for word.
    Status {
        /// The status of the provider; a gateway may show another one.
        status: ErrorStatus,
        /// The family, where the status has several.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<ErrorCode>,
        /// A body to send instead of the usual one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
    },
    /// Nothing at all for a while, then a healthy answer.
    Latency {
        /// Wait before the first byte of the response.
        ms: Millis,
    },
    /// A response head whose bytes trickle over the wait, then a healthy answer.
    SlowHeaders {
        /// Time from the first to the last byte of the head.
        ms: Millis,
    },
    /// Prompt headers, late first content, and slow content if a rate is given.
    Ttft {
        /// Wait between the head and the first content.
        ms: Millis,
        /// Content chunks a second, in place of the configured rate.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tokens_per_second: Option<NonZeroU32>,
    },
    /// The answer stops and the connection stays open until the client leaves.
    Stall {
        /// Content chunks sent before.
        #[serde(default = "two")]
        after_chunks: usize,
    },
    /// The connection is reset (TCP RST) in the middle of the answer.
    CutReset {
        /// Content chunks sent before.
        #[serde(default = "two")]
        after_chunks: usize,
    },
    /// The body ends in good HTTP order, without finish chunk and terminator.
    CutClean {
        /// Content chunks sent before.
        #[serde(default = "two")]
        after_chunks: usize,
    },
    /// One chunk is broken JSON; the rest of the stream is sound.
    Malformed {
        /// Content chunks sent before.
        #[serde(default = "two")]
        after_chunks: usize,
    },
    /// An error object after status 200, in the stream or as the whole body; no terminator follows.
    ErrorInStream {
        /// Content chunks sent before.
        #[serde(default = "two")]
        after_chunks: usize,
    },
    /// A 502 page in HTML, as an edge proxy sends it.
    Html {},
    /// An answer from another model, which the body names; a gateway also admits the fallback in
    /// its headers.
    WrongModel {
        /// The model that answers.
        model: String,
    },
    /// A sound answer without content.
    Empty {},
    /// The model declines: text in `refusal`, none in `content`.
    Refusal {},
    /// The provider's filter cuts the content: finish reason `content_filter`.
    ContentFilter {},
    /// The answer breaks off half-way with finish reason `length`.
    Truncated {},
    /// The connection is closed before any byte of a response.
    Refuse {},
}

impl Fault {
    /// The fault's name, as in its `kind` key.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::Latency { .. } => "latency",
            Self::SlowHeaders { .. } => "slow_headers",
            Self::Ttft { .. } => "ttft",
            Self::Stall { .. } => "stall",
            Self::CutReset { .. } => "cut_reset",
            Self::CutClean { .. } => "cut_clean",
            Self::Malformed { .. } => "malformed",
            Self::ErrorInStream { .. } => "error_in_stream",
            Self::Html {} => "html",
            Self::WrongModel { .. } => "wrong_model",
            Self::Empty {} => "empty",
            Self::Refusal {} => "refusal",
            Self::ContentFilter {} => "content_filter",
            Self::Truncated {} => "truncated",
            Self::Refuse {} => "refuse",
        }
    }

    /// Whether the fault needs a model's answer to act on.
    #[must_use]
    pub const fn needs_chat(&self) -> bool {
        matches!(
            self,
            Self::Ttft { .. }
                | Self::ErrorInStream { .. }
                | Self::WrongModel { .. }
                | Self::Refusal {}
                | Self::ContentFilter {}
                | Self::Truncated {}
        )
    }

    /// The usual failure with `status`: the persona's own body, the status' first family.
    #[must_use]
    pub const fn status(status: ErrorStatus) -> Self {
        Self::Status {
            status,
            code: None,
            body: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_is_the_serialised_tag() {
        let faults = [
            Fault::status(ErrorStatus::UNAVAILABLE),
            Fault::Latency {
                ms: Millis::clamped(5),
            },
            Fault::SlowHeaders {
                ms: Millis::clamped(5),
            },
            Fault::Ttft {
                ms: Millis::clamped(5),
                tokens_per_second: NonZeroU32::new(3),
            },
            Fault::Stall { after_chunks: 1 },
            Fault::CutReset { after_chunks: 1 },
            Fault::CutClean { after_chunks: 1 },
            Fault::Malformed { after_chunks: 1 },
            Fault::ErrorInStream { after_chunks: 1 },
            Fault::Html {},
            Fault::WrongModel {
                model: "other".to_owned(),
            },
            Fault::Empty {},
            Fault::Refusal {},
            Fault::ContentFilter {},
            Fault::Truncated {},
            Fault::Refuse {},
        ];
        for fault in faults {
            let json = serde_json::to_value(&fault).expect("a fault serialises");
            assert_eq!(json["kind"], fault.kind());
            let back: Fault = serde_json::from_value(json).expect("a fault reads back");
            assert_eq!(back, fault);
        }
    }

    #[test]
    fn values_outside_their_range_are_refused() {
        assert_eq!(ErrorStatus::try_from(200), Err(ValueError::Status(200)));
        assert_eq!(Millis::try_from(600_001), Err(ValueError::Millis(600_001)));
        assert_eq!(Millis::clamped(u64::MAX), Millis::clamped(600_000));
    }
}
