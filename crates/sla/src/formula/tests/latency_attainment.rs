use super::*;
use crate::contract::EventClass;
use crate::timed::tests::{Shot, fold};

/// Tokens per second from request to last token.
fn by_windows(value: &str, method: &str) -> String {
    format!(
        r#"family = "latency_attainment", aggregate = "windows", percentile = "50", percentile_method = "{method}", quantity = "output_tokens_per_second", quantity_definition = "tokens_over_total", compare = "gt", value = "{value}""#
    )
}

const BY_REQUESTS: &str = r#"family = "latency_attainment", aggregate = "requests", quantity = "output_tokens_per_second", quantity_definition = "tokens_over_total", compare = "gt", value = "50""#;

/// An answer of so many tokens in a second.
fn tps(second: i64, tokens: u64) -> Shot {
    Shot {
        second,
        output_tokens: Some(tokens),
        ..Shot::default()
    }
}

/// Measured minutes without a valid request, except for these samples.
fn given(length: usize, keys: &str, shots: &[Shot]) -> Given {
    let mut given = Given::counts(length, |_| (0, 0));
    for tally in &mut given.tallies {
        tally.not_valid = 1;
    }
    for shot in shots {
        given.tallies[usize::try_from(shot.second / 60).unwrap()].count(shot.class, 1);
    }
    retimed(given, keys, shots)
}

fn retimed(mut given: Given, keys: &str, shots: &[Shot]) -> Given {
    let standings = given.standings.clone();
    given.timed = Some(fold(&metric(keys), given.window, standings, shots));
    given
}

#[track_caller]
fn exactly(length: usize, keys: &str, shots: &[Shot], attainment: &str) {
    given(length, keys, shots).exactly(keys, attainment);
}

#[test]
fn attainment_is_the_share_of_windows_with_samples_that_are_fast() {
    let keys = by_windows("50", "nearest_rank_lower");
    let month = |slow: i64| -> Vec<Shot> {
        let tokens = |window| if window < slow { 50 } else { 51 };
        (0..8000)
            .map(|window| tps(window * 300, tokens(window)))
            .collect()
    };
    exactly(MONTH, &keys, &month(81), "7919/8000");
    exactly(MONTH, &keys, &month(80), "99/100");
    let given = given(MONTH, &keys, &month(81));
    let detail = given.detail(&metric(&keys));
    assert_eq!(
        (detail.unit, detail.losses.units),
        (BudgetUnit::LatencyWindows, 8000)
    );
    assert_eq!(detail.used, fraction("81/1"));
    assert_eq!(
        (detail.downtime.len(), length(&detail.downtime[0])),
        (81, 5)
    );
    assert_eq!(detail.states[0], State::Down);
    assert_eq!(detail.states[81 * 5], State::Up);
    assert_eq!(detail.states[MONTH - 1], State::Empty);
}

#[test]
fn the_median_of_four_is_the_lower_middle_or_between_both() {
    let shots = [tps(0, 60), tps(60, 48), tps(120, 52), tps(180, 51)];
    for (method, value) in [
        ("nearest_rank_lower", "51/1"),
        ("nearest_rank", "51/1"),
        ("linear", "103/2"),
    ] {
        let keys = by_windows("50", method);
        exactly(5, &keys, &shots, "1/1");
        let given = given(5, &keys, &shots);
        let timed = given.timed.as_ref().unwrap();
        let metric = metric(&keys);
        let windows: Vec<_> = timed.latency_windows(&metric).collect();
        let (first, row, window) = windows[0];
        assert_eq!((first, row, windows.len()), (given.window.start(), 0, 1));
        assert_eq!((window.valid, window.met), (4, 3));
        assert_eq!(window.percentile.as_ref().unwrap().value, fraction(value));
    }
    exactly(5, &by_windows("51", "nearest_rank_lower"), &shots, "0/1");
    exactly(5, &by_windows("51", "nearest_rank"), &shots, "0/1");
    exactly(5, &by_windows("51", "linear"), &shots, "1/1");
    let reached = by_windows("51", "nearest_rank").replace("\"gt\"", "\"ge\"");
    exactly(5, &reached, &shots, "1/1");
}

