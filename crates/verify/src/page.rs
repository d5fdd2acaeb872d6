//! `report/report.html`: the result for people. One file without script or outside reference,
//! light or dark as the reader prefers, and fit for print.
//!
//! A pure function of what the verifier holds too, which compares it. All text is escaped.

mod style;

use domain::{AgentId, Minute};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sla::contract::{BadMinute, Metric};
use sla::{
    Assessment, Commitment, CommitmentAssessment, Contract, Deadline, Fraction, Span, State,
    UnmeasuredReason, Verdict,
};

use crate::layout;
use crate::layout::claim::{Claim, Inputs};

/// Most rows of one table; the rest is in the tables of minutes.
const ROWS_MAX: usize = 200;

/// Decimals of a percentage.
const DIGITS: u8 = 4;

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
    /// Where the agents of the inputs stand, by name of agent.
    pub places: Vec<Place>,
}

/// Where an agent stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The agent.
    pub agent: AgentId,
    /// Its region.
    pub region: String,
    /// Whose network it uses.
    pub network: String,
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
                    @for (promise, judged) in pairs(page) { (commitment(promise, judged)) }
                    (measured(page))
                    (checking())
                }
            }
        }
    };
    document.into_string()
}

fn pairs<'a>(
    page: &Page<'a>,
) -> impl Iterator<Item = (Option<&'a Commitment>, &'a CommitmentAssessment)> {
    let promises = &page.contract.commitments;
    page.assessment.commitments.iter().map(|judged| {
        let promise = promises.iter().find(|promise| promise.id == judged.id);
        (promise, judged)
    })
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

fn commitment(promise: Option<&Commitment>, judged: &CommitmentAssessment) -> Markup {
    html! {
        section {
            h2 { (judged.id) " " span class=(format!("verdict {}", judged.verdict.as_str())) {
                (verdict_words(judged.verdict)) } }
            (promised(promise, judged))
            (happened(judged))
            (owed(judged))
            (unmeasured(judged))
        }
    }
}

fn promised(promise: Option<&Commitment>, judged: &CommitmentAssessment) -> Markup {
    html! {
        h3 { "What was promised" }
        p { "At least " strong { (percent(&judged.target)) } ". "
            @if let Some(promise) = promise { (formula_words(&promise.metric)) } }
    }
}

fn formula_words(metric: &Metric) -> String {
    match metric {
        Metric::DowntimeMinutes(downtime) => {
            let bad = match &downtime.rule {
                BadMinute::AllFail => "every valid request in it fails".to_owned(),
                BadMinute::RateGt { threshold } => {
                    format!(
                        "more than {} of its valid requests fail",
                        percent(threshold)
                    )
                }
            };
            let run = downtime.min_run_minutes;
            format!(
                "Uptime is the share of minutes outside of downtime. A minute is bad when {bad}; \
                 {run} or more bad minutes in a row are downtime."
            )
        }
        Metric::IntervalMean(mean) => format!(
            "Uptime is the mean, over intervals of {} minutes, of the share of valid requests \
             that succeed.",
            mean.interval_minutes
        ),
    }
}

fn happened(judged: &CommitmentAssessment) -> Markup {
    let minutes = &judged.minutes;
    html! {
        h3 { "What happened" }
        dl {
            dt { "Observed" } dd { @match &judged.observed {
                Some(observed) => (percent(observed)), None => "nothing was measured" } }
            dt { "At best" } dd { (percent(&judged.high)) ", if all that was not measured was up" }
            dt { "At worst" } dd { (percent(&judged.low)) ", if all of it was down" }
            dt { "Minutes" } dd { (minutes.up) " up, " (minutes.degraded) " degraded, "
                (minutes.down) " down, " (minutes.empty) " without a valid request, "
                (minutes.excluded) " excluded, " (minutes.unmeasured) " not measured, "
                (minutes.future) " still to come, of " (minutes.window) }
        }
        (timeline(&judged.timeline))
        @if judged.downtime.is_empty() { p { "Nothing counted against uptime." } }
        @else {
            table {
                thead { tr { th { "From" } th { "To" } th { "Minutes" } th { "Errors" }
                    th { "Valid requests" } } }
                tbody { @for run in judged.downtime.iter().take(ROWS_MAX) {
                    tr { td { (instant(run.start)) } td { (instant(run.end)) }
                        td { (run.end.get() - run.start.get()) } td { (run.errors) }
                        td { (run.valid) } }
                } }
            }
            (cut(judged.downtime.len()))
        }
    }
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

fn owed(judged: &CommitmentAssessment) -> Markup {
    html! {
        h3 { "What is owed" }
        @match &judged.credit {
            Some(credit) => p { strong { (percent(&credit.percent)) } " of the fees"
                @if let Some(amount) = credit.amount { ", " strong { (amount) } } ". Uptime was below "
                (percent(&credit.band.lt)) @if let Some(ge) = &credit.band.ge {
                    " and at least " (percent(ge)) } ", even if all that was not measured was up." },
            None => p { "Nothing that is proven." },
        }
        @if let Some(reading) = judged.least_favourable.as_ref().filter(|_| judged.reading_dependent) {
            p.note { "This hangs on samples that reached the log late. Without them: "
                (verdict_words(reading.verdict))
                @if let Some(credit) = &reading.credit { ", " (percent(&credit.percent)) } "." }
        }
        @if !judged.deadlines.is_empty() { (deadlines(&judged.deadlines)) }
    }
}

fn deadlines(deadlines: &[Deadline]) -> Markup {
    html! {
        table {
            thead { tr { th { "To send" } th { "To be safe, by" } th { "At the latest" } } }
            tbody { @for deadline in deadlines {
                tr { td { (purpose_word(deadline)) } td { (deadline.safe) } td { (deadline.literal) } }
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
                        td { (reasons.iter().copied().map(reason_words).collect::<Vec<_>>().join(", ")) } }
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
            ul { @for place in &page.places {
                li { (place.agent) ", " (place.region) ", network " (place.network) }
            } }
            @if page.inputs.exclusions.is_empty() { p { "No time was excluded." } }
            @else {
                p { "Excluded by the contract's words:" }
                ul { @for span in page.inputs.exclusions.iter().take(ROWS_MAX) {
                    li { (instant(span.window.start())) " to " (instant(span.window.end())) ", "
                        (span.kind) ": " (span.reason) }
                } }
            }
            @if let Some(url) = &page.contract.source.text_url {
                p { "Text of the contract: " (url)
                    @if let Some(date) = page.contract.source.text_date { ", dated " (date) } }
            }
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

fn percent(ratio: &Fraction) -> String {
    let text = ratio.percent_string(DIGITS);
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text} %")
}

fn instant(minute: Minute) -> String {
    minute.start().to_string().replace(":00Z", "Z")
}

const fn verdict_words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "met",
        Verdict::Breached => "breached",
        Verdict::Indeterminate => "cannot be decided: what was not measured decides",
        Verdict::NoData => "no data",
        Verdict::Open => "open: the window still runs",
    }
}

const fn reason_words(reason: UnmeasuredReason) -> &'static str {
    match reason {
        UnmeasuredReason::Unknown => "the contract cannot tell what the samples are",
        UnmeasuredReason::Late => "samples came too late",
        UnmeasuredReason::AgentDown => "an agent was not running",
        UnmeasuredReason::Overloaded => "too many attempts were under way",
        UnmeasuredReason::Budget => "the budget was used up",
        UnmeasuredReason::Paused => "paused",
        UnmeasuredReason::NoKey => "no provider key",
        UnmeasuredReason::SpoolFull => "an agent's store was full",
        UnmeasuredReason::NoData => "no sample",
    }
}

#[cfg(test)]
mod tests;
