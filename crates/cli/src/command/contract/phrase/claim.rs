//! Deadlines in words.

use sla::contract::{Anchor, Period, Purpose};
use sla::{Deadline, Due};

use crate::page::{at_utc, counted};

/// What has to be sent.
pub(crate) const fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Notice => "notice",
        Purpose::Claim => "claim",
    }
}

/// Until when: `within 30 days after the window's end`, `by the end of the billing month ..`.
pub(crate) fn anchor(anchor: Anchor) -> String {
    match anchor {
        Anchor::Eligibility(time) => within(time, "a credit is due"),
        Anchor::WindowEnd(time) => within(time, "the window's end"),
        Anchor::MonthEnd(time) => within(time, "the month's end"),
        Anchor::Incident(time) => within(time, "the downtime begins"),
        Anchor::DowntimeEnd(time) => within(time, "the downtime ends"),
        Anchor::Invoice(time) => within(time, "the invoice"),
        Anchor::BillingMonthEnd { nth_after_incident } => {
            nth(nth_after_incident.get(), "billing month")
        }
        Anchor::BillingCycleEnd { nth_after_incident } => {
            nth(nth_after_incident.get(), "billing cycle")
        }
    }
}

fn within(time: Period, since: &str) -> String {
    format!("within {} after {since}", period(time))
}

fn nth(nth: u32, what: &str) -> String {
    match nth {
        1 => format!("by the end of the {what} after the incident's"),
        2 => format!("by the end of the 2nd {what} after the incident's"),
        3 => format!("by the end of the 3rd {what} after the incident's"),
        _ => format!("by the end of the {nth}th {what} after the incident's"),
    }
}

fn period(period: Period) -> String {
    let (count, unit) = match period {
        Period::Hours(count) => (count, "hour"),
        Period::Days(count) => (count, "day"),
        Period::BusinessDays(count) => (count, "business day"),
        Period::Months(count) => (count, "month"),
    };
    counted(count.get().into(), unit)
}

/// The dates of a deadline: literally, by the strictest reading, and from when on.
pub(crate) fn until(deadline: &Deadline) -> String {
    let (literal, safe) = (deadline.literal, deadline.safe);
    let mut parts = vec![format!("until {}", due(literal))];
    if safe != literal {
        parts.push(format!("; until {} by the strictest reading", due(safe)));
    }
    if let Some(opens) = deadline.opens {
        parts.push(format!("; not before {}", due(opens.safe)));
    }
    if [literal, safe].iter().any(|due| matches!(due, Due::Day(_))) {
        parts.push(format!(" (days in {})", deadline.zone));
    }
    parts.concat()
}

fn due(due: Due) -> String {
    match due {
        Due::Day(day) => day.to_string(),
        Due::Instant(minute) => at_utc(minute),
    }
}
