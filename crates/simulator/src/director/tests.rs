use proptest::prelude::*;

use super::*;
use crate::failure::Class;
use crate::plan::{Fallback, Outcome};

fn director(toml: &str, seed: u64) -> Director {
    let scenario = Scenario::from_toml(toml).expect("a valid scenario");
    let config = Config {
        seed,
        started_unix_s: 1_795_305_600,
        ..Config::default()
    };
    Director::new(&config.playing(scenario))
}

fn call() -> Call<'static> {
    Call {
        wire: Some(Wire::OpenAi),
        model: Some("sim-1"),
        region: Some("eu"),
        ..Call::page(Route::Chat, "/v1/chat/completions")
    }
}

fn fates(director: &Director, requests: u64) -> Vec<Plan> {
    let each = |number| director.plan(&call(), Duration::from_millis(number * 500));
    (0..requests).map(each).collect()
}

fn struck(plan: &Plan) -> Vec<&str> {
    plan.struck
        .iter()
        .map(|strike| strike.rule.as_str())
        .collect()
}

fn counters(director: &Director) -> serde_json::Value {
    serde_json::to_value(director.counters()).expect("counters serialise")
}

const MIXED: &str = r#"
    [pacing]
    ttft_ms = { log_normal = { p50 = 300, p95 = 900 } }
    tokens_per_second = { uniform = [20, 90] }
    reasoning_tokens = { uniform = [0, 50] }

    [limits]
    requests_per_minute = 100

    [gateway]
    kind = "portkey"
    retries = 1

    [[rules]]
    share = "20%"
    then = "continue"
    fault = { kind = "latency", ms = 100 }

    [[rules]]
    share = "1/7"
    fault = { kind = "cut_reset" }

    [[rules]]
    target = "primary"
    share = "30%"
    fault = { kind = "error", error = "overload" }
"#;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn equal_seeds_and_orders_give_equal_plans_even_after_a_reset(seed: u64) {
        let first = director(MIXED, seed);
        let plans = fates(&first, 150);
        prop_assert_eq!(&plans, &fates(&director(MIXED, seed), 150));
        first.reset();
        let rules = |plans: &[Plan]| plans.iter().map(|plan| plan.struck.clone()).collect::<Vec<_>>();
        let again: Vec<Plan> = (0..90).map(|_| first.plan(&call(), Duration::ZERO)).collect();
        let fresh = director(MIXED, seed);
        let anew: Vec<Plan> = (0..90).map(|_| fresh.plan(&call(), Duration::ZERO)).collect();
        prop_assert_eq!(rules(&again), rules(&anew));
    }

    #[test]
    fn a_random_share_is_near_what_was_asked_and_counted_as_struck(seed: u64, part in 0u32..=100) {
        let toml = format!("[[rules]]\nshare = \"{part}%\"\nfault = {{ kind = \"empty\" }}\n");
        let director = director(&toml, seed);
        let plans = fates(&director, 4_000);
        let hit = plans.iter().filter(|plan| !plan.struck.is_empty()).count();
        let hit = u32::try_from(hit).expect("at most 4000");
        // Five standard deviations of 4,000 draws are below 160.
        prop_assert!((part * 40).abs_diff(hit) <= 160, "{hit} of 4000 at {part} %");
        prop_assert!(part != 0 || hit == 0);
        prop_assert!(part != 100 || hit == 4_000);
        let counted = &counters(&director)["rules"][0];
        prop_assert_eq!(&counted["matched"], 4_000);
        prop_assert_eq!(&counted["struck"], hit);
    }
}

#[test]
fn other_seeds_give_other_plans() {
    assert_ne!(
        fates(&director(MIXED, 1), 50),
        fates(&director(MIXED, 2), 50)
    );
}

#[test]
fn a_rule_that_is_added_moves_no_other_rules_draws() {
    let rule = "[[rules]]\nname = \"cut\"\nshare = \"30%\"\nfault = { kind = \"cut_clean\" }\n";
    let late = "[[rules]]\nname = \"late\"\nshare = \"30%\"\nthen = \"continue\"\n\
        fault = { kind = \"latency\", ms = 1 }\n";
    let cut = |toml: &str| -> Vec<bool> {
        let plans = fates(&director(toml, 5), 200);
        plans.iter().map(|plan| plan.damage.is_some()).collect()
    };
    assert_eq!(cut(rule), cut(&format!("{late}{rule}")));
}

#[test]
fn first_every_and_even_count_exactly() {
    let numbers = |conditions: &str| -> Vec<usize> {
        let toml = format!("[[rules]]\n{conditions}\nfault = {{ kind = \"empty\" }}\n");
        let plans = fates(&director(&toml, 1), 12);
        let hit = plans
            .iter()
            .enumerate()
            .filter(|(_, plan)| !plan.struck.is_empty());
        hit.map(|(number, _)| number).collect()
    };
    assert_eq!(numbers("first = 2"), [0, 1]);
    assert_eq!(numbers("every = 4"), [3, 7, 11]);
    assert_eq!(numbers("every = 4\nfirst = 2"), [3, 7]);
    assert_eq!(numbers("share = \"25%\"\nspread = \"even\""), [3, 7, 11]);
    assert_eq!(
        numbers("every = 3\nshare = \"1/2\"\nspread = \"even\""),
        [5, 11]
    );
}

