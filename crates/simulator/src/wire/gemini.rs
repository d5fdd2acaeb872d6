//! Google's `generateContent`, on the Gemini API and on Vertex AI: one document, server-sent events
//! without names, or a JSON list that grows.
//!
//! There is no terminator: a stream is complete when a chunk has had a `finishReason`.

mod error;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Endpoint, Format, Parts, Stamp, Verb};
use crate::answer::{Answer, Finish, Said};
use crate::failure::{Failure, Worded};
use crate::request::{Delivery, Message, Request, count as count_pieces, shaped};

/// By which door a caller comes to the models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    Studio,
    Vertex,
}

/// The format, by one of its doors.
#[derive(Debug)]
pub(super) struct Gemini(pub(super) Door);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    contents: Contents,
    #[serde(alias = "system_instruction")]
    system_instruction: Option<SystemInstruction>,
    #[serde(default, alias = "generation_config")]
    generation_config: GenerationConfig,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Contents {
    Many(Vec<Message>),
    One(Message),
}

#[derive(Deserialize)]
struct SystemInstruction {
    parts: crate::request::Content,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct GenerationConfig {
    #[serde(alias = "max_output_tokens")]
    max_output_tokens: Option<usize>,
}

/// How the elements of a stream are set apart.
#[derive(Clone, Copy)]
enum Setting {
    Events,
    List,
}

impl Setting {
    fn element(self, data: &Value) -> Bytes {
        match self {
            Self::Events => Bytes::from(format!("data: {data}\r\n\r\n")),
            Self::List => Bytes::from(format!("{data}\n,\r\n")),
        }
    }

    fn last(self, data: &Value) -> Bytes {
        match self {
            Self::Events => self.element(data),
            Self::List => Bytes::from(format!("{data}\n]")),
        }
    }

    fn broken(self) -> Bytes {
        let data = r#"{"candidates":[{"content":{"parts":[{"text":"pa"#;
        match self {
            Self::Events => Bytes::from(format!("data: {data}\r\n\r\n")),
            Self::List => Bytes::from(format!("{data}\n,\r\n")),
        }
    }
}

impl Format for Gemini {
    fn parse(&self, endpoint: &Endpoint, body: Value) -> Result<Request, Failure> {
        let model = endpoint.model.clone().ok_or_else(Failure::missing_model)?;
        let body: Body = shaped(body, "contents")?;
        let system = body
            .system_instruction
            .map(|system| Message::of_system(system.parts));
        let contents = match body.contents {
            Contents::Many(contents) => contents,
            Contents::One(content) => vec![content],
        };
        let messages: Vec<Message> = system.into_iter().chain(contents).collect();
        let delivery = match endpoint.verb {
            Verb::Events => Delivery::Events,
            Verb::List => Delivery::List,
            _ => Delivery::Whole,
        };
        Ok(Request::of_messages(model, &messages)
            .capped(body.generation_config.max_output_tokens)
            .delivered(delivery))
    }

    fn whole(&self, stamp: &Stamp, answer: &Answer) -> Bytes {
        let mut document = self.ended(stamp, answer, &answer.said.text());
        let parts = document.pointer_mut("/candidates/0/content/parts");
        if let (Some(Value::Array(parts)), false) = (parts, answer.reasoning.is_empty()) {
            let thought = json!({ "text": answer.reasoning.concat(), "thought": true });
            parts.insert(0, thought);
        }
        Bytes::from(document.to_string())
    }

    fn events(&self, stamp: &Stamp, answer: &Answer, request: &Request) -> Parts {
        let (setting, content_type) = match request.delivery {
            Delivery::List => (Setting::List, "application/json; charset=UTF-8"),
            Delivery::Events | Delivery::Whole => (Setting::Events, "text/event-stream"),
        };
        let opening = match setting {
            Setting::Events => Vec::new(),
            Setting::List => vec![Bytes::from_static(b"[")],
        };
        let content = match answer.said {
            Said::Refusal(_) => Vec::new(),
            Said::Content(_) => self.contents(stamp, answer, setting),
        };
        let error = self.error(&stamp.failure, stamp).body;
        let error: Value = serde_json::from_str(&error).unwrap_or(Value::Null);
        Parts {
            content_type,
            opening,
            reasoning: self.thoughts(stamp, answer, setting),
            content,
            closing: vec![setting.last(&self.ended(stamp, answer, ""))],
            error: setting.last(&error),
            broken: setting.broken(),
        }
    }