#[test]
fn higher_percentiles_tell_the_methods_apart() {
    let shots: Vec<Shot> = (1..=10)
        .map(|n| tps(n, u64::try_from(n).unwrap() * 10))
        .collect();
    for (method, value) in [
        ("nearest_rank_lower", "90/1"),
        ("nearest_rank", "100/1"),
        ("linear", "191/2"),
        ("unknown", "90/1"),
    ] {
        let keys = by_windows("1", method).replace("percentile = \"50\"", "percentile = \"95\"");
        let given = given(5, &keys, &shots);
        let metric = metric(&keys);
        let mut windows = given.timed.as_ref().unwrap().latency_windows(&metric);
        let percentile = windows.next().unwrap().2.percentile.as_ref().unwrap();
        assert_eq!(percentile.value, fraction(value), "{method}");
    }
}

#[test]
fn only_answers_of_enough_tokens_are_valid() {
    let keys = format!(
        "{}, sample = {{ stream = true, status = [200], min_output_tokens = 76 }}",
        by_windows("1", "linear")
    );
    let shots = [tps(0, 70), tps(1, 80), tps(2, 75), tps(3, 76)];
    let given = given(5, &keys, &shots);
    let metric = metric(&keys);
    let windows: Vec<_> = given
        .timed
        .as_ref()
        .unwrap()
        .latency_windows(&metric)
        .collect();
    assert_eq!((windows[0].2.valid, windows[0].2.uncertain), (2, 0));
}

#[test]
fn windows_and_requests_are_different_shares() {
    let shots = [tps(0, 100), tps(60, 100), tps(120, 10)];
    exactly(5, &by_windows("50", "nearest_rank_lower"), &shots, "1/1");
    exactly(5, BY_REQUESTS, &shots, "2/3");
    let detail = given(5, BY_REQUESTS, &shots).detail(&metric(BY_REQUESTS));
    assert_eq!(
        (detail.unit, detail.used),
        (BudgetUnit::Requests, fraction("1/1"))
    );
    assert_eq!(detail.states[0..3], [State::Up, State::Up, State::Down]);
}

