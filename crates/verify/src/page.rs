//! `report/report.html`: the result for people. One file without script or outside reference,
//! light or dark as the reader prefers, and fit for print.
//!
//! A pure function of what the verifier holds too, which compares it. All text is escaped.

mod style;

use domain::Minute;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sla::contract::Remedy;
use sla::{
    Assessment, Claimability, Commitment, CommitmentAssessment, Contract, Credit, Deadline,
    Downtime, Fraction, Span, State, UnmeasuredReason,
};

use crate::layout;
use crate::layout::claim::{Claim, Inputs};
use crate::words::number::{counted, exact_percent, seconds, uptime};
use crate::words::{credit, finding, promise, reading};

/// Most rows of one table; the rest is in the tables of minutes.
const ROWS_MAX: usize = 200;

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
}

/// The page, a whole HTML document.
#[must_use]
pub fn render(page: &Page<'_>) -> String {
    let title = format!("{} · {}", page.claim.violation, page.contract.service);
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(style::CSS)) }
            }
            body {
                main {
                    (heading(page))
                    @for judged in &page.assessment.commitments {
                        (commitment(page.contract, judged))
                    }
                    (measured(page))
                    (checking())
                }
            }
        }
    };
    document.into_string()
}

fn heading(page: &Page<'_>) -> Markup {
    let Page {
        claim, contract, ..
    } = page;
    html! {
        @if claim.simulated || contract.simulated {
            p.simulated { "SIMULATED. Made for a demonstration, under made-up keys and a made-up \
                clock. It is evidence of nothing." }
        }
        header {
            p.kicker { "Service level evidence " (claim.violation) }
            h1 { (contract.service) }
            p { (contract.provider) ", " (instant(claim.window.start())) " to "
                (instant(claim.window.end())) ", as known at " (instant(claim.as_of)) "." }
        }
    }
}

fn commitment(contract: &Contract, judged: &CommitmentAssessment) -> Markup {
    let promise = promise::of(contract, judged);
    html! {
        section {
            h2 { (judged.id) " " span class=(format!("verdict {}", judged.verdict.as_str())) {
                (finding::verdict(judged.verdict)) } }
            (standing(judged))
            (promised(contract, promise.as_ref(), judged))
            (happened(judged))
            (owed(contract, promise.as_ref(), judged))
            (readings(contract, judged))
            (unmeasured(judged))
        }
    }
}

fn standing(judged: &CommitmentAssessment) -> Markup {
    let reservations = finding::reservations(&judged.claim);
    html! {
        @if !reservations.is_empty() {
            p.note { strong { "Indicative only. " } (reservations.join(" ")) }
        }
    }
}

fn promised(
    contract: &Contract,
    promise: Option<&Commitment>,
    judged: &CommitmentAssessment,
) -> Markup {
    html! {
        h3 { "What was promised" }
        @match promise {
            Some(promise) => {
                p { (promise::measure(&promise.metric)) " of "
                    strong { (promise::headline(contract, promise)) } ". "
                    (promise::formula(&promise.metric)) " " (promise::rounding(promise)) }
                @for alternative in promise::alternatives(promise) { p.note { (alternative) } }
            },
            None => p { "At least " strong { (exact_percent(&judged.target)) } "." },
        }
    }
}

