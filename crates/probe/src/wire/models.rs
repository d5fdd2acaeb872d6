//! A list of models: free; proves key and control plane, not inference.
//!
//! What is judged is that a list is there and names a model. Whether the model of the call is
//! among them is not: lists come in pages, aliases and dated snapshots are often left out, and an
//! absent name would be no outage. OpenAI and Anthropic write `data`, Google `models`, Together
//! the list alone. Source: their API references.

use serde_json::Value;

use crate::reply::{Ending, Reading};
use crate::spec::Call;

pub(super) fn path(_call: &Call) -> String {
    "/models".to_owned()
}

pub(super) fn whole(reading: &mut Reading, value: &Value) {
    let list = [&value["data"], &value["models"], value]
        .into_iter()
        .find_map(Value::as_array);
    match list.map(Vec::as_slice) {
        Some([first, ..]) if names_model(first) => reading.reply.ending = Some(Ending::Stop),
        _ if reading.reply.error.is_some() => {}
        Some([]) => {
            reading.malformed("the list of models is empty");
        }
        _ => {
            reading.malformed("the body has no list of models");
        }
    }
}

fn names_model(entry: &Value) -> bool {
    ["id", "name"]
        .iter()
        .any(|key| super::text(&entry[*key]).is_some())
}

#[cfg(test)]
mod tests;
