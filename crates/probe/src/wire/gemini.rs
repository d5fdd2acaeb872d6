//! Not read yet.

use serde_json::{Value, json};

use crate::reply::{Progress, Reading};
use crate::spec::Call;
use crate::sse::Event;

pub(super) fn path(_call: &Call) -> String {
    "/".to_owned()
}

pub(super) fn body(_call: &Call, _prompt: &str) -> Value {
    json!({})
}

pub(super) fn event(reading: &mut Reading, _event: &Event) -> Progress {
    reading.malformed("this wire is not read yet")
}

pub(super) fn whole(reading: &mut Reading, _value: &Value) {
    reading.malformed("this wire is not read yet");
}

pub(super) fn ended(_reading: &mut Reading) {}