fn happened(judged: &CommitmentAssessment) -> Markup {
    let minutes = &judged.minutes;
    let uptime = |value: &Fraction| uptime(value, &judged.target);
    html! {
        h3 { "What happened" }
        p { "By this contract's formula on these requests:" }
        dl {
            dt { "Observed" } dd { @match &judged.observed {
                Some(observed) => (uptime(observed)), None => "nothing was measured" } }
            dt { "At best" } dd { (uptime(&judged.high)) ", if all that was not measured was up" }
            dt { "At worst" } dd { (uptime(&judged.low)) ", if all of it was down" }
            dt { "Minutes" } dd { (minutes.up) " up, " (minutes.degraded) " degraded, "
                (minutes.down) " down, " (minutes.empty) " without a valid request, "
                (minutes.excluded) " excluded, " (minutes.unmeasured) " not measured, "
                (minutes.future) " still to come, of " (minutes.window) }
        }
        (timeline(&judged.timeline))
        @if judged.downtime.is_empty() { p { "Nothing counted against it." } }
        @else {
            table {
                thead { tr { th { "From" } th { "To" } th { "Minutes" } th { "Errors" }
                    th { "Valid requests" } th { "Start and end known to" } } }
                tbody { @for run in judged.downtime.iter().take(ROWS_MAX) {
                    tr { td { (instant(run.start)) } td { (instant(run.end)) }
                        td { (run.end.get() - run.start.get()) } td { (run.errors) }
                        td { (run.valid) } td { (edges(run)) } }
                } }
            }
            (cut(judged.downtime.len()))
        }
        @if let Some(support) = &judged.support { p.note { (finding::support(support)) } }
    }
}

fn edges(run: &Downtime) -> String {
    let known = |known: Option<u64>| known.map_or_else(|| "not known".to_owned(), seconds);
    format!(
        "{}, {}",
        known(run.start_known_to_s),
        known(run.end_known_to_s)
    )
}

/// The window as one bar: exact to a thousandth of its width, and never narrower than visible.
fn timeline(spans: &[Span]) -> Markup {
    const WIDTH: i64 = 1_000;
    let start = spans.first().map_or(0, |span| span.start.get());
    let end = spans.last().map_or(start, |span| span.end.get());
    let length = (end - start).max(1);
    let at = |minute: Minute| (minute.get() - start) * WIDTH / length;
    let notable = spans.iter().filter(|span| span.state != State::Up);
    html! {
        svg.timeline viewBox="0 0 1000 24" preserveAspectRatio="none" role="img"
            aria-label="States over the window" {
            rect.up x="0" y="0" width="1000" height="24" {}
            @for span in notable.take(ROWS_MAX) {
                rect class=(span.state.as_str()) x=(at(span.start)) y="0" height="24"
                    width=((at(span.end) - at(span.start)).max(2)) {}
            }
        }
    }
}

fn owed(
    contract: &Contract,
    promise: Option<&Commitment>,
    judged: &CommitmentAssessment,
) -> Markup {
    html! {
        h3 { @if judged.claim == Claimability::Claimable { "What is owed" }
            @else { "What would be owed" } }
        @match (&judged.credit, &judged.no_credit, contract.remedy) {
            (Some(credit), ..) => (credited(credit)),
            (None, Some(reason), _) => p { "No credit, because " (credit::no_credit(reason)) "." },
            (None, None, Remedy::Termination) if judged.verdict == sla::Verdict::Breached => {
                p { "The right to leave the contract early." }
            },
            (None, None, _) => p { "Nothing that is proven." },
        }
        @if let Some(schedule) = promise.and_then(|promise| promise.credit.as_ref()) {
            (schedule_lines(&credit::schedule(contract, schedule)))
        }
        @if !judged.deadlines.is_empty() { (deadlines(&judged.deadlines)) }
    }
}

fn credited(credit: &Credit) -> Markup {
    html! {
        p { "At least " strong { (finding::worth(credit)) } ", even if all that was not measured \
            was up (" (credit::source(&credit.source)) ")." }
        @for limit in credit::limited(credit) { p.note { (limit) } }
    }
}

fn schedule_lines(schedule: &credit::Schedule) -> Markup {
    html! {
        p { (schedule.rule) }
        ul {
            @for band in &schedule.bands { li { (band) } }
            @for limit in &schedule.limits { li { (limit) } }
        }
    }
}

/// Nothing where the contract can be read in one way only.
fn readings(contract: &Contract, judged: &CommitmentAssessment) -> Markup {
    html! {
        @if let Some(spread) = &judged.spread {
            h3 { "How the contract can be read" }
            p { (reading::spread(spread, &judged.target)) }
            @if judged.reading_dependent {
                p { strong { "What follows depends on the reading. " } "Where it differs:" }
                ul { @for other in &spread.conclusions {
                    li { (reading::conclusion(other)) ", where "
                        (reading::departures(contract, other)) "." }
                } }
            } @else {
                p { "Verdict and credit are the same in all of them." }
            }
        }
    }
}

