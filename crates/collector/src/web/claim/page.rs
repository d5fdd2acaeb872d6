//! The page of one claim: what it asks, its letters and log, and what became of it.

use maud::{Markup, html};

use super::{asked, due};
use crate::claim::{Claim, ClaimState};
use crate::web::view::ClaimPage;
use crate::web::{link, page, words};

pub(in crate::web) fn main(view: &ClaimPage) -> Markup {
    html! {
        main.claim id="main" tabindex="-1" {
            (head(view))
            (standing(&view.claim))
            (summary(view))
            (letters(view))
            (history(view))
        }
    }
}

fn head(view: &ClaimPage) -> Markup {
    let claim = &view.claim;
    html! {
        section.head id="head" {
            div {
                p.muted { (claim.contract) " · " (claim.period) }
                h1 { "Claim " (claim.name) " " span.tag { (claim.state) } }
                p.window {
                    (words::time(claim.window_start_at.into())) " to "
                    (words::time(claim.window_end_at.into()))
                }
            }
            div.side {
                (page::as_of(&view.site))
                p.links { a href=(format!("/api/v1{}", link::claim(&claim.name))) { "This page as JSON" } }
            }
        }
    }
}

fn standing(claim: &Claim) -> Markup {
    html! {
        section.standing id="standing" {
            @if claim.is_void() {
                div.notice.warn {
                    strong { "Nothing is left to ask." }
                    " A correction took back what it stood on; do not send it."
                }
            } @else if claim.early {
                div.notice {
                    strong { "Drafted early." }
                    " It falls due before the assessment is final: what it asks is certain by now. A \
                     revision follows when more comes to it."
                }
            }
            @if let Some(old) = claim.replaces {
                div.notice {
                    p { "Revision " (claim.revision) " replaces revision " (old) ". What changed:" }
                    ul { @for change in &claim.changes { li { (change) } } }
                }
            }
        }
    }
}

fn summary(view: &ClaimPage) -> Markup {
    let claim = &view.claim;
    html! {
        section.panel id="summary" aria-labelledby="summary-title" {
            h2 id="summary-title" { "In short" }
            dl.facts {
                div { dt { "Asked" } dd { (asked(claim)) } }
                div { dt { "Paid" } dd { (claim.paid) } }
                div { dt { "Due before (safe)" } dd { (due(claim, &view.site)) } }
                div {
                    dt { "The provider's number" }
                    dd { (claim.reference.as_deref().unwrap_or("none yet")) }
                }
                @if let Some(reason) = &claim.reason { div { dt { "Denied" } dd { (reason) } } }
            }
            h3 { "Stands on" }
            @if claim.violations.is_empty() { p { "nothing any more" } }
            ul {
                @for name in &claim.violations {
                    li { a href=(link::violation(name)) { (name) } }
                }
            }
        }
    }
}

fn letters(view: &ClaimPage) -> Markup {
    let claim = &view.claim;
    html! {
        section.panel id="letters" aria-labelledby="letters-title" {
            h2 id="letters-title" { "Send it" }
            p { "Letters, to be sent by people:" }
            ul {
                @for form in &view.forms {
                    li { a href=(format!("{}?form={form}", link::letter(&claim.name))) { (form) } }
                }
            }
            p {
                "Enclose the "
                a href=(link::requests(&claim.name)) { "log of failed requests" }
                " and the evidence bundle of each violation. The log holds times, regions, models, \
                 statuses, outcomes and the provider's request ids, and nothing of requests or answers."
            }
            @if claim.state == ClaimState::Drafted && !claim.is_void() {
                (page::command(&format!(
                    "nines claim letter {} --form FORM --attachments DIR", claim.name
                )))
                p { "When it is sent:" }
                (page::command(&format!("nines claim file {} --reference CASE", claim.name)))
            }
        }
    }
}

fn history(view: &ClaimPage) -> Markup {
    let table = html! {
        table {
            thead {
                tr {
                    th scope="col" { "When" }
                    th scope="col" { "What" }
                    th scope="col" { "By" }
                    th scope="col" { "Detail" }
                }
            }
            tbody {
                @for event in &view.history {
                    tr {
                        td { (words::time(event.at.into())) }
                        th scope="row" { (event.what) }
                        td { (event.actor) }
                        td { (event.detail) }
                    }
                }
            }
        }
    };
    html! {
        section id="history" aria-labelledby="history-title" {
            h2 id="history-title" { "What happened" }
            (page::scroll("History", &table))
        }
    }
}
