//! OpenRouter's endpoints of a model: a state and the share of good answers of each, from its own
//! traffic.
//!
//! The numbers below zero have no documented meaning beyond "not well": each is degraded.

use serde_json::Value;

use super::json::{list, percent, text};
use super::parts::{Part, settle};
use super::{Level, Observation, PARTS_MAX, Uptime};

/// Spans of the shares, and the keys that hold them.
const SPANS: [(&str, &str); 3] = [
    ("5m", "uptime_last_5m"),
    ("30m", "uptime_last_30m"),
    ("1d", "uptime_last_1d"),
];

pub(super) fn read(answer: &Value, wanted: &[String]) -> Observation {
    let endpoints = answer
        .get("data")
        .map_or(&[][..], |data| list(data, "endpoints"));
    if endpoints.is_empty() {
        return Observation::unknown("the answer lists no endpoints");
    }
    let such: Vec<(Part, &Value)> = endpoints
        .iter()
        .filter_map(|one| Some((part(one)?, one)))
        .collect();
    let is_wanted =
        |part: &Part| wanted.is_empty() || wanted.iter().any(|name| part.is_named(name));
    let mut uptimes = Vec::new();
    for (part, endpoint) in such.iter().filter(|(part, _)| is_wanted(part)) {
        for (span, key) in SPANS {
            uptimes.extend(percent(endpoint, key).map(|ppm| Uptime {
                component: part.name.clone(),
                span: span.to_owned(),
                ppm,
            }));
        }
    }
    uptimes.truncate(PARTS_MAX);
    let parts: Vec<Part> = such.into_iter().map(|(part, _)| part).collect();
    Observation {
        uptimes,
        ..settle(&parts, wanted, None)
    }
}

fn part(endpoint: &Value) -> Option<Part> {
    let name = text(endpoint, "provider_name").or_else(|| text(endpoint, "name"))?;
    let status = endpoint.get("status").and_then(Value::as_i64);
    let (level, word) = match status {
        Some(0) => (Level::Operational, "0".to_owned()),
        Some(other @ ..0) => (Level::Degraded, other.to_string()),
        Some(other) => (Level::Unknown, other.to_string()),
        None => (Level::Unknown, "not stated".to_owned()),
    };
    Some(Part {
        id: text(endpoint, "tag").unwrap_or_default(),
        name,
        level,
        word,
    })
}
