//! What has to hold across the tables of a contract. Reasons begin with the key they are about,
//! from which the reader finds its line.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU64;

use super::Remedy;
use super::commitment::{Commitment, Compare};
use super::credit::{CreditSchedule, share};
use super::exact::Percent;
use super::exclusion::{Exclusion, SpanSide};
use super::metric::Metric;
use super::rounding::Rounding;
use super::text::ContractText;
use crate::fraction::Fraction;

type Checked = Result<(), String>;

const HUNDRED: NonZeroU64 = NonZeroU64::new(100).expect("100 is not 0");

/// Refuses a contract whose tables contradict each other.
pub(super) fn check(contract: &ContractText) -> Checked {
    dates(contract)?;
    remedy(contract)?;
    other_remedies(contract)?;
    partition(contract)?;
    rules(contract)?;
    let mut names = BTreeSet::new();
    for (index, commitment) in contract.commitment.iter().enumerate() {
        let path = format!("commitment.{index}");
        if !is_name(commitment.id.as_str()) {
            return Err(format!(
                "`{path}.id`: must be 1 to 64 of a-z, 0-9, `.`, `_` and `-`, beginning with a letter or digit"
            ));
        }
        if !names.insert(commitment.id.as_str()) {
            return Err(format!("`{path}.id`: another commitment has this id"));
        }
        self::commitment(contract, commitment, &path)?;
    }
    let mut kinds = BTreeSet::new();
    for (index, exclusion) in contract.exclusion.iter().enumerate() {
        if !kinds.insert(exclusion.kind.as_str()) {
            return Err(format!(
                "`exclusion.{index}.kind`: this kind has an effect already"
            ));
        }
        self::exclusion(exclusion, index)?;
    }
    Ok(())
}

fn is_name(name: &str) -> bool {
    let inside = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-');
    name.len() <= 64
        && name.bytes().all(inside)
        && name
            .bytes()
            .next()
            .is_some_and(|b| b.is_ascii_alphanumeric())
}

fn dates(contract: &ContractText) -> Checked {
    let source = &contract.contract;
    match (source.effective_from, source.effective_until) {
        (Some(from), Some(until)) if until <= from => Err(format!(
            "`contract.effective_until`: must be after {from}, where it begins to be in force"
        )),
        _ => Ok(()),
    }
}

fn remedy(contract: &ContractText) -> Checked {
    let credited = contract.commitment.iter().any(|c| c.credit.is_some());
    if contract.contract.remedy != Remedy::Credit && credited {
        return Err(
            "`contract.remedy`: must be `credit` where a commitment has a credit table".to_owned(),
        );
    }
    if contract.contract.remedy == Remedy::None && contract.claim.is_some() {
        return Err("`claim`: there is nothing to claim where the remedy is `none`".to_owned());
    }
    if contract.contract.remedy == Remedy::Credit && contract.commitment.is_empty() {
        return Err(
            "`contract.remedy`: a contract without a commitment promises nothing: write `none`"
                .to_owned(),
        );
    }
    Ok(())
}

fn other_remedies(contract: &ContractText) -> Checked {
    for (index, other) in contract.contract.other_remedies.iter().enumerate() {
        if let Some(below) = &other.below {
            percentage(&format!("contract.other_remedies.{index}.below"), below)?;
        }
    }
    Ok(())
}

/// Whether a result can be compared with it, and whether it can be meant: ratios are a common
/// slip.
fn percentage(path: &str, percent: &Percent) -> Checked {
    share(percent).map_err(|reason| format!("`{path}`: {reason}"))?;
    if *percent.fraction() < Fraction::new(1, HUNDRED) {
        return Err(format!(
            "`{path}`: is below 1 percent: 99.9 percent is \"99.9\""
        ));
    }
    Ok(())
}

fn partition(contract: &ContractText) -> Checked {
    let mut seen = BTreeSet::new();
    for (index, dimension) in contract.scope.partition.iter().enumerate() {
        if !seen.insert(dimension) {
            return Err(format!(
                "`scope.partition.{index}`: `{dimension}` stands there twice"
            ));
        }
    }
    Ok(())
}

