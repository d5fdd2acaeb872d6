//! Which samples are errors: ordered rules, the first that matches decides.

use std::fmt;
use std::str::FromStr;

use domain::{Attribution, Class, Outcome};
use schemars::JsonSchema;
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize};

use super::exact::Text;
use super::{Basis, Provenance, is_default};

/// What a sample is to the contract.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventRules {
    /// When a request counts. Default: `"request_start"`.
    #[serde(default)]
    pub attribution: Attributed,
    /// Class of samples that no rule matches.
    pub default: EventClass,
    /// The rules, in order; the first that matches decides.
    #[serde(default, rename = "rule", skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<EventRule>,
}

/// When a request counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Attributed {
    /// In the minute it begins in.
    #[default]
    RequestStart,
    /// In the minute its answer ends in; needs samples, not only counts.
    RequestEnd,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventRule {
    /// What matching samples are.
    pub class: EventClass,
    /// Which samples match.
    pub when: Condition,
    /// What matching samples are under the other reading, where the text can be read in two
    /// ways. Default: there is no other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<EventClass>,
    /// How sure the rule is. Default: `"stated"`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub basis: Basis,
    /// How close to the provider's own words it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<Provenance>,
    /// Whatever a reader should know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Text>,
}

/// What a sample must be to match: at least one key, and every one that is given must hold; of
/// a list any entry will do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// HTTP status, such as `[500, "4xx"]`; samples without an answer never match.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub status: Vec<StatusPattern>,
    /// What was observed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>", extend("items" = words(Outcome::ALL)))]
    pub outcome: Vec<Outcome>,
    /// Whose fault it was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>", extend("items" = words(Attribution::ALL)))]
    pub attribution: Vec<Attribution>,
    /// Features of the request, such as `"preview"`: one in common is enough.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub feature: Vec<Text>,
    /// Service tier that the answer names; samples whose answer names none never match.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tier: Vec<Text>,
    /// Whether a streamed answer was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<bool>,
    /// `true`: the rule holds only in minutes in which enough agents fail (`[evidence]`,
    /// `quorum`); in others nobody can tell whether it was the agent's own path, and the sample
    /// is `unknown`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quorum: Option<bool>,
}

fn words(words: &[impl ToString]) -> serde_json::Value {
    let words: Vec<String> = words.iter().map(ToString::to_string).collect();
    serde_json::json!({ "type": "string", "enum": words })
}

/// One status, or a hundred of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(into = "StatusText")]
#[schemars(with = "StatusText")]
pub enum StatusPattern {
    /// Exactly this one.
    Exact(u16),
    /// All with this first digit: `5xx` is 5.
    Hundred(u16),
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum StatusText {
    /// One status.
    Exact(#[schemars(range(min = 100, max = 599))] u16),
    /// All of a hundred: `"5xx"`.
    Hundred(#[schemars(regex(pattern = r"^[1-5](xx|[0-9]{2})$"))] String),
}

/// Text that is no status.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is not a status: write 100 to 599, or \"4xx\" for all of a hundred")]
pub struct StatusError {
    given: String,
}

impl<'de> Deserialize<'de> for StatusPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pattern;
        impl Visitor<'_> for Pattern {
            type Value = StatusPattern;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a status, such as 500 or \"5xx\"")
            }

            fn visit_i64<E: de::Error>(self, status: i64) -> Result<StatusPattern, E> {
                self.visit_str(&status.to_string())
            }

            fn visit_u64<E: de::Error>(self, status: u64) -> Result<StatusPattern, E> {
                self.visit_str(&status.to_string())
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<StatusPattern, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Pattern)
    }
}

impl FromStr for StatusPattern {
    type Err = StatusError;

    fn from_str(text: &str) -> Result<Self, StatusError> {
        let refuse = || StatusError {
            given: text.chars().take(40).collect(),
        };
        // Numbers read from text may have a sign and leading zeros.
        let digits = |text: &str, n| text.len() == n && text.bytes().all(|b| b.is_ascii_digit());
        if let Some(first) = text.strip_suffix("xx").filter(|first| digits(first, 1)) {
            let first = first.parse().ok().filter(|first| (1..=5).contains(first));
            return first.map(Self::Hundred).ok_or_else(refuse);
        }
        let exact = text.parse().ok().filter(|s| (100..=599).contains(s));
        let exact = exact.filter(|_| digits(text, 3));
        exact.map(Self::Exact).ok_or_else(refuse)
    }
}

impl From<StatusPattern> for StatusText {
    fn from(pattern: StatusPattern) -> Self {
        match pattern {
            StatusPattern::Exact(status) => Self::Exact(status),
            StatusPattern::Hundred(_) => Self::Hundred(pattern.to_string()),
        }
    }
}

/// What the rules say about one class of samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ruling {
    pub(crate) event: EventClass,
    /// Position of the rule; absent where none matched.
    pub(crate) rule: Option<usize>,
    /// Whether it holds only where enough agents fail.
    pub(crate) quorum: bool,
}

impl EventRules {
    /// What a class of samples is to the contract, by its literal reading and as seen by one
    /// agent alone: what needs a quorum is unknown.
    #[must_use]
    pub fn classify(&self, class: &Class) -> EventClass {
        let ruling = self.rule(class, |_| false);
        if ruling.quorum {
            EventClass::Unknown
        } else {
            ruling.event
        }
    }

    /// What the rules say, where `otherwise` tells which rules are read in their other way.
    pub(crate) fn rule(&self, class: &Class, otherwise: impl Fn(usize) -> bool) -> Ruling {
        let mut rules = self.rules.iter().enumerate();
        let found = rules.find(|(_, rule)| rule.when.matches(class));
        let Some((index, rule)) = found else {
            return Ruling {
                event: self.default,
                rule: None,
                quorum: false,
            };
        };
        let other = rule.otherwise.filter(|_| otherwise(index));
        Ruling {
            event: other.unwrap_or(rule.class),
            rule: Some(index),
            quorum: rule.when.quorum == Some(true),
        }
    }

    /// Whether any rule asks for a quorum.
    #[must_use]
    pub fn asks_for_quorum(&self) -> bool {
        self.rules.iter().any(|rule| rule.when.quorum == Some(true))
    }
}

impl Condition {
    /// Whether a class of samples fulfils it, as far as one sample can tell.
    #[must_use]
    pub fn matches(&self, class: &Class) -> bool {
        let status = |pattern: &StatusPattern| class.status.is_some_and(|s| pattern.matches(s));
        let tier = |tier: &Text| class.served_tier.as_deref() == Some(tier.as_str());
        let feature = |feature: &Text| class.features.iter().any(|f| f == feature.as_str());
        any_or_absent(&self.status, status)
            && any_or_absent(&self.outcome, |outcome| *outcome == class.outcome)
            && any_or_absent(&self.attribution, |whose| *whose == class.attribution)
            && any_or_absent(&self.feature, feature)
            && any_or_absent(&self.tier, tier)
            && self.stream.is_none_or(|stream| stream == class.stream)
    }

    /// Whether it says only that enough agents must fail, which every sample fulfils.
    pub(crate) fn is_quorum_alone(&self) -> bool {
        let quorum = Some(true);
        *self
            == Self {
                quorum,
                ..Self::default()
            }
    }

    /// Whether it says nothing at all.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
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
