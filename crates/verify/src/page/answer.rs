//! The head of the page: what a reader with one minute takes away.

use std::collections::BTreeSet;

use maud::{Markup, html};
use sla::contract::{Purpose, Remedy};
use sla::{Claimability, Commitment, CommitmentAssessment, Deadline, Fraction, Verdict};

use super::Page;
use super::element::{chip, clipped, due, length, moment, span};
use super::outage::{self, COMMITMENTS_MAX, Outage};
use super::tally::{Counts, Seen};
use crate::words::number::{count, counted, exact_percent, minutes, uptime};
use crate::words::{checking, credit, finding, outcome, promise, reading};

/// Most outages and outcomes named here; their own sections have more.
const NAMED_MAX: usize = 3;

pub(super) fn section(page: &Page<'_>) -> Markup {
    let shown = outage::shown(page.assessment);
    let left = page
        .assessment
        .commitments
        .len()
        .saturating_sub(shown.len());
    html! {
        section.answer aria-labelledby="answer" {
            h2 id="answer" { "In one minute" }
            @for (nth, judged) in shown.iter().enumerate() { (article(page, (nth, judged))) }
            @if shown.is_empty() { p { "The contract promises nothing that can be judged." } }
            @if left > 0 {
                p.note { (counted(left as u64, "further commitment")) " in "
                    code { (crate::layout::RESULT) } "; this page shows " (COMMITMENTS_MAX)
                    ", those breached first." }
            }
            (together(page))
            (check(page))
        }
    }
}

fn article(page: &Page<'_>, (nth, judged): (usize, &CommitmentAssessment)) -> Markup {
    let promise = promise::of(page.contract, judged);
    html! {
        article {
            h3 { (judged.id) " " (chip(judged.verdict)) }
            p.lead { (lead(page, promise.as_ref(), judged)) }
            @for reason in finding::reservations(&judged.claim) {
                p.notice { strong { "Indicative only. " } (clipped(&reason)) }
            }
            @if judged.reading_dependent {
                p.notice { strong { "Depends on the reading. " }
                    "Read otherwise, the contract gives another verdict or credit: see \"What it \
                     means\"." }
            }
            dl {
                dt { (measure(promise.as_ref())) } dd { (measured(judged)) }
                dt { "Happened" } dd { (happened(judged)) }
                dt { "Seen" } dd { (seen(page)) }
                dt { "From" } dd { (from(page, nth)) }
                dt { "Owed" } dd { (owed(page, judged)) }
                @if let Some(until) = until(page, &judged.deadlines) {
                    dt { "Claim by" } dd { (until) }
                }
                dt { "Not measured" } dd { (unmeasured(judged)) }
            }
        }
    }
}

/// The answer in a sentence or two, the verdict first.
fn lead(page: &Page<'_>, promise: Option<&Commitment>, judged: &CommitmentAssessment) -> String {
    let verdict = finding::verdict(judged.verdict);
    let measure = measure(promise).to_lowercase();
    let (high, low) = bounds(judged);
    let was = match judged.verdict {
        Verdict::NoData => "nothing was measured".to_owned(),
        Verdict::Breached | Verdict::Met if judged.high == judged.low => {
            format!("{measure} was {high}")
        }
        Verdict::Breached => format!("{measure} was at most {high}"),
        Verdict::Met => format!("{measure} was at least {low}"),
        Verdict::Indeterminate | Verdict::Open => {
            format!("{measure} lies between {low} and {high}")
        }
    };
    let promised = promise.map_or_else(
        || format!("at least {}", exact_percent(&judged.target)),
        |promise| promise::headline(page.contract, promise),
    );
    let claimable = judged.claim == Claimability::Claimable;
    let credit = judged.credit.as_ref().filter(|_| claimable);
    let credit = credit.map(|credit| format!(" Credit: {}.", finding::worth(credit)));
    let until = first_claim(&judged.deadlines).filter(|_| claimable);
    let until = until.map(|first| format!(" Claim by {}.", due(first.safe)));
    format!(
        "{}: {was}, promised {promised}.{}{}",
        capitalised(verdict),
        credit.unwrap_or_default(),
        until.unwrap_or_default()
    )
}

