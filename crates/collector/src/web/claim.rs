//! Claims on pages: what they ask, until when, and their letters.

pub(super) mod page;

use maud::{Markup, html};

use super::{link, page as frame, words};
use crate::claim::{Claim, ClaimState, Notice, NoticeState};
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
                (frame::scroll("Claims", &table))
            }
        }
    }
}

fn row(claim: &Claim, site: &Site) -> Markup {
    html! {
        tr {
            th scope="row" { a href=(link::claim(&claim.name)) { (claim.name) } }
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
                (standing(claim.is_overdue(now), claim.is_due_soon(now)))
            }
            None => span.muted { "no deadline" },
        }
    }
}

/// A mark where a deadline has passed or is near.
fn standing(is_overdue: bool, is_due_soon: bool) -> Markup {
    html! {
        @if is_overdue { " " span.tag { "overdue" } }
        @else if is_due_soon { " " span.tag { "due soon" } }
    }
}

/// Notices of incidents in a list; nothing where there are none.
pub(super) fn notices(notices: &[Notice], site: &Site) -> Markup {
    let table = html! {
        table {
            thead {
                tr {
                    th scope="col" { "Notice" }
                    th scope="col" { "State" }
                    th scope="col" { "Begin" }
                    th scope="col" { "End" }
                    th scope="col" { "Due before (safe)" }
                    th scope="col" { "Ticket" }
                }
            }
            tbody { @for notice in notices { (notice_row(notice, site)) } }
        }
    };
    html! {
        @if !notices.is_empty() {
            section id="notices" aria-labelledby="notices-title" {
                h2 id="notices-title" { "Notices of incidents" }
                (frame::scroll("Notices of incidents", &table))
                @if notices.iter().any(|notice| notice.state == NoticeState::Prepared) {
                    p.muted { "When one is sent:" }
                    (frame::command("nines claim sent NOTICE --reference CASE"))
                }
            }
        }
    }
}

fn notice_row(notice: &Notice, site: &Site) -> Markup {
    let now = site.now.to_micros().to_utc();
    html! {
        tr {
            th scope="row" { (notice.name) }
            td {
                (notice.state)
                @if let Some(reference) = &notice.reference { " as " (reference) }
            }
            td { (words::time(notice.start_at.into())) }
            td {
                @if notice.going_on { "going on" } @else { (words::time(notice.end_at.into())) }
            }
            td {
                @match notice.due_safe_at {
                    Some(due) => (words::time(due.into())),
                    None => span.muted { "no deadline" },
                }
                (standing(notice.is_overdue(now), notice.is_due_soon(now)))
            }
            td {
                a href=(link::notice(&notice.name)) { "text" } ", "
                a href=(link::notice_requests(&notice.name)) { "log" }
            }
        }
    }
}

/// The claim that a violation stands in.
pub(super) fn note(claim: &Claim, site: &Site) -> Markup {
    html! {
        section.panel id="claim" aria-labelledby="claim-title" {
            h2 id="claim-title" { "Claim" }
            p {
                a href=(link::claim(&claim.name)) { strong { (claim.name) } } ": " (claim.state) ". Asked: " (asked(claim))
                ". Due before " (due(claim, site)) ". "
                a href=(link::letter(&claim.name)) { "Letter" }
            }
            @if claim.state == ClaimState::Drafted {
                (frame::command(&format!("nines claim file {} --reference CASE", claim.name)))
            }
        }
    }
}
