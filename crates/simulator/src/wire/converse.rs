//! AWS Bedrock Converse: one document, or binary messages from `messageStart` to `metadata`.
//!
//! Errors are `{"message":…}` with the exception's name in a header; in a stream they are messages
//! of their own kind.

mod event_stream;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Endpoint, Format, Parts, Stamp, Verb};
use crate::answer::{Answer, Finish, Said, Usage};
use crate::failure::{Class, Failure, Worded};
use crate::request::{Content, Delivery, Message, Request, shaped};

/// Stands for the signature of reasoning; nothing verifies it.
const SIGNATURE: &str = "c2ltdWxhdGVk";

/// The Converse format.
#[derive(Debug)]
pub(super) struct Converse;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    messages: Vec<Message>,
    system: Option<Content>,
    #[serde(default)]
    inference_config: InferenceConfig,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct InferenceConfig {
    max_tokens: Option<usize>,
}

impl Format for Converse {
    fn parse(&self, endpoint: &Endpoint, body: Value) -> Result<Request, Failure> {
        let model = endpoint.model.clone().ok_or_else(Failure::missing_model)?;
        let body: Body = shaped(body, "messages")?;
        let system = body.system.map(Message::of_system);
        let messages: Vec<Message> = system.into_iter().chain(body.messages).collect();
        let delivery = match endpoint.verb {
            Verb::Events => Delivery::Events,
            _ => Delivery::Whole,
        };
        Ok(Request::of_messages(model, &messages)
            .capped(body.inference_config.max_tokens)
            .delivered(delivery))
    }

    fn whole(&self, stamp: &Stamp, answer: &Answer) -> Bytes {
        let mut content = vec![json!({ "text": answer.said.text() })];
        if !answer.reasoning.is_empty() {
            let thought = json!({ "text": answer.reasoning.concat(), "signature": SIGNATURE });
            content.insert(
                0,
                json!({ "reasoningContent": { "reasoningText": thought } }),
            );
        }
        let message = json!({ "role": "assistant", "content": content });
        let mut document = measured(stamp, answer);
        document["output"] = json!({ "message": message });
        document["stopReason"] = Value::from(stop_reason(answer));
        Bytes::from(document.to_string())
    }

    fn events(&self, stamp: &Stamp, answer: &Answer, _: &Request) -> Parts {
        let mut stamp = stamp.clone();
        let mut write = |name: &str, payload: Value| event(&mut stamp, name, payload);
        let text_at = usize::from(!answer.reasoning.is_empty());
        let thought = |thought: Value| json!({ "contentBlockIndex": 0, "delta": { "reasoningContent": thought } });
        let delta = |text: &str| json!({ "contentBlockIndex": text_at, "delta": { "text": text } });
        let opening = vec![write("messageStart", json!({ "role": "assistant" }))];
        let mut reasoning: Vec<Vec<u8>> = answer
            .reasoning
            .iter()
            .map(|text| write("contentBlockDelta", thought(json!({ "text": text }))).to_vec())
            .collect();
        if let Some(last) = reasoning.last_mut() {
            let signature = thought(json!({ "signature": SIGNATURE }));
            last.extend_from_slice(&write("contentBlockDelta", signature));
            let stop = json!({ "contentBlockIndex": 0 });
            last.extend_from_slice(&write("contentBlockStop", stop));
        }
        let pieces = answer.said.pieces().iter();
        let content = pieces
            .map(|piece| write("contentBlockDelta", delta(piece)))
            .collect();
        let broken = event_stream::spoiled(&write("contentBlockDelta", delta("pa")));
        let stop = json!({ "stopReason": stop_reason(answer) });
        let ends = vec![
            write("contentBlockStop", json!({ "contentBlockIndex": text_at })),
            write("messageStop", stop),
        ];
        let metadata = measured(&stamp, answer);
        let closing = [ends, vec![event(&mut stamp, "metadata", metadata)]].concat();
        Parts {
            content_type: "application/vnd.amazon.eventstream",
            opening,
            reasoning: reasoning.into_iter().map(Bytes::from).collect(),
            content,
            closing,
            error: exception(&stamp.failure),
            broken,
        }
    }

    fn error(&self, failure: &Failure, _: &Stamp) -> Worded {
        let (usual, exception) = match (failure.class, failure.status) {
            (Class::UnknownModel, Some(404)) => (404, "ResourceNotFoundException"),
            (class, _) => terms(class),
        };
        let status = failure.status_or(usual);
        let body = json!({ "message": message(failure) });
        let exception = Some(exception);
        Worded {
            exception,
            ..Worded::new(status, body.to_string())
        }
    }
}

