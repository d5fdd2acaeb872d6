//! What holds for a whole contract: which samples are errors, whose samples are judged together,
//! what is excluded, and what the text leaves open.

use sla::contract::recurrence::RecurrenceText;
use sla::contract::{
    Attributed, Condition, Dimension, Exclusion, PartMonth, Pooling, RunAcrossEdge, SpanSide,
};
use sla::{Basis, Contract, Effect, EventClass};

use super::listed;

/// What a sample is.
#[must_use]
pub const fn class(class: EventClass) -> &'static str {
    match class {
        EventClass::Error => "an error",
        EventClass::Success => "a success",
        EventClass::NotValid => "not counted",
        EventClass::Unknown => "unknown: it widens the bounds",
    }
}

/// Which samples a rule matches: `status 5xx and streaming`.
#[must_use]
pub fn condition(when: &Condition) -> String {
    fn words(name: &str, values: impl IntoIterator<Item = impl ToString>) -> Option<String> {
        let values: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
        (!values.is_empty()).then(|| format!("{name} {}", values.join(", ")))
    }
    let stream = |on: bool| if on { "streaming" } else { "no streaming" }.to_owned();
    let parts = [
        words("status", &when.status),
        words("outcome", &when.outcome),
        words("attribution", &when.attribution),
        words("feature", &when.feature),
        words("served tier", &when.tier),
        when.stream.map(stream),
        (when.quorum == Some(true)).then(|| "a quorum of agents".to_owned()),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() {
        "anything".to_owned()
    } else {
        parts.join(" and ")
    }
}

/// Whose samples are judged together, when a request counts, and what needs a quorum.
#[must_use]
pub fn evidence(contract: &Contract) -> Vec<String> {
    let mut found = vec![
        match contract.evidence.pooling {
            Pooling::Pooled => "The requests of all agents are judged together.",
            Pooling::PerRegion => "The agents of each region are judged by themselves.",
        }
        .to_owned(),
    ];
    if contract.events.attribution == Attributed::RequestEnd {
        found.push("A request counts in the minute its answer ends in.".to_owned());
    }
    if contract.events.asks_for_quorum() {
        let quorum = contract.evidence.quorum;
        found.push(format!(
            "Where a rule asks for a quorum, it holds in minutes in which at least {} agents in \
             at least {} networks see a failure; in others the sample is unknown.",
            quorum.agents, quorum.networks
        ));
    }
    found
}

/// What one verdict is about.
#[must_use]
pub fn scope(contract: &Contract) -> Vec<String> {
    let scope = &contract.scope;
    let mut found = Vec::new();
    if !scope.partition.is_empty() {
        let dimensions: Vec<String> = scope.partition.iter().map(|d| dimension(*d)).collect();
        found.push(format!(
            "Every {} is judged by itself.",
            listed(&dimensions)
        ));
    }
    for (limited, values) in &scope.covers {
        let values: Vec<&str> = values.iter().collect();
        found.push(format!(
            "It covers {} {} only.",
            dimension(*limited),
            values.join(", ")
        ));
    }
    let part = match scope.part_month {
        PartMonth::OwnPeriod => "the part under contract is a window of its own",
        PartMonth::AssumeUp => "the part not under contract counts as up",
        PartMonth::WholeMonth => "the whole window counts",
        PartMonth::Unknown => {
            "the text is silent: the part under contract is judged as a window of its own, and \
             other ways are other readings"
        }
    };
    found.push(format!(
        "Where the subscription begins or ends inside a window, {part}."
    ));
    found
}

/// `model family`.
#[must_use]
pub fn dimension(dimension: Dimension) -> String {
    dimension.as_str().replace('_', " ")
}

/// What happens to the minutes of an exclusion.
#[must_use]
pub const fn effect(effect: Effect) -> &'static str {
    match effect {
        Effect::NotExcluded => "judged like all other time",
        Effect::RemoveFromDenominator => "left out of the fraction",
        Effect::TreatAsUp => "counted as up",
    }
}

/// What the contract does not judge like all other time, one sentence a kind.
#[must_use]
pub fn exclusions(contract: &Contract) -> Vec<String> {
    contract.exclusions.iter().map(exclusion).collect()
}

fn exclusion(clause: &Exclusion) -> String {
    let mut parts = vec![format!("{}: {}", clause.kind, effect(clause.effect))];
    if let Some(hours) = clause.notice_hours {
        parts.push(format!("announced at least {hours} hours before"));
    }
    if let Some(minutes) = clause.minutes_max {
        parts.push(format!("at most {minutes} minutes in a window"));
    }
    if let Some(recurs) = clause.recurs.clone().map(RecurrenceText::from) {
        let side = match clause.span {
            SpanSide::Inside => "",
            SpanSide::Outside => "all time outside of ",
        };
        parts.push(format!(
            "{side}{} minutes from {} ({}), {}",
            recurs.minutes, recurs.from, recurs.timezone, recurs.rrule
        ));
    }
    if let Some(regions) = &clause.regions {
        let regions: Vec<&str> = regions.iter().collect();
        parts.push(format!("only in {}", regions.join(", ")));
    }
    parts.join("; ") + "."
}

/// Clauses that a verdict rests on although the text does not state them.
#[must_use]
pub fn assumptions(contract: &Contract) -> Vec<String> {
    let mut found = Vec::new();
    let mut note = |what: &str, basis| match self::basis(basis) {
        "" => {}
        why => found.push(format!("{what}: {why}.")),
    };
    let window = &contract.window;
    note(
        &format!("Windows are cut at midnight {}", window.timezone),
        window.timezone_basis,
    );
    note("What a verdict is about", contract.scope.basis);
    note("How agents are judged together", contract.evidence.basis);
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
        for deadline in &claim.deadlines {
            note("A deadline", deadline.basis);
        }
    }
    if !window.also_test_timezones.is_empty() {
        let zones = window.also_test_timezones.iter().map(ToString::to_string);
        let zones: Vec<String> = zones.collect();
        let zones = listed(&zones);
        found.push(format!(
            "The text may also mean windows of {zones}: those are other readings."
        ));
    }
    if window.run_across_edge == RunAcrossEdge::Unknown {
        found.push(
            "A run of bad minutes across the edge of a window is cut there: the text is silent, \
             and this finds less downtime."
                .to_owned(),
        );
    }
    found
}

/// What to add to a clause that the contract's text does not state; empty where it does.
#[must_use]
pub const fn basis(basis: Basis) -> &'static str {
    match basis {
        Basis::Stated => "",
        Basis::Inferred => "inferred from the text",
        Basis::Unknown => "the text is silent; open",
        Basis::Assumed => "assumed; the text is silent",
    }
}
