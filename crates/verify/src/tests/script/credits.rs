//! Credits, deadlines and readings of contracts made at random, recomputed by both.

use serde_json::{Value, json};
use sla::{Contract, Money};

use super::bend::Dice;
use super::{Cases, Twist, World, assemble, judge, number, signed_anew};
use crate::layout;

/// Contracts that are compared where `NINES_MUTATIONS` gives no other number.
const CONTRACTS: u64 = 12;

const SCHEDULES: [&str; 9] = [
    r#"kind = "bands", bands = [{ ge = "98.7", lt = "TARGET", percent = "10" }, { ge = "95", lt = "98.7", percent = "25.5" }, { lt = "95", percent = "100" }]"#,
    r#"kind = "bands", bands = [{ gt_minutes = "0.5", le_minutes = "19", percent = "5" }, { gt_minutes = "19", percent = "50" }]"#,
    r#"kind = "flat", percent = "12.5""#,
    r#"kind = "flat", amount = "777""#,
    r#"kind = "per_step", step = "0.3", percent = "7", steps = "unknown""#,
    r#"kind = "per_step", step = "2", percent = "7", steps = "ceil""#,
    r#"kind = "proportional", multiplier = "3.7""#,
    r#"kind = "proportional""#,
    r#"kind = "daily_multiple", bands = [{ ge = "98.9", lt = "TARGET", days = "0.5" }, { lt = "98.9", days = "3" }]"#,
];

const LIMITS: [&str; 8] = [
    "",
    r#", cap_percent = "9""#,
    r#", cap_amount = "33""#,
    r#", cap_12_months_amount = "50""#,
    r#", cap_12_months_percent = "10""#,
    r#", min_amount = { gt = "40" }, cap_percent = "60""#,
    r#", min_amount = { ge = "1" }, one_level_per_incident = true"#,
    r#", amount_unit = "whole", one_level_per_incident = true"#,
];

const METRICS: [&str; 5] = [
    r#"family = "downtime_minutes", rule = "rate_gt", threshold = "0.05", min_run_minutes = 2"#,
    r#"family = "outage_proportional", rule = "rate_ge", threshold = "0.2", min_run_minutes = 1, affected_ratio = "unknown""#,
    r#"family = "interval_mean", interval_s = 300, align = "unknown", empty = "unknown", min_valid = 2"#,
    r#"family = "interval_mean", interval_s = 420, align = "local_midnight", empty = "skip""#,
    r#"family = "request_ratio""#,
];

const WINDOWS: [&str; 7] = [
    "kind = \"fixed_days\"\ndays = 1\nanchor = 2026-01-01T00:00:00Z\ntimezone = \"America/Los_Angeles\"",
    "kind = \"trailing_days\"\ndays = 1\ntimezone = \"Europe/Paris\"\nalso_test_timezones = [\"UTC\"]",
    "kind = \"trailing_days\"\ndays = 2\ntimezone = \"Asia/Kathmandu\"\nrun_across_edge = \"span\"",
    "kind = \"trailing_days\"\ndays = 1\ntimezone = \"UTC\"\nrun_across_edge = \"cut\"",
    "kind = \"billing_month\"\nanchor_day = 31\ntimezone = \"America/Santiago\"",
    "kind = \"calendar_quarter\"\ntimezone = \"Australia/Lord_Howe\"",
    "kind = \"calendar_month\"\nalso_test_timezones = [\"Asia/Shanghai\"]",
];

const ANCHORS: [&str; 6] = [
    "eligibility",
    "window_end",
    "month_end",
    "incident",
    "downtime_end",
    "invoice",
];
const LENGTHS: [&str; 5] = ["hours", "days", "business_days", "working_days", "months"];

fn length(dice: &mut Dice) -> String {
    format!("{} = {}", dice.of(&LENGTHS), 1 + dice.below(40))
}

