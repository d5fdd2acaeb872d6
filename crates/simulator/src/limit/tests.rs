use proptest::prelude::*;

use super::*;
use crate::plan::Pace;

const fn limits(requests: Option<u64>, tokens: Option<u64>) -> Limits {
    Limits {
        requests_per_minute: requests,
        tokens_per_minute: tokens,
    }
}

fn at(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn a_full_minute_may_be_spent_at_once_and_refills_evenly() {
    let mut meter = Meter::new(limits(Some(3), None));
    for remaining in [2, 1, 0] {
        let verdict = meter.take(None, 0, at(0));
        assert_eq!(verdict.refused_for, None);
        assert_eq!(
            verdict.gauges.requests.map(|gauge| gauge.remaining),
            Some(remaining)
        );
    }
    assert_eq!(meter.take(None, 0, at(0)).refused_for, Some(at(20_000)));
    assert_eq!(meter.take(None, 0, at(19_999)).refused_for, Some(at(1)));
    assert_eq!(meter.take(None, 0, at(20_000)).refused_for, None);
    let resting = meter.take(None, 0, at(200_000));
    assert_eq!(
        resting.gauges.requests.map(|gauge| gauge.remaining),
        Some(2)
    );
}

#[test]
fn tokens_and_requests_must_both_fit_and_a_refusal_takes_nothing() {
    let mut meter = Meter::new(limits(Some(10), Some(600)));
    assert_eq!(meter.take(None, 600, at(0)).refused_for, None);
    let refused = meter.take(None, 100, at(0));
    assert_eq!(refused.refused_for, Some(at(10_000)));
    assert_eq!(
        refused.gauges.requests.map(|gauge| gauge.remaining),
        Some(9)
    );
    assert_eq!(meter.take(None, 100, at(10_000)).refused_for, None);
    assert!(
        meter.take(None, 601, at(1_000_000)).refused_for.is_some(),
        "never fits"
    );
}

#[test]
fn keys_do_not_share_and_tags_do_not_show_them() {
    let tagger = KeyTagger::default();
    let mut meter = Meter::new(limits(Some(1), None));
    let (first, second) = (tagger.tag("sk-one"), tagger.tag("sk-two"));
    assert_eq!(tagger.tag("sk-one"), first);
    assert_eq!(meter.take(Some(first), 0, at(0)).refused_for, None);
    assert!(meter.take(Some(first), 0, at(0)).refused_for.is_some());
    assert_eq!(meter.take(Some(second), 0, at(0)).refused_for, None);
    assert!(!format!("{first:?}").contains("sk-"));
}

#[test]
fn the_keys_that_are_counted_are_bounded() {
    let mut meter = Meter::new(limits(Some(1), None));
    for number in 0..10_050 {
        meter.take(Some(KeyTag(number)), 0, at(number));
    }
    assert_eq!(meter.accounts.len(), KEYS_MAX);
    assert!(
        meter
            .take(Some(KeyTag(10_049)), 0, at(10_050))
            .refused_for
            .is_some()
    );
}

#[test]
fn a_refusal_advises_whole_seconds_and_a_gateway_shows_the_keys_limits() {
    let mut meter = Meter::new(limits(Some(60), Some(6_000)));
    for _ in 0..60 {
        meter.take(None, 50, at(0));
    }
    let verdict = meter.take(None, 50, at(500));
    let mut plan = Plan::healthy(Pace::default());
    plan.gateway = Some(Kind::Litellm);
    show(&mut plan, verdict);
    let Outcome::Failure(failure) = &plan.outcome else {
        panic!("it is refused")
    };
    assert_eq!(
        (failure.class, failure.retry_after_s),
        (Class::RateLimited, Some(1))
    );
    let left = |gauge: Option<Gauge>| gauge.map(|gauge| (gauge.remaining, gauge.full_in));
    assert_eq!(
        left(plan.gauges.requests),
        Some((0, Duration::from_millis(59_500)))
    );
    assert_eq!(
        left(plan.gauges.tokens),
        Some((3_050, Duration::from_millis(29_500)))
    );
    let headers: Vec<_> = plan
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().expect("text")))
        .collect();
    assert_eq!(
        headers,
        [
            "x-litellm-key-rpm-limit: 60",
            "x-litellm-key-tpm-limit: 6000"
        ]
    );
}

proptest! {
    #[test]
    fn never_more_than_a_burst_and_the_refill_pass(
        allowance in 1u64..200, gaps in prop::collection::vec(0u64..5_000_000, 1..200),
    ) {
        let mut meter = Meter::new(limits(Some(allowance), None));
        let mut now = Duration::ZERO;
        let mut passed = 0_u128;
        for gap in gaps {
            now += Duration::from_micros(gap);
            passed += u128::from(meter.take(None, 0, now).refused_for.is_none());
        }
        let most = u128::from(allowance) * (UNITS + now.as_micros()) / UNITS;
        prop_assert!(passed <= most, "{passed} of at most {most}");
    }
}
