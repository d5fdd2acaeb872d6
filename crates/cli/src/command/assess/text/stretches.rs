//! Stretches of time that are told one by one: downtime, what was not measured, what was excluded.

use sla::{
    Assessment, CommitmentAssessment, ConsideredSpan, Contract, Downtime, Effect, Family, Span,
    SpanOutcome, State, UnmeasuredReason,
};
use verify::words::terms;

use crate::command::assess::text::zone;
use crate::page::{Align, Page, TIE, Table, count, counted, listed, local, plain, span};

/// Most rows of one table.
const ROWS_MAX: usize = 20;

/// What counted against uptime.
pub(super) fn downtime(page: &mut Page, contract: &Contract, result: &CommitmentAssessment) {
    if result.downtime.is_empty() {
        return;
    }
    let (what, all) = match result.family {
        Family::IntervalMean => ("Intervals below 100 %", joined(&result.downtime)),
        Family::RequestRatio => ("Minutes in which requests failed", joined(&result.downtime)),
        Family::LatencyAttainment => ("Windows that were too slow", joined(&result.downtime)),
        _ => ("Downtime", result.downtime.clone()),
    };
    page.section(&format!("  {what}{}", most(all.len())));
    let mut table = Table::new([
        ("from", Align::Left),
        ("to", Align::Left),
        ("length", Align::Right),
        ("valid", Align::Right),
        ("errors", Align::Right),
        ("edges known to", Align::Left),
    ]);
    let zone = zone(contract);
    for down in costliest(&all) {
        let edges = [down.start_known_to_s, down.end_known_to_s].map(edge);
        table.row([
            local(zone, down.start),
            local(zone, down.end),
            span(down.start.get().abs_diff(down.end.get())),
            count(down.valid),
            count(down.errors),
            edges.join(", "),
        ]);
    }
    page.table(4, &table);
}

/// Neighbours as one stretch: nobody wants to read fifty intervals of one outage.
fn joined(all: &[Downtime]) -> Vec<Downtime> {
    let mut stretches: Vec<Downtime> = Vec::new();
    for down in all {
        match stretches.last_mut() {
            Some(before) if before.end == down.start => {
                before.end = down.end;
                before.valid += down.valid;
                before.errors += down.errors;
                before.end_known_to_s = down.end_known_to_s;
            }
            _ => stretches.push(*down),
        }
    }
    stretches
}

fn most(all: usize) -> String {
    if all > ROWS_MAX {
        format!(", the {ROWS_MAX} of {all} that cost most (all in --format json)")
    } else {
        String::new()
    }
}

/// The stretches with the greatest loss, in order of time.
fn costliest(all: &[Downtime]) -> Vec<&Downtime> {
    let loss = |down: &&Downtime| {
        let minutes = u128::from(down.start.get().abs_diff(down.end.get()));
        let (errors, valid) = (u128::from(down.errors), u128::from(down.valid.max(1)));
        minutes * 1_000_000 * errors / valid
    };
    let mut some: Vec<&Downtime> = all.iter().collect();
    some.sort_by_key(|down| std::cmp::Reverse(loss(down)));
    some.truncate(ROWS_MAX);
    some.sort_by_key(|down| down.start);
    some
}

fn edge(known_to_s: Option<u64>) -> String {
    known_to_s.map_or_else(|| "unknown".to_owned(), |s| format!("{s}{TIE}s"))
}

/// What was not measured and what was excluded, the longest stretches of each.
pub(super) fn others(page: &mut Page, contract: &Contract, result: &CommitmentAssessment) {
    stretches(
        page,
        contract,
        result,
        "Not measured",
        |state| match state {
            State::Unmeasured { reasons } => {
                let reasons: Vec<&str> = reasons.iter().map(|reason| why(*reason)).collect();
                Some(listed(&reasons))
            }
            _ => None,
        },
    );
    stretches(page, contract, result, "Excluded", |state| match state {
        State::Excluded { effect } => Some(effect_words(*effect).to_owned()),
        _ => None,
    });
}

