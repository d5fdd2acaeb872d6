//! What was read, and what was not judged of it.

use domain::Minute;
use sla::contract::Pooling;

use super::COLUMN;
use crate::command::assess::report::{Input, Report};
use crate::page::{Page, TIE, count, counted, plain};

/// Minutes without samples at the end of what could have been measured, from which on it is said.
const SILENT_MINUTES: i64 = 10;

/// Agents that are named.
const AGENTS_MAX: usize = 8;

pub(super) fn section(page: &mut Page, report: &Report) {
    let input = &report.input;
    page.title("Samples");
    page.labelled("read", COLUMN, &read(input));
    page.labelled(
        "judged",
        COLUMN,
        &format!("{} of the window", counted(input.counted, "sample")),
    );
    let rest = [
        (input.around, "near the window, for runs over its edges"),
        (input.outside, "outside the window"),
        (
            input.elsewhere,
            "in other regions or models than --scope says",
        ),
        (
            input.not_covered,
            "in regions or models that the contract does not cover",
        ),
    ];
    for (samples, what) in rest {
        if samples > 0 {
            page.labelled(
                "not judged",
                COLUMN,
                &format!("{}{TIE}{what}", count(samples)),
            );
        }
    }
    if input.without_end > 0 {
        page.labelled(
            "note",
            COLUMN,
            &format!(
                "{} say not when they ended, and are counted where they begin; the contract counts \
                 requests where they end",
                counted(input.without_end, "sample")
            ),
        );
    }
    skipped(page, input);
    page.labelled("agents", COLUMN, &agents(input));
    for note in notes(report) {
        page.labelled("note", COLUMN, &note);
    }
}

fn read(input: &Input) -> String {
    let mut parts = vec![format!(
        "{} in {} of {}",
        counted(input.samples, "sample"),
        counted(input.lines, "line"),
        plain(&input.source)
    )];
    if let (Some(first), Some(last)) = (input.first_at, input.last_at) {
        parts.push(format!(", from {first} to {last}"));
    }
    if input.slots_missed > 0 {
        parts.push(format!(
            "; {} not run",
            counted(input.slots_missed, "planned slot")
        ));
    }
    parts.concat()
}

fn skipped(page: &mut Page, input: &Input) {
    let skipped = &input.skipped;
    if skipped.lines == 0 {
        return;
    }
    let kinds = skipped.kinds.iter();
    let kinds: Vec<String> = kinds
        .map(|(kind, lines)| format!("{} {kind}", count(*lines)))
        .collect();
    page.labelled(
        "skipped",
        COLUMN,
        &format!(
            "{} that are no samples: {}",
            counted(skipped.lines, "line"),
            kinds.join(", ")
        ),
    );
    for bad in &skipped.first {
        page.paragraph(COLUMN, &plain(&bad.to_string()));
    }
}

fn agents(input: &Input) -> String {
    let names = input.agents.iter().take(AGENTS_MAX);
    let names: Vec<&str> = names.map(domain::AgentId::as_str).collect();
    let more = input.agents.len().saturating_sub(AGENTS_MAX);
    if more > 0 {
        return format!("{} and {more} more", names.join(", "));
    }
    names.join(", ")
}

fn notes(report: &Report) -> Vec<String> {
    let mut notes = Vec::new();
    let contract = &report.contract;
    let asks = contract.events.asks_for_quorum() || contract.evidence.pooling == Pooling::PerRegion;
    let several = report.input.agents.len() > 1;
    if asks && several && report.terms.places.is_empty() {
        notes.push(
            "the contract asks where agents stand, which the log does not say: give --places, or \
             all of them count as one network"
                .to_owned(),
        );
    }
    if let Some(last) = report.input.last_at {
        let silent = report.terms.as_of.get() - last.minute().get();
        if report.terms.as_of < report.terms.window.end() && silent > SILENT_MINUTES {
            let end = Minute::new(last.minute().get() + 1);
            notes.push(format!(
                "the log ends {} before the moment of this verdict, and what follows counts as not \
                 measured; --as-of {} takes it for time to come",
                counted(silent.unsigned_abs(), "minute"),
                end.start()
            ));
        }
    }
    notes
}
