//! The page of a target: what it is like now, how long its answers took, and how they ended.

use domain::Outcome;
use maud::{Markup, html};

use super::chart::{self, Measure};
use super::view::TargetPage;
use super::{now, page, words};
use crate::latency::Point;

pub(super) fn main(view: &TargetPage) -> Markup {
    html! {
        main id="main" tabindex="-1" {
            section.head id="head" {
                div { h1 { (view.now.target) } }
                div.side {
                    (page::as_of(&view.site))
                    p.links {
                        a href=(view.json_href) { "State as JSON" }
                        a href={ (view.json_href) "/latency" } { "Latency as JSON" }
                    }
                }
            }
            (now::section(std::slice::from_ref(&view.now), &view.site))
            (latency(view))
            (outcomes(&view.days))
        }
    }
}

fn latency(view: &TargetPage) -> Markup {
    let measures = [
        Measure {
            id: "first",
            title: "To the first visible text",
            of: |point| point.first,
        },
        Measure {
            id: "end",
            title: "To the end of the answer",
            of: |point| point.end,
        },
    ];
    html! {
        section.panel id="latency" aria-labelledby="latency-title" {
            h2 id="latency-title" { "Latency of the last 7 days" }
            p.muted {
                "Planned requests that were answered in full, all agents together, by closed hours. \
                 Percentiles come from sketches: at most 1/128 above the exact ones, never below. \
                 No verdict rests on them."
            }
            @for measure in measures { (chart::chart(view, measure)) }
            (chart::legend())
        }
    }
}

fn outcomes(days: &[Point]) -> Markup {
    let table = html! {
        table {
            thead {
                tr {
                    th scope="col" { "Day (UTC)" }
                    th.num scope="col" { "Samples" }
                    th.num scope="col" { "ok" }
                    th scope="col" { "Others" }
                    th.num scope="col" { "p50" }
                    th.num scope="col" { "p95" }
                }
            }
            tbody { @for day in days { (row(day)) } }
        }
    };
    html! {
        section id="outcomes" aria-labelledby="outcomes-title" {
            h2 id="outcomes-title" { "Outcomes per day" }
            @if days.is_empty() {
                p.muted { "No closed hour of the last 30 days has a planned sample." }
            } @else {
                p.muted {
                    "Planned requests of the last 30 days, up to the last closed hour; p50 and p95 \
                     are to the end of the answer."
                }
                (page::scroll("Outcomes per day", &table))
            }
        }
    }
}

fn row(day: &Point) -> Markup {
    let all = day.outcomes.values().copied().fold(0, u64::saturating_add);
    let ok = day.outcomes.get(&Outcome::Ok).copied().unwrap_or_default();
    let others = day.outcomes.iter().filter(|one| *one.0 != Outcome::Ok);
    let mut others: Vec<(Outcome, u64)> = others.map(|(word, count)| (*word, *count)).collect();
    others.sort_by_key(|(word, count)| (std::cmp::Reverse(*count), *word));
    let others: Vec<String> = others
        .iter()
        .map(|(word, count)| format!("{word} × {}", words::count(*count)))
        .collect();
    html! {
        tr {
            th scope="row" { (day.start_at.format("%Y-%m-%d")) }
            td.num { (words::count(all)) }
            td.num { (words::count(ok)) }
            td { @if others.is_empty() { span.muted { "none" } } (others.join(", ")) }
            @match day.end {
                Some(end) => {
                    td.num { (words::latency(end.p50_us)) }
                    td.num { (words::latency(end.p95_us)) }
                }
                None => { td.num { "-" } td.num { "-" } }
            }
        }
    }
}
