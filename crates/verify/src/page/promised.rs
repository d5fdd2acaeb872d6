//! What was promised, in words and with where it was read.

use maud::{Markup, html};
use sla::contract::Provenance;
use sla::{CommitmentAssessment, Contract};

use super::Page;
use super::element::clipped;
use crate::layout;
use crate::words::number::exact_percent;
use crate::words::{promise, terms};

/// Most sentences of a kind.
const SENTENCES_MAX: usize = 20;

pub(super) fn section(page: &Page<'_>, judged: &CommitmentAssessment) -> Markup {
    let contract = page.contract;
    let promise = promise::of(contract, judged);
    html! {
        section {
            h2 { "What was promised" }
            @if let Some(promise) = &promise {
                p { (promise::measure(&promise.metric)) " of "
                    strong { (promise::headline(contract, promise)) } "." }
                p { (promise::formula(&promise.metric)) " " (promise::rounding(promise)) }
                ul {
                    @for limit in sentences(promise::limits(contract, promise)) { li { (limit) } }
                    @for sentence in sentences(terms::scope(contract)) { li { (sentence) } }
                    @for sentence in sentences(terms::evidence(contract)) { li { (sentence) } }
                    @for sentence in sentences(terms::exclusions(contract)) {
                        li { "Exclusion, " (sentence) }
                    }
                }
                @if let Some(note) = &promise.note { p.note { "A note in the terms: " (clipped(note.as_str())) } }
            } @else {
                p { "At least " strong { (exact_percent(&judged.target)) } "." }
            }
            (source(contract, judged))
            (assumed(contract))
        }
    }
}

fn sentences(all: Vec<String>) -> impl Iterator<Item = String> {
    all.into_iter()
        .take(SENTENCES_MAX)
        .map(|text| clipped(&text))
}

/// Where it was read, and where it stands in the bundle.
fn source(contract: &Contract, judged: &CommitmentAssessment) -> Markup {
    let source = &contract.source;
    let own = contract
        .commitments
        .iter()
        .find(|own| own.id.as_str() == judged.commitment)
        .and_then(|own| own.provenance);
    html! {
        p { "The terms as registered: " code { (layout::CONTRACT) } ", there "
            code { "[[commitment]]" } " with " code { "id = \"" (judged.commitment) "\"" } "."
            @if let Some(from) = own.or(source.provenance) { " " (provenance(from)) }
            @if let Some(url) = &source.text_url { " The text: " (clipped(url)) "." }
            @if let Some(date) = source.text_date { " It bears the date " (date) "." }
            @if let Some(hash) = &source.text_sha256 {
                " SHA-256 of the copy that was read: " code.hash { (hash.as_str()) } "."
            }
        }
        @if let Some(note) = &contract.note { p.note { "A note in the terms: " (clipped(note)) } }
    }
}

fn assumed(contract: &Contract) -> Markup {
    let assumptions = terms::assumptions(contract);
    html! {
        @if !assumptions.is_empty() {
            p { "Not stated outright in the text:" }
            ul { @for sentence in sentences(assumptions) { li { (sentence) } } }
        }
    }
}

const fn provenance(from: Provenance) -> &'static str {
    match from {
        Provenance::Official => "Read in the provider's own text.",
        Provenance::Quoted => "Read in a word-for-word quotation of the provider's text.",
        Provenance::Secondary => "Read in a paraphrase of the provider's text.",
        Provenance::Inferred => "Concluded, not read in the text.",
        Provenance::NotFound => "Looked for in the provider's text and not found.",
        Provenance::Negotiated => "Agreed between the parties.",
    }
}
