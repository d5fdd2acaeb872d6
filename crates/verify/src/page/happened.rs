//! What happened: the window as a picture, every outage, what was seen in it, and requests that
//! the provider can look up.

use std::collections::BTreeMap;

use maud::{Markup, html};
use sla::CommitmentAssessment;

use super::Page;
use super::answer::failures;
use super::element::{
    Column::{Number, Text},
    clipped, length, moment, rest, second, table,
};
use super::outage::{self, Outage};
use super::tally::{Lookup, OutageTally};
use super::timeline;
use crate::layout;
use crate::words::number::{count, counted, seconds};
use crate::words::{finding, outcome};

/// Most rows of requests to look up, of each commitment.
const LOOKUPS_MAX: usize = 40;
/// Most outages drawn at close range.
const DRAWN_MAX: usize = 3;
/// Most regions named in a cell.
const REGIONS_MAX: usize = 6;
/// The longest that a provider's own client is known to wait by default.
const CLIENT_WAITS_MS: u32 = 600_000;
/// Most kinds of outcomes in a table.
const KINDS_MAX: usize = 40;

pub(super) fn section(page: &Page<'_>, (nth, judged): (usize, &CommitmentAssessment)) -> Markup {
    let outages = outage::outages(judged);
    let empty = Vec::new();
    let tallies = page.tally.outages.get(nth).unwrap_or(&empty);
    let told: Vec<(&Outage, &OutageTally)> = outages.iter().zip(tallies).collect();
    html! {
        section {
            h2 { "What happened" }
            (timeline::days(page.claim.window, judged))
            (timeline::legend(judged))
            @if timeline::is_long(page.claim.window) {
                @for (outage, _) in told.iter().take(DRAWN_MAX) {
                    (timeline::close(page.claim.window, judged, (outage.start, outage.end)))
                }
            }
            @if outages.is_empty() { p { "Nothing counted against this commitment." } }
            @else {
                (list(page, judged, &told))
                (rest(outages.len(), told.len(), &layout::minutes(&judged.commitment)))
                (controls(&told))
                (lookups(page, &told))
            }
            (kinds(page))
        }
    }
}

fn list(
    page: &Page<'_>,
    judged: &CommitmentAssessment,
    told: &[(&Outage, &OutageTally)],
) -> Markup {
    let columns = [
        Text("Start (UTC)"),
        Text("End (UTC)"),
        Number("Length"),
        Number("Errors of valid requests"),
        Text("What was seen"),
        Text("Regions: failed of asked"),
        Text("Start, end known to"),
    ];
    let rows = html! {
        @for (outage, tally) in told {
            tr {
                th.time scope="row" { (moment(outage.start)) }
                td.time { (moment(outage.end)) }
                td.num { (length(outage.start, outage.end)) }
                td.num { @match outage.counted {
                    Some(counted) => { (count(counted.errors)) " of " (count(counted.valid)) },
                    None => "not downtime",
                } }
                td { (failures(&tally.kinds)) }
                td { (regions(page, tally)) }
                td { (edges(outage)) }
            }
        }
    };
    let what = if judged.downtime.is_empty() {
        "Times with errors, none of which counts as downtime."
    } else {
        "Outages, by the contract's formula."
    };
    let caption =
        format!("{what} \"Seen\" and regions: all disclosed requests that began in these minutes.");
    table(&caption, &columns, &rows)
}

fn edges(outage: &Outage) -> String {
    let known = |known: Option<u64>| known.map_or_else(|| "not known".to_owned(), seconds);
    match outage.counted {
        Some(counted) => {
            let start = known(counted.start_known_to_s);
            format!("{start}, {}", known(counted.end_known_to_s))
        }
        None => "the minute".to_owned(),
    }
}

/// A line for each region: `aws:eu-west-1 40 of 40`.
fn regions(page: &Page<'_>, tally: &OutageTally) -> Markup {
    let mut by: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for (agent, asked) in tally.asked.ranked() {
        let counts = by.entry(region(page, agent)).or_default();
        counts.0 += tally.failed.of(agent);
        counts.1 += asked;
    }
    html! {
        @for (region, (failed, asked)) in by.iter().take(REGIONS_MAX) {
            div { (clipped(region)) " " (count(*failed)) "\u{a0}of\u{a0}" (count(*asked)) }
        }
        @if by.len() > REGIONS_MAX { div { (by.len() - REGIONS_MAX) " more" } }
        @if by.is_empty() { "no disclosed request" }
    }
}

fn region<'a>(page: &'a Page<'_>, agent: usize) -> &'a str {
    let id = page.inputs.agents.get(agent);
    let place = id.and_then(|id| page.inputs.places.iter().find(|place| place.agent == *id));
    place.map_or("unknown", |place| place.region.as_str())
}

