//! How a contract is read in one way and not in another.

use sla::{Choice, Contract, Reading, Spread};

use super::number::{counted, uptime};
use super::terms::{class, condition, effect};
use super::{finding, listed};
use sla::{Effect, Fraction};

/// The departures of a reading from the letter: `days begin at midnight in Europe/Paris`.
#[must_use]
pub fn departures(contract: &Contract, reading: &Reading) -> String {
    if reading.choices.is_empty() {
        return "every clause is read as it is written".to_owned();
    }
    let choices = reading.choices.iter();
    let choices: Vec<String> = choices.map(|c| choice(contract, c)).collect();
    listed(&choices)
}

/// How one clause is read.
#[must_use]
pub fn choice(contract: &Contract, choice: &Choice) -> String {
    let Choice { clause, value } = choice;
    match (clause.as_str(), value.as_str()) {
        ("late_samples", "unmeasured") => {
            "samples that were logged too long after their claimed time are unmeasured".to_owned()
        }
        ("window.timezone", zone) => format!("days begin at midnight in {zone}"),
        ("window.run_across_edge", "span") => {
            "runs of bad minutes are followed across the window's edges".to_owned()
        }
        ("scope.part_month", "assume_up") => "time not under contract counts as up".to_owned(),
        ("scope.part_month", "whole_month") => {
            "time not under contract counts like all other".to_owned()
        }
        _ => by_position(contract, choice)
            .or_else(|| of_commitment(choice))
            .unwrap_or_else(|| format!("`{clause}` is `{value}`")),
    }
}

/// Event rules and exclusions, which choices name by position.
fn by_position(contract: &Contract, choice: &Choice) -> Option<String> {
    if let Some(position) = choice.clause.strip_prefix("events.rule.") {
        let rule = contract.events.rules.get(position.parse::<usize>().ok()?)?;
        let class = class(rule.otherwise?);
        return Some(format!(
            "a sample with {} is {class}",
            condition(&rule.when)
        ));
    }
    let position = choice.clause.strip_prefix("exclusion.")?;
    let position = position.strip_suffix(".effect")?;
    let clause = contract.exclusions.get(position.parse::<usize>().ok()?)?;
    let read = Effect::ALL
        .into_iter()
        .find(|e| e.as_str() == choice.value)?;
    Some(format!("{} time is {}", clause.kind, effect(read)))
}

/// Clauses of a commitment, by the end of their name: ids may hold dots themselves.
fn of_commitment(choice: &Choice) -> Option<String> {
    let rest = choice.clause.strip_prefix("commitment.")?;
    let value = &choice.value;
    if rest.ends_with(".credit.steps") {
        let words = match value.as_str() {
            "ceil" => "steps begun count as full",
            _ => "only full steps count",
        };
        return Some(words.to_owned());
    }
    if rest.ends_with(".rounding") {
        return Some(format!("uptime is {value}"));
    }
    if rest.ends_with(".alternative") {
        return Some(format!("the formula is the other one, {value}"));
    }
    let (_, key) = rest.rsplit_once('.')?;
    Some(format!("{} is {value}", key.replace('_', " ")))
}

/// How far the readings lie apart.
#[must_use]
pub fn spread(spread: &Spread, target: &Fraction) -> String {
    let cut = if spread.cut {
        " There are more combinations of open clauses than are computed: each was varied by itself."
    } else {
        ""
    };
    format!(
        "{} of the contract, the literal one among them: over all of them uptime is at least {} \
         and at most {}.{cut}",
        counted(spread.readings.into(), "reading"),
        uptime(&spread.lowest, target),
        uptime(&spread.highest, target)
    )
}

/// What a reading comes to: `breached, with a credit of 10 %`.
#[must_use]
pub fn conclusion(reading: &Reading) -> String {
    let verdict = finding::verdict(reading.verdict);
    match &reading.credit {
        None => format!("{verdict}, without a credit"),
        Some(credit) => format!("{verdict}, with a credit of {}", finding::worth(credit)),
    }
}
