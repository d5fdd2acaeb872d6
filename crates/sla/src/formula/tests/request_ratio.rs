use super::*;
use crate::contract::EventClass;
use crate::timed::tests::{Shot, fold};

const RATIO: &str = r#"family = "request_ratio""#;
const DEDUPED: &str =
    r#"family = "request_ratio", dedupe = { kind = "repeat_errors", window_s = 300 }"#;

fn shot(second: i64, class: EventClass) -> Shot {
    Shot {
        second,
        class,
        ..Shot::default()
    }
}

/// Samples as both counts and times.
fn given(length: usize, keys: &str, shots: &[Shot]) -> Given {
    let mut given = Given::counts(length, |_| (0, 0));
    for shot in shots {
        given.tallies[usize::try_from(shot.second / 60).unwrap()].count(shot.class, 1);
    }
    let standings = given.standings.clone();
    given.timed = Some(fold(&metric(keys), given.window, standings, shots));
    given
}

/// 1,998 successes, and errors at these seconds.
fn month_with_errors(seconds: &[i64]) -> Vec<Shot> {
    let successes = (0..1998).map(|n| shot(n * 600, EventClass::Success));
    let errors = seconds.iter().map(|s| shot(*s, EventClass::Error));
    successes.chain(errors).collect()
}

#[test]
fn requests_of_unequal_intervals_weigh_by_their_number() {
    let counts = Given::counts(20, |m| match m {
        0 => (0, 10),
        5 => (1, 3),
        15 => (3, 0),
        _ => (0, 0),
    });
    let mut given = counts;
    for tally in &mut given.tallies {
        tally.not_valid = 1;
    }
    given.exactly(RATIO, "13/17");
}

#[test]
fn an_error_within_the_window_of_another_is_dropped() {
    let shots = month_with_errors(&[0, 60, 240, 299, 301]);
    let deduped = given(MONTH, DEDUPED, &shots);
    let bounds = deduped.bounds(&metric(DEDUPED));
    assert_eq!(bounds.observed, Some(fraction("999/1000")));
    let detail = deduped.detail(&metric(DEDUPED));
    assert_eq!(detail.used, fraction("2/1"));
    assert_eq!(detail.unit, BudgetUnit::Requests);
    let timed = deduped.timed.as_ref().unwrap();
    let repeated: Vec<_> = timed
        .repeated_errors(&metric(DEDUPED))
        .map(|(minute, count)| (minute.get() - NOVEMBER, count))
        .collect();
    assert_eq!(repeated, [(1, 1), (4, 2)]);
    let all = given(MONTH, RATIO, &shots).bounds(&metric(RATIO));
    assert_eq!(all.observed, Some(fraction("1998/2003")));
}

#[test]
fn an_error_exactly_at_the_end_of_the_window_opens_the_next() {
    for (second, errors) in [(299, 1), (300, 2), (301, 2)] {
        let shots = month_with_errors(&[0, second]);
        let detail = given(MONTH, DEDUPED, &shots).detail(&metric(DEDUPED));
        assert_eq!(detail.used, whole(errors), "{second}");
    }
}

#[test]
fn without_a_valid_request_there_is_no_data() {
    let mut given = Given::counts(10, |_| (0, 0));
    let nothing = Bounds {
        observed: None,
        high: Fraction::one(),
        low: Fraction::zero(),
    };
    assert_eq!(given.bounds(&metric(RATIO)), nothing);
    for tally in &mut given.tallies {
        tally.not_valid = 1;
    }
    assert_eq!(given.bounds(&metric(RATIO)), nothing);
    // Times that a metric needs and nobody gave are no data, either.
    let counted = Given::counts(10, |_| (1, 1));
    assert_eq!(counted.bounds(&metric(DEDUPED)), nothing);
}

