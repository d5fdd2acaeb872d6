//! A commitment as an objective: by which budgeting method, and what that does not say.

use sla::contract::metric::{Align, EmptyInterval, Kinds};
use sla::contract::{BadMinute, Commitment, DowntimeMinutes, IntervalMean, Metric, WindowRule};
use sla::{Family, Fraction};

use super::super::Warnings;
use super::super::slices::{complement, epoch_is_window_start};
use super::write::{Yaml, map, text, word};

/// A share of good requests that only a minute without any is below, up to a billion requests.
const ALMOST_NOTHING: &str = "0.000000001";

/// Decimals that a target as a ratio may have.
const RATIO_DIGITS: u8 = 9;

/// How OpenSLO spends a budget of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Occurrences,
    Timeslices,
    RatioTimeslices,
}

/// One objective.
#[derive(Clone, Debug)]
pub(super) struct Objective {
    pub(super) method: Method,
    name: String,
    target: Target,
    slice_target: Option<String>,
    slice_window: Option<String>,
}

#[derive(Clone, Debug)]
enum Target {
    Ratio(String),
    Percent(String),
}

impl Method {
    pub(super) const ALL: [Self; 3] = [Self::Occurrences, Self::Timeslices, Self::RatioTimeslices];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Occurrences => "Occurrences",
            Self::Timeslices => "Timeslices",
            Self::RatioTimeslices => "RatioTimeslices",
        }
    }
}

impl Objective {
    pub(super) fn yaml(&self) -> Yaml {
        let mut entries = vec![("displayName", text(&self.name))];
        entries.push(match &self.target {
            Target::Ratio(ratio) => ("target", word(ratio)),
            Target::Percent(percent) => ("targetPercent", word(percent)),
        });
        let slice_target = self.slice_target.as_ref();
        entries.extend(slice_target.map(|target| ("timeSliceTarget", word(target))));
        let slice_window = self.slice_window.as_ref();
        entries.extend(slice_window.map(|window| ("timeSliceWindow", word(window))));
        map(entries)
    }
}

/// What a commitment's own clauses are named by in warnings.
struct Clauses<'a> {
    commitment: &'a Commitment,
    warnings: &'a mut Warnings,
}

impl Clauses<'_> {
    fn warn(&mut self, clause: &str, lost: &str) {
        let id = self.commitment.id.as_str();
        self.warnings
            .push(format!("`commitment.{id}.{clause}`: {lost}"));
    }
}

/// The objective; nothing where OpenSLO has no formula like it.
pub(super) fn of(
    commitment: &Commitment,
    window: &WindowRule,
    warnings: &mut Warnings,
) -> Option<Objective> {
    let mut clauses = Clauses {
        commitment,
        warnings,
    };
    if *commitment.target.fraction() >= Fraction::one() {
        clauses.warn("target", "is left out: OpenSLO has targets below 100 %");
        return None;
    }
    let formula = match &commitment.metric {
        Metric::TargetOnly(target) => target.of(),
        other => other,
    };
    let (method, slice_target, slice_window) = match formula {
        Metric::RequestRatio(rule) => {
            if rule.dedupe.is_some() {
                clauses.warn("metric.dedupe", "OpenSLO counts repeated errors each");
            }
            if rule.success_within_s.is_some() {
                clauses.warn(
                    "metric.success_within_s",
                    "OpenSLO leaves to the metric source when a success is too late",
                );
            }
            (Method::Occurrences, None, None)
        }
        Metric::DowntimeMinutes(rule) => {
            let slice = slice_target(rule, &mut clauses);
            (Method::Timeslices, Some(slice), Some("1m".to_owned()))
        }
        Metric::IntervalMean(rule) => {
            intervals(rule, window, &mut clauses);
            let slice = format!("{}m", rule.interval_minutes);
            (Method::RatioTimeslices, None, Some(slice))
        }
        other @ (Metric::OutageProportional(_)
        | Metric::LatencyAttainment(_)
        | Metric::TargetOnly(_)) => {
            clauses.warn("metric", &without(other.family()));
            return None;
        }
    };
    if !counts_the_default(formula) {
        clauses.warn(
            "metric.kinds",
            "OpenSLO leaves to the metric source which requests are counted",
        );
    }
    promise(&mut clauses);
    Some(Objective {
        method,
        name: commitment.id.as_str().to_owned(),
        target: target(commitment),
        slice_target,
        slice_window,
    })
}

