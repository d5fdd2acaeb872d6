//! What becomes of a claim.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimState {
    /// Made by the collector; nobody sent it yet.
    Drafted,
    /// Sent to the provider.
    Filed,
    /// The provider confirmed that it has it.
    Acknowledged,
    /// The provider paid, all or a part.
    Paid,
    /// The provider refused.
    Denied,
    /// The last deadline passed before it was filed.
    Expired,
}

/// A word that is no state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not a state of a claim")]
pub struct ClaimStateError {
    given: String,
}

impl ClaimState {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Drafted,
        Self::Filed,
        Self::Acknowledged,
        Self::Paid,
        Self::Denied,
        Self::Expired,
    ];

    /// The word used in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Drafted => "drafted",
            Self::Filed => "filed",
            Self::Acknowledged => "acknowledged",
            Self::Paid => "paid",
            Self::Denied => "denied",
            Self::Expired => "expired",
        }
    }

    /// Where people can take it from here. Providers pay in parts, and a refusal or a lapse may
    /// be disputed; only the job lets a claim expire.
    #[must_use]
    pub const fn next(self) -> &'static [Self] {
        match self {
            Self::Drafted | Self::Expired | Self::Denied => &[Self::Filed],
            Self::Filed => &[Self::Acknowledged, Self::Paid, Self::Denied],
            Self::Acknowledged => &[Self::Paid, Self::Denied],
            Self::Paid => &[Self::Paid],
        }
    }

    /// Whether nothing more is expected of the provider.
    #[must_use]
    pub const fn is_settled(self) -> bool {
        matches!(self, Self::Paid | Self::Denied | Self::Expired)
    }
}

impl fmt::Display for ClaimState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ClaimState {
    type Err = ClaimStateError;

    fn from_str(text: &str) -> Result<Self, ClaimStateError> {
        let mut all = Self::ALL.into_iter();
        all.find(|state| state.as_str() == text)
            .ok_or_else(|| ClaimStateError {
                given: text.chars().take(40).collect(),
            })
    }
}