fn commitment(nth: usize, target: &str, dice: &mut Dice) -> String {
    let schedule = dice.of(&SCHEDULES).replace("TARGET", target);
    let limit = dice.of(&LIMITS);
    let rounding = dice.of(&["none", "half_up", "floor", "half_even"]);
    let rounding = if *rounding == "none" {
        String::new()
    } else {
        format!(", rounding = \"{rounding}\"")
    };
    let base = dice.of(&["invoice", "month_fees_in_scope"]);
    let uptime = dice.of(&[
        "",
        "rounding = { mode = \"unknown\", digits = 1 }\n",
        "rounding = { mode = \"half_up\", digits = 2, basis = \"inferred\" }\n",
        "rounding = { mode = \"floor\", digits = 1 }\n",
    ]);
    let alternative = if dice.below(4) == 0 {
        format!(
            "[[commitment.alternative]]\nid = \"other\"\nmetric = {{ {} }}\n",
            dice.of(&METRICS)
        )
    } else {
        String::new()
    };
    format!(
        "[[commitment]]\nid = \"c{nth}\"\ntarget = \"{target}\"\n{uptime}metric = {{ {} }}\n\
         credit = {{ {schedule}, basis = \"{base}\"{limit}{rounding} }}\n{alternative}",
        dice.of(&METRICS)
    )
}

fn claim(dice: &mut Dice) -> String {
    let mut lines = Vec::new();
    for _ in 0..2 + dice.below(4) {
        let purpose = dice.of(&["claim", "claim", "notice"]);
        let anchor = *dice.of(&ANCHORS);
        let length = length(dice);
        lines.push(format!(
            "{{ anchor = \"{anchor}\", {length}, purpose = \"{purpose}\" }}"
        ));
    }
    for anchor in ["billing_month_end", "billing_cycle_end"] {
        let nth = 1 + dice.below(4);
        lines.push(format!(
            "{{ anchor = \"{anchor}\", nth_after_incident = {nth}, purpose = \"claim\" }}"
        ));
    }
    let opens = if dice.below(2) == 0 {
        let anchor = *dice.of(&ANCHORS);
        format!("opens = {{ anchor = \"{anchor}\", {} }}\n", length(dice))
    } else {
        String::new()
    };
    format!(
        "[claim]\nchannel = \"mail\"\n{opens}deadlines = [{}]\n",
        lines.join(", ")
    )
}

/// A contract; not every one is accepted.
fn contract(text: &str, dice: &mut Dice) -> String {
    let (head, rest) = text.split_once("[window]").unwrap();
    let (_, events) = rest.split_once("[events]").unwrap();
    let (events, _) = events.split_once("[[commitment]]").unwrap();
    let currency = *dice.of(&["USD", "JPY", "KWD"]);
    let head = head.replace("\"USD\"", &format!("\"{currency}\""));
    let otherwise = if dice.below(3) == 0 {
        "\n[[events.rule]]\nclass = \"unknown\"\notherwise = \"error\"\nwhen = { outcome = [\"capacity_429\", \"tcp\"] }\n"
    } else {
        ""
    };
    let exclusion = if dice.below(3) == 0 {
        "[[exclusion]]\nkind = \"maintenance\"\neffect = \"remove_from_denominator\"\nbasis = \"inferred\"\n"
    } else {
        ""
    };
    let window = *dice.of(&WINDOWS);
    let promised = ["99.9", "99.5", "99.95"];
    let commitments: String = (0..=dice.below(3))
        .map(|nth| commitment(nth, promised[nth], dice))
        .collect();
    format!(
        "{head}[window]\n{window}\n\n[events]{events}{otherwise}{commitments}{exclusion}{}",
        claim(dice)
    )
}

