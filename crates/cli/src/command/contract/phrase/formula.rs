//! Formulas in words.

use std::num::NonZeroU64;

use sla::Fraction;
use sla::contract::metric::{
    AffectedRatio, Aggregate, Align, DedupeKind, EmptyInterval, LatencyAttainment, LatencyCompare,
    LatencyTargets, PercentileMethod, Quantity, TokenTiming,
};
use sla::contract::rounding::RoundingClause;
use sla::contract::{BadMinute, DowntimeMinutes, IntervalMean, Metric, Rounding, RoundingMode};

use crate::page::{TIE, bare_percent, counted, exact_percent, quantity};

/// What a formula computes, in one word.
pub(crate) fn noun(metric: &Metric) -> &'static str {
    match metric {
        Metric::LatencyAttainment(_) => "attainment",
        Metric::TargetOnly(target) => noun(target.of()),
        Metric::DowntimeMinutes(_)
        | Metric::IntervalMean(_)
        | Metric::RequestRatio(_)
        | Metric::OutageProportional(_) => "uptime",
    }
}

/// A formula in a few words.
pub(crate) fn formula_in_short(metric: &Metric) -> String {
    match metric {
        Metric::DowntimeMinutes(rule) if rule.min_run_minutes.get() == 1 => "of minutes".to_owned(),
        Metric::DowntimeMinutes(rule) => {
            format!("of minutes, in runs of {}+", rule.min_run_minutes)
        }
        Metric::IntervalMean(rule) => {
            format!("as the mean of {}-minute intervals", rule.interval_minutes)
        }
        Metric::RequestRatio(_) => "of requests".to_owned(),
        Metric::OutageProportional(_) => "of minutes, by share affected".to_owned(),
        Metric::TargetOnly(target) => format!("{}, a target only", formula_in_short(target.of())),
        Metric::LatencyAttainment(rule) => latency_in_short(rule),
    }
}

/// A formula in sentences.
pub(crate) fn formula(metric: &Metric) -> String {
    match metric {
        Metric::DowntimeMinutes(rule) => format!(
            "Uptime is the share of minutes that are not downtime. {}",
            downtime("Downtime", rule)
        ),
        Metric::IntervalMean(rule) => interval_mean(rule),
        Metric::RequestRatio(rule) => {
            let mut parts = vec![
                "Uptime is the share of all valid requests of the window that did not fail. \
                 Without a valid request there is no data, never 100 %."
                    .to_owned(),
            ];
            if let Some(dedupe) = rule.dedupe {
                let DedupeKind::RepeatErrors = dedupe.kind;
                parts.push(format!(
                    " Errors within {} after a first one are dropped.",
                    counted(dedupe.window_s.get().into(), "second")
                ));
            }
            if let Some(within) = rule.success_within_s {
                parts.push(format!(
                    " A success that takes more than {} is an error.",
                    counted(within.get().into(), "second")
                ));
            }
            parts.concat()
        }
        Metric::OutageProportional(rule) => {
            let lost = match rule.affected_ratio {
                AffectedRatio::Measured => {
                    "the share of requests that failed over the whole outage"
                }
                AffectedRatio::One => "all of it",
                AffectedRatio::Unknown => "open: the share of requests that failed, or all of it",
            };
            format!(
                "Uptime is 1 less the minutes of outages, weighted, by all minutes. {} The weight \
                 of a minute is {lost}.",
                downtime("An outage", &rule.outages)
            )
        }
        Metric::TargetOnly(target) => format!(
            "{} It is a target only: a miss entitles to nothing.",
            formula(target.of())
        ),
        Metric::LatencyAttainment(rule) => latency(rule),
    }
}

fn downtime(what: &str, rule: &DowntimeMinutes) -> String {
    let bad = match &rule.rule {
        BadMinute::RateGt { threshold } => {
            format!(
                "more than {} of the valid requests failed",
                exact_percent(threshold.fraction())
            )
        }
        BadMinute::RateGe { threshold } => {
            format!(
                "{} or more of the valid requests failed",
                exact_percent(threshold.fraction())
            )
        }
        BadMinute::AllFail => "all of the valid requests failed".to_owned(),
        BadMinute::AnyFail => "any of the valid requests failed".to_owned(),
    };
    let run = match rule.min_run_minutes.get() {
        1 => format!("{what} is every minute in which {bad}."),
        run => format!("{what} is a run of {run} or more minutes, in each of which {bad}."),
    };
    let least = match rule.min_valid_per_minute {
        0 | 1 => " A minute without a valid request is never bad.".to_owned(),
        least => format!(" A minute with fewer than {least} valid requests is never bad."),
    };
    run + &least
}

