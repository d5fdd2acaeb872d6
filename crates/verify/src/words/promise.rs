//! What a commitment promises, and by which formula.

use domain::{Kind, Source};
use sla::contract::metric::{AffectedRatio, Align, DedupeKind, EmptyInterval, RequestRatio};
use sla::contract::rounding::RoundingClause;
use sla::contract::{
    BadMinute, Commitment, Compare, Contract, DowntimeMinutes, IntervalMean, Metric, Override,
    RoundingMode, WindowKind,
};
use sla::{Basis, CommitmentAssessment};

use super::listed;
use super::number::{counted, exact_percent, minutes, seconds};

mod latency;

/// `at least 99.9 % in each calendar month (UTC)`.
#[must_use]
pub fn headline(contract: &Contract, commitment: &Commitment) -> String {
    format!("{} {}", promised(commitment), window(contract))
}

/// `at least 99.9 %`.
#[must_use]
pub fn promised(commitment: &Commitment) -> String {
    let target = exact_percent(commitment.target.fraction());
    match commitment.compare {
        Compare::Ge => format!("at least {target}"),
        Compare::Gt => format!("more than {target}"),
    }
}

/// `in each calendar month (UTC)`.
#[must_use]
pub fn window(contract: &Contract) -> String {
    let zone = contract.window.timezone;
    match contract.window.kind {
        WindowKind::CalendarMonth => format!("in each calendar month ({zone})"),
        WindowKind::CalendarQuarter => format!("in each calendar quarter ({zone})"),
        WindowKind::BillingMonth { anchor_day } => {
            format!("in each month from day {anchor_day} on ({zone})")
        }
        // Days of 24 hours from an instant: no zone moves them.
        WindowKind::FixedDays { days, .. } if days.get() == 1 => "in each day (UTC)".to_owned(),
        WindowKind::FixedDays { days, .. } => format!("in each period of {days} days (UTC)"),
        WindowKind::TrailingDays { days } => {
            format!("in every {days} days up to the end of a day ({zone})")
        }
    }
}

/// What is promised: `Uptime`, or `Attainment` where the formula is about speed.
#[must_use]
pub fn measure(metric: &Metric) -> &'static str {
    match metric {
        Metric::LatencyAttainment(_) => "Attainment",
        Metric::TargetOnly(target) => measure(target.of()),
        _ => "Uptime",
    }
}

/// The commitment that a result is about, with target and credit of its list of models where it
/// is about one.
#[must_use]
pub fn of(contract: &Contract, part: &CommitmentAssessment) -> Option<Commitment> {
    let mut promises = contract.commitments.iter();
    let own = promises.find(|c| c.id.as_str() == part.commitment)?;
    let Some(other) = listed_models(own, part) else {
        return Some(own.clone());
    };
    Some(Commitment {
        target: other.target.clone(),
        credit: other.credit.clone().or_else(|| own.credit.clone()),
        ..own.clone()
    })
}

fn listed_models<'a>(own: &'a Commitment, part: &CommitmentAssessment) -> Option<&'a Override> {
    let rest = part.id.strip_prefix(part.commitment.as_str())?;
    let rest = rest.strip_prefix('.')?;
    let is_it = |other: &&Override| {
        let list = other.model_list.as_str();
        let after = rest.strip_prefix(list);
        after.is_some_and(|after| after.is_empty() || after.starts_with('@'))
    };
    let found = own.overrides.iter().filter(is_it);
    found.max_by_key(|other| other.model_list.as_str().len())
}

/// How the formula computes.
#[must_use]
pub fn formula(metric: &Metric) -> String {
    match metric {
        Metric::DowntimeMinutes(rule) => format!(
            "Uptime is the share of minutes that are not downtime. {}.",
            runs(rule, "downtime")
        ),
        Metric::IntervalMean(rule) => interval_mean(rule),
        Metric::RequestRatio(rule) => request_ratio(rule),
        Metric::OutageProportional(rule) => {
            let weight = match rule.affected_ratio {
                AffectedRatio::Measured => {
                    "each weighted by the share of its valid requests that are errors"
                }
                AffectedRatio::One => "each counted whole",
                AffectedRatio::Unknown => {
                    "each weighted by the share of its valid requests that are errors (the text \
                     does not say whether it is, or counted whole)"
                }
            };
            format!(
                "Uptime is what the minutes of outages, {weight}, leave of all minutes. {}.",
                runs(&rule.outages, "an outage")
            )
        }
        Metric::LatencyAttainment(rule) => latency::formula(rule),
        Metric::TargetOnly(target) => format!(
            "{} It is a target only: missing it entitles to nothing.",
            formula(target.of())
        ),
    }
}

