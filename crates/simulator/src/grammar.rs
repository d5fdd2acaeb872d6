//! The chat wire format: an answer as one JSON document or as server-sent events.
//!
//! Field order follows the providers', so that transcripts can be compared by eye.

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;

use crate::answer::{Answer, Finish, Said, Usage};
use crate::config::Persona;
use crate::random::Random;
use crate::request::ChatRequest;

/// Longest random padding of a chunk; providers pad so that sizes do not give away tokens.
const OBFUSCATION_CHARS_MAX: u32 = 12;

/// An answer as server-sent events, cut where pacing and faults act.
#[derive(Debug)]
pub(crate) struct Events {
    /// Sent at once: the role. A gateway sends the role with the first content instead.
    pub(crate) opening: Vec<Bytes>,
    /// One event for each counted token.
    pub(crate) content: Vec<Bytes>,
    /// Finish, usage if asked for, terminator.
    pub(crate) closing: Vec<Bytes>,
}

/// What identifies an answer on the wire.
#[derive(Clone, Debug)]
pub(crate) struct Stamp {
    pub(crate) persona: Persona,
    pub(crate) completion_id: String,
    pub(crate) created_unix_s: u64,
    pub(crate) padding: Random,
}

#[derive(Serialize)]
struct Chunk<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'static str>,
    choices: &'a [ChunkChoice<'a>],
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Counts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    obfuscation: Option<String>,
}

/// The `usage` key of a chunk, where it is present: null until the last.
#[derive(Serialize)]
#[serde(untagged)]
enum Counts {
    Pending(()),
    Final(Usage),
}

/// Keys are absent (`None`) or explicitly null (`Some(Value::Null)`): personas differ in that.
#[derive(Serialize)]
struct ChunkChoice<'a> {
    index: u8,
    delta: Delta<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finish_reason: Option<Value>,
}

#[derive(Default, Serialize)]
struct Delta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<Value>,
}

#[derive(Serialize)]
struct Completion<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    model: &'a str,
    choices: [CompletionChoice; 1],
    usage: Usage,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_tier: Option<&'static str>,
}

#[derive(Serialize)]
struct CompletionChoice {
    index: u8,
    message: Spoken,
    logprobs: Value,
    finish_reason: Finish,
}

#[derive(Serialize)]
struct Spoken {
    role: &'static str,
    content: Option<String>,
    refusal: Option<String>,
}

/// One event: a `data:` line and the blank line that ends it.
pub(crate) fn event(data: &str) -> Bytes {
    Bytes::from(format!("data: {data}\n\n"))
}

/// An event whose JSON breaks off inside a string.
pub(crate) fn broken_event(completion_id: &str) -> Bytes {
    event(&format!(
        r#"{{"id":"{completion_id}","object":"chat.completion.chunk","choices":[{{"delta":{{"content":"pa"#
    ))
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("strings, numbers and lists always serialise")
}

fn service_tier(persona: Persona) -> Option<&'static str> {
    match persona {
        Persona::Direct => Some("default"),
        Persona::Gateway => None,
    }
}

impl Stamp {
    /// The answer as one JSON document.
    pub(crate) fn document(&self, answer: &Answer) -> Bytes {
        let text = answer.said.pieces().concat();
        let (content, refusal) = match answer.said {
            Said::Content(_) => (Some(text), None),
            Said::Refusal(_) => (None, Some(text)),
        };
        Bytes::from(json(&Completion {
            id: &self.completion_id,
            object: "chat.completion",
            created: self.created_unix_s,
            model: &answer.model,
            choices: [CompletionChoice {
                index: 0,
                message: Spoken {
                    role: "assistant",
                    content,
                    refusal,
                },
                logprobs: Value::Null,
                finish_reason: answer.finish,
            }],
            usage: answer.usage,
            service_tier: service_tier(self.persona),
        }))
    }

