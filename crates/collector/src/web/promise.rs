//! A contract in sentences: what is promised, which samples count, what a breach is worth.

use maud::{Markup, html};
use sla::contract::{
    Align, BadMinute, Band, Condition, CreditBase, EmptyInterval, Metric, Remedy, RoundingMode,
    RunAcrossEdge, WindowKind,
};
use sla::{Commitment, Contract, EventClass, Fraction};

use super::{page, words};

/// `of at least 99.9 % in each calendar month`.
pub(super) fn headline(contract: &Contract, commitment: &Commitment) -> String {
    let window = match contract.window.kind {
        WindowKind::CalendarMonth => "calendar month".to_owned(),
        WindowKind::FixedDays { days: 1, .. } => "day".to_owned(),
        WindowKind::FixedDays { days, .. } => format!("period of {days} days"),
    };
    format!(
        "at least {} in each {window} (UTC)",
        words::exact_percent(&commitment.target)
    )
}

/// How uptime is computed.
pub(super) fn formula(metric: &Metric) -> String {
    match metric {
        Metric::DowntimeMinutes(rule) => {
            let bad = match &rule.rule {
                BadMinute::RateGt { threshold } => format!(
                    "more than {} of its valid requests are errors",
                    words::exact_percent(threshold)
                ),
                BadMinute::AllFail => "all of its valid requests are errors".to_owned(),
            };
            let least = match rule.min_valid_per_minute {
                0 => String::new(),
                least => format!(" and it has at least {least} of them"),
            };
            let run = match rule.min_run_minutes.get() {
                1 => "every bad minute counts as downtime".to_owned(),
                run => format!("runs of at least {run} bad minutes count as downtime"),
            };
            format!(
                "Uptime is the share of minutes that are not downtime. A minute is bad when \
                 {bad}{least}; {run}."
            )
        }
        Metric::IntervalMean(rule) => {
            let align = match rule.align {
                Align::Epoch => "on the UTC clock",
                Align::WindowStart => "from the start of the window",
            };
            let empty = match rule.empty {
                EmptyInterval::Up => "counts as fully available",
                EmptyInterval::Skip => "is left out",
            };
            format!(
                "Uptime is the mean, over intervals of {} counted {align}, of the share of valid \
                 requests that succeed. A measured interval without a valid request {empty}.",
                words::minutes(rule.interval_minutes.get().into())
            )
        }
    }
}

/// What the text does to uptime before comparing; empty where it compares exactly.
pub(super) fn rounding(commitment: &Commitment) -> String {
    match commitment.rounding.mode {
        RoundingMode::None => String::new(),
        RoundingMode::HalfUp { digits } => format!(
            "Before it is compared, the percentage is rounded half-up to {}.",
            words::counted(digits.into(), "decimal")
        ),
        RoundingMode::Floor { digits } => format!(
            "Before it is compared, the percentage is cut off after {}.",
            words::counted(digits.into(), "decimal")
        ),
    }
}

/// What a breach is worth.
pub(super) fn credit(contract: &Contract, commitment: &Commitment) -> Markup {
    html! {
        @match (&commitment.credit, contract.remedy) {
            (_, Remedy::None) => { p { "A target only: the contract gives no remedy." } }
            (_, Remedy::Termination) => {
                p { "The remedy is leaving the contract early; no credits." }
            }
            (None, Remedy::Credit) => { p { "No credit is given for this commitment." } }
            (Some(schedule), Remedy::Credit) => {
                p {
                    "Credits are a share of "
                    @match schedule.base {
                        CreditBase::MonthFeesInScope => {
                            "the window's fees for what the contract covers"
                        }
                        CreditBase::Invoice => "the window's whole invoice",
                    }
                    @if let Some(cap) = &schedule.cap {
                        ", at most " (words::exact_percent(cap))
                    }
                    @if let Some(least) = schedule.min_amount { ", and only above " (least) }
                    ":"
                }
                ul.bands {
                    @for band in &schedule.bands { li { (self::band(band)) } }
                }
            }
        }
    }
}

/// `99 % up to below 99.9 %: 10 %`.
pub(super) fn band(band: &Band) -> String {
    let share = words::exact_percent(&band.percent);
    let lt = words::exact_percent(&band.lt);
    match band.ge.as_ref().filter(|ge| **ge > Fraction::zero()) {
        Some(ge) => format!("{} up to below {lt}: {share}", words::exact_percent(ge)),
        None => format!("below {lt}: {share}"),
    }
}

/// Which samples are errors, first match first.
pub(super) fn events(contract: &Contract) -> Markup {
    let table = html! {
        table {
            thead {
                tr { th scope="col" { "A sample with" } th scope="col" { "is" } th scope="col" { "Basis" } }
            }
            tbody {
                @for rule in &contract.events.rules {
                    tr {
                        td.roomy { (condition(&rule.when)) }
                        td.tight { (class(rule.class)) }
                        td.muted { (stated(words::basis(rule.basis))) }
                    }
                }
                tr {
                    td { "anything else" } td { (class(contract.events.default)) } td {}
                }
            }
        }
    };
    html! {
        p { "Rules are tried in order; the first that matches decides." }
        (page::scroll("Event rules", &table))
    }
}

const fn stated(basis: &'static str) -> &'static str {
    if basis.is_empty() { "stated" } else { basis }
}

const fn class(class: EventClass) -> &'static str {
    match class {
        EventClass::Error => "an error",
        EventClass::Success => "a success",
        EventClass::NotValid => "not counted",
        EventClass::Unknown => "unknown: it widens the bounds",
    }
}

fn condition(when: &Condition) -> String {
    fn words(name: &str, values: impl IntoIterator<Item = impl ToString>) -> Option<String> {
        let values: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
        (!values.is_empty()).then(|| format!("{name} {}", values.join(", ")))
    }
    let parts = [
        words("status", &when.status),
        words("outcome", &when.outcome),
        words("attribution", &when.attribution),
        words("feature", &when.feature),
        words("served tier", &when.tier),
        when.stream
            .map(|on| if on { "streaming" } else { "no streaming" }.to_owned()),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() {
        "anything".to_owned()
    } else {
        parts.join(" and ")
    }
}

/// Clauses that a verdict rests on although the text does not state them.
pub(super) fn assumptions(contract: &Contract) -> Vec<String> {
    let mut found = Vec::new();
    let mut note = |what: &str, basis| match words::basis(basis) {
        "" => {}
        why => found.push(format!("{what}: {why}.")),
    };
    note(
        "Windows are cut at midnight UTC",
        contract.window.timezone_basis,
    );
    for commitment in &contract.commitments {
        note(
            &format!("The commitment {}", commitment.id),
            commitment.basis,
        );
        note(
            &format!("The rounding of {}", commitment.id),
            commitment.rounding.basis,
        );
    }
    for exclusion in &contract.exclusions {
        note(
            &format!("What happens to {} time", exclusion.kind),
            exclusion.basis,
        );
    }
    if let Some(claim) = &contract.claim {
        note("The claim procedure", claim.basis);
    }
    if contract.window.run_across_edge == RunAcrossEdge::Unknown {
        found.push(
            "A run of bad minutes across the edge of a window is cut there: the text is silent, \
             and this finds less downtime."
                .to_owned(),
        );
    }
    found
}
