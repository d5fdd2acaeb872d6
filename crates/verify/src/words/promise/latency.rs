//! Attainment in sentences.

use sla::contract::metric::{
    Aggregate, LatencyAttainment, LatencyCompare, LatencyTargets, LatencyWindows, PercentileMethod,
    Quantity, SampleFilter, TokenTiming,
};

use super::super::number::{count, minutes};

pub(super) fn formula(rule: &LatencyAttainment) -> String {
    let (share, unsure) = match &rule.aggregate {
        Aggregate::Windows(windows) => (of_windows(windows, rule), ""),
        Aggregate::Unknown(windows) => (
            of_windows(windows, rule),
            " The text does not say whether it is a share of windows or of requests.",
        ),
        Aggregate::Requests => {
            let kept = format!(
                "valid requests whose {} is {}",
                quantity(rule.quantity),
                promised(rule)
            );
            (kept, "")
        }
    };
    let filter = filter(&rule.sample);
    format!("Attainment is the share of {share}.{unsure} Valid are successful requests{filter}.")
}

fn of_windows(windows: &LatencyWindows, rule: &LatencyAttainment) -> String {
    let method = match windows.method {
        PercentileMethod::NearestRankLower => "by the lower nearest rank",
        PercentileMethod::NearestRank => "by the nearest rank",
        PercentileMethod::Linear => "between its neighbours in proportion",
        PercentileMethod::Unknown => "by the lower nearest rank, as the text does not say how",
    };
    let few = match windows.min_samples.get() {
        1 => String::new(),
        least => format!(
            "; windows with fewer than {} of them do not count",
            count(least)
        ),
    };
    format!(
        "windows of {} in which percentile {} ({method}) of the valid requests' {} is {}{few}",
        minutes(windows.window_minutes.get().into()),
        windows.percentile,
        quantity(rule.quantity),
        promised(rule)
    )
}

fn quantity(quantity: Quantity) -> String {
    let (what, timing) = match quantity {
        Quantity::OutputTokensPerSecond(timing) => ("output tokens per second", Some(timing)),
        Quantity::TimePerOutputTokenMs(timing) => ("milliseconds per output token", Some(timing)),
        Quantity::TtftMs => ("milliseconds to the first visible text", None),
        Quantity::TotalMs => ("milliseconds to the end of the answer", None),
    };
    let timing = match timing {
        None => "",
        Some(TokenTiming::TokensOverTotal) => {
            " (all tokens, over the time from the request to the last text)"
        }
        Some(TokenTiming::TokensMinusOneOverGeneration) => {
            " (all tokens but the first, over the time from the first text to the last)"
        }
        Some(TokenTiming::Unknown) => {
            " (all tokens but the first, over the time from the first text to the last; the text \
             does not say)"
        }
    };
    format!("{what}{timing}")
}

fn promised(rule: &LatencyAttainment) -> String {
    let compare = match rule.compare {
        LatencyCompare::Gt => "above",
        LatencyCompare::Ge => "at least",
        LatencyCompare::Lt => "below",
        LatencyCompare::Le => "at most",
    };
    match &rule.targets {
        LatencyTargets::All(value) => format!("{compare} {value}"),
        LatencyTargets::PerModel(targets) => {
            let each = targets.iter().map(|t| format!("{} {}", t.model, t.value));
            let each: Vec<String> = each.collect();
            format!(
                "{compare} what is promised for the model ({})",
                each.join(", ")
            )
        }
    }
}

fn filter(filter: &SampleFilter) -> String {
    let mut parts = Vec::new();
    match filter.stream {
        Some(true) => parts.push("streamed".to_owned()),
        Some(false) => parts.push("not streamed".to_owned()),
        None => {}
    }
    if !filter.status.is_empty() {
        let status: Vec<String> = filter.status.iter().map(ToString::to_string).collect();
        parts.push(format!("with status {}", status.join(" or ")));
    }
    let limits = [
        (filter.min_output_tokens, "at least", "output tokens"),
        (filter.max_output_tokens, "at most", "output tokens"),
        (filter.max_context_tokens, "at most", "input tokens"),
    ];
    for (limit, side, noun) in limits {
        if let Some(limit) = limit {
            parts.push(format!("with {side} {} {noun}", count(limit)));
        }
    }
    if !filter.tier.is_empty() {
        parts.push(format!("served in tier {}", filter.tier.join(" or ")));
    }
    if parts.is_empty() {
        String::new()
    } else {
        format!(", {}", parts.join(", "))
    }
}
