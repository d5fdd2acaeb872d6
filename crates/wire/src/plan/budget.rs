//! What probing may cost: caps in US dollars and in tokens, by UTC day and by calendar month.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Most dollars of a cap: more is a slip of the point.
pub const USD_MAX: u64 = 1_000_000;
/// Most tokens of a cap.
pub const TOKENS_MAX: u64 = 1_000_000_000_000;
/// Of each cap, the part that is kept for repeats after failures: one in this many.
pub const BURST_RESERVE: u64 = 5;

/// Nano-dollars in a dollar.
const NANO: u64 = 1_000_000_000;

/// Caps; one that is absent does not bind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Input and output tokens of a UTC day.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tokens_per_day: Option<u64>,
    /// Input and output tokens of a calendar month, UTC.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tokens_per_month: Option<u64>,
    /// US dollars of a UTC day.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub usd_per_day: Option<Usd>,
    /// US dollars of a calendar month, UTC.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub usd_per_month: Option<Usd>,
}

/// An amount of US dollars, in whole nano-dollars; written as a decimal in quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Usd(u64);

/// An amount that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "dollars are a decimal in quotes, such as \"1.50\", with at most nine digits after the point, up to {USD_MAX}"
)]
pub struct UsdError;

impl Usd {
    /// Wraps a count of nano-dollars.
    #[must_use]
    pub const fn from_nano(count: u64) -> Self {
        Self(count)
    }

    /// The count of nano-dollars.
    #[must_use]
    pub const fn nano(self) -> u64 {
        self.0
    }
}

impl FromStr for Usd {
    type Err = UsdError;

    fn from_str(text: &str) -> Result<Self, UsdError> {
        let (whole, decimals) = match text.split_once('.') {
            Some((whole, decimals)) if !decimals.is_empty() => (whole, decimals),
            Some(_) => return Err(UsdError),
            None => (text, "0"),
        };
        let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(whole) || !is_number(decimals) || decimals.len() > 9 {
            return Err(UsdError);
        }
        let dollars: u64 = whole.parse().map_err(|_| UsdError)?;
        let nano: u64 = format!("{decimals:0<9}").parse().map_err(|_| UsdError)?;
        let count = dollars.checked_mul(NANO).and_then(|n| n.checked_add(nano));
        let count = count.filter(|count| *count <= USD_MAX * NANO);
        count.map(Self).ok_or(UsdError)
    }
}

impl fmt::Display for Usd {
    /// The shortest decimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, decimals) = (self.0 / NANO, format!("{:09}", self.0 % NANO));
        match decimals.trim_end_matches('0') {
            "" => write!(f, "{whole}"),
            decimals => write!(f, "{whole}.{decimals}"),
        }
    }
}

impl TryFrom<String> for Usd {
    type Error = UsdError;

    fn try_from(text: String) -> Result<Self, UsdError> {
        text.parse()
    }
}

impl From<Usd> for String {
    fn from(usd: Usd) -> Self {
        usd.to_string()
    }
}

impl Budget {
    /// No cap at all.
    pub const NONE: Self = Self {
        tokens_per_day: None,
        tokens_per_month: None,
        usd_per_day: None,
        usd_per_month: None,
    };

    /// Whether nothing binds.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::NONE
    }

    /// Whether money binds, so that prices have to be known.
    #[must_use]
    pub const fn needs_prices(&self) -> bool {
        self.usd_per_day.is_some() || self.usd_per_month.is_some()
    }

    /// One agent's equal share, rounded down: all shares together never exceed the caps.
    #[must_use]
    pub fn share(&self, agents: u64) -> Self {
        self.map(|cap| cap / agents.max(1))
    }

    /// The part that planned attempts may use; at least a fifth is left for repeats.
    #[must_use]
    pub fn planned(&self) -> Self {
        self.map(|cap| cap - cap.div_ceil(BURST_RESERVE))
    }

    fn map(&self, part: impl Fn(u64) -> u64) -> Self {
        let usd = |cap: Usd| Usd(part(cap.0));
        Self {
            tokens_per_day: self.tokens_per_day.map(&part),
            tokens_per_month: self.tokens_per_month.map(&part),
            usd_per_day: self.usd_per_day.map(usd),
            usd_per_month: self.usd_per_month.map(usd),
        }
    }

    /// Why the caps cannot be used.
    pub fn check(&self) -> Result<(), &'static str> {
        let usd = [self.usd_per_day, self.usd_per_month];
        let tokens = [self.tokens_per_day, self.tokens_per_month];
        let mut caps = usd.iter().flatten().map(|cap| cap.0);
        if caps.any(|cap| cap == 0) || tokens.contains(&Some(0)) {
            return Err("a cap must be above 0");
        }
        if tokens.iter().flatten().any(|cap| *cap > TOKENS_MAX) {
            return Err("a cap on tokens must be at most 1000000000000");
        }
        Ok(())
    }
}