fn deadlines(deadlines: &[Deadline]) -> Markup {
    let opens = |deadline: &Deadline| {
        deadline
            .opens
            .map_or_else(|| "at once".to_owned(), |opens| opens.safe.to_string())
    };
    html! {
        table {
            thead { tr { th { "To send" } th { "Taken from" } th { "To be safe, by" }
                th { "At the latest" } th { "Days of" } } }
            tbody { @for deadline in deadlines {
                tr { td { (purpose_word(deadline)) } td { (opens(deadline)) }
                    td { (deadline.safe) } td { (deadline.literal) } td { (deadline.zone) } }
            } }
        }
    }
}

fn purpose_word(deadline: &Deadline) -> &'static str {
    match deadline.purpose {
        sla::contract::Purpose::Notice => "Notice",
        sla::contract::Purpose::Claim => "Claim",
    }
}

fn unmeasured(judged: &CommitmentAssessment) -> Markup {
    let spans: Vec<(&Span, &[UnmeasuredReason])> = judged
        .timeline
        .iter()
        .filter_map(|span| match &span.state {
            State::Unmeasured { reasons } => Some((span, reasons.as_slice())),
            _ => None,
        })
        .collect();
    html! {
        h3 { "What could not be measured" }
        @if spans.is_empty() { p { "Every minute was measured." } }
        @else {
            table {
                thead { tr { th { "From" } th { "To" } th { "Why" } } }
                tbody { @for (span, reasons) in spans.iter().take(ROWS_MAX) {
                    tr { td { (instant(span.start)) } td { (instant(span.end)) }
                        td { (reasons.iter().copied().map(finding::unmeasured).collect::<Vec<_>>().join(", ")) } }
                } }
            }
            (cut(spans.len()))
        }
    }
}

fn cut(rows: usize) -> Markup {
    html! {
        @if rows > ROWS_MAX {
            p.note { "and " (rows - ROWS_MAX) " more, which the tables of minutes list." }
        }
    }
}

fn measured(page: &Page<'_>) -> Markup {
    html! {
        section {
            h2 { "How it was measured" }
            p { "Own requests to " (join(page.inputs.targets.iter())) ", from:" }
            ul { @for place in &page.inputs.places {
                li { (place.agent) ", " (place.region) ", network " (place.network) }
            } }
            (excluded(page.assessment))
            @if let Some(url) = &page.contract.source.text_url {
                p { "Text of the contract: " (url)
                    @if let Some(date) = page.contract.source.text_date { ", dated " (date) } }
            }
        }
    }
}

/// What was looked at for exclusion, and what became of it.
fn excluded(assessment: &Assessment) -> Markup {
    let spans = &assessment.exclusions;
    html! {
        @if spans.is_empty() { p { "No time was considered for exclusion." } }
        @else {
            p { (counted(spans.len() as u64, "span")) " considered for exclusion:" }
            ul { @for span in spans.iter().take(ROWS_MAX) {
                li { (instant(span.window.start())) " to " (instant(span.window.end())) ", "
                    (span.kind) " (" (span.reason) "): " (finding::outcome(span.outcome)) }
            } }
            (cut(spans.len()))
        }
    }
}

fn checking() -> Markup {
    html! {
        section {
            h2 { "How to check this" }
            p { "This page is for reading; the evidence is the bundle it came in. "
                code { "nines-verify FILE --policy POLICY" }
                " verifies it offline and recomputes this result from the raw lines. The policy \
                 says whose log and which witnesses you believe: get it from the parties, not \
                 from the bundle. " code { (layout::SPEC) } " describes every byte." }
        }
    }
}

fn join<T: ToString>(items: impl Iterator<Item = T>) -> String {
    items
        .map(|item| item.to_string())
        .collect::<Vec<_>>()
        .join(", ")
}

fn instant(minute: Minute) -> String {
    minute.start().to_string().replace(":00Z", "Z")
}

#[cfg(test)]
mod tests;
