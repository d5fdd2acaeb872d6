//! Contracts with exclusions that recur, in zones whose clocks change within the window, and that
//! hold in some regions only: judged alike by both, and bent ones found out by both.

use domain::Window;
use serde_json::{Value, json};
use sla::contract::{Dimension, Effect, TimeZone};
use sla::{Contract, ExcludedSpan, SpanOutcome};

use super::bend::Dice;
use super::credits::numbers;
use super::rules::{Told, ZONES, changes};
use super::{Cases, Members, Twist, World, assemble, judge, number, signed_anew};
use crate::layout;

/// Contracts that are compared where `NINES_MUTATIONS` gives no other number; of each, three
/// bundles.
const CONTRACTS: u64 = 16;

/// Windows around the first hour of March 2026, which is what is measured. Clocks change within
/// most of them.
const WINDOWS: [&str; 6] = [
    "kind = \"calendar_month\"\ntimezone = \"Europe/Paris\"",
    "kind = \"calendar_month\"\ntimezone = \"America/Los_Angeles\"\nalso_test_timezones = [\"UTC\"]",
    "kind = \"calendar_month\"\ntimezone = \"UTC\"\nrun_across_edge = \"span\"",
    "kind = \"billing_month\"\nanchor_day = 15\ntimezone = \"America/New_York\"",
    "kind = \"trailing_days\"\ndays = 2\ntimezone = \"Asia/Kolkata\"",
    "kind = \"trailing_days\"\ndays = 130\ntimezone = \"Europe/London\"",
];

const METRICS: [&str; 4] = [
    r#"family = "downtime_minutes", rule = "rate_gt", threshold = "0.05", min_run_minutes = 2"#,
    r#"family = "outage_proportional", rule = "rate_ge", threshold = "0.2", min_run_minutes = 1, affected_ratio = "measured""#,
    r#"family = "interval_mean", interval_s = 420, align = "local_midnight", empty = "skip""#,
    r#"family = "request_ratio""#,
];

const RULES: &str = r#"
[[events.rule]]
class = "not_valid"
when = { attribution = ["ours"] }
[[events.rule]]
class = "unknown"
when = { outcome = ["capacity_429"] }
[[events.rule]]
class = "error"
when = { outcome = ["tcp"], quorum = true }
"#;

const REGIONS: [[&str; 2]; 7] = [
    ["eu-west", "us-east"],
    ["eu-west", "us-east"],
    ["eu-west", "us-east"],
    ["us-east", "eu-west"],
    ["eu-west", "eu-west"],
    ["us-east", ""],
    ["", ""],
];

/// Spans that reach into the hour that is measured, or any.
fn told(dice: &mut Dice) -> Told {
    if dice.below(4) == 0 {
        return Told::at_random(dice);
    }
    let timezone = *dice.of(&ZONES);
    let zone: TimeZone = timezone.parse().unwrap();
    let minute = domain::UnixMillis::new(super::super::fixture::START_MS).minute();
    let from = minute.plus(i64::try_from(dice.below(60)).unwrap() - 10);
    let rrule = dice.of(&[
        "FREQ=DAILY",
        "FREQ=WEEKLY;BYDAY=SA,SU",
        "FREQ=MONTHLY;BYDAY=1SU,-1SU,-1SA",
    ]);
    Told {
        rrule: (*rrule).to_owned(),
        from: zone.local(from).format("%H:%M").to_string(),
        minutes: 1 + dice.below(45),
        timezone,
        starts: None,
    }
}

fn clause(nth: usize, dice: &mut Dice) -> String {
    let effects = ["treat_as_up", "remove_from_denominator", "not_excluded"];
    let mut lines = vec![
        format!("[[exclusion]]\nkind = \"k{nth}\""),
        format!(
            "effect = \"{}\"",
            dice.of(&effects[..[2, 2, 2, 3][nth % 4]])
        ),
    ];
    if dice.below(4) > 0 {
        lines.push(format!("recurs = {}", told(dice).toml()));
        if dice.below(5) == 0 {
            lines.push("span = \"outside\"".to_owned());
        }
    }
    if dice.below(3) > 0 {
        let regions = [
            "\"eu-west\"",
            "\"eu-west\"",
            "[\"us-east\"]",
            "[\"us-east\"]",
            "[\"eu-west\", \"us-east\"]",
            "[\"ap-south\"]",
        ];
        lines.push(format!("regions = {}", dice.of(&regions)));
    }
    if dice.below(4) == 0 {
        lines.push(format!("minutes_max = {}", 1 + dice.below(600)));
    }
    if dice.below(4) == 0 {
        lines.push(format!("notice_hours = {}", dice.below(30)));
    }
    if nth == 1 && dice.below(2) == 0 {
        lines.push("basis = \"inferred\"".to_owned());
    }
    lines.push(String::new());
    lines.join("\n")
}