fn stretches(
    page: &mut Page,
    contract: &Contract,
    result: &CommitmentAssessment,
    what: &str,
    words: impl Fn(&State) -> Option<String>,
) {
    let all = result.timeline.iter();
    let mut all: Vec<(&Span, String)> = all
        .filter_map(|span| Some((span, words(&span.state)?)))
        .collect();
    if all.is_empty() {
        return;
    }
    let length = |span: &Span| span.start.get().abs_diff(span.end.get());
    let more = if all.len() > ROWS_MAX {
        format!(", the {ROWS_MAX} longest of {} stretches", all.len())
    } else {
        String::new()
    };
    page.section(&format!("  {what}{more}"));
    all.sort_by_key(|(span, _)| std::cmp::Reverse(length(span)));
    all.truncate(ROWS_MAX);
    all.sort_by_key(|(span, _)| span.start);
    let mut table = Table::new([
        ("from", Align::Left),
        ("to", Align::Left),
        ("length", Align::Right),
        ("why", Align::Left),
    ]);
    let zone = zone(contract);
    for (stretch, words) in all {
        table.row([
            local(zone, stretch.start),
            local(zone, stretch.end),
            span(length(stretch)),
            words,
        ]);
    }
    page.table(4, &table);
}

const fn why(reason: UnmeasuredReason) -> &'static str {
    match reason {
        UnmeasuredReason::Unknown => "samples of which nobody can tell what they are",
        UnmeasuredReason::Late => "samples that came too late",
        UnmeasuredReason::AgentDown => "the agent was not running",
        UnmeasuredReason::Overloaded => "too many attempts were under way",
        UnmeasuredReason::Budget => "the agent's budget was used up",
        UnmeasuredReason::Paused => "the target was paused",
        UnmeasuredReason::NoKey => "the agent had no key",
        UnmeasuredReason::SpoolFull => "the agent's disk was full",
        UnmeasuredReason::NoData => "no sample",
    }
}

const fn effect_words(effect: Effect) -> &'static str {
    match effect {
        Effect::NotExcluded => "not excluded",
        other => terms::effect(other),
    }
}

/// Every span that the contract or the operator names, and what became of it.
pub(super) fn exclusions(page: &mut Page, contract: &Contract, assessment: &Assessment) {
    let all = &assessment.exclusions;
    if all.is_empty() {
        return;
    }
    let more = if all.len() > ROWS_MAX {
        format!(", the first {ROWS_MAX} of {}", all.len())
    } else {
        String::new()
    };
    page.section(&format!("Exclusions considered{more}"));
    let mut table = Table::new([
        ("from", Align::Left),
        ("to", Align::Left),
        ("kind", Align::Left),
        ("what became of it", Align::Left),
    ]);
    let zone = zone(contract);
    for one in all.iter().take(ROWS_MAX) {
        table.row([
            local(zone, one.window.start()),
            local(zone, one.window.end()),
            plain(&one.kind),
            became(one),
        ]);
    }
    page.table(2, &table);
}

fn became(considered: &ConsideredSpan) -> String {
    let outcome = match considered.outcome {
        SpanOutcome::Applied { effect } => effect_words(effect).to_owned(),
        SpanOutcome::AppliedInRegions { effect } => {
            format!("{} in the exclusion's regions only", effect_words(effect))
        }
        SpanOutcome::UnknownKind => "not excluded: the contract names no such kind".to_owned(),
        SpanOutcome::NoticeTooShort { hours } => format!(
            "not excluded: the contract asks for {} of notice",
            counted(hours.into(), "hour")
        ),
        SpanOutcome::LimitReached { minutes } => format!(
            "not excluded: the contract allows {} a window",
            counted(minutes.into(), "minute")
        ),
    };
    format!("{outcome} ({})", plain(&considered.reason))
}
