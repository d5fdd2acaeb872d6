//! `OpenAI` Responses: one document, or numbered events that end in the response itself.
//!
//! There is no `[DONE]`: the terminator is `response.completed` or `response.incomplete`. Errors
//! outside a stream are those of chat completions.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::chat::{Dialect, error};
use super::{Endpoint, Format, Parts, Stamp, named_event};
use crate::answer::{Answer, Finish, Said};
use crate::failure::{Failure, Worded};
use crate::request::{Content, Delivery, Message, Request, StreamOptions, named_model, shaped};

/// Longest random padding of a delta.
const OBFUSCATION_CHARS_MAX: u32 = 16;

/// The Responses format.
#[derive(Debug)]
pub(super) struct Responses;

#[derive(Deserialize)]
struct Body {
    input: Input,
    instructions: Option<String>,
    max_output_tokens: Option<usize>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Input {
    Text(String),
    Items(Vec<Message>),
}

impl Format for Responses {
    fn parse(&self, _: &Endpoint, body: Value) -> Result<Request, Failure> {
        let model = named_model(&body)?;
        let body: Body = shaped(body, "input")?;
        let instructions = body.instructions.map(Content::Text).map(Message::of_system);
        let input = match body.input {
            Input::Text(text) => vec![Message::of_user(text)],
            Input::Items(items) => items,
        };
        let messages: Vec<Message> = instructions.into_iter().chain(input).collect();
        Ok(Request::of_messages(model, &messages)
            .capped(body.max_output_tokens)
            .delivered(Delivery::of_stream_key(body.stream))
            .with_options(body.stream_options))
    }

    fn whole(&self, stamp: &Stamp, answer: &Answer) -> Bytes {
        Bytes::from(Writer::new(stamp, answer).ended().to_string())
    }

    fn events(&self, stamp: &Stamp, answer: &Answer, request: &Request) -> Parts {
        let mut writer = Writer::new(stamp, answer);
        let opening = writer.opening();
        let reasoning = writer.reasoning();
        let before_content = writer.sequence_number;
        let pieces = answer.said.pieces().iter();
        let content: Vec<Bytes> = pieces
            .map(|piece| writer.delta(piece, request.options))
            .collect();
        let closing = writer.closing();
        let error = writer.failure(before_content);
        let broken = named_event(
            writer.kind.delta_event(),
            r#"{"type":"response.output_text.delta","delta":"pa"#,
        );
        Parts {
            content_type: "text/event-stream; charset=utf-8",
            opening,
            reasoning,
            content,
            closing,
            error,
            broken,
        }
    }

    fn error(&self, failure: &Failure, stamp: &Stamp) -> Worded {
        error::worded(Dialect::OpenAi, failure, stamp)
    }
}

/// The kind of content part: text that answers, or text that declines.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Refusal,
}

impl Kind {
    const fn delta_event(self) -> &'static str {
        match self {
            Self::Text => "response.output_text.delta",
            Self::Refusal => "response.refusal.delta",
        }
    }

    fn part(self, text: &str) -> Value {
        match self {
            Self::Text => {
                json!({ "type": "output_text", "text": text, "annotations": [], "logprobs": [] })
            }
            Self::Refusal => json!({ "type": "refusal", "refusal": text }),
        }
    }
}

fn summary(text: &str) -> Value {
    json!({ "type": "summary_text", "text": text })
}

struct Writer<'a> {
    stamp: Stamp,
    answer: &'a Answer,
    kind: Kind,
    sequence_number: u64,
}

impl<'a> Writer<'a> {
    fn new(stamp: &Stamp, answer: &'a Answer) -> Self {
        let kind = match answer.said {
            Said::Content(_) => Kind::Text,
            Said::Refusal(_) => Kind::Refusal,
        };
        Self {
            stamp: stamp.clone(),
            answer,
            kind,
            sequence_number: 0,
        }
    }

    fn item_id(&self) -> String {
        format!("msg_{}", self.stamp.ids.completion)
    }

