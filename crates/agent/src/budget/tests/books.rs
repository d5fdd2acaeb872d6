use proptest::prelude::*;

use super::*;

fn amount(tokens: u64) -> Amount {
    Amount {
        nano_usd: tokens * 3,
        tokens,
    }
}

fn ledger(overall: u64, share: u64, spent: Spent) -> Ledger {
    let shares = [(acme(), tokens_per_day(share))].into_iter().collect();
    Ledger::new(tokens_per_day(overall), shares, spent)
}

#[test]
fn planned_attempts_leave_a_fifth_to_repeats() {
    let mut ledger = ledger(1_000_000, 100, Spent::default());
    let mut made = |kind: Kind| {
        let mut count = 0;
        while let Ok(reservation) = ledger.reserve(&acme(), kind, amount(10), at(0)) {
            assert!(!ledger.settle(reservation, amount(10)));
            count += 1;
        }
        count
    };
    assert_eq!((made(Kind::Planned), made(Kind::Burst)), (8, 2));
}

#[test]
fn a_refusal_names_the_cap_and_whose_it_is() {
    let refused = |overall: u64, share: u64| {
        let mut ledger = ledger(overall, share, Spent::default());
        let worst = amount(100);
        ledger
            .reserve(&acme(), Kind::Burst, worst, at(0))
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        refused(1_000, 99),
        "tokens_per_day of the target's budget is used up"
    );
    assert_eq!(
        refused(99, 1_000),
        "tokens_per_day of limits.budget is used up"
    );
}

#[test]
fn a_new_day_has_its_own_count_and_a_month_keeps_the_sum() {
    let mut ledger = ledger(1_000_000, 100, Spent::default());
    for day in 0..40 {
        let reservation = ledger.reserve(&acme(), Kind::Burst, amount(90), at(day * 1_440));
        ledger.settle(reservation.unwrap(), amount(50));
        assert!(
            ledger
                .reserve(&acme(), Kind::Burst, amount(51), at(day * 1_440 + 1_439))
                .is_err()
        );
    }
    let of = |day: i64| ledger.of_target(&acme(), at(day * 1_440));
    assert_eq!((of(39).day.tokens, of(39).month.tokens), (50, 9 * 50));
    assert_eq!(
        (of(30).month.tokens, of(1).month.tokens),
        (31 * 50, 31 * 50)
    );
}

#[test]
fn what_began_before_midnight_is_settled_in_its_own_day() {
    let mut ledger = ledger(1_000_000, 100, Spent::default());
    let late = ledger
        .reserve(&acme(), Kind::Burst, amount(90), at(1_439))
        .unwrap();
    let early = ledger
        .reserve(&acme(), Kind::Burst, amount(90), at(1_440))
        .unwrap();
    assert!(!ledger.settle(late, amount(1)));
    assert_eq!(ledger.of_target(&acme(), at(0)).day, amount(1));
    assert_eq!(ledger.of_target(&acme(), at(1_440)).day, amount(90));
    assert!(
        ledger.settle(early, amount(95)),
        "more than its worst has to reach the disk"
    );
}

#[test]
fn a_clock_that_is_set_forth_and_back_frees_nothing() {
    let mut ledger = ledger(1_000_000, 100, Spent::default());
    let mut spend = |minutes: i64| {
        let reservation = ledger.reserve(&acme(), Kind::Burst, amount(100), at(minutes));
        reservation
            .map(|reservation| ledger.settle(reservation, amount(100)))
            .is_ok()
    };
    assert!(spend(0));
    assert!(spend(500_000), "another day by that clock");
    assert!(!spend(1) && !spend(500_001));
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Reserve { planned: bool, worst: u64 },
    Settle { which: usize, part: u64 },
    Write,
    Crash,
    Pass { minutes: i64 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (any::<bool>(), 1_u64..200).prop_map(|(planned, worst)| Step::Reserve { planned, worst }),
        3 => (0_usize..8, 0_u64..=100).prop_map(|(which, part)| Step::Settle { which, part }),
        1 => Just(Step::Write),
        1 => Just(Step::Crash),
        1 => (0_i64..400).prop_map(|minutes| Step::Pass { minutes }),
    ]
}

proptest! {
    /// The truth is kept beside the books: what was charged so far, by day, where a call that was
    /// begun may yet be charged up to its worst.
    #[test]
    fn books_are_never_below_the_truth_and_the_truth_never_above_the_cap(
        steps in proptest::collection::vec(step(), 1..120), share in 1_u64..2_000, overall in 1_u64..2_000,
    ) {
        let mut books = ledger(overall, share, Spent::default());
        let mut on_disk = Spent::default();
        let mut now = 0;
        let mut truth: BTreeMap<i64, u64> = BTreeMap::new();
        let mut open: Vec<(Reservation, i64)> = Vec::new();
        for step in steps {
            match step {
                Step::Pass { minutes } => now += minutes,
                Step::Write => on_disk = books.spent().clone(),
                Step::Reserve { planned, worst } => {
                    let kind = if planned { Kind::Planned } else { Kind::Burst };
                    if let Ok(reservation) = books.reserve(&acme(), kind, amount(worst), at(now)) {
                        on_disk = books.spent().clone(); // Before the call is made.
                        open.push((reservation, now / 1_440));
                    }
                }
                Step::Settle { which, part } if !open.is_empty() => {
                    let (reservation, day) = open.remove(which % open.len());
                    let actual = amount(reservation.worst().tokens * part / 100);
                    *truth.entry(day).or_default() += actual.tokens;
                    prop_assert!(!books.settle(reservation, actual));
                }
                Step::Settle { .. } => {}
                Step::Crash => {
                    // Every call under way was charged at its worst, and nobody saw it.
                    for (reservation, day) in open.drain(..) {
                        *truth.entry(day).or_default() += reservation.worst().tokens;
                    }
                    books = ledger(overall, share, on_disk.clone());
                }
            }
            let under_way = |day: i64| open.iter().filter(move |(_, of)| *of == day);
            let today = now / 1_440;
            let pending: u64 = under_way(today).map(|(r, _)| r.worst().tokens).sum();
            let true_worst = truth.get(&today).copied().unwrap_or(0) + pending;
            prop_assert!(books.of_target(&acme(), at(now)).day.tokens >= true_worst);
            prop_assert!(books.overall(at(now)).day.tokens >= true_worst);
            prop_assert!(true_worst <= share.min(overall));
        }
    }
}
