use proptest::prelude::*;

use super::*;

fn gap(first: i64, last: i64, count: u64) -> String {
    format!(
        r#"{{"count":{count},"first_ms":{first},"gap":"budget","i":7,"last_ms":{last},"plan":1,"v":1}}"#
    )
}

#[test]
fn a_gap_line_is_slots_that_were_missed_in_their_minutes() {
    let kept = read(gap(30_000, 150_000, 5));
    let minute = Minute::new;
    assert_eq!(
        kept,
        [Kept::Gap {
            line: 1,
            agent: "here".parse().unwrap(),
            reason: GapReason::Budget,
            minutes: vec![(minute(0), 1), (minute(1), 2), (minute(2), 2)],
        }]
    );
}

#[test]
fn a_gap_that_cannot_be_is_refused() {
    let text = error(gap(5, 4, 1));
    insta::assert_snapshot!(text, @"line 1: the gap needs a `count` of 1 or more, up to one a second, and `first_ms` no later than `last_ms`, by at most a year");
    assert_eq!(error(gap(5, 6, 0)), text);
    assert_eq!(error(gap(0, 366 * 86_400_000 + 1, 2)), text);
    insta::assert_snapshot!(
        error(r#"{"gap":"paused","first_ms":1,"last_ms":2}"#),
        @"line 1, `count`: it is missing, and lines with `gap` must have it"
    );
    insta::assert_snapshot!(
        error(r#"{"gap":"sleeping","first_ms":1,"last_ms":2,"count":1}"#),
        @"line 1, `gap`: `sleeping` is not known: possible are `agent_down`, `overloaded`, `budget`, `paused`, `no_key`, `spool_full`"
    );
}

proptest! {
    #[test]
    fn the_minutes_of_a_gap_hold_each_of_its_slots(
        first in 0..400_000_i64,
        span in 0..4_000_000_i64,
        count in 1..300_u64,
    ) {
        let kept = read(gap(first, first + span, count));
        let Kept::Gap { minutes, .. } = &kept[0] else {
            panic!("not a gap");
        };
        let step = span / i64::try_from(count - 1).unwrap().max(1);
        let slots = (0..count).map(|n| first + step * i64::try_from(n).unwrap());
        let mut expected: Vec<(Minute, u32)> = Vec::new();
        for slot in slots {
            let minute = UnixMillis::new(slot).minute();
            match expected.last_mut() {
                Some((last, slots)) if *last == minute => *slots += 1,
                _ => expected.push((minute, 1)),
            }
        }
        prop_assert_eq!(minutes, &expected);
    }
}
