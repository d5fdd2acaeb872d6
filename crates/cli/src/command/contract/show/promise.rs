//! What a contract promises, and by which formula.

use sla::contract::metric::Metric;
use sla::{Commitment, Contract};
use verify::words::terms;

use crate::command::contract::phrase;
use crate::page::{Page, exact_percent, listed};

pub(super) fn section(page: &mut Page, contract: &Contract) {
    page.section("What it promises");
    if contract.commitments.is_empty() {
        page.paragraph(
            2,
            "Nothing: there is no public promise, and nothing can be claimed.",
        );
    }
    for commitment in &contract.commitments {
        one(page, contract, commitment);
    }
}

fn one(page: &mut Page, contract: &Contract, commitment: &Commitment) {
    page.bullet(
        2,
        &format!(
            "{}: {}, for {}.",
            commitment.id.as_str(),
            phrase::promised(commitment),
            phrase::window(&contract.window)
        ),
    );
    page.paragraph(4, &phrase::formula(&commitment.metric));
    page.paragraph(4, &phrase::rounding(&commitment.rounding));
    if runs(&commitment.metric) {
        let edge = phrase::edge(contract.window.run_across_edge);
        page.paragraph(4, &format!("At the edges: {edge}."));
    }
    for (dimension, values) in &commitment.requires {
        let values: Vec<&str> = values.iter().collect();
        let any = if values.len() > 1 { "any of " } else { "" };
        let dimension = terms::dimension(*dimension);
        page.paragraph(
            4,
            &format!("Only where {dimension} is {any}{}.", values.join(", ")),
        );
    }
    for other in &commitment.overrides {
        let name = other.model_list.as_str();
        let models = contract.model_lists.get(name).map(|models| listed(models));
        page.paragraph(
            4,
            &format!(
                "Models of the list {name} ({}): {}.",
                models.unwrap_or_default(),
                exact_percent(other.target.fraction())
            ),
        );
    }
    for other in &commitment.alternatives {
        let why = other
            .note
            .as_ref()
            .map(|note| format!(" {}", note.as_str()));
        page.paragraph(
            4,
            &format!(
                "It can also be read as {}.{} {}",
                other.id.as_str(),
                why.unwrap_or_default(),
                phrase::formula(&other.metric)
            ),
        );
    }
    if let Some(note) = &commitment.note {
        page.paragraph(4, note.as_str());
    }
}

/// Whether runs of bad minutes must have a length.
fn runs(metric: &Metric) -> bool {
    match metric {
        Metric::DowntimeMinutes(rule) => rule.min_run_minutes.get() > 1,
        Metric::OutageProportional(rule) => rule.outages.min_run_minutes.get() > 1,
        Metric::TargetOnly(target) => runs(target.of()),
        Metric::IntervalMean(_) | Metric::RequestRatio(_) | Metric::LatencyAttainment(_) => false,
    }
}
