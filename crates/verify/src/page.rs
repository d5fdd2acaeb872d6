//! `report/report.html`: the result for people. One file without script or outside reference,
//! light or dark as the reader prefers, and fit for print.
//!
//! A pure function of the bundle's other members, which maker and verifier run alike and the
//! verifier compares. What is judged comes from the assessment; [`Tally`] adds counts of lines.
//! All text is escaped, and nothing on the page grows without limit.

mod answer;
mod checking;
mod element;
mod happened;
mod meaning;
mod missing;
mod outage;
mod owed;
mod places;
mod promised;
mod style;
mod tally;
mod timeline;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use sla::{Assessment, Contract};

use crate::layout::claim::{Claim, Inputs};
use element::{clipped, span};

pub use tally::{Members, Tally};

/// What the page shows.
#[derive(Debug)]
pub struct Page<'a> {
    /// What is claimed.
    pub claim: &'a Claim,
    /// What the result was computed from.
    pub inputs: &'a Inputs,
    /// The contract.
    pub contract: &'a Contract,
    /// The result.
    pub assessment: &'a Assessment,
    /// What the disclosed lines say.
    pub tally: &'a Tally,
}

impl Page<'_> {
    fn is_simulated(&self) -> bool {
        self.claim.simulated || self.contract.simulated
    }
}

/// The page, a whole HTML document.
#[must_use]
pub fn render(page: &Page<'_>) -> String {
    let title = format!("{} - {}", page.claim.violation, page.contract.service);
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                title { (clipped(&title)) }
                style { (PreEscaped(style::CSS)) }
            }
            body {
                @if page.is_simulated() { (simulated()) }
                main {
                    (heading(page))
                    (answer::section(page))
                    (commitments(page))
                    (places::section(page))
                    (missing::excluded(page))
                    (checking::section(page))
                    (checking::limits())
                    (checking::files(page))
                }
            }
        }
    };
    document.into_string()
}

fn simulated() -> Markup {
    html! {
        aside.simulated {
            strong { "SIMULATED. " }
            "Made for a demonstration, under made-up keys or a made-up contract. It is evidence \
             of nothing."
        }
    }
}

fn heading(page: &Page<'_>) -> Markup {
    let Page {
        claim, contract, ..
    } = page;
    html! {
        header {
            p.kicker { "Service level evidence " (clipped(&claim.violation)) }
            h1 { (clipped(&contract.service)) }
            p { "Provider " strong { (contract.provider) } ", contract " (contract.id())
                ". Window: " (span(claim.window.start(), claim.window.end()))
                ". Measured by " (clipped(&claim.origin)) "." }
        }
    }
}

/// A section for every commitment: what was promised, what happened, what it means, what is owed.
fn commitments(page: &Page<'_>) -> Markup {
    let shown = outage::shown(page.assessment);
    let several = shown.len() > 1;
    html! {
        @for (nth, judged) in shown.into_iter().enumerate() {
            @if several {
                h2.commitment id={ "commitment-" (nth) } { "Commitment " (judged.id) " "
                    (element::chip(judged.verdict)) }
            }
            (promised::section(page, judged))
            (happened::section(page, (nth, judged)))
            (meaning::section(page, judged))
            (owed::section(page, judged))
            (missing::section(page, judged))
        }
    }
}

#[cfg(test)]
mod tests;
