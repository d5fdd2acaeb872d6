//! The numbers behind a verdict: bounds, budget, minutes, and whether samples suffice.

use sla::{Budget, BudgetUnit, CommitmentAssessment, Fraction, MinuteSupport};

use super::COLUMN;
use crate::page::{Page, TIE, count, counted, fraction, quantity, uptime};

pub(super) fn section(page: &mut Page, result: &CommitmentAssessment) {
    page.gap();
    let shown = |value: &Fraction| {
        let exact = fraction(value).map(|exact| format!(" = {exact}"));
        format!(
            "{}{}",
            uptime(value, &result.target),
            exact.unwrap_or_default()
        )
    };
    if let Some(observed) = &result.observed {
        page.labelled(
            "observed",
            COLUMN,
            &format!("{}, over measured time", shown(observed)),
        );
        page.labelled(
            "at most",
            COLUMN,
            &format!(
                "{}, if all that is unmeasured or unknown succeeded",
                shown(&result.high)
            ),
        );
        page.labelled(
            "at least",
            COLUMN,
            &format!("{}, if all of that failed", shown(&result.low)),
        );
        page.labelled("budget", COLUMN, &budget(&result.budget));
    }
    page.labelled("minutes", COLUMN, &minutes(page, result));
    if let Some(support) = &result.support {
        page.labelled("sampling", COLUMN, &sampling(support));
    }
}

fn budget(budget: &Budget) -> String {
    let unit = match budget.unit {
        BudgetUnit::Minutes => "min",
        BudgetUnit::Intervals => "intervals",
        BudgetUnit::Requests => "requests",
        BudgetUnit::LatencyWindows => "latency windows",
    };
    let remaining = quantity(&budget.remaining);
    let left = if budget.remaining.is_negative() {
        format!("overdrawn by {}", remaining.trim_start_matches('-'))
    } else {
        format!("{remaining} left")
    };
    format!(
        "{}{TIE}{unit} allowed, {} used, {left}",
        quantity(&budget.allowed),
        quantity(&budget.used)
    )
}

fn minutes(page: &Page, result: &CommitmentAssessment) -> String {
    let minutes = result.minutes;
    let all = [
        ("up", minutes.up),
        ("down", minutes.down),
        ("degraded", minutes.degraded),
        ("empty", minutes.empty),
        ("excluded", minutes.excluded),
        ("unmeasured", minutes.unmeasured),
        ("to come", minutes.future),
    ];
    let some: Vec<String> = all
        .into_iter()
        .filter(|(_, minutes)| *minutes > 0)
        .map(|(name, minutes)| format!("{}{TIE}{name}", count(minutes)))
        .collect();
    some.join(&format!("{TIE}{} ", page.look.pick("·", "-")))
}

fn sampling(support: &MinuteSupport) -> String {
    let all = support.above + support.at_most + support.undetermined;
    format!(
        "of {} with valid requests, {} are above the contract's threshold beyond doubt (95{TIE}%, \
         one-sided), {} at most at it, and {} hold too few samples to tell: it takes {} without \
         an error in a minute. The contract's own rule, by which this is judged, asks for no such \
         certainty.",
        counted(all, "minute"),
        count(support.above),
        count(support.at_most),
        count(support.undetermined),
        counted(support.samples_needed, "sample")
    )
}
