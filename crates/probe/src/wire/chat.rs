//! OpenAI-compatible chat completions, streamed or not.
//!
//! Reasoning is not visible text. Error objects are found wherever compatible servers put them: at
//! the top of a body or chunk, inside a choice, in an event named `error`, in status 200. Members
//! that only pad a chunk, or say how a request was filtered or routed, are passed over.
//! Source: OpenAI's API reference; dialects from answers of the servers themselves.

use serde_json::{Value, json};

use crate::error;
use crate::reply::{Ending, Progress, Reading};
use crate::served;
use crate::spec::Call;
use crate::sse::Event;
use crate::usage::Usage;

/// What a chunk without choices may hold instead: a filter's result of Azure, OpenRouter's
/// account of its routing.
const ASIDES: [&str; 2] = ["prompt_filter_results", "openrouter_metadata"];

pub(super) fn path(_call: &Call) -> String {
    "/chat/completions".to_owned()
}

pub(super) fn body(call: &Call, prompt: &str) -> Value {
    let mut body = json!({
        "messages": [{"role": "user", "content": prompt}],
        "model": call.model,
        "stream": call.stream,
    });
    body[call.token_field.name()] = call.max_output_tokens.into();
    if call.stream {
        body["stream_options"] = json!({"include_usage": true});
    }
    if let Some(tier) = &call.tier {
        body["service_tier"] = tier.as_str().into();
    }
    body
}

pub(super) fn event(reading: &mut Reading, event: &Event) -> Progress {
    if event.data.trim_ascii() == b"[DONE]" {
        return reading.terminate();
    }
    let value = match super::json(reading, event) {
        Ok(value) => value,
        Err(broken) => return broken,
    };
    if let Some(error) = error::find(&value, &event.name) {
        chunk(reading, &value);
        return reading.failed(error);
    }
    // LiteLLM's account of a fallback is a chunk of its own, with an id of its own.
    if reading.is_terminated() || value["litellm_fallback"].is_object() {
        return Progress::Nothing;
    }
    chunk(reading, &value)
        .unwrap_or_else(|| reading.malformed("an event has neither choices nor usage"))
}

pub(super) fn whole(reading: &mut Reading, value: &Value) {
    common(reading, value);
    let first = value["choices"]
        .as_array()
        .and_then(|choices| choices.iter().find(|c| super::is_first(c)));
    if let Some(choice) = first {
        message(reading, &choice["message"]);
        finish_reason(reading, choice);
    } else if reading.reply.error.is_none() {
        reading.malformed("the body has no choices");
    }
}

/// Reads a chunk; `None` where it is none.
fn chunk(reading: &mut Reading, value: &Value) -> Option<Progress> {
    let usage = common(reading, value);
    match value.get("choices").filter(|all| !all.is_null()) {
        Some(Value::Array(all)) => Some(choices(reading, all, usage)),
        None if usage => Some(Progress::Closing),
        None if ASIDES.iter().any(|aside| value.get(*aside).is_some()) => Some(Progress::Nothing),
        _ => None,
    }
}

fn choices(reading: &mut Reading, choices: &[Value], usage: bool) -> Progress {
    let mut progress = if usage {
        Progress::Closing
    } else {
        Progress::Nothing
    };
    for choice in choices.iter().filter(|choice| super::is_first(choice)) {
        let seen = message(reading, &choice["delta"]);
        let finished = finish_reason(reading, choice);
        progress = match (seen, finished) {
            (Progress::Nothing, true) => Progress::Closing,
            (Progress::Nothing, false) => progress,
            (seen, _) => seen,
        };
    }
    progress
}

/// Reads what body and chunk have in common; gives whether usage was among it.
fn common(reading: &mut Reading, value: &Value) -> bool {
    let word = |key: &str| super::text(&value[key]).map(str::to_owned);
    let reply = &mut reading.reply;
    reply.model = reply.model.take().or_else(|| word("model"));
    reply.id = reply.id.take().or_else(|| word("id"));
    reply.provider = reply.provider.take().or_else(|| word("provider"));
    if value["openrouter_metadata"].is_object() {
        reply.routing = served::openrouter(&value["openrouter_metadata"]);
    }
    reply.tier = word("service_tier").or(reply.tier.take());
    let usage = [&value["usage"], &value["x_groq"]["usage"]]
        .into_iter()
        .find(|usage| usage.is_object());
    if let Some(usage) = usage {
        reply.usage.update(read_usage(usage));
    }
    usage.is_some()
}

/// Counts as OpenAI names them; `prompt_cache_hit_tokens` is `DeepSeek`'s.
fn read_usage(usage: &Value) -> Usage {
    let tokens = |keys: [&str; 2]| keys.into_iter().find_map(|key| usage[key].as_u64());
    let input = &usage["prompt_tokens_details"];
    let output = &usage["completion_tokens_details"];
    Usage {
        input_tokens: tokens(["prompt_tokens", "input_tokens"]),
        output_tokens: tokens(["completion_tokens", "output_tokens"]),
        cache_read_tokens: input["cached_tokens"]
            .as_u64()
            .or_else(|| usage["prompt_cache_hit_tokens"].as_u64()),
        cache_write_tokens: input["cache_write_tokens"].as_u64(),
        reasoning_tokens: output["reasoning_tokens"].as_u64(),
    }
}

/// Reads a `message` or a `delta`.
fn message(reading: &mut Reading, message: &Value) -> Progress {
    let mut progress = Progress::Nothing;
    if reasons(message) {
        progress = Progress::Reasoning;
    }
    if super::text(&message["refusal"]).is_some() {
        reading.reply.ending = Some(Ending::Refused);
        progress = Progress::Closing;
    }
    let mut visible = |text: &str| {
        if reading.visible(text) == Progress::Text {
            progress = Progress::Text;
        }
    };
    match &message["content"] {
        Value::String(text) => visible(text),
        Value::Array(parts) => parts
            .iter()
            .filter(|part| part["type"] == "text")
            .filter_map(|part| part["text"].as_str())
            .for_each(&mut visible),
        _ => {}
    }
    progress
}

/// Whether a message holds reasoning, in any dialect: a text of its own, OpenRouter's details,
/// Mistral's parts of the content.
fn reasons(message: &Value) -> bool {
    let has_entries = |list: &Value| list.as_array().is_some_and(|list| !list.is_empty());
    let in_parts = |part: &Value| part["type"] == "thinking" && has_entries(&part["thinking"]);
    ["reasoning_content", "reasoning"]
        .iter()
        .any(|key| super::text(&message[*key]).is_some())
        || has_entries(&message["reasoning_details"])
        || message["content"]
            .as_array()
            .is_some_and(|parts| parts.iter().any(in_parts))
}

fn finish_reason(reading: &mut Reading, choice: &Value) -> bool {
    let reason = super::text(&choice["finish_reason"]);
    if let Some(reason) = reason {
        // A refusal says more than the `stop` that follows it.
        let ending = match reading.reply.ending {
            Some(Ending::Refused) => Ending::Refused,
            _ => ending(reason),
        };
        reading.finish(reason, ending);
    }
    reason.is_some()
}

/// `eos` is Together's, `model_length` and `error` Mistral's, `insufficient_system_resource`
/// `DeepSeek`'s.
fn ending(reason: &str) -> Ending {
    match reason {
        "stop" | "eos" | "end_turn" => Ending::Stop,
        "length" | "max_tokens" | "model_length" => Ending::Length,
        "content_filter" => Ending::Filtered,
        "error" => Ending::Failed,
        "insufficient_system_resource" => Ending::Capacity,
        _ => Ending::Other,
    }
}

#[cfg(test)]
mod tests;
