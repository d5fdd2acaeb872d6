use std::error::Error;

use super::*;
use crate::fault::ErrorStatus;

#[track_caller]
fn refused(toml: &str, told: &str) {
    let error = Script::from_toml(toml).expect_err("the script is wrong");
    let mut text = error.to_string();
    if let Some(source) = error.source() {
        text.push_str(": ");
        text.push_str(&source.to_string());
    }
    assert!(text.contains(told), "`{text}` does not say `{told}`");
}

#[test]
fn a_script_reads_from_toml_with_its_defaults() {
    let script = Script::from_toml(
        r#"
        [[rules]]
        name = "storm"
        model = "sim-*"
        region = "eu"
        share = "25%"
        spread = "even"
        from_s = 30
        until_s = 90
        then = "continue"
        fault = { kind = "status", status = 429, code = "slow_down" }

        [[rules]]
        fault = { kind = "stall" }

        [[rules]]
        fault = { kind = "accept_close" }
        "#,
    )
    .expect("a valid script");
    let [first, second, third] = script.rules() else {
        panic!("three rules")
    };
    assert_eq!(
        (first.share.to_string().as_str(), first.spread),
        ("1/4", Spread::Even)
    );
    assert_eq!((first.window.from_s, first.window.until_s), (30, Some(90)));
    assert_eq!(first.then, Then::Continue);
    let stall = Rule {
        name: "rule-2".to_owned(),
        ..Rule::always(Fault::Stall { after_chunks: 2 })
    };
    assert_eq!(*second, stall);
    assert_eq!(third.route, Route::Connection);
}

#[test]
fn a_script_reads_back_from_its_own_json() {
    let toml = "[[rules]]\nname = \"a\"\nregion = \"eu\"\nshare = \"1/3\"\nfirst = 5\nevery = 2\n\
        from = 2026-11-22T10:00:00Z\ndaily_from = \"09:00\"\ncycle_s = 9\ncycle_on_s = 3\n\
        fault = { kind = \"error\", error = \"overload\" }\n";
    let script = Script::from_toml(toml).expect("valid");
    let json = serde_json::to_vec(&script).expect("serialises");
    assert_eq!(Script::from_json(&json).expect("reads back"), script);
}

#[test]
fn mistakes_are_told_with_line_key_and_nearest_key() {
    let fault = "fault = { kind = \"empty\" }";
    refused(
        &format!("[[rules]]\nmodle = \"x\"\n{fault}"),
        "line 2, `rules[0]`: unknown key `modle`; did you mean `model`?",
    );
    refused(
        &format!("\n[[rule]]\n{fault}"),
        "line 2: unknown key `rule`; did you mean `rules`?",
    );
    refused(
        "[[rules]]\nfrom_s = 1",
        "line 1, `rules[0]`: `fault` is missing",
    );
    refused(
        "[[rules]]\nfault = { kind = \"explode\" }",
        "line 2, `rules[0].fault.kind`: `explode` is not known; did you mean",
    );
    refused(
        "[[rules]]\n[rules.fault]\nkind = \"stall\"\nafter = 1",
        "line 4, `rules[0].fault`: unknown key `after`; did you mean `after_chunks`?",
    );
    refused(
        &format!("[[rules]]\n{fault}\nshare = \"120%\""),
        "line 3, `rules[0].share`: `120%` is not a share",
    );
    refused(
        &format!("[[rules]]\n{fault}\nshare = 0.5"),
        "line 3, `rules[0].share`: text in quotes is needed here",
    );
    refused("[[rules]]\nfault = ", "failed to read the document as TOML");
    refused(
        "rules = 3",
        "line 1, `rules`: a list of tables is needed here",
    );
}

