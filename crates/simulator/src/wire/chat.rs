//! `OpenAI` chat completions and their dialects: an answer as one JSON document or as server-sent
//! events that end in `[DONE]`.
//!
//! Field order follows `OpenAI`'s, so that transcripts can be compared by eye. What a dialect adds
//! stands behind it.

mod dialect;
pub(super) mod error;
mod shape;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;

use super::{Endpoint, Format, Parts, Stamp, data_event, json};
use crate::answer::{Answer, Finish, Said};
use crate::failure::{Failure, Worded};
use crate::request::{Delivery, Message, Request, StreamOptions, named_model, shaped};

pub(super) use self::dialect::Dialect;
use self::dialect::{Counts, Thought, UsagePlace};
use self::shape::{
    Chunk, ChunkChoice, ChunkUsage, Completion, CompletionChoice, Declined, Delta, Extra, Spoken,
};

/// Longest random padding of a chunk.
const OBFUSCATION_CHARS_MAX: u32 = 12;

/// Chat completions in one provider's dialect.
#[derive(Debug)]
pub(super) struct Chat(pub(super) Dialect);

#[derive(Deserialize)]
struct Body {
    messages: Vec<Message>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    max_tokens: Option<usize>,
    max_completion_tokens: Option<usize>,
}

const fn word(finish: Finish) -> &'static str {
    match finish {
        Finish::Stop => "stop",
        Finish::Length => "length",
        Finish::ContentFilter => "content_filter",
    }
}

impl Format for Chat {
    fn parse(&self, endpoint: &Endpoint, body: Value) -> Result<Request, Failure> {
        let model = match &endpoint.model {
            Some(deployment) => deployment.clone(),
            None => named_model(&body)?,
        };
        let body: Body = shaped(body, "messages")?;
        let cap = body.max_completion_tokens.or(body.max_tokens);
        Ok(Request::of_messages(model, &body.messages)
            .capped(cap)
            .delivered(Delivery::of_stream_key(body.stream))
            .with_options(body.stream_options))
    }

    fn whole(&self, stamp: &Stamp, answer: &Answer) -> Bytes {
        let dialect = self.0.behind(stamp.persona);
        let text = Some(answer.said.text());
        let (content, refusal) = match answer.said {
            Said::Refusal(_) if dialect.tells_refusals() => (None, text),
            Said::Content(_) | Said::Refusal(_) => (text, None),
        };
        let finish_reason = word(answer.finish);
        Bytes::from(json(&Completion {
            id: dialect.id(stamp),
            object: "chat.completion",
            created: stamp.created_unix_s,
            model: &answer.model,
            choices: [CompletionChoice {
                index: 0,
                message: Spoken {
                    role: "assistant",
                    content,
                    refusal,
                    reasoning: dialect.reasoning_extra(&answer.reasoning),
                },
                logprobs: Value::Null,
                finish_reason,
                extra: dialect.choice_extra(Some(finish_reason)),
            }],
            usage: dialect.counts(answer.usage, stamp.latency_ms),
            service_tier: dialect.service_tier(stamp),
            extra: dialect.whole_extra(stamp),
        }))
    }

    fn events(&self, stamp: &Stamp, answer: &Answer, request: &Request) -> Parts {
        let dialect = self.0.behind(stamp.persona);
        let mut writer = Writer {
            dialect,
            id: dialect.id(stamp),
            stamp: stamp.clone(),
            answer,
            options: request.options,
        };
        let opening = writer.opening();
        let reasoning = match dialect.reasoning_key() {
            Some(key) => (0..)
                .zip(&answer.reasoning)
                .map(|(index, piece)| writer.thought(index, key, piece))
                .collect(),
            None => Vec::new(),
        };
        // The role comes once, with whatever comes first.
        let pieces = (reasoning.len()..).zip(answer.said.pieces());
        let content = pieces
            .map(|(index, piece)| writer.content(index, piece))
            .collect();
        Parts {
            content_type: "text/event-stream; charset=utf-8",
            opening,
            reasoning,
            content,
            closing: writer.closing(),
            error: writer.failure(),
            broken: writer.broken(),
        }
    }

    fn error(&self, failure: &Failure, stamp: &Stamp) -> Worded {
        error::worded(self.0, failure, stamp)
    }
}

/// A choice without anything in it.
fn hollow() -> ChunkChoice<'static> {
    ChunkChoice {
        index: 0,
        delta: Delta::default(),
        logprobs: None,
        finish_reason: None,
        extra: Extra::new(),
    }
}

struct Writer<'a> {
    dialect: Dialect,
    id: String,
    stamp: Stamp,
    answer: &'a Answer,
    options: StreamOptions,
}

