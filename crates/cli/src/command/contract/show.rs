//! `nines contract show`: a contract in plain words.

mod claim;
mod credits;
mod events;
mod example;
mod exclusions;
mod open;
mod outage;
mod promise;
mod sources;

#[cfg(test)]
mod tests;

use sla::contract::{MeasuredBy, Provenance, Remedy};
use sla::{Basis, Contract};
use verify::words::terms;

use super::load::{Loaded, Origin};
use super::phrase;
use crate::page::{Look, Page, listed, plain};

/// Column of what stands behind a label.
const COLUMN: usize = 14;

/// The whole page.
pub(super) fn page(loaded: &Loaded, look: Look) -> String {
    let contract = &loaded.contract;
    let mut page = Page::new(look);
    head(&mut page, loaded);
    promise::section(&mut page, contract);
    for commitment in &contract.commitments {
        outage::section(&mut page, contract, commitment);
    }
    events::section(&mut page, contract);
    exclusions::section(&mut page, contract);
    credits::section(&mut page, contract);
    claim::section(&mut page, contract);
    open::section(&mut page, contract);
    sources::section(&mut page, contract);
    page.finish()
}

fn head(page: &mut Page, loaded: &Loaded) {
    let contract = &loaded.contract;
    let dash = page.look.pick(" · ", " - ");
    page.title(&format!(
        "{}{dash}{}",
        contract.id(),
        plain(&contract.service)
    ));
    if contract.simulated {
        page.paragraph(0, "SIMULATED: a made-up contract.");
    }
    if loaded.origin == Origin::Template && !contract.simulated {
        page.paragraph(
            0,
            &format!(
                "A template. Compare every figure with the provider's own page before you claim \
                 anything by it; `nines contract show {} --toml` prints the text to start your own \
                 from.",
                contract.id()
            ),
        );
    }
    page.gap();
    page.labelled("provider", COLUMN, contract.provider.as_str());
    page.labelled("read in", COLUMN, &source(contract));
    page.labelled("a breach", COLUMN, &remedy(contract));
    if let Some(side) = contract.measured_by {
        let side = match side {
            MeasuredBy::Provider => "by the provider's measurements",
            MeasuredBy::Customer => "by the customer's measurements",
            MeasuredBy::Either => "by either side's measurements",
            MeasuredBy::Independent => "by those of an independent third party",
        };
        page.labelled("judged", COLUMN, side);
    }
    page.labelled("window", COLUMN, &window(contract));
    page.labelled("one verdict", COLUMN, &partition(contract));
    for (dimension, values) in &contract.scope.covers {
        let values: Vec<&str> = values.iter().collect();
        page.labelled(
            "covers",
            COLUMN,
            &format!("{dimension}: {}", listed(&values)),
        );
    }
    if !contract.scope.endpoints.is_empty() {
        let endpoints = contract.scope.endpoints.iter();
        let endpoints: Vec<&str> = endpoints.map(sla::contract::Text::as_str).collect();
        page.labelled("operations", COLUMN, &listed(&endpoints));
    }
    page.labelled("currency", COLUMN, contract.currency.as_str());
    page.labelled("sha256", COLUMN, contract.sha256.as_str());
    if let Some(note) = &contract.note {
        page.labelled("note", COLUMN, note);
    }
}

fn source(contract: &Contract) -> String {
    let source = &contract.source;
    let known = source.provenance.map(|known| match known {
        Provenance::Negotiated => "an agreement between the parties".to_owned(),
        Provenance::NotFound => "no text was found".to_owned(),
        other => phrase::provenance(other).to_owned(),
    });
    let parts = [
        known,
        source.text_url.clone(),
        source.text_date.map(|day| format!("of {day}")),
        source
            .effective_from
            .map(|day| format!("in force from {day}")),
        source
            .effective_until
            .map(|day| format!("in force until before {day}")),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() {
        "not said".to_owned()
    } else {
        parts.join(", ")
    }
}

fn remedy(contract: &Contract) -> String {
    let mut text = match contract.remedy {
        Remedy::Credit => "entitles to credits",
        Remedy::Termination => "entitles to leave the contract early",
        Remedy::None => "entitles to nothing",
    }
    .to_owned();
    if contract.sole_remedy == Some(true) {
        text.push_str("; the text says there is no other remedy");
    }
    text
}

fn window(contract: &Contract) -> String {
    let rule = &contract.window;
    let sure = match rule.timezone_basis {
        Basis::Stated => String::new(),
        basis => format!(" (zone {})", phrase::basis(basis)),
    };
    format!("{}, in {}{sure}", phrase::window(rule), rule.timezone)
}

fn partition(contract: &Contract) -> String {
    let dimensions = contract.scope.partition.iter();
    let dimensions: Vec<String> = dimensions.map(|one| terms::dimension(*one)).collect();
    match dimensions.as_slice() {
        [] => "for everything together".to_owned(),
        some => format!("per {}", listed(some)),
    }
}
