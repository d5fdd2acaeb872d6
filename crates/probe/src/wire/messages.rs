//! Anthropic Messages, streamed or not, and what speaks like them.
//!
//! A stream ends with `message_stop`; an `error` event may come in its place. Input tokens are
//! written without the cached ones, which are added here. The header `anthropic-version` is the
//! caller's. Source: Anthropic's API reference; llama.cpp and LiteLLM from answers of their own.

use serde_json::{Value, json};

use crate::error;
use crate::reply::{Ending, Progress, Reading};
use crate::spec::Call;
use crate::sse::Event;
use crate::usage::Usage;

pub(super) fn path(_call: &Call) -> String {
    "/messages".to_owned()
}

pub(super) fn body(call: &Call, prompt: &str) -> Value {
    let mut body = json!({
        "max_tokens": call.max_output_tokens,
        "messages": [{"role": "user", "content": prompt}],
        "model": call.model,
        "stream": call.stream,
    });
    if let Some(tier) = &call.tier {
        body["service_tier"] = tier.as_str().into();
    }
    body
}

pub(super) fn event(reading: &mut Reading, event: &Event) -> Progress {
    let value = match super::json(reading, event) {
        Ok(value) => value,
        Err(broken) => return broken,
    };
    if let Some(error) = error::find(&value, &event.name) {
        return reading.failed(error);
    }
    if reading.is_terminated() {
        return Progress::Nothing;
    }
    match super::kind(&value, event) {
        Some(kind) => read(reading, kind, &value),
        None => reading.malformed("an event has no type"),
    }
}

pub(super) fn whole(reading: &mut Reading, value: &Value) {
    common(reading, value);
    let Some(content) = value["content"].as_array() else {
        if reading.reply.error.is_none() {
            reading.malformed("the body has no content");
        }
        return;
    };
    for block in content {
        read_block(reading, block);
    }
    stop_reason(reading, value);
}

/// Reads an event that is no error. Kinds that are not known are passed over, as the reference
/// asks of clients.
fn read(reading: &mut Reading, kind: &str, value: &Value) -> Progress {
    match kind {
        "message_start" => {
            common(reading, &value["message"]);
            Progress::Nothing
        }
        "content_block_start" => read_block(reading, &value["content_block"]),
        "content_block_delta" => read_block(reading, &value["delta"]),
        "message_delta" => {
            usage(reading, &value["usage"]);
            stop_reason(reading, &value["delta"]);
            Progress::Closing
        }
        "message_stop" => reading.terminate(),
        _ => Progress::Nothing,
    }
}

/// Reads a block of content, its beginning, or a piece of it. A signature stands for thinking
/// that is kept back.
fn read_block(reading: &mut Reading, block: &Value) -> Progress {
    let has = |key: &str| super::text(&block[key]).is_some();
    match block["type"].as_str() {
        Some("text" | "text_delta") => reading.visible(block["text"].as_str().unwrap_or_default()),
        Some("thinking" | "thinking_delta") if has("thinking") => Progress::Reasoning,
        Some("signature_delta") if has("signature") => Progress::Reasoning,
        Some("redacted_thinking") => Progress::Reasoning,
        _ => Progress::Nothing,
    }
}

/// Reads what a message says about itself.
fn common(reading: &mut Reading, message: &Value) {
    let word = |key: &str| super::text(&message[key]).map(str::to_owned);
    let reply = &mut reading.reply;
    reply.model = word("model").or(reply.model.take());
    reply.id = word("id").or(reply.id.take());
    usage(reading, &message["usage"]);
}

/// Takes over counts, which are cumulative, and the tier. A later count of the input that leaves
/// the cached tokens out does not make them unknown.
fn usage(reading: &mut Reading, usage: &Value) {
    let reply = &mut reading.reply;
    let cache_read = usage["cache_read_input_tokens"].as_u64();
    let cache_write = usage["cache_creation_input_tokens"].as_u64();
    let cached = [
        cache_read.or(reply.usage.cache_read_tokens),
        cache_write.or(reply.usage.cache_write_tokens),
    ];
    let input = usage["input_tokens"].as_u64().map(|uncached| {
        let cached = cached.into_iter().flatten();
        cached.fold(uncached, u64::saturating_add)
    });
    reply.usage.update(Usage {
        input_tokens: input,
        output_tokens: usage["output_tokens"].as_u64(),
        cache_read_tokens: cache_read,
        cache_write_tokens: cache_write,
        reasoning_tokens: usage["output_tokens_details"]["thinking_tokens"].as_u64(),
    });
    let tier = super::text(&usage["service_tier"]).map(str::to_owned);
    reply.tier = tier.or(reply.tier.take());
}

fn stop_reason(reading: &mut Reading, holder: &Value) {
    let Some(reason) = super::text(&holder["stop_reason"]) else {
        return;
    };
    let ending = match reason {
        "end_turn" | "stop_sequence" => Ending::Stop,
        "max_tokens" | "model_context_window_exceeded" => Ending::Length,
        "refusal" => Ending::Refused,
        _ => Ending::Other,
    };
    reading.finish(reason, ending);
}

#[cfg(test)]
mod tests;