    fn error(&self, failure: &Failure, _: &Stamp) -> Worded {
        error::worded(self.0, failure)
    }
}

/// What one chunk tells.
#[derive(Clone, Copy)]
struct Told<'a> {
    text: &'a str,
    /// Answer tokens up to and with this chunk.
    tokens: u64,
    finish: Option<Finish>,
}

impl Gemini {
    /// One chunk for each piece of reasoning; none before a prompt that is blocked.
    fn thoughts(&self, stamp: &Stamp, answer: &Answer, setting: Setting) -> Vec<Bytes> {
        let shown = match answer.said {
            Said::Refusal(_) => &[],
            Said::Content(_) => answer.reasoning.as_slice(),
        };
        let chunk = |piece: &String| {
            let told = Told {
                text: piece,
                tokens: 0,
                finish: None,
            };
            let mut chunk = self.chunk(stamp, answer, told);
            chunk["candidates"][0]["content"]["parts"][0]["thought"] = Value::from(true);
            setting.element(&chunk)
        };
        shown.iter().map(chunk).collect()
    }

    /// One chunk for each piece, with the tokens up to it.
    fn contents(&self, stamp: &Stamp, answer: &Answer, setting: Setting) -> Vec<Bytes> {
        let pieces = answer.said.pieces();
        (1..=pieces.len())
            .zip(pieces)
            .map(|(sent, piece)| {
                let tokens = count_pieces(&pieces[..sent]);
                let told = Told {
                    text: piece,
                    tokens,
                    finish: None,
                };
                setting.element(&self.chunk(stamp, answer, told))
            })
            .collect()
    }

    /// The chunk that ends an answer, with the text that no chunk before it had.
    fn ended(&self, stamp: &Stamp, answer: &Answer, text: &str) -> Value {
        let told = Told {
            text,
            tokens: answer.usage.content_tokens(),
            finish: Some(answer.finish),
        };
        match answer.said {
            Said::Refusal(_) => self.blocked(stamp, answer),
            Said::Content(_) => self.chunk(stamp, answer, told),
        }
    }

    fn chunk(&self, stamp: &Stamp, answer: &Answer, told: Told<'_>) -> Value {
        let Told {
            text,
            tokens,
            finish,
        } = told;
        let mut candidate = json!({
            "content": { "parts": [{ "text": text }], "role": "model" }, "index": 0,
        });
        if let Some(finish) = finish {
            candidate["finishReason"] = Value::from(match finish {
                Finish::Stop => "STOP",
                Finish::Length => "MAX_TOKENS",
                Finish::ContentFilter => "SAFETY",
            });
        }
        let mut chunk = self.envelope(stamp, answer, tokens);
        chunk["candidates"] = json!([candidate]);
        chunk
    }

    /// A prompt that the filter stopped: status 200, a reason and no candidate.
    fn blocked(&self, stamp: &Stamp, answer: &Answer) -> Value {
        let mut chunk = self.envelope(stamp, answer, 0);
        chunk["promptFeedback"] = json!({ "blockReason": "PROHIBITED_CONTENT" });
        chunk
    }

    fn envelope(&self, stamp: &Stamp, answer: &Answer, tokens: u64) -> Value {
        let (prompt, thoughts) = (answer.usage.prompt_tokens, answer.usage.reasoning_tokens);
        let mut chunk = json!({
            "modelVersion": answer.model, "responseId": stamp.ids.completion,
            "usageMetadata": {
                "promptTokenCount": prompt, "candidatesTokenCount": tokens,
                "totalTokenCount": prompt.saturating_add(tokens).saturating_add(thoughts),
                "promptTokensDetails": [{ "modality": "TEXT", "tokenCount": prompt }],
            },
        });
        if thoughts > 0 {
            chunk["usageMetadata"]["thoughtsTokenCount"] = Value::from(thoughts);
        }
        if let (Some(tier), Door::Studio) = (&stamp.tier, self.0) {
            chunk["usageMetadata"]["serviceTier"] = Value::from(tier.as_str());
        }
        if self.0 == Door::Vertex {
            chunk["createTime"] = Value::from(stamp.created_at());
            chunk["usageMetadata"]["trafficType"] = Value::from(stamp.tier_or("ON_DEMAND"));
        }
        chunk
    }
}

/// The count of prompt tokens, for `countTokens`.
pub(super) fn count(request: &Request) -> Value {
    let tokens = request.prompt_tokens;
    let details = json!([{ "modality": "TEXT", "tokenCount": tokens }]);
    json!({ "totalTokens": tokens, "promptTokensDetails": details })
}

#[cfg(test)]
mod tests;
