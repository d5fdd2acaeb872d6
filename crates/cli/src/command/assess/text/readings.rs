//! What follows when the contract is read in another way.

use sla::{Choice, CommitmentAssessment, Contract, Fraction, Reading, Verdict};

use crate::command::contract::phrase;
use crate::page::{Align, Page, Table, counted, exact_percent, uptime};

pub(super) fn section(page: &mut Page, contract: &Contract, result: &CommitmentAssessment) {
    let Some(spread) = &result.spread else {
        return;
    };
    page.section("  Readings");
    let cut = if spread.cut {
        " There are too many combinations, so every open clause was varied by itself."
    } else {
        ""
    };
    let (lowest, highest) = (&spread.lowest, &spread.highest);
    let shown = |value: &Fraction| uptime(value, &result.target);
    let range = if lowest == highest {
        format!("is {}", shown(lowest))
    } else {
        format!("lies between {} and {}", shown(lowest), shown(highest))
    };
    let ways = counted(spread.readings.into(), "way");
    page.paragraph(
        4,
        &format!("The contract can be read in {ways}; over all of them the result {range}.{cut}"),
    );
    let literal = Reading {
        choices: Vec::new(),
        observed: result.observed.clone(),
        high: result.high.clone(),
        low: result.low.clone(),
        verdict: result.verdict,
        credit: result.credit.clone(),
    };
    let mut table = Table::new([
        ("at least", Align::Right),
        ("at most", Align::Right),
        ("verdict", Align::Left),
        ("credit", Align::Right),
        ("reading", Align::Left),
    ]);
    let mut shown: Vec<&Reading> = Vec::new();
    row(
        &mut table,
        contract,
        result,
        &literal,
        "literal, by which this is judged",
    );
    if let Some(least) = &result.least_favourable
        && !least.choices.is_empty()
    {
        row(
            &mut table,
            contract,
            result,
            least,
            "least favourable to a claim",
        );
        shown.push(least);
    }
    for other in &spread.conclusions {
        if !shown.contains(&other) {
            row(&mut table, contract, result, other, "");
        }
    }
    if table.rows() > 1 {
        page.table(4, &table);
    } else {
        page.paragraph(
            4,
            "All of them come to the same verdict and the same credit.",
        );
    }
}

fn row(
    table: &mut Table,
    contract: &Contract,
    result: &CommitmentAssessment,
    reading: &Reading,
    label: &str,
) {
    let share = reading
        .credit
        .as_ref()
        .and_then(|credit| credit.share.as_ref());
    let amount = reading.credit.as_ref().and_then(|credit| credit.amount);
    let shown = |value: &Fraction| uptime(value, &result.target);
    let choices: Vec<String> = reading
        .choices
        .iter()
        .map(|one| choice(contract, one))
        .collect();
    let words = match (label, choices.as_slice()) {
        (label, []) => label.to_owned(),
        ("", some) => some.join("; "),
        (label, some) => format!("{label}: {}", some.join("; ")),
    };
    table.row([
        shown(&reading.low),
        shown(&reading.high),
        verdict(reading.verdict).to_owned(),
        amount.map_or_else(
            || share.map(exact_percent).unwrap_or_default(),
            |a| a.to_string(),
        ),
        words,
    ]);
}

const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "met",
        Verdict::Breached => "breached",
        Verdict::Indeterminate => "undetermined",
        Verdict::NoData => "no data",
        Verdict::Open => "open",
    }
}

/// A clause read otherwise, in words.
fn choice(contract: &Contract, choice: &Choice) -> String {
    let value = choice.value.replace('_', " ");
    let parts: Vec<&str> = choice.clause.split('.').collect();
    match parts.as_slice() {
        ["late_samples"] => format!("late samples {value}"),
        ["events", "rule", nth] => {
            let at: Option<usize> = nth.parse().ok();
            let rule = at.and_then(|at| Some((at + 1, contract.events.rules.get(at)?)));
            match rule {
                Some((number, rule)) => format!(
                    "event rule {number} ({}) as {value}",
                    phrase::condition(&rule.when)
                ),
                None => format!("{} as {value}", choice.clause),
            }
        }
        ["exclusion", nth, "effect"] => {
            let at: Option<usize> = nth.parse().ok();
            let kind = at.and_then(|at| contract.exclusions.get(at));
            let kind = kind.map_or("", |exclusion| exclusion.kind.as_str());
            format!("exclusion {kind} as {value}")
        }
        ["commitment", _, "alternative"] => format!("formula {}", choice.value),
        ["commitment", _, rest @ ..] => {
            let key = rest.last().copied().unwrap_or_default().replace('_', " ");
            format!("{key} as {value}")
        }
        [.., key] => format!("{} as {value}", key.replace('_', " ")),
        [] => value,
    }
}
