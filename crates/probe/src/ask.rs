//! What the model is asked, and whether its visible text is what was asked for.
//!
//! Text is kept only while it is checked, up to [`TEXT_BYTES_MAX`]; `Debug` shows none of it.
//! The asks of our own are fresh: their right answer follows from a random nonce, so that no cache
//! holds it. What a prompt of one's own may expect is in [`Expectation`].

mod challenge;
mod expect;
mod fingerprint;
mod hidden;
mod schema;

use std::fmt;

use domain::detail::Signal;
use serde_json::Value;

pub use expect::{Expectation, JUDGED_BYTES_MAX, PATTERN_BYTES_MAX, Pattern, PatternError};
pub use hidden::{HIDDEN_BYTES_MAX, HiddenText, HiddenTextError, NONCE_MARK};
pub use schema::{SCHEMA_BYTES_MAX, Schema, SchemaError};

use crate::reply::Text;
use crate::spec::Nonce;
use challenge::{Repeat, Sum};

/// Most bytes of visible text that are kept for a check; an answer that is longer is judged by
/// its beginning.
pub const TEXT_BYTES_MAX: usize = 256 * 1024;

/// What the model is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ask {
    /// To repeat the nonce.
    #[default]
    Echo,
    /// To add two numbers of three digits that the nonce draws: a server that repeats its input
    /// cannot answer.
    Sum,
    /// To write a made-up word that the nonce draws three to six times: asks for more output than
    /// the others. Counting to six is sounder for small models than spelling backwards.
    Repeat,
    /// For the JSON object `{"code":NONCE,"ok":true}` and nothing beside it, not even a code
    /// fence.
    Json,
    /// A prompt of one's own.
    Custom {
        /// What is sent.
        prompt: HiddenText,
        /// What is a right answer.
        expect: Expectation,
    },
    /// Nothing: the form of the answer is all that is expected. For wires without text.
    Nothing,
}

impl Ask {
    /// The prompt that is sent.
    #[must_use]
    pub fn prompt(&self, nonce: &Nonce) -> String {
        let word = nonce.as_str();
        match self {
            Self::Echo => format!("Reply with exactly: {word}"),
            Self::Sum => Sum::drawn(nonce).prompt(),
            Self::Repeat => Repeat::drawn(nonce).prompt(),
            Self::Json => format!(
                "Reply with exactly this JSON object, without a code fence and nothing else: \
                 {{\"code\":\"{word}\",\"ok\":true}}"
            ),
            Self::Custom { prompt, .. } => prompt.with_nonce(word),
            Self::Nothing => word.to_owned(),
        }
    }

    /// Whether the form of the answer is checked apart from its content: what
    /// [`Signal::format`] tells.
    #[must_use]
    pub const fn is_format_checked(&self) -> bool {
        matches!(
            self,
            Self::Json
                | Self::Custom {
                    expect: Expectation::JsonSchema(_),
                    ..
                }
        )
    }

    /// Whether a right answer follows from the nonce, so that no earlier answer can be right.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        match self {
            Self::Echo | Self::Sum | Self::Repeat | Self::Json => true,
            Self::Custom {
                prompt,
                expect: Expectation::Exact(text),
            } => prompt.names_nonce() && text.names_nonce(),
            Self::Custom { .. } | Self::Nothing => false,
        }
    }

    /// Whether answers differ from attempt to attempt by design, so that nothing can be learnt
    /// from their length and wording.
    #[must_use]
    pub const fn varies(&self) -> bool {
        matches!(
            self,
            Self::Nothing
                | Self::Custom {
                    expect: Expectation::Any,
                    ..
                }
        )
    }
}

/// Passing text, and what it is compared with.
pub struct TextCheck {
    ask: Ask,
    nonce: Nonce,
    text: String,
    chars: u64,
    whole: bool,
}

/// What a text is worth: its content, and its form where that is checked.
struct Judged {
    text: Text,
    format: Option<bool>,
}

impl fmt::Debug for TextCheck {
    /// Its length only: the text is a completion.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextCheck")
            .field("len", &self.text.len())
            .finish_non_exhaustive()
    }
}

impl TextCheck {
    /// A check of an answer to `ask`.
    #[must_use]
    pub fn new(ask: &Ask, nonce: &Nonce) -> Self {
        Self {
            ask: ask.clone(),
            nonce: nonce.clone(),
            text: String::new(),
            chars: 0,
            whole: true,
        }
    }

    /// A piece of visible text.
    pub fn pass(&mut self, text: &str) {
        let chars = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
        self.chars = self.chars.saturating_add(chars);
        if !self.whole {
            return;
        }
        let mut room = TEXT_BYTES_MAX - self.text.len();
        if text.len() <= room {
            self.text.push_str(text);
            return;
        }
        self.whole = false;
        while !text.is_char_boundary(room) {
            room -= 1;
        }
        self.text.push_str(&text[..room]);
    }

    /// What the text is, as far as it has passed.
    #[must_use]
    pub fn found(&self) -> Text {
        self.judge().text
    }

    /// What the whole text tells about quality.
    #[must_use]
    pub fn signal(&self) -> Signal {
        if self.ask == Ask::Nothing {
            return Signal::default();
        }
        let drawn = match self.ask {
            Ask::Repeat => Repeat::drawn(&self.nonce).word,
            _ => self.nonce.as_str().to_owned(),
        };
        let known = self.whole && !self.text.trim().is_empty();
        Signal {
            chars: Some(self.chars),
            fingerprint: known.then(|| fingerprint::of(&self.text, &drawn)),
            format: self.judge().format,
        }
    }

    fn judge(&self) -> Judged {
        let text = self.text.trim();
        let nonce = self.nonce.as_str();
        let (fits, format) = match &self.ask {
            Ask::Nothing => (true, None),
            _ if text.is_empty() => {
                return Judged {
                    text: Text::Empty,
                    format: self.ask.is_format_checked().then_some(false),
                };
            }
            Ask::Echo => (text.contains(nonce), None),
            Ask::Sum => (Sum::drawn(&self.nonce).is_answered_by(text), None),
            Ask::Repeat => (Repeat::drawn(&self.nonce).is_answered_by(text), None),
            Ask::Json => {
                let object = self.json().filter(is_code_object);
                let right = |object: &Value| object["code"] == nonce && object["ok"] == true;
                (object.as_ref().is_some_and(right), Some(object.is_some()))
            }
            Ask::Custom { expect, .. } => self.judge_own(expect, text),
        };
        let text = if fits { Text::Expected } else { Text::Other };
        Judged { text, format }
    }

    fn judge_own(&self, expect: &Expectation, text: &str) -> (bool, Option<bool>) {
        match expect {
            Expectation::Any => (true, None),
            Expectation::Exact(exact) => {
                let exact = exact.with_nonce(self.nonce.as_str());
                (self.whole && text == exact.trim(), None)
            }
            Expectation::Regex(pattern) => (self.whole && pattern.is_in(text), None),
            Expectation::JsonSchema(schema) => {
                let fits = self.json().is_some_and(|value| schema.fits(&value));
                (fits, Some(fits))
            }
        }
    }

    /// The JSON value that the text is.
    fn json(&self) -> Option<Value> {
        let fits = self.whole && self.text.len() <= JUDGED_BYTES_MAX;
        fits.then(|| serde_json::from_str(&self.text).ok())?
    }
}

/// The shape that [`Ask::Json`] asks for.
fn is_code_object(value: &Value) -> bool {
    value.as_object().is_some_and(|members| members.len() == 2)
        && value["code"].is_string()
        && value["ok"].is_boolean()
}

#[cfg(test)]
mod tests;
