//! Scripts: which fault strikes whom, how often and when.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use crate::document::{DocumentError, Node, Reader, one_of, text, whole};
use crate::fault::{Fault, Stage, positive};
use crate::share::{Share, Spread};
use crate::window::Window;
use crate::wire::Wire;

/// Most rules in one script: they are tried in order for every request.
const RULES_MAX: usize = 256;
/// What the journal calls strikes that no rule made.
const RESERVED: [&str; 2] = ["limits", "outage"];
/// Longest name of a rule, in bytes.
const NAME_BYTES_MAX: usize = 64;

/// Why a script was refused.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// A mistake at a place in the document.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The rule could never act, or contradicts itself.
    #[error("rule `{rule}`: {flaw}")]
    Rule {
        /// Name of the rule.
        rule: String,
        /// What is wrong with it.
        flaw: String,
    },
    /// Too many rules.
    #[error("{count} rules are more than the limit of {RULES_MAX}")]
    TooMany {
        /// Rules given.
        count: usize,
    },
}

/// Which of the provider's routes a rule is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    /// Every route on which a model answers, whatever its wire.
    #[default]
    Chat,
    /// Lists of models, on whatever wire.
    Models,
    /// `GET /status`.
    Status,
    /// No request yet: a connection as it is made.
    Connection,
}

impl Route {
    const NAMES: &[(&'static str, Self)] = &[
        ("chat", Self::Chat),
        ("models", Self::Models),
        ("status", Self::Status),
        ("connection", Self::Connection),
    ];
}

/// What comes after a rule that struck.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// No further rule is tried.
    #[default]
    Stop,
    /// Further rules may add faults that act on something else.
    Continue,
}

/// One line of a script: a fault and the requests it strikes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Name in counters and journal; `rule-1`, `rule-2` and so on if empty.
    pub name: String,
    /// The route; chat if not given, so that a status page stays green while inference fails.
    pub route: Route,
    /// The model asked for. This and the next four are texts, which may end in `*` for any rest;
    /// what is not given does not matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The wire: a name of [`Wire`](crate::Wire).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wire: Option<String>,
    /// The path of the URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The region: the header `x-sim-region`, else the listener's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The gateway's target. Without one, the rule strikes the gateway itself, which no fallback
    /// helps against.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The share of requests; all if not given.
    pub share: Share,
    /// How the share is spread.
    pub spread: Spread,
    /// The rule strikes at most this often.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<u64>,
    /// Of the requests that meet all other conditions, only every so manieth is struck.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<NonZeroU32>,
    /// When the rule is in force.
    #[serde(flatten)]
    pub window: Window,
    /// What comes after it.
    pub then: Then,
    /// What happens.
    pub fault: Fault,
}

/// Whether `pattern`, which may end in `*`, means `given`; no pattern means anything.
fn means(pattern: Option<&str>, given: Option<&str>) -> bool {
    match (pattern, given) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(pattern), Some(given)) => match pattern.strip_suffix('*') {
            Some(start) => given.starts_with(start),
            None => pattern == given,
        },
    }
}

/// What a rule's conditions on texts are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Occasion<'a> {
    pub(crate) route: Route,
    pub(crate) model: Option<&'a str>,
    pub(crate) wire: Option<&'a str>,
    pub(crate) path: Option<&'a str>,
    pub(crate) region: Option<&'a str>,
    /// The gateway's target that is being tried.
    pub(crate) target: Option<&'a str>,
}

impl Rule {
    /// A rule that strikes every chat request at all times; one about connections strikes those.
    #[must_use]
    pub fn always(fault: Fault) -> Self {
        Self {
            name: String::new(),
            route: match fault.stage() {
                Stage::Connection => Route::Connection,
                _ => Route::Chat,
            },
            model: None,
            wire: None,
            path: None,
            region: None,
            target: None,
            share: Share::ALL,
            spread: Spread::Random,
            first: None,
            every: None,
            window: Window::default(),
            then: Then::Stop,
            fault,
        }
    }

    /// Reads one table of `[[rules]]`, and refuses a rule that could never act.
    pub(crate) fn read(mut reader: Reader<'_>) -> Result<Self, DocumentError> {
        let fault = Fault::read(reader.required_table("fault")?)?;
        let route = reader.optional("route", |node| one_of(node, Route::NAMES))?;
        let spread = [("random", Spread::Random), ("even", Spread::Even)];
        let then = [("stop", Then::Stop), ("continue", Then::Continue)];
        let rule = Self {
            name: reader.optional("name", name)?.unwrap_or_default(),
            model: reader.optional("model", text)?,
            wire: reader.optional("wire", wire)?,
            path: reader.optional("path", text)?,
            region: reader.optional("region", text)?,
            target: reader.optional("target", text)?,
            share: reader.optional("share", Share::read)?.unwrap_or_default(),
            spread: reader
                .optional("spread", |node| one_of(node, &spread))?
                .unwrap_or_default(),
            first: reader.optional("first", whole)?,
            every: reader.optional("every", positive)?,
            window: Window::read(&mut reader)?,
            then: reader
                .optional("then", |node| one_of(node, &then))?
                .unwrap_or_default(),
            ..Self::always(fault)
        };
        let rule = Self {
            route: route.unwrap_or(rule.route),
            ..rule
        };
        let refusal = rule.flaw().map(|flaw| reader.refuse(flaw));
        reader.finish()?;
        refusal.map_or(Ok(rule), Err)
    }

