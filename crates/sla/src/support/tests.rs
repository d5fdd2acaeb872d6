use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Zero};
use proptest::prelude::*;

use super::*;

const SURE: Confidence = Confidence::Percent95;

fn fraction(text: &str) -> Fraction {
    text.parse().unwrap()
}

#[track_caller]
fn check(errors: u64, valid: u64, threshold: &str, expected: Support) {
    let found = support(errors, valid, &fraction(threshold), SURE);
    assert_eq!(found, expected, "{errors} of {valid}, {threshold}");
}

/// The chance of `from..=to` errors, term by term, by the textbook.
fn chance(from: u64, to: u64, valid: u64, threshold: &Fraction) -> BigRational {
    let rate = threshold.ratio();
    let rest = BigRational::one() - rate;
    let power = |base: &BigRational, exponent: u64| {
        (0..exponent).fold(BigRational::one(), |power, _| power * base)
    };
    let choose = |count: u64| {
        (0..count).fold(BigRational::one(), |product, at| {
            product * BigRational::new(BigInt::from(valid - at), BigInt::from(at + 1))
        })
    };
    (from..=to)
        .map(|count| choose(count) * power(rate, count) * power(&rest, valid - count))
        .sum()
}

fn by_the_textbook(errors: u64, valid: u64, threshold: &Fraction) -> Support {
    let risk = BigRational::new(1.into(), 20.into());
    if chance(errors, valid, valid, threshold) <= risk {
        Support::Above
    } else if chance(0, errors, valid, threshold) <= risk {
        Support::AtMost
    } else {
        Support::Undetermined
    }
}

#[test]
fn five_requests_need_two_errors_and_twenty_five_need_four_to_show_more_than_five_percent() {
    check(1, 5, "0.05", Support::Undetermined);
    check(2, 5, "0.05", Support::Above);
    check(5, 5, "0.05", Support::Above);
    check(3, 25, "0.05", Support::Undetermined);
    check(4, 25, "0.05", Support::Above);
    check(0, 0, "0.05", Support::Undetermined);
}

#[test]
fn so_many_requests_without_an_error_show_a_rate_below() {
    for (threshold, needed) in [
        ("0.05", 59),
        ("0.005", 598),
        ("0.001", 2_995),
        ("0.0001", 29_956),
    ] {
        let rate = fraction(threshold);
        assert_eq!(requests_needed(&rate, SURE), Some(needed), "{threshold}");
        check(0, needed, threshold, Support::AtMost);
        check(0, needed - 1, threshold, Support::Undetermined);
    }
    let sure = requests_needed(&fraction("0.05"), Confidence::Percent99);
    assert_eq!(sure, Some(90));
    assert_eq!(requests_needed(&Fraction::zero(), SURE), None);
}

#[test]
fn limits_are_printed_in_the_safe_direction() {
    for (errors, valid, lower) in [(2, 5, "7.6"), (1, 5, "1.0"), (4, 25, "5.7"), (0, 5, "0.0")] {
        let limit = lower_limit_percent(errors, valid);
        assert_eq!(limit.percent_string(1), lower, "{errors} of {valid}");
    }
    // The limit of 2 of 5 is 7.64403...
    assert_eq!(lower_limit_percent(2, 5), fraction("1911/25000"));
    assert_eq!(upper_limit_percent(0, 59).percent_string(2), "4.95");
    assert_eq!(upper_limit_percent(5, 5), Fraction::one());
    assert_eq!(lower_limit_percent(0, 0), Fraction::zero());
    assert_eq!(upper_limit_percent(0, 0), Fraction::one());
}

#[test]
fn a_tail_equal_to_the_risk_is_enough() {
    // One error of one request at 1/20 has a chance of exactly 1/20.
    check(1, 1, "0.05", Support::Above);
    check(0, 1, "0.95", Support::AtMost);
    check(1, 1, "0.051", Support::Undetermined);
}

#[test]
fn the_ends_of_the_scale_are_decided_without_statistics() {
    check(0, 5, "0", Support::Undetermined);
    check(1, 1_000_000, "0", Support::Above);
    check(5, 5, "1", Support::AtMost);
    check(9, 5, "0.05", Support::Above);
    check(1, 20, "0.05", Support::Undetermined);
    check(0, REQUESTS_MAX + 1, "0.05", Support::Undetermined);
}

#[test]
fn millions_of_requests_are_decided_by_the_normal_approximation_to_within_its_error() {
    // 50,000 + 1.645 x 217.9 = 50,358.5.
    check(50_340, 1_000_000, "0.05", Support::Undetermined);
    check(50_380, 1_000_000, "0.05", Support::Above);
    check(49_620, 1_000_000, "0.05", Support::AtMost);
    check(49_660, 1_000_000, "0.05", Support::Undetermined);
    check(1_000_000, 1_000_000, "0.05", Support::Above);
    check(0, 1_000_000, "0.05", Support::AtMost);
}

#[test]
fn a_supporter_decides_the_same_twice() {
    let mut supporter = Supporter::new(fraction("0.05"), SURE);
    for _ in 0..2 {
        assert_eq!(supporter.support(2, 5), Support::Above);
        assert_eq!(supporter.support(1, 5), Support::Undetermined);
    }
    assert_eq!(supporter.known.len(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_decision_is_that_of_the_textbook(
        valid in 1_u64..40, errors in 0_u64..40, num in 1_u64..1_000,
    ) {
        let errors = errors.min(valid);
        let threshold = Fraction::new(num, NonZeroU64::new(1_000).unwrap());
        let expected = by_the_textbook(errors, valid, &threshold);
        prop_assert_eq!(support(errors, valid, &threshold, SURE), expected);
    }

    #[test]
    fn more_errors_never_speak_for_a_lower_rate(
        valid in 1_u64..2_000, errors in 0_u64..2_000, num in 1_u64..10_000,
    ) {
        let threshold = Fraction::new(num, NonZeroU64::new(10_000).unwrap());
        let order = |errors: u64| match support(errors.min(valid), valid, &threshold, SURE) {
            Support::AtMost => 0,
            Support::Undetermined => 1,
            Support::Above => 2,
        };
        prop_assert!(order(errors) <= order(errors + 1));
    }

    #[test]
    fn limits_enclose_the_observed_rate(valid in 1_u64..150, errors in 0_u64..150) {
        let errors = errors.min(valid);
        let observed = Fraction::new(errors, NonZeroU64::new(valid).unwrap());
        let (low, high) = (lower_limit_percent(errors, valid), upper_limit_percent(errors, valid));
        prop_assert!(low <= observed && observed <= high);
        prop_assert!(low == Fraction::zero() || low < high);
    }
}

#[test]
fn the_textbook_adds_up_to_one() {
    assert!((chance(0, 30, 30, &fraction("0.3")) - BigRational::one()).is_zero());
}
