//! Lists of models, as each provider draws them up.

use serde_json::{Value, json};

use super::{Wire, rfc3339};
use crate::config::Config;

/// Tokens of context that lists promise; nothing enforces it.
const CONTEXT_TOKENS: u32 = 128_000;

/// Tokens of an answer that lists promise.
const ANSWER_TOKENS: u32 = 16_384;

/// The list of the configured models on this wire.
pub(crate) fn list(wire: Wire, config: &Config) -> String {
    let models = |entry: fn(&Config, &str) -> Value| -> Vec<Value> {
        config.models.iter().map(|id| entry(config, id)).collect()
    };
    let list = match wire {
        Wire::Anthropic => json!({
            "data": models(anthropic), "has_more": false,
            "first_id": config.models.first(), "last_id": config.models.last(),
        }),
        Wire::Gemini | Wire::Vertex => json!({ "models": models(google) }),
        Wire::OpenRouter => json!({
            "data": models(openrouter), "total_count": config.models.len(),
            "links": { "next": null },
        }),
        Wire::Mistral => json!({ "object": "list", "data": models(mistral) }),
        _ => json!({ "object": "list", "data": models(openai) }),
    };
    list.to_string()
}

fn openai(config: &Config, id: &str) -> Value {
    let (created, owner) = (config.started_unix_s, &config.name);
    json!({ "id": id, "object": "model", "created": created, "owned_by": owner })
}

fn anthropic(config: &Config, id: &str) -> Value {
    let created_at = rfc3339(config.started_unix_s);
    json!({ "type": "model", "id": id, "display_name": id, "created_at": created_at })
}

fn google(_: &Config, id: &str) -> Value {
    json!({
        "name": format!("models/{id}"), "version": "001", "displayName": id,
        "inputTokenLimit": CONTEXT_TOKENS, "outputTokenLimit": ANSWER_TOKENS,
        "supportedGenerationMethods": ["generateContent", "countTokens"],
    })
}

fn mistral(config: &Config, id: &str) -> Value {
    let mut model = openai(config, id);
    model["type"] = Value::from("base");
    model["max_context_length"] = Value::from(CONTEXT_TOKENS);
    model["capabilities"] = json!({ "completion_chat": true, "completion_fim": false });
    model
}

fn openrouter(config: &Config, id: &str) -> Value {
    json!({
        "id": id, "canonical_slug": id, "name": id, "created": config.started_unix_s,
        "description": "A simulated model.", "context_length": CONTEXT_TOKENS,
        "architecture": {
            "modality": "text->text", "input_modalities": ["text"],
            "output_modalities": ["text"], "tokenizer": "Other", "instruct_type": null,
        },
        "pricing": { "prompt": "0.00000015", "completion": "0.0000006", "request": "0", "image": "0" },
        "top_provider": {
            "context_length": CONTEXT_TOKENS, "max_completion_tokens": ANSWER_TOKENS,
            "is_moderated": false,
        },
        "per_request_limits": null, "supported_parameters": ["max_tokens"],
        "default_parameters": null, "supported_voices": null,
        "links": { "details": format!("/api/v1/models/{id}/endpoints") },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(wire: Wire, pointer: &str, id: &str) {
        let list: Value = serde_json::from_str(&list(wire, &Config::default())).expect("JSON");
        assert_eq!(list.pointer(pointer), Some(&Value::from(id)), "{list}");
    }

    #[test]
    fn each_provider_has_its_own_list() {
        check(Wire::OpenAi, "/data/0/id", "sim-1");
        check(Wire::OpenAi, "/data/0/object", "model");
        check(
            Wire::Anthropic,
            "/data/0/created_at",
            "1970-01-01T00:00:00Z",
        );
        check(Wire::Gemini, "/models/0/name", "models/sim-1");
        check(Wire::OpenRouter, "/data/0/pricing/prompt", "0.00000015");
    }
}
