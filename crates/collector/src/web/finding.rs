//! What a result says beside verdict and bounds: whether it can be claimed on, how the contract
//! can be read, whether the samples are enough, what was considered for exclusion.

use maud::{Markup, html};
use sla::{
    Claimability, CommitmentAssessment, ConsideredSpan, Contract, NoCredit, Reading, Spread,
};
use verify::words::{credit, finding, reading};

use super::{page, words};

/// Most spans in the table of exclusions; the JSON has all.
const SPANS_MAX: usize = 100;
/// Most readings that are told; the JSON has all.
const READINGS_MAX: usize = 12;

/// A label for results that prove nothing against the contract.
pub(super) fn tag(part: &CommitmentAssessment) -> Markup {
    html! {
        @if part.claim != Claimability::Claimable { " " span.tag { "indicative" } }
        @if part.reading_dependent { " " span.tag { "depends on the reading" } }
    }
}

/// Whether the result can stand behind a claim, and why not.
pub(super) fn claim(part: &CommitmentAssessment) -> Markup {
    let reasons = finding::reservations(&part.claim);
    html! {
        @if reasons.is_empty() {
            p.note {
                "Claimable: all that was measured belongs to one part of what the contract judges \
                 by itself."
            }
        } @else {
            div.notice.warn {
                strong { "Indicative only." }
                " It informs, and proves nothing against this contract. "
                (reasons.join(" "))
            }
        }
    }
}

/// How the contract can be read, and what that changes; nothing where it can be read in one way.
pub(super) fn readings(contract: &Contract, part: &CommitmentAssessment) -> Markup {
    html! {
        @if let Some(spread) = &part.spread {
            div.notice .warn[part.reading_dependent] {
                @if part.reading_dependent {
                    strong { "The conclusion depends on how the contract is read." }
                    " Elsewhere on this page every clause is read as it is written, and samples \
                     that were logged too late count. "
                    @if let Some(least) = &part.least_favourable {
                        "The reading that gives the claimant least: "
                        (self::reading(contract, part, least))
                    }
                } @else {
                    "Verdict and credit are the same however the contract is read."
                }
                (others(contract, part, spread))
            }
        }
    }
}

/// What a reading comes to, and on which clauses.
fn reading(contract: &Contract, part: &CommitmentAssessment, other: &Reading) -> Markup {
    html! {
        strong { (reading::conclusion(other)) } ", uptime "
        (words::uptime(&other.low, &part.target)) " to " (words::uptime(&other.high, &part.target))
        "; " (reading::departures(contract, other)) "."
    }
}

fn others(contract: &Contract, part: &CommitmentAssessment, spread: &Spread) -> Markup {
    let told = &spread.conclusions;
    let left = told.len().saturating_sub(READINGS_MAX);
    let least = part
        .least_favourable
        .as_ref()
        .filter(|_| !part.reading_dependent);
    html! {
        details {
            summary { (words::counted(spread.readings.into(), "reading")) }
            p { (reading::spread(spread, &part.target)) }
            @if let Some(least) = least {
                p { "That which gives the claimant least: " (self::reading(contract, part, least)) }
            }
            @if !told.is_empty() {
                p { "Where they come to something else, with the fewest departures from the letter:" }
                ul {
                    @for other in told.iter().take(READINGS_MAX) {
                        li { (self::reading(contract, part, other)) }
                    }
                    @if left > 0 { li { (left) " more in the JSON." } }
                }
            }
        }
    }
}

/// Whether the samples are enough for what a threshold says; nothing where there is none.
pub(super) fn support(part: &CommitmentAssessment) -> Markup {
    html! {
        @if let Some(support) = &part.support {
            details {
                summary { "Are the samples enough?" }
                p { (finding::support(support)) }
            }
        }
    }
}

/// Why a breach is worth nothing.
pub(super) fn no_credit(reason: &NoCredit) -> Markup {
    html! { p { "No credit, because " (credit::no_credit(reason)) "." } }
}

/// Every span that was looked at for exclusion, and what became of it.
pub(super) fn exclusions(spans: &[ConsideredSpan]) -> Markup {
    let left = spans.len().saturating_sub(SPANS_MAX);
    let table = html! {
        table {
            thead {
                tr {
                    th scope="col" { "Start (UTC)" }
                    th scope="col" { "End (UTC)" }
                    th scope="col" { "Kind" }
                    th scope="col" { "Why" }
                    th scope="col" { "What became of it" }
                }
            }
            tbody {
                @for span in spans.iter().take(SPANS_MAX) {
                    tr {
                        td { (words::minute_bare(span.window.start())) }
                        td { (words::minute_bare(span.window.end())) }
                        td { (span.kind) }
                        td.roomy { (span.reason) }
                        td.roomy { (finding::outcome(span.outcome)) }
                    }
                }
            }
        }
    };
    let count = u64::try_from(spans.len()).unwrap_or(u64::MAX);
    html! {
        @if !spans.is_empty() {
            details {
                summary { (words::counted(count, "exclusion")) " considered" }
                (page::scroll("Exclusions considered", &table))
                @if left > 0 { p.muted { (left) " more in the JSON." } }
            }
        }
    }
}
