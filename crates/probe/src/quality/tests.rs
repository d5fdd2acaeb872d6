use proptest::prelude::*;

use super::*;
use crate::Ask;

fn signal(chars: u64, wording: u32) -> Signal {
    Signal {
        chars: Some(chars),
        fingerprint: Some(format!("{wording:016x}")),
        format: None,
    }
}

fn learnt(signals: &[Signal]) -> Baseline {
    let seen: Vec<Seen<'_>> = signals.iter().map(Seen::Answered).collect();
    Baseline::learn(&seen)
}

fn likeness(baseline: &Baseline, signal: &Signal) -> Likeness {
    compare(baseline, Meant::Alike, Seen::Answered(signal))
}

const fn unusual(why: Difference) -> Likeness {
    Likeness::Unusual { why }
}

const fn not_measurable(why: Obstacle) -> Likeness {
    Likeness::NotMeasurable { why }
}

#[test]
fn a_steady_target_has_usual_lengths_and_wordings() {
    let signals: Vec<Signal> = (0..40).map(|n| signal(30 + n % 5, 1)).collect();
    let baseline = learnt(&signals);
    assert_eq!(likeness(&baseline, &signal(31, 1)), Likeness::Usual);
    assert_eq!(likeness(&baseline, &signal(48, 1)), Likeness::Usual);
    assert_eq!(
        likeness(&baseline, &signal(49, 1)),
        unusual(Difference::Length)
    );
    assert_eq!(
        likeness(&baseline, &signal(0, 1)),
        unusual(Difference::Length)
    );
    assert_eq!(
        likeness(&baseline, &signal(31, 2)),
        unusual(Difference::Wording)
    );
}

#[test]
fn wordings_that_always_change_are_not_held_against_a_new_one() {
    let signals: Vec<Signal> = (0..40).map(|n| signal(30, n)).collect();
    assert_eq!(
        likeness(&learnt(&signals), &signal(30, 99)),
        Likeness::Usual
    );
}

#[test]
fn refusals_and_missed_forms_are_unusual_only_while_they_are_rare() {
    let form = |format| Signal {
        format: Some(format),
        ..signal(30, 1)
    };
    let kept: Vec<Signal> = (0..40).map(|n| form(n % 30 != 0)).collect();
    let mixed: Vec<Signal> = (0..40).map(|n| form(n % 4 != 0)).collect();
    assert_eq!(likeness(&learnt(&mixed), &form(false)), Likeness::Usual);
    assert_eq!(likeness(&learnt(&kept), &form(true)), Likeness::Usual);
    // Two of forty are exactly one in twenty: no longer rare.
    assert_eq!(likeness(&learnt(&kept), &form(false)), Likeness::Usual);
    let often: Vec<Signal> = (0..60).map(|n| form(n != 7)).collect();
    assert_eq!(
        likeness(&learnt(&often), &form(false)),
        unusual(Difference::Format)
    );

    let refused = |baseline: &Baseline| compare(baseline, Meant::Alike, Seen::Refused);
    assert_eq!(refused(&learnt(&often)), unusual(Difference::Refused));
    assert_eq!(
        refused(&Baseline::learn(&[Seen::Refused; 40])),
        Likeness::Usual
    );
}

#[test]
fn too_few_samples_varied_answers_and_missing_signals_are_not_measurable() {
    let few: Vec<Signal> = (0..19).map(|_| signal(30, 1)).collect();
    let enough: Vec<Signal> = (0..20).map(|_| signal(30, 1)).collect();
    assert_eq!(
        likeness(&learnt(&few), &signal(30, 1)),
        not_measurable(Obstacle::TooFewSamples)
    );
    assert_eq!(likeness(&learnt(&enough), &signal(30, 1)), Likeness::Usual);
    assert_eq!(
        likeness(&learnt(&enough), &Signal::default()),
        not_measurable(Obstacle::NoSignal)
    );
    let varied = Meant::from(&Ask::Nothing);
    assert_eq!(
        compare(&learnt(&enough), varied, Seen::Refused),
        not_measurable(Obstacle::VariesByDesign)
    );
    assert_eq!(Meant::from(&Ask::Sum), Meant::Alike);
}

#[test]
fn only_the_last_answers_are_learnt_from() {
    let old = (0..1000).map(|_| signal(9000, 1));
    let new = (0..u64::try_from(SAMPLES_MAX).unwrap()).map(|_| signal(30, 2));
    let signals: Vec<Signal> = old.chain(new).collect();
    assert_eq!(likeness(&learnt(&signals), &signal(30, 2)), Likeness::Usual);
}

proptest! {
    #[test]
    fn the_order_of_what_was_learnt_does_not_matter(
        lengths in proptest::collection::vec((0u64..100, 0u32..4), 0..60),
        probe in (0u64..200, 0u32..5),
    ) {
        let mut signals: Vec<Signal> = lengths.iter().map(|(c, w)| signal(*c, *w)).collect();
        let forward = likeness(&learnt(&signals), &signal(probe.0, probe.1));
        signals.reverse();
        prop_assert_eq!(forward, likeness(&learnt(&signals), &signal(probe.0, probe.1)));
    }

    #[test]
    fn extreme_numbers_never_overflow(
        lengths in proptest::collection::vec(any::<u64>(), 20..40),
        probe in any::<u64>(),
    ) {
        let signals: Vec<Signal> = lengths.iter().map(|chars| signal(*chars, 1)).collect();
        let _ = likeness(&learnt(&signals), &signal(probe, 1));
    }
}