#[test]
fn rules_that_could_never_act_are_refused_where_they_stand() {
    for (rule, told) in [
        (
            "from_s = 9\nuntil_s = 9\nfault = { kind = \"empty\" }",
            "until_s 9",
        ),
        (
            "route = \"status\"\nfault = { kind = \"refusal\" }",
            "needs route `chat`",
        ),
        (
            "route = \"models\"\nmodel = \"x\"\nfault = { kind = \"empty\" }",
            "`model`",
        ),
        (
            "route = \"connection\"\nfault = { kind = \"empty\" }",
            "`empty`",
        ),
        (
            "route = \"chat\"\nfault = { kind = \"garbage\" }",
            "`garbage`",
        ),
        ("fault = { kind = \"unreachable\" }", "needs an end"),
        (
            "until_s = 9\nfirst = 3\nfault = { kind = \"unreachable\" }",
            "cannot be counted",
        ),
        ("first = 0\nfault = { kind = \"empty\" }", "first 0"),
        (
            "name = \"limits\"\nfault = { kind = \"empty\" }",
            "something else",
        ),
        ("every = 0\nfault = { kind = \"empty\" }", "more than 0"),
    ] {
        refused(&format!("[[rules]]\n{rule}"), told);
    }
    let rules = vec![Rule::always(Fault::Empty {}); 257];
    assert!(matches!(
        Script::new(rules),
        Err(ScriptError::TooMany { count: 257 })
    ));
}

#[test]
fn names_are_given_to_rules_without_one_and_are_never_twice_the_same() {
    let named = |name: &str| Rule {
        name: name.to_owned(),
        ..Rule::always(Fault::status(ErrorStatus::UNAVAILABLE))
    };
    let script = Script::new(vec![named(""), named("rule-3"), named("")]).expect("valid");
    let given: Vec<_> = script
        .rules()
        .iter()
        .map(|rule| rule.name.as_str())
        .collect();
    assert_eq!(given, ["rule-1", "rule-3", "rule-4"]);
    let twice = Script::new(vec![named("a"), named("a")]).expect_err("twice");
    assert_eq!(
        twice.to_string(),
        "rule `a`: another rule has the same name"
    );
}

#[test]
fn a_rule_is_about_all_that_it_names_and_a_star_means_any_rest() {
    let rule = Rule {
        model: Some("sim-*".to_owned()),
        path: Some("/v1/chat/completions".to_owned()),
        region: Some("eu".to_owned()),
        ..Rule::always(Fault::Empty {})
    };
    let occasion = Occasion {
        route: Route::Chat,
        model: Some("sim-2"),
        wire: Some("openai"),
        path: Some("/v1/chat/completions"),
        region: Some("eu"),
        target: None,
    };
    assert!(rule.is_about(occasion));
    for other in [
        Occasion {
            route: Route::Models,
            ..occasion
        },
        Occasion {
            model: Some("other"),
            ..occasion
        },
        Occasion {
            path: Some("/v1/chat"),
            ..occasion
        },
        Occasion {
            region: Some("us"),
            ..occasion
        },
        Occasion {
            region: None,
            ..occasion
        },
        Occasion {
            target: Some("primary"),
            ..occasion
        },
    ] {
        assert!(!rule.is_about(other), "{other:?}");
    }
}

#[test]
fn a_wire_nobody_speaks_is_refused_with_the_nearest_one() {
    let read = |wire: &str| {
        Script::from_toml(&format!(
            "[[rules]]\nwire = \"{wire}\"\nfault = {{ kind = \"empty\" }}\n"
        ))
    };
    for known in ["openai", "bedrock", "open*", "*"] {
        assert!(read(known).is_ok(), "{known}");
    }
    for (unknown, nearest) in [
        ("antropic", "anthropic"),
        ("openai-chat", "openai"),
        ("gemni*", "gemini"),
    ] {
        let error = read(unknown).expect_err("no such wire").to_string();
        assert!(
            error.contains(&format!("did you mean `{nearest}`?")),
            "{error}"
        );
        assert!(error.starts_with("line 2"), "{error}");
    }
}
