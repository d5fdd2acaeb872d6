//! Scripts: which fault strikes whom, how often and when.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::fault::{Fault, ValueError};
use crate::random::Random;

/// Most rules in one script: they are tried in order for every request.
const RULES_MAX: usize = 256;

/// Why a script was refused. The source names the key.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// Not TOML, an unknown key or a value of the wrong kind.
    #[error("failed to read the script as TOML")]
    Toml(#[source] Box<toml::de::Error>),
    /// Not JSON, an unknown key or a value of the wrong kind.
    #[error("failed to read the script as JSON")]
    Json(#[source] serde_json::Error),
    /// The rule could never act.
    #[error("rule {rule}: until_s {until_s} is not after from_s {from_s}")]
    EmptyWindow {
        /// Position of the rule, from 0.
        rule: usize,
        /// Start of its window.
        from_s: u64,
        /// End of its window.
        until_s: u64,
    },
    /// The fault acts on a model's answer, which this route does not give.
    #[error("rule {rule}: fault `{kind}` needs route `chat`")]
    NeedsChat {
        /// Position of the rule, from 0.
        rule: usize,
        /// The fault's kind.
        kind: &'static str,
    },
    /// `model` was given for a route that has none.
    #[error("rule {rule}: `model` needs route `chat`")]
    ModelWithoutChat {
        /// Position of the rule, from 0.
        rule: usize,
    },
    /// Too many rules.
    #[error("{count} rules are more than the limit of {RULES_MAX}")]
    TooMany {
        /// Rules given.
        count: usize,
    },
}

/// A share of requests in parts per million, `0..=1_000_000`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Probability(u32);

impl Probability {
    /// Every request.
    pub const ALWAYS: Self = Self(1_000_000);

    /// Whether request number `request` falls into the share, as rule number `rule` draws it.
    fn strikes(self, seed: u64, request: u64, rule: u64) -> bool {
        Random::for_parts(&[seed, request, rule]).below(1_000_000) < self.0
    }
}

impl Default for Probability {
    fn default() -> Self {
        Self::ALWAYS
    }
}

impl TryFrom<u32> for Probability {
    type Error = ValueError;

    fn try_from(ppm: u32) -> Result<Self, ValueError> {
        if ppm > 1_000_000 {
            Err(ValueError::Probability(ppm))
        } else {
            Ok(Self(ppm))
        }
    }
}

impl From<Probability> for u32 {
    fn from(probability: Probability) -> Self {
        probability.0
    }
}

/// Which of the provider's routes a rule is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    /// `POST /v1/chat/completions`.
    #[default]
    Chat,
    /// `GET /v1/models`.
    Models,
    /// `GET /status`.
    Status,
}

/// One line of a script: a fault and the requests it strikes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The route; chat if not given, so that a status page stays green while inference fails.
    #[serde(default)]
    pub route: Route,
    /// The model asked for; any if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The share of requests, in parts per million; all if not given.
    #[serde(default)]
    pub probability_ppm: Probability,
    /// First second of the rule's window, counted from the simulator's start.
    #[serde(default)]
    pub from_s: u64,
    /// End of the window, exclusive; open if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_s: Option<u64>,
    /// What happens.
    pub fault: Fault,
}

impl Rule {
    /// A rule that strikes every chat request at all times.
    #[must_use]
    pub const fn always(fault: Fault) -> Self {
        Self {
            route: Route::Chat,
            model: None,
            probability_ppm: Probability::ALWAYS,
            from_s: 0,
            until_s: None,
            fault,
        }
    }

    fn covers(&self, route: Route, model: Option<&str>, offset: Duration) -> bool {
        self.route == route
            && self
                .model
                .as_deref()
                .is_none_or(|wanted| model == Some(wanted))
            && offset >= Duration::from_secs(self.from_s)
            && self
                .until_s
                .is_none_or(|until_s| offset < Duration::from_secs(until_s))
    }

    fn validate(&self, rule: usize) -> Result<(), ScriptError> {
        if let Some(until_s) = self.until_s
            && until_s <= self.from_s
        {
            return Err(ScriptError::EmptyWindow {
                rule,
                from_s: self.from_s,
                until_s,
            });
        }
        if self.route != Route::Chat && self.fault.needs_chat() {
            return Err(ScriptError::NeedsChat {
                rule,
                kind: self.fault.kind(),
            });
        }
        if self.route != Route::Chat && self.model.is_some() {
            return Err(ScriptError::ModelWithoutChat { rule });
        }
        Ok(())
    }
}

/// One request, as far as rules look at it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Occasion<'a> {
    pub(crate) route: Route,
    pub(crate) model: Option<&'a str>,
    /// Since the simulator's start.
    pub(crate) offset: Duration,
    /// Number of the request, from 0.
    pub(crate) request: u64,
}

/// Valid rules in order; the first that strikes decides, and faults do not combine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Script {
    rules: Vec<Rule>,
}

/// The document form: `[[rules]]` tables, or `{"rules": [...]}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    rules: Vec<Rule>,
}

impl Script {
    /// The script of these rules, if each of them can act.
    pub fn new(rules: Vec<Rule>) -> Result<Self, ScriptError> {
        if rules.len() > RULES_MAX {
            return Err(ScriptError::TooMany { count: rules.len() });
        }
        for (index, rule) in rules.iter().enumerate() {
            rule.validate(index)?;
        }
        Ok(Self { rules })
    }

    /// Reads a script of `[[rules]]` tables; unknown keys are refused.
    pub fn from_toml(text: &str) -> Result<Self, ScriptError> {
        let document: Document =
            toml::from_str(text).map_err(|source| ScriptError::Toml(Box::new(source)))?;
        Self::new(document.rules)
    }

    /// Reads a script of the form `{"rules": [...]}`; unknown keys are refused.
    pub fn from_json(bytes: &[u8]) -> Result<Self, ScriptError> {
        let document: Document = serde_json::from_slice(bytes).map_err(ScriptError::Json)?;
        Self::new(document.rules)
    }

    /// The rules, in order.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The fault that strikes, a pure function of seed and occasion.
    pub(crate) fn fault(&self, seed: u64, occasion: Occasion<'_>) -> Option<&Fault> {
        (0..).zip(&self.rules).find_map(|(index, rule)| {
            let struck = rule.covers(occasion.route, occasion.model, occasion.offset)
                && rule.probability_ppm.strikes(seed, occasion.request, index);
            struck.then_some(&rule.fault)
        })
    }
}

#[cfg(test)]
mod tests;
