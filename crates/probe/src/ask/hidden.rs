//! Text that `Debug` does not show.

use std::fmt;
use std::str::FromStr;

/// Longest prompt or expected text of one's own, bytes.
pub const HIDDEN_BYTES_MAX: usize = 16 * 1024;

/// What stands for the nonce of the attempt in a prompt or an expected text of one's own.
pub const NONCE_MARK: &str = "{nonce}";

/// A prompt or an expected answer from the configuration: not empty, and at most
/// [`HIDDEN_BYTES_MAX`] long. Each [`NONCE_MARK`] in it becomes the nonce of the attempt.
#[derive(Clone, PartialEq, Eq)]
pub struct HiddenText(String);

/// Why a text cannot be asked or expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HiddenTextError {
    /// Nothing but white space.
    #[error("the text is empty")]
    Empty,
    /// Beyond [`HIDDEN_BYTES_MAX`].
    #[error("the text is longer than {HIDDEN_BYTES_MAX} bytes")]
    TooLong,
}

impl FromStr for HiddenText {
    type Err = HiddenTextError;

    fn from_str(text: &str) -> Result<Self, HiddenTextError> {
        if text.trim().is_empty() {
            Err(HiddenTextError::Empty)
        } else if text.len() > HIDDEN_BYTES_MAX {
            Err(HiddenTextError::TooLong)
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}

impl fmt::Debug for HiddenText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HiddenText(..)")
    }
}

impl HiddenText {
    /// The text with the nonce in its places.
    pub(super) fn with_nonce(&self, nonce: &str) -> String {
        self.0.replace(NONCE_MARK, nonce)
    }

    /// Whether it changes from attempt to attempt.
    pub(super) fn names_nonce(&self) -> bool {
        self.0.contains(NONCE_MARK)
    }
}
