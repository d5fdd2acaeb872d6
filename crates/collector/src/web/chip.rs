//! Small labels: a shape, a word and a colour, so that none of them carries the meaning alone.

use domain::{Attribution, Outcome};
use maud::{Markup, html};
use sla::{Condition, Vantage, Verdict};

use super::{now, words};
use crate::published::Level;

/// What a verdict is.
pub(super) fn verdict(verdict: Verdict) -> Markup {
    html! {
        span class={ "chip " (verdict.as_str()) } {
            (icon(shape(verdict))) (words::verdict(verdict))
        }
    }
}

const fn shape(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "M6 0a6 6 0 1 1 0 12A6 6 0 0 1 6 0zM5 9l5-5-1-1-4 4-2-2-1 1z",
        Verdict::Breached => CROSS,
        Verdict::Indeterminate => HALF,
        Verdict::NoData => DASHES,
        Verdict::Open => "M6 0a6 6 0 1 1 0 12A6 6 0 0 1 6 0zM6 2a4 4 0 1 0 0 8A4 4 0 0 0 6 2z",
    }
}

/// What a target is like now.
pub(super) fn condition(condition: Condition) -> Markup {
    let (tone, shape) = match condition {
        Condition::Up => ("met", DISC),
        Condition::Unmeasured => ("no_data", DASHES),
        Condition::OurSide => ("ours", TRIANGLE),
        Condition::Regional => ("partial", HALF),
        Condition::ProviderDown => ("breached", CROSS),
    };
    html! { span class={ "chip " (tone) } { (icon(shape)) (now::word(condition)) } }
}

/// What a page of a provider's says.
pub(super) fn published(level: Level) -> Markup {
    let (tone, shape, word) = match level {
        Level::Operational => ("met", DISC, "operational"),
        Level::Unknown => ("no_data", DASHES, "unknown"),
        Level::Maintenance => ("open", TRIANGLE, "maintenance"),
        Level::Degraded => ("partial", HALF, "degraded"),
        Level::PartialOutage => ("breached", HALF, "partial outage"),
        Level::MajorOutage => ("breached", CROSS, "major outage"),
    };
    html! { span class={ "chip " (tone) } { (icon(shape)) (word) } }
}

/// What a region can tell of a target.
pub(super) fn vantage(vantage: Vantage) -> Markup {
    let (tone, shape) = match vantage {
        Vantage::Up => ("ok", DISC),
        Vantage::Unmeasured => ("muted", DASHES),
        Vantage::OurSide => ("ours", TRIANGLE),
        Vantage::Failing => ("fail", CROSS),
    };
    html! { span class={ "outcome " (tone) } { (icon(shape)) (now::vantage_word(vantage)) } }
}

/// A ring of which one half is filled.
const HALF: &str = "M6 0a6 6 0 1 1 0 12A6 6 0 0 1 6 0zM6 2v8a4 4 0 0 0 0-8z";
/// Three dashes.
const DASHES: &str = "M0 5h3v2H0zM4.5 5h3v2h-3zM9 5h3v2H9z";
/// An octagon with a cross cut out.
const CROSS: &str = "M3.5 0h5L12 3.5v5L8.5 12h-5L0 8.5v-5zM3.2 4.2 5 6 3.2 7.8l1 1L6 7\
                     l1.8 1.8 1-1L7 6l1.8-1.8-1-1L6 5 4.2 3.2z";
/// A filled disc.
const DISC: &str = "M6 1a5 5 0 1 1 0 10A5 5 0 0 1 6 1z";
/// A triangle.
const TRIANGLE: &str = "M6 1l6 10H0z";

fn icon(path: &str) -> Markup {
    html! {
        svg.icon width="12" height="12" viewBox="0 0 12 12" aria-hidden="true" focusable="false" {
            path fill-rule="evenodd" d=(path) {}
        }
    }
}

/// What a sample observed, toned by whose fault it was: ours is not the provider's.
pub(super) fn outcome(outcome: Outcome, attribution: Attribution) -> Markup {
    let (tone, shape) = match (outcome, attribution) {
        (Outcome::Ok, _) => ("ok", DISC),
        (_, Attribution::Provider | Attribution::Gateway) => ("fail", CROSS),
        (_, Attribution::Ours | Attribution::Agent | Attribution::None) => ("ours", TRIANGLE),
        (_, Attribution::Network | Attribution::Unknown) => ("unsure", TRIANGLE),
    };
    html! {
        span class={ "outcome " (tone) } title=(format!("attributed to: {attribution}")) {
            (icon(shape)) (outcome)
        }
    }
}
