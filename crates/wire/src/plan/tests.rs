use proptest::prelude::*;

use super::*;

const PLAN: &str = r#"
revision = 1
effective_from_ms = 0

[[agent]]
id = "eu"
region = "aws:eu-west-1"
network = "aws"

[[agent]]
id = "us"
region = "gcp:us-east1"
network = "gcp"

[[target]]
id = "acme-chat"
provider = "acme"
interval_s = 60
deadline_ms = 30000
request = { kind = "call", base_url = "http://127.0.0.1:1/v1", model = "m", stream = true }
"#;

#[test]
fn a_plan_comes_back_from_its_logged_body() {
    let plan = Plan::parse(PLAN).unwrap();
    let body = plan.to_body().unwrap();
    assert_eq!(Plan::from_body(body.as_bytes()).unwrap(), plan);
}

#[test]
fn agents_take_turns_within_the_interval() {
    let plan = Plan::parse(PLAN).unwrap();
    let target = "acme-chat".parse().unwrap();
    let slot = |agent: &str| {
        let grid = plan.grid(&agent.parse().unwrap(), &target).unwrap();
        grid.at_or_after(UnixMillis::new(1_000_000_000_001)).get() % 60_000
    };
    assert_eq!((slot("eu"), slot("us")), (0, 30_000));
}

/// A plan with so many copies of the target, and the slots of all on an agent in one interval.
fn slots_of(targets: usize, agent: &str) -> Vec<i64> {
    let mut plan = Plan::parse(PLAN).unwrap();
    let target = plan.targets[0].clone();
    plan.targets = (0..targets)
        .map(|nth| PlanTarget {
            id: format!("t{nth}").parse().unwrap(),
            ..target.clone()
        })
        .collect();
    let slot = |target: &PlanTarget| {
        let grid = plan.grid(&agent.parse().unwrap(), &target.id).unwrap();
        grid.at_or_after(UnixMillis::new(0)).get()
    };
    plan.targets.iter().map(slot).collect()
}

#[test]
fn targets_of_one_agent_fall_due_one_after_the_other() {
    let eu = [0, 37_082, 14_164, 51_246, 28_328, 5_410];
    assert_eq!(slots_of(6, "eu"), eu);
    assert_eq!(slots_of(1_000, "eu")[..6], eu, "later targets move none");
    let us: Vec<i64> = eu.iter().map(|slot| (slot + 30_000) % 60_000).collect();
    assert_eq!(slots_of(6, "us"), us, "agents stay evenly apart");
}

#[test]
fn the_slots_of_many_targets_lie_evenly() {
    for targets in [100_usize, 250, 999, 3_000] {
        let slots = slots_of(targets, "us");
        let busiest = (0..100).map(|part| part * 600).map(|from| {
            let within = |slot: &&i64| (from..from + 600).contains(*slot);
            slots.iter().filter(within).count()
        });
        let busiest = busiest.max().unwrap();
        assert!(busiest <= targets / 100 + 2, "{busiest} of {targets}");
    }
}

#[test]
fn a_broken_rule_says_which_target_and_what_to_change() {
    let bad = PLAN.replace(
        "deadline_ms = 30000",
        "deadline_ms = 30000\nslow_after_ms = 30000",
    );
    let error = Plan::parse(&bad).unwrap_err().to_string();
    assert_eq!(
        error,
        "target `acme-chat`: slow_after_ms must be below deadline_ms"
    );
    let twice = PLAN.replace("id = \"us\"", "id = \"eu\"");
    let error = Plan::parse(&twice).unwrap_err().to_string();
    assert_eq!(
        error,
        "agent `eu` is named twice; give each agent its own id"
    );
}

const CRON: &str = "cron = \"*/5 8-18 * * 1-5\"\njitter_ms = 6000\n\
    budget = { usd_per_day = \"1.50\", usd_per_month = \"20\", tokens_per_day = 100000 }";

