//! What it means by the contract's words: fractions, rules, readings.

use maud::{Markup, html};
use sla::{BudgetUnit, CommitmentAssessment, Fraction, Reading, RuleCount};

use super::Page;
use super::answer::{best, read};
use super::element::{
    Column::{Number, Text},
    chip, clipped, exact, table,
};
use super::happened::support;
use crate::words::number::{count, counted, exact_percent, quantity, uptime};
use crate::words::{finding, promise, reading, terms};

/// Most rules and readings told.
const ROWS_MAX: usize = 40;

pub(super) fn section(page: &Page<'_>, judged: &CommitmentAssessment) -> Markup {
    html! {
        section {
            h2 { "What it means" }
            p { (chip(judged.verdict)) " " (finding::meaning(judged.verdict)) }
            (bounds(judged))
            (budget(judged))
            (rules(page, judged))
            (support(judged))
            (readings(page, judged))
        }
    }
}

fn bounds(judged: &CommitmentAssessment) -> Markup {
    let columns = [
        Text("Uptime"),
        Number("Percent"),
        Number("Exactly"),
        Text("What it is"),
    ];
    let row = |name: &str, value: &Fraction, meaning: &str| {
        html! { tr {
            th scope="row" { (name) }
            td.num { (uptime(value, &judged.target)) }
            td.num { (exact(value)) }
            td { (meaning) }
        } }
    };
    let rows = html! {
        tr { th scope="row" { "Promised" } td.num { (exact_percent(&judged.target)) }
            td.num { (exact(&judged.target)) } td { "the contract's target" } }
        @if let Some(observed) = &judged.observed {
            (row("Observed", observed, "over what was measured only"))
        }
        (row("At best", &judged.high, "if all that is not known was up: decides a breach"))
        (row("At worst", &judged.low, "if all that is not known was down: decides that it was kept"))
    };
    table(
        "The formula on these requests, as exact fractions",
        &columns,
        &rows,
    )
}

fn budget(judged: &CommitmentAssessment) -> Markup {
    let budget = &judged.budget;
    let unit = match budget.unit {
        BudgetUnit::Minutes => "minutes",
        BudgetUnit::Intervals => "intervals",
        BudgetUnit::Requests => "requests",
        BudgetUnit::LatencyWindows => "latency windows",
    };
    let totals = &judged.minutes;
    html! {
        p { "The target allows a loss of " (quantity(&budget.allowed)) " " (unit) "; "
            strong { (quantity(&budget.used)) } " were lost." }
        p.note { "Of " (counted(totals.window, "minute")) ": " (count(totals.up)) " up, "
            (count(totals.degraded)) " degraded, " (count(totals.down)) " down, "
            (count(totals.empty)) " without a valid request, " (count(totals.excluded))
            " excluded, " (count(totals.unmeasured)) " not measured, " (count(totals.future))
            " still to come." }
    }
}

/// What each rule made of how many samples.
fn rules(page: &Page<'_>, judged: &CommitmentAssessment) -> Markup {
    let columns = [
        Text("Requests with"),
        Text("are, by the contract"),
        Number("Requests"),
    ];
    let events = &page.contract.events;
    let when = |decided: &RuleCount| match decided.rule {
        None => "anything else".to_owned(),
        Some(rule) => usize::try_from(rule)
            .ok()
            .and_then(|rule| events.rules.get(rule))
            .map_or_else(
                || format!("rule {rule}"),
                |rule| terms::condition(&rule.when),
            ),
    };
    let rows = html! {
        @for decided in judged.rules.iter().take(ROWS_MAX) {
            tr { th scope="row" { (clipped(&when(decided))) }
                td { (terms::class(decided.class)) }
                td.num { (count(decided.samples)) } }
        }
    };
    let promise = promise::of(page.contract, judged);
    html! {
        @if !judged.rules.is_empty() {
            (table("The contract's rules in their order; the first that fits decides", &columns, &rows))
        }
        @if let Some(promise) = promise { p.note { (promise::kinds(&promise.metric)) } }
    }
}

fn readings(page: &Page<'_>, judged: &CommitmentAssessment) -> Markup {
    html! {
        h3 { "How the contract can be read" }
        @match &judged.spread {
            None => p { "In one way only, as far as it matters here." },
            Some(spread) => {
                p { (reading::spread(spread, &judged.target)) }
                @if !judged.reading_dependent { p { "Verdict and credit are the same in all of them." } }
                @if spread.readings > 1 && (judged.least_favourable.is_some() || !spread.conclusions.is_empty()) {
                    (compared(page, judged))
                }
                @for alternative in promise::of(page.contract, judged)
                    .iter().flat_map(promise::alternatives).take(ROWS_MAX) {
                    p.note { (clipped(&alternative)) }
                }
            }
        }
    }
}

fn compared(page: &Page<'_>, judged: &CommitmentAssessment) -> Markup {
    let columns = [
        Text("Reading"),
        Number("At best"),
        Number("At worst"),
        Text("Comes to"),
        Text("Where it departs"),
    ];
    let row = |name: &str, other: &Reading| {
        html! { tr {
            th scope="row" { (name) }
            td.num { (uptime(&other.high, &judged.target)) }
            td.num { (uptime(&other.low, &judged.target)) }
            td { (reading::conclusion(other)) }
            td { (read(page, other)) }
        } }
    };
    let literal = Reading {
        choices: Vec::new(),
        observed: judged.observed.clone(),
        high: judged.high.clone(),
        low: judged.low.clone(),
        verdict: judged.verdict,
        credit: judged.credit.clone(),
    };
    let (least, best) = (judged.least_favourable.as_ref(), best(judged));
    let is_named = |other: &&Reading| least != Some(*other) && best != Some(*other);
    let others = judged.spread.iter().flat_map(|spread| &spread.conclusions);
    let rows = html! {
        (row("literal", &literal))
        @if let Some(least) = least { (row("least for the claimant", least)) }
        @if let Some(best) = best { (row("most for the claimant", best)) }
        @for other in others.filter(is_named).take(ROWS_MAX) { (row("other", other)) }
    };
    table(
        "The literal reading gives the verdict; others that come to something else",
        &columns,
        &rows,
    )
}
