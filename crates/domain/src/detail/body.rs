//! What a failed answer said: the one text of a detail line that was written by somebody else and
//! is more than a word.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Text;

/// Most bytes of a failed answer's body that are kept, as UTF-8 and before JSON escapes it.
pub const BODY_BYTES_MAX: usize = 2_048;

/// The kept part of a failed answer's body, after secrets were taken out. `Debug` shows its length
/// only: bodies belong into evidence, and not into logs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Body(Text);

impl Body {
    /// A scrubbed text. Control characters become spaces and what lies beyond [`BODY_BYTES_MAX`]
    /// is cut off at a character, so that every body fits a line.
    #[must_use]
    pub fn new(scrubbed: &str) -> Self {
        let (kept, _) = cut(scrubbed, BODY_BYTES_MAX);
        let plain = kept.chars().map(|c| if c.is_control() { ' ' } else { c });
        Self(Text::Plain(plain.collect()))
    }

    /// Its text.
    #[must_use]
    pub const fn text(&self) -> &Text {
        &self.0
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Text::Plain(text) | Text::Hex { hex: text }) = &self.0;
        write!(f, "Body({} bytes)", text.len())
    }
}

/// The first `max` bytes of a text or fewer, up to the end of a character; and whether that is
/// less than all.
#[must_use]
pub fn cut(text: &str, max: usize) -> (&str, bool) {
    let end = text.floor_char_boundary(max);
    (&text[..end], end < text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_plain_bounded_and_not_shown() {
        let body = Body::new("{\n\t\"error\": \u{85}\"no\"}");
        let plain = "{  \"error\":  \"no\"}".to_owned();
        assert_eq!(body.text(), &Text::Plain(plain));
        assert_eq!(format!("{body:?}"), "Body(18 bytes)");
        let long = Body::new(&"\u{20ac}".repeat(BODY_BYTES_MAX));
        assert_eq!(format!("{long:?}"), "Body(2046 bytes)");
    }
}
