//! The grammar of OpenAI-compatible chat completions, streamed or not: bytes to a [`Reply`].
//!
//! A reply is facts about an answer, never the answer: text is searched for the nonce while it
//! passes and then forgotten. Reasoning is not visible text. Error objects are found wherever
//! compatible servers put them: at the top of a body or chunk, inside a choice, in an event named
//! `error`, in status 200. Non-goal: deciding what the facts mean, see [`crate::classify`].

pub mod error;

use serde_json::Value;

pub use error::ErrorObject;

use crate::spec::Nonce;
use crate::sse::Event;

/// What an answer was seen to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// First error object.
    pub error: Option<ErrorObject>,
    /// Last finish reason.
    pub finish: Option<String>,
    /// Id of the completion.
    pub id: Option<String>,
    /// Input tokens by `usage`.
    pub input_tokens: Option<u64>,
    /// Why the bytes do not fit the grammar.
    pub malformed: Option<&'static str>,
    /// Model that the answer names.
    pub model: Option<String>,
    /// Output tokens by `usage`.
    pub output_tokens: Option<u64>,
    /// Whether the model refused.
    pub refused: bool,
    /// Whether the grammar's end was reached: `[DONE]`, or the end of the JSON body.
    pub terminated: bool,
    /// What the visible text was.
    pub text: Text,
    /// Service tier that the answer names.
    pub tier: Option<String>,
}

/// What the visible text of an answer was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Text {
    /// None, or white space only.
    #[default]
    Empty,
    /// Some, without the nonce.
    Other,
    /// It contains the nonce.
    Echo,
}

/// What one event brought; the engine stamps times by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing that shows work: a role, a filter result, an empty delta.
    Nothing,
    /// Reasoning, which a user does not see.
    Reasoning,
    /// Visible text.
    Text,
    /// A refusal, a finish reason or usage.
    Closing,
    /// The terminator.
    Terminator,
    /// An error object, or bytes outside the grammar: nothing after it can make a success.
    Broken,
}

/// Reads a streamed answer, event by event.
#[derive(Debug)]
pub struct Stream {
    reply: Reply,
    echo: Echo,
}

impl Stream {
    /// A stream that is expected to repeat `nonce`.
    #[must_use]
    pub fn new(nonce: &Nonce) -> Self {
        Self {
            reply: Reply::default(),
            echo: Echo::new(nonce),
        }
    }

    /// Whether the terminator has been read.
    #[must_use]
    pub fn terminated(&self) -> bool {
        self.reply.terminated
    }

    /// Reads one event.
    pub fn event(&mut self, event: &Event) -> Progress {
        let data = event.data.trim_ascii();
        if data == b"[DONE]" {
            self.reply.terminated = true;
            return Progress::Terminator;
        }
        let Ok(value) = serde_json::from_slice::<Value>(data) else {
            if event.name == b"error" {
                self.reply.error.get_or_insert_with(ErrorObject::default);
            }
            return if self.reply.terminated {
                Progress::Nothing
            } else {
                self.malformed("an event is not JSON")
            };
        };
        if let Some(error) = error::find(&value, &event.name) {
            self.reply.error.get_or_insert(error);
            self.reply.common(&value);
            return Progress::Broken;
        }
        if self.reply.terminated {
            return Progress::Nothing;
        }
        let usage = self.reply.common(&value);
        match (value.get("choices"), usage) {
            (Some(Value::Array(choices)), _) => self.choices(choices, usage),
            (None, true) => Progress::Closing,
            _ => self.malformed("an event has neither choices nor usage"),
        }
    }

    /// Accepts a terminator in what stood unfinished when the body ended, then gives the reply.
    #[must_use]
    pub fn finish(mut self, rest: Option<&Event>) -> Reply {
        if rest.is_some_and(|event| event.data.trim_ascii() == b"[DONE]") {
            self.reply.terminated = true;
        }
        self.reply
    }

    fn choices(&mut self, choices: &[Value], usage: bool) -> Progress {
        let mut progress = if usage {
            Progress::Closing
        } else {
            Progress::Nothing
        };
        for choice in choices.iter().filter(|choice| is_first(choice)) {
            let seen = self.reply.message(&choice["delta"], &mut self.echo);
            let finished = self.reply.finish_reason(choice);
            progress = match (seen, finished) {
                (Progress::Nothing, true) => Progress::Closing,
                (Progress::Nothing, false) => progress,
                (seen, _) => seen,
            };
        }
        progress
    }

