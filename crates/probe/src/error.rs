//! Error objects, as model APIs and gateways write them.
//!
//! Messages are read for the few signs that a gateway leaves nowhere else, and then dropped: they
//! may repeat a key or a prompt.

use serde_json::Value;

/// Longest error text that is searched for signs, bytes.
const SEARCHED_BYTES_MAX: usize = 16 * 1024;

/// What an error object said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorObject {
    /// `code`, a number written as its digits.
    pub code: Option<String>,
    /// `type`; else OpenRouter's `metadata.error_type` or Google's `status`.
    pub kind: Option<String>,
    /// Sign found in the text of the object.
    pub sign: Option<Sign>,
    /// `code`, where it is an HTTP status of failure.
    pub status: Option<u16>,
    /// Whether the object names the upstream provider that failed.
    pub upstream: bool,
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
}

/// Lower-case needles, first match wins: the exact before the general. Words of messages are no
/// interface: those of LiteLLM 1.100.5, which drops codes and nests upstream bodies, and the one of
/// OpenRouter were seen in captured answers, the others follow documentation and may age.
const SIGNS: [(&str, Sign); 15] = [
    ("perday", Sign::QuotaDaily),
    ("per-day", Sign::QuotaDaily),
    ("per day", Sign::QuotaDaily),
    ("perminute", Sign::RateLimited),
    ("exceeded your current quota", Sign::Billing),
    ("specified api usage limits", Sign::Billing),
    ("enforced_spend_limit_reached", Sign::Billing),
    ("overloaded_error", Sign::Overloaded),
    ("server_is_overloaded", Sign::Overloaded),
    ("currently overloaded", Sign::Overloaded),
    ("resource exhausted", Sign::Capacity),
    ("rate-limited upstream", Sign::Capacity),
    ("user location", Sign::Location),
    ("no connected db", Sign::Key),
    ("invalid model name", Sign::Model),
];

impl ErrorObject {
    fn from_value(error: &Value) -> Self {
        let text = error.to_string().to_ascii_lowercase();
        let searched = text
            .as_bytes()
            .get(..SEARCHED_BYTES_MAX)
            .unwrap_or(text.as_bytes());
        let has = |needle: &str| {
            searched
                .windows(needle.len())
                .any(|at| at == needle.as_bytes())
        };
        let word = |value: &Value| match value {
            Value::String(word) if !word.is_empty() => Some(word.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let code = word(&error["code"]);
        Self {
            kind: [
                &error["type"],
                &error["metadata"]["error_type"],
                &error["status"],
            ]
            .into_iter()
            .find_map(word),
            sign: SIGNS
                .iter()
                .find(|(needle, _)| has(needle))
                .map(|(_, sign)| *sign),
            status: code
                .as_deref()
                .and_then(|code| code.parse().ok())
                .filter(|status| (400..600).contains(status)),
            upstream: error["metadata"]["provider_name"].is_string(),
            code,
        }
    }
}

/// The error object in a body or chunk of any status: at the top, also of a list's first entry,
/// or in a choice; and whatever an event named `error` holds.
#[must_use]
pub fn find(value: &Value, event_name: &[u8]) -> Option<ErrorObject> {
    let value = value.get(0).unwrap_or(value);
    let choices = value["choices"].as_array().map_or(&[][..], Vec::as_slice);
    let member = std::iter::once(value)
        .chain(choices)
        .flat_map(|holder| {
            [
                &holder["error"],
                &holder["delta"]["error"],
                &holder["message"]["error"],
            ]
        })
        .find(|error| !is_blank(error));
    match member {
        Some(error) => Some(ErrorObject::from_value(error)),
        None if event_name == b"error" => Some(ErrorObject::from_value(value)),
        None => None,
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
        _ => false,
    }
}
