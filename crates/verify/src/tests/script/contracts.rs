//! Results by every formula that counts per minute can tell, recomputed by both.

use serde_json::Value;

use super::{Cases, Twist, World, assemble, judge, signed_anew};
use crate::layout;

const METRICS: [&str; 14] = [
    r#"family = "downtime_minutes", rule = "rate_gt", threshold = "0.05", min_run_minutes = 1"#,
    r#"family = "downtime_minutes", rule = "rate_ge", threshold = "0.5", min_run_minutes = 3"#,
    r#"family = "downtime_minutes", rule = "all_fail", min_run_minutes = 5, min_valid_per_minute = 2"#,
    r#"family = "downtime_minutes", rule = "any_fail", min_run_minutes = 2, kinds = ["planned"]"#,
    r#"family = "outage_proportional", rule = "rate_gt", threshold = "0.2", min_run_minutes = 2, affected_ratio = "measured""#,
    r#"family = "outage_proportional", rule = "all_fail", min_run_minutes = 1, affected_ratio = "unknown""#,
    r#"family = "outage_proportional", rule = "any_fail", min_run_minutes = 4, affected_ratio = "one""#,
    r#"family = "interval_mean", interval_s = 300, empty = "up""#,
    r#"family = "interval_mean", interval_s = 420, align = "window_start", empty = "skip", min_valid = 9"#,
    r#"family = "interval_mean", interval_s = 420, align = "local_midnight", empty = "unknown", min_valid = 11"#,
    r#"family = "request_ratio""#,
    r#"family = "request_ratio", kinds = ["planned", "burst", "confirm", "traffic", "manual"]"#,
    r#"family = "target_only", of = { family = "interval_mean", interval_s = 3600, empty = "skip" }"#,
    r#"family = "target_only", of = { family = "request_ratio" }"#,
];

/// The contract of the fixture with a commitment for each metric.
fn with_metrics(text: &str) -> String {
    let (head, rest) = text.split_once("[[commitment]]").unwrap();
    let (_, claim) = rest.split_once("[claim]").unwrap();
    let rounding = [
        "none",
        "half_up\", digits = 2, basis = \"stated",
        "floor\", digits = 1, basis = \"stated",
    ];
    let commitments = METRICS.iter().enumerate().map(|(nth, metric)| {
        let (compare, mode) = (["ge", "gt"][nth % 2], rounding[nth % 3]);
        format!(
            "[[commitment]]\nid = \"c{nth}\"\ntarget = \"9{}.5\"\ncompare = \"{compare}\"\n\
             rounding = {{ mode = \"{mode}\" }}\nmetric = {{ {metric} }}\n",
            nth % 10
        )
    });
    format!("{head}{}[claim]{claim}", commitments.collect::<String>())
}

/// Event rules by everything that a class has.
fn with_rules(text: &str) -> String {
    let rules = r#"
[[events.rule]]
class = "not_valid"
when = { attribution = ["ours"] }
[[events.rule]]
class = "unknown"
when = { outcome = ["capacity_429", "overloaded"], status = [429] }
[[events.rule]]
class = "error"
when = { outcome = ["tcp"], quorum = true }
[[events.rule]]
class = "error"
when = { status = ["5xx", "418"], stream = false }
"#;
    let (head, rest) = text.split_once("[[events.rule]]").unwrap();
    let (_, commitments) = rest.split_once("[[commitment]]").unwrap();
    let quorum = "[evidence]\nquorum = { agents = 2, networks = 2 }\n";
    let (before, events) = head.split_once("[events]").unwrap();
    format!("{before}{quorum}[events]{events}{rules}[[commitment]]{commitments}")
}

fn per_region(text: &str) -> String {
    text.replace("[evidence]\n", "[evidence]\npooling = \"per_region\"\n")
}

fn with_exclusions(text: &str) -> String {
    let exclusion = r#"
[[exclusion]]
kind = "maintenance"
effect = "treat_as_up"
notice_hours = 1
minutes_max = 30
[[exclusion]]
kind = "peak"
effect = "remove_from_denominator"
[claim]
"#;
    text.replace("[claim]\n", exclusion.trim_start())
}

/// A world in which everything happens.
fn mixed(minutes: i64, bend: fn(&str) -> String) -> World {
    World::made(Twist::Mixed, minutes, bend)
}

fn add(cases: &mut Cases, name: &str, world: &mut World) {
    judge(&mut world.contents);
    cases.add(name, &assemble(&world.contents, &world.export).unwrap());
}

/// Spans that count, that were announced too late, that are too long, and that nothing knows.
fn exclude(world: &mut World) {
    let start = world.contents.terms.window.start();
    world.contents.terms.exclusions = [
        ("maintenance", 15, 35, Some(-60)),
        ("maintenance", 41, 52, Some(-100)),
        ("maintenance", 44, 46, Some(-20)),
        ("peak", 30, 50, None),
        ("nothing", 1, 2, None),
    ]
    .map(|(kind, from, to, announced)| sla::ExcludedSpan {
        window: domain::Window::new(start.plus(from), start.plus(to)).unwrap(),
        kind: kind.into(),
        reason: "told".into(),
        announced: announced.map(|at| start.plus(at)),
    })
    .into();
}

#[test]
fn every_formula_comes_out_alike() {
    // To the end of the window, and before.
    let worlds = [
        (
            "whole",
            mixed(1_440, |text| with_metrics(&with_rules(text))),
        ),
        (
            "regions",
            mixed(60, |text| per_region(&with_metrics(&with_rules(text)))),
        ),
        (
            "excluded",
            mixed(60, |text| with_exclusions(&with_metrics(&with_rules(text)))),
        ),
    ];
    for (name, mut world) in worlds {
        let mut cases = Cases::new(&world);
        add(&mut cases, name, &mut world);
        exclude(&mut world);
        add(&mut cases, &format!("{name}, with exclusions"), &mut world);
        cases.compare();
    }
}

/// The script follows what it says: a number bent where it recomputes is its finding, too.
#[test]
fn the_script_finds_bent_numbers_by_every_formula() {
    let mut world = mixed(60, |text| with_metrics(&with_rules(text)));
    judge(&mut world.contents);
    let members = assemble(&world.contents, &world.export).unwrap();
    let result: Value = serde_json::from_slice(&members[layout::RESULT]).unwrap();
    let mut cases = Cases::new(&world);
    let keys = [
        "high", "low", "observed", "budget", "minutes", "timeline", "rules", "downtime",
    ];
    for nth in 0..METRICS.len() {
        for key in [keys[nth % 8], keys[(nth + 3) % 8]] {
            let mut bent = result.clone();
            bent["commitments"][nth][key] = Value::Null;
            let mut members = members.clone();
            members.insert(layout::RESULT.into(), serde_json::to_vec(&bent).unwrap());
            signed_anew(&world, &mut members);
            cases.add(format!("{key} of c{nth}"), &members);
        }
    }
    cases.compare();
}
