//! Not read yet.

use serde_json::{Value, json};

use crate::reply::{Progress, Reading};
use crate::spec::Call;

/// Why a frame cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// A checksum does not fit.
    #[error("a frame's checksum does not fit")]
    Checksum,
}

/// One frame.
#[derive(Debug)]
pub(super) struct Frame;

/// The state between two chunks of bytes.
#[derive(Debug, Default)]
pub(super) struct Decoder;

impl Decoder {
    pub(super) fn feed(
        &mut self,
        _bytes: &[u8],
        _frames: &mut Vec<Frame>,
    ) -> Result<(), FrameError> {
        Err(FrameError::Checksum)
    }
}

pub(super) fn path(_call: &Call) -> String {
    "/".to_owned()
}

pub(super) fn body(_call: &Call, _prompt: &str) -> Value {
    json!({})
}

pub(super) fn frame(reading: &mut Reading, _frame: &Frame) -> Progress {
    reading.malformed("this wire is not read yet")
}

pub(super) fn whole(reading: &mut Reading, _value: &Value) {
    reading.malformed("this wire is not read yet");
}
