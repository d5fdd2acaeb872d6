//! Error objects, as model APIs and gateways write them.
//!
//! Messages are read for the few signs that a gateway leaves nowhere else; they may repeat a key or
//! a prompt, and are kept by [`crate::scrub`] alone. Non-goal: headers that name an error, see [`crate::headers`].

use serde_json::Value;

use crate::scrub::Unscrubbed;

/// Longest error text that is searched for signs, bytes.
const SEARCHED_BYTES_MAX: usize = 16 * 1024;

/// What an error object said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorObject {
    /// `code`, a number written as its digits; else Anthropic's `details.error_code`.
    pub code: Option<String>,
    /// `type`; else OpenRouter's `metadata.error_type`, Azure's `innererror.code`, Google's
    /// `status`, the `__type` of AWS without its namespace, or the type of Mistral's first
    /// `detail`.
    pub kind: Option<String>,
    /// Sign found in the text of the object.
    pub sign: Option<Sign>,
    /// `code`, where it is an HTTP status of failure; else Azure's `status`.
    pub status: Option<u16>,
    /// Whether the object names the upstream provider that failed.
    pub upstream: bool,
    /// Whether the text says, in a gateway's words, that it passes on an answer of its upstream:
    /// less than the upstream's own trace, more than nothing.
    pub relayed: bool,
}

/// What the text of an error object gives away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// Money: own spend limit, or no credit.
    Billing,
    /// Own quota of a day.
    QuotaDaily,
    /// Own limit of a minute.
    RateLimited,
    /// Limit of capacity that others share.
    Capacity,
    /// Over capacity.
    Overloaded,
    /// Refused for where the agent stands.
    Location,
    /// Key unknown.
    Key,
    /// Model unknown.
    Model,
    /// A gateway has nobody left to ask.
    NoDeployment,
}

/// Lower-case needles, first match wins: the exact before the general. Words of messages are no
/// interface: those of LiteLLM 1.100.5, which drops codes and nests upstream bodies, and the one of
/// OpenRouter were seen in captured answers, the others follow documentation and may age.
const SIGNS: [(&str, Sign); 19] = [
    ("perday", Sign::QuotaDaily),
    ("per-day", Sign::QuotaDaily),
    ("per day", Sign::QuotaDaily),
    ("perminute", Sign::RateLimited),
    ("exceeded your current quota", Sign::Billing),
    ("specified api usage limits", Sign::Billing),
    ("exceeded budget", Sign::Billing),
    ("enforced_spend_limit_reached", Sign::Billing),
    ("overloaded_error", Sign::Overloaded),
    ("server_is_overloaded", Sign::Overloaded),
    ("currently overloaded", Sign::Overloaded),
    ("resource exhausted", Sign::Capacity),
    ("service tier capacity exceeded", Sign::Capacity),
    ("rate-limited upstream", Sign::Capacity),
    ("user location", Sign::Location),
    ("no connected db", Sign::Key),
    ("api_key_invalid", Sign::Key),
    ("invalid model name", Sign::Model),
    ("no deployments available", Sign::NoDeployment),
];

/// How LiteLLM begins what its upstream said.
const RELAYED: &str = "exception - ";
/// What LiteLLM says there of an upstream that it could not reach.
const NOT_REACHED: &str = "exception - connection error";

impl ErrorObject {
    /// Reads an error object, or what some servers write in its place: a list of them, a text.
    fn from_value(error: &Value) -> Self {
        let error = error.get(0).unwrap_or(error);
        let code = [&error["code"], &error["details"]["error_code"]]
            .into_iter()
            .find_map(word);
        let kind = [
            &error["type"],
            &error["metadata"]["error_type"],
            &error["innererror"]["code"],
            &error["status"],
            &error["__type"],
            &error["detail"][0]["type"],
        ];
        let text = searched(error);
        Self {
            kind: kind.into_iter().find_map(name),
            sign: sign(&text),
            relayed: text.contains(RELAYED) && !text.contains(NOT_REACHED),
            status: code
                .as_deref()
                .and_then(|code| code.parse().ok())
                .or_else(|| error["status"].as_u64()?.try_into().ok())
                .filter(|status| (400..600).contains(status)),
            upstream: error["metadata"]["provider_name"].is_string(),
            code,
        }
    }
}

/// The text that is searched, in lower case.
fn searched(error: &Value) -> String {
    let mut text = error.to_string().to_ascii_lowercase();
    let mut end = text.len().min(SEARCHED_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.truncate(end);
    text
}

fn sign(text: &str) -> Option<Sign> {
    SIGNS
        .iter()
        .find(|(needle, _)| text.contains(needle))
        .map(|(_, sign)| *sign)
}

/// A text, or a number written as its digits. LiteLLM writes `None` for what it does not know.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(word) if !word.is_empty() && word != "None" => Some(word.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The name of a kind of error, without the namespace that AWS puts before it. That an error is
/// an `error` says nothing.
fn name(value: &Value) -> Option<String> {
    let name = value.as_str()?.rsplit('#').next()?;
    let tells = !matches!(name, "" | "None" | "error");
    tells.then(|| name.to_owned())
}

/// The error object in a body or event of any status: at the top, also of a list's first entry,
/// in a response, or in a choice; and all of what calls itself an error.
#[must_use]
pub fn find(value: &Value, event_name: &[u8]) -> Option<ErrorObject> {
    let value = value.get(0).unwrap_or(value);
    match member(value) {
        Some(error) => Some(ErrorObject::from_value(error)),
        None => is_one(value, event_name).then(|| ErrorObject::from_value(value)),
    }
}

/// Whether all of it calls itself an error.
fn is_one(value: &Value, event_name: &[u8]) -> bool {
    event_name == b"error" || value["type"] == "error" || value["object"] == "error"
}

/// The error that stands in one of the places for errors.
fn member(value: &Value) -> Option<&Value> {
    let in_choices = value["choices"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|choice| {
            [
                &choice["error"],
                &choice["delta"]["error"],
                &choice["message"]["error"],
            ]
        });
    [
        &value["error"],
        &value["response"]["error"],
        &value["x_groq"]["error"],
    ]
    .into_iter()
    .chain(in_choices)
    .find(|error| !is_blank(error))
}

/// What an answer with a status of success, or an event of one, says of its error: the error object
/// alone as JSON, since an answer may stand beside it.
pub(crate) fn said(body: &[u8], event_name: &[u8]) -> Option<Unscrubbed> {
    match serde_json::from_slice::<Value>(body) {
        Ok(value) => {
            let value = value.get(0).unwrap_or(&value);
            let error = member(value).or_else(|| is_one(value, event_name).then_some(value))?;
            Some(Unscrubbed::new(error.to_string().as_bytes()))
        }
        Err(_) => (event_name == b"error").then(|| Unscrubbed::new(body)),
    }
}

/// The error in the body of a status of failure, where the whole body may be the error object.
#[must_use]
pub fn read(body: &[u8]) -> Option<ErrorObject> {
    let value: Value = serde_json::from_slice(body).ok()?;
    find(&value, b"").or_else(|| value.is_object().then(|| ErrorObject::from_value(&value)))
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
