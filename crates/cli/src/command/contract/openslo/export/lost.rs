//! What of a whole contract OpenSLO has no words for.

use sla::Contract;
use sla::contract::{Attributed, Effect, Metric, Pooling, Remedy, RunAcrossEdge, Scope};

use super::super::Warnings;

/// Warns of each clause, once.
pub(super) fn warn(contract: &Contract, warnings: &mut Warnings) {
    let mut lose = |clause: &str, what: &str| warnings.push(format!("`{clause}`: {what}"));
    for (_, clause, what) in head(contract).into_iter().filter(|(given, ..)| *given) {
        lose(clause, what);
    }
    for (_, clause, what) in evidence(contract).into_iter().filter(|(given, ..)| *given) {
        lose(clause, what);
    }
    for exclusion in contract
        .exclusions
        .iter()
        .filter(|e| e.effect != Effect::NotExcluded)
    {
        let clause = format!("exclusion.{}", exclusion.kind.as_str());
        lose(
            &clause,
            "OpenSLO v1 has no exclusions: its time counts there",
        );
    }
    if contract.claim.is_some() {
        lose("claim", "OpenSLO has no claims and no deadlines");
    }
    let open = readings(contract);
    if !open.is_empty() {
        let clauses = open.join("`, `");
        warnings.push(format!(
            "`{clauses}`: OpenSLO has one reading of each; the literal one is written"
        ));
    }
}

type Clause = (bool, &'static str, &'static str);

fn head(contract: &Contract) -> [Clause; 4] {
    [
        (
            contract.remedy != Remedy::None,
            "contract.remedy",
            "OpenSLO says nothing of what a miss entitles to",
        ),
        (
            !contract.other_remedies.is_empty(),
            "contract.other_remedies",
            "OpenSLO says nothing of what a miss entitles to",
        ),
        (
            contract.measured_by.is_some(),
            "contract.measured_by",
            "OpenSLO does not say whose measurements count",
        ),
        (
            contract.scope != Scope::default(),
            "scope",
            "OpenSLO leaves to the metric source what is measured, and has one result for all of it",
        ),
    ]
}

fn evidence(contract: &Contract) -> [Clause; 4] {
    [
        (
            true,
            "events",
            "OpenSLO leaves to the metric source which requests are errors, and which count at all",
        ),
        (
            contract.events.attribution == Attributed::RequestEnd,
            "events.attribution",
            "OpenSLO leaves to the metric source when a request counts",
        ),
        (
            contract.events.asks_for_quorum(),
            "evidence.quorum",
            "OpenSLO has no quorum of agents",
        ),
        (
            contract.evidence.pooling == Pooling::PerRegion,
            "evidence.pooling",
            "OpenSLO has one result, not one for each region",
        ),
    ]
}

/// The clauses that can be read in several ways.
fn readings(contract: &Contract) -> Vec<String> {
    let mut open = Vec::new();
    for commitment in &contract.commitments {
        let id = commitment.id.as_str();
        if !commitment.alternatives.is_empty() {
            open.push(format!("commitment.{id}.alternative"));
        }
        if commitment.metric.readings().len() > 1 {
            open.push(format!("commitment.{id}.metric"));
        }
    }
    for (index, rule) in contract.events.rules.iter().enumerate() {
        if rule.otherwise.is_some() {
            open.push(format!("events.rule.{index}.otherwise"));
        }
    }
    if !contract.window.also_test_timezones.is_empty() {
        open.push("window.also_test_timezones".to_owned());
    }
    let runs = |metric: &Metric| matches!(metric, Metric::DowntimeMinutes(rule) if rule.min_run_minutes.get() > 1);
    let cuts = contract.commitments.iter().any(|c| runs(&c.metric));
    if cuts && contract.window.run_across_edge == RunAcrossEdge::Unknown {
        open.push("window.run_across_edge".to_owned());
    }
    open
}
