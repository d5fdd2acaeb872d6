use serde_json::json;

use super::*;
use crate::contract::schema::schema_of;
use crate::contract::tree::tests::Sample;

/// The part of the sample's reference below one heading.
#[track_caller]
fn below(heading: &str) -> String {
    let page = reference_of(&schema_of::<Sample>("A document"));
    let mut lines = page.lines().skip_while(|line| *line != heading);
    assert!(lines.next().is_some(), "{page}");
    let part: Vec<&str> = lines.take_while(|line| !line.starts_with('#')).collect();
    part.join("\n")
}

#[test]
fn every_table_has_a_section_in_the_order_of_the_document() {
    let page = reference_of(&schema_of::<Sample>("A document"));
    let headings: Vec<&str> = page.lines().filter(|line| line.starts_with('#')).collect();
    insta::assert_snapshot!(headings.join("\n"), @r#"
    # A document
    ## Top level
    ## `[events]`
    ### `[[events.rule]]`
    ### `[events.rule.when]`
    ## `[owner]`
    ### `[owner.holidays]`
    ## `[[promise]]`
    ### `[promise.metric]`
    #### `[promise.metric]` with `family = "mean"`
    #### `[promise.metric]` with `family = "minutes"`
    ### `[promise.metric.rule]`
    #### `[promise.metric.rule]` with `kind = "at_least"`
    ### `[promise.credit]`
    ### `[[promise.credit.bands]]`
    ## Words used in several tables
    ### Basis
    "#);
}

#[test]
fn required_keys_come_first_and_tables_are_linked() {
    insta::assert_snapshot!(below("## Top level"), @r#"
    A document for tests.

    | key | required | value | meaning | default |
    |---|---|---|---|---|
    | `events` | yes | table [`[events]`](#events) | Rules for events. |  |
    | `owner` | yes | table [`[owner]`](#owner) | Who owns it. |  |
    | `promise` | yes | list of tables [`[[promise]]`](#promise) | What is promised. |  |
    | `schema` | yes | `"sla-contract/1"` | The version of the format. |  |
    | `opened` |  | date, such as `2026-10-01` | First day. |  |
    "#);
    insta::assert_snapshot!(below("## `[owner]`"), @"
    Who owns it.

    | key | required | value | meaning | default |
    |---|---|---|---|---|
    | `name` | yes | text | Their name. |  |
    | `since` | yes | instant with its offset, such as `2026-10-01T08:30:00Z` | Since when. |  |
    | `holidays` |  | table [`[owner.holidays]`](#ownerholidays) | The same in holidays. |  |
    | `weekly` |  | table with the keys of [`[owner.holidays]`](#ownerholidays) | Hours of work. |  |
    ");
}

#[test]
fn words_are_listed_with_their_meanings_once() {
    insta::assert_snapshot!(below("### `[[events.rule]]`"), @r#"
    One rule.

    | key | required | value | meaning | default |
    |---|---|---|---|---|
    | `class` | yes | `"error"` or `"success"` | What matching events are. |  |
    | `when` | yes | table [`[events.rule.when]`](#eventsrulewhen) | Which events match \| all that is given. |  |
    | `basis` |  | one of the words for [Basis](#basis) | How sure it is. See `Basis`. | `"stated"` |

    Words for `class`:

    - `"error"`: It failed.
    - `"success"`: It succeeded.
    "#);
    insta::assert_snapshot!(below("### Basis"), @r#"
    How sure it is.

    - `"stated"`: The text states it.
    - `"inferred"`: It follows from the text.
    "#);
}

#[test]
fn lists_and_values_of_several_shapes_are_told_in_short() {
    insta::assert_snapshot!(below("### `[events.rule.when]`"), @"
    Which events match.

    | key | required | value | meaning | default |
    |---|---|---|---|---|
    | `feature` |  | list of text | Features; one in common is enough. |  |
    | `status` |  | list of whole number from 0 to 65535, or text | HTTP status. |  |
    | `stream` |  | `true` or `false` | Whether it was streamed. |  |
    ");
}

#[test]
fn a_tag_chooses_the_keys_of_its_table() {
    insta::assert_snapshot!(below("### `[promise.metric]`"), @r#"
    The formula.

    `family` is required, and chooses the other keys:

    - `"mean"`: A mean over intervals.
    - `"minutes"`: A share of minutes.
    - `"none"`: No formula.
    "#);
    insta::assert_snapshot!(below("#### `[promise.metric]` with `family = \"minutes\"`"), @r#"
    | key | required | value | meaning | default |
    |---|---|---|---|---|
    | `rule` | yes | table [`[promise.metric.rule]`](#promisemetricrule) | Which runs of bad minutes count. |  |
    | `threshold` | yes | number in quotes, such as `"0.05"` | Share of errors above which a minute is bad. |  |
    "#);
}

#[test]
fn a_default_is_taken_from_the_schema_or_from_the_description() {
    insta::assert_snapshot!(below("## `[[promise]]`"), @r#"
    One promise.

    | key | required | value | meaning | default |
    |---|---|---|---|---|
    | `metric` | yes | table [`[promise.metric]`](#promisemetric) | The formula. |  |
    | `target` | yes | percentage in quotes, such as `"99.9"` | What is promised, in percent. |  |
    | `basis` |  | one of the words for [Basis](#basis) | How sure it is. | `"stated"` |
    | `credit` |  | table [`[promise.credit]`](#promisecredit) | What a breach is worth. | nothing |
    "#);
    let rounding = json!({ "mode": "floor", "digits": [1, 2] });
    let schema = json!({ "properties": {
        "a": { "type": "string", "description": "One | two.\n\nDefault: `1`. Three." },
        "b": { "default": rounding, "description": "Default: none." },
    } });
    insta::assert_snapshot!(reference_of(&schema), @r#"
    # Contract

    Written by `nines contract reference` from the types that read contracts. Keys that are not named here are refused. Lists have at least one entry.

    ## Top level

    | key | required | value | meaning | default |
    |---|---|---|---|---|
    | `a` |  | text | One \| two. Three. | `1` |
    | `b` |  | any value |  | `{ digits = [1, 2], mode = "floor" }` |
    "#);
}

#[test]
fn circles_and_dangling_references_end() {
    let schema = json!({
        "$defs": {
            "A": { "$ref": "#/$defs/B" },
            "B": { "$ref": "#/$defs/A" },
            "C": { "properties": { "c": { "$ref": "#/$defs/C" } } },
        },
        "properties": {
            "a": { "$ref": "#/$defs/A" },
            "c": { "$ref": "#/$defs/C" },
            "d": { "$ref": "#/$defs/D" },
        },
    });
    insta::assert_snapshot!(reference_of(&schema), @"
    # Contract

    Written by `nines contract reference` from the types that read contracts. Keys that are not named here are refused. Lists have at least one entry.

    ## Top level

    | key | required | value | meaning | default |
    |---|---|---|---|---|
    | `a` |  | any value |  |  |
    | `c` |  | table [`[c]`](#c) |  |  |
    | `d` |  | any value |  |  |

    ## `[c]`

    | key | required | value | meaning | default |
    |---|---|---|---|---|
    | `c` |  | table with the keys of [`[c]`](#c) |  |  |
    ");
}
