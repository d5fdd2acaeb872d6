use proptest::prelude::*;

use super::*;

fn nonce() -> Nonce {
    "pong-7f3a".parse().unwrap()
}

fn custom(prompt: &str, expect: Expectation) -> Ask {
    Ask::Custom {
        prompt: prompt.parse().unwrap(),
        expect,
    }
}

fn answered(ask: &Ask, text: &str) -> TextCheck {
    let mut check = TextCheck::new(ask, &nonce());
    check.pass(text);
    check
}

#[track_caller]
fn check(ask: &Ask, text: &str, found: Text, format: Option<bool>) {
    let check = answered(ask, text);
    assert_eq!(check.found(), found, "{text}");
    assert_eq!(check.signal().format, format, "{text}");
}

#[test]
fn one_json_object_and_nothing_else_is_the_asked_form() {
    let json = |text, found, format| check(&Ask::Json, text, found, Some(format));
    json(r#"{"code":"pong-7f3a","ok":true}"#, Text::Expected, true);
    json(
        "\n{ \"ok\": true, \"code\": \"pong-7f3a\" }\n",
        Text::Expected,
        true,
    );
    json(r#"{"code":"pong-0000","ok":true}"#, Text::Other, true);
    json(r#"{"code":"pong-7f3a","ok":false}"#, Text::Other, true);
    let fenced = "```json\n{\"code\":\"pong-7f3a\",\"ok\":true}\n```";
    json(fenced, Text::Other, false);
    json(
        r#"Here: {"code":"pong-7f3a","ok":true}"#,
        Text::Other,
        false,
    );
    json(
        r#"{"code":"pong-7f3a","ok":true,"x":1}"#,
        Text::Other,
        false,
    );
    json(r#"[{"code":"pong-7f3a","ok":true}]"#, Text::Other, false);
    json("", Text::Empty, false);
    json(&Ask::Json.prompt(&nonce()), Text::Other, false);
}

#[test]
fn expectations_of_ones_own_are_held_to_the_letter() {
    let any = custom("Say anything", Expectation::Any);
    check(&any, "x", Text::Expected, None);
    check(&any, " \n", Text::Empty, None);

    let exact = custom(
        "Say {nonce}",
        Expectation::Exact("<{nonce}>".parse().unwrap()),
    );
    assert_eq!(exact.prompt(&nonce()), "Say pong-7f3a");
    check(&exact, "<pong-7f3a>\n", Text::Expected, None);
    check(&exact, "<pong-7f3a>.", Text::Other, None);

    let regex = custom(
        "Capital?",
        Expectation::Regex("^(?i)paris".parse().unwrap()),
    );
    check(&regex, "Paris.", Text::Expected, None);
    check(&regex, "It is Paris.", Text::Other, None);

    let schema = r#"{"type":"object","required":["city"]}"#.parse().unwrap();
    let schema = custom("Capital as JSON?", Expectation::JsonSchema(schema));
    check(&schema, r#"{"city":"Paris"}"#, Text::Expected, Some(true));
    check(&schema, r#"{"town":"Paris"}"#, Text::Other, Some(false));
    check(
        &schema,
        "```json\n{\"city\":1}\n```",
        Text::Other,
        Some(false),
    );
}

#[test]
fn only_an_answer_that_follows_from_the_nonce_is_fresh() {
    for ask in [Ask::Echo, Ask::Sum, Ask::Repeat, Ask::Json] {
        assert!(ask.is_fresh() && !ask.varies());
        let other = "pong-7f3b".parse().unwrap();
        assert_ne!(ask.prompt(&nonce()), ask.prompt(&other));
    }
    let exact = |text: &str| Expectation::Exact(text.parse().unwrap());
    assert!(custom("Say {nonce}", exact("{nonce}")).is_fresh());
    assert!(!custom("Say {nonce}", exact("Hello")).is_fresh());
    assert!(!custom("Say it", exact("{nonce}")).is_fresh());
    assert!(!custom("Say {nonce}", Expectation::Any).is_fresh());
    assert!(custom("Say anything", Expectation::Any).varies());
    assert!(!Ask::Nothing.is_fresh());
}

#[test]
fn debug_shows_neither_prompt_nor_expectation_nor_text() {
    let ask = custom(
        "secret prompt",
        Expectation::Exact("secret answer".parse().unwrap()),
    );
    let shown = format!("{ask:?} {:?}", answered(&ask, "secret answer"));
    assert!(!shown.contains("secret"), "{shown}");
    let ask = custom("x", Expectation::Regex("secret".parse().unwrap()));
    assert!(!format!("{ask:?}").contains("secret"));
}

#[test]
fn a_signal_counts_characters_and_knows_no_words() {
    let signal = answered(&Ask::Echo, "pöng-7f3a").signal();
    assert_eq!(signal.chars, Some(9));
    assert_eq!(signal.format, None);
    let echoed = |text: &str| answered(&Ask::Echo, text).signal().fingerprint;
    assert_eq!(echoed("pong-7f3a"), Some("e3b0c44298fc1c14".to_owned()));
    assert_eq!(echoed(" Sure: PONG-7F3A "), echoed("sure:  "));
    assert_eq!(echoed(" "), None);
    assert_eq!(answered(&Ask::Nothing, "x").signal(), Signal::default());
}

#[test]
fn text_beyond_the_limit_is_counted_but_not_kept() {
    let mut check = TextCheck::new(&Ask::Echo, &nonce());
    check.pass(&"ä".repeat(TEXT_BYTES_MAX / 2 - 1));
    check.pass("€");
    check.pass("pong-7f3a");
    assert_eq!(check.found(), Text::Other);
    let signal = check.signal();
    assert_eq!(signal.chars, Some(131_072 + 9));
    assert_eq!(signal.fingerprint, None);
}

proptest! {
    #[test]
    fn a_nonce_is_found_however_the_text_is_cut(
        before in "[a-zA-Z äöü€]{0,40}",
        after in "[a-zA-Z äöü€]{0,40}",
        cuts in proptest::collection::vec(1usize..5, 1..40),
    ) {
        let text = format!("{before}pong-7f3a{after}");
        let mut check = TextCheck::new(&Ask::Echo, &nonce());
        let mut chars = text.chars();
        for size in cuts.iter().cycle() {
            let piece: String = chars.by_ref().take(*size).collect();
            if piece.is_empty() {
                break;
            }
            check.pass(&piece);
        }
        prop_assert_eq!(check.found(), Text::Expected);
        prop_assert_eq!(check.signal(), answered(&Ask::Echo, &text).signal());
    }

    #[test]
    fn no_fresh_ask_takes_the_answer_to_another_nonce(other in "[a-z0-9]{8,12}") {
        let other: Nonce = other.parse().unwrap();
        let sum = challenge::Sum::drawn(&other);
        let mine = challenge::Sum::drawn(&nonce());
        prop_assume!(sum.first + sum.second != mine.first + mine.second);
        prop_assert_ne!(
            answered(&Ask::Sum, &(sum.first + sum.second).to_string()).found(),
            Text::Expected
        );
        let json = format!(r#"{{"code":"{}","ok":true}}"#, other.as_str());
        prop_assert_ne!(answered(&Ask::Json, &json).found(), Text::Expected);
        prop_assert_ne!(answered(&Ask::Echo, other.as_str()).found(), Text::Expected);
    }
}
