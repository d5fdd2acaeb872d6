use proptest::prelude::*;

use super::*;

fn plan(interval_s: u32) -> Plan {
    let text = format!(
        r#"
revision = 1
effective_from_ms = 0
[[agent]]
id = "a"
region = "r"
network = "n"
[[agent]]
id = "b"
region = "r"
network = "n"
[[target]]
id = "t"
provider = "p"
interval_s = {interval_s}
deadline_ms = 1000
request = {{ kind = "http", url = "http://127.0.0.1:1/" }}
"#
    );
    Plan::parse(&text).unwrap()
}

fn at(ms: i64) -> UnixMillis {
    UnixMillis::new(ms)
}

fn schedule(plan: &Plan, now: i64, last: Option<i64>) -> Schedule {
    let last = last
        .map(|slot| ("t".parse().unwrap(), at(slot)))
        .into_iter()
        .collect();
    Schedule::new(plan, &"b".parse().unwrap(), at(now), &last)
}

#[test]
fn an_agent_that_was_off_owes_the_slots_since_its_last() {
    // Agent b of two: slots at 5 s, 15 s, 25 s, ...
    let mut schedule = schedule(&plan(10), 60_000, Some(15_000));
    let due = schedule.take_due(at(60_000));
    let missed = Missed {
        target: "t".parse().unwrap(),
        first: at(25_000),
        last: at(45_000),
        count: 3,
        reason: GapReason::AgentDown,
    };
    assert_eq!(due.missed, [missed]);
    assert_eq!(
        due.slots,
        [Slot {
            target: "t".parse().unwrap(),
            at: at(55_000)
        }]
    );
    assert_eq!(schedule.next_at(), Some(at(65_000)));
}

#[test]
fn a_slot_is_past_once_the_next_has_come() {
    let mut schedule = schedule(&plan(1), 0, Some(-500));
    let due = schedule.take_due(at(3_700));
    assert_eq!((due.missed[0].count, due.missed[0].last), (3, at(2_500)));
    assert_eq!(due.slots.len(), 1);
    assert_eq!(due.slots[0].at, at(3_500));
}

#[test]
fn a_new_agent_owes_the_slots_since_the_plan_took_effect() {
    let mut running = plan(10);
    running.effective_from_ms = at(20_000);
    let mut schedule = schedule(&running, 60_000, None);
    let due = schedule.take_due(at(60_000));
    assert_eq!(
        (due.missed[0].first, due.missed[0].last),
        (at(25_000), at(45_000))
    );
    assert_eq!(due.slots[0].at, at(55_000));
}

#[test]
fn a_very_late_agent_does_not_speak_of_ages_ago() {
    let mut old = plan(86_400);
    old.effective_from_ms = at(0);
    let mut schedule = schedule(&old, 3 * OWED_MS_MAX, None);
    let due = schedule.take_due(at(3 * OWED_MS_MAX));
    assert_eq!(due.missed[0].count, 35);
}

#[test]
fn a_plan_asks_for_nothing_before_it_takes_effect() {
    let mut later = plan(10);
    later.effective_from_ms = at(100_000);
    let mut schedule = schedule(&later, 60_000, Some(15_000));
    assert_eq!(schedule.take_due(at(99_999)), Due::default());
    assert_eq!(schedule.next_at(), Some(at(105_000)));
}

#[test]
fn a_clock_that_steps_back_repeats_no_slot() {
    let mut schedule = schedule(&plan(10), 0, None);
    assert_eq!(schedule.take_due(at(5_000)).slots.len(), 1);
    assert_eq!(schedule.take_due(at(-3_600_000)), Due::default());
    assert_eq!(schedule.take_due(at(5_001)), Due::default());
}

#[test]
fn a_gap_longer_than_one_line_may_state_is_split() {
    let slots = i64::try_from(SLOTS_MAX).unwrap();
    let mut schedule = schedule(&plan(1), 0, Some(-500));
    let due = schedule.take_due(at(slots * 1_000 + 20_000));
    assert_eq!(due.missed.len(), 2);
    assert_eq!(due.missed[0].count, SLOTS_MAX);
    assert_eq!(due.missed[1].first, due.missed[0].last.plus_ms(1_000));
}

proptest! {
    #[test]
    fn every_slot_is_handed_out_exactly_once(
        interval_s in 1_u32..600,
        last in 0_i64..1_000_000,
        steps in proptest::collection::vec(0_i64..200_000, 1..20),
    ) {
        let plan = plan(interval_s);
        let mut now = last;
        let mut schedule = schedule(&plan, now, Some(last));
        let mut handed_out = Vec::new();
        for step in steps {
            now += step;
            let due = schedule.take_due(at(now));
            for missed in due.missed {
                let interval = usize::try_from(interval_s).unwrap() * 1_000;
                let slots = (missed.first.get()..=missed.last.get()).step_by(interval);
                let before = handed_out.len();
                handed_out.extend(slots);
                prop_assert_eq!((handed_out.len() - before) as u64, missed.count);
            }
            handed_out.extend(due.slots.iter().map(|slot| slot.at.get()));
        }
        let grid = plan.grid(&"b".parse().unwrap(), &"t".parse().unwrap()).unwrap();
        let owed: Vec<i64> = grid.between(at(last + 1), at(now + 1)).map(UnixMillis::get).collect();
        prop_assert_eq!(handed_out, owed);
    }
}
