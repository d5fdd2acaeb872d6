//! Claims on pages: what they ask, until when, and their letters.

use maud::{Markup, html};

use super::{link, page, words};
use crate::claim::{Claim, ClaimState};
use crate::web::view::Site;

/// Claims in a list; nothing but a sentence where there are none.
pub(super) fn section(claims: &[Claim], site: &Site) -> Markup {
    let table = html! {
        table {
            thead {
                tr {
                    th scope="col" { "Claim" }
                    th scope="col" { "State" }
                    th scope="col" { "Asked" }
                    th scope="col" { "Paid" }
                    th scope="col" { "Due before (safe)" }
                    th scope="col" { "Letter" }
                }
            }
            tbody { @for claim in claims { (row(claim, site)) } }
        }
    };
    html! {
        section id="claims" aria-labelledby="claims-title" {
            h2 id="claims-title" { "Claims" }
            @if claims.is_empty() {
                p.muted { "None: one is drafted when a violation that can be claimed is final." }
            } @else {
                (page::scroll("Claims", &table))
            }
        }
    }
}

fn row(claim: &Claim, site: &Site) -> Markup {
    html! {
        tr {
            th scope="row" { (claim.name) }
            td { (claim.state) @if claim.revision > 0 { ", revision " (claim.revision) } }
            td { (asked(claim)) }
            td { (claim.paid) }
            td { (due(claim, site)) }
            td { a href=(link::letter(&claim.name)) { "letter" } }
        }
    }
}

fn asked(claim: &Claim) -> Markup {
    html! {
        @match claim.asked {
            Some(_) if claim.is_void() => "nothing any more",
            Some(asked) => (asked),
            None => span.muted { "fees not known" },
        }
    }
}

fn due(claim: &Claim, site: &Site) -> Markup {
    let now = site.now.to_micros().to_utc();
    html! {
        @match claim.due_safe_at {
            Some(due) => {
                (words::time(due.into()))
                @if claim.is_overdue(now) { " " span.tag { "overdue" } }
            }
            None => span.muted { "no deadline" },
        }
    }
}

/// The claim that a violation stands in.
pub(super) fn note(claim: &Claim, site: &Site) -> Markup {
    html! {
        section.panel id="claim" aria-labelledby="claim-title" {
            h2 id="claim-title" { "Claim" }
            p {
                strong { (claim.name) } ": " (claim.state) ". Asked: " (asked(claim))
                ". Due before " (due(claim, site)) ". "
                a href=(link::letter(&claim.name)) { "Letter" }
            }
            @if claim.state == ClaimState::Drafted {
                (page::command(&format!("nines claim file {} --reference CASE", claim.name)))
            }
        }
    }
}