#[test]
fn every_quantity_is_measured_from_the_right_moments() {
    // Sent at 0.5 s, first text at 1 s, last at 3 s, end at 3.5 s; 101 tokens.
    let shot = Shot {
        output_tokens: Some(101),
        sent_us: Some(500_000),
        first_us: Some(1_000_000),
        last_us: Some(3_000_000),
        end_us: Some(3_500_000),
        ..Shot::default()
    };
    for (quantity, value) in [
        (
            r#""output_tokens_per_second", quantity_definition = "tokens_over_total""#,
            "202/5",
        ),
        (
            r#""output_tokens_per_second", quantity_definition = "tokens_minus_one_over_generation""#,
            "50/1",
        ),
        (r#""output_tokens_per_second""#, "50/1"),
        (r#""ttft_ms""#, "500/1"),
        (r#""total_ms""#, "3000/1"),
        (
            r#""time_per_output_token_ms", quantity_definition = "tokens_over_total""#,
            "2500/101",
        ),
        (
            r#""time_per_output_token_ms", quantity_definition = "tokens_minus_one_over_generation""#,
            "20/1",
        ),
    ] {
        let keys = format!(
            r#"family = "latency_attainment", aggregate = "windows", percentile = "50", quantity = {quantity}, compare = "lt", value = "100000""#
        );
        let given = given(5, &keys, std::slice::from_ref(&shot));
        let metric = metric(&keys);
        let mut windows = given.timed.as_ref().unwrap().latency_windows(&metric);
        let percentile = windows.next().unwrap().2.percentile.as_ref().unwrap();
        assert_eq!(percentile.value, fraction(value), "{quantity}");
        assert!(percentile.met.as_seen);
    }
}

#[test]
fn each_model_has_its_own_promise_and_windows() {
    let keys = by_windows("1", "linear").replace(
        "value = \"1\"",
        r#"targets = [{ model = "fast-mini*", value = "100" }, { model = "fast*", value = "50" }]"#,
    );
    let of = |model, second, tokens| Shot {
        model,
        ..tps(second, tokens)
    };
    let shots = [
        of(Some("fast-1"), 0, 60),
        of(Some("fast-mini-2"), 0, 90),
        of(Some("fast-mini-2"), 300, 110),
        of(Some("slow"), 0, 1),
        of(None, 0, 1),
    ];
    exactly(10, &keys, &shots, "2/3");
    let detail = given(10, &keys, &shots).detail(&metric(&keys));
    assert_eq!(
        (&detail.states[0], &detail.states[5]),
        (&State::Degraded, &State::Up)
    );
    assert_eq!(detail.downtime.len(), 1);
}

#[test]
fn windows_without_enough_samples_are_left_out_where_measured_and_open_where_not() {
    let keys = format!("{}, min_samples_per_window = 2", by_windows("50", "linear"));
    let shots = [
        tps(0, 60),
        tps(1, 60),
        tps(300, 60),
        tps(600, 10),
        tps(601, 10),
    ];
    exactly(15, &keys, &shots, "1/2");
    let mut dark = given(15, &keys, &shots);
    dark.forget(7..8);
    between(&dark.bounds(&metric(&keys)), "1/2", "1/3", "2/3");
    assert!(matches!(
        dark.detail(&metric(&keys)).states[5],
        State::Unmeasured { .. }
    ));
    // A window with enough samples is measured, whatever else is not.
    let mut dark = given(15, &keys, &shots);
    dark.forget(2..5);
    dark.exactly(&keys, "1/2");
    let mut ahead = given(15, &keys, &shots);
    ahead.standings[14] = Standing::Future;
    between(&ahead.bounds(&metric(&keys)), "1/1", "1/2", "1/1");
}

#[test]
fn samples_that_cannot_be_told_may_be_fast_or_slow() {
    let keys = by_windows("50", "nearest_rank_lower");
    let odd = |second| {
        Shot {
            output_tokens: None,
            ..Shot::default()
        }
        .at(second)
    };
    let bounds = |shots: &[Shot]| given(5, &keys, shots).bounds(&metric(&keys));
    // Of 60, 60 and one more the median is 60, but of one 60 and one more it is either.
    between(
        &bounds(&[tps(0, 60), tps(1, 60), odd(2)]),
        "1/1",
        "1/1",
        "1/1",
    );
    between(&bounds(&[tps(0, 60), odd(2)]), "1/1", "0/1", "1/1");
    between(
        &bounds(&[tps(0, 40), tps(1, 60), odd(2)]),
        "0/1",
        "0/1",
        "1/1",
    );
    let only = bounds(&[odd(0)]);
    assert_eq!(
        (only.observed, only.low, only.high),
        (None, Fraction::zero(), Fraction::one())
    );
    let unknown = Shot {
        class: EventClass::Unknown,
        ..tps(0, 60)
    };
    assert_eq!(bounds(&[unknown]).observed, None);
    let failed = Shot {
        class: EventClass::Error,
        ..tps(1, 10)
    };
    between(&bounds(&[tps(0, 60), failed]), "1/1", "1/1", "1/1");
}

impl Shot {
    fn at(self, second: i64) -> Self {
        Self { second, ..self }
    }
}

#[test]
fn late_samples_are_uncertain_in_the_least_favourable_reading() {
    let keys = by_windows("50", "linear");
    let late = Shot {
        late: true,
        ..tps(1, 10)
    };
    let given = given(5, &keys, &[tps(0, 60), late]);
    let metric = metric(&keys);
    let under = |late| bounds(&metric, given.minutes(&metric, late));
    between(&under(LateSamples::Counted), "0/1", "0/1", "0/1");
    between(&under(LateSamples::Unmeasured), "1/1", "0/1", "1/1");
}

#[test]
fn requests_of_excluded_minutes_are_left_out_and_excluded_windows_up_or_gone() {
    let keys = by_windows("50", "linear");
    let shots = [tps(0, 10), tps(60, 60), tps(300, 10)];
    let excluded = |range: Range<usize>, effect| {
        let mut given = given(10, &keys, &shots);
        given.exclude(range, effect);
        retimed(given, &keys, &shots)
    };
    exactly(10, &keys, &shots, "0/1");
    excluded(0..1, Effect::RemoveFromDenominator).exactly(&keys, "1/2");
    excluded(0..5, Effect::RemoveFromDenominator).exactly(&keys, "0/1");
    excluded(0..5, Effect::TreatAsUp).exactly(&keys, "1/2");
}

#[test]
fn unmeasured_time_counts_as_requests_in_a_share_of_requests() {
    let shots = [tps(0, 60), tps(60, 60), tps(120, 10), tps(180, 60)];
    let mut dark = given(5, BY_REQUESTS, &shots);
    dark.forget(4..5);
    between(&dark.bounds(&metric(BY_REQUESTS)), "3/4", "3/5", "4/5");
}
