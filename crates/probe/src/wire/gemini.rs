//! Google `generateContent`, streamed or not: the Gemini API and Vertex AI.
//!
//! A stream has no terminator: it is whole when a finish reason was read and the body ended
//! cleanly after it. A prompt that is blocked is answered with 200, without candidates. Thoughts
//! are billed as output but counted apart, and are added here. Every chunk repeats the counts.
//! Source: Google's API reference.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::error;
use crate::reply::{Ending, Progress, Reading};
use crate::spec::Call;
use crate::sse::Event;
use crate::usage::Usage;

pub(super) fn path(call: &Call) -> String {
    // Without `alt=sse` a stream is one long JSON array.
    let method = if call.stream {
        "streamGenerateContent?alt=sse"
    } else {
        "generateContent"
    };
    // Lists of models write names with their collection.
    let model = call.model.strip_prefix("models/").unwrap_or(&call.model);
    format!("/models/{}:{method}", segment(model))
}

/// A text as one segment of a path: all but the unreserved characters of RFC 3986 is escaped.
fn segment(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            write!(escaped, "%{byte:02X}").expect("writing to a string never fails");
        }
    }
    escaped
}

pub(super) fn body(call: &Call, prompt: &str) -> Value {
    let mut body = json!({
        "contents": [{"role": "user", "parts": [{"text": prompt}]}],
        "generationConfig": {"maxOutputTokens": call.max_output_tokens},
    });
    if let Some(tier) = &call.tier {
        body["serviceTier"] = tier.as_str().into();
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
    let counted = common(reading, &value);
    match answer(reading, &value) {
        Some(Progress::Nothing) | None if counted => Progress::Closing,
        Some(progress) => progress,
        None if value["responseId"].is_string() => Progress::Nothing,
        None => reading.malformed("an event has neither candidates nor usage"),
    }
}

pub(super) fn whole(reading: &mut Reading, value: &Value) {
    common(reading, value);
    if answer(reading, value).is_none() && reading.reply.error.is_none() {
        reading.malformed("the body has no candidates");
    }
}

pub(super) fn ended(reading: &mut Reading) {
    if reading.reply.ending.is_some() {
        reading.terminate();
    }
}

/// Reads the first candidate, or why there is none; `None` where the value holds neither.
fn answer(reading: &mut Reading, value: &Value) -> Option<Progress> {
    let candidates = value["candidates"].as_array().filter(|all| !all.is_empty());
    let Some(candidates) = candidates else {
        let reason = super::text(&value["promptFeedback"]["blockReason"])?;
        reading.finish(reason, Ending::Filtered);
        return Some(Progress::Closing);
    };
    let mut progress = Progress::Nothing;
    for candidate in candidates.iter().filter(|all| super::is_first(all)) {
        let parts = candidate["content"]["parts"].as_array();
        for part in parts.into_iter().flatten() {
            progress = further(progress, read_part(reading, part));
        }
        if let Some(reason) = super::text(&candidate["finishReason"]) {
            reading.finish(reason, ending(reason));
            progress = further(progress, Progress::Closing);
        }
    }
    Some(progress)
}

/// What a user sees first of two things that came at once.
fn further(known: Progress, seen: Progress) -> Progress {
    match (known, seen) {
        (Progress::Text, _) | (_, Progress::Nothing) | (Progress::Reasoning, Progress::Closing) => {
            known
        }
        _ => seen,
    }
}

fn read_part(reading: &mut Reading, part: &Value) -> Progress {
    let Some(text) = super::text(&part["text"]) else {
        return Progress::Nothing;
    };
    if part["thought"] == true {
        Progress::Reasoning
    } else {
        reading.visible(text)
    }
}

/// Reads what body and chunk have in common; gives whether usage was among it.
fn common(reading: &mut Reading, value: &Value) -> bool {
    let word = |value: &Value| super::text(value).map(str::to_owned);
    let usage = &value["usageMetadata"];
    let reply = &mut reading.reply;
    reply.model = word(&value["modelVersion"]).or(reply.model.take());
    reply.id = reply.id.take().or_else(|| word(&value["responseId"]));
    reply.tier = word(&usage["serviceTier"]).or(reply.tier.take());
    reply.usage.update(read_usage(usage, reply.usage));
    usage.is_object()
}

/// Counts of a chunk, after those that are `known` from earlier ones. Either part of the output
/// may be left out where it is nothing.
fn read_usage(usage: &Value, known: Usage) -> Usage {
    let candidates = usage["candidatesTokenCount"].as_u64();
    let thoughts = usage["thoughtsTokenCount"].as_u64();
    let output = match (candidates, thoughts.or(known.reasoning_tokens)) {
        (Some(text), thoughts) => Some(text.saturating_add(thoughts.unwrap_or(0))),
        (None, _) => thoughts,
    };
    Usage {
        input_tokens: usage["promptTokenCount"].as_u64(),
        output_tokens: output,
        cache_read_tokens: usage["cachedContentTokenCount"].as_u64(),
        cache_write_tokens: None,
        reasoning_tokens: thoughts,
    }
}

fn ending(reason: &str) -> Ending {
    match reason {
        "STOP" => Ending::Stop,
        "MAX_TOKENS" => Ending::Length,
        "SAFETY"
        | "RECITATION"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION"
        | "MODEL_ARMOR" => Ending::Filtered,
        _ => Ending::Other,
    }
}

#[cfg(test)]
mod tests;
