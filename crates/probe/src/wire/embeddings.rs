//! OpenAI-compatible embeddings: cheap, never streamed, without text to check.
//!
//! What is judged is form: a first vector that is not empty. Its numbers are not looked at.
//! Source: OpenAI's API reference.

use serde_json::{Value, json};

use crate::reply::{Ending, Reading};
use crate::spec::Call;
use crate::usage::Usage;

pub(super) fn path(_call: &Call) -> String {
    "/embeddings".to_owned()
}

pub(super) fn body(call: &Call, prompt: &str) -> Value {
    json!({"input": prompt, "model": call.model})
}

pub(super) fn whole(reading: &mut Reading, value: &Value) {
    let word = |key: &str| super::text(&value[key]).map(str::to_owned);
    let reply = &mut reading.reply;
    reply.model = word("model");
    reply.id = word("id");
    reply.provider = word("provider");
    reply.usage = read_usage(&value["usage"]);
    if is_vector(&value["data"][0]["embedding"]) {
        reply.ending = Some(Ending::Stop);
    } else if reply.error.is_none() {
        reading.malformed("the body has no embedding");
    }
}

/// What is not input is output: nothing, on every server known.
fn read_usage(usage: &Value) -> Usage {
    let input = usage["prompt_tokens"].as_u64();
    let total = usage["total_tokens"].as_u64();
    Usage {
        input_tokens: input,
        output_tokens: total
            .zip(input)
            .and_then(|(total, input)| total.checked_sub(input)),
        ..Usage::default()
    }
}

/// A list of numbers, or their bytes in base 64.
fn is_vector(value: &Value) -> bool {
    match value {
        Value::Array(numbers) => !numbers.is_empty() && numbers.iter().all(Value::is_number),
        Value::String(text) => {
            let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || b"+/".contains(&byte);
            let digits = text.trim_end_matches('=');
            !digits.is_empty() && digits.bytes().all(is_digit)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests;