    /// What keeps the rule from ever acting, if anything.
    fn flaw(&self) -> Option<String> {
        let kind = self.fault.kind();
        let connection = self.fault.stage() == Stage::Connection;
        if connection != (self.route == Route::Connection) {
            return Some(format!("fault `{kind}` does not belong to this `route`"));
        }
        if self.route != Route::Chat && self.fault.needs_chat() {
            return Some(format!("fault `{kind}` needs route `chat`"));
        }
        if let Some(flaw) = self.wire.as_deref().and_then(Wire::flaw_of) {
            return Some(flaw);
        }
        if self.wire.is_some() && !matches!(self.route, Route::Chat | Route::Models) {
            return Some("`wire` needs route `chat` or `models`".to_owned());
        }
        if self.route != Route::Chat {
            let texts = [("model", &self.model), ("target", &self.target)];
            if let Some((key, _)) = texts.iter().find(|(_, text)| text.is_some()) {
                return Some(format!("`{key}` needs route `chat`"));
            }
        }
        if connection && self.path.is_some() {
            return Some("a connection has no `path`".to_owned());
        }
        if self.fault == (Fault::Unreachable {}) {
            let counted = self.share != Share::ALL || self.first.is_some() || self.every.is_some();
            if counted {
                return Some(
                    "connections that are never made cannot be counted: \
                    `unreachable` has no `share`, `first` and `every`"
                        .to_owned(),
                );
            }
            if !self.window.ends() {
                return Some(
                    "`unreachable` needs an end, such as `until_s`: while it lasts, \
                    nothing can switch it off"
                        .to_owned(),
                );
            }
        }
        if RESERVED.contains(&self.name.as_str()) {
            return Some(format!("`{}` is the name of something else", self.name));
        }
        if self.first == Some(0) {
            return Some("first 0 never strikes".to_owned());
        }
        self.window.flaw()
    }

    /// Whether the request is of the kind that the rule is about.
    pub(crate) fn is_about(&self, occasion: Occasion<'_>) -> bool {
        self.route == occasion.route
            && self.target.is_some() == occasion.target.is_some()
            && means(self.target.as_deref(), occasion.target)
            && means(self.model.as_deref(), occasion.model)
            && means(self.wire.as_deref(), occasion.wire)
            && means(self.path.as_deref(), occasion.path)
            && means(self.region.as_deref(), occasion.region)
    }
}

fn wire(node: &Node) -> Result<String, String> {
    let pattern = text(node)?;
    Wire::flaw_of(&pattern).map_or(Ok(pattern), Err)
}

fn name(node: &Node) -> Result<String, String> {
    let name = text(node)?;
    let sound = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if sound && name.len() <= NAME_BYTES_MAX {
        Ok(name)
    } else {
        Err("a name has at most 64 letters, digits and `-_.`".to_owned())
    }
}

/// Valid rules in order; the first that strikes decides, unless it lets others continue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Script {
    rules: Vec<Rule>,
}

impl Script {
    /// The script of these rules, if each of them can act and has its own name.
    pub fn new(mut rules: Vec<Rule>) -> Result<Self, ScriptError> {
        if rules.len() > RULES_MAX {
            return Err(ScriptError::TooMany { count: rules.len() });
        }
        for index in 0..rules.len() {
            if rules[index].name.is_empty() {
                let mut names = (index + 1..).map(|number| format!("rule-{number}"));
                let free = names.find(|name| rules.iter().all(|rule| rule.name != *name));
                rules[index].name = free.unwrap_or_default();
            }
            let (before, rest) = rules.split_at(index);
            let rule = &rest[0];
            let twice = before.iter().any(|other| other.name == rule.name);
            let twice = twice.then(|| "another rule has the same name".to_owned());
            if let Some(flaw) = rule.flaw().or(twice) {
                let rule = rule.name.clone();
                return Err(ScriptError::Rule { rule, flaw });
            }
        }
        Ok(Self { rules })
    }

    /// Reads a script of `[[rules]]` tables; unknown keys are refused.
    pub fn from_toml(text: &str) -> Result<Self, ScriptError> {
        Self::from_node(&Node::from_toml(text)?)
    }

    /// Reads a script of the form `{"rules": [...]}`; unknown keys are refused.
    pub fn from_json(bytes: &[u8]) -> Result<Self, ScriptError> {
        Self::from_node(&Node::from_json(bytes)?)
    }

    fn from_node(node: &Node) -> Result<Self, ScriptError> {
        let mut reader = Reader::new(node)?;
        let script = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(script)
    }

    /// Reads the `rules` of a document that may have other keys as well.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, ScriptError> {
        let rules = reader.tables("rules")?.into_iter().map(Rule::read);
        Self::new(rules.collect::<Result<_, _>>()?)
    }

    pub(crate) fn into_rules(self) -> Vec<Rule> {
        self.rules
    }

    /// The rules, in order.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }
}

#[cfg(test)]
mod tests;
