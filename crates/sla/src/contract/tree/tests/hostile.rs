//! Texts that are meant to hurt.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde::de::IgnoredAny;

use super::*;
use crate::contract::error::{ContractError, Problem};
use crate::contract::tree::depth::DEPTH_MAX;
use crate::contract::{CONTRACT_BYTES_MAX, LIST_ENTRIES_MAX};

/// The error, which has to come soon and has to be short.
#[track_caller]
fn refused(text: &str) -> ContractError {
    let started = Instant::now();
    let error = read::<Sample>(text).unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(10));
    assert!(error.to_string().len() < 1_000, "{error}");
    error
}

fn filled(start: &str, repeated: &str, end: &str) -> String {
    let times = (CONTRACT_BYTES_MAX - start.len() - end.len()) / repeated.len();
    format!("{start}{}{end}", repeated.repeat(times))
}

#[track_caller]
fn too_deep(text: &str) {
    let error = refused(text);
    let message = format!("nested more than {DEPTH_MAX} levels deep");
    assert_eq!(error.problem, Problem::Syntax { message }, "{error}");
}

#[test]
fn nesting_of_every_kind_is_refused_before_it_costs_stack() {
    too_deep(&filled("a = ", "[", ""));
    too_deep(&filled("a = ", "{a=", ""));
    too_deep(&filled("a", ".a", " = 1"));
    too_deep(&filled("[a", ".a", "]"));
    too_deep(&filled("[[a", ".a", "]]"));
    let dotted = vec!["a"; 79].join(".");
    let inside = format!("{{{dotted} = ").repeat(79);
    too_deep(&format!(
        "[{dotted}]\n{dotted} = {inside}1{}",
        "}".repeat(79)
    ));
    let few = "a.a.a = {".repeat(DEPTH_MAX);
    too_deep(&format!("{few}a = 1{}", "}".repeat(DEPTH_MAX)));
}

#[test]
fn unbalanced_brackets_do_not_hide_depth() {
    let dotted = vec!["a"; 79].join(".");
    for stray in ["]", "}", "[ }", "{ ]", "= ", ", ,", "\n", "\"", "'''"] {
        refused(&filled(
            "a = ",
            &format!("{{ {dotted} = {stray} , {dotted} = "),
            "",
        ));
        refused(&filled("a = ", &format!("[ {stray} , {{ {dotted} = "), ""));
        refused(&filled(
            "",
            &format!("[{dotted}{stray}]\n{dotted} = {stray}{{"),
            "",
        ));
    }
}

#[test]
fn depth_is_counted_exactly_up_to_the_limit() {
    let nested = |levels: usize| {
        let inner = levels - 4;
        format!(
            "[a.b]\nc.d = {}1{}\ne = [[1], [2]]",
            "[".repeat(inner),
            "]".repeat(inner)
        )
    };
    assert!(read::<IgnoredAny>(&nested(DEPTH_MAX)).is_ok());
    assert!(read::<IgnoredAny>(&nested(DEPTH_MAX + 1)).is_err());
    let wide = filled("", "[a.b.c]\n", "").replacen("[a.b.c]", "", 1);
    assert!(
        refused(&wide)
            .to_string()
            .contains("[a.b.c] stands here twice")
    );
    let many = "a.b = { c.d = [1, { e = 1 }], f.g = [[]] }\n";
    assert!(read::<IgnoredAny>(many).is_ok());
}

#[test]
fn lists_texts_and_documents_have_limits() {
    let list = vec!["\"a\""; LIST_ENTRIES_MAX + 1].join(", ");
    let text = SAMPLE.replacen("\"ä\", \"b\"", &list, 1);
    insta::assert_snapshot!(refused(&text), @"line 16, column 20: `feature`: a list has at most 1000 entries");
    let tables = filled(SAMPLE, "[[events.rule]]\n", "");
    insta::assert_snapshot!(refused(&tables), @"line 9, column 1: `rule`: a list has at most 1000 entries");
    let long = filled("schema = \"", "a", "\"\n");
    insta::assert_snapshot!(refused(&long), @"line 1, column 10: `schema`: must have at most 1000 characters");
    insta::assert_snapshot!(refused(&" ".repeat(CONTRACT_BYTES_MAX + 1)), @"line 1, column 1: a contract has at most 262144 bytes");
}

#[test]
fn huge_keys_words_and_numbers_are_cut_in_errors() {
    insta::assert_snapshot!(refused(&filled("", "ä", " = 1")), @"line 1, column 1: invalid unquoted key, expected letters, numbers, `-`, `_`");
    insta::assert_snapshot!(refused(&filled("", "a", "b = 1")), @"line 1, column 1: unknown key `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa..` in the contract; possible here: `schema`, `opened`, `owner`, `events`, `promise`");
    let class = "class = \"error\"";
    let word = SAMPLE.replacen(class, &format!("class = \"{}\"", "x".repeat(9_999)), 1);
    insta::assert_snapshot!(refused(&word), @"line 10, column 9: `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx..` is not possible for `class`; possible here: `error`, `success`");
    let number = SAMPLE.replacen("\"99.9\"", &"9".repeat(9_999), 1);
    insta::assert_snapshot!(refused(&number), @r#"line 19, column 10: `target` must be exact: write it in quotes, "999999999999999999999999999999999999999999999999999999999999..""#);
    let keys: Vec<String> = (0..20_000)
        .map(|i| {
            format!(
                "k{i} = 1
"
            )
        })
        .collect();
    let many = keys.concat();
    insta::assert_snapshot!(refused(&many), @"line 1, column 1: unknown key `k0` in the contract; possible here: `schema`, `opened`, `owner`, `events`, `promise`");
}

proptest! {
    #[test]
    fn arbitrary_text_is_refused_inside_of_itself(text in any::<String>()) {
        let error = read::<Sample>(&text).unwrap_err();
        prop_assert!((1..=text.lines().count() + 1).contains(&error.line), "{}", error);
    }

    #[test]
    fn toml_punctuation_in_any_order_is_survived(
        parts in prop::collection::vec("[\\[\\]{}=.,#\"'\\n ]|a|1|\"\"\"", 0..400),
    ) {
        let text = parts.concat();
        if let Err(error) = read::<IgnoredAny>(&text) {
            prop_assert!((1..=text.lines().count() + 1).contains(&error.line), "{}", error);
        }
    }

    #[test]
    fn a_damaged_document_is_read_or_refused_inside_its_text(
        places in prop::collection::vec(any::<prop::sample::Index>(), 1..4),
        cut in 0..40_usize,
        insert in prop_oneof![
            "[\\[\\]{}=\"'.,#\\n0-9a-z_ -]{0,8}".boxed(),
            prop::sample::select(vec![
                "-1", "9e999", "nan", "0xffff_ffff_ffff", "[[[[", "{a.b={", "\u{0}", "\u{fffd}",
                "[]", "{}", "1979-05-27", "'''", "`a`: b", "bands.1",
            ])
            .prop_map(str::to_owned)
            .boxed(),
        ],
    ) {
        let mut characters: Vec<char> = SAMPLE.chars().collect();
        for place in places {
            let start = place.index(characters.len());
            let end = (start + cut).min(characters.len());
            characters.splice(start..end, insert.chars());
        }
        let text: String = characters.into_iter().collect();
        if let Err(error) = read::<Sample>(&text) {
            let line = text.split('\n').nth(error.line - 1).unwrap_or("");
            prop_assert!(error.column <= line.chars().count() + 1, "{}", error);
        }
    }
}
