//! What one minute of outage costs, and how much the promise allows, exactly.

use std::num::NonZeroU64;

use sla::contract::metric::{Aggregate, LatencyAttainment, Metric};
use sla::contract::{DowntimeMinutes, WindowKind};
use sla::{Commitment, Contract, Fraction};

use crate::page::{Align, Page, Table, count, counted, quantity};

/// Minutes of a day.
const DAY: u64 = 1_440;

pub(super) fn section(page: &mut Page, contract: &Contract, commitment: &Commitment) {
    let name = commitment.id.as_str();
    page.section(&format!("What a minute of outage does to {name}"));
    for sentence in sentences(&commitment.metric) {
        page.paragraph(2, &sentence);
    }
    let target = commitment.target.fraction();
    let unit = Unit::of(&commitment.metric);
    let mut table = Table::new([
        ("days", Align::Right),
        ("minutes", Align::Right),
        (unit.header(), Align::Right),
        ("one minute is", Align::Right),
        ("of the budget", Align::Right),
    ]);
    for days in days(contract.window.kind) {
        let minutes = days * DAY;
        let Some(budget) = budget(target, unit.of_days(days)) else {
            continue;
        };
        table.row([
            days.to_string(),
            count(minutes),
            quantity(&budget),
            one_minute(minutes),
            of_budget(target, minutes).unwrap_or_else(|| "all and more".to_owned()),
        ]);
    }
    page.table(2, &table);
}

/// What the budget is counted in.
#[derive(Clone, Copy)]
enum Unit {
    /// With this many minutes each.
    Minutes,
    Intervals(u64),
    Windows(u64),
    Requests,
}

/// Requests of which a budget in requests is told.
const REQUESTS: u64 = 1_000_000;

impl Unit {
    fn of(metric: &Metric) -> Self {
        match metric {
            Metric::DowntimeMinutes(_) | Metric::OutageProportional(_) => Self::Minutes,
            Metric::IntervalMean(rule) => Self::Intervals(rule.interval_minutes.get().into()),
            Metric::RequestRatio(_) => Self::Requests,
            Metric::LatencyAttainment(rule) => match &rule.aggregate {
                Aggregate::Windows(windows) | Aggregate::Unknown(windows) => {
                    Self::Windows(windows.window_minutes.get().into())
                }
                Aggregate::Requests => Self::Requests,
            },
            Metric::TargetOnly(target) => Self::of(target.of()),
        }
    }

    const fn header(self) -> &'static str {
        match self {
            Self::Minutes => "budget (min)",
            Self::Intervals(_) => "budget (intervals)",
            Self::Windows(_) => "budget (windows)",
            Self::Requests => "budget (per million)",
        }
    }

    const fn of_days(self, days: u64) -> u64 {
        match self {
            Self::Minutes => days * DAY,
            Self::Intervals(minutes) | Self::Windows(minutes) => days * DAY / minutes,
            Self::Requests => REQUESTS,
        }
    }
}

fn days(kind: WindowKind) -> Vec<u64> {
    match kind {
        WindowKind::CalendarMonth | WindowKind::BillingMonth { .. } => vec![28, 29, 30, 31],
        WindowKind::CalendarQuarter => vec![90, 91, 92],
        WindowKind::FixedDays { days, .. } | WindowKind::TrailingDays { days } => {
            vec![days.get().into()]
        }
    }
}

/// The loss at which uptime is exactly the target.
fn budget(target: &Fraction, units: u64) -> Option<Fraction> {
    let (num, den) = pair(target)?;
    let loss = den.checked_sub(num)?.checked_mul(units)?;
    Some(Fraction::new(loss, NonZeroU64::new(den)?))
}

fn pair(value: &Fraction) -> Option<(u64, u64)> {
    Some((
        u64::try_from(value.num()).ok()?,
        u64::try_from(value.den()).ok()?,
    ))
}

/// A minute's share of a window, with its exact fraction.
fn one_minute(minutes: u64) -> String {
    let share = NonZeroU64::new(minutes).map(|minutes| Fraction::new(1, minutes));
    let percent = share
        .map(|share| share.percent_string(4))
        .unwrap_or_default();
    format!("1/{minutes} = {percent} %")
}

/// The share of the budget that one minute uses up; none where there is no budget.
fn of_budget(target: &Fraction, minutes: u64) -> Option<String> {
    let budget = budget(target, minutes)?;
    let (num, den) = pair(&budget)?;
    let share = Fraction::new(den, NonZeroU64::new(num)?);
    Some(format!("{} %", share.percent_string(2)))
}

fn sentences(metric: &Metric) -> Vec<String> {
    match metric {
        Metric::DowntimeMinutes(rule) => vec![of_runs(rule)],
        Metric::OutageProportional(rule) => vec![
            of_runs(&rule.outages),
            "A minute of outage costs its share of failed requests; the table is for minutes in \
             which all of them failed."
                .to_owned(),
        ],
        Metric::IntervalMean(rule) => vec![format!(
            "With even traffic, a minute in which everything fails costs 1/{} of an interval, \
             which is one minute of the window. Without any request it costs nothing: only what \
             was asked can fail.",
            rule.interval_minutes
        )],
        Metric::RequestRatio(_) => vec![
            "It costs the requests that fail in it: with even traffic as much as the table says, \
             in a busy minute more."
                .to_owned(),
        ],
        Metric::LatencyAttainment(rule) => vec![of_latency(rule)],
        Metric::TargetOnly(target) => sentences(target.of()),
    }
}

fn of_runs(rule: &DowntimeMinutes) -> String {
    match rule.min_run_minutes.get() {
        1 => "Every bad minute counts, the first too.".to_owned(),
        run => format!(
            "By itself, nothing: it takes {run} bad minutes in a row. Then all of them count, the \
             first too."
        ),
    }
}

fn of_latency(rule: &LatencyAttainment) -> String {
    match &rule.aggregate {
        Aggregate::Windows(windows) | Aggregate::Unknown(windows) => format!(
            "A slow minute can make its whole window of {} slow; a window without enough samples \
             is not counted.",
            counted(windows.window_minutes.get().into(), "minute")
        ),
        Aggregate::Requests => "It costs the slow requests in it.".to_owned(),
    }
}
