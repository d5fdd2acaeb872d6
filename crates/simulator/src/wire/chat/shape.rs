//! The documents of chat completions, with every key that some dialect has.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use super::dialect::Counts;

/// Keys that only one dialect has.
pub(super) type Extra = BTreeMap<&'static str, Value>;

#[derive(Serialize)]
pub(super) struct Chunk<'a> {
    pub(super) id: &'a str,
    pub(super) object: &'static str,
    pub(super) created: u64,
    pub(super) model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) service_tier: Option<&'a str>,
    pub(super) choices: &'a [ChunkChoice<'a>],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) usage: Option<ChunkUsage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) obfuscation: Option<String>,
    #[serde(flatten)]
    pub(super) extra: Extra,
}

/// The `usage` key of a chunk, where it is present: null until the last.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum ChunkUsage {
    Pending(()),
    Final(Counts),
}

/// Keys are absent (`None`) or explicitly null (`Some(Value::Null)`): dialects differ in that.
#[derive(Serialize)]
pub(super) struct ChunkChoice<'a> {
    pub(super) index: u8,
    pub(super) delta: Delta<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) logprobs: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) finish_reason: Option<Value>,
    #[serde(flatten)]
    pub(super) extra: Extra,
}

#[derive(Clone, Copy, Default, Serialize)]
pub(super) struct Delta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reasoning_content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reasoning: Option<&'a str>,
    #[serde(skip_serializing_if = "Declined::is_absent")]
    pub(super) refusal: Declined<'a>,
}

/// The `refusal` key of a delta.
#[derive(Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(super) enum Declined<'a> {
    #[default]
    Absent,
    Null(()),
    Text(&'a str),
}

impl Declined<'_> {
    fn is_absent(&self) -> bool {
        *self == Self::Absent
    }
}

#[derive(Serialize)]
pub(super) struct Completion<'a> {
    pub(super) id: String,
    pub(super) object: &'static str,
    pub(super) created: u64,
    pub(super) model: &'a str,
    pub(super) choices: [CompletionChoice; 1],
    pub(super) usage: Counts,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) service_tier: Option<&'a str>,
    #[serde(flatten)]
    pub(super) extra: Extra,
}

#[derive(Serialize)]
pub(super) struct CompletionChoice {
    pub(super) index: u8,
    pub(super) message: Spoken,
    pub(super) logprobs: Value,
    pub(super) finish_reason: &'static str,
    #[serde(flatten)]
    pub(super) extra: Extra,
}

#[derive(Serialize)]
pub(super) struct Spoken {
    pub(super) role: &'static str,
    pub(super) content: Option<String>,
    pub(super) refusal: Option<String>,
    #[serde(flatten)]
    pub(super) reasoning: Extra,
}