    /// A response in the given state.
    fn response(&self, status: &'static str, output: &Value, usage: &Value) -> Value {
        let reason = match self.answer.finish {
            Finish::Length if status == "incomplete" => json!({ "reason": "max_output_tokens" }),
            Finish::ContentFilter if status == "incomplete" => {
                json!({ "reason": "content_filter" })
            }
            _ => Value::Null,
        };
        json!({
            "id": format!("resp_{}", self.stamp.ids.completion), "object": "response",
            "created_at": self.stamp.created_unix_s, "status": status, "background": false,
            "error": null, "incomplete_details": reason, "instructions": null,
            "max_output_tokens": null, "model": self.answer.model, "output": output,
            "parallel_tool_calls": true, "previous_response_id": null,
            "reasoning": { "effort": null, "summary": null }, "service_tier": self.stamp.tier_or("default"),
            "store": false, "temperature": 1, "text": { "format": { "type": "text" } },
            "tool_choice": "auto", "tools": [], "top_p": 1, "truncation": "disabled",
            "usage": usage, "user": null, "metadata": {},
        })
    }

    fn begun(&self) -> Value {
        self.response("in_progress", &json!([]), &Value::Null)
    }

    fn ended(&self) -> Value {
        let usage = self.answer.usage;
        let usage = json!({
            "input_tokens": usage.prompt_tokens,
            "input_tokens_details": { "cached_tokens": 0 },
            "output_tokens": usage.completion_tokens,
            "output_tokens_details": { "reasoning_tokens": usage.reasoning_tokens },
            "total_tokens": usage.total(),
        });
        let status = self.end_status();
        let mut output = vec![self.item(status)];
        if self.thinks() {
            output.insert(0, self.thought(&self.answer.reasoning.concat()));
        }
        self.response(status, &Value::from(output), &usage)
    }

