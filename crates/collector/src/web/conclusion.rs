//! What an assessment says about a commitment, in the parts that several pages share.

use domain::UnixMillis;
use maud::{Markup, html};
use sla::contract::TimeZone;
use sla::{
    Budget, BudgetUnit, CommitmentAssessment, Credit, CreditTotal, Deadline, Downtime, Family,
    Fraction, Span, State, UnmeasuredReason,
};

use verify::words::credit::limit as limit_words;

use super::{page, words};

/// Width of a whole budget on its bar, in units of the drawing.
const BAR: u64 = 1_000;
/// Most periods of downtime in a table; the JSON has all.
const PERIODS_MAX: usize = 200;

/// `99.898 %` and, where it is short, `10789/10800`.
pub(super) fn uptime(value: &Fraction, target: &Fraction) -> Markup {
    html! {
        data.percent value=(value) { (words::uptime(value, target)) }
        " "
        @match words::fraction(value) {
            Some(text) => span.fraction { "= " (text) },
            None => span.fraction { "(exact fraction in the JSON)" },
        }
    }
}

/// Uptime over measured time and its bounds.
pub(super) fn bounds(part: &CommitmentAssessment) -> Markup {
    html! {
        dl.facts {
            div {
                dt { "Observed" }
                dd {
                    @match &part.observed {
                        Some(observed) => (uptime(observed, &part.target)),
                        None => "nothing measured",
                    }
                }
                dd.note { "measured time only" }
            }
            div {
                dt { "At most" }
                dd { (uptime(&part.high, &part.target)) }
                dd.note { "if all that is unmeasured or to come is up" }
            }
            div {
                dt { "At least" }
                dd { (uptime(&part.low, &part.target)) }
                dd.note { "if all that is unmeasured or to come is down" }
            }
            div {
                dt { "Promised" }
                dd { data.percent value=(part.target) { (words::exact_percent(&part.target)) } }
                dd.note { "by the contract" }
            }
        }
    }
}

/// How much loss is allowed, used and left.
pub(super) fn budget(budget: &Budget) -> Markup {
    let unit = match budget.unit {
        BudgetUnit::Minutes => "min",
        BudgetUnit::Intervals => "intervals",
        BudgetUnit::Requests => "requests",
        BudgetUnit::LatencyWindows => "latency windows",
    };
    let used = filled(budget);
    let is_over = budget.remaining.is_negative();
    let remaining = words::quantity(&budget.remaining);
    html! {
        div.budget .over[is_over] {
            svg.meter width="100%" height="8" viewBox={ "0 0 " (BAR) " 8" }
                preserveAspectRatio="none" aria-hidden="true" {
                rect.all width=(BAR) height="8" {}
                rect.used width=(used) height="8" {}
                @if is_over { path.limit d={ "M" (limit(budget)) " 0v8" } {} }
            }
            p {
                "Budget: " strong { (words::quantity(&budget.used)) } " of "
                (words::quantity(&budget.allowed)) " " (unit) " used, "
                @if is_over {
                    strong { (remaining.trim_start_matches('-')) " " (unit) " overdrawn" }
                } @else {
                    strong { (remaining) " " (unit) " left" }
                }
            }
        }
    }
}

/// `BAR * part / whole`, at most `BAR`.
fn share(part: &Fraction, whole: &Fraction) -> u64 {
    let den = part.den() * whole.num();
    if den == 0.into() {
        return if part > whole { BAR } else { 0 };
    }
    u64::try_from(part.num() * whole.den() * BAR / den).map_or(BAR, |share| share.min(BAR))
}

/// How much of the bar is used; whatever was used is seen.
fn filled(budget: &Budget) -> u64 {
    let share = share(&budget.used, &budget.allowed);
    if budget.used > Fraction::zero() {
        share.max(8)
    } else {
        share
    }
}

/// Where the allowance ends on a bar that is all used.
fn limit(budget: &Budget) -> u64 {
    share(&budget.allowed, &budget.used)
}

/// What is owed; `at least`, because it is computed at the most uptime there can have been.
pub(super) fn credit(credit: &Credit) -> Markup {
    html! {
        "at least "
        @match (&credit.share, credit.amount) {
            (Some(share), Some(amount)) => {
                strong { (words::exact_percent(share)) } " of the fees, which is "
                strong { (amount) }
            }
            (Some(share), None) => {
                strong { (words::exact_percent(share)) }
                " of the fees, whose amount is not known here"
            }
            (None, Some(amount)) => { strong { (amount) } }
            (None, None) => { "an amount that is not known here" }
        }
    }
}

/// What several breaches of one contract come to together.
pub(super) fn total(total: &CreditTotal) -> Markup {
    html! {
        @match (&total.share, total.amount) {
            (_, Some(amount)) => { strong { (amount) } }
            (Some(share), None) => { strong { (words::exact_percent(share)) } " of the fees" }
            (None, None) => { "an amount that is not known here" }
        }
        @for limit in &total.cuts { ", cut down to " (limit_words(*limit)) }
    }
}

