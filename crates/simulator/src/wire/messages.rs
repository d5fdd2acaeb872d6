//! Anthropic Messages: one document, or named events from `message_start` to `message_stop`.
//!
//! Events are padded with blanks before their last brace, as the provider does it.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Endpoint, Format, Parts, Stamp, named_event};
use crate::answer::{Answer, Finish, Said, Usage};
use crate::failure::{Class, Failure, Worded};
use crate::request::{Content, Delivery, Message, Request, named_model, shaped};

/// Longest run of blanks that pads an event.
const BLANKS_MAX: u32 = 16;

/// Stands for the signature of a thinking block; nothing verifies it.
const SIGNATURE: &str = "c2ltdWxhdGVk";

/// The Messages format.
#[derive(Debug)]
pub(super) struct Messages;

#[derive(Deserialize)]
struct Body {
    messages: Vec<Message>,
    system: Option<Content>,
    max_tokens: Option<usize>,
    stream: Option<bool>,
}

impl Format for Messages {
    fn parse(&self, endpoint: &Endpoint, body: Value) -> Result<Request, Failure> {
        let model = named_model(&body)?;
        let body: Body = shaped(body, "messages")?;
        if body.max_tokens.is_none() && endpoint.verb == super::Verb::Answer {
            return Err(Failure::invalid("max_tokens"));
        }
        let system = body.system.map(Message::of_system);
        let messages: Vec<Message> = system.into_iter().chain(body.messages).collect();
        Ok(Request::of_messages(model, &messages)
            .capped(body.max_tokens)
            .delivered(Delivery::of_stream_key(body.stream)))
    }

    fn whole(&self, stamp: &Stamp, answer: &Answer) -> Bytes {
        let output_tokens = answer.usage.completion_tokens;
        let mut message = message(stamp, answer, output_tokens);
        let text = json!({ "type": "text", "text": answer.said.text() });
        message["content"] = if answer.reasoning.is_empty() {
            json!([text])
        } else {
            let thinking = answer.reasoning.concat();
            json!([{ "type": "thinking", "thinking": thinking, "signature": SIGNATURE }, text])
        };
        message["stop_reason"] = Value::from(stop_reason(answer));
        Bytes::from(message.to_string())
    }

    fn events(&self, stamp: &Stamp, answer: &Answer, _: &Request) -> Parts {
        let mut stamp = stamp.clone();
        let start = json!({ "type": "message_start", "message": message(&stamp, answer, 1) });
        let thinks = !answer.reasoning.is_empty();
        let block = begun(0, if thinks { Block::Thinking } else { Block::Text });
        let opening = [start, block, json!({ "type": "ping" })];
        let text_at = usize::from(thinks);
        let stop = json!({
            "type": "message_delta",
            "delta": { "stop_reason": stop_reason(answer), "stop_sequence": null },
            "usage": usage(&stamp, answer.usage, answer.usage.completion_tokens),
        });
        let closing = [
            json!({ "type": "content_block_stop", "index": text_at }),
            stop,
            json!({ "type": "message_stop" }),
        ];
        let failure = json!({ "type": "error", "error": wording(&stamp.failure) });
        let mut write = |event: &Value| padded(&mut stamp, event);
        let mut reasoning: Vec<Vec<u8>> = answer
            .reasoning
            .iter()
            .map(|piece| write(&delta(0, &thought(piece))).to_vec())
            .collect();
        if let Some(last) = reasoning.last_mut() {
            let signature = json!({ "type": "signature_delta", "signature": SIGNATURE });
            for event in [
                delta(0, &signature),
                json!({ "type": "content_block_stop", "index": 0 }),
                begun(text_at, Block::Text),
            ] {
                last.extend_from_slice(&write(&event));
            }
        }
        let pieces = answer.said.pieces().iter();
        Parts {
            content_type: "text/event-stream; charset=utf-8",
            opening: opening.iter().map(&mut write).collect(),
            reasoning: reasoning.into_iter().map(Bytes::from).collect(),
            content: pieces
                .map(|piece| write(&delta(text_at, &spoken(piece))))
                .collect(),
            closing: closing.iter().map(&mut write).collect(),
            broken: named_event(
                "content_block_delta",
                r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"pa"#,
            ),
            error: named_event("error", failure),
        }
    }

    fn error(&self, failure: &Failure, stamp: &Stamp) -> Worded {
        let status = failure.status_or(terms(failure).0);
        let error = wording(failure);
        let body = json!({ "type": "error", "error": error, "request_id": stamp.ids.request });
        Worded::new(status, body.to_string()).advised(failure)
    }
}

/// The count of input tokens, for `count_tokens`.
pub(super) fn count(request: &Request) -> Value {
    json!({ "input_tokens": request.prompt_tokens })
}

