//! What was found, and its JSON form: schema `assess/1`.

use std::collections::BTreeMap;

use domain::{AgentId, UnixMillis};
use serde::Serialize;
use serde_json::{Value, json};
use sla::{Assessment, Contract, TargetScope, Terms};
use wire::log::Skipped;

use super::narrow::Scope;

/// Value of `schema` in the JSON form.
const SCHEMA: &str = "assess/1";

/// A contract judged over one window.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) contract: Contract,
    pub(super) is_template: bool,
    pub(super) period: String,
    /// Without targets.
    pub(super) terms: Terms,
    pub(super) parts: Vec<Part>,
    pub(super) input: Input,
}

/// One part of the contract's partition.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) partition: Scope,
    pub(super) targets: Vec<TargetScope>,
    pub(super) assessment: Assessment,
}

/// What was read, and what was not judged of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Input {
    /// File, or standard input.
    pub(super) source: String,
    /// Last line with a sample or a gap.
    pub(super) lines: u64,
    pub(super) samples: u64,
    /// Planned slots that were not run.
    pub(super) slots_missed: u64,
    /// Samples in the window.
    pub(super) counted: u64,
    /// Samples near the window, counted for what reaches over its edges.
    pub(super) around: u64,
    /// Samples of other times.
    pub(super) outside: u64,
    /// Samples that `--scope` leaves out.
    pub(super) elsewhere: u64,
    /// Samples of what the contract does not cover.
    pub(super) not_covered: u64,
    /// Samples without an end, counted where they begin.
    pub(super) without_end: u64,
    pub(super) first_at: Option<UnixMillis>,
    pub(super) last_at: Option<UnixMillis>,
    pub(super) agents: Vec<AgentId>,
    pub(super) skipped: Skipped,
}

impl Input {
    /// A sample or slot lies at this time.
    pub(super) fn saw(&mut self, at: UnixMillis) {
        self.first_at = Some(self.first_at.map_or(at, |first| first.min(at)));
        self.last_at = Some(self.last_at.map_or(at, |last| last.max(at)));
    }

    fn json(&self) -> Value {
        let time = |at: Option<UnixMillis>| at.map(|at| at.to_string());
        let first: Vec<Value> = self
            .skipped
            .first
            .iter()
            .map(|bad| json!({ "line": bad.line, "why": bad.to_string() }))
            .collect();
        json!({
            "source": self.source,
            "lines": self.lines,
            "samples": self.samples,
            "slots_missed": self.slots_missed,
            "counted": self.counted,
            "around_window": self.around,
            "outside_window": self.outside,
            "outside_scope": self.elsewhere,
            "not_covered": self.not_covered,
            "without_end": self.without_end,
            "first_at": time(self.first_at),
            "last_at": time(self.last_at),
            "agents": self.agents,
            "skipped": {
                "lines": self.skipped.lines,
                "kinds": self.skipped.kinds,
                "first": first,
            },
        })
    }
}

/// The JSON form.
#[derive(Debug, Serialize)]
pub(super) struct Json<'a> {
    schema: &'static str,
    contract: Value,
    period: &'a str,
    terms: &'a Terms,
    parts: Vec<JsonPart<'a>>,
    input: Value,
}

#[derive(Debug, Serialize)]
struct JsonPart<'a> {
    partition: BTreeMap<&'static str, &'a str>,
    targets: &'a [TargetScope],
    assessment: &'a Assessment,
}

impl Part {
    fn json(&self) -> JsonPart<'_> {
        let partition = self.partition.iter();
        JsonPart {
            partition: partition
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect(),
            targets: &self.targets,
            assessment: &self.assessment,
        }
    }
}

impl Report {
    /// The JSON form.
    pub(super) fn json(&self) -> Json<'_> {
        let contract = &self.contract;
        Json {
            schema: SCHEMA,
            contract: json!({
                "id": contract.id(),
                "sha256": contract.sha256,
                "provider": contract.provider,
                "service": contract.service,
                "simulated": contract.simulated,
                "template": self.is_template,
                "timezone": contract.window.timezone,
            }),
            period: &self.period,
            terms: &self.terms,
            parts: self.parts.iter().map(Part::json).collect(),
            input: self.input.json(),
        }
    }
}
