//! What targets are like now. Never what a contract says: these states enter no verdict, and the
//! page says so.

use std::fmt::Write as _;

use domain::Minute;
use maud::{Markup, html};
use sla::{Condition, Vantage};

use super::view::{Listing, Overview, Site, TargetNow};
use super::{chip, link, listing, page, words};

/// Minutes that the strip shows.
const DAY: i64 = 1_440;
/// Height of the strip, in pixels.
const HEIGHT: i64 = 14;

/// The targets of the front page with their states.
pub(super) fn listed(view: &Overview) -> Markup {
    let is_told = view.listing.is_told();
    let around = is_told.then_some(&view.listing);
    framed(&view.now, &view.site, around)
}

/// Targets with their states.
pub(super) fn section(targets: &[TargetNow], site: &Site) -> Markup {
    framed(targets, site, None)
}

fn framed(targets: &[TargetNow], site: &Site, around: Option<&Listing>) -> Markup {
    html! {
        section id="now" aria-labelledby="now-title" {
            h2 id="now-title" { "Now" }
            @if targets.is_empty() && around.is_none() {
                p.muted { "The plan has no target." }
            } @else {
                p.muted {
                    "What all agents together can tell of each target, up to the last minute that \
                     every live agent has delivered. No verdict rests on these states."
                }
                @if let Some(around) = around { (listing::head(around)) }
                @if !targets.is_empty() { (page::scroll("Now", &table(targets, site))) }
                @if let Some(around) = around { (listing::foot(around)) }
                (legend())
            }
        }
    }
}

fn table(targets: &[TargetNow], site: &Site) -> Markup {
    html! {
        table.now {
            thead {
                tr {
                    th scope="col" { "Target" }
                    th scope="col" { "Now" }
                    th scope="col" { "Since" }
                    th scope="col" { "By region" }
                    th scope="col" { "Last 24 hours" }
                    th scope="col" { "Minutes in 24 h, in 30 days" }
                }
            }
            tbody { @for target in targets { (row(target, site)) } }
        }
    }
}

fn row(target: &TargetNow, site: &Site) -> Markup {
    html! {
        tr {
            th scope="row" { a href=(link::target(&target.target)) { (target.target) } }
            td { (chip::condition(target.condition)) }
            td.tight {
                @match target.since {
                    Some(since) => {
                        (words::minute_bare(since))
                        span.sub { (words::age(since.start(), site.now)) }
                    }
                    None => "over 30 days",
                }
            }
            td.roomy {
                @if target.regions.is_empty() { span.muted { "no sample" } }
                (regions(target))
            }
            td { (strip(target)) }
            td.tight { (totals(target)) }
        }
    }
}

/// Regions by what they can tell, the worst first.
fn regions(target: &TargetNow) -> Markup {
    let told = |vantage: Vantage| {
        let regions = target.regions.iter().filter(move |one| one.1 == vantage);
        let names: Vec<&str> = regions.map(|(name, _)| name.as_str()).collect();
        (vantage, names.join(", "))
    };
    let worst_first = [
        Vantage::Failing,
        Vantage::OurSide,
        Vantage::Unmeasured,
        Vantage::Up,
    ];
    html! {
        ul.regions {
            @for (vantage, names) in worst_first.map(told) {
                @if !names.is_empty() { li { (chip::vantage(vantage)) " " (names) } }
            }
        }
    }
}

fn totals(target: &TargetNow) -> Markup {
    let had = target.totals.iter().filter(|(_, _, month)| *month > 0);
    html! {
        ul.regions {
            @for (condition, day, month) in had {
                li { (word(*condition)) ": " (words::count(*day)) ", " (words::count(*month)) }
            }
        }
    }
}

/// The bars of a state: class, offset from the top and height. Each has a shape of its own.
const fn shape(condition: Condition) -> (&'static str, &'static [(i64, i64)]) {
    match condition {
        Condition::Up => ("up", &[(2, 10)]),
        Condition::Regional => ("degraded", &[(1, 4), (9, 4)]),
        Condition::ProviderDown => ("down", &[(0, HEIGHT)]),
        Condition::OurSide => ("excluded", &[(5, 4)]),
        Condition::Unmeasured => ("unmeasured", &[(2, 2), (6, 2), (10, 2)]),
    }
}

fn bars(condition: Condition, spans: impl Iterator<Item = (i64, i64)>) -> String {
    let mut path = String::new();
    for (x, width) in spans {
        for (y, height) in shape(condition).1 {
            write!(path, "M{x} {y}h{width}v{height}h-{width}z")
                .expect("writing to a string cannot fail");
        }
    }
    path
}

fn strip(target: &TargetNow) -> Markup {
    let start = target.as_of.plus(-DAY);
    let x = |at: Minute| (at.get() - start.get()).clamp(0, DAY);
    let drawn = Condition::ALL.map(|condition| {
        let runs = target.day.iter().filter(|run| run.condition == condition);
        let spans = runs.map(|run| (x(run.start), x(run.end) - x(run.start)));
        (
            shape(condition).0,
            bars(condition, spans.filter(|(_, width)| *width > 0)),
        )
    });
    html! {
        svg.plot.brief width="100%" height=(HEIGHT) viewBox={ "0 0 " (DAY) " " (HEIGHT) }
            preserveAspectRatio="none" role="img" {
            title { "The last 24 hours of " (target.target) ": " (told(target)) }
            @for (class, path) in &drawn {
                @if !path.is_empty() { path class=(class) d=(path) {} }
            }
        }
    }
}

/// Minutes of each state, in words.
fn told(target: &TargetNow) -> String {
    let had = target.totals.iter().filter(|(_, day, _)| *day > 0);
    let told: Vec<String> = had
        .map(|(condition, day, _)| format!("{} {}", word(*condition), words::minutes(*day)))
        .collect();
    told.join(", ")
}

fn legend() -> Markup {
    html! {
        ul.legend.states aria-label="States of a target" {
            @for condition in Condition::ALL.into_iter().rev() {
                li {
                    svg.plot width="18" height=(HEIGHT) viewBox={ "0 0 18 " (HEIGHT) }
                        aria-hidden="true" {
                        path class=(shape(condition).0)
                            d=(bars(condition, std::iter::once((2, 14)))) {}
                    }
                    span.word { (word(condition)) }
                    span.meaning { (meaning(condition)) }
                }
            }
        }
    }
}

pub(super) const fn word(condition: Condition) -> &'static str {
    match condition {
        Condition::Up => "Up",
        Condition::Regional => "Regional",
        Condition::ProviderDown => "Provider down",
        Condition::OurSide => "Our side",
        Condition::Unmeasured => "Unmeasured",
    }
}

pub(super) const fn vantage_word(vantage: Vantage) -> &'static str {
    match vantage {
        Vantage::Up => "Up",
        Vantage::Failing => "Failing",
        Vantage::OurSide => "Our side",
        Vantage::Unmeasured => "Unmeasured",
    }
}

const fn meaning(condition: Condition) -> &'static str {
    match condition {
        Condition::Up => "every agent that can tell reaches it",
        Condition::Regional => {
            "some agents fail; others reach it, or too few look to say that nobody can"
        }
        Condition::ProviderDown => {
            "every agent that can tell fails: two or more, in two or more networks"
        }
        Condition::OurSide => {
            "only faults of our own: keys, quotas, agents, and what failed where none of an agent's \
             own controls answered"
        }
        Condition::Unmeasured => "no sample from any agent",
    }
}
