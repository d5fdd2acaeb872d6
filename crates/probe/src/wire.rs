//! The wires: how each API writes a request, a whole answer and a streamed one.
//!
//! Every wire is a module with the same four functions: `path` (where below the base URL),
//! `body` (what is sent), `whole` (a JSON answer) and `event` (one event of a stream). [`Stream`]
//! frames the bytes and passes events on; [`read`] reads whole bodies. What they find are facts,
//! a [`Reply`], in one vocabulary for all.

pub mod chat;
pub mod converse;
mod embeddings;
mod gemini;
mod messages;
mod models;
mod responses;

use serde_json::Value;

use crate::ask::TextCheck;
use crate::error;
use crate::reply::{Completeness, Progress, Reading, Reply};
use crate::scrub::Unscrubbed;
use crate::spec::Call;
use crate::sse;

/// The APIs that are spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wire {
    /// OpenAI chat completions, and everything compatible with them.
    Chat,
    /// OpenAI Responses.
    Responses,
    /// Anthropic Messages.
    Messages,
    /// Google `generateContent`: the Gemini API and Vertex AI.
    Gemini,
    /// Amazon Bedrock Converse.
    Converse,
    /// OpenAI-compatible embeddings: cheap, never streamed.
    Embeddings,
    /// A list of models: free; proves key and control plane, not inference.
    Models,
}

impl Wire {
    /// Every wire.
    pub const ALL: [Self; 7] = [
        Self::Chat,
        Self::Responses,
        Self::Messages,
        Self::Gemini,
        Self::Converse,
        Self::Embeddings,
        Self::Models,
    ];

    /// The word for it in configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Responses => "responses",
            Self::Messages => "messages",
            Self::Gemini => "gemini",
            Self::Converse => "converse",
            Self::Embeddings => "embeddings",
            Self::Models => "models",
        }
    }

    /// Whether it answers with text that can be checked.
    #[must_use]
    pub const fn has_text(self) -> bool {
        !matches!(self, Self::Embeddings | Self::Models)
    }

    /// Media types that its streams are labelled with.
    pub(crate) const fn stream_media_type(self) -> &'static str {
        match self {
            Self::Converse => "application/vnd.amazon.eventstream",
            _ => "text/event-stream",
        }
    }

    /// The path below the base URL, with its leading slash and, where the wire needs one, a query.
    pub(crate) fn path(self, call: &Call) -> String {
        match self {
            Self::Chat => chat::path(call),
            Self::Responses => responses::path(call),
            Self::Messages => messages::path(call),
            Self::Gemini => gemini::path(call),
            Self::Converse => converse::path(call),
            Self::Embeddings => embeddings::path(call),
            Self::Models => models::path(call),
        }
    }

    /// The JSON that is sent; `None` for a GET.
    pub(crate) fn body(self, call: &Call, prompt: &str) -> Option<Value> {
        match self {
            Self::Chat => Some(chat::body(call, prompt)),
            Self::Responses => Some(responses::body(call, prompt)),
            Self::Messages => Some(messages::body(call, prompt)),
            Self::Gemini => Some(gemini::body(call, prompt)),
            Self::Converse => Some(converse::body(call, prompt)),
            Self::Embeddings => Some(embeddings::body(call, prompt)),
            Self::Models => None,
        }
    }

    fn whole(self, reading: &mut Reading, value: &Value) {
        match self {
            Self::Chat => chat::whole(reading, value),
            Self::Responses => responses::whole(reading, value),
            Self::Messages => messages::whole(reading, value),
            Self::Gemini => gemini::whole(reading, value),
            Self::Converse => converse::whole(reading, value),
            Self::Embeddings => embeddings::whole(reading, value),
            Self::Models => models::whole(reading, value),
        }
    }

    fn event(self, reading: &mut Reading, event: &sse::Event) -> Progress {
        match self {
            Self::Chat => chat::event(reading, event),
            Self::Responses => responses::event(reading, event),
            Self::Messages => messages::event(reading, event),
            Self::Gemini => gemini::event(reading, event),
            Self::Converse | Self::Embeddings | Self::Models => {
                reading.malformed("this wire has no such stream")
            }
        }
    }

    /// The body of a stream ended cleanly.
    fn ended(self, reading: &mut Reading) {
        match self {
            Self::Gemini => gemini::ended(reading),
            Self::Converse => converse::ended(reading),
            _ => {}
        }
    }
}

/// The JSON of an event. What is not JSON breaks the stream, unless its terminator was read.
fn json(reading: &mut Reading, event: &sse::Event) -> Result<Value, Progress> {
    serde_json::from_slice(&event.data).map_err(|_| {
        if event.name == b"error" {
            reading.failed(error::ErrorObject::default())
        } else if reading.is_terminated() {
            Progress::Nothing
        } else {
            reading.malformed("an event is not JSON")
        }
    })
}

