//! What a contract leaves open, and what is assumed meanwhile.

use sla::contract::rounding::RoundingClause;
use sla::contract::{PartMonth, RunAcrossEdge};
use sla::{Basis, Commitment, Contract};

use crate::command::contract::phrase;
use crate::page::{Page, listed};

pub(super) fn section(page: &mut Page, contract: &Contract) {
    if contract.commitments.is_empty() {
        return;
    }
    page.section("What is open, and what is assumed");
    let mut points = of_window(contract);
    points.extend(of_events(contract));
    points.extend(of_exclusions(contract));
    points.extend(contract.commitments.iter().flat_map(of_commitment));
    if points.is_empty() {
        page.paragraph(2, "Nothing: every clause is stated.");
        return;
    }
    for point in points {
        page.bullet(2, &point);
    }
    page.paragraph(
        2,
        "A verdict goes by the words before the comma; where another reading changes it, the \
         assessment says so and shows that reading.",
    );
}

fn of_window(contract: &Contract) -> Vec<String> {
    let rule = &contract.window;
    let mut points = Vec::new();
    let zones: Vec<&str> = rule
        .also_test_timezones
        .iter()
        .map(|zone| zone.name())
        .collect();
    let also = if zones.is_empty() {
        String::new()
    } else {
        format!(", also read as {}", listed(&zones))
    };
    if rule.timezone_basis != Basis::Stated || !zones.is_empty() {
        let sure = phrase::basis(rule.timezone_basis);
        points.push(format!("time zone: {} ({sure}){also}", rule.timezone));
    }
    let has_runs = contract.commitments.iter().any(|one| {
        let readings = one.metric.readings();
        readings
            .iter()
            .any(|reading| phrase::formula_in_short(&reading.metric).contains("runs"))
    });
    if rule.run_across_edge == RunAcrossEdge::Unknown && has_runs {
        points.push("runs across the edge of a window: cut, also read as whole".to_owned());
    }
    if contract.scope.part_month == PartMonth::Unknown {
        points.push(
            "months in which the subscription begins or ends: the part is a window of its own, \
             also read as a whole month, or as one whose missing part is up"
                .to_owned(),
        );
    }
    points
}

fn of_events(contract: &Contract) -> Vec<String> {
    let rules = (1..).zip(&contract.events.rules);
    rules
        .filter_map(|(nth, rule)| {
            let other = rule.otherwise?;
            Some(format!(
                "event rule {nth} ({}): {}, also read as {}",
                phrase::condition(&rule.when),
                phrase::class(rule.class),
                phrase::class(other)
            ))
        })
        .collect()
}

fn of_exclusions(contract: &Contract) -> Vec<String> {
    let open = contract
        .exclusions
        .iter()
        .filter(|one| one.basis != Basis::Stated);
    open.map(|one| {
        format!(
            "exclusion {}: {}, also read as every other effect",
            one.kind.as_str(),
            one.effect.as_str().replace('_', " ")
        )
    })
    .collect()
}

fn of_commitment(commitment: &Commitment) -> Vec<String> {
    let name = commitment.id.as_str();
    let mut points = Vec::new();
    let readings = commitment.metric.readings();
    let literal = readings
        .first()
        .map(|first| &first.choices[..])
        .unwrap_or_default();
    for choice in literal {
        let others = readings.iter().flat_map(|reading| &reading.choices);
        let mut others: Vec<String> = others
            .filter(|other| other.key == choice.key && other.word != choice.word)
            .map(|other| words(other.word))
            .collect();
        others.sort_unstable();
        others.dedup();
        points.push(format!(
            "{name}, {}: {}, also read as {}",
            words(choice.key),
            words(choice.word),
            listed(&others)
        ));
    }
    if let RoundingClause::Unknown { digits } = commitment.rounding.clause {
        points.push(format!(
            "{name}, rounding to {digits} decimals: none, also read as half-up and as cut off"
        ));
    }
    for other in &commitment.alternatives {
        points.push(format!(
            "{name}, formula: {}, also read as {}",
            commitment.metric.family().as_str().replace('_', " "),
            other.id.as_str()
        ));
    }
    if commitment
        .credit
        .as_ref()
        .is_some_and(|credit| credit.step_readings().len() > 1)
    {
        points.push(format!(
            "{name}, steps of credit: full ones, also read as begun ones"
        ));
    }
    if commitment.basis != Basis::Stated {
        points.push(format!(
            "{name}, the promise itself: {}",
            phrase::basis(commitment.basis)
        ));
    }
    points
}

fn words(key: &str) -> String {
    key.replace('_', " ")
}
