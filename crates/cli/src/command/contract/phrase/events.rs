//! Event rules in words.

use sla::EventClass;
use sla::contract::{Condition, Text};
use verify::words::terms;

/// What a class of samples is.
pub(crate) const fn class(class: EventClass) -> &'static str {
    match class {
        EventClass::Unknown => "not known",
        other => terms::class(other),
    }
}

/// What a sample must be for a rule: `status 5xx; whose fault: provider`.
pub(crate) fn condition(when: &Condition) -> String {
    let texts = |texts: &[Text]| -> Vec<String> {
        texts.iter().map(|text| text.as_str().to_owned()).collect()
    };
    let status: Vec<String> = when.status.iter().map(ToString::to_string).collect();
    let outcome: Vec<String> = when.outcome.iter().map(ToString::to_string).collect();
    let whose: Vec<String> = when.attribution.iter().map(ToString::to_string).collect();
    let parts = [
        ("status", status),
        ("outcome", outcome),
        ("whose fault:", whose),
        ("feature", texts(&when.feature)),
        ("tier", texts(&when.tier)),
    ];
    let mut all: Vec<String> = parts
        .into_iter()
        .filter(|(_, values)| !values.is_empty())
        .map(|(name, values)| format!("{name} {}", values.join(", ")))
        .collect();
    match when.stream {
        Some(true) => all.push("streamed".to_owned()),
        Some(false) => all.push("not streamed".to_owned()),
        None => {}
    }
    if when.quorum == Some(true) {
        all.push("where enough agents fail".to_owned());
    }
    all.join("; ")
}
