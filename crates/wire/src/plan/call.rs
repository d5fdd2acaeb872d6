//! A call of a model API, as a plan writes it.

use std::collections::BTreeMap;

use domain::CredentialAlias;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A call of a model API. What a preset fixes is the agent's knowledge; what stands here is laid
/// over it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanCall {
    /// What the model is asked, and what a right answer is.
    #[serde(skip_serializing_if = "is_default", default)]
    pub ask: PlanAsk,
    /// Address instead of the preset's own.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub base_url: Option<String>,
    /// What stands before an attempt begins.
    #[serde(skip_serializing_if = "is_default", default)]
    pub connection: PlanConnection,
    /// Members laid over the body that is sent. Whole numbers only: a plan is canonical JSON.
    #[serde(skip_serializing_if = "Map::is_empty", default)]
    pub extra: Map<String, Value>,
    /// Further headers; never secrets, for a plan is logged.
    #[serde(
        skip_serializing_if = "BTreeMap::is_empty",
        default,
        deserialize_with = "super::expect::headers"
    )]
    pub headers: BTreeMap<String, String>,
    /// Cap on output tokens; leave room for reasoning.
    #[serde(default = "max_output_tokens")]
    pub max_output_tokens: u32,
    /// Model to ask for, as the provider names it.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub model: String,
    /// Values for the parts of the preset's address that only you know.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub params: BTreeMap<String, String>,
    /// Upstream that must answer, behind a gateway that can be held to one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pin: Option<String>,
    /// Provider or gateway, by the name of its preset.
    #[serde(default = "compatible")]
    pub preset: String,
    /// Query of the address, such as `api-version=2024-10-21`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub query: Option<String>,
    /// Key of the gateway itself, where it stands beside the provider's.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub second_credential: Option<CredentialAlias>,
    /// What to make of the model that the answer names, where not as the preset has it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub served_model: Option<ServedModel>,
    /// Whether to ask for a streamed answer.
    #[serde(default)]
    pub stream: bool,
    /// Service tier to ask for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tier: Option<String>,
    /// Wire, where not the preset's default.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub wire: Option<String>,
}

impl PlanCall {
    /// A call of `model` at an address, with nothing special about it.
    #[must_use]
    pub fn compatible(base_url: String, model: String) -> Self {
        Self {
            ask: PlanAsk::default(),
            base_url: Some(base_url),
            connection: PlanConnection::default(),
            extra: Map::new(),
            headers: BTreeMap::new(),
            max_output_tokens: max_output_tokens(),
            model,
            params: BTreeMap::new(),
            pin: None,
            preset: compatible(),
            query: None,
            second_credential: None,
            served_model: None,
            stream: false,
            tier: None,
            wire: None,
        }
    }

    /// Where it is asked, in a word that tells targets apart on a page.
    #[must_use]
    pub fn place(&self) -> &str {
        self.base_url.as_deref().unwrap_or(&self.preset)
    }
}

/// What a model is asked. Prompts of your own have no place here: a plan is logged and exported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanAsk {
    /// To repeat a random word.
    #[default]
    Echo,
    /// To add two random numbers: no cache and no echo can answer it.
    Sum,
    /// To repeat a random word several times.
    Repeat,
    /// For a JSON object that holds a random word.
    Json,
}

/// What stands before an attempt begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlanConnection {
    /// Nothing: name, TCP and TLS are part of the attempt.
    #[default]
    Fresh,
    /// A connection that an earlier attempt left open.
    Warm,
}

/// What to make of the model that an answer names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServedModel {
    /// Obviously another model is an outcome of its own.
    Judged,
    /// It is recorded only.
    Recorded,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn max_output_tokens() -> u32 {
    64
}

fn compatible() -> String {
    "openai-compatible".to_owned()
}