fn with(target: &str) -> Result<Plan, PlanError> {
    Plan::parse(&PLAN.replace("interval_s = 60", target))
}

#[test]
fn cron_jitter_and_budget_come_back_from_the_logged_body() {
    let plan = with(CRON).unwrap();
    let body = plan.to_body().unwrap();
    let stated =
        "\"budget\":{\"tokens_per_day\":100000,\"usd_per_day\":\"1.5\",\"usd_per_month\":\"20\"}";
    assert!(body.contains(stated), "{body}");
    assert!(body.contains("\"cron\":\"*/5 8-18 * * 1-5\""), "{body}");
    assert!(!body.contains("interval_s"), "{body}");
    assert_eq!(Plan::from_body(body.as_bytes()).unwrap(), plan);
}

/// A plan whose only target is a page of which much is expected.
fn page(expected: &str) -> Result<Plan, PlanError> {
    Plan::parse(&format!(
        "revision = 3\neffective_from_ms = 5\n\
         [[agent]]\nid = \"a\"\nregion = \"r\"\nnetwork = \"n\"\n\
         [[target]]\nid = \"t\"\nprovider = \"p\"\ninterval_s = 60\ndeadline_ms = 30000\n\
         [target.request]\nkind = \"http\"\nurl = \"http://h/\"\n{expected}"
    ))
}