/// What kind of event it is, on wires that name them: servers differ in whether they write the
/// name beside the data, inside it, or both.
fn kind<'a>(value: &'a Value, event: &'a sse::Event) -> Option<&'a str> {
    text(&value["type"]).or_else(|| {
        let name = std::str::from_utf8(&event.name).ok()?;
        Some(name).filter(|name| !name.is_empty())
    })
}

/// A text that is not empty.
fn text(value: &Value) -> Option<&str> {
    value.as_str().filter(|text| !text.is_empty())
}

/// Whether a choice or candidate is the one we ask for; a server may leave its index out.
fn is_first(choice: &Value) -> bool {
    choice
        .get("index")
        .is_none_or(|index| index.is_null() || index == 0)
}

/// Reads the body of an answer that was not streamed. A body that ends inside its JSON is cut, not
/// malformed.
#[must_use]
pub fn read(wire: Wire, body: &[u8], text: TextCheck) -> Reading {
    let mut reading = Reading::new(text);
    match serde_json::from_slice::<Value>(body) {
        Ok(value) => {
            reading.terminate();
            if let Some(error) = error::find(&value, b"") {
                reading.failed(error);
            }
            wire.whole(&mut reading, &value);
        }
        Err(e) if e.is_eof() => reading.reply.completeness = Completeness::CutInside,
        Err(_) => {
            reading.malformed("the body is not JSON");
        }
    }
    reading
}

/// Reads a streamed answer.
#[derive(Debug)]
pub struct Stream {
    wire: Wire,
    framing: Framing,
    reading: Reading,
    said: Option<Unscrubbed>,
}

/// How events stand in the bytes.
#[derive(Debug)]
enum Framing {
    Sse(sse::Decoder),
    EventStream(converse::Decoder),
}

/// Why a stream cannot be read further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Beyond a limit of server-sent events.
    #[error(transparent)]
    Sse(sse::Overflow),
    /// A frame of the event stream is damaged.
    #[error(transparent)]
    Frame(converse::FrameError),
}

impl Stream {
    /// A stream of which nothing has been read.
    #[must_use]
    pub fn new(wire: Wire, text: TextCheck) -> Self {
        let framing = match wire {
            Wire::Converse => Framing::EventStream(converse::Decoder::default()),
            _ => Framing::Sse(sse::Decoder::default()),
        };
        Self {
            wire,
            framing,
            reading: Reading::new(text),
            said: None,
        }
    }

    /// What the first error in the stream said.
    pub(crate) fn said(&self) -> Option<&Unscrubbed> {
        self.said.as_ref()
    }

    /// Reads on; `seen` hears what each event brought, in order.
    pub fn feed(&mut self, bytes: &[u8], mut seen: impl FnMut(Progress)) -> Result<(), Unreadable> {
        let Self {
            wire,
            framing,
            reading,
            said,
        } = self;
        match framing {
            Framing::Sse(decoder) => {
                let mut events = Vec::new();
                let fed = decoder.feed(bytes, &mut events);
                for event in &events {
                    let progress = wire.event(reading, event);
                    if said.is_none() && reading.reply.error.is_some() {
                        *said = error::said(&event.data, &event.name);
                    }
                    seen(progress);
                }
                fed.map_err(Unreadable::Sse)
            }
            Framing::EventStream(decoder) => {
                let mut frames = Vec::new();
                let fed = decoder.feed(bytes, &mut frames);
                for frame in &frames {
                    let progress = converse::frame(reading, frame);
                    if said.is_none() && reading.reply.error.is_some() {
                        *said = error::said(&frame.payload, b"error");
                    }
                    seen(progress);
                }
                fed.map_err(Unreadable::Frame)
            }
        }
    }

    /// The body ended. A terminator in what stood unfinished counts: nothing was lost but a line
    /// break. A frame that stood unfinished is a loss.
    #[must_use]
    pub fn finish(mut self, end: StreamEnd) -> (Reply, TextCheck) {
        let lost = match self.framing {
            Framing::Sse(decoder) => {
                let rest = decoder.finish().filter(|_| self.wire == Wire::Chat);
                if rest.is_some_and(|rest| rest.data.trim_ascii() == b"[DONE]") {
                    self.reading.terminate();
                }
                false
            }
            Framing::EventStream(decoder) => !decoder.is_between_frames(),
        };
        if end == StreamEnd::Clean && !lost {
            self.wire.ended(&mut self.reading);
        }
        self.reading.into_reply()
    }
}

/// How the body of a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamEnd {
    /// As HTTP ends a whole body.
    Clean,
    /// Cut, given up, or left once its meaning was settled.
    Early,
}

#[cfg(test)]
mod tests;