    const fn end_status(&self) -> &'static str {
        match self.answer.finish {
            Finish::Stop => "completed",
            Finish::Length | Finish::ContentFilter => "incomplete",
        }
    }

    fn item(&self, status: &'static str) -> Value {
        let content = match status {
            "in_progress" => json!([]),
            _ => json!([self.kind.part(&self.answer.said.text())]),
        };
        json!({
            "id": self.item_id(), "type": "message", "status": status, "role": "assistant",
            "content": content,
        })
    }

    /// One event: `fields` with the type and the next number.
    fn event(&mut self, name: &'static str, fields: Value) -> Bytes {
        let mut data = match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        data.insert("type".to_owned(), Value::from(name));
        data.insert(
            "sequence_number".to_owned(),
            Value::from(self.sequence_number),
        );
        self.sequence_number += 1;
        named_event(name, Value::Object(data))
    }

    /// `fields` of an event about the one content part.
    fn about_part(&self, key: &'static str, value: Value) -> Value {
        let mut fields = json!({
            "item_id": self.item_id(), "output_index": self.item_index(), "content_index": 0,
        });
        fields[key] = value;
        fields
    }

    /// The message's place in the output: behind the reasoning, if there is any.
    fn item_index(&self) -> usize {
        usize::from(self.thinks())
    }

    fn thinks(&self) -> bool {
        !self.answer.reasoning.is_empty()
    }

    /// The response, and the item that comes first.
    fn opening(&mut self) -> Vec<Bytes> {
        let begun = json!({ "response": self.begun() });
        let mut opening = vec![
            self.event("response.created", begun.clone()),
            self.event("response.in_progress", begun),
        ];
        if self.thinks() {
            let item = json!({ "output_index": 0, "item": self.thought("") });
            let part = self.about_summary("part", summary(""));
            opening.push(self.event("response.output_item.added", item));
            opening.push(self.event("response.reasoning_summary_part.added", part));
        } else {
            opening.extend(self.item_added());
        }
        opening
    }

    fn item_added(&mut self) -> [Bytes; 2] {
        let item = json!({ "output_index": self.item_index(), "item": self.item("in_progress") });
        let part = self.about_part("part", self.kind.part(""));
        [
            self.event("response.output_item.added", item),
            self.event("response.content_part.added", part),
        ]
    }

    /// The item of reasoning with so much of its summary.
    fn thought(&self, text: &str) -> Value {
        let summary = match text {
            "" => json!([]),
            text => json!([summary(text)]),
        };
        json!({ "id": self.thought_id(), "type": "reasoning", "summary": summary })
    }

    fn thought_id(&self) -> String {
        format!("rs_{}", self.stamp.ids.completion)
    }

    /// `fields` of an event about the one part of the summary.
    fn about_summary(&self, key: &'static str, value: Value) -> Value {
        let mut fields =
            json!({ "item_id": self.thought_id(), "output_index": 0, "summary_index": 0 });
        fields[key] = value;
        fields
    }

    /// One delta for each token; with the last, the item ends and the message begins.
    fn reasoning(&mut self) -> Vec<Bytes> {
        let answer = self.answer;
        let mut deltas = Vec::new();
        for piece in &answer.reasoning {
            let fields = self.about_summary("delta", Value::from(piece.as_str()));
            deltas.push(self.event("response.reasoning_summary_text.delta", fields));
        }
        if let Some(last) = deltas.last_mut() {
            let text = answer.reasoning.concat();
            let done = self.about_summary("text", Value::from(text.as_str()));
            let part = self.about_summary("part", summary(&text));
            let item = json!({ "output_index": 0, "item": self.thought(&text) });
            let ended = [
                self.event("response.reasoning_summary_text.done", done),
                self.event("response.reasoning_summary_part.done", part),
                self.event("response.output_item.done", item),
            ];
            let between = [ended.concat(), self.item_added().concat()].concat();
            *last = Bytes::from([last.as_ref(), &between].concat());
        }
        deltas
    }

    fn delta(&mut self, piece: &str, options: StreamOptions) -> Bytes {
        let mut fields = self.about_part("delta", Value::from(piece));
        if options.wants_obfuscation() {
            let length = 1 + self.stamp.padding.below(OBFUSCATION_CHARS_MAX);
            let padding = self.stamp.padding.hex(usize::try_from(length).unwrap_or(1));
            fields["obfuscation"] = Value::from(padding);
        }
        if matches!(self.kind, Kind::Text) {
            fields["logprobs"] = json!([]);
        }
        self.event(self.kind.delta_event(), fields)
    }

    fn closing(&mut self) -> Vec<Bytes> {
        let text = self.answer.said.text();
        let part = self.about_part("part", self.kind.part(&text));
        let (done, fields) = match self.kind {
            Kind::Text => {
                let mut fields = self.about_part("text", Value::from(text));
                fields["logprobs"] = json!([]);
                ("response.output_text.done", fields)
            }
            Kind::Refusal => {
                let fields = self.about_part("refusal", Value::from(text));
                ("response.refusal.done", fields)
            }
        };
        let status = self.end_status();
        let item = json!({ "output_index": self.item_index(), "item": self.item(status) });
        let ended = json!({ "response": self.ended() });
        let terminator = match self.answer.finish {
            Finish::Stop => "response.completed",
            Finish::Length | Finish::ContentFilter => "response.incomplete",
        };
        vec![
            self.event(done, fields),
            self.event("response.content_part.done", part),
            self.event("response.output_item.done", item),
            self.event(terminator, ended),
        ]
    }

    /// The failure that follows [`Stamp::failure_after`] deltas, numbered as the next event.
    fn failure(&mut self, before_content: u64) -> Bytes {
        self.sequence_number = before_content.saturating_add(self.stamp.failure_after);
        let mut response = self.response("failed", &json!([]), &Value::Null);
        let error = error::ProviderError::mid_stream(&self.stamp.failure);
        response["error"] = json!({ "code": error.code, "message": error.message });
        self.event("response.failed", json!({ "response": response }))
    }
}

#[cfg(test)]
mod tests;