/// What was counted and timed, and the service tier where a script demands one.
fn measured(stamp: &Stamp, answer: &Answer) -> Value {
    let metrics = json!({ "latencyMs": stamp.latency_ms });
    let mut measured = json!({ "usage": usage(answer.usage), "metrics": metrics });
    if let Some(tier) = &stamp.tier {
        measured["serviceTier"] = json!({ "type": tier });
    }
    measured
}

/// One event, padded as the provider does it.
fn event(stamp: &mut Stamp, name: &str, mut payload: Value) -> Bytes {
    payload["p"] = Value::from(stamp.letters());
    let headers = [
        (":event-type", name),
        (":content-type", "application/json"),
        (":message-type", "event"),
    ];
    event_stream::message(&headers, payload.to_string().as_bytes())
}

/// An exception in the stream: named as in the header of an error, with a small first letter.
fn exception(failure: &Failure) -> Bytes {
    let name = match terms(failure.class).1 {
        "InternalServerException" => "internalServerException",
        "ThrottlingException" => "throttlingException",
        "ValidationException" => "validationException",
        "ServiceUnavailableException" => "serviceUnavailableException",
        _ => "modelStreamErrorException", // The stream's model knows no other names.
    };
    let headers = [
        (":exception-type", name),
        (":content-type", "application/json"),
        (":message-type", "exception"),
    ];
    let payload = json!({ "message": message(failure) });
    event_stream::message(&headers, payload.to_string().as_bytes())
}

fn usage(usage: Usage) -> Value {
    json!({
        "inputTokens": usage.prompt_tokens, "outputTokens": usage.completion_tokens,
        "totalTokens": usage.total(),
    })
}

const fn stop_reason(answer: &Answer) -> &'static str {
    match (&answer.said, answer.finish) {
        (Said::Refusal(_), _) => "guardrail_intervened",
        (_, Finish::Stop) => "end_turn",
        (_, Finish::Length) => "max_tokens",
        (_, Finish::ContentFilter) => "content_filtered",
    }
}

/// What a class is to AWS.
const fn terms(class: Class) -> (u16, &'static str) {
    match class {
        Class::MissingKey => (403, "MissingAuthenticationTokenException"),
        Class::WrongKey => (403, "UnrecognizedClientException"),
        Class::MalformedSignature => (403, "IncompleteSignatureException"),
        Class::Forbidden => (403, "AccessDeniedException"),
        // An unknown model is an invalid identifier; only a script makes a 404 of it.
        Class::Unparsable
        | Class::MissingModel
        | Class::MissingVersion
        | Class::Invalid
        | Class::UnknownModel
        | Class::Refused => (400, "ValidationException"),
        Class::UnknownUrl => (404, "UnknownOperationException"),
        Class::Billing | Class::OutOfQuota => (400, "ServiceQuotaExceededException"),
        Class::RateLimited => (429, "ThrottlingException"),
        Class::SlowDown => (429, "ModelNotReadyException"),
        Class::TimedOut => (408, "ModelTimeoutException"),
        Class::Internal => (500, "InternalServerException"),
        Class::Unavailable => (503, "ServiceUnavailableException"),
        Class::Overloaded => (529, "ModelErrorException"),
    }
}

fn message(failure: &Failure) -> String {
    let about = &failure.subject;
    let fixed = match failure.class {
        Class::MissingKey => "Missing Authentication Token",
        Class::WrongKey => "The security token included in the request is invalid.",
        Class::MalformedSignature => {
            "Authorization header requires 'Credential', 'Signature' and 'SignedHeaders'."
        }
        Class::Forbidden => "You don't have access to the model with the specified model ID.",
        Class::UnknownModel | Class::MissingModel => "The provided model identifier is invalid.",
        Class::Unparsable => "Unable to parse the request body.",
        Class::Invalid => return format!("The field {about} is required."),
        Class::MissingVersion | Class::Refused => "The provided request is not valid",
        Class::UnknownUrl => "The requested operation is not recognized.",
        Class::Billing | Class::OutOfQuota => {
            "Your request exceeds the service quota for your account."
        }
        Class::RateLimited => "Too many requests, please wait before trying again.",
        Class::SlowDown => "The model is not ready for inference, please try again.",
        Class::TimedOut => "The model took too long to process the request.",
        Class::Internal => "The system encountered an unexpected error during processing.",
        Class::Unavailable => "Bedrock is unable to process your request.",
        Class::Overloaded => "Overloaded",
    };
    fixed.to_owned()
}

#[cfg(test)]
mod tests;