/// When a minute is bad, and which runs of bad minutes count.
fn runs(rule: &DowntimeMinutes, noun: &str) -> String {
    let bad = match &rule.rule {
        BadMinute::RateGt { threshold } => format!(
            "more than {} of its valid requests are errors",
            exact_percent(threshold.fraction())
        ),
        BadMinute::RateGe { threshold } => format!(
            "{} or more of its valid requests are errors",
            exact_percent(threshold.fraction())
        ),
        BadMinute::AllFail => "all of its valid requests are errors".to_owned(),
        BadMinute::AnyFail => "any of its valid requests is an error".to_owned(),
    };
    let least = match rule.min_valid_per_minute {
        0 => String::new(),
        least => format!(" and it has at least {least} of them"),
    };
    let run = match rule.min_run_minutes.get() {
        1 => format!("every bad minute counts as {noun}"),
        run => format!("runs of at least {run} bad minutes count as {noun}"),
    };
    format!("A minute is bad when {bad}{least}; {run}")
}

fn interval_mean(rule: &IntervalMean) -> String {
    let align = match rule.align {
        Align::Epoch => "on the UTC clock",
        Align::WindowStart => "from the start of the window",
        Align::LocalMidnight => "from every midnight of the contract's zone",
        Align::Unknown => "on the UTC clock (the text does not say where they begin)",
    };
    let empty = match rule.empty {
        EmptyInterval::Up => "counts as fully available",
        EmptyInterval::Skip => "is left out",
        EmptyInterval::Unknown => "counts as fully available (the text does not say)",
    };
    let few = match rule.min_valid {
        0 | 1 => "without a valid request".to_owned(),
        least => format!("with fewer than {least} valid requests"),
    };
    format!(
        "Uptime is the mean, over intervals of {} counted {align}, of the share of valid requests \
         that succeed. A measured interval {few} {empty}.",
        minutes(rule.interval_minutes.get().into())
    )
}

fn request_ratio(rule: &RequestRatio) -> String {
    let share = "Uptime is the share of all valid requests of the window that succeed.".to_owned();
    let slow = rule.success_within_s.map(|within| {
        let within = seconds(within.get().into());
        format!("A success that takes longer than {within} is an error.")
    });
    let repeated = rule.dedupe.map(|dedupe| {
        let DedupeKind::RepeatErrors = dedupe.kind;
        let length = seconds(dedupe.window_s.get().into());
        format!(
            "Errors that begin within {length} after a counted one repeat it: they count neither \
             as errors nor as requests."
        )
    });
    let sentences = [Some(share), slow, repeated];
    sentences
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" ")
}

/// Which samples the formula counts, by why they were made.
#[must_use]
pub fn kinds(metric: &Metric) -> String {
    let kinds = metric.kinds();
    let all = [
        ("planned probes", Kind::Planned, Source::Probe),
        ("their repeats after a failure", Kind::Burst, Source::Probe),
        (
            "confirmations by other agents",
            Kind::Confirm,
            Source::Probe,
        ),
        ("probes sent by hand", Kind::Manual, Source::Probe),
        ("the customer's own traffic", Kind::Planned, Source::Traffic),
    ];
    let counted = all
        .into_iter()
        .filter(|(_, kind, source)| kinds.counts(*kind, *source));
    let counted: Vec<String> = counted.map(|(words, ..)| words.to_owned()).collect();
    format!("Samples that count: {}.", listed(&counted))
}

/// What the text does to the percentage before comparing; empty where it compares exactly.
#[must_use]
pub fn rounding(commitment: &Commitment) -> String {
    match &commitment.rounding.clause {
        RoundingClause::Known(RoundingMode::None) => String::new(),
        RoundingClause::Known(how) => {
            let unsure = match commitment.rounding.basis {
                Basis::Stated => "",
                _ => " (the text does not state it: other ways are other readings)",
            };
            format!("Before it is compared, the percentage is {how}{unsure}.")
        }
        RoundingClause::Unknown { digits } => format!(
            "The text means a percentage of {} without saying how it is rounded: it is compared \
             exactly, and every way of rounding is another reading.",
            counted((*digits).into(), "decimal")
        ),
    }
}

/// What is promised otherwise for some models, and what the commitment is limited to.
#[must_use]
pub fn limits(contract: &Contract, commitment: &Commitment) -> Vec<String> {
    let mut found = Vec::new();
    for (dimension, values) in &commitment.requires {
        let values: Vec<&str> = values.iter().collect();
        found.push(format!(
            "It holds for {dimension} {} only.",
            values.join(", ")
        ));
    }
    for other in &commitment.overrides {
        let list = other.model_list.as_str();
        let models = contract
            .model_lists
            .get(list)
            .map_or(&[][..], Vec::as_slice);
        found.push(format!(
            "For the models of the list {list} ({}), the target is {}, and they are judged by \
             themselves.",
            models.join(", "),
            exact_percent(other.target.fraction())
        ));
    }
    found
}

/// The other formulas that the text can be read as.
#[must_use]
pub fn alternatives(commitment: &Commitment) -> Vec<String> {
    let sentence = |other: &sla::contract::Alternative| {
        let why = other.note.as_ref().map(|note| format!(" ({note})"));
        format!(
            "The text can also be read as {}{}: {}",
            other.id,
            why.unwrap_or_default(),
            formula(&other.metric)
        )
    };
    commitment.alternatives.iter().map(sentence).collect()
}