fn rules(contract: &ContractText) -> Checked {
    for (index, rule) in contract.events.rules.iter().enumerate() {
        if rule.when.quorum == Some(false) {
            return Err(format!(
                "`events.rule.{index}.when.quorum`: write `true` or leave it out"
            ));
        }
        if rule.when.is_quorum_alone() {
            return Err(format!(
                "`events.rule.{index}.when`: `quorum` alone matches every sample: say which failures it is about"
            ));
        }
        if rule.when.is_empty() {
            return Err(format!(
                "`events.rule.{index}.when`: give at least one condition; what matches no rule is `default`"
            ));
        }
        if rule.otherwise == Some(rule.class) {
            return Err(format!(
                "`events.rule.{index}.otherwise`: must be another class than `class`"
            ));
        }
    }
    Ok(())
}

fn commitment(contract: &ContractText, commitment: &Commitment, path: &str) -> Checked {
    target(&commitment.target, commitment.compare, path)?;
    overrides(contract, commitment, path)?;
    let mut names = BTreeSet::new();
    for (index, other) in commitment.alternatives.iter().enumerate() {
        if !names.insert(other.id.as_str()) {
            return Err(format!(
                "`{path}.alternative.{index}.id`: another alternative has this id"
            ));
        }
    }
    let Some(credit) = &commitment.credit else {
        return Ok(());
    };
    if matches!(commitment.metric, Metric::TargetOnly(_)) {
        return Err(format!(
            "`{path}.credit`: a target only is worth nothing: leave this table out, or make the family under `of` the metric's own"
        ));
    }
    self::credit(contract, credit, &commitment.target, &commitment.rounding)
        .map_err(|reason| beneath(&format!("{path}.credit"), &reason))
}

/// Whether a target can be kept and missed.
fn target(target: &Percent, compare: Compare, path: &str) -> Checked {
    percentage(&format!("{path}.target"), target)?;
    if compare == Compare::Gt && *target.fraction() == Fraction::one() {
        return Err(format!(
            "`{path}.target`: no result is above 100 percent: with compare = \"gt\" it would always be missed"
        ));
    }
    Ok(())
}

fn overrides(contract: &ContractText, commitment: &Commitment, path: &str) -> Checked {
    let mut lists = BTreeSet::new();
    let mut models = BTreeMap::new();
    for (index, other) in commitment.overrides.iter().enumerate() {
        let path = format!("{path}.overrides.{index}");
        let list = other.model_list.as_str();
        let Some(members) = contract.model_lists.get(list) else {
            return Err(format!(
                "`{path}.model_list`: there is no list `{list}` in [model_lists]"
            ));
        };
        if !lists.insert(list) {
            return Err(format!("`{path}.model_list`: another override is about it"));
        }
        for model in members {
            if let Some(above) = models.insert(model, list)
                && above != list
            {
                return Err(format!(
                    "`{path}.model_list`: `{model}` is in `{above}` too, which has an override"
                ));
            }
        }
        target(&other.target, commitment.compare, &path)?;
        if let Some(credit) = &other.credit {
            self::credit(contract, credit, &other.target, &commitment.rounding)
                .map_err(|reason| beneath(&format!("{path}.credit"), &reason))?;
        }
    }
    Ok(())
}

fn credit(
    contract: &ContractText,
    credit: &CreditSchedule,
    target: &Percent,
    rounding: &Rounding,
) -> Checked {
    credit.check(target.fraction(), rounding)?;
    credit.check_currency(contract.contract.currency)
}

/// A reason about a key of a table, as one about the same key of the whole contract.
fn beneath(path: &str, reason: &str) -> String {
    match reason.strip_prefix('`') {
        Some(rest) => format!("`{path}.{rest}"),
        None => format!("`{path}`: {reason}"),
    }
}

fn exclusion(exclusion: &Exclusion, index: usize) -> Checked {
    if exclusion.span == SpanSide::Outside && exclusion.recurs.is_none() {
        return Err(format!(
            "`exclusion.{index}.span`: `outside` needs the hours of service in `recurs`"
        ));
    }
    Ok(())
}
