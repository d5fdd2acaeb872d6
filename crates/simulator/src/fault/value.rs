//! Numbers and names within faults, each in its range.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::document::{Node, whole};

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

    pub(crate) fn read(node: &Node) -> Result<Self, String> {
        Self::try_from(whole::<u64>(node)?).map_err(|error| error.to_string())
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
    /// 504: took too long.
    pub const GATEWAY_TIMEOUT: Self = Self(504);
    /// 400: refused as wrong.
    pub const BAD_REQUEST: Self = Self(400);
    /// 500: the provider's own fault.
    pub const INTERNAL: Self = Self(500);
    /// 503: overloaded.
    pub const UNAVAILABLE: Self = Self(503);
    /// 529: overloaded, in Anthropic's and `OpenRouter`'s manner.
    pub const OVERLOADED: Self = Self(529);

    pub(crate) fn read(node: &Node) -> Result<Self, String> {
        Self::try_from(whole::<u16>(node)?).map_err(|error| error.to_string())
    }

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

impl ErrorCode {
    pub(super) const NAMES: &[(&'static str, Self)] = &[
        ("rate_limit_exceeded", Self::RateLimitExceeded),
        ("insufficient_quota", Self::InsufficientQuota),
        ("slow_down", Self::SlowDown),
    ];
}
