//! Claims and notices as lines of text.

use chrono::{DateTime, Utc};
use collector::{Claim, ClaimEvent, ClaimTotal, Notice};
use sla::Money;

use crate::print;

/// A claim with its history.
pub(super) fn show(claim: &Claim, history: &[ClaimEvent], now: DateTime<Utc>) {
    print::line(&row(claim, now));
    let reference = claim.reference.as_deref().unwrap_or("none");
    print::line(&format!("reference: {reference}"));
    print::line(&format!("revision:  {}", claim.revision));
    for change in &claim.changes {
        print::line(&format!("  changed: {change}"));
    }
    for violation in &claim.violations {
        print::line(&format!("violation: {violation}"));
    }
    for event in history {
        let at = event.at.format("%Y-%m-%dT%H:%M:%SZ");
        let text = format!("{at}  {}  {}  {}", event.actor, event.what, event.detail);
        print::line(text.trim_end());
    }
}

/// A claim on one line.
pub(super) fn row(claim: &Claim, now: DateTime<Utc>) -> String {
    let asked = match claim.asked {
        Some(asked) => asked.to_string(),
        None => "fees not known".to_owned(),
    };
    format!(
        "{}  {}  asked {asked}  paid {}  {}",
        claim.name,
        claim.state,
        claim.paid,
        due(claim, now)
    )
}

fn due(claim: &Claim, now: DateTime<Utc>) -> String {
    let Some(at) = claim.due_safe_at else {
        return "no deadline".to_owned();
    };
    let at = at.format("%Y-%m-%dT%H:%MZ");
    if claim.is_overdue(now) {
        return format!("due before {at}, overdue");
    }
    let soon = if claim.is_due_soon(now) {
        ", due soon"
    } else {
        ""
    };
    let days = claim.days_left(now).filter(|days| *days >= 0);
    days.map_or_else(
        || format!("due before {at}"),
        |days| format!("due before {at}, {days} days left{soon}"),
    )
}

/// A notice on one line.
pub(super) fn notice(notice: &Notice, now: DateTime<Utc>) -> String {
    let time = |at: DateTime<Utc>| at.format("%Y-%m-%dT%H:%MZ").to_string();
    let end = if notice.going_on {
        "going on".to_owned()
    } else {
        time(notice.end_at)
    };
    let due = notice.due_safe_at.map_or("no deadline".to_owned(), |due| {
        format!("due before {}", time(due))
    });
    let mark = if notice.is_overdue(now) {
        ", overdue"
    } else if notice.is_due_soon(now) {
        ", due soon"
    } else {
        ""
    };
    let reference = notice.reference.as_ref();
    let reference = reference.map_or(String::new(), |number| format!("  as {number}"));
    format!(
        "{}  {}  {} to {end}  {due}{mark}{reference}",
        notice.name,
        notice.state,
        time(notice.start_at)
    )
}

/// Totals of one currency on one line.
pub(super) fn totals(total: ClaimTotal) -> anyhow::Result<String> {
    let money = |minor| Money::from_minor(minor, total.currency);
    Ok(format!(
        "{} claims: drafted {}, filed {}, paid {}, denied {}, expired {}; {} of unknown amount",
        total.claims,
        money(total.drafted_minor)?,
        money(total.filed_minor)?,
        money(total.paid_minor)?,
        money(total.denied_minor)?,
        money(total.expired_minor)?,
        total.unknown,
    ))
}
