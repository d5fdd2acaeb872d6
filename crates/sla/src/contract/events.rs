//! Which samples are errors: ordered rules, the first that matches decides.

use std::fmt;

use domain::{Attribution, Class, Outcome};

use super::Basis;

/// What a sample is to the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventClass {
    /// A valid request that failed.
    Error,
    /// A valid request that succeeded.
    Success,
    /// A request that the contract does not count.
    NotValid,
    /// It cannot be told: it widens the bounds.
    Unknown,
}

/// Ordered rules and what holds where none matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRules {
    /// The rules, in order of the file.
    pub rules: Vec<EventRule>,
    /// Class of samples that no rule matches.
    pub default: EventClass,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRule {
    /// What matching samples are.
    pub class: EventClass,
    /// Which samples match.
    pub when: Condition,
    /// How sure the rule is.
    pub basis: Basis,
}

/// What a sample must be to match: every list that is given must contain the sample's value.
/// A list that is absent is empty here; lists in a contract are never empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    /// HTTP status; samples without one never match.
    pub status: Vec<StatusPattern>,
    /// What was observed.
    pub outcome: Vec<Outcome>,
    /// Whose fault it was.
    pub attribution: Vec<Attribution>,
    /// Features of the request: one in common is enough.
    pub feature: Vec<String>,
    /// Served tier; samples whose answer names none never match.
    pub tier: Vec<String>,
    /// Whether a streamed answer was asked for.
    pub stream: Option<bool>,
}

/// One status, or a hundred of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusPattern {
    /// Exactly this one.
    Exact(u16),
    /// All with this first digit: `5xx` is 5.
    Hundred(u16),
}

impl EventRules {
    /// What a class of samples is to the contract.
    #[must_use]
    pub fn classify(&self, class: &Class) -> EventClass {
        self.rules
            .iter()
            .find(|rule| rule.when.matches(class))
            .map_or(self.default, |rule| rule.class)
    }
}

impl Condition {
    /// Whether a class of samples fulfils it.
    #[must_use]
    pub fn matches(&self, class: &Class) -> bool {
        let status = |pattern: &StatusPattern| class.status.is_some_and(|s| pattern.matches(s));
        let tier = |tier: &String| class.served_tier.as_ref() == Some(tier);
        any_or_absent(&self.status, status)
            && any_or_absent(&self.outcome, |outcome| *outcome == class.outcome)
            && any_or_absent(&self.attribution, |whose| *whose == class.attribution)
            && any_or_absent(&self.feature, |feature| class.features.contains(feature))
            && any_or_absent(&self.tier, tier)
            && self.stream.is_none_or(|stream| stream == class.stream)
    }
}

fn any_or_absent<T>(list: &[T], matches: impl Fn(&T) -> bool) -> bool {
    list.is_empty() || list.iter().any(matches)
}

impl StatusPattern {
    /// Whether it covers a status.
    #[must_use]
    pub const fn matches(self, status: u16) -> bool {
        match self {
            Self::Exact(exact) => exact == status,
            Self::Hundred(first) => first == status / 100,
        }
    }
}

impl fmt::Display for StatusPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(status) => write!(f, "{status}"),
            Self::Hundred(first) => write!(f, "{first}xx"),
        }
    }
}
