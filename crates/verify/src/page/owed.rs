//! What is owed, step by step, and until when it can be claimed.

use maud::{Markup, html};
use sla::contract::{Claim, Purpose, Remedy};
use sla::{Claimability, Commitment, CommitmentAssessment, Credit, Deadline, Verdict};

use super::Page;
use super::element::{Column::Text, clipped, due, exact, table};
use crate::words::number::{exact_percent, quantity, uptime};
use crate::words::{credit, finding, promise};

/// Most deadlines and bands told.
const ROWS_MAX: usize = 40;

pub(super) fn section(page: &Page<'_>, judged: &CommitmentAssessment) -> Markup {
    let promise = promise::of(page.contract, judged);
    html! {
        section {
            h2 { @if judged.claim == Claimability::Claimable { "What is owed" }
                @else { "What would be owed" } }
            @match (&judged.credit, &judged.no_credit, page.contract.remedy) {
                (Some(credit), ..) => (steps(page, promise.as_ref(), judged, credit)),
                (None, Some(reason), _) => p { "No credit, because " (credit::no_credit(reason)) "." },
                (None, None, Remedy::Termination) if judged.verdict == Verdict::Breached => {
                    p { "The right to leave the contract early." }
                },
                (None, None, _) => p { "Nothing that is proven." },
            }
            @if judged.credit.is_none() { (schedule(page, promise.as_ref())) }
            @if !judged.deadlines.is_empty() { (deadlines(&judged.deadlines)) }
            @if let Some(claim) = &page.contract.claim { (procedure(claim)) }
        }
    }
}

/// How the credit was computed.
fn steps(
    page: &Page<'_>,
    promise: Option<&Commitment>,
    judged: &CommitmentAssessment,
    credit: &Credit,
) -> Markup {
    html! {
        p { strong { (finding::worth(credit)) } ". So much is proven: it is computed from uptime at \
            best, with everything that is not known taken as up." }
        ol {
            li { "Uptime at best: " (uptime(&judged.high, &judged.target)) " (" (exact(&judged.high))
                "), below the target of " (exact_percent(&judged.target)) "."
                @if let Some(promise) = promise { " " (promise::rounding(promise)) } }
            li { "The contract's schedule" @if promise.is_some() { " (" code { "[commitment.credit]" }
                ")" } ": " (credit::source(&credit.source)) "." (schedule(page, promise)) }
            li { @match page.inputs.fees {
                Some(fees) => { "Fees of the window: " (fees) ". The verification tells whether they \
                    were registered beforehand or are the claimant's word." },
                None => "The fees are not known here, so the credit is a share of them.",
            } }
            @for limit in credit::limited(credit) { li { (limit) } }
            @if credit.cuts.is_empty() && credit.unchecked.is_empty() { li { "No cap or limit was met." } }
            @if let Some(share) = &credit.share { li { "Share after limits: " (exact_percent(share)) "." } }
            @if let Some(minor) = &credit.exact_minor {
                li { "Before rounding: " (quantity(minor)) " of the smallest unit of "
                    (page.contract.currency) " (" (exact(minor)) ")." }
            }
            @if let Some(amount) = credit.amount {
                li { "Rounded as the contract says: " strong { (amount) } "." }
            }
        }
        p.note { "The provider has not confirmed it." }
    }
}

fn schedule(page: &Page<'_>, promise: Option<&Commitment>) -> Markup {
    let schedule = promise.and_then(|promise| promise.credit.as_ref());
    html! {
        @if let Some(schedule) = schedule.map(|schedule| credit::schedule(page.contract, schedule)) {
            p { (schedule.rule) }
            ul {
                @for band in schedule.bands.iter().take(ROWS_MAX) { li { (band) } }
                @for limit in &schedule.limits { li { (limit) } }
            }
        }
    }
}

fn deadlines(deadlines: &[Deadline]) -> Markup {
    let opens = |deadline: &Deadline| {
        deadline
            .opens
            .map_or_else(|| "at once".to_owned(), |opens| due(opens.safe))
    };
    let columns = [
        Text("To send"),
        Text("Taken from"),
        Text("To be safe, by"),
        Text("At the latest"),
        Text("Days of"),
    ];
    let rows = html! {
        @for deadline in deadlines.iter().take(ROWS_MAX) {
            tr { th scope="row" { @match deadline.purpose {
                    Purpose::Notice => "Notice", Purpose::Claim => "Claim" } }
                td { (opens(deadline)) } td { (due(deadline.safe)) } td { (due(deadline.literal)) }
                td { (deadline.zone) } }
        }
    };
    table("Until when", &columns, &rows)
}

fn procedure(claim: &Claim) -> Markup {
    html! {
        p { "To be sent by " (clipped(&claim.channel))
            @if let Some(address) = &claim.address { " (" (clipped(address.as_str())) ")" } "."
            @if let Some(subject) = &claim.subject_must_contain {
                " The subject must contain \"" (clipped(subject)) "\"." }
            @if !claim.evidence.is_empty() { " To enclose: " (clipped(&claim.evidence.join(", "))) "." }
            @if claim.forfeits_if_late { " A late claim is lost." } }
    }
}
