//! The fields that the reader takes from each line, as `serde` derives them; borrowed wherever it
//! can borrow.

#![expect(dead_code, reason = "parsed, to be timed, and never read")]

use domain::{Attribution, Kind, Outcome, Source};
use serde::Deserialize;

/// One of our core lines.
#[derive(Debug, Deserialize)]
pub(crate) struct Core<'a> {
    agent: Option<&'a str>,
    target: Option<&'a str>,
    region: Option<&'a str>,
    #[serde(default)]
    late: bool,
    asked_model: Option<&'a str>,
    attribution: Attribution,
    end_us: u64,
    #[serde(default)]
    features: Vec<String>,
    first_us: Option<u64>,
    input_tokens: Option<u64>,
    kind: Kind,
    last_us: Option<u64>,
    outcome: Outcome,
    output_tokens: Option<u64>,
    sent_us: Option<u64>,
    served_model: Option<&'a str>,
    served_tier: Option<&'a str>,
    source: Source,
    status: Option<u16>,
    stream: bool,
    wall_us: i64,
}

/// A line of a gateway: a time that is still text, durations that are floats.
#[derive(Debug, Deserialize)]
pub(crate) struct Minimal<'a> {
    time: &'a str,
    agent: Option<&'a str>,
    region: Option<&'a str>,
    model: Option<&'a str>,
    status: Option<u16>,
    outcome: Option<Outcome>,
    ttft_ms: Option<f64>,
    total_ms: Option<f64>,
    output_tokens: Option<u64>,
}

pub(crate) fn core(line: &[u8]) -> Core<'_> {
    serde_json::from_slice(line).expect("a core line")
}

pub(crate) fn minimal(line: &[u8]) -> Minimal<'_> {
    serde_json::from_slice(line).expect("a minimal line")
}