/// What has to be sent until when.
pub(super) fn deadlines(deadlines: &[Deadline], now: UnixMillis) -> Markup {
    let opens = deadlines.iter().any(|deadline| deadline.opens.is_some());
    let table = html! {
        table {
            thead {
                tr {
                    th scope="col" { "To send" }
                    @if opens { th scope="col" { "Not before, to be safe" } }
                    th scope="col" { "Safe, by the strictest reading" }
                    th scope="col" { "As the text reads" }
                }
            }
            tbody {
                @for deadline in deadlines {
                    @let zone: TimeZone = deadline.zone;
                    tr {
                        th scope="row" { (words::purpose(deadline.purpose)) }
                        @if opens {
                            td {
                                @match deadline.opens {
                                    Some(opens) => (words::opening(opens.safe, zone)),
                                    None => span.muted { "any time" },
                                }
                            }
                        }
                        td { (words::due(deadline.safe, zone, now)) }
                        td { (words::due(deadline.literal, zone, now)) }
                    }
                }
            }
        }
    };
    page::scroll("Deadlines", &table)
}

/// What a period that counts against uptime is called.
pub(super) const fn period(family: Family) -> &'static str {
    match family {
        Family::DowntimeMinutes => "period of downtime",
        Family::IntervalMean => "interval below 100 %",
        Family::RequestRatio => "stretch with errors",
        Family::OutageProportional => "outage",
        Family::TargetOnly => "stretch that counted",
        Family::LatencyAttainment => "latency window that was too slow",
    }
}

/// Whether periods are runs of minutes, whose edges samples tell.
pub(super) const fn has_edges(family: Family) -> bool {
    matches!(family, Family::DowntimeMinutes | Family::OutageProportional)
}

/// Everything that counted against uptime.
pub(super) fn downtime(part: &CommitmentAssessment) -> Markup {
    let total = part.downtime.len();
    let noun = period(part.family);
    let edges = has_edges(part.family);
    let known = |known: Option<u64>| known.map_or_else(|| "not known".to_owned(), words::seconds);
    let table = html! {
        table {
            thead {
                tr {
                    th scope="col" { "Start (UTC)" }
                    th scope="col" { "End (UTC)" }
                    th.num scope="col" { "Length" }
                    th.num scope="col" { "Valid requests" }
                    th.num scope="col" { "Errors" }
                    @if edges {
                        th.num scope="col" { "Start known to" }
                        th.num scope="col" { "End known to" }
                    }
                }
            }
            tbody {
                @for down in part.downtime.iter().take(PERIODS_MAX) {
                    tr {
                        td { (words::minute_bare(down.start)) }
                        td { (words::minute_bare(down.end)) }
                        td.num { (words::minutes(length(*down))) }
                        td.num { (words::count(down.valid)) }
                        td.num { (words::count(down.errors)) }
                        @if edges {
                            td.num { (known(down.start_known_to_s)) }
                            td.num { (known(down.end_known_to_s)) }
                        }
                    }
                }
            }
        }
    };
    html! {
        @if total == 0 {
            p.muted { "No " (noun) "." }
        } @else {
            (page::scroll("Downtime", &table))
            @if total > PERIODS_MAX {
                p.muted {
                    "The first " (PERIODS_MAX) " of " (total) " are listed; the JSON has all."
                }
            }
        }
    }
}

pub(super) fn length(down: Downtime) -> u64 {
    down.end.get().abs_diff(down.start.get())
}

/// Periods that follow each other without a pause, as one.
pub(super) struct Run {
    /// From the first to the last, with the requests of all.
    pub(super) whole: Downtime,
    /// How many they are.
    pub(super) periods: u64,
}

/// The periods that counted against uptime, joined where they touch.
pub(super) fn runs(part: &CommitmentAssessment) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for down in &part.downtime {
        match runs.last_mut() {
            Some(Run { whole, periods }) if whole.end == down.start => {
                whole.end = down.end;
                whole.valid += down.valid;
                whole.errors += down.errors;
                whole.end_known_to_s = down.end_known_to_s;
                *periods += 1;
            }
            _ => runs.push(Run {
                whole: *down,
                periods: 1,
            }),
        }
    }
    runs
}

/// What could not be measured, by reason; a minute with two reasons is listed under both.
pub(super) fn unmeasured(timeline: &[Span]) -> Vec<(UnmeasuredReason, u64)> {
    let mut totals = std::collections::BTreeMap::new();
    for span in timeline {
        if let State::Unmeasured { reasons } = &span.state {
            for reason in reasons {
                *totals.entry(*reason).or_default() += span.end.get().abs_diff(span.start.get());
            }
        }
    }
    totals.into_iter().collect()
}