#[test]
fn what_is_expected_of_a_page_comes_back_from_the_logged_body() {
    let plan = page(
        "expect_json = { \"/status/0\" = \"ok\", \"\" = { n = 1 } }\n\
         expect_header = { Content-Type = \"json\" }\n",
    );
    let plan = plan.unwrap();
    let body = plan.to_body().unwrap();
    let json = r#""expect_json":[{"at":"","is":{"n":1}},{"at":"/status/0","is":"ok"}]"#;
    assert!(body.contains(json), "{body}");
    assert!(
        body.contains(r#""expect_header":{"content-type":"json"}"#),
        "{body}"
    );
    assert_eq!(Plan::from_body(body.as_bytes()).unwrap(), plan);
}

#[test]
fn what_is_expected_twice_is_refused() {
    let twice = "[[target.request.expect_json]]\nat = \"/a\"\nis = 1\n".repeat(2);
    let twice = page(&twice).unwrap_err();
    assert!(
        format!("{twice:?}").contains("two values of one pointer"),
        "{twice:?}"
    );
    let cases = page("expect_header = { Etag = \"a\", etag = \"b\" }\n").unwrap_err();
    assert!(
        format!("{cases:?}").contains("in different cases"),
        "{cases:?}"
    );
    let none = page("expect_json = 3\n").unwrap_err();
    assert!(
        format!("{none:?}").contains("a table of values by JSON Pointer"),
        "{none:?}"
    );
}

#[test]
fn a_plan_that_uses_nothing_new_keeps_its_body() {
    let body = Plan::parse(PLAN).unwrap().to_body().unwrap();
    assert!(
        body.contains("\"id\":\"acme-chat\",\"interval_s\":60,\"provider\""),
        "{body}"
    );
    assert!(!body.contains("budget") && !body.contains("jitter") && !body.contains("cron"));
}

#[test]
fn what_an_order_may_do_is_stated_only_where_it_is_not_the_usual() {
    let burst = |keys: &str| with(&format!("interval_s = 60\nburst = {{ {keys} }}"));
    let usual = burst("count = 2, spacing_ms = 10000, confirm = 2").unwrap();
    let body = usual.to_body().unwrap();
    let stated = "\"burst\":{\"count\":2,\"spacing_ms\":10000}";
    assert!(body.contains(stated), "{body}");
    assert_eq!(Plan::from_body(body.as_bytes()).unwrap(), usual);
    let never = burst("count = 0, spacing_ms = 0, confirm = 0").unwrap();
    let body = never.to_body().unwrap();
    let stated = "\"burst\":{\"confirm\":0,\"count\":0,\"spacing_ms\":0}";
    assert!(body.contains(stated), "{body}");
    assert_eq!(Plan::from_body(body.as_bytes()).unwrap(), never);
}

#[test]
fn an_order_asks_for_a_few_attempts_and_for_one_where_they_would_not_be_apart() {
    let confirms = |keys: &str| {
        let plan = with(&format!("interval_s = 60\nburst = {{ {keys} }}")).unwrap();
        plan.targets[0].burst.confirms()
    };
    assert_eq!(confirms("count = 1, spacing_ms = 500, confirm = 10"), 10);
    assert_eq!(confirms("count = 1, spacing_ms = 500"), 2);
    assert_eq!(confirms("count = 0, spacing_ms = 0"), 1);
    assert_eq!(confirms("count = 0, spacing_ms = 0, confirm = 0"), 0);
    refused(
        "interval_s = 60\nburst = { count = 0, spacing_ms = 1, confirm = 11 }",
        "burst.confirm must be at most 10",
    );
}

#[test]
fn agents_take_turns_within_the_minute_of_a_cron_slot() {
    let plan = with(CRON).unwrap();
    let target = "acme-chat".parse().unwrap();
    let slots = |agent: &str| {
        let grid = plan.grid(&agent.parse().unwrap(), &target).unwrap();
        // 2027-01-01 is a Friday: the last slot of the week, then Monday's first.
        let from = UnixMillis::new(1_798_829_700_000);
        grid.between(from, from.plus_ms(4 * 86_400_000))
            .take(2)
            .map(|s| s.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        slots("eu"),
        ["2027-01-01T18:55:00Z", "2027-01-04T08:00:00Z"]
    );
    assert_eq!(
        slots("us"),
        ["2027-01-01T18:55:30Z", "2027-01-04T08:00:30Z"]
    );
}

#[track_caller]
fn refused(target: &str, message: &str) {
    let error = with(target).unwrap_err().to_string();
    assert_eq!(error, format!("target `acme-chat`: {message}"));
}

#[test]
fn rules_of_rhythm_and_budget_say_what_to_change() {
    refused("", "exactly one of interval_s and cron is needed");
    let both = "interval_s = 60\ncron = \"* * * * *\"";
    refused(both, "exactly one of interval_s and cron is needed");
    let part = "a tenth of the interval, or with cron of a minute";
    refused(
        "interval_s = 10\njitter_ms = 1001",
        &format!("jitter_ms must be at most 1000, {part}"),
    );
    refused(
        &CRON.replace("6000", "6001"),
        &format!("jitter_ms must be at most 6000, {part}"),
    );
    let capped = |caps: &str| format!("interval_s = 60\nbudget = {{ {caps} }}");
    refused(
        &capped("usd_per_day = \"0\""),
        "budget: a cap must be above 0",
    );
    refused(
        &capped("tokens_per_day = 1"),
        "budget: nothing is left of a cap that 2 agents share",
    );
    assert!(
        with(&capped(""))
            .unwrap_err()
            .to_string()
            .contains("budget has no cap")
    );
    for wrong in [
        "usd_per_day = 1.5",
        "usd_per_day = \"1.\"",
        "usd_per_day = \"-1\"",
        "tokens_per_day = 1.5",
    ] {
        assert!(with(&capped(wrong)).is_err(), "{wrong}");
    }
}

#[test]
fn a_slots_move_is_computed_by_anybody_from_the_plan() {
    // printf 'nines/jitter/v1\n1\nacme-chat\neu\n1798829700000\n' | sha256sum
    let plan = with(CRON).unwrap();
    let jitter = plan
        .jitter(&"eu".parse().unwrap(), &"acme-chat".parse().unwrap())
        .unwrap();
    let slot = UnixMillis::new(1_798_829_700_000);
    assert_eq!(jitter.moved(slot), slot.plus_ms(3217));
}

fn any_grid() -> impl Strategy<Value = Grid> {
    let cron = [
        "*/5 8-18 * * 1-5",
        "0,1,3,17 * * * *",
        "30 */7 * * *",
        "0 0 1 * *",
    ];
    prop_oneof![
        (1_i64..100_000, 0_i64..100_000).prop_map(|(interval, offset)| Grid::new(
            grid::Rhythm::Every(interval),
            offset % interval
        )),
        (0..cron.len(), 0_i64..60_000).prop_map(move |(place, offset)| {
            let times = Cron::parse(cron[place]).unwrap().times();
            Grid::new(grid::Rhythm::Cron(times), offset)
        }),
    ]
}

proptest! {
    #[test]
    fn runs_are_even_and_leave_no_slot_out(
        grid in any_grid(), from in -1_000_000_i64..1_000_000, steps in 0_i64..2_000, count_max in 1_u64..50,
    ) {
        let from = UnixMillis::new(from);
        let end = from.plus_ms(steps * grid.gap_ms_min());
        let mut slots = Vec::new();
        let mut next = grid.at_or_after(from);
        while next < end {
            let run = grid.run(next, end, count_max);
            prop_assert!((1..=count_max).contains(&run.count) && run.last < end);
            let even = i64::try_from(run.count - 1).unwrap().max(1);
            let step = (run.last.get() - next.get()) / even;
            slots.extend((0..i64::try_from(run.count).unwrap()).map(|n| next.plus_ms(n * step)));
            next = grid.after(run.last);
        }
        prop_assert_eq!(slots, grid.between(from, end).collect::<Vec<_>>());
    }

    #[test]
    fn shares_never_exceed_the_cap_and_keep_a_fifth_for_repeats(
        tokens in 1_u64..=budget::TOKENS_MAX, nano in 1_u64..1_000_000_000_000, agents in 1_u64..500,
    ) {
        let budget = Budget {
            tokens_per_day: Some(tokens),
            usd_per_month: Some(Usd::from_nano(nano)),
            ..Budget::NONE
        };
        let (share, planned) = (budget.share(agents), budget.share(agents).planned());
        for (cap, share, planned) in [
            (Some(tokens), share.tokens_per_day, planned.tokens_per_day),
            (Some(nano), share.usd_per_month.map(Usd::nano), planned.usd_per_month.map(Usd::nano)),
        ] {
            let (cap, share, planned) = (cap.unwrap(), share.unwrap(), planned.unwrap());
            prop_assert!(share * agents <= cap);
            prop_assert!((share - planned) * 5 >= share);
        }
    }

    #[test]
    fn dollars_come_back_from_their_text(nano in 0_u64..=1_000_000_000_000_000) {
        let usd = Usd::from_nano(nano);
        prop_assert_eq!(usd.to_string().parse::<Usd>(), Ok(usd));
    }

    #[test]
    fn a_move_is_within_its_bound(max_ms in 0_u32..10_000, slot in any::<i64>()) {
        let mut plan = Plan::parse(PLAN).unwrap();
        plan.targets[0].jitter_ms = max_ms;
        let slot = UnixMillis::new(slot / 2);
        let target = plan.targets[0].id.clone();
        let jitter = plan.jitter(&plan.agents[0].id, &target).unwrap();
        let by = jitter.moved(slot).get() - slot.get();
        prop_assert!((0..=i64::from(max_ms)).contains(&by));
    }

    #[test]
    fn the_count_of_slots_is_the_number_of_slots(
        grid in any_grid(), from in -1_000_000_i64..1_000_000, length in 0_i64..500_000,
    ) {
        let (from, to) = (UnixMillis::new(from), UnixMillis::new(from + length));
        let slots: Vec<_> = grid.between(from, to).take(600_000).collect();
        prop_assert_eq!(slots.len() as u64, grid.count(from, to));
        prop_assert!(slots.iter().all(|slot| grid.contains(*slot) && *slot >= from && *slot < to));
        prop_assert!(slots.windows(2).all(|pair| grid.after(pair[0]) == pair[1]));
    }
}
