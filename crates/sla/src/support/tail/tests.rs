use proptest::prelude::*;

use super::*;

/// At a rate of 5 %.
fn tail(at_least: u64, of: u64) -> Tail {
    Tail {
        at_least,
        of,
        num: 1,
        den: 20,
    }
}

#[test]
fn thousands_of_requests_are_decided_on_the_very_error() {
    // The chances of 276 and 277 errors or more are 5.06 and 4.44 percent.
    for (at_least, within) in [(276, false), (277, true)] {
        assert_eq!(tail(at_least, 5_000).estimate(20), Some(within));
        assert_eq!(tail(at_least, 5_000).exact(20), Some(within));
    }
}

#[test]
fn a_minute_with_much_traffic_is_clear_without_a_walk() {
    assert_eq!(tail(5_000, 5_000).is_clearly_within(20), Some(true));
    assert_eq!(tail(320, 5_000).is_clearly_within(20), Some(true));
    assert_eq!(tail(277, 5_000).is_clearly_within(20), Some(false));
    let few_errors = Tail {
        at_least: 4_950,
        of: 5_000,
        num: 19,
        den: 20,
    };
    assert_eq!(few_errors.is_clearly_within(20), Some(true));
}

#[test]
fn a_tail_equal_to_the_bound_is_left_to_the_exact_sum() {
    assert_eq!(tail(1, 1).estimate(20), None);
    assert_eq!(tail(1, 1).exact(20), Some(true));
    assert_eq!(tail(1, 1).is_within(21), Some(false));
}

#[test]
fn an_exact_sum_is_refused_where_it_would_take_long() {
    assert_eq!(tail(500_000, 1_000_000).exact(20), None);
    assert_eq!(tail(500_000, 1_000_000).is_within(20), Some(true));
    assert_eq!(tail(0, 1_000_000).is_within(20), Some(false));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn bounds_and_estimate_never_contradict_the_exact_sum(
        of in 1_u64..400, at_least in 0_u64..400, num in 1_u64..97, cases in 2_u64..1_000,
    ) {
        let tail = Tail { at_least: at_least.min(of), of, num, den: 97 };
        let exact = tail.exact(cases);
        prop_assert!(exact.is_some());
        if let Some(estimate) = tail.estimate(cases) {
            prop_assert_eq!(Some(estimate), exact);
        }
        if tail.is_clearly_within(cases) == Some(true) {
            prop_assert_eq!(exact, Some(true));
        }
    }
}
