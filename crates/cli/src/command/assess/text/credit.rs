//! What a breach is worth, and why so much.

use sla::contract::Remedy;
use sla::contract::credit::StepReading;
use sla::credit::{CreditSource, Limit};
use sla::{Assessment, CommitmentAssessment, Contract, Credit, NoCredit, Verdict};
use verify::words::credit as credit_words;

use super::COLUMN;
use crate::command::contract::phrase;
use crate::page::{Page, TIE, exact_percent, fraction, listed, quantity};

pub(super) fn section(page: &mut Page, contract: &Contract, result: &CommitmentAssessment) {
    if result.verdict != Verdict::Breached {
        return;
    }
    let text = match (&result.credit, &result.no_credit) {
        (Some(credit), _) => words(contract, credit),
        (None, Some(why)) => format!("none: {}", nothing(contract, why)),
        (None, None) if contract.remedy == Remedy::Credit => {
            "none: the contract has no table of credits for it".to_owned()
        }
        (None, None) => "none: the contract gives none".to_owned(),
    };
    page.gap();
    page.labelled("credit", COLUMN, &text);
}

/// What all breaches are worth together, where there are several.
pub(super) fn total(page: &mut Page, assessment: &Assessment) {
    let Some(total) = &assessment.credit else {
        return;
    };
    let credits = assessment
        .commitments
        .iter()
        .filter(|one| one.credit.is_some())
        .count();
    if credits < 2 {
        return;
    }
    let worth = match (&total.amount, &total.share) {
        (Some(amount), _) => amount.to_string(),
        (None, Some(share)) => format!("{} of the fees", exact_percent(share)),
        (None, None) => "an amount that hangs on fees that are not known".to_owned(),
    };
    let counted = if total.counted.len() < credits {
        format!(
            " ({} of {credits} credits count: the others are for the same downtime)",
            total.counted.len()
        )
    } else {
        String::new()
    };
    page.gap();
    page.labelled(
        "together",
        COLUMN,
        &format!("{worth}{counted}{}", limits(&total.cuts, &total.unchecked)),
    );
}

fn words(contract: &Contract, credit: &Credit) -> String {
    let worth = match (&credit.amount, &credit.share) {
        (Some(amount), Some(share)) => format!("{amount}, which is {}", share_of_fees(share)),
        (Some(amount), None) => amount.to_string(),
        (None, Some(share)) => {
            format!(
                "{}; give the fees with --fees for an amount",
                share_of_fees(share)
            )
        }
        (None, None) => "an amount that hangs on fees that are not known".to_owned(),
    };
    let exact = credit
        .exact_minor
        .as_ref()
        .filter(|exact| *exact.den() != 1.into());
    let exact = exact.and_then(fraction).map(|exact| {
        format!(
            " Exactly {exact} of the smallest unit of {}.",
            contract.currency
        )
    });
    format!(
        "{worth}. {}{}{}",
        source(&credit.source),
        exact.unwrap_or_default(),
        limits(&credit.cuts, &credit.unchecked)
    )
}

fn share_of_fees(share: &sla::Fraction) -> String {
    format!("{} of the fees", exact_percent(share))
}

fn source(source: &CreditSource) -> String {
    match source {
        CreditSource::Bands { range, percent, .. } => format!(
            "The band {} gives {}.",
            phrase::range(range),
            exact_percent(percent)
        ),
        CreditSource::Flat => "It is the same for every breach.".to_owned(),
        CreditSource::PerStep {
            steps,
            reading,
            percent,
        } => {
            let counted = match reading {
                StepReading::Floor => "full",
                StepReading::Ceil => "begun",
            };
            format!(
                "{steps} {counted} steps below the target, {} each.",
                exact_percent(percent)
            )
        }
        CreditSource::Proportional { lost, multiplier } => format!(
            "The share of the window that was lost, {}{TIE}%, times {}.",
            lost.percent_string(6),
            quantity(multiplier)
        ),
        CreditSource::DailyMultiple {
            range,
            days,
            window_days,
            ..
        } => format!(
            "The band {} gives the fees of {} days of {window_days}.",
            phrase::range(range),
            quantity(days)
        ),
    }
}

fn limits(cuts: &[Limit], unchecked: &[Limit]) -> String {
    let names = |limits: &[Limit]| -> String {
        let names: Vec<&str> = limits.iter().map(|one| credit_words::limit(*one)).collect();
        listed(&names)
    };
    let mut parts = Vec::new();
    if !cuts.is_empty() {
        parts.push(format!(" Cut by {}.", names(cuts)));
    }
    if !unchecked.is_empty() {
        parts.push(format!(
            " Not applied, for want of figures: {}.",
            names(unchecked)
        ));
    }
    parts.concat()
}

fn nothing(contract: &Contract, why: &NoCredit) -> String {
    match why {
        NoCredit::BelowMinimum { exact_minor } => format!(
            "{} of the smallest unit of {} is below the smallest credit that is given",
            quantity(exact_minor),
            contract.currency
        ),
        other => credit_words::no_credit(other).to_owned(),
    }
}
