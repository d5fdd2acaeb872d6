//! What a metric may mean where the text is silent.

use super::{
    AffectedRatio, Aggregate, Align, EmptyInterval, Metric, PercentileMethod, Quantity, TargetOnly,
    TokenTiming,
};

/// One way to read a metric whose text leaves something open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricReading {
    /// What was chosen for every open key; empty where nothing is open.
    pub choices: Vec<Choice>,
    /// The metric without anything open.
    pub metric: Metric,
}

/// One open key and the word chosen for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The key of `[commitment.metric]`.
    pub key: &'static str,
    /// The word that stands for `unknown` in this reading.
    pub word: &'static str,
}

impl Metric {
    /// Every way to read it, at least one. The first is the one that `unknown` is judged as.
    #[must_use]
    pub fn readings(&self) -> Vec<MetricReading> {
        let one = |metric: Self| MetricReading {
            choices: Vec::new(),
            metric,
        };
        match self {
            Self::TargetOnly(target) => target
                .of
                .readings()
                .into_iter()
                .map(|reading| MetricReading {
                    choices: reading.choices,
                    metric: Self::TargetOnly(TargetOnly {
                        of: Box::new(reading.metric),
                    }),
                })
                .collect(),
            _ => STEPS
                .iter()
                .fold(vec![one(self.clone())], |readings, step| {
                    readings.into_iter().flat_map(|r| split(r, *step)).collect()
                }),
        }
    }
}

/// The metrics that a metric may be, where this key is open; each with its word.
type Step = fn(&Metric) -> Vec<(Choice, Metric)>;

const STEPS: &[Step] = &[aligns, empties, ratios, aggregates, methods, timings];

fn split(reading: MetricReading, step: Step) -> Vec<MetricReading> {
    let choices = step(&reading.metric);
    if choices.is_empty() {
        return vec![reading];
    }
    let with = |(choice, metric): (Choice, Metric)| {
        let mut choices = reading.choices.clone();
        choices.push(choice);
        MetricReading { choices, metric }
    };
    choices.into_iter().map(with).collect()
}

/// One metric per word, with the word put in.
fn choose<T: Copy, M: Clone>(
    key: &'static str,
    words: &[(&'static str, T)],
    rule: &M,
    put: impl Fn(&mut M, T) -> Metric,
) -> Vec<(Choice, Metric)> {
    let one =
        |(word, value): &(&'static str, T)| (Choice { key, word }, put(&mut rule.clone(), *value));
    words.iter().map(one).collect()
}

fn aligns(metric: &Metric) -> Vec<(Choice, Metric)> {
    let words = [
        ("epoch", Align::Epoch),
        ("window_start", Align::WindowStart),
        ("local_midnight", Align::LocalMidnight),
    ];
    match metric {
        Metric::IntervalMean(rule) if rule.align == Align::Unknown => {
            choose("align", &words, rule, |rule, align| {
                rule.align = align;
                Metric::IntervalMean(rule.clone())
            })
        }
        _ => Vec::new(),
    }
}

fn empties(metric: &Metric) -> Vec<(Choice, Metric)> {
    let words = [("up", EmptyInterval::Up), ("skip", EmptyInterval::Skip)];
    match metric {
        Metric::IntervalMean(rule) if rule.empty == EmptyInterval::Unknown => {
            choose("empty", &words, rule, |rule, empty| {
                rule.empty = empty;
                Metric::IntervalMean(rule.clone())
            })
        }
        _ => Vec::new(),
    }
}

fn ratios(metric: &Metric) -> Vec<(Choice, Metric)> {
    let words = [
        ("measured", AffectedRatio::Measured),
        ("one", AffectedRatio::One),
    ];
    match metric {
        Metric::OutageProportional(rule) if rule.affected_ratio == AffectedRatio::Unknown => {
            choose("affected_ratio", &words, rule, |rule, ratio| {
                rule.affected_ratio = ratio;
                Metric::OutageProportional(rule.clone())
            })
        }
        _ => Vec::new(),
    }
}

fn aggregates(metric: &Metric) -> Vec<(Choice, Metric)> {
    let Metric::LatencyAttainment(rule) = metric else {
        return Vec::new();
    };
    let Aggregate::Unknown(windows) = &rule.aggregate else {
        return Vec::new();
    };
    let words = [("windows", true), ("requests", false)];
    choose("aggregate", &words, rule, |rule, by_window| {
        rule.aggregate = if by_window {
            Aggregate::Windows(windows.clone())
        } else {
            Aggregate::Requests
        };
        Metric::LatencyAttainment(rule.clone())
    })
}

fn methods(metric: &Metric) -> Vec<(Choice, Metric)> {
    use PercentileMethod::{Linear, NearestRank, NearestRankLower, Unknown};
    let words = [
        ("nearest_rank_lower", NearestRankLower),
        ("nearest_rank", NearestRank),
        ("linear", Linear),
    ];
    match metric {
        Metric::LatencyAttainment(rule) => match &rule.aggregate {
            Aggregate::Windows(windows) if windows.method == Unknown => {
                choose("percentile_method", &words, rule, |rule, method| {
                    let mut windows = windows.clone();
                    windows.method = method;
                    rule.aggregate = Aggregate::Windows(windows);
                    Metric::LatencyAttainment(rule.clone())
                })
            }
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

fn timings(metric: &Metric) -> Vec<(Choice, Metric)> {
    let words = [
        (
            "tokens_minus_one_over_generation",
            TokenTiming::TokensMinusOneOverGeneration,
        ),
        ("tokens_over_total", TokenTiming::TokensOverTotal),
    ];
    let Metric::LatencyAttainment(rule) = metric else {
        return Vec::new();
    };
    let quantity: fn(TokenTiming) -> Quantity = match rule.quantity {
        Quantity::OutputTokensPerSecond(TokenTiming::Unknown) => Quantity::OutputTokensPerSecond,
        Quantity::TimePerOutputTokenMs(TokenTiming::Unknown) => Quantity::TimePerOutputTokenMs,
        _ => return Vec::new(),
    };
    choose("quantity_definition", &words, rule, |rule, timing| {
        rule.quantity = quantity(timing);
        Metric::LatencyAttainment(rule.clone())
    })
}
