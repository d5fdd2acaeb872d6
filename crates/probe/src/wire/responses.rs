//! OpenAI Responses, streamed or not.
//!
//! The end is an event of its own, `response.completed`, `.incomplete` or `.failed`, or an error;
//! LiteLLM adds a `[DONE]`, which means nothing here. Where events are numbered, a skipped number
//! is a lost event. Nothing that was asked or answered is stored at the provider.
//! Source: OpenAI's API reference; llama.cpp and LiteLLM, which number nothing, and Amazon's
//! compatible endpoint, which writes `data` before `event`, from answers of their own.

use serde_json::{Value, json};

use crate::error;
use crate::reply::{Ending, Progress, Reading};
use crate::spec::Call;
use crate::sse::Event;
use crate::usage::Usage;

pub(super) fn path(_call: &Call) -> String {
    "/responses".to_owned()
}

pub(super) fn body(call: &Call, prompt: &str) -> Value {
    let mut body = json!({
        "input": prompt,
        "max_output_tokens": call.max_output_tokens,
        "model": call.model,
        "store": false,
        "stream": call.stream,
    });
    if let Some(tier) = &call.tier {
        body["service_tier"] = tier.as_str().into();
    }
    body
}

pub(super) fn event(reading: &mut Reading, event: &Event) -> Progress {
    if event.data.trim_ascii() == b"[DONE]" {
        return Progress::Nothing;
    }
    let value = match super::json(reading, event) {
        Ok(value) => value,
        Err(broken) => return broken,
    };
    if let Some(error) = error::find(&value, &event.name) {
        common(reading, &value["response"]);
        reading.terminate();
        return reading.failed(error);
    }
    if reading.is_terminated() {
        return Progress::Nothing;
    }
    if skips(reading, &value) {
        return reading.malformed("an event is missing: its number was skipped");
    }
    match super::kind(&value, event) {
        Some(kind) => read(reading, kind, &value),
        None => reading.malformed("an event has no type"),
    }
}

pub(super) fn whole(reading: &mut Reading, value: &Value) {
    common(reading, value);
    let Some(output) = value["output"].as_array() else {
        if reading.reply.error.is_none() {
            reading.malformed("the body has no output");
        }
        return;
    };
    let parts = output
        .iter()
        .filter(|item| item["type"] == "message")
        .filter_map(|item| item["content"].as_array())
        .flatten();
    for part in parts {
        match part["type"].as_str() {
            Some("output_text") => {
                reading.visible(part["text"].as_str().unwrap_or_default());
            }
            Some("refusal") => reading.reply.ending = Some(Ending::Refused),
            _ => {}
        }
    }
    if let Some(status) = super::text(&value["status"]) {
        settle(reading, status, value);
    }
}

/// Whether a number was skipped before this event. A number that comes again, or none, is no
/// loss.
fn skips(reading: &mut Reading, value: &Value) -> bool {
    let Some(number) = value["sequence_number"].as_u64() else {
        return false;
    };
    let last = reading.sequence.replace(number);
    last.is_some_and(|last| number > last.saturating_add(1))
}

/// Reads an event that is no error. Kinds that are not known are passed over, as the reference
/// asks of clients.
fn read(reading: &mut Reading, kind: &str, value: &Value) -> Progress {
    let delta = || value["delta"].as_str().unwrap_or_default();
    match kind {
        "response.output_text.delta" => reading.visible(delta()),
        "response.refusal.delta" => {
            reading.reply.ending = Some(Ending::Refused);
            Progress::Closing
        }
        "response.reasoning_text.delta" | "response.reasoning_summary_text.delta" => {
            if delta().is_empty() {
                Progress::Nothing
            } else {
                Progress::Reasoning
            }
        }
        // Often the only trace of reasoning, whose text is kept back.
        "response.output_item.added" | "response.output_item.done"
            if value["item"]["type"] == "reasoning" =>
        {
            Progress::Reasoning
        }
        "response.completed" | "response.incomplete" | "response.failed" | "response.cancelled" => {
            let status = kind.rsplit('.').next().unwrap_or(kind);
            common(reading, &value["response"]);
            settle(reading, status, &value["response"]);
            reading.terminate()
        }
        _ => {
            common(reading, &value["response"]);
            Progress::Nothing
        }
    }
}

/// Reads what a response says about itself, at whatever stage it is.
fn common(reading: &mut Reading, response: &Value) {
    let word = |key: &str| super::text(&response[key]).map(str::to_owned);
    let reply = &mut reading.reply;
    reply.model = word("model").or(reply.model.take());
    reply.id = reply.id.take().or_else(|| word("id"));
    if response["usage"].is_object() {
        reply.usage.update(read_usage(&response["usage"]));
    }
}

/// Reads how a response ended. Only now does it name the tier that served it: until then it
/// repeats the one that was asked for.
fn settle(reading: &mut Reading, status: &str, response: &Value) {
    let tier = super::text(&response["service_tier"]).map(str::to_owned);
    reading.reply.tier = tier.or(reading.reply.tier.take());
    let reason = super::text(&response["incomplete_details"]["reason"]);
    let (word, ending) = match (status, reason) {
        ("completed", _) => (status, Ending::Stop),
        ("failed", _) => (status, Ending::Failed),
        ("incomplete", Some(reason @ "max_output_tokens")) => (reason, Ending::Length),
        ("incomplete", Some(reason @ "content_filter")) => (reason, Ending::Filtered),
        ("incomplete", Some(reason)) => (reason, Ending::Other),
        _ => (status, Ending::Other),
    };
    // A refusal says more than the `completed` that follows it.
    let ending = match reading.reply.ending {
        Some(Ending::Refused) => Ending::Refused,
        _ => ending,
    };
    reading.finish(word, ending);
}

fn read_usage(usage: &Value) -> Usage {
    let input = &usage["input_tokens_details"];
    Usage {
        input_tokens: usage["input_tokens"].as_u64(),
        output_tokens: usage["output_tokens"].as_u64(),
        cache_read_tokens: input["cached_tokens"].as_u64(),
        cache_write_tokens: input["cache_write_tokens"].as_u64(),
        reasoning_tokens: usage["output_tokens_details"]["reasoning_tokens"].as_u64(),
    }
}

#[cfg(test)]
mod tests;
