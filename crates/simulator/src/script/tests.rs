use std::error::Error;

use proptest::prelude::*;

use super::*;
use crate::fault::ErrorStatus;

fn chat(request: u64, offset_s: u64) -> Occasion<'static> {
    Occasion {
        route: Route::Chat,
        model: Some("sim-1"),
        offset: Duration::from_secs(offset_s),
        request,
    }
}

#[track_caller]
fn refused(toml: &str, named: &str) {
    let error = Script::from_toml(toml).expect_err("the script is wrong");
    let told = format!(
        "{error}: {}",
        error.source().map(ToString::to_string).unwrap_or_default()
    );
    assert!(told.contains(named), "`{told}` does not name `{named}`");
}

#[test]
fn a_script_reads_from_toml_with_its_defaults() {
    let script = Script::from_toml(
        r#"
        [[rules]]
        model = "sim-1"
        probability_ppm = 250_000
        from_s = 30
        until_s = 90
        fault = { kind = "status", status = 429, code = "slow_down" }

        [[rules]]
        fault = { kind = "stall" }
        "#,
    )
    .expect("a valid script");
    let [first, second] = script.rules() else {
        panic!("two rules")
    };
    assert_eq!(u32::from(first.probability_ppm), 250_000);
    assert_eq!((first.from_s, first.until_s), (30, Some(90)));
    assert_eq!(*second, Rule::always(Fault::Stall { after_chunks: 2 }));
}

#[test]
fn errors_name_the_key() {
    refused(
        "[[rules]]\nprobabilty_ppm = 1\nfault = { kind = \"empty\" }",
        "probabilty_ppm",
    );
    refused("[[rule]]\nfault = { kind = \"empty\" }", "rule");
    refused("[[rules]]\nfrom_s = 1", "fault");
    refused("[[rules]]\nfault = { kind = \"explode\" }", "explode");
    refused(
        "[[rules]]\nfault = { kind = \"empty\", after = 1 }",
        "after",
    );
    refused(
        "[[rules]]\nfault = { kind = \"latency\", seconds = 1 }",
        "seconds",
    );
    refused(
        "[[rules]]\nfault = { kind = \"status\", status = 200 }",
        "status 200",
    );
    refused(
        "[[rules]]\nprobability_ppm = 1000001\nfault = { kind = \"empty\" }",
        "probability_ppm",
    );
}

#[test]
fn rules_that_could_never_act_are_refused() {
    refused(
        "[[rules]]\nfrom_s = 9\nuntil_s = 9\nfault = { kind = \"empty\" }",
        "until_s",
    );
    refused(
        "[[rules]]\nroute = \"status\"\nfault = { kind = \"refusal\" }",
        "refusal",
    );
    refused(
        "[[rules]]\nroute = \"models\"\nmodel = \"x\"\nfault = { kind = \"empty\" }",
        "model",
    );
    let rules = vec![Rule::always(Fault::Empty {}); 257];
    assert!(matches!(
        Script::new(rules),
        Err(ScriptError::TooMany { count: 257 })
    ));
}

#[test]
fn the_window_is_half_open_and_the_first_rule_that_strikes_decides() {
    let outage = Rule {
        from_s: 10,
        until_s: Some(20),
        ..Rule::always(Fault::status(ErrorStatus::UNAVAILABLE))
    };
    let script = Script::new(vec![outage, Rule::always(Fault::Empty {})]).expect("valid");
    let kind = |offset_s| script.fault(0, chat(0, offset_s)).map(Fault::kind);
    assert_eq!(kind(9), Some("empty"));
    assert_eq!(kind(10), Some("status"));
    assert_eq!(kind(19), Some("status"));
    assert_eq!(kind(20), Some("empty"));
}

#[test]
fn a_rule_strikes_only_its_model_and_route() {
    let rule = Rule {
        model: Some("sim-2".to_owned()),
        ..Rule::always(Fault::Empty {})
    };
    let script = Script::new(vec![rule]).expect("valid");
    assert_eq!(script.fault(0, chat(0, 0)), None);
    let other = Occasion {
        model: Some("sim-2"),
        ..chat(0, 0)
    };
    assert_eq!(script.fault(0, other), Some(&Fault::Empty {}));
    assert_eq!(
        script.fault(
            0,
            Occasion {
                route: Route::Models,
                ..other
            }
        ),
        None
    );
}

fn draws(seed: u64, ppm: u32) -> Vec<bool> {
    let rule = Rule {
        probability_ppm: Probability::try_from(ppm).expect("in range"),
        ..Rule::always(Fault::Empty {})
    };
    let script = Script::new(vec![rule]).expect("valid");
    (0..4_000)
        .map(|request| script.fault(seed, chat(request, 0)).is_some())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn equal_seeds_decide_alike_and_near_the_asked_share(seed: u64, ppm in 0u32..=1_000_000) {
        let struck = draws(seed, ppm);
        prop_assert_eq!(&struck, &draws(seed, ppm));
        let count = u32::try_from(struck.iter().filter(|hit| **hit).count()).expect("at most 4000");
        // Five standard deviations of 4,000 draws are below 160.
        prop_assert!((ppm / 250).abs_diff(count) <= 160, "{count} of 4000 at {ppm} ppm");
    }
}

#[test]
fn never_and_always_are_exact() {
    assert!(draws(3, 0).iter().all(|hit| !hit));
    assert!(draws(3, 1_000_000).iter().all(|hit| *hit));
}

#[test]
fn the_script_in_the_manual_is_valid() {
    let manual = include_str!("../../../../docs/simulator.md");
    let (_, rest) = manual
        .split_once("```toml\n")
        .expect("the manual shows a script");
    let (sample, _) = rest.split_once("```").expect("the sample ends");
    let script = Script::from_toml(sample).expect("the sample is valid");
    assert_eq!(script.rules().len(), 3);
}