/// The world of a seed; `None` where its contract contradicts itself.
fn world(seed: u64) -> Option<World> {
    let mut dice = Dice::new(seed);
    let text = contract(include_str!("../contract.toml"), &mut dice);
    let currency = Contract::parse(&text).ok()?.currency;
    let twist = *dice.of(&[Twist::None, Twist::Mixed, Twist::HeldBack, Twist::Mixed]);
    let mut world = World::made(twist, 60, |_| text);
    let terms = &mut world.contents.terms;
    let money = |dice: &mut Dice, most: usize| {
        let minor = u64::try_from(dice.below(most)).unwrap();
        (dice.below(4) > 0).then(|| Money::from_minor(minor, currency).unwrap())
    };
    terms.fees = money(&mut dice, 2_000_000);
    terms.credited_12_months = money(&mut dice, 6_000);
    let start = world.contents.terms.as_of.plus(-60);
    if dice.below(2) == 0 {
        world.contents.terms.exclusions = vec![sla::ExcludedSpan {
            window: domain::Window::new(start.plus(25), start.plus(31)).unwrap(),
            kind: "maintenance".into(),
            reason: "told".into(),
            announced: None,
        }];
    }
    if dice.below(4) == 0 {
        world.contents.terms.subscribed =
            domain::Window::new(start.plus(5), start.plus(50_000)).ok();
    }
    judge(&mut world.contents);
    Some(world)
}

/// The seed of a contract that differs is in its name.
#[test]
fn contracts_made_at_random_come_out_alike() {
    let (first, many) = (
        number("NINES_SEED", 0),
        number("NINES_MUTATIONS", CONTRACTS),
    );
    let mut cases = Cases::new(&World::new(Twist::None)).whole();
    let (mut made, mut owed, mut open) = (0_u64, 0_u64, 0_u64);
    for seed in first..first + many {
        let Some(world) = world(seed) else { continue };
        let judged = &world.contents.assessment;
        made += 1;
        owed += u64::from(judged.credit.is_some());
        open += u64::from(judged.commitments.iter().any(|one| one.reading_dependent));
        let members = assemble(&world.contents, &world.export).unwrap();
        cases.add(format!("seed {seed}"), &members);
    }
    cases.compare();
    let told =
        format!("{made} of {many} contracts, {owed} with credits, {open} that hang on a reading");
    assert!(2 * made >= many && owed > 0 && open > 0, "{told}");
}

pub(super) fn numbers(value: &Value, at: String, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => map
            .iter()
            .for_each(|(key, value)| numbers(value, format!("{at}/{key}"), found)),
        Value::Array(all) => {
            let parts = all.iter().enumerate();
            parts.for_each(|(nth, value)| numbers(value, format!("{at}/{nth}"), found));
        }
        _ => found.push(at),
    }
}

/// Nothing of a credit, a deadline or a reading can be bent unseen by either.
#[test]
fn both_find_every_bent_value_of_credits_deadlines_and_readings() {
    let rich = (0..).find_map(|seed| {
        let world = world(seed)?;
        let judged = &world.contents.assessment;
        let full = |one: &sla::CommitmentAssessment| {
            one.credit.is_some()
                && one.reading_dependent
                && one.deadlines.len() > 2
                && one.support.is_some()
        };
        (judged.credit.is_some() && judged.commitments.iter().any(full)).then_some(world)
    });
    let world = rich.unwrap();
    let members = assemble(&world.contents, &world.export).unwrap();
    let result: Value = serde_json::from_slice(&members[layout::RESULT]).unwrap();
    let mut pointers = Vec::new();
    numbers(&result["credit"], "/credit".to_owned(), &mut pointers);
    for nth in 0..result["commitments"].as_array().unwrap().len() {
        for key in [
            "credit",
            "no_credit",
            "deadlines",
            "support",
            "spread",
            "least_favourable",
            "reading_dependent",
        ] {
            let at = format!("/commitments/{nth}/{key}");
            numbers(result.pointer(&at).unwrap(), at, &mut pointers);
        }
    }
    let mut cases = Cases::new(&world).whole();
    let stride = (pointers.len() / 30).max(1);
    for pointer in pointers.iter().step_by(stride) {
        let mut bent = result.clone();
        *bent.pointer_mut(pointer).unwrap() = json!("bent");
        let mut members = members.clone();
        members.insert(layout::RESULT.into(), serde_json::to_vec(&bent).unwrap());
        signed_anew(&world, &mut members);
        cases.add(pointer.as_str(), &members);
    }
    cases.compare();
}