fn without(family: Family) -> String {
    format!(
        "is left out: OpenSLO has no formula like {}",
        family.as_str()
    )
}

fn target(commitment: &Commitment) -> Target {
    let target = &commitment.target;
    let ratio = target.fraction().decimal_string(RATIO_DIGITS);
    if ratio
        .parse::<Fraction>()
        .is_ok_and(|read| read == *target.fraction())
    {
        let short = ratio.trim_end_matches('0').trim_end_matches('.');
        Target::Ratio(short.to_owned())
    } else {
        Target::Percent(target.to_string())
    }
}

/// The share of good requests below which a minute is bad, or the nearest to that.
fn slice_target(rule: &DowntimeMinutes, clauses: &mut Clauses<'_>) -> String {
    if rule.min_run_minutes.get() > 1 {
        clauses.warn(
            "metric.min_run_minutes",
            "OpenSLO has no minimum run: every bad minute counts there, which finds more downtime",
        );
    }
    if rule.min_valid_per_minute > 0 {
        clauses.warn(
            "metric.min_valid_per_minute",
            "OpenSLO has no minimum of requests: a minute with fewer counts there",
        );
    }
    let slice = match &rule.rule {
        BadMinute::AnyFail => Some("1".to_owned()),
        BadMinute::RateGt { threshold } => share(threshold.fraction()),
        BadMinute::RateGe { threshold } => {
            let near = share(threshold.fraction());
            if near.is_some() {
                clauses.warn(
                    "metric.rule",
                    "OpenSLO has no such limit: a minute with exactly `threshold` of errors is good there",
                );
            }
            near
        }
        BadMinute::AllFail => None,
    };
    slice.unwrap_or_else(|| {
        clauses.warn(
            "metric.rule",
            "OpenSLO has no such rule: it is the same there up to a billion requests a minute",
        );
        ALMOST_NOTHING.to_owned()
    })
}

/// What errors leave to be good; nothing where they leave nothing.
fn share(errors: &Fraction) -> Option<String> {
    let good = complement(errors)?;
    (*good.fraction() > Fraction::zero()).then(|| good.to_string())
}

fn intervals(rule: &IntervalMean, window: &WindowRule, clauses: &mut Clauses<'_>) {
    let as_in_openslo = match rule.align {
        Align::WindowStart => true,
        Align::Epoch | Align::Unknown => epoch_is_window_start(rule.interval_minutes, window),
        Align::LocalMidnight => false,
    };
    if !as_in_openslo {
        clauses.warn(
            "metric.align",
            "OpenSLO has intervals begin with the window",
        );
    }
    if rule.empty != EmptyInterval::Unknown {
        clauses.warn(
            "metric.empty",
            "OpenSLO leaves open what an interval without requests is",
        );
    }
    if rule.min_valid > 0 {
        clauses.warn("metric.min_valid", "OpenSLO has no minimum of requests");
    }
}

fn counts_the_default(metric: &Metric) -> bool {
    let default = match metric {
        Metric::DowntimeMinutes(_) => Kinds::all_but_manual(),
        _ => Kinds::planned_and_traffic(),
    };
    *metric.kinds() == default
}

/// What holds of a promise beside its formula.
fn promise(clauses: &mut Clauses<'_>) {
    use sla::contract::Compare;
    use sla::contract::rounding::RoundingClause;
    let commitment = clauses.commitment;
    let exact = RoundingClause::Known(sla::contract::RoundingMode::None);
    let lost = [
        (
            commitment.compare == Compare::Gt,
            "compare",
            "OpenSLO does not say whether a result of exactly the target is enough",
        ),
        (
            commitment.rounding.clause != exact,
            "rounding",
            "OpenSLO rounds nothing",
        ),
        (
            !commitment.requires.is_empty(),
            "requires",
            "OpenSLO leaves to the metric source what is measured",
        ),
        (
            !commitment.overrides.is_empty(),
            "overrides",
            "an objective has one target: those of single models are left out",
        ),
        (
            commitment.credit.is_some(),
            "credit",
            "OpenSLO has no credits",
        ),
    ];
    for (_, clause, what) in lost.into_iter().filter(|(given, ..)| *given) {
        clauses.warn(clause, what);
    }
}