fn interval_mean(rule: &IntervalMean) -> String {
    let align = match rule.align {
        Align::Epoch => "Intervals begin on multiples of their length in UTC.",
        Align::WindowStart => "Intervals begin with the window.",
        Align::LocalMidnight => "Intervals begin at every midnight of the window's zone.",
        Align::Unknown => "Where intervals begin is open; judged on multiples of their length.",
    };
    let without = match rule.min_valid {
        0 | 1 => "without a valid request".to_owned(),
        least => format!("with fewer than {least} valid requests"),
    };
    let empty = match rule.empty {
        EmptyInterval::Up => "counts as 100 %",
        EmptyInterval::Skip => "is left out",
        EmptyInterval::Unknown => "is open: judged as 100 %, and left out as a reading",
    };
    format!(
        "Uptime is the mean, over all intervals of {}, of the share of valid requests that did \
         not fail. {align} An interval {without} {empty}.",
        counted(rule.interval_minutes.get().into(), "minute")
    )
}

fn latency_in_short(rule: &LatencyAttainment) -> String {
    match &rule.aggregate {
        Aggregate::Windows(windows) => {
            format!("of {}-minute windows fast enough", windows.window_minutes)
        }
        Aggregate::Requests => "of requests fast enough".to_owned(),
        Aggregate::Unknown(windows) => {
            format!(
                "of {}-minute windows (or requests) fast enough",
                windows.window_minutes
            )
        }
    }
}

fn latency(rule: &LatencyAttainment) -> String {
    let what = match &rule.aggregate {
        Aggregate::Windows(windows) | Aggregate::Unknown(windows) => {
            let middle = Fraction::new(1, NonZeroU64::MIN.saturating_add(1));
            let value = if *windows.percentile.fraction() == middle {
                "median".to_owned()
            } else {
                format!("percentile {}", bare_percent(windows.percentile.fraction()))
            };
            let method = match windows.method {
                PercentileMethod::Unknown => " How it is found among few samples is open.",
                PercentileMethod::NearestRankLower
                | PercentileMethod::NearestRank
                | PercentileMethod::Linear => "",
            };
            format!(
                "Attainment is the share of {}-minute windows whose {value} is fast enough; a \
                 window needs {}.{method}",
                windows.window_minutes,
                counted(windows.min_samples.get(), "sample")
            )
        }
        Aggregate::Requests => {
            "Attainment is the share of valid requests that are fast enough.".to_owned()
        }
    };
    let or_requests = match rule.aggregate {
        Aggregate::Unknown(_) => " The text can also be read as the share of requests.",
        Aggregate::Windows(_) | Aggregate::Requests => "",
    };
    format!("{what}{or_requests} {}", fast_enough(rule))
}

fn fast_enough(rule: &LatencyAttainment) -> String {
    let (unit, timing) = match rule.quantity {
        Quantity::OutputTokensPerSecond(timing) => ("output tokens per second", Some(timing)),
        Quantity::TtftMs => ("ms to the first visible text", None),
        Quantity::TotalMs => ("ms to the end of the answer", None),
        Quantity::TimePerOutputTokenMs(timing) => ("ms per output token", Some(timing)),
    };
    let compare = match rule.compare {
        LatencyCompare::Gt => "more than",
        LatencyCompare::Ge => "at least",
        LatencyCompare::Lt => "less than",
        LatencyCompare::Le => "at most",
    };
    let values = match &rule.targets {
        LatencyTargets::All(value) => quantity(value.fraction()),
        LatencyTargets::PerModel(targets) => {
            let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
            for target in targets {
                let value = quantity(target.value.fraction());
                match groups.iter_mut().find(|(known, _)| *known == value) {
                    Some((_, models)) => models.push(&target.model),
                    None => groups.push((value, vec![&target.model])),
                }
            }
            let each = groups.iter();
            let each: Vec<String> = each
                .map(|(value, models)| format!("{value}{TIE}({})", models.join(", ")))
                .collect();
            each.join("; ")
        }
    };
    let timing = match timing {
        Some(TokenTiming::Unknown) => {
            " Which tokens are divided by which time is open: without the first token and the time \
             to it, or all by the whole time."
        }
        Some(TokenTiming::TokensOverTotal) => " All tokens, by the whole time.",
        Some(TokenTiming::TokensMinusOneOverGeneration) => {
            " Tokens but the first, by the time from the first to the last."
        }
        None => "",
    };
    format!("Fast enough is {compare} {values} {unit}.{timing}")
}

/// What a contract does to uptime before it is compared.
pub(crate) fn rounding(rounding: &Rounding) -> String {
    match rounding.clause {
        RoundingClause::Known(RoundingMode::None) => "Compared exactly, unrounded.".to_owned(),
        RoundingClause::Known(RoundingMode::HalfUp { digits }) => {
            format!(
                "Rounded half-up to {} before it is compared.",
                decimals(digits)
            )
        }
        RoundingClause::Known(RoundingMode::Floor { digits }) => {
            format!("Cut off after {} before it is compared.", decimals(digits))
        }
        RoundingClause::Unknown { digits } => format!(
            "The text rounds to {} and does not say how: compared exactly, and rounded or cut off \
             as readings.",
            decimals(digits)
        ),
    }
}

fn decimals(digits: u8) -> String {
    counted(digits.into(), "decimal")
}