#[test]
fn unmeasured_minutes_hold_as_many_requests_as_the_mean_of_the_others_rounded_up() {
    let mut given = Given::counts(10, |m| if m < 2 { (1, 3) } else { (0, 2) });
    given.forget(5..8);
    // 18 requests in 7 minutes: 54/7, so 8 in the three that nobody measured.
    let bounds = given.bounds(&metric(RATIO));
    between(&bounds, "8/9", "8/13", "12/13");
    let detail = given.detail(&metric(RATIO));
    assert_eq!(detail.losses.units, 26);
    let states = &detail.states;
    assert_eq!((&states[0], &states[2]), (&State::Degraded, &State::Up));
    assert!(matches!(states[5], State::Unmeasured { .. }));
    assert_eq!(length(&detail.downtime[0]), 2);
}

#[test]
fn minutes_between_regular_samples_lack_nothing_until_a_sample_does() {
    let mut given = Given::counts(100, |m| if m % 5 == 0 { (0, 2) } else { (0, 0) });
    given.exactly(RATIO, "1/1");
    given.forget(50..61);
    // From 46 to 64 is time for three samples of two requests each, beside 17 others.
    between(&given.bounds(&metric(RATIO)), "1/1", "17/20", "1/1");
}

#[test]
fn slots_that_were_not_run_are_that_many_requests() {
    let mut given = Given::counts(10, |_| (0, 2));
    given.forget(5..6);
    given.miss(5, 3);
    given.miss(7, 1);
    between(&given.bounds(&metric(RATIO)), "1/1", "9/11", "1/1");
    // Slots are no requests of a metric that counts traffic only.
    let traffic = r#"family = "request_ratio", kinds = ["traffic"]"#;
    between(&given.bounds(&metric(traffic)), "1/1", "9/10", "1/1");
}

#[test]
fn until_the_window_is_over_nothing_is_concluded() {
    let mut given = Given::counts(10, |_| (1, 1));
    given.standings[9] = Standing::Future;
    between(&given.bounds(&metric(RATIO)), "1/2", "0/1", "1/1");
}

#[test]
fn requests_of_excluded_minutes_are_dropped_or_succeed() {
    let mut given = Given::counts(10, |m| if m < 5 { (2, 0) } else { (0, 2) });
    given.exclude(0..4, Effect::RemoveFromDenominator);
    given.exactly(RATIO, "5/6");
    given.exclude(0..4, Effect::TreatAsUp);
    given.exactly(RATIO, "9/10");
}

#[test]
fn a_success_may_be_too_slow_or_of_unknown_length() {
    let keys = r#"family = "request_ratio", success_within_s = 60"#;
    let slow = |end_us: Option<u64>| Shot {
        end_us,
        ..shot(0, EventClass::Success)
    };
    let bounds = |ends: &[Option<u64>]| {
        let shots: Vec<Shot> = ends.iter().map(|end| slow(*end)).collect();
        given(1, keys, &shots).bounds(&metric(keys))
    };
    between(&bounds(&[Some(60_000_000)]), "1/1", "1/1", "1/1");
    between(&bounds(&[Some(60_000_001), Some(1)]), "1/2", "1/2", "1/2");
    between(&bounds(&[None, Some(1)]), "1/1", "1/2", "1/1");
}

#[test]
fn an_error_in_a_removed_minute_drops_none_after_it() {
    let shots = [
        shot(0, EventClass::Error),
        shot(60, EventClass::Error),
        shot(120, EventClass::Error),
        shot(121, EventClass::Success),
    ];
    let mut given = given(3, DEDUPED, &shots);
    given.exclude(0..1, Effect::RemoveFromDenominator);
    let standings = given.standings.clone();
    given.timed = Some(fold(&metric(DEDUPED), given.window, standings, &shots));
    given.exactly(DEDUPED, "1/2");
}

#[test]
fn an_unknown_sample_may_open_a_window_of_repeats_or_be_one() {
    let shots = [
        shot(0, EventClass::Unknown),
        shot(60, EventClass::Error),
        shot(301, EventClass::Error),
        shot(310, EventClass::Success),
    ];
    // As seen: the second error repeats the first. If the unknown one failed, it does not.
    let bounds = given(6, DEDUPED, &shots).bounds(&metric(DEDUPED));
    assert_eq!(bounds.observed, Some(fraction("1/2")));
    // Minutes 2 to 4 are dark: a mean of 2 in 2 measured minutes.
    assert_eq!(bounds.low, fraction("1/6"));
    assert_eq!(bounds.high, fraction("5/6"));
}
