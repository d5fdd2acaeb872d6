//! What was seen, in sentences that claim no more than was measured.
//!
//! Every sentence is about these requests in this window, never about the provider's availability
//! in general, and none says that the provider agreed to anything.

use std::collections::{BTreeMap, BTreeSet};

use domain::Outcome;
use maud::{Markup, html};
use sla::{Commitment, CommitmentAssessment, Family};
use verify::words::{finding, promise};

use super::conclusion::Run;
use super::view::{OutcomeCount, Sighting, ViolationPage};
use super::{conclusion, page, words};

/// Most periods told in a sentence of their own, the latest; the table has more.
const TOLD_MAX: usize = 4;
/// Most endpoints named in a sentence.
const ENDPOINTS_MAX: usize = 3;
/// Most outcomes named in a sentence or cell.
const OUTCOMES_MAX: usize = 4;

/// The paragraphs of `What happened`.
pub(super) fn story(
    view: &ViolationPage,
    promised: Option<&Commitment>,
    part: &CommitmentAssessment,
) -> Markup {
    let runs = conclusion::runs(part);
    let untold = runs.len().saturating_sub(TOLD_MAX);
    html! {
        ul.story {
            @if untold > 0 { li { (untold) " earlier, listed below." } }
            @for run in runs.iter().skip(untold) { li { (period(part, run)) } }
            @if let Some(seen) = seen(view) { li { (seen) } }
            (formula(promised, part))
            @if part.minutes.unmeasured > 0 {
                li { "Undetermined: " (words::minutes(part.minutes.unmeasured)) " unmeasured." }
            }
        }
    }
}

fn period(part: &CommitmentAssessment, run: &Run) -> Markup {
    let down = run.whole;
    html! {
        "Between " (words::minute_bare(down.start)) " and " (words::minute_bare(down.end))
        " (UTC), "
        (stretch(part.family, run))
        ", " (words::count(down.errors)) " of " (words::counted(down.valid, "valid request"))
        " were errors by this contract's rules."
        @if conclusion::has_edges(part.family) { " " (finding::edges(&down)) }
    }
}

/// `46 consecutive minutes`, `1 minute`, `3 consecutive intervals below 100 %`.
fn stretch(family: Family, run: &Run) -> String {
    let (count, noun, ending) = match family {
        Family::DowntimeMinutes => (conclusion::length(run.whole), "minute", ""),
        Family::IntervalMean => (run.periods, "interval", " below 100 %"),
        Family::LatencyAttainment => (run.periods, "latency window", " that missed"),
        Family::OutageProportional | Family::RequestRatio | Family::TargetOnly => {
            (conclusion::length(run.whole), "minute", "")
        }
    };
    let consecutive = if count == 1 { "" } else { "consecutive " };
    format!(
        "{}{ending}",
        words::counted(count, &format!("{consecutive}{noun}"))
    )
}

/// Which agents saw errors, of those that asked at all.
fn seen(view: &ViolationPage) -> Option<String> {
    let asked = view
        .sightings
        .iter()
        .filter(|sighting| sighting.valid > 0)
        .count();
    let failed: Vec<&Sighting> = view.sightings.iter().filter(|w| w.errors > 0).collect();
    if failed.is_empty() {
        return None;
    }
    let networks: BTreeSet<&str> = failed.iter().map(|w| w.network.as_str()).collect();
    let noun = if networks.len() == 1 {
        "network"
    } else {
        "networks"
    };
    Some(format!(
        "In these periods, {} of {asked} agents in {} {noun} received errors{}: {}.",
        failed.len(),
        networks.len(),
        endpoints(&view.endpoints),
        outcomes(&total(&failed)),
    ))
}

fn endpoints(endpoints: &[String]) -> String {
    if endpoints.is_empty() || endpoints.len() > ENDPOINTS_MAX {
        return String::new();
    }
    format!(" from {}", endpoints.join(", "))
}

/// The errors of several agents together, most frequent first.
fn total(sightings: &[&Sighting]) -> Vec<OutcomeCount> {
    let mut counts: BTreeMap<(Outcome, Option<u16>), u64> = BTreeMap::new();
    for seen in sightings.iter().flat_map(|sighting| &sighting.outcomes) {
        *counts.entry((seen.outcome, seen.status)).or_default() += seen.count;
    }
    let mut total: Vec<OutcomeCount> = counts
        .into_iter()
        .map(|((outcome, status), count)| OutcomeCount {
            outcome,
            status,
            count,
        })
        .collect();
    total.sort_by_key(|seen| std::cmp::Reverse(seen.count));
    total
}

fn outcomes(seen: &[OutcomeCount]) -> String {
    let one = |seen: &OutcomeCount| {
        let status = seen
            .status
            .map(|status| format!("HTTP {status} "))
            .unwrap_or_default();
        format!("{status}{} × {}", seen.outcome, words::count(seen.count))
    };
    let mut named: Vec<String> = seen.iter().take(OUTCOMES_MAX).map(one).collect();
    if seen.len() > OUTCOMES_MAX {
        named.push("others".to_owned());
    }
    named.join(", ")
}

/// What the contract's formula gives on what was measured, and what cannot change it.
fn formula(promised: Option<&Commitment>, part: &CommitmentAssessment) -> Markup {
    let is_kept = |uptime| promised.is_none_or(|promised| promised.kept_by(uptime));
    let target = words::exact_percent(&part.target);
    let measure = promised.map_or("Uptime", |promised| promise::measure(&promised.metric));
    let measure = measure.to_lowercase();
    let so_far = if part.minutes.future > 0 {
        " so far"
    } else {
        ""
    };
    html! {
        @if let Some(observed) = &part.observed {
            li {
                "By this contract's formula on these requests, " (measure) (so_far) " was "
                (conclusion::uptime(observed, &part.target))
                @if !is_kept(observed) { ", below " (target) }
                "."
            }
        }
        @if !is_kept(&part.high) && part.observed.as_ref() != Some(&part.high) {
            li {
                "With everything unmeasured or still to come counted as up, it would be "
                (conclusion::uptime(&part.high, &part.target)) ", still below " (target) "."
            }
        }
    }
}

/// What each agent saw.
pub(super) fn table(sightings: &[Sighting]) -> Markup {
    let table = html! {
        table.tight {
            thead {
                tr {
                    th scope="col" { "Agent" }
                    th scope="col" { "Region" }
                    th scope="col" { "Network" }
                    th.num scope="col" { "Valid requests" }
                    th.num scope="col" { "Errors" }
                    th scope="col" { "Errors were" }
                }
            }
            tbody {
                @for sighting in sightings {
                    tr {
                        th scope="row" { (sighting.agent) }
                        td { (sighting.region) }
                        td { (sighting.network) }
                        td.num { (words::count(sighting.valid)) }
                        td.num { (words::count(sighting.errors)) }
                        td { (outcomes(&sighting.outcomes)) }
                    }
                }
            }
        }
    };
    page::scroll("Agents", &table)
}
