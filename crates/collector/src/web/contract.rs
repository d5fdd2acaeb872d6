//! The page of one contract.

use maud::{Markup, html};
use sla::{Assessment, Commitment, CommitmentAssessment, Contract};
use verify::words::{finding as finding_words, promise as promise_words, terms as terms_words};

use super::overview::{violations, window};
use super::view::{ContractPage, Judged, PastWindow, Stage};
use super::{chip, conclusion, finding, link, page, promise, published, revision, timeline, words};

pub(super) fn main(view: &ContractPage) -> Markup {
    html! {
        main id="main" tabindex="-1" {
            (head(view))
            (promised(view))
            @match &view.judged {
                Some(judged) => {
                    (in_force(&view.contract, &judged.assessment))
                    @for (index, part) in judged.assessment.commitments.iter().enumerate() {
                        (commitment(view, judged, (index, part)))
                    }
                    (together(&judged.assessment))
                }
                None => {
                    section.panel id="unjudged" {
                        p { "Not assessed yet; this takes until the first samples are in." }
                    }
                }
            }
            (published::section(&view.published, &view.site))
            (violations(&view.violations, &view.site))
            (past(view))
            (revision::section(&view.revisions))
            (terms(view))
        }
    }
}

fn head(view: &ContractPage) -> Markup {
    let contract = &view.contract;
    html! {
        section.head id="head" {
            div {
                h1 { (contract.id()) }
                p.muted {
                    (contract.provider) " · " (contract.service)
                    @if contract.simulated { " · made-up contract" }
                }
                @if let Some(judged) = &view.judged { p.window { (window(judged)) } }
            }
            div.side {
                (page::as_of(&view.site))
                p.links {
                    a href=(view.json_href) { "This page as JSON" }
                    a href=(view.text_href) { "Contract text" }
                }
            }
        }
    }
}