    /// The answer as events, in the persona's dialect and with what the request opted into.
    pub(crate) fn events(&self, answer: &Answer, request: &ChatRequest) -> Events {
        let mut writer = Writer {
            stamp: self.clone(),
            answer,
            request,
        };
        let opening = writer.opening();
        let pieces = (0..).zip(answer.said.pieces());
        let content = pieces
            .map(|(index, piece)| writer.content(index, piece))
            .collect();
        Events {
            opening,
            content,
            closing: writer.closing(),
        }
    }
}

struct Writer<'a> {
    stamp: Stamp,
    answer: &'a Answer,
    request: &'a ChatRequest,
}

impl Writer<'_> {
    fn opening(&mut self) -> Vec<Bytes> {
        let role = Some("assistant");
        match self.stamp.persona {
            Persona::Direct => {
                let delta = Delta {
                    role,
                    content: Some(""),
                    refusal: Some(Value::Null),
                };
                vec![self.delta(delta)]
            }
            Persona::Gateway => Vec::new(),
        }
    }

    fn content(&mut self, index: usize, piece: &str) -> Bytes {
        let opens = index == 0 && self.stamp.persona == Persona::Gateway;
        let role = opens.then_some("assistant");
        let delta = match self.answer.said {
            Said::Content(_) => Delta {
                role,
                content: Some(piece),
                refusal: None,
            },
            Said::Refusal(_) => Delta {
                role,
                content: None,
                refusal: Some(Value::from(piece)),
            },
        };
        self.delta(delta)
    }

    fn closing(&mut self) -> Vec<Bytes> {
        let finish = serde_json::to_value(self.answer.finish).unwrap_or(Value::Null);
        let mut closing = vec![self.choice(Delta::default(), Some(finish))];
        if self.request.wants_usage() {
            closing.push(self.usage());
        }
        closing.push(event("[DONE]"));
        closing
    }

    fn delta(&mut self, delta: Delta<'_>) -> Bytes {
        let unfinished = match self.stamp.persona {
            Persona::Direct => Some(Value::Null),
            Persona::Gateway => None,
        };
        self.choice(delta, unfinished)
    }

    fn choice(&mut self, delta: Delta<'_>, finish_reason: Option<Value>) -> Bytes {
        let explicit_null = (self.stamp.persona == Persona::Direct).then_some(Value::Null);
        let counts_later = self.request.wants_usage() && explicit_null.is_some();
        let usage = counts_later.then_some(Counts::Pending(()));
        let choice = ChunkChoice {
            index: 0,
            delta,
            logprobs: explicit_null,
            finish_reason,
        };
        self.chunk(&[choice], usage)
    }

    /// The usage event: a direct provider has no choice in it, a gateway an empty one.
    fn usage(&mut self) -> Bytes {
        let usage = Some(Counts::Final(self.answer.usage));
        let hollow = ChunkChoice {
            index: 0,
            delta: Delta::default(),
            logprobs: None,
            finish_reason: None,
        };
        match self.stamp.persona {
            Persona::Direct => self.chunk(&[], usage),
            Persona::Gateway => self.chunk(&[hollow], usage),
        }
    }

    fn chunk(&mut self, choices: &[ChunkChoice<'_>], usage: Option<Counts>) -> Bytes {
        let pads = self.stamp.persona == Persona::Direct && self.request.wants_obfuscation();
        let obfuscation = pads.then(|| {
            let length = 1 + self.stamp.padding.below(OBFUSCATION_CHARS_MAX);
            self.stamp.padding.hex(usize::try_from(length).unwrap_or(1))
        });
        event(&json(&Chunk {
            id: &self.stamp.completion_id,
            object: "chat.completion.chunk",
            created: self.stamp.created_unix_s,
            model: &self.answer.model,
            service_tier: service_tier(self.stamp.persona),
            choices,
            usage,
            obfuscation,
        }))
    }
}

#[cfg(test)]
mod tests;
