//! Where mistakes are found, and what is said about them.

use std::fmt::Write as _;

use super::*;

/// The errors of the sample document after each edit of its text.
#[track_caller]
fn refused(edits: &[(&str, &str)]) -> String {
    let mut errors = String::new();
    for (from, to) in edits {
        assert!(SAMPLE.contains(from), "the sample lost `{from}`");
        let error = read::<Sample>(&SAMPLE.replacen(from, to, 1)).unwrap_err();
        writeln!(errors, "{error}").unwrap();
    }
    errors
}

#[test]
fn text_that_is_not_toml_is_refused_where_it_ends_to_be() {
    insta::assert_snapshot!(refused(&[
        ("name = \"Ada\"", "name = \"Ada"),
        ("name = \"Ada\"", "name = Ada"),
        ("name = \"Ada\"", "name = \"Ada\"\nname = \"Eva\""),
        ("[owner]", "[owner"),
        ("[events", "[[events"),
        ("weekly.hours = 40", "since.hours = 40"),
    ]), @r#"
    line 5, column 12: invalid basic string, expected `"`
    line 5, column 8: string values must be quoted, expected literal string
    line 6, column 1: `name` stands here twice
    line 4, column 7: unclosed table, expected `]`
    line 9, column 3: unquoted keys cannot be empty, expected letters, numbers, `-`, `_`
    line 7, column 1: cannot extend value of type datetime with a dotted key
    "#);
}

#[test]
fn unknown_keys_are_refused_with_the_nearest_one_or_all() {
    insta::assert_snapshot!(refused(&[
        ("opened =", "opend ="),
        ("[owner]", "[ovner]"),
        ("name = \"Ada\"", "colour = \"red\""),
        ("weekly.hours", "weekly.huors"),
        ("class = \"error\"", "class = \"error\"\nwhy = 1"),
        ("stream = true", "ä = 1, straem = true"),
        ("seconds = 300", "second = 300"),
        ("seconds = 300", "seconds = 300\nrun = 1"),
        ("family = \"none\"", "family = \"none\", seconds = 1"),
        ("run = 5", "run = 5, walk = 1"),
        ("{ lt = \"99.0\",", "{ le = \"99.0\","),
        ("family = \"mean\"", "famly = \"mean\""),
    ]), @"
    line 2, column 1: unknown key `opend` in the contract; did you mean `opened`?
    line 4, column 2: unknown key `ovner` in the contract; did you mean `owner`?
    line 5, column 1: unknown key `colour` in [owner]; possible here: `name`, `since`, `weekly`, `holidays`
    line 7, column 8: unknown key `huors` in [owner.weekly]; did you mean `hours`?
    line 11, column 1: unknown key `why` in [[events.rule]]; did you mean `when`?
    line 11, column 33: invalid unquoted key, expected letters, numbers, `-`, `_`
    line 22, column 1: unknown key `second` in [promise.metric]; did you mean `seconds`?
    line 23, column 1: unknown key `run` in [promise.metric]; possible here: `seconds`
    line 38, column 29: unknown key `seconds` in [promise.metric]; none is possible here
    line 34, column 38: unknown key `walk` in [promise.metric.rule]; possible here: `run`
    line 26, column 5: unknown key `le` in [[promise.credit.bands]]; did you mean `ge`?
    line 21, column 1: unknown key `famly` in [promise.metric]; did you mean `family`?
    ");
}

#[test]
fn missing_keys_are_refused_at_their_table() {
    insta::assert_snapshot!(refused(&[
        ("schema = \"sample/1\"\n", ""),
        ("name = \"Ada\"\n", ""),
        ("class = \"success\"\n", ""),
        ("family = \"mean\"\n", ""),
        ("seconds = 300\n", ""),
        ("{ family = \"none\" }", "{}"),
        ("kind = \"at_least\", ", ""),
        ("lt = \"99.9\", ", ""),
        ("weekly.hours = 40", "weekly = {}"),
    ]), @"
    line 1, column 1: the contract lacks the key `schema`
    line 4, column 1: [owner] lacks the key `name`
    line 13, column 1: [[events.rule]] lacks the key `class`
    line 20, column 1: [promise.metric] lacks the key `family`
    line 20, column 1: [promise.metric] lacks the key `seconds`
    line 38, column 10: [promise.metric] lacks the key `family`
    line 34, column 8: [promise.metric.rule] lacks the key `kind`
    line 25, column 3: [[promise.credit.bands]] lacks the key `lt`
    line 7, column 10: [owner.weekly] lacks the key `hours`
    ");
}

#[test]
fn values_of_another_type_are_refused_in_plain_words() {
    insta::assert_snapshot!(refused(&[
        ("name = \"Ada\"", "name = 1"),
        ("name = \"Ada\"", "name = [\"Ada\"]"),
        ("hours = 40", "hours = \"40\""),
        ("hours = 40", "hours = 40.5"),
        ("stream = true", "stream = \"yes\""),
        ("opened = 2026-10-01", "opened = 20261001"),
        ("since = 2026-01-01T00:00:00Z", "since = true"),
        ("class = \"error\"", "class = { error = 1 }"),
        ("class = \"error\"", "class = 1"),
        ("[\"ä\", \"b\"]", "\"ä\""),
        ("[\"ä\", \"b\"]", "[\"ä\", 5]"),
        ("{ feature = [\"ä\", \"b\"] }", "\"all\""),
        ("metric = { family = \"none\" }", "metric = 5"),
        ("metric = { family = \"none\" }", "metric = \"mean\""),
        ("family = \"none\"", "family = [\"none\"]"),
        ("\"5xx\", 429", "true"),
        ("target = \"99.9\"", "target = true"),
        ("rule = { kind = \"at_least\", run = 5 }", "rule = [5]"),
    ]), @r#"
    line 5, column 8: `name` must be text, not a whole number
    line 5, column 8: `name` must be text, not a list
    line 7, column 16: `hours` must be a whole number, not text
    line 7, column 16: `hours` must be a whole number, not a number with a fraction
    line 11, column 42: `stream` must be true or false, not text
    line 2, column 10: `opened` must be a date, such as 2026-10-01, not a whole number
    line 6, column 9: `since` must be an instant with its offset, such as 2026-10-01T08:30:00Z, not true or false
    line 10, column 9: `class` must be a word in quotes, not a table
    line 10, column 9: `class` must be a word in quotes, not a whole number
    line 16, column 20: `feature` must be a list such as ["ä"], not text
    line 16, column 26: `feature` must be text, not a whole number
    line 16, column 8: `when` must be a table, not text
    line 38, column 10: `metric` must be a table, not a whole number
    line 38, column 10: `metric` must be a table, not text
    line 38, column 21: `family` must be a word in quotes, not a list
    line 11, column 20: `status` must be a status, such as 500 or "5xx", not true or false
    line 19, column 10: `target` must be a number in quotes, not true or false
    line 34, column 8: `rule` must be a table, not a list
    "#);
}

#[test]
fn bare_numbers_are_refused_with_what_to_write() {
    insta::assert_snapshot!(refused(&[
        ("target = \"99.9\"", "target = 99.90"),
        ("target = \"99\"", "target = 99"),
        ("threshold = \"0.05\"", "threshold = 5e-2"),
        ("percent = \"25\"", "percent = 0x19"),
        ("percent = \"25\"", "percent = 99999999999999999999"),
    ]), @r#"
    line 19, column 10: `target` must be exact: write it in quotes, "99.90"
    line 37, column 10: `target` must be exact: write it in quotes, "99"
    line 33, column 13: `threshold` must be exact: write it in quotes, "5e-2"
    line 26, column 28: `percent` must be exact: write it in quotes, "0x19"
    line 26, column 28: `percent` must be exact: write it in quotes, "99999999999999999999"
    "#);
}

#[test]
fn unknown_words_are_refused_with_the_nearest_one_or_all() {
    insta::assert_snapshot!(refused(&[
        ("class = \"error\"", "class = \"eror\""),
        ("class = \"error\"", "class = \"Error\""),
        ("class = \"error\"", "class = \"no\""),
        ("family = \"mean\"", "family = \"maen\""),
        ("metric = { family = \"none\" }", "metric = \"nine\""),
        ("kind = \"at_least\"", "kind = \"at_most\""),
        ("basis = \"inferred\"", "basis = \"guessed\""),
    ]), @"
    line 10, column 9: `eror` is not possible for `class`; did you mean `error`?
    line 10, column 9: `Error` is not possible for `class`; did you mean `error`?
    line 10, column 9: `no` is not possible for `class`; possible here: `error`, `success`
    line 21, column 10: `maen` is not possible for `family`; did you mean `mean`?
    line 38, column 10: `nine` is not possible for `metric`; did you mean `none`?
    line 34, column 17: `at_most` is not possible for `kind`; did you mean `at_least`?
    line 15, column 9: `guessed` is not possible for `basis`; possible here: `stated`, `inferred`
    ");
}

#[test]
fn values_that_a_type_refuses_are_found_with_its_reason() {
    insta::assert_snapshot!(refused(&[
        ("target = \"99.9\"", "target = \"99,9\""),
        ("threshold = \"0.05\"", "threshold = \"5%\""),
        ("hours = 40", "hours = 256"),
        ("seconds = 300", "seconds = 0"),
        ("run = 5", "run = -5"),
        ("run = 5", "run = 99999999999999999999"),
        ("opened = 2026-10-01", "opened = \"1.10.2026\""),
        ("opened = 2026-10-01", "opened = 2026-10-01T00:00:00Z"),
        ("since = 2026-01-01T00:00:00Z", "since = 2026-01-01T00:00:00"),
        ("since = 2026-01-01T00:00:00Z", "since = 2026-01-01"),
        ("name = \"Ada\"", "name = \" \""),
        ("name = \"Ada\"", "name = \"\"\"Ada\nEva\"\"\""),
        ("family = \"mean\"", "family = \"\""),
        ("[\"ä\", \"b\"]", "[]"),
        ("[\"ä\", \"b\"]", "[\"ä\", \"a\\tb\"]"),
    ]), @r#"
    line 19, column 10: `target`: "99,9" is not a percentage: write digits with at most one point, such as "99.9", at most 9 on each side, without sign, exponent or %
    line 33, column 13: `threshold`: "5%" is not a decimal number: write digits with at most one point, such as "0.05", at most 9 on each side, without sign or exponent
    line 7, column 16: `hours`: must be a whole number from 0 to 255
    line 22, column 11: `seconds`: must be a whole number from 1 to 4294967295
    line 34, column 35: `run`: must be a whole number from 0 to 4294967295
    line 34, column 35: `run`: must be a whole number from 0 to 4294967295
    line 2, column 10: `opened`: must be a date, such as 2026-10-01
    line 2, column 10: `opened`: must be a date, such as 2026-10-01
    line 6, column 9: `since`: must be an instant with its offset, such as 2026-10-01T08:30:00Z
    line 6, column 9: `since`: must be an instant with its offset, such as 2026-10-01T08:30:00Z
    line 5, column 8: `name`: must not be empty
    line 5, column 8: `name`: must be one line of text without control characters
    line 21, column 10: `family`: must not be empty
    line 16, column 20: `feature`: the list is empty: leave the key out instead
    line 16, column 26: `feature`: must be one line of text without control characters
    "#);
}

#[test]
fn rules_across_keys_are_refused_at_the_key_they_name() {
    insta::assert_snapshot!(refused(&[
        ("{ lt = \"99.0\", percent", "{ lt = \"98.0\", percent"),
        ("{ ge = \"99.0\", lt", "{ lt"),
        ("[promise.credit]", "[promise.credit]\nhours = 1\ndays = 2"),
    ]), @"
    line 26, column 10: `lt`: must be 99
    line 25, column 3: `ge`: must be there
    line 25, column 8: `days`: give one of `hours` and `days`
    ");
}

#[test]
fn a_path_may_begin_at_the_document_and_leads_as_far_as_it_exists() {
    #[derive(Debug, Deserialize)]
    #[serde(try_from = "toml::Table")]
    struct Checked;
    impl TryFrom<toml::Table> for Checked {
        type Error = String;

        fn try_from(table: toml::Table) -> Result<Self, String> {
            Err(table["why"].as_str().unwrap_or_default().to_owned())
        }
    }
    let check = |why: &str, error: &str| {
        let text = format!("why = '{why}'\nlist = [1, {{ key = 2 }}]\n");
        assert_eq!(read::<Checked>(&text).unwrap_err().to_string(), error);
    };
    check("`list.1.key`: no", "line 2, column 20: `key`: no");
    check("`list.1`: no", "line 2, column 12: `list`: no");
    check("`list.7.key`: no", "line 2, column 8: `key`: no");
    check("`other`: no", "line 1, column 1: `other`: no");
    check("`a b`: no", "line 1, column 1: `contract`: `a b`: no");
    check("`7`: no", "line 1, column 1: `contract`: `7`: no");
    check(
        "`list` is bad",
        "line 1, column 1: `contract`: `list` is bad",
    );
}

#[test]
fn the_first_error_in_the_text_is_reported() {
    let both = SAMPLE
        .replacen("class = \"success\"", "class = \"no\"", 1)
        .replacen("basis = \"inferred\"", "basis = \"no\"", 1);
    assert_eq!(read::<Sample>(&both).unwrap_err().line, 14);
}

#[test]
fn columns_count_characters_not_bytes() {
    let error = read::<Sample>("schema = \"ä\"; b = 1").unwrap_err();
    assert_eq!((error.line, error.column), (1, 13));
    let text = SAMPLE.replacen("[\"ä\", \"b\"]", "[\"ä\", 5]", 1);
    let error = read::<Sample>(&text).unwrap_err();
    assert_eq!((error.line, error.column), (16, 26));
}
