//! One line per template, so that a changed fact is seen in review.

use super::*;
use crate::contract::claim::{Anchor, ClaimDeadline, Period};
use crate::contract::credit::{Bands, CreditRule, CreditSchedule, Top};
use crate::contract::{Commitment, Family, Metric};

#[test]
fn the_facts_of_every_template_at_a_glance() {
    let lines: Vec<String> = contracts().map(|(_, contract)| line(&contract)).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

fn line(contract: &Contract) -> String {
    let commitments = contract.commitments.iter().map(commitment);
    let commitments: Vec<String> = commitments.collect();
    let promised = if commitments.is_empty() {
        "nothing promised".to_owned()
    } else {
        commitments.join("; ")
    };
    let due = match &contract.claim {
        None => "no claim".to_owned(),
        Some(claim) if claim.deadlines.is_empty() => "deadline unknown".to_owned(),
        Some(claim) => {
            let deadlines: Vec<String> = claim.deadlines.iter().map(deadline).collect();
            deadlines.join(", ")
        }
    };
    format!("{}: {promised} | {due}", contract.id())
}

fn commitment(commitment: &Commitment) -> String {
    let id = commitment.id.as_str();
    let credit = commitment
        .credit
        .as_ref()
        .map_or("no credit known".to_owned(), credit);
    let known = commitment
        .provenance
        .map_or(String::new(), |p| format!(" ({})", word(&p)));
    let target = &commitment.target;
    let formula = formula(&commitment.metric);
    format!("{id} {formula} {target}{known} -> {credit}")
}

fn formula(metric: &Metric) -> String {
    match metric {
        Metric::TargetOnly(target) => format!("target_only of {}", target.of().family().as_str()),
        other => {
            let family: Family = other.family();
            family.as_str().to_owned()
        }
    }
}

fn credit(schedule: &CreditSchedule) -> String {
    let bands = match &schedule.rule {
        CreditRule::Bands(Bands::Uptime(bands)) => {
            let below = |top: &Top| match top {
                Top::Below(percent) => format!("<{percent}"),
                Top::UpTo(percent) => format!("<={percent}"),
            };
            let one = bands
                .iter()
                .map(|band| format!("{} {} %", below(&band.top), band.worth));
            one.collect::<Vec<String>>().join(", ")
        }
        other => other.kind().as_str().to_owned(),
    };
    let cap = schedule.caps.percent.as_ref();
    let cap = cap.map_or(String::new(), |cap| format!(", cap {cap} %"));
    let known = schedule
        .provenance
        .map_or(String::new(), |p| format!(" ({})", word(&p)));
    format!("{bands}{cap}{known}")
}

fn deadline(deadline: &ClaimDeadline) -> String {
    let period = |period: &Period| match period {
        Period::Hours(n) => format!("{n} hours"),
        Period::Days(n) => format!("{n} days"),
        Period::BusinessDays(n) => format!("{n} business days"),
        Period::Months(n) => format!("{n} months"),
    };
    let from = match &deadline.anchor {
        Anchor::Eligibility(p) => format!("{} from eligibility", period(p)),
        Anchor::WindowEnd(p) => format!("{} from window_end", period(p)),
        Anchor::MonthEnd(p) => format!("{} from month_end", period(p)),
        Anchor::Incident(p) => format!("{} from incident", period(p)),
        Anchor::DowntimeEnd(p) => format!("{} from downtime_end", period(p)),
        Anchor::Invoice(p) => format!("{} from invoice", period(p)),
        Anchor::BillingMonthEnd { nth_after_incident } => {
            format!("billing_month_end {nth_after_incident}")
        }
        Anchor::BillingCycleEnd { nth_after_incident } => {
            format!("billing_cycle_end {nth_after_incident}")
        }
    };
    let known = deadline
        .provenance
        .map_or(String::new(), |p| format!(" ({})", word(&p)));
    format!("{} {from}{known}", word(&deadline.purpose))
}

/// A word as contracts write it.
fn word(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value).unwrap() {
        serde_json::Value::String(word) => word,
        other => other.to_string(),
    }
}
