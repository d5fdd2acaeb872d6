use proptest::prelude::*;

use super::*;

fn window(start: i64, end: i64) -> Window {
    Window::new(Minute::new(start), Minute::new(end)).unwrap()
}

fn over<T>(start: i64, end: i64, value: T) -> Stretch<T> {
    Stretch {
        start: Minute::new(start),
        end: Minute::new(end),
        value,
    }
}

#[test]
fn minutes_that_were_down_are_admitted_denied_or_unknown() {
    let verified = [
        over(0, 10, Seen::Up),
        over(10, 20, Seen::Down),
        over(20, 25, Seen::Unmeasured),
        over(25, 60, Seen::Up),
    ];
    let said = [
        over(0, 13, Level::Operational),
        over(13, 15, Level::Unknown),
        over(15, 30, Level::MajorOutage),
        over(30, 60, Level::Operational),
    ];
    let found = compare(window(0, 60), &verified, &said);
    assert_eq!(
        (found.down, found.admitted, found.denied, found.unknown),
        (10, 5, 3, 2)
    );
    assert_eq!((found.unseen, found.unmeasured), (5, 5));
    assert_eq!(found.outages[0].notice, Notice::Within(5));
    assert_eq!(found.lag(), (5, 1));
}

#[track_caller]
fn check_notice(said: &[Stretch<Level>], expected: Notice) {
    let found = compare(window(0, 3_000), &[over(10, 20, Seen::Down)], said);
    assert_eq!(found.outages.len(), 1);
    assert_eq!(found.outages[0].notice, expected);
}

#[test]
fn the_lag_runs_from_the_first_failure_to_the_first_notice() {
    let (good, bad) = (Level::Operational, Level::Degraded);
    check_notice(&[over(0, 3_000, bad)], Notice::After(0));
    check_notice(&[over(0, 17, good), over(17, 20, bad)], Notice::After(7));
    // After its end, a notice still is one; a day later it is about something else.
    check_notice(&[over(0, 90, good), over(90, 95, bad)], Notice::After(80));
    check_notice(
        &[over(0, 1_450, good), over(1_450, 1_500, bad)],
        Notice::None,
    );
    check_notice(&[over(0, 3_000, good)], Notice::None);
    check_notice(&[over(0, 3_000, Level::Maintenance)], Notice::None);
}

#[test]
fn what_could_not_be_read_is_no_silence_of_the_provider() {
    let good = Level::Operational;
    check_notice(&[], Notice::Unknown);
    check_notice(&[over(0, 12, good), over(30, 3_000, good)], Notice::Unknown);
    // Read up to now, and nothing so far.
    check_notice(&[over(0, 15, good)], Notice::None);
    check_notice(&[over(0, 10, good)], Notice::Unknown);
    let bad = over(30, 40, Level::PartialOutage);
    check_notice(&[over(0, 12, good), bad], Notice::Within(20));
}

#[test]
fn a_moment_of_admission_makes_an_admitted_minute() {
    let said = [
        over(0, 6, Level::Operational),
        over(5, 9, Level::MajorOutage),
    ];
    let found = compare(window(0, 9), &[over(5, 6, Seen::Down)], &said);
    assert_eq!((found.down, found.admitted), (1, 1));
}

fn level() -> impl Strategy<Value = Level> {
    (0..Level::ALL.len()).prop_map(|index| Level::ALL[index])
}

fn seen() -> impl Strategy<Value = Seen> {
    prop_oneof![Just(Seen::Unmeasured), Just(Seen::Up), Just(Seen::Down)]
}

fn stretches<T: std::fmt::Debug + Copy + 'static>(
    value: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = Vec<Stretch<T>>> {
    let one = (-50..450_i64, 0..90_i64, value);
    let one = one.prop_map(|(start, length, value)| over(start, start + length, value));
    proptest::collection::vec(one, 0..12)
}

proptest! {
    #[test]
    fn every_minute_is_counted_once(verified in stretches(seen()), said in stretches(level())) {
        let found = compare(window(0, 400), &verified, &said);
        let of_down = [found.admitted, found.maintenance, found.denied, found.unknown];
        prop_assert_eq!(of_down.iter().sum::<u64>(), found.down);
        let long = |one: &Outage| u64::try_from(one.end.get() - one.start.get()).unwrap();
        prop_assert_eq!(found.outages.iter().map(long).sum::<u64>(), found.down);
        prop_assert!(found.down + found.unseen + found.unmeasured <= 400);
        for pair in found.outages.windows(2) {
            prop_assert!(pair[0].end < pair[1].start);
        }
    }

    #[test]
    fn a_window_is_the_sum_of_its_parts(
        verified in stretches(seen()), said in stretches(level()), cut in 1..399_i64,
    ) {
        let whole = compare(window(0, 400), &verified, &said);
        let parts = [window(0, cut), window(cut, 400)].map(|part| compare(part, &verified, &said));
        for of in [
            |d: &Difference| d.down,
            |d: &Difference| d.admitted,
            |d: &Difference| d.maintenance,
            |d: &Difference| d.denied,
            |d: &Difference| d.unknown,
            |d: &Difference| d.unseen,
            |d: &Difference| d.unmeasured,
        ] {
            prop_assert_eq!(of(&whole), of(&parts[0]) + of(&parts[1]));
        }
    }

    #[test]
    fn more_admission_never_counts_against_the_provider(
        verified in stretches(seen()), said in stretches(level()), more in 0..400_i64,
    ) {
        let before = compare(window(0, 400), &verified, &said);
        let mut said = said;
        said.push(over(more, more + 20, Level::MajorOutage));
        let after = compare(window(0, 400), &verified, &said);
        prop_assert!(after.admitted >= before.admitted && after.denied <= before.denied);
        for (a, b) in after.outages.iter().zip(&before.outages) {
            if let (Notice::After(a), Notice::After(b)) = (a.notice, b.notice) {
                prop_assert!(a <= b);
            }
        }
    }
}
