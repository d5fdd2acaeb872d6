use proptest::prelude::*;

use super::*;

fn plan(interval_s: u32) -> Plan {
    plan_of(&format!("interval_s = {interval_s}"))
}

fn plan_of(rhythm: &str) -> Plan {
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
{rhythm}
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
        plan: 1,
    };
    assert_eq!(due.missed, [missed]);
    assert_eq!(
        due.slots,
        [Slot {
            target: "t".parse().unwrap(),
            at: at(55_000),
            plan: 1,
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

#[test]
fn a_gap_over_a_cron_schedule_is_told_in_even_runs() {
    // Agent b of two: half a minute after each.
    let plan = plan_of("cron = \"0,10,20,55 * * * *\"");
    let mut schedule = schedule(&plan, 0, Some(0));
    let due = schedule.take_due(at(2 * 3_600_000));
    let runs: Vec<_> = due
        .missed
        .iter()
        .map(|run| (run.first.get() / 1_000, run.last.get() / 1_000, run.count))
        .collect();
    let minute = |n: i64| n * 60 + 30;
    let expected = [
        (minute(0), minute(20), 3),
        (minute(55), minute(60), 2),
        (minute(70), minute(80), 2),
        (minute(115), minute(115), 1),
    ];
    assert_eq!(runs, expected);
    assert_eq!(schedule.next_at(), Some(at(minute(120) * 1_000)));
}

#[test]
fn jitter_delays_the_attempt_and_how_late_it_may_be() {
    let plan = plan_of("interval_s = 10\njitter_ms = 1000");
    let slot = at(5_000);
    let jitter = plan
        .jitter(&"b".parse().unwrap(), &"t".parse().unwrap())
        .unwrap();
    let moved = jitter.moved(slot);
    assert!(moved > slot, "choose another plan");
    let mut schedule = schedule(&plan, 0, None);
    assert_eq!(schedule.next_at(), Some(moved));
    assert_eq!(schedule.take_due(moved.plus_ms(-1)), Due::default());
    let mut late = schedule.clone();
    assert_eq!(
        schedule.take_due(moved.plus_ms(SLOT_LATE_MS_MAX)).slots[0].at,
        slot
    );
    let due = late.take_due(moved.plus_ms(SLOT_LATE_MS_MAX + 1));
    assert_eq!((due.slots.len(), due.missed[0].first), (0, slot));
}

fn any_rhythm() -> impl Strategy<Value = String> {
    let crons = ["*/5 * * * *", "0,1,3,17 * * * *", "*/2 0 * * *"];
    let rhythm = prop_oneof![
        (1_u32..600).prop_map(|seconds| (format!("interval_s = {seconds}"), seconds * 100)),
        (0..crons.len()).prop_map(move |place| (format!("cron = \"{}\"", crons[place]), 6_000)),
    ];
    (rhythm, 0_u32..=100).prop_map(|((rhythm, jitter_max), part)| {
        format!("{rhythm}\njitter_ms = {}", jitter_max * part / 100)
    })
}

proptest! {
    #[test]
    fn every_slot_is_handed_out_exactly_once(
        rhythm in any_rhythm(),
        last in 0_i64..1_000_000,
        steps in proptest::collection::vec(0_i64..200_000, 1..20),
    ) {
        let plan = plan_of(&rhythm);
        let jitter = plan.jitter(&"b".parse().unwrap(), &"t".parse().unwrap()).unwrap();
        let mut now = last;
        let mut schedule = schedule(&plan, now, Some(last));
        let mut handed_out = Vec::new();
        for step in steps {
            now += step;
            let due = schedule.take_due(at(now));
            for missed in due.missed {
                let count = i64::try_from(missed.count).unwrap();
                let step = (missed.last.get() - missed.first.get()) / (count - 1).max(1);
                handed_out.extend((0..count).map(|n| missed.first.get() + n * step));
            }
            handed_out.extend(due.slots.iter().map(|slot| slot.at.get()));
        }
        let grid = plan.grid(&"b".parse().unwrap(), &"t".parse().unwrap()).unwrap();
        let owed = grid.between(at(last + 1), at(now + 1));
        let owed: Vec<i64> = owed.filter(|slot| jitter.moved(*slot) <= at(now)).map(UnixMillis::get).collect();
        prop_assert_eq!(handed_out, owed);
    }
}