impl Writer<'_> {
    /// The role, unless it comes with the content, and whatever a dialect has before it.
    fn opening(&mut self) -> Vec<Bytes> {
        let mut opening = self.dialect.preamble();
        if self.dialect.opens_with_role() {
            let refusal = if self.dialect.tells_refusals() {
                Declined::Null(())
            } else {
                Declined::Absent
            };
            let (role, content) = (Some("assistant"), Some(""));
            let extra = self.dialect.first_extra(&self.stamp);
            opening.push(self.spoken(
                Delta {
                    role,
                    content,
                    refusal,
                    ..Delta::default()
                },
                extra,
            ));
        }
        opening
    }

    fn content(&mut self, index: usize, piece: &str) -> Bytes {
        let role = self.dialect.role_of_content(index);
        let delta = match self.answer.said {
            Said::Refusal(_) if self.dialect.tells_refusals() => Delta {
                role,
                refusal: Declined::Text(piece),
                ..Delta::default()
            },
            Said::Content(_) | Said::Refusal(_) => Delta {
                role,
                content: Some(piece),
                ..Delta::default()
            },
        };
        self.spoken(delta, Extra::new())
    }

    fn thought(&mut self, index: usize, key: Thought, piece: &str) -> Bytes {
        let role = self.dialect.role_of_content(index);
        let delta = match key {
            Thought::ReasoningContent => Delta {
                reasoning_content: Some(piece),
                ..Delta::default()
            },
            Thought::Reasoning => Delta {
                reasoning: Some(piece),
                ..Delta::default()
            },
        };
        self.spoken(Delta { role, ..delta }, Extra::new())
    }

    fn closing(&mut self) -> Vec<Bytes> {
        let place = self.dialect.usage_place();
        let mut extra = self.dialect.last_extra(&self.stamp, self.answer.usage);
        let usage = match place {
            UsagePlace::WithFinish => Some(ChunkUsage::Final(self.counts())),
            UsagePlace::Apart | UsagePlace::Hollow | UsagePlace::Always => self.pending(),
        };
        let finish = self.choice(self.dialect.last_delta(), Some(word(self.answer.finish)));
        let mut closing = vec![self.chunk(&[finish], usage, std::mem::take(&mut extra))];
        let wanted = self.options.wants_usage();
        let choices = match place {
            UsagePlace::Apart if wanted => Some(Vec::new()),
            UsagePlace::Hollow if wanted => Some(vec![hollow()]),
            UsagePlace::Always => Some(vec![self.choice(self.dialect.last_delta(), None)]),
            _ => None,
        };
        if let Some(choices) = choices {
            let usage = ChunkUsage::Final(self.counts());
            closing.push(self.chunk(&choices, Some(usage), Extra::new()));
        }
        closing.push(data_event("[DONE]"));
        closing
    }

    fn counts(&self) -> Counts {
        self.dialect
            .counts(self.answer.usage, self.stamp.latency_ms)
    }

    /// The usage key of chunks before the last: null where usage comes apart and was asked for.
    fn pending(&self) -> Option<ChunkUsage> {
        let apart = self.dialect.usage_place() == UsagePlace::Apart;
        (apart && self.options.wants_usage()).then_some(ChunkUsage::Pending(()))
    }

    fn spoken(&mut self, delta: Delta<'_>, extra: Extra) -> Bytes {
        let choice = self.choice(delta, None);
        let usage = self.pending();
        self.chunk(&[choice], usage, extra)
    }

    fn choice<'d>(&self, delta: Delta<'d>, finish: Option<&'static str>) -> ChunkChoice<'d> {
        let nulls = self.dialect.writes_nulls();
        ChunkChoice {
            index: 0,
            delta,
            logprobs: (nulls && self.dialect != Dialect::Mistral).then_some(Value::Null),
            finish_reason: finish.map(Value::from).or(nulls.then_some(Value::Null)),
            extra: self.dialect.choice_extra(finish),
        }
    }

    fn chunk(
        &mut self,
        choices: &[ChunkChoice<'_>],
        usage: Option<ChunkUsage>,
        extra: Extra,
    ) -> Bytes {
        let mut extra = extra;
        extra.extend(self.dialect.chunk_extra(&mut self.stamp));
        let pads = self.dialect == Dialect::OpenAi && self.options.wants_obfuscation();
        let obfuscation = pads.then(|| {
            let length = 1 + self.stamp.padding.below(OBFUSCATION_CHARS_MAX);
            self.stamp.padding.hex(usize::try_from(length).unwrap_or(1))
        });
        data_event(json(&Chunk {
            id: &self.id,
            object: "chat.completion.chunk",
            created: self.stamp.created_unix_s,
            model: &self.answer.model,
            service_tier: self.dialect.service_tier(&self.stamp),
            choices,
            usage,
            obfuscation,
            extra,
        }))
    }

    /// An event whose JSON breaks off inside a string.
    fn broken(&self) -> Bytes {
        data_event(format_args!(
            r#"{{"id":"{}","object":"chat.completion.chunk","choices":[{{"delta":{{"content":"pa"#,
            self.id
        ))
    }

    fn failure(&self) -> Bytes {
        self.dialect
            .mid_stream(&self.id, &self.stamp, &self.answer.model)
    }
}

#[cfg(test)]
mod tests;
