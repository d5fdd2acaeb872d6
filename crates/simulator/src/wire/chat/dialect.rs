//! What providers of chat completions do differently from each other.

use bytes::Bytes;
use serde::Serialize;
use serde_json::{Value, json};

use super::error::{ProviderError, openrouter_kind};
use super::shape::{Delta, Extra};
use crate::answer::Usage;
use crate::config::Persona;
use crate::wire::{Stamp, data_event, decimal, json as text, litellm};

/// Comments that `OpenRouter` sends while it waits for the provider.
const PROCESSING_COMMENTS: usize = 2;

/// A provider's way with chat completions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::wire) enum Dialect {
    OpenAi,
    LiteLlm,
    OpenRouter,
    Groq,
    DeepSeek,
    Mistral,
    Azure,
}

/// Where a stream carries its usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UsagePlace {
    /// In an event of its own without choices, if asked for.
    Apart,
    /// In an event of its own with an empty choice, if asked for.
    Hollow,
    /// In an event of its own, asked for or not.
    Always,
    /// In the event with the finish reason, asked for or not.
    WithFinish,
}

/// The key of reasoning in a message or delta.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Thought {
    ReasoningContent,
    Reasoning,
}

impl Thought {
    const fn name(self) -> &'static str {
        match self {
            Self::ReasoningContent => "reasoning_content",
            Self::Reasoning => "reasoning",
        }
    }
}

/// Usage as the body carries it.
#[derive(Clone, Serialize)]
pub(super) struct Counts {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_tokens_details: Option<PromptDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completion_tokens_details: Option<CompletionDetails>,
    #[serde(flatten)]
    extra: Extra,
}

#[derive(Clone, Copy, Serialize)]
struct PromptDetails {
    cached_tokens: u64,
}

#[derive(Clone, Copy, Serialize)]
struct CompletionDetails {
    reasoning_tokens: u64,
}

/// What Azure's content filter finds in harmless text.
fn harmless() -> Value {
    let safe = json!({ "filtered": false, "severity": "safe" });
    json!({ "hate": safe, "self_harm": safe, "sexual": safe, "violence": safe })
}

fn prompt_filter_results() -> Value {
    json!([{ "prompt_index": 0, "content_filter_results": harmless() }])
}

/// The way to the answer as `OpenRouter` tells those who want to know.
fn routing(stamp: &Stamp) -> Extra {
    let Some(asked) = &stamp.route.wanted_for else {
        return Extra::new();
    };
    let attempts = &stamp.route.attempts;
    let told: Vec<Value> = attempts
        .iter()
        .map(|attempt| {
            let model = attempt.model.as_ref().unwrap_or(asked);
            let failed = attempt.failure.as_ref();
            let status = failed.map_or(200, |failure| ProviderError::of(failure).status);
            json!({ "provider": attempt.provider, "model": model, "status": status })
        })
        .collect();
    let metadata = json!({
        "requested": asked, "strategy": "direct", "attempt": told.len().max(1), "attempts": told,
    });
    Extra::from([("openrouter_metadata", metadata)])
}

impl Dialect {
    /// The dialect that a caller of this persona hears.
    pub(super) const fn behind(self, persona: Persona) -> Self {
        match (self, persona) {
            (Self::OpenAi, Persona::Gateway) => Self::LiteLlm,
            _ => self,
        }
    }

    pub(super) fn id(self, stamp: &Stamp) -> String {
        let ids = &stamp.ids;
        match self {
            Self::OpenAi | Self::LiteLlm | Self::Groq | Self::Azure => {
                format!("chatcmpl-{}", ids.completion)
            }
            Self::OpenRouter => ids.generation(stamp.created_unix_s),
            Self::DeepSeek => ids.call.clone(),
            Self::Mistral => ids.call.replace('-', ""),
        }
    }

    pub(super) fn service_tier(self, stamp: &Stamp) -> Option<&str> {
        match self {
            Self::OpenAi => Some(stamp.tier_or("default")),
            _ => stamp.tier.as_deref(),
        }
    }

