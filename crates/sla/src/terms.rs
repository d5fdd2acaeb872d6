//! What an assessment needs beside contract and samples: the window, how far time has come, fees,
//! announced exclusions, and what agents and targets stand for.

use std::collections::BTreeMap;

use domain::{AgentId, Minute, TargetId, Window};
use serde::{Deserialize, Serialize};

use crate::contract::Dimension;
use crate::money::Money;

#[cfg(test)]
mod tests;

/// Longest window that is read from outside, in minutes: a leap year. Judging takes memory in
/// proportion to it.
pub const WINDOW_MINUTES_MAX: u64 = 366 * 24 * 60;

/// Most excluded spans that are read from outside.
pub const EXCLUSIONS_MAX: usize = 10_000;

/// Most agents, and most targets, that are read from outside.
pub const PLACES_MAX: usize = 10_000;

/// The circumstances of one assessment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Unchecked")]
pub struct Terms {
    /// The window to judge, usually from [`crate::Contract::window_at`].
    pub window: Window,
    /// First minute that has not happened yet; minutes from here on are future. It may lie after
    /// the window's end, and has to for what reaches over it: runs of bad minutes, and the same
    /// window in other zones.
    pub as_of: Minute,
    /// Fees of the window that credits are a share of, where known. Fees in another currency
    /// than the contract's give no credit amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fees: Option<Money>,
    /// What was credited in the twelve months before, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credited_12_months: Option<Money>,
    /// Spans that were announced or agreed as excluded, in any order.
    pub exclusions: Vec<ExcludedSpan>,
    /// The time under contract, where it begins or ends within the window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscribed: Option<Window>,
    /// Where agents stand; agents that are not listed stand in an unknown region and network.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<Place>,
    /// What targets are at the provider.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<TargetScope>,
}

/// A span of minutes that a contract may exclude.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExcludedSpan {
    /// The minutes.
    pub window: Window,
    /// Which kind of exclusion, by the contract's word for it.
    pub kind: String,
    /// Why, for people.
    pub reason: String,
    /// When it was announced, where known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announced: Option<Minute>,
}

/// Where an agent stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The agent.
    pub agent: AgentId,
    /// Its region, such as `aws:us-east-1`.
    pub region: String,
    /// Whose network it uses.
    pub network: String,
}

/// What a target is at the provider, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetScope {
    /// The target.
    pub target: TargetId,
    /// Account, region, model and so on.
    pub scope: BTreeMap<Dimension, String>,
}

/// Terms from outside that exceed a limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TermsError {
    /// The window is too long.
    #[error("a window has at most {WINDOW_MINUTES_MAX} minutes, not {minutes}")]
    WindowTooLong {
        /// Its length.
        minutes: u64,
    },
    /// There are too many exclusions.
    #[error("there are at most {EXCLUSIONS_MAX} exclusions, not {count}")]
    TooManyExclusions {
        /// How many.
        count: usize,
    },
    /// There are too many agents or targets.
    #[error("there are at most {PLACES_MAX} agents and as many targets, not {count}")]
    TooManyPlaces {
        /// How many.
        count: usize,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Unchecked {
    window: Window,
    as_of: Minute,
    #[serde(default)]
    fees: Option<Money>,
    #[serde(default)]
    credited_12_months: Option<Money>,
    exclusions: Vec<ExcludedSpan>,
    #[serde(default)]
    subscribed: Option<Window>,
    #[serde(default)]
    places: Vec<Place>,
    #[serde(default)]
    targets: Vec<TargetScope>,
}

impl TryFrom<Unchecked> for Terms {
    type Error = TermsError;

    fn try_from(terms: Unchecked) -> Result<Self, TermsError> {
        // A window over all of time would overflow its own length.
        let (start, end) = (terms.window.start().get(), terms.window.end().get());
        let minutes = start.abs_diff(end);
        if minutes > WINDOW_MINUTES_MAX {
            return Err(TermsError::WindowTooLong { minutes });
        }
        let count = terms.exclusions.len();
        if count > EXCLUSIONS_MAX {
            return Err(TermsError::TooManyExclusions { count });
        }
        let count = terms.places.len().max(terms.targets.len());
        if count > PLACES_MAX {
            return Err(TermsError::TooManyPlaces { count });
        }
        Ok(Self {
            window: terms.window,
            as_of: terms.as_of,
            fees: terms.fees,
            credited_12_months: terms.credited_12_months,
            exclusions: terms.exclusions,
            subscribed: terms.subscribed,
            places: terms.places,
            targets: terms.targets,
        })
    }
}

impl Terms {
    /// The terms of a window of which nothing else is known.
    #[must_use]
    pub const fn of(window: Window, as_of: Minute) -> Self {
        Self {
            window,
            as_of,
            fees: None,
            credited_12_months: None,
            exclusions: Vec::new(),
            subscribed: None,
            places: Vec::new(),
            targets: Vec::new(),
        }
    }

    /// What is known of a target.
    pub(crate) fn scope_of(&self, target: &TargetId) -> Option<&BTreeMap<Dimension, String>> {
        let mut targets = self.targets.iter();
        targets.find(|t| t.target == *target).map(|t| &t.scope)
    }
}
