//! Amazon Bedrock Converse: JSON, or a stream of binary frames with JSON in them.
//!
//! A stream is over with `metadata`, which is documented to follow `messageStop` and carries the
//! usage. No document promises it, and without it nothing of the message is lost but its counts:
//! a clean end behind `messageStop` is an end too. Answers name no model. Exceptions are frames of
//! their own under a status of success. Source: AWS's API reference and the service model of its
//! own SDKs.

mod event_stream;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use crate::error::{self, ErrorObject};
use crate::reply::{Ending, Progress, Reading};
use crate::spec::Call;
use crate::usage::Usage;

pub(super) use event_stream::{Decoder, Frame};
pub use event_stream::{FRAME_BYTES_MAX, FRAMES_MAX, FrameError};

/// All but the unreserved characters: AWS signs the colons of model ids and the slashes of ARNs in
/// their encoded form.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

pub(super) fn path(call: &Call) -> String {
    let operation = if call.stream {
        "converse-stream"
    } else {
        "converse"
    };
    let model = utf8_percent_encode(&call.model, ENCODED);
    format!("/model/{model}/{operation}")
}

/// Two settings can be meant by a tier: the latency of `performanceConfig`, whose words are
/// `optimized` and `standard`, and `serviceTier`, which has all others.
pub(super) fn body(call: &Call, prompt: &str) -> Value {
    let mut body = json!({
        "messages": [{"role": "user", "content": [{"text": prompt}]}],
        "inferenceConfig": {"maxTokens": call.max_output_tokens},
    });
    match call.tier.as_deref() {
        Some(latency @ ("optimized" | "standard")) => {
            body["performanceConfig"] = json!({"latency": latency});
        }
        Some(tier) => body["serviceTier"] = json!({"type": tier}),
        None => {}
    }
    body
}

pub(super) fn whole(reading: &mut Reading, value: &Value) {
    accounts(reading, value);
    let content = value["output"]["message"]["content"].as_array();
    for block in content.into_iter().flatten() {
        if let Some(text) = block["text"].as_str() {
            reading.visible(text);
        }
    }
    if !stop_reason(reading, value) && reading.reply.error.is_none() {
        reading.malformed("the body has no stopReason");
    }
}

pub(super) fn frame(reading: &mut Reading, frame: &Frame) -> Progress {
    match frame.message_type.as_slice() {
        b"exception" | b"error" => failure(reading, frame),
        _ if reading.is_terminated() => Progress::Nothing,
        b"event" => event(reading, frame),
        _ => reading.malformed("a frame is neither event nor error"),
    }
}

/// The body of a stream ended cleanly, and not inside a frame.
pub(super) fn ended(reading: &mut Reading) {
    if reading.reply.finish.is_some() {
        reading.terminate();
    }
}

/// An exception has a name of the service's model, an error a code of the protocol.
fn failure(reading: &mut Reading, frame: &Frame) -> Progress {
    let value = serde_json::from_slice(&frame.payload).unwrap_or(Value::Null);
    let found = error::find(&value, b"error").unwrap_or_default();
    let name = String::from_utf8_lossy(&frame.name).into_owned();
    reading.failed(ErrorObject {
        kind: (!name.is_empty()).then_some(name),
        ..found
    })
}

/// Events that are not known may be added at any time, and mean nothing here.
fn event(reading: &mut Reading, frame: &Frame) -> Progress {
    let read: fn(&mut Reading, &Value) -> Progress = match frame.name.as_slice() {
        b"contentBlockDelta" => delta,
        b"messageStop" => message_stop,
        b"metadata" => metadata,
        _ => return Progress::Nothing,
    };
    match serde_json::from_slice::<Value>(&frame.payload) {
        Ok(value) => read(reading, &value),
        Err(_) => reading.malformed("a frame is not JSON"),
    }
}

fn delta(reading: &mut Reading, value: &Value) -> Progress {
    let delta = &value["delta"];
    if let Some(text) = delta["text"].as_str() {
        return reading.visible(text);
    }
    let reasoning = &delta["reasoningContent"];
    let is_reasoning = ["text", "redactedContent"].iter().any(|key| {
        reasoning[*key]
            .as_str()
            .is_some_and(|text| !text.is_empty())
    });
    if is_reasoning {
        Progress::Reasoning
    } else {
        Progress::Nothing
    }
}

fn message_stop(reading: &mut Reading, value: &Value) -> Progress {
    if stop_reason(reading, value) {
        Progress::Closing
    } else {
        reading.malformed("messageStop has no stopReason")
    }
}

fn metadata(reading: &mut Reading, value: &Value) -> Progress {
    accounts(reading, value);
    if reading.reply.finish.is_some() {
        reading.terminate()
    } else {
        Progress::Closing
    }
}

/// Reads the tier and the counts, which stand beside the message.
fn accounts(reading: &mut Reading, value: &Value) {
    let latency = value["performanceConfig"]["latency"].as_str();
    let tier = latency
        .filter(|latency| *latency == "optimized")
        .or(value["serviceTier"]["type"].as_str())
        .or(latency)
        .filter(|tier| !tier.is_empty());
    let reply = &mut reading.reply;
    reply.tier = tier.map(str::to_owned).or(reply.tier.take());
    reply.usage.update(read_usage(&value["usage"]));
}

/// `inputTokens` leaves out what the cache served or took. Reasoning is not counted apart.
fn read_usage(usage: &Value) -> Usage {
    let tokens = |key: &str| usage[key].as_u64();
    let cached = [
        tokens("cacheReadInputTokens"),
        tokens("cacheWriteInputTokens"),
    ];
    let input = tokens("inputTokens")
        .and_then(|new| cached.into_iter().flatten().try_fold(new, u64::checked_add));
    Usage {
        input_tokens: input,
        output_tokens: tokens("outputTokens"),
        cache_read_tokens: cached[0],
        cache_write_tokens: cached[1],
        reasoning_tokens: None,
    }
}

fn stop_reason(reading: &mut Reading, value: &Value) -> bool {
    let reason = value["stopReason"]
        .as_str()
        .filter(|reason| !reason.is_empty());
    if let Some(reason) = reason {
        reading.finish(reason, ending(reason));
    }
    reason.is_some()
}

/// We offer no tools: a malformed call of one is an answer to something that was not asked.
fn ending(reason: &str) -> Ending {
    match reason {
        "end_turn" | "stop_sequence" => Ending::Stop,
        "max_tokens" | "model_context_window_exceeded" => Ending::Length,
        "guardrail_intervened" | "content_filtered" => Ending::Filtered,
        "malformed_model_output" => Ending::Failed,
        _ => Ending::Other,
    }
}

#[cfg(test)]
pub(crate) use event_stream::tests::encode;

#[cfg(test)]
mod tests;