/// A message without content.
fn message(stamp: &Stamp, answer: &Answer, output_tokens: u64) -> Value {
    json!({
        "id": format!("msg_01{}", stamp.ids.completion), "type": "message", "role": "assistant",
        "model": answer.model, "content": [], "stop_reason": null, "stop_sequence": null,
        "usage": usage(stamp, answer.usage, output_tokens),
    })
}

fn usage(stamp: &Stamp, usage: Usage, output_tokens: u64) -> Value {
    json!({
        "input_tokens": usage.prompt_tokens, "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0, "output_tokens": output_tokens, "service_tier": stamp.tier_or("standard"),
    })
}

/// The kind of a content block.
#[derive(Clone, Copy)]
enum Block {
    Thinking,
    Text,
}

fn begun(index: usize, block: Block) -> Value {
    let block = match block {
        Block::Thinking => json!({ "type": "thinking", "thinking": "", "signature": "" }),
        Block::Text => json!({ "type": "text", "text": "" }),
    };
    json!({ "type": "content_block_start", "index": index, "content_block": block })
}

fn delta(index: usize, delta: &Value) -> Value {
    json!({ "type": "content_block_delta", "index": index, "delta": delta })
}

fn spoken(piece: &str) -> Value {
    json!({ "type": "text_delta", "text": piece })
}

fn thought(piece: &str) -> Value {
    json!({ "type": "thinking_delta", "thinking": piece })
}

/// An event under the name of its type, with blanks before its last brace.
fn padded(stamp: &mut Stamp, event: &Value) -> Bytes {
    let name = event["type"].as_str().unwrap_or_default();
    let mut data = event.to_string();
    data.pop();
    let blanks = stamp.padding.below(BLANKS_MAX);
    data.extend((0..blanks).map(|_| ' '));
    data.push('}');
    named_event(name, data)
}

const fn stop_reason(answer: &Answer) -> &'static str {
    match (&answer.said, answer.finish) {
        (Said::Refusal(_), _) | (_, Finish::ContentFilter) => "refusal",
        (_, Finish::Stop) => "end_turn",
        (_, Finish::Length) => "max_tokens",
    }
}

/// What a class is to Anthropic. A scripted 400 with a quota is its monthly spend limit.
const fn terms(failure: &Failure) -> (u16, &'static str) {
    match failure.class {
        Class::MissingKey | Class::WrongKey | Class::MalformedSignature => {
            (401, "authentication_error")
        }
        Class::MissingVersion
        | Class::Unparsable
        | Class::MissingModel
        | Class::Invalid
        | Class::Refused => (400, "invalid_request_error"),
        Class::Billing => (402, "billing_error"),
        Class::Forbidden => (403, "permission_error"),
        Class::UnknownModel | Class::UnknownUrl => (404, "not_found_error"),
        Class::OutOfQuota if matches!(failure.status, Some(400)) => (400, "invalid_request_error"),
        Class::RateLimited | Class::OutOfQuota | Class::SlowDown => (429, "rate_limit_error"),
        Class::TimedOut => (504, "timeout_error"),
        Class::Unavailable if failure.status.is_none() => (529, "overloaded_error"),
        Class::Internal | Class::Unavailable => (500, "api_error"),
        Class::Overloaded => (529, "overloaded_error"),
    }
}

/// The error object, in a document and in a stream.
fn wording(failure: &Failure) -> Value {
    let (_, kind) = terms(failure);
    let mut error = json!({ "type": kind, "message": message_of(failure) });
    if failure.class == Class::OutOfQuota {
        error["details"] = json!({ "error_code": "enforced_spend_limit_reached" });
    }
    error
}

fn message_of(failure: &Failure) -> String {
    let about = &failure.subject;
    let fixed = match failure.class {
        Class::MissingKey => "x-api-key header is required",
        Class::WrongKey | Class::MalformedSignature => "invalid x-api-key",
        Class::MissingVersion => "anthropic-version: header is required",
        Class::Unparsable => "The request body is not valid JSON.",
        Class::MissingModel => "model: Field required",
        Class::Invalid => return format!("{about}: Field required"),
        Class::UnknownModel => return format!("model: {about}"),
        Class::UnknownUrl => "Not Found",
        Class::Billing => "Your credit balance is too low to access the Anthropic API.",
        Class::Forbidden => "Your API key does not have permission to use this resource.",
        Class::RateLimited => {
            "This request would exceed your organization's rate limit of requests per minute."
        }
        Class::OutOfQuota => "You have reached your specified API usage limits.",
        Class::SlowDown => {
            "This request would exceed your organization's acceleration limit: scale up gradually."
        }
        Class::TimedOut => "The request timed out while being processed.",
        Class::Unavailable if failure.status.is_none() => "Overloaded",
        Class::Internal | Class::Unavailable => "Internal server error",
        Class::Overloaded => "Overloaded",
        Class::Refused => "The request was refused.",
    };
    fixed.to_owned()
}

#[cfg(test)]
mod tests;
