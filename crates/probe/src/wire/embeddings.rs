//! Not read yet.

use serde_json::{Value, json};

use crate::reply::Reading;
use crate::spec::Call;

pub(super) fn path(_call: &Call) -> String {
    "/".to_owned()
}

pub(super) fn body(_call: &Call, _prompt: &str) -> Value {
    json!({})
}

pub(super) fn whole(reading: &mut Reading, _value: &Value) {
    reading.malformed("this wire is not read yet");
}
