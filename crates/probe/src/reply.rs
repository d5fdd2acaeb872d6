//! What an answer was seen to hold, whatever wire it came over.
//!
//! A reply is facts about an answer, never the answer: visible text passes through [`TextCheck`]
//! and stays there. Non-goal: deciding what the facts mean, see [`crate::classify`].

use domain::detail::Signal;

use crate::ask::TextCheck;
use crate::error::ErrorObject;
use crate::served::Routing;
use crate::usage::Usage;

/// Facts about an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// First error object.
    pub error: Option<ErrorObject>,
    /// Last finish reason, in the wire's own word.
    pub finish: Option<String>,
    /// What that finish reason means.
    pub ending: Option<Ending>,
    /// Id of the completion.
    pub id: Option<String>,
    /// Why the bytes do not fit the grammar.
    pub malformed: Option<&'static str>,
    /// Model that the answer names.
    pub model: Option<String>,
    /// Provider that the answer names, where a gateway says who served.
    pub provider: Option<String>,
    /// What a gateway's body tells about its routing.
    pub routing: Routing,
    /// What the whole visible text tells about quality; of an answer that broke, nothing.
    pub signal: Signal,
    /// How far the grammar was fulfilled.
    pub completeness: Completeness,
    /// What the visible text was.
    pub text: Text,
    /// Service tier that the answer names.
    pub tier: Option<String>,
    /// Token counts.
    pub usage: Usage,
}

/// Why a model stopped, in one vocabulary for every wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The answer is complete.
    Stop,
    /// The token cap, or the end of the context.
    Length,
    /// A content filter or guardrail around the model.
    Filtered,
    /// The model itself declined.
    Refused,
    /// The server failed while it answered.
    Failed,
    /// The server gave up for lack of capacity.
    Capacity,
    /// A tool call, a pause: nothing that was asked for.
    Other,
}

/// How far the grammar of the answer was fulfilled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Completeness {
    /// The terminator was not seen.
    #[default]
    Open,
    /// A JSON body ended inside its value.
    CutInside,
    /// The terminator was seen: an event, `[DONE]`, or the end of a whole JSON body.
    Terminated,
}

/// What the visible text of an answer was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Text {
    /// None, or white space only.
    #[default]
    Empty,
    /// Some, but not what was asked for (so far).
    Other,
    /// What was asked for.
    Expected,
}

/// What one event brought; the engine stamps times by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing that shows work: a role, a ping, a filter result, an empty delta.
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

/// An answer that is being read: the facts so far, and the check that its text passes through.
#[derive(Debug)]
pub struct Reading {
    /// The facts so far.
    pub reply: Reply,
    /// What became of the visible text.
    pub text: TextCheck,
    /// Number of the last event, on wires that number them.
    pub sequence: Option<u64>,
}

impl Reading {
    /// An answer of which nothing has been read.
    #[must_use]
    pub fn new(text: TextCheck) -> Self {
        Self {
            reply: Reply::default(),
            text,
            sequence: None,
        }
    }

    /// Whether the terminator has been read.
    #[must_use]
    pub fn is_terminated(&self) -> bool {
        self.reply.completeness == Completeness::Terminated
    }

    /// Passes on a piece of visible text; white space alone shows no work.
    pub fn visible(&mut self, text: &str) -> Progress {
        self.text.pass(text);
        if text.trim().is_empty() {
            Progress::Nothing
        } else {
            Progress::Text
        }
    }

    /// The grammar's end was read.
    pub fn terminate(&mut self) -> Progress {
        self.reply.completeness = Completeness::Terminated;
        Progress::Terminator
    }

    /// Bytes that the grammar does not allow; the first reason stays.
    pub fn malformed(&mut self, why: &'static str) -> Progress {
        self.reply.malformed.get_or_insert(why);
        Progress::Broken
    }

    /// An error object was read; the first stays.
    pub fn failed(&mut self, error: ErrorObject) -> Progress {
        self.reply.error.get_or_insert(error);
        Progress::Broken
    }

    /// A finish reason was read.
    pub fn finish(&mut self, word: &str, ending: Ending) {
        self.reply.finish = Some(word.to_owned());
        self.reply.ending = Some(ending);
    }

    /// The reply, with what the whole text was.
    #[must_use]
    pub fn into_reply(mut self) -> (Reply, TextCheck) {
        self.reply.text = self.text.found();
        let broke = self.reply.error.is_some() || self.reply.malformed.is_some();
        if self.is_terminated() && !broke {
            self.reply.signal = self.text.signal();
        }
        (self.reply, self.text)
    }
}