fn measure(promise: Option<&Commitment>) -> &'static str {
    promise.map_or("Uptime", |promise| promise::measure(&promise.metric))
}

fn capitalised(word: &str) -> String {
    let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
    first.to_uppercase() + rest
}

/// At best and at worst.
fn bounds(judged: &CommitmentAssessment) -> (String, String) {
    let value = |value: &Fraction| uptime(value, &judged.target);
    (value(&judged.high), value(&judged.low))
}

fn measured(judged: &CommitmentAssessment) -> String {
    let (high, low) = bounds(judged);
    match &judged.observed {
        None => "nothing was measured".to_owned(),
        Some(observed) if *observed == judged.high && judged.high == judged.low => {
            format!("{high}; every minute is known")
        }
        Some(observed) => format!(
            "{} over what was measured; {high} if all that is not known was up, {low} if it was down",
            uptime(observed, &judged.target)
        ),
    }
}

fn happened(judged: &CommitmentAssessment) -> Markup {
    let outages = outage::outages(judged);
    html! {
        @match outages.as_slice() {
            [] => "Nothing counted against it.",
            _ if judged.downtime.is_empty() && outages.len() > NAMED_MAX => {
                "No downtime by the contract's formula. Errors in " (minutes(total(&outages)))
            }
            all if all.len() <= NAMED_MAX => {
                @if judged.downtime.is_empty() {
                    "No downtime by the contract's formula. Errors in "
                }
                @for (nth, one) in all.iter().enumerate() {
                    @if nth > 0 { "; " }
                    (span(one.start, one.end)) " (" (length(one.start, one.end)) ")"
                }
            },
            all => {
                (counted(all.len() as u64, "outage")) ", " (minutes(total(all))) " in all"
                @if let Some(longest) = longest(all) {
                    "; the longest " (span(longest.start, longest.end)) " ("
                    (length(longest.start, longest.end)) ")"
                }
            }
        }
    }
}

fn total(outages: &[Outage]) -> u64 {
    let lengths = outages.iter().map(|o| o.end.get().abs_diff(o.start.get()));
    lengths.fold(0, u64::saturating_add)
}

fn longest(outages: &[Outage]) -> Option<&Outage> {
    let length = |outage: &&Outage| outage.end.get().abs_diff(outage.start.get());
    // Of several the first.
    outages.iter().rev().max_by_key(length)
}

/// All samples of the window: how many were well, and what the others met.
fn seen(page: &Page<'_>) -> String {
    let (samples, ok) = (page.tally.samples(), page.tally.ok());
    let failed = samples.saturating_sub(ok);
    let kinds = failures(&page.tally.kinds);
    let kinds = if kinds.is_empty() {
        String::new()
    } else {
        format!(": {kinds}")
    };
    format!(
        "{} in the window, {} of them ok, {} not{kinds}",
        counted(samples, "request"),
        count(ok),
        count(failed)
    )
}

/// `HTTP 503 server_error × 40, dns × 2`.
pub(super) fn failures(kinds: &Counts<Seen>) -> String {
    let failed = kinds.ranked().into_iter();
    let failed = failed.filter(|(seen, _)| seen.outcome != domain::Outcome::Ok);
    let mut named: Vec<String> = failed
        .map(|(seen, n)| {
            let name = outcome::named(seen.outcome, seen.status);
            format!("{name}\u{a0}\u{d7}\u{a0}{}", count(n))
        })
        .collect();
    let left = named.len().saturating_sub(NAMED_MAX);
    named.truncate(NAMED_MAX);
    if left > 0 || kinds.rest > 0 {
        named.push("others".to_owned());
    }
    named.join(", ")
}

fn from(page: &Page<'_>, nth: usize) -> String {
    let places = &page.inputs.places;
    let distinct = |of: fn(&sla::Place) -> &str| places.iter().map(of).collect::<BTreeSet<_>>();
    let regions = distinct(|place| &place.region).len();
    let networks = distinct(|place| &place.network).len();
    let mut failed = BTreeSet::new();
    for outage in page.tally.outages.get(nth).into_iter().flatten() {
        failed.extend(outage.failed.ranked().into_iter().map(|(agent, _)| agent));
    }
    let saw = if failed.is_empty() {
        String::new()
    } else {
        format!("; failures in these times at {} of them", failed.len())
    };
    format!(
        "{} in {} and {}{saw}",
        counted(page.inputs.agents.len() as u64, "agent"),
        counted(regions as u64, "region"),
        counted(networks as u64, "network")
    )
}

