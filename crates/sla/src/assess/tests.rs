//! Worked examples, from contracts' own texts and from arithmetic done by hand.

mod claims;
mod downtime_minutes;
mod interval_mean;
mod quorum;
mod readings;
mod verdicts;

use std::collections::BTreeMap;

use domain::cell::CellHourBuilder;
use domain::{
    Attribution, CellHour, Class, GapReason, Kind, Minute, Outcome, Source, UnixMicros, Window,
};

use super::*;
use crate::assessment::{Assessment, BudgetUnit, State, UnmeasuredReason};
use crate::contract::Contract;
use crate::deadline::Due;
use crate::fraction::Fraction;
use crate::money::Money;
use crate::terms::ExcludedSpan;

/// 2026-11-01T00:00:00Z, the start of a month of 43,200 minutes.
pub(super) const NOVEMBER: i64 = 29_891_520;
pub(super) const MONTH: i64 = 43_200;

pub(super) fn class(status: u16) -> Class {
    Class {
        outcome: Outcome::Ok,
        status: Some(status),
        attribution: Attribution::None,
        kind: Kind::Planned,
        source: Source::Probe,
        stream: true,
        served_model: None,
        served_tier: None,
        features: Vec::new(),
        late: false,
    }
}

/// A contract: 5xx are errors, 4xx not valid, 3xx unknown, all else successes.
pub(super) fn contract(target: &str, metric: &str, rest: &str) -> Contract {
    Contract::parse(&text(target, metric, &format!("{rest}\n{KINDS}"))).unwrap()
}

const KINDS: &str = r#"
[[exclusion]]
kind = "up"
effect = "treat_as_up"
[[exclusion]]
kind = "removed"
effect = "remove_from_denominator"
[[exclusion]]
kind = "judged"
effect = "not_excluded"
"#;

/// A contract about single bad minutes, with further tables.
pub(crate) fn contract_with(tables: &str) -> Contract {
    Contract::parse(&contract_text(tables)).unwrap()
}

/// Its text.
pub(crate) fn contract_text(tables: &str) -> String {
    text("99.9", &minutes_metric(1), tables)
}

fn text(target: &str, metric: &str, rest: &str) -> String {
    // What belongs to the commitment comes before other tables begin.
    let is_table = |line: &&str| line.starts_with('[');
    let keys: Vec<&str> = rest.lines().take_while(|line| !is_table(line)).collect();
    let own = keys.join("\n");
    let rest = &rest[own.len()..];
    format!(
        r#"
schema = "sla-contract/1"
[contract]
id = "c"
provider = "p"
service = "s"
currency = "USD"
[window]
kind = "calendar_month"
timezone = "UTC"
run_across_edge = "cut"
[events]
default = "success"
rule = [
  {{ class = "error", when = {{ status = ["5xx"] }} }},
  {{ class = "not_valid", when = {{ status = ["4xx"] }} }},
  {{ class = "unknown", when = {{ status = ["3xx"] }} }},
]
[[commitment]]
id = "uptime"
target = "{target}"
metric = {{ {metric} }}
{own}
{rest}
"#
    )
}

const BANDS: &str = r#"
[commitment.credit]
kind = "bands"
basis = "month_fees_in_scope"
bands = [
  { ge = "99.0", lt = "99.9", percent = "10" },
  { ge = "95.0", lt = "99.0", percent = "25" },
  { lt = "95.0", percent = "100" },
]
"#;

fn minutes_metric(run: u32) -> String {
    format!(
        r#"family = "downtime_minutes", rule = "rate_gt", threshold = "0.05", min_run_minutes = {run}"#
    )
}

const INTERVALS: &str = r#"family = "interval_mean", interval_s = 300, empty = "up""#;

fn window(start: i64, minutes: i64) -> Window {
    Window::new(Minute::new(start), Minute::new(start + minutes)).unwrap()
}

fn terms(minutes: i64) -> Terms {
    Terms::of(window(NOVEMBER, minutes), Minute::new(NOVEMBER + minutes))
}

/// Cells of one agent from `(minute of the window, class, count)`.
pub(super) fn cells(samples: impl IntoIterator<Item = (i64, Class, u32)>) -> Vec<CellHour> {
    let mut hours: BTreeMap<i64, CellHourBuilder> = BTreeMap::new();
    for (offset, class, count) in samples {
        let minute = Minute::new(NOVEMBER + offset);
        let builder = hours.entry(minute.hour().get()).or_insert_with(|| {
            CellHourBuilder::new("a".parse().unwrap(), "t".parse().unwrap(), minute.hour())
        });
        builder.add(minute, class, count);
    }
    hours.into_values().map(CellHourBuilder::build).collect()
}

/// One sample a minute for a whole window: the status that `status` gives, `None` for no sample.
fn every_minute(minutes: i64, status: impl Fn(i64) -> Option<u16>) -> Vec<CellHour> {
    cells((0..minutes).filter_map(|m| Some((m, class(status(m)?), 1))))
}

#[track_caller]
fn one(contract: &Contract, terms: &Terms, cells: &[CellHour]) -> CommitmentAssessment {
    let mut assessment = assess(contract, terms, Facts::counted(cells));
    let json = serde_json::to_string(&assessment).unwrap();
    assert_eq!(
        serde_json::from_str::<Assessment>(&json).unwrap(),
        assessment
    );
    assert_eq!(assessment.commitments.len(), 1);
    assessment.commitments.remove(0)
}

#[track_caller]
fn fraction(text: &str) -> Fraction {
    text.parse().unwrap()
}

#[track_caller]
fn exactly(judged: &CommitmentAssessment, uptime: &str, verdict: Verdict) {
    assert_eq!(judged.observed, Some(fraction(uptime)), "observed");
    assert_eq!(judged.high, fraction(uptime), "high");
    assert_eq!(judged.low, fraction(uptime), "low");
    assert_eq!(judged.verdict, verdict);
}

fn percent(judged: &CommitmentAssessment) -> Option<String> {
    let credit = judged.credit.as_ref()?;
    Some(credit.share.as_ref()?.percent_string(0))
}
