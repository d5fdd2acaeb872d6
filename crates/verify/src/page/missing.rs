//! What could not be measured, and what was left out and by whose word.

use std::collections::BTreeMap;

use maud::{Markup, html};
use sla::{CommitmentAssessment, ConsideredSpan, Span, State, UnmeasuredReason};

use super::Page;
use super::element::{
    Column::{Number, Text},
    clipped, length, moment, rest, span as between, table,
};
use crate::layout;
use crate::words::finding;
use crate::words::number::{count, counted, minutes};

/// Most rows of a table.
const ROWS_MAX: usize = 50;

pub(super) fn section(page: &Page<'_>, judged: &CommitmentAssessment) -> Markup {
    let spans: Vec<(&Span, &[UnmeasuredReason])> = judged
        .timeline
        .iter()
        .filter_map(|span| match &span.state {
            State::Unmeasured { reasons } => Some((span, reasons.as_slice())),
            _ => None,
        })
        .collect();
    html! {
        section {
            h2 { "What could not be measured" }
            @if spans.is_empty() { p { "Every minute up to now was measured." } }
            @else {
                p { (minutes(judged.minutes.unmeasured)) " of " (minutes(judged.minutes.window))
                    ". At best they count as up, at worst as down. A minute with several reasons \
                     is counted under each:" }
                ul { @for (reason, total) in totals(&spans) {
                    li { (minutes(total)) ": " (finding::unmeasured(reason)) }
                } }
                (list(&spans))
                (rest(spans.len(), ROWS_MAX, &layout::minutes(&judged.commitment)))
            }
            @if judged.minutes.future > 0 {
                p { (minutes(judged.minutes.future)) " of the window are still to come, or not yet in." }
            }
            (doubts(page))
        }
    }
}

fn totals(spans: &[(&Span, &[UnmeasuredReason])]) -> BTreeMap<UnmeasuredReason, u64> {
    let mut totals: BTreeMap<UnmeasuredReason, u64> = BTreeMap::new();
    for (span, reasons) in spans {
        for reason in *reasons {
            let total = totals.entry(*reason).or_default();
            *total = total.saturating_add(span.end.get().abs_diff(span.start.get()));
        }
    }
    totals
}

fn list(spans: &[(&Span, &[UnmeasuredReason])]) -> Markup {
    let columns = [
        Text("From (UTC)"),
        Text("To (UTC)"),
        Number("Length"),
        Text("Why"),
    ];
    let rows = html! {
        @for (span, reasons) in spans.iter().take(ROWS_MAX) {
            @let why: Vec<&str> = reasons.iter().copied().map(finding::unmeasured).collect();
            tr { th.time scope="row" { (moment(span.start)) } td.time { (moment(span.end)) }
                td.num { (length(span.start, span.end)) } td { (why.join(", ")) } }
        }
    };
    table("Time without a measurement", &columns, &rows)
}

/// Late samples, clocks and networks of the agents.
fn doubts(page: &Page<'_>) -> Markup {
    let sum =
        |of: fn(&super::tally::AgentTally) -> u64| page.tally.agents.iter().map(of).sum::<u64>();
    let (late, doubtful, timed) = (sum(|a| a.late), sum(|a| a.doubtful), sum(|a| a.timed));
    let (cut_off, controlled) = (sum(|a| a.cut_off), sum(|a| a.controlled));
    html! {
        ul {
            li { "Late: " (counted(late, "request")) " reached an outside witness more than 15 minutes \
                after their own time. They count in the literal reading, and in another one they do not." }
            li { "Clocks: " @if timed == 0 { "the agents do not say how right theirs were." } @else {
                (counted(doubtful, "batch report")) " of " (count(timed)) " speak against the agent's \
                 clock: not synchronised, or off by more than a second." } }
            li { "Own networks: " @if controlled == 0 { "no controls were asked." } @else {
                "in " (counted(cut_off, "minute")) " of " (count(controlled)) " with controls, an agent \
                 reached none of them and may have been cut off itself." } }
        }
    }
}

/// What was looked at for exclusion, and what became of it.
pub(super) fn excluded(page: &Page<'_>) -> Markup {
    let spans = &page.assessment.exclusions;
    let columns = [
        Text("From (UTC)"),
        Text("To (UTC)"),
        Text("Kind"),
        Text("Why"),
        Text("Outcome"),
        Text("By whose word"),
    ];
    let rows = html! {
        @for span in spans.iter().take(ROWS_MAX) {
            tr { th.time scope="row" { (moment(span.window.start())) } td.time { (moment(span.window.end())) }
                td { (clipped(&span.kind)) } td { (clipped(&span.reason)) }
                td { (finding::outcome(span.outcome)) } td { (whose(page, span)) } }
        }
    };
    html! {
        section {
            h2 { "What was left out" }
            @if spans.is_empty() { p { "No time was considered for exclusion." } }
            @else {
                p { (counted(spans.len() as u64, "span")) " considered for exclusion:" }
                (table("Exclusions", &columns, &rows))
                (rest(spans.len(), ROWS_MAX, layout::RESULT))
            }
            @if let Some(own) = page.inputs.subscribed {
                p { "Under contract, by the claimant's word: " (between(own.start(), own.end())) "." }
            }
            @if let Some(earlier) = page.inputs.credited_12_months {
                p { "Credited in the twelve months before, by the claimant's word: " (earlier) "." }
            }
        }
    }
}

fn whose(page: &Page<'_>, span: &ConsideredSpan) -> &'static str {
    let is_it = |stated: &sla::ExcludedSpan| {
        stated.kind == span.kind
            && stated.reason == span.reason
            && stated.window.start() <= span.window.start()
            && stated.window.end() >= span.window.end()
    };
    if page.inputs.exclusions.iter().any(is_it) {
        "the claimant's"
    } else {
        "the contract's"
    }
}