/// A contract; not every one is accepted.
fn contract(text: &str, window: &str, dice: &mut Dice) -> String {
    let (head, rest) = text.split_once("[window]").unwrap();
    let (_, events) = rest.split_once("[events]").unwrap();
    let (events, rest) = events.split_once("[[commitment]]").unwrap();
    let (_, claim) = rest.split_once("[claim]").unwrap();
    let (rules, pooling) = (dice.below(2), dice.below(4));
    let rules = ["", RULES][rules];
    let pooling = if pooling == 0 {
        "pooling = \"per_region\"\n"
    } else {
        ""
    };
    let commitments = (0..=dice.below(2)).map(|nth| {
        let metric = dice.of(&METRICS);
        format!("[[commitment]]\nid = \"c{nth}\"\ntarget = \"99.9\"\nmetric = {{ {metric} }}\n")
    });
    let commitments: String = commitments.collect();
    let clauses: String = (0..=dice.below(4)).map(|nth| clause(nth, dice)).collect();
    format!(
        "{head}[window]\n{window}\n\n[evidence]\n{pooling}quorum = {{ agents = 2, networks = 2 }}\n\
         [events]{events}{rules}{commitments}{clauses}[claim]{claim}"
    )
}

/// Spans that somebody announced, in time and late.
fn announced(world: &World, dice: &mut Dice) -> Vec<ExcludedSpan> {
    let start = world.contents.terms.as_of.plus(-60);
    let span = |dice: &mut Dice| {
        let minute = |dice: &mut Dice, most| i64::try_from(dice.below(most)).unwrap();
        let from = start.plus(minute(dice, 60) - 5);
        ExcludedSpan {
            window: Window::new(from, from.plus(1 + minute(dice, 30))).unwrap(),
            kind: format!("k{}", dice.below(5)),
            reason: "told".into(),
            announced: (dice.below(3) > 0).then(|| from.plus(-minute(dice, 2_000))),
        }
    };
    (0..dice.below(4)).map(|_| span(dice)).collect()
}

/// The world of a seed; `None` where its contract contradicts itself.
fn world(seed: u64, window: &str) -> Option<World> {
    let mut dice = Dice::new(seed);
    let text = contract(include_str!("../contract.toml"), window, &mut dice);
    Contract::parse(&text).ok()?;
    let twist = *dice.of(&[Twist::Mixed, Twist::Mixed, Twist::HeldBack, Twist::None]);
    let regions = *dice.of(&REGIONS);
    let mut world = World::in_regions(twist, 60, regions, |_| text);
    world.contents.terms.exclusions = announced(&world, &mut dice);
    judge(&mut world.contents);
    Some(world)
}

/// Whether samples of one region only are excused, in minutes that are measured.
fn is_regional(world: &World) -> bool {
    let contract = Contract::parse(&world.contents.contract_text).unwrap();
    let as_of = world.contents.terms.as_of;
    let measured = |span: Window| span.start() < as_of && span.end() > as_of.plus(-60);
    let has_targets = |kind: &str| {
        let mut clauses = contract.exclusions.iter();
        let clause = clauses.find(|clause| clause.kind.as_str() == kind);
        let regions = clause.and_then(|clause| clause.regions.as_ref());
        let mut targets = world.contents.terms.targets.iter();
        targets.any(|target| {
            let own = target.scope.get(&Dimension::Region);
            own.is_some_and(|own| regions.is_some_and(|all| all.contain(own)))
        })
    };
    let mut spans = world.contents.assessment.exclusions.iter();
    spans.any(|span| match span.outcome {
        SpanOutcome::AppliedInRegions { effect } => {
            effect != Effect::NotExcluded && measured(span.window) && has_targets(&span.kind)
        }
        _ => false,
    })
}

/// Whether clocks of a recurring exclusion's zone change between two of its spans.
fn turns(world: &World) -> bool {
    let contract = Contract::parse(&world.contents.contract_text).unwrap();
    let window = world.contents.terms.window;
    let mut recurring = contract
        .exclusions
        .iter()
        .filter_map(|clause| clause.recurs.clone());
    recurring.any(|recurs| {
        let told = sla::contract::recurrence::RecurrenceText::from(recurs);
        changes(told.timezone, window)
    })
}

