//! What the model is asked, and whether its visible text is what was asked for.
//!
//! Text is kept only while it is checked, up to [`TEXT_BYTES_MAX`]; `Debug` shows none of it.
//! The default, an echo of a random nonce, cannot be answered from a cache; what else can be
//! expected is in [`Expectation`].

use std::fmt;

use crate::reply::Text;
use crate::spec::Nonce;

/// Most bytes of visible text that are kept for a check; an answer that is longer is judged by
/// its beginning.
pub const TEXT_BYTES_MAX: usize = 256 * 1024;

/// What the model is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ask {
    /// To repeat the nonce.
    #[default]
    Echo,
    /// To add two numbers drawn from the nonce.
    Sum,
    /// For a JSON object that holds the nonce.
    Json,
    /// Nothing: the form of the answer is all that is expected. For wires without text.
    Nothing,
}

impl Ask {
    /// The prompt that is sent.
    #[must_use]
    pub fn prompt(&self, nonce: &Nonce) -> String {
        match self {
            Self::Echo => format!("Reply with exactly: {}", nonce.as_str()),
            Self::Sum | Self::Json | Self::Nothing => nonce.as_str().to_owned(),
        }
    }
}

/// Passing text, and what it is compared with.
pub struct TextCheck {
    ask: Ask,
    nonce: Nonce,
    text: String,
    whole: bool,
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
            whole: true,
        }
    }

    /// A piece of visible text.
    pub fn pass(&mut self, text: &str) {
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
        let fits = match &self.ask {
            Ask::Nothing => true,
            _ if self.text.trim().is_empty() => return Text::Empty,
            Ask::Echo | Ask::Sum | Ask::Json => self.text.contains(self.nonce.as_str()),
        };
        if fits { Text::Expected } else { Text::Other }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_nonce_is_found_however_the_text_is_cut(
            before in "[a-zA-Z äöü€]{0,40}",
            after in "[a-zA-Z äöü€]{0,40}",
            cuts in proptest::collection::vec(1usize..5, 1..40),
        ) {
            let text = format!("{before}pong-7f3a{after}");
            let mut check = TextCheck::new(&Ask::Echo, &"pong-7f3a".parse().unwrap());
            let mut chars = text.chars();
            for size in cuts.iter().cycle() {
                let piece: String = chars.by_ref().take(*size).collect();
                if piece.is_empty() {
                    break;
                }
                check.pass(&piece);
            }
            prop_assert_eq!(check.found(), Text::Expected);
        }
    }
}