#[test]
fn windows_follow_the_scenarios_clock_and_a_reset_begins_them_anew() {
    let toml = "[[rules]]\nfrom_s = 10\nuntil_s = 20\nfault = { kind = \"empty\" }\n";
    let director = director(toml, 1);
    let hit = || !director.plan(&call(), director.now()).struck.is_empty();
    assert!(!hit());
    director.advance(Duration::from_secs(11));
    assert!(hit());
    director.reset();
    assert!(!hit());
    director.advance(Duration::from_secs(11));
    assert!(hit());
    director.advance(Duration::from_secs(10));
    assert!(!hit());
}

#[test]
fn utc_windows_follow_the_clock_that_the_simulator_was_given() {
    let toml = "[[rules]]\ndaily_from = \"00:05\"\ndaily_until = \"00:10\"\n\
        fault = { kind = \"empty\" }\n";
    let director = director(toml, 1);
    let hit = |minute: u64| {
        let plan = director.plan(&call(), Duration::from_mins(minute));
        !plan.struck.is_empty()
    };
    assert_eq!([4, 5, 9, 10].map(hit), [false, true, true, false]);
}

#[test]
fn faults_combine_where_rules_continue_and_act_on_different_things() {
    let toml = r#"
        [[rules]]
        name = "late"
        then = "continue"
        fault = { kind = "latency", ms = 200 }

        [[rules]]
        name = "model"
        then = "continue"
        fault = { kind = "wrong_model", model = "other" }

        [[rules]]
        name = "again"
        then = "continue"
        fault = { kind = "wrong_model", model = "third" }

        [[rules]]
        name = "cut"
        fault = { kind = "cut_clean" }

        [[rules]]
        name = "never"
        fault = { kind = "empty" }
    "#;
    let director = director(toml, 1);
    let plan = director.plan(&call(), Duration::ZERO);
    assert_eq!(struck(&plan), ["late", "model", "cut"]);
    assert_eq!(plan.wait.as_millis(), 200);
    assert_eq!(
        plan.shape().and_then(|shape| shape.model.as_deref()),
        Some("other")
    );
    assert!(plan.damage.is_some());
    assert_eq!(counters(&director)["rules"][2]["matched"], 0);
}

#[test]
fn a_failing_primary_makes_the_backup_answer_unless_the_request_says_no() {
    let toml = r#"
        [gateway]
        kind = "litellm"

        [[gateway.targets]]
        name = "primary"

        [[gateway.targets]]
        name = "backup"
        provider = "azure"
        model = "spare-1"

        [[rules]]
        target = "primary"
        fault = { kind = "refuse" }
    "#;
    let director = director(toml, 1);
    let plan = director.plan(&call(), Duration::ZERO);
    let shape = plan.shape().expect("the backup answers");
    assert_eq!(shape.model.as_deref(), Some("spare-1"));
    let tried = plan.attempts.iter().map(|attempt| {
        let class = attempt.failure.as_ref().map(|failure| failure.class);
        (attempt.provider.as_str(), class)
    });
    assert_eq!(
        tried.collect::<Vec<_>>(),
        [("openai", Some(Class::Internal)), ("azure", None)]
    );
    assert_eq!(struck(&plan), ["rule-1"]);
    let pinned = Call {
        fallback: Fallback::Refused,
        ..call()
    };
    let plan = director.plan(&pinned, Duration::ZERO);
    assert_eq!(plan.outcome, Outcome::Failure(Class::Internal.into()));
    let counted = counters(&director);
    assert_eq!(
        (&counted["fallbacks"], &counted["rules"][0]["struck"]),
        (&1.into(), &2.into())
    );
}

#[test]
fn a_rule_without_a_target_strikes_the_gateway_itself() {
    let toml = "[gateway]\nkind = \"portkey\"\n[[rules]]\n\
        fault = { kind = \"error\", error = \"overload\" }\n";
    let plan = director(toml, 1).plan(&call(), Duration::ZERO);
    assert_eq!(plan.outcome, Outcome::Failure(Class::Unavailable.into()));
}

#[test]
fn over_the_limit_is_an_error_of_its_own_before_any_rule() {
    let toml = "[limits]\nrequests_per_minute = 2\n[[rules]]\nfault = { kind = \"empty\" }\n";
    let director = director(toml, 1);
    let fate = |ms| {
        let plan = director.plan(&call(), Duration::from_millis(ms));
        struck(&plan).join(",")
    };
    assert_eq!(
        [0, 0, 0, 29_999, 30_000].map(fate),
        ["rule-1", "rule-1", "limits", "limits", "rule-1"]
    );
    assert_eq!(counters(&director)["limits"], 2);
}