    fn malformed(&mut self, why: &'static str) -> Progress {
        self.reply.malformed.get_or_insert(why);
        Progress::Broken
    }
}

/// Reads the body of an answer that was not streamed. A body that ends inside its JSON is cut,
/// not malformed.
#[must_use]
pub fn read(body: &[u8], nonce: &Nonce) -> Reply {
    let mut reply = Reply::default();
    let value = match serde_json::from_slice::<Value>(body) {
        Ok(value) => value,
        Err(e) if e.is_eof() => return reply,
        Err(_) => {
            reply.malformed = Some("the body is not JSON");
            return reply;
        }
    };
    reply.terminated = true;
    reply.error = error::find(&value, b"");
    reply.common(&value);
    let first = value["choices"]
        .as_array()
        .and_then(|choices| choices.iter().find(|c| is_first(c)));
    if let Some(choice) = first {
        reply.message(&choice["message"], &mut Echo::new(nonce));
        reply.finish_reason(choice);
    } else if reply.error.is_none() {
        reply.malformed = Some("the body has no choices");
    }
    reply
}

/// We ask for one choice; a server may leave its index out.
fn is_first(choice: &Value) -> bool {
    choice
        .get("index")
        .is_none_or(|index| index.is_null() || index == 0)
}

impl Reply {
    /// Reads what body and chunk have in common; gives whether usage was among it.
    fn common(&mut self, value: &Value) -> bool {
        let word = |key: &str| {
            value[key]
                .as_str()
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        self.model = self.model.take().or_else(|| word("model"));
        self.id = self.id.take().or_else(|| word("id"));
        self.tier = word("service_tier").or(self.tier.take());
        let usage = [&value["usage"], &value["x_groq"]["usage"]]
            .into_iter()
            .find(|usage| usage.is_object());
        let Some(usage) = usage else { return false };
        let tokens = |keys: [&str; 2]| keys.into_iter().find_map(|key| usage[key].as_u64());
        self.input_tokens = tokens(["prompt_tokens", "input_tokens"]).or(self.input_tokens);
        self.output_tokens = tokens(["completion_tokens", "output_tokens"]).or(self.output_tokens);
        true
    }

    /// Reads a `message` or a `delta`.
    fn message(&mut self, message: &Value, echo: &mut Echo) -> Progress {
        let mut progress = Progress::Nothing;
        if ["reasoning_content", "reasoning"]
            .iter()
            .any(|key| is_text(&message[*key]))
        {
            progress = Progress::Reasoning;
        }
        if is_text(&message["refusal"]) {
            self.refused = true;
            progress = Progress::Closing;
        }
        let mut visible = |text: &str| {
            self.text = self.text.max(echo.pass(text));
            if !text.trim().is_empty() {
                progress = Progress::Text;
            }
        };
        match &message["content"] {
            Value::String(text) => visible(text),
            Value::Array(parts) => parts
                .iter()
                .filter(|part| part["type"] == "text")
                .filter_map(|part| part["text"].as_str())
                .for_each(&mut visible),
            _ => {}
        }
        progress
    }

    fn finish_reason(&mut self, choice: &Value) -> bool {
        let reason = choice["finish_reason"]
            .as_str()
            .filter(|reason| !reason.is_empty());
        if let Some(reason) = reason {
            self.finish = Some(reason.to_owned());
        }
        reason.is_some()
    }
}

fn is_text(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.is_empty())
}

/// Looks for the nonce in passing text; holds no more of it than a nonce is long.
struct Echo {
    nonce: String,
    tail: String,
}

impl std::fmt::Debug for Echo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Echo").finish_non_exhaustive()
    }
}

impl Echo {
    fn new(nonce: &Nonce) -> Self {
        Self {
            nonce: nonce.as_str().to_owned(),
            tail: String::new(),
        }
    }

    fn pass(&mut self, text: &str) -> Text {
        self.tail.push_str(text);
        let seen = if self.tail.contains(&self.nonce) {
            Text::Echo
        } else if text.trim().is_empty() {
            Text::Empty
        } else {
            Text::Other
        };
        let mut start = self.tail.len().saturating_sub(self.nonce.len());
        while !self.tail.is_char_boundary(start) {
            start += 1;
        }
        self.tail.drain(..start);
        seen
    }
}

#[cfg(test)]
mod tests;