/// Whether the agents themselves were connected while the service failed.
fn controls(told: &[(&Outage, &OutageTally)]) -> Markup {
    let asked: u64 = told.iter().map(|(_, tally)| tally.controlled).sum();
    let connected: u64 = told.iter().map(|(_, tally)| tally.connected).sum();
    html! {
        p { @if asked == 0 {
            "The agents asked no control in these times: whether their own networks carried is \
             told by the other regions only."
        } @else {
            "Were the agents themselves connected? In these times they asked hosts that have \
             nothing to do with the provider in " (counted(asked, "minute")) ", and had an answer in "
            (count(connected)) "."
        } }
    }
}

fn lookups(page: &Page<'_>, told: &[(&Outage, &OutageTally)]) -> Markup {
    let all: Vec<&Lookup> = told.iter().flat_map(|(_, tally)| &tally.lookups).collect();
    let columns = [
        Text("Began (UTC)"),
        Text("Provider request id"),
        Text("Client request id"),
        Text("Met"),
        Text("Provider's error type"),
        Text("Agent, region"),
        Text("Target"),
    ];
    let rows = html! {
        @for lookup in all.iter().take(LOOKUPS_MAX) {
            tr {
                th.time scope="row" { (second(lookup.at)) }
                td.id { @match &lookup.request {
                    Some(request) => code { (clipped(request)) }, None => "none came" } }
                td.id { @if let Some(client) = &lookup.client { code { (client) } } @else { "not revealed" } }
                td { (outcome::named(lookup.seen.outcome, lookup.seen.status)) }
                td { (lookup.error.as_deref().map(clipped).unwrap_or_default()) }
                td { @if let Some(agent) = page.inputs.agents.get(lookup.agent) {
                    (agent) ", " (clipped(region(page, lookup.agent))) } }
                td { (lookup.target) }
            }
        }
    };
    html! {
        @if !all.is_empty() {
            (table("Some of the failed requests, to look up in the provider's own logs", &columns, &rows))
            p.note { "All failed requests, with ids and response headers: "
                code { "agents/AGENT/TARGET.details.jsonl" } ". The client request id is what the \
                request named itself in its " code { "x-client-request-id" } " and in its prompt: \
                it finds requests of which no answer came. It follows from the seed in "
                code { (layout::NONCES) } ", to which the plan committed beforehand." }
        }
    }
}

/// All samples of the window, good ones too.
fn kinds(page: &Page<'_>) -> Markup {
    let kinds = page.tally.kinds.ranked();
    let columns = [
        Text("Outcome"),
        Text("Means"),
        Number("HTTP status"),
        Number("Requests"),
    ];
    let rows = html! {
        @for (seen, n) in kinds.iter().take(KINDS_MAX) {
            tr {
                th scope="row" { code { (seen.outcome) } }
                td { (outcome::meaning(seen.outcome)) }
                td.num { @match seen.status { Some(status) => (status), None => "none" } }
                td.num { (count(*n)) }
            }
        }
    };
    let left: u64 = kinds.iter().skip(KINDS_MAX).map(|(_, n)| *n).sum();
    let left = left.saturating_add(page.tally.kinds.rest);
    html! {
        (table("All requests of the window, whatever they met", &columns, &rows))
        @if left > 0 { p.note { (counted(left, "request")) " met something else." } }
        (deadlines(page))
        p.note { "Limits of one's own, quotas and capacity that all share are told apart where the \
            provider's answer tells; what they count as, the contract's rules say. Other requests \
            under the same key or limit are not in this bundle." }
        @if page.tally.unread > 0 {
            p.notice { (counted(page.tally.unread, "line")) " could not be read and are not counted." }
        }
    }
}

/// After how long requests were given up: who hangs up early has no claim.
fn deadlines(page: &Page<'_>) -> Markup {
    let told = |(least, most): (u32, u32)| {
        let [least, most] = [least, most].map(|ms| seconds(u64::from(ms).div_ceil(1_000)));
        if least == most {
            least
        } else {
            format!("{least} to {most}")
        }
    };
    html! {
        @if let Some(deadlines) = page.tally.deadlines_ms {
            p.note { "A request without its end was given up after " (told(deadlines))
                ", as the plan said beforehand." }
            @if deadlines.0 < CLIENT_WAITS_MS {
                p.notice { "That is less than some providers' own clients wait by default (OpenAI, Azure OpenAI \
                    and Anthropic 600 s, Bedrock 60 s). An answer that would have come between the two \
                    counts here as failed; whether it may is the contract's question." }
            }
        }
    }
}

/// Whether the number of samples suffices, where the formula has a threshold.
pub(super) fn support(judged: &CommitmentAssessment) -> Markup {
    html! {
        @if let Some(support) = &judged.support { p.note { (finding::support(support)) } }
    }
}