fn promised(view: &ContractPage) -> Markup {
    let contract = &view.contract;
    html! {
        section.panel id="promise" aria-labelledby="promise-title" {
            h2 id="promise-title" { "What is promised" }
            @if contract.commitments.is_empty() { p { "This contract promises nothing." } }
            @for commitment in &contract.commitments {
                h3 { (commitment.id) }
                (promise::promise(contract, commitment))
                (promise::credit(contract, commitment))
            }
            dl.facts {
                div {
                    dt { "Judged on" }
                    dd { @for target in &view.targets { code { (target) } " " } }
                }
                div {
                    dt { "Fees of the window" }
                    dd {
                        @match view.fees { Some(fees) => (fees), None => "not known here" }
                    }
                }
                @if let Some(date) = contract.source.text_date {
                    div { dt { "Text of" } dd { time datetime=(date) { (date) } } }
                }
                @if let Some(url) = &contract.source.text_url {
                    div {
                        dt { "Provider's text" }
                        dd {
                            @match link::outside(url) {
                                Some(url) => a href=(url) rel="noreferrer noopener" { (url) },
                                None => (url),
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A version judges windows that it is in force in; where there is no other, it judges all.
fn in_force(contract: &Contract, assessment: &Assessment) -> Markup {
    let first_day = contract.window.timezone.day_of(assessment.window.start());
    let source = &contract.source;
    html! {
        section.standing id="in-force" {
            @if let Some(from) = source.effective_from.filter(|from| *from > first_day) {
                div.notice.warn {
                    "The window begins before this text came into force on "
                    time datetime=(from) { (from) } ": an earlier one may have held then."
                }
            }
            @if let Some(until) = source.effective_until.filter(|until| *until <= first_day) {
                div.notice.warn {
                    "This text was in force until " time datetime=(until) { (until) }
                    ", before the window begins."
                }
            }
        }
    }
}

fn commitment(
    view: &ContractPage,
    judged: &Judged,
    (index, part): (usize, &CommitmentAssessment),
) -> Markup {
    let id = format!("c-{index}");
    let promised = promise_words::of(&view.contract, part);
    html! {
        section.panel id=(id) aria-labelledby={ (id) "-title" } {
            header.line {
                h2 id={ (id) "-title" } { (part.id) }
                (chip::verdict(part.verdict))
                (finding::tag(part))
            }
            p.verdict { (finding_words::meaning(part.verdict)) (judging(promised.as_ref())) }
            (conclusion::bounds(part))
            (finding::claim(part))
            (finding::readings(&view.contract, part))
            (conclusion::budget(&part.budget))
            @if let Some(credit) = &part.credit {
                p.credit { "Credit: " (conclusion::credit(credit)) "." }
            }
            @if let Some(reason) = &part.no_credit { (finding::no_credit(reason)) }
            h3 { "Timeline" }
            (timeline::legend(part))
            (timeline::days(&format!("{id}-days"), judged.assessment.window, part))
            p.note { "Downtime is drawn at least two pixels wide." }
            h3 { "What counted against it" }
            (conclusion::downtime(part))
            (finding::support(part))
            (promise::decided(&view.contract, &part.rules))
            @if !part.deadlines.is_empty() {
                h3 { "Deadlines" }
                (conclusion::deadlines(&part.deadlines, view.site.now))
            }
        }
    }
}

/// What concerns all commitments of the window.
fn together(assessment: &Assessment) -> Markup {
    let credited = assessment
        .commitments
        .iter()
        .filter(|part| part.credit.is_some());
    let total = assessment.credit.as_ref().filter(|_| credited.count() > 1);
    html! {
        @if total.is_some() || !assessment.exclusions.is_empty() {
            section.panel id="together" {
                @if let Some(total) = total {
                    p.credit { "All breaches together: at least " (conclusion::total(total)) "." }
                }
                (finding::exclusions(&assessment.exclusions))
            }
        }
    }
}

/// The rounding that stands between the exact bounds and the verdict.
fn judging(promised: Option<&Commitment>) -> Markup {
    let rounding = promised.map(promise_words::rounding).unwrap_or_default();
    html! { @if !rounding.is_empty() { " " (rounding) } }
}

fn past(view: &ContractPage) -> Markup {
    let table = html! {
        table {
            thead {
                tr {
                    th scope="col" { "Window" }
                    th scope="col" { "Commitment" }
                    th scope="col" { "Verdict" }
                    th scope="col" { "Observed" }
                    th.num scope="col" { "Unmeasured" }
                    th scope="col" { "Credit" }
                    th scope="col" { "State" }
                }
            }
            tbody {
                @for window in &view.past {
                    @for part in &window.judged.assessment.commitments { (past_row(window, part)) }
                }
            }
        }
    };
    html! {
        section id="past" aria-labelledby="past-title" {
            h2 id="past-title" { "Other windows" }
            @if view.past.is_empty() {
                p.muted { "None yet." }
            } @else {
                (page::scroll("Other windows", &table))
            }
        }
    }
}

fn past_row(window: &PastWindow, part: &CommitmentAssessment) -> Markup {
    let judged = &window.judged;
    html! {
        tr {
            th.tight scope="row" {
                a href=(window.href) { (words::window(judged.assessment.window)) }
            }
            td { (part.id) }
            td { (chip::verdict(part.verdict)) }
            td.tight {
                @match &part.observed {
                    Some(observed) => (words::uptime(observed, &part.target)),
                    None => span.muted { "nothing measured" },
                }
            }
            td.num { (words::minutes(part.minutes.unmeasured)) }
            td.roomy {
                @match &part.credit {
                    Some(credit) => (conclusion::credit(credit)),
                    None => span.muted { "none" },
                }
            }
            td {
                @match judged.stage { Stage::Live => "live", Stage::Final => "final" }
                @if judged.revision > 0 { ", revision " (judged.revision) }
            }
        }
    }
}

fn terms(view: &ContractPage) -> Markup {
    let contract = &view.contract;
    let assumptions = terms_words::assumptions(contract);
    html! {
        section.panel id="terms" aria-labelledby="terms-title" {
            h2 id="terms-title" { "How samples are read" }
            (promise::events(contract))
            h3 { "What one verdict is about" }
            (promise::scope(contract))
            @if !assumptions.is_empty() {
                h3 { "Not in the contract's text" }
                ul { @for assumption in &assumptions { li { (assumption) } } }
            }
            @if let Some(note) = &contract.note { p.note { (note) } }
        }
    }
}
