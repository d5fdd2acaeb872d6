//! The front page.

use maud::{Markup, html};
use sla::CommitmentAssessment;
use verify::words::promise as promise_words;

use super::view::{ContractCard, Judged, Overview, Site, Stage, ViolationRow};
use super::{chip, claim, conclusion, finding, fleet, link, now, page, timeline, words};

pub(super) fn main(view: &Overview) -> Markup {
    html! {
        main id="main" tabindex="-1" {
            section.head id="head" {
                h1 { "Overview" }
                (page::as_of(&view.site))
            }
            @if let Some(trouble) = &view.log.trouble { (fleet::trouble(trouble)) }
            section id="contracts" aria-labelledby="contracts-title" {
                h2 id="contracts-title" { "Contracts" }
                @if view.contracts.is_empty() { (no_contract()) }
                div.cards { @for card in &view.contracts { (self::card(card)) } }
            }
            (now::listed(view))
            (violations(&view.violations, &view.site))
            (claim::section(&view.claims, &view.site))
            (claim::notices(&view.notices, &view.site))
            (fleet::matrix(view))
            (fleet::agents(view))
            (fleet::log(&view.log, view.site.now))
        }
    }
}

fn no_contract() -> Markup {
    html! {
        div.panel.empty {
            p {
                strong { "No contract yet. " }
                "A contract says what a provider promised; without one, samples are kept but \
                 nothing is judged. Look at those that are supplied, check your own, then name it \
                 in the configuration:"
            }
            (page::command("nines contract list"))
            (page::command("nines contract check my-contract.toml"))
            p { "To see all of it at work first, with made-up providers:" }
            (page::command("nines demo"))
        }
    }
}

fn card(card: &ContractCard) -> Markup {
    let contract = &card.contract;
    let id = contract.id();
    html! {
        article.panel.card {
            header {
                h3 { a href=(link::contract(id)) { (id) } }
                p.muted {
                    (contract.provider) " · " (contract.service)
                    @if contract.simulated { " · made-up contract" }
                }
            }
            @match &card.judged {
                Some(judged) => {
                    p.window { (window(judged)) }
                    @for (index, part) in judged.assessment.commitments.iter().enumerate() {
                        (commitment(&format!("{id}-{index}"), judged, part))
                    }
                }
                None => {
                    p.muted { "Not assessed yet; this takes until the first samples are in." }
                    ul.bands {
                        @for commitment in &contract.commitments {
                            li { (commitment.id) ": " (promise_words::headline(contract, commitment)) }
                        }
                    }
                }
            }
        }
    }
}

/// Which window, and whether its assessment may still change.
pub(super) fn window(judged: &Judged) -> Markup {
    html! {
        (words::window(judged.assessment.window)) " · "
        @match judged.stage {
            Stage::Live => { "live, judged up to " (words::minute(judged.assessment.as_of)) }
            Stage::Final => { "final" }
        }
        @if judged.revision > 0 { ", revision " (judged.revision) }
    }
}

fn commitment(id: &str, judged: &Judged, part: &CommitmentAssessment) -> Markup {
    html! {
        div.commitment {
            div.line {
                (chip::verdict(part.verdict))
                span.name { (part.id) }
                (finding::tag(part))
                span.target { "promised " (words::exact_percent(&part.target)) }
            }
            p.observed {
                @match &part.observed {
                    Some(observed) => {
                        "Observed " (conclusion::uptime(observed, &part.target))
                    }
                    None => "Nothing measured",
                }
            }
            (conclusion::budget(&part.budget))
            @if let Some(credit) = &part.credit {
                p.credit { "Credit: " (conclusion::credit(credit)) }
            }
            (timeline::strip(id, judged.assessment.window, part))
        }
    }
}

/// Violations in a list; nothing but a sentence where there are none.
pub(super) fn violations(rows: &[ViolationRow], site: &Site) -> Markup {
    let table = html! {
        table {
            thead {
                tr {
                    th scope="col" { "Violation" }
                    th scope="col" { "Window" }
                    th scope="col" { "Uptime at most" }
                    th scope="col" { "Credit" }
                    th scope="col" { "Next deadline (safe)" }
                    th scope="col" { "Found" }
                }
            }
            tbody { @for row in rows { (violation(row, site)) } }
        }
    };
    html! {
        section id="violations" aria-labelledby="violations-title" {
            h2 id="violations-title" { "Violations" }
            @if rows.is_empty() {
                p.muted { "No breached commitment on file." }
            } @else {
                (page::scroll("Violations", &table))
            }
        }
    }
}

fn violation(row: &ViolationRow, site: &Site) -> Markup {
    let part = row.conclusion.as_ref();
    let is_ahead = |at: &domain::Minute| at.start() > site.now;
    let next = part.into_iter().flat_map(|part| &part.deadlines);
    let next = next
        .filter(|d| is_ahead(&d.safe_before()))
        .min_by_key(|d| d.safe_before());
    html! {
        tr .withdrawn[row.withdrawn_at.is_some()] {
            th scope="row" {
                a href=(link::violation(&row.name)) { (row.contract) " · " (row.commitment) }
                @if row.withdrawn_at.is_some() { " " span.tag { "withdrawn" } }
                @if let Some(part) = part { (finding::tag(part)) }
            }
            td.tight { (words::window(row.window)) }
            td.tight {
                @if let Some(part) = part {
                    (words::uptime(&part.high, &part.target))
                    span.sub { "promised " (words::exact_percent(&part.target)) }
                }
            }
            td.roomy {
                @match part.and_then(|part| part.credit.as_ref()) {
                    Some(credit) => (conclusion::credit(credit)),
                    None => span.muted { "none" },
                }
            }
            td {
                @match next {
                    Some(next) => {
                        (words::purpose(next.purpose)) ": " (words::due(next.safe, next.zone, site.now))
                    }
                    None => span.muted { "none ahead" },
                }
            }
            td { (words::time(row.detected_at)) }
        }
    }
}
