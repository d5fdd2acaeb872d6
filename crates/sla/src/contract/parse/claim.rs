//! The claim procedure of a contract text.

use super::super::text::{Node, Table};
use super::super::{Anchor, Claim, ClaimDeadline, ContractError, Period, Purpose};
use super::{basis, list, words};

pub(super) fn claim(node: Node<'_>) -> Result<Claim, ContractError> {
    let table = node.table("[claim]")?.only(&[
        "channel",
        "subject_must_contain",
        "deadlines",
        "evidence",
        "forfeits_if_late",
        "basis",
    ])?;
    let subject = table.find("subject_must_contain");
    let forfeits = table.find("forfeits_if_late");
    Ok(Claim {
        channel: table.get("channel")?.owned()?,
        subject_must_contain: subject.map(Node::owned).transpose()?,
        deadlines: list(table.find("deadlines"), deadline)?,
        evidence: words(table.find("evidence"))?,
        // A lost claim is the reading that makes the operator hurry.
        forfeits_if_late: forfeits.map_or(Ok(true), Node::flag)?,
        basis: basis(table, "basis")?,
    })
}

fn deadline(node: Node<'_>) -> Result<ClaimDeadline, ContractError> {
    let table = node.table("`deadlines`")?;
    let anchor: fn(Period) -> Anchor = match table.get("anchor")?.word(&[
        ("eligibility", 0),
        ("window_end", 1),
        ("incident", 2),
        ("downtime_end", 3),
        ("billing_cycle_end", 4),
    ])? {
        0 => Anchor::Eligibility,
        1 => Anchor::WindowEnd,
        2 => Anchor::Incident,
        3 => Anchor::DowntimeEnd,
        _ => return billing_cycle_end(table),
    };
    let table = table.only(&["anchor", "hours", "days", "months", "purpose", "basis"])?;
    let mut periods = Vec::new();
    for (key, period) in [
        ("hours", Period::Hours as fn(u32) -> Period),
        ("days", Period::Days),
        ("months", Period::Months),
    ] {
        if let Some(node) = table.find(key) {
            periods.push(period(node.whole(1..=10_000)?));
        }
    }
    match periods[..] {
        [period] => finish_deadline(table, anchor(period)),
        _ => Err(table.refuse("deadlines", "give exactly one of `hours`, `days`, `months`")),
    }
}

fn billing_cycle_end(table: Table<'_>) -> Result<ClaimDeadline, ContractError> {
    let table = table.only(&["anchor", "nth_after_incident", "purpose", "basis"])?;
    let node = table.get("nth_after_incident")?;
    let nth_after_incident = node
        .whole(1..=36)?
        .try_into()
        .map_err(|_| node.refuse("must be at least 1"))?;
    finish_deadline(table, Anchor::BillingCycleEnd { nth_after_incident })
}

fn finish_deadline(table: Table<'_>, anchor: Anchor) -> Result<ClaimDeadline, ContractError> {
    Ok(ClaimDeadline {
        purpose: table
            .get("purpose")?
            .word(&[("notice", Purpose::Notice), ("claim", Purpose::Claim)])?,
        anchor,
        basis: basis(table, "basis")?,
    })
}