fn owed(page: &Page<'_>, judged: &CommitmentAssessment) -> String {
    let standing = match judged.claim {
        Claimability::Claimable => "",
        Claimability::Indicative { .. } => "Nothing is proven; it would be ",
    };
    match (&judged.credit, &judged.no_credit, page.contract.remedy) {
        (Some(credit), ..) => format!(
            "{standing}{}, by the contract's schedule: {}",
            finding::worth(credit),
            credit::source(&credit.source)
        ),
        (None, Some(reason), _) => format!("No credit: {}", credit::no_credit(reason)),
        (None, None, Remedy::Termination) if judged.verdict == Verdict::Breached => {
            "The right to leave the contract early".to_owned()
        }
        (None, None, _) => "Nothing that is proven".to_owned(),
    }
}

/// The claim that has to be sent first.
fn first_claim(deadlines: &[Deadline]) -> Option<&Deadline> {
    let claims = deadlines.iter().filter(|d| d.purpose == Purpose::Claim);
    claims.min_by_key(|deadline| deadline.safe_before())
}

fn until(page: &Page<'_>, deadlines: &[Deadline]) -> Option<Markup> {
    let first = first_claim(deadlines)?;
    let channel = page.contract.claim.as_ref().map(|claim| &claim.channel);
    Some(html! {
        strong { (due(first.safe)) } " to be safe, " (due(first.literal)) " at the latest (days of "
        (first.zone) ")" @if let Some(channel) = channel { ", by " (clipped(channel)) }
    })
}

fn unmeasured(judged: &CommitmentAssessment) -> String {
    let totals = &judged.minutes;
    let extra = |total: u64, what: &str| match total {
        0 => String::new(),
        total => format!("; {} {what}", minutes(total)),
    };
    format!(
        "{} of {}{}{}",
        minutes(totals.unmeasured),
        minutes(totals.window),
        extra(totals.future, "still to come"),
        extra(totals.excluded, "excluded")
    )
}

/// What several breaches are worth together.
fn together(page: &Page<'_>) -> Markup {
    let breached = page.assessment.breached().count();
    let total = page.assessment.credit.as_ref().filter(|_| breached > 1);
    html! {
        @if let Some(total) = total {
            p { strong { "All breaches together: " } @match (&total.share, total.amount) {
                (_, Some(amount)) => (amount),
                (Some(share), None) => { (exact_percent(share)) " of the fees" },
                (None, None) => "an amount that is not known here",
            } "." }
        }
    }
}

fn check(page: &Page<'_>) -> Markup {
    html! {
        p.check { "Do not take this page's word for it. Unpacked, the bundle recomputes itself from the \
            signed requests, offline:" }
        pre { code { (checking::commands(&page.claim.violation).recompute) } }
        @if page.inputs.end() < page.claim.window.end() {
            p.note { "As known at " (moment(page.claim.as_of)) " UTC, before the \
                window was over." }
        }
    }
}

/// What reading gives the claimant most, among those that the assessment names.
pub(super) fn best<'a>(judged: &'a CommitmentAssessment) -> Option<&'a sla::Reading> {
    let worth = |reading: &&'a sla::Reading| {
        let credit = reading.credit.as_ref();
        (
            reading.verdict == Verdict::Breached,
            credit.and_then(|credit| credit.exact_minor.clone()),
            credit.and_then(|credit| credit.share.clone()),
        )
    };
    let literal = (
        judged.verdict == Verdict::Breached,
        judged.credit.as_ref().and_then(|c| c.exact_minor.clone()),
        judged.credit.as_ref().and_then(|c| c.share.clone()),
    );
    let all = judged.spread.iter().flat_map(|spread| &spread.conclusions);
    all.max_by_key(worth).filter(|best| worth(best) > literal)
}

/// A reading in a sentence.
pub(super) fn read(page: &Page<'_>, other: &sla::Reading) -> String {
    clipped(&reading::departures(page.contract, other))
}