    /// Where reasoning stands; `OpenAI`, Azure and Mistral only count it.
    pub(super) const fn reasoning_key(self) -> Option<Thought> {
        match self {
            Self::DeepSeek | Self::LiteLlm => Some(Thought::ReasoningContent),
            Self::OpenRouter | Self::Groq => Some(Thought::Reasoning),
            Self::OpenAi | Self::Azure | Self::Mistral => None,
        }
    }

    /// Keys of a message that reasoning came before.
    pub(super) fn reasoning_extra(self, reasoning: &[String]) -> Extra {
        match self.reasoning_key() {
            Some(key) if !reasoning.is_empty() => {
                Extra::from([(key.name(), Value::from(reasoning.concat()))])
            }
            _ => Extra::new(),
        }
    }

    /// Whether a refusal has a key of its own; elsewhere it is plain content.
    pub(super) const fn tells_refusals(self) -> bool {
        matches!(
            self,
            Self::OpenAi | Self::LiteLlm | Self::OpenRouter | Self::Azure
        )
    }

    pub(super) const fn opens_with_role(self) -> bool {
        !matches!(self, Self::LiteLlm | Self::OpenRouter)
    }

    pub(super) const fn role_of_content(self, index: usize) -> Option<&'static str> {
        match (self, index) {
            (Self::LiteLlm, 0) | (Self::OpenRouter, _) => Some("assistant"),
            _ => None,
        }
    }

    /// Whether keys without a value are written as null.
    pub(super) const fn writes_nulls(self) -> bool {
        !matches!(self, Self::LiteLlm)
    }

    pub(super) const fn usage_place(self) -> UsagePlace {
        match self {
            Self::OpenAi | Self::Azure | Self::Groq => UsagePlace::Apart,
            Self::LiteLlm => UsagePlace::Hollow,
            Self::OpenRouter => UsagePlace::Always,
            Self::DeepSeek | Self::Mistral => UsagePlace::WithFinish,
        }
    }

    /// What comes before any event with a choice.
    pub(super) fn preamble(self) -> Vec<Bytes> {
        match self {
            Self::OpenRouter => {
                vec![Bytes::from_static(b": OPENROUTER PROCESSING\n\n"); PROCESSING_COMMENTS]
            }
            Self::Azure => vec![data_event(json!({
                "choices": [], "created": 0, "id": "", "model": "", "object": "",
                "prompt_filter_results": prompt_filter_results(),
            }))],
            _ => Vec::new(),
        }
    }

    pub(super) fn last_delta(self) -> Delta<'static> {
        match self {
            Self::DeepSeek | Self::Mistral => Delta {
                content: Some(""),
                ..Delta::default()
            },
            Self::OpenRouter => Delta {
                role: Some("assistant"),
                content: Some(""),
                ..Delta::default()
            },
            _ => Delta::default(),
        }
    }

    /// Keys of a choice.
    pub(super) fn choice_extra(self, finish: Option<&'static str>) -> Extra {
        match self {
            Self::OpenRouter => Extra::from([("native_finish_reason", Value::from(finish))]),
            Self::Azure => Extra::from([("content_filter_results", harmless())]),
            _ => Extra::new(),
        }
    }

    /// Keys of every chunk.
    pub(super) fn chunk_extra(self, stamp: &mut Stamp) -> Extra {
        match self {
            Self::OpenRouter => Extra::from([("provider", Value::from(stamp.provider()))]),
            Self::Mistral => Extra::from([("p", Value::from(stamp.letters()))]),
            Self::DeepSeek => Extra::from([("system_fingerprint", Value::from("fp_simulated"))]),
            _ => Extra::new(),
        }
    }

    /// Keys of the chunk with the role.
    pub(super) fn first_extra(self, stamp: &Stamp) -> Extra {
        match self {
            Self::Groq => Extra::from([("x_groq", json!({ "id": stamp.ids.request }))]),
            _ => Extra::new(),
        }
    }

    /// Keys of the chunk with the finish reason.
    pub(super) fn last_extra(self, stamp: &Stamp, usage: Usage) -> Extra {
        match self {
            Self::Groq => {
                let counts = self.counts(usage, stamp.latency_ms);
                let told = json!({ "id": stamp.ids.request, "usage": counts });
                Extra::from([("x_groq", told)])
            }
            Self::OpenRouter => routing(stamp),
            _ => Extra::new(),
        }
    }

    /// Keys of an answer in one document.
    pub(super) fn whole_extra(self, stamp: &Stamp) -> Extra {
        match self {
            Self::OpenRouter => {
                let mut extra = routing(stamp);
                extra.insert("provider", Value::from(stamp.provider()));
                extra.insert("system_fingerprint", Value::Null);
                extra
            }
            Self::Azure => Extra::from([("prompt_filter_results", prompt_filter_results())]),
            _ => self.first_extra(stamp),
        }
    }

    pub(super) fn counts(self, usage: Usage, latency_ms: u64) -> Counts {
        let detailed = !matches!(self, Self::Mistral | Self::Groq);
        let extra = match self {
            Self::OpenRouter => {
                let cost = decimal(usage.cost_usd_nanos(), 9);
                Extra::from([
                    ("cost", cost.clone()),
                    ("is_byok", Value::from(false)),
                    ("cost_details", json!({ "upstream_inference_cost": cost })),
                ])
            }
            Self::DeepSeek => Extra::from([
                ("prompt_cache_hit_tokens", Value::from(0)),
                ("prompt_cache_miss_tokens", Value::from(usage.prompt_tokens)),
            ]),
            Self::Groq => Extra::from([
                ("queue_time", decimal(1, 3)),
                ("prompt_time", decimal(1, 3)),
                ("completion_time", decimal(latency_ms, 3)),
                ("total_time", decimal(latency_ms.saturating_add(1), 3)),
            ]),
            _ => Extra::new(),
        };
        Counts {
            prompt_tokens: usage.prompt_tokens,
            completion_tokens: usage.completion_tokens,
            total_tokens: usage.total(),
            prompt_tokens_details: detailed.then_some(PromptDetails { cached_tokens: 0 }),
            completion_tokens_details: detailed.then_some(CompletionDetails {
                reasoning_tokens: usage.reasoning_tokens,
            }),
            extra,
        }
    }

    /// An error after status 200. `OpenRouter` puts it into a chunk and ends in good order; Mistral
    /// has a finish reason for it; the others send the bare error.
    pub(super) fn mid_stream(self, id: &str, stamp: &Stamp, model: &str) -> Bytes {
        let error = ProviderError::mid_stream(&stamp.failure);
        let created = stamp.created_unix_s;
        let chunk = |delta: Value| {
            let choice = json!({ "index": 0, "delta": delta, "finish_reason": "error" });
            json!({
                "id": id, "object": "chat.completion.chunk", "created": created, "model": model,
                "choices": [choice],
            })
        };
        match self {
            Self::OpenRouter => {
                let mut chunk = chunk(json!({ "role": "assistant", "content": "" }));
                chunk["provider"] = Value::from(stamp.provider());
                let message = error.message;
                let kind = openrouter_kind(stamp.failure.class);
                let metadata = json!({ "error_type": kind, "provider_name": stamp.provider() });
                chunk["error"] =
                    json!({ "code": error.status, "message": message, "metadata": metadata });
                let done = data_event("[DONE]");
                Bytes::from([data_event(chunk), done].concat())
            }
            Self::Mistral => data_event(chunk(json!({ "content": "" }))),
            Self::LiteLlm => data_event(litellm::upstream(&stamp.failure).body),
            Self::OpenAi | Self::Groq | Self::DeepSeek | Self::Azure => {
                data_event(text(&error.document()))
            }
        }
    }
}