/// A world over one day, with spans in it that hold for one region only.
pub(super) fn of_a_day() -> World {
    let day = "kind = \"fixed_days\"\ndays = 1\nanchor = 2026-01-01T00:00:00Z\ntimezone = \"UTC\"";
    let worlds = (0..).filter_map(|seed| world(seed, day));
    let has_both =
        |world: &World| is_regional(world) && world.contents.assessment.exclusions.len() > 3;
    worlds.into_iter().find(has_both).unwrap()
}

/// Other ways to read the clauses of a contract.
const MISREADINGS: [(&str, &str); 4] = [
    ("span = \"outside\"\n", ""),
    ("regions = \"eu-west\"", "regions = \"ap-south\""),
    ("regions = [\"us-east\"]\n", ""),
    (
        "effect = \"treat_as_up\"",
        "effect = \"remove_from_denominator\"",
    ),
];

/// The clauses with the first zone of a recurring one made another.
fn elsewhere(clauses: &str) -> Option<String> {
    let (before, after) = clauses.split_once("timezone = \"")?;
    let (_, after) = after.split_once('"')?;
    Some(format!("{before}timezone = \"Asia/Tokyo\"{after}"))
}

/// The result that the contract would give were its clauses read in another way, and the way.
fn misjudged(world: &mut World, dice: &mut Dice) -> Option<(&'static str, Members)> {
    let text = world.contents.contract_text.clone();
    let (head, clauses) = text.split_once("[[exclusion]]")?;
    let (from, to) = *dice.of(&MISREADINGS);
    let (what, bent) = match dice.below(2) {
        0 => ("another zone", elsewhere(clauses)?),
        _ => (from.trim_end(), clauses.replacen(from, to, 1)),
    };
    let bent = format!("{head}[[exclusion]]{bent}");
    Contract::parse(&bent).ok().filter(|_| bent != text)?;
    let honest = serde_json::to_value(&world.contents.assessment).unwrap();
    world.contents.contract_text = bent;
    judge(&mut world.contents);
    world.contents.contract_text = text;
    let other = serde_json::to_value(&world.contents.assessment).unwrap();
    let members = assemble(&world.contents, &world.export).unwrap();
    judge(&mut world.contents);
    (honest != other).then_some((what, members))
}

/// A value of a result that exclusions decide, made something else.
fn bent(world: &World, members: &Members, dice: &mut Dice) -> Members {
    let mut result: Value = serde_json::from_slice(&members[layout::RESULT]).unwrap();
    let mut pointers = Vec::new();
    numbers(
        &result["exclusions"],
        "/exclusions".to_owned(),
        &mut pointers,
    );
    for key in ["high", "low", "observed", "minutes", "rules", "budget"] {
        let at = format!("/commitments/0/{key}");
        numbers(result.pointer(&at).unwrap(), at, &mut pointers);
    }
    let pointer = dice.of(&pointers);
    *result.pointer_mut(pointer).unwrap() = json!("bent");
    let mut members = members.clone();
    members.insert(layout::RESULT.into(), serde_json::to_vec(&result).unwrap());
    signed_anew(world, &mut members);
    members
}

/// The seed of a contract that differs is in its name.
#[test]
fn exclusions_that_recur_or_are_regional_come_out_alike() {
    let (first, many) = (
        number("NINES_SEED", 0),
        number("NINES_MUTATIONS", CONTRACTS),
    );
    let mut cases = Cases::new(&World::new(Twist::None)).whole();
    let (mut made, mut regional, mut turning, mut misread) = (0_u64, 0_u64, 0_u64, 0_u64);
    for seed in first..first + many {
        let mut dice = Dice::new(seed.wrapping_add(1 << 32));
        // The long one takes long.
        let window = *dice.of(&WINDOWS[..if seed % 20 == 0 { 6 } else { 5 }]);
        let Some(mut world) = world(seed, window) else {
            continue;
        };
        made += 1;
        regional += u64::from(is_regional(&world));
        turning += u64::from(turns(&world));
        let members = assemble(&world.contents, &world.export).unwrap();
        cases.add(format!("seed {seed}"), &members);
        cases.add(
            format!("seed {seed}, bent"),
            &bent(&world, &members, &mut dice),
        );
        if let Some((what, members)) = misjudged(&mut world, &mut dice) {
            misread += 1;
            cases.add(format!("seed {seed}, misread: {what}"), &members);
        }
    }
    cases.compare();
    let told = format!(
        "{made} of {many} contracts, {regional} regional, {turning} over a change of clocks, {misread} misread"
    );
    assert!(
        2 * made >= many && 8 * regional > many && 8 * turning > many,
        "{told}"
    );
}
