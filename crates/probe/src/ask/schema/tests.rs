use proptest::prelude::*;
use serde_json::json;

use super::*;

fn schema(value: &Value) -> Schema {
    value.to_string().parse().unwrap()
}

#[track_caller]
fn check(rules: &Value, fitting: &[Value], others: &[Value]) {
    let schema = schema(rules);
    for value in fitting {
        assert!(schema.fits(value), "{value} should fit {rules}");
    }
    for value in others {
        assert!(!schema.fits(value), "{value} should not fit {rules}");
    }
}

#[test]
fn each_rule_lets_pass_what_it_names_and_nothing_else() {
    check(&json!(true), &[json!(1), json!(null)], &[]);
    check(&json!(false), &[], &[json!(1), json!(null)]);
    check(
        &json!({"type": "integer"}),
        &[json!(-1), json!(u64::MAX)],
        &[json!(1.0), json!("1"), json!(null)],
    );
    check(
        &json!({"type": ["number", "null"]}),
        &[json!(1.5), json!(1), json!(null)],
        &[json!("x"), json!([]), json!({}), json!(true)],
    );
    check(
        &json!({"enum": ["red", 1]}),
        &[json!("red"), json!(1)],
        &[json!("blue"), json!(2)],
    );
    check(
        &json!({"const": {"a": 1}}),
        &[json!({"a": 1})],
        &[json!({"a": 2})],
    );
    check(
        &json!({"type": "string", "pattern": "^p.ng$"}),
        &[json!("pong")],
        &[json!("spong"), json!(1)],
    );
    check(
        &json!({"type": "array", "items": {"type": "boolean"}}),
        &[json!([]), json!([true, false])],
        &[json!([true, 1]), json!({})],
    );
}

#[test]
fn objects_are_held_to_required_known_and_other_members() {
    check(
        &json!({
            "type": "object",
            "required": ["city"],
            "properties": {"city": {"type": "string"}, "size": {"type": "integer"}},
            "additionalProperties": false,
        }),
        &[json!({"city": "Ulm"}), json!({"city": "Ulm", "size": 1})],
        &[
            json!({}),
            json!({"city": 1}),
            json!({"city": "Ulm", "size": "1"}),
            json!({"city": "Ulm", "x": 1}),
        ],
    );
    check(
        &json!({"additionalProperties": {"type": "integer"}}),
        &[json!({"a": 1}), json!("not an object")],
        &[json!({"a": "1"})],
    );
}

#[test]
fn a_schema_that_is_not_understood_says_where() {
    let error = |text: &str| text.parse::<Schema>().unwrap_err().to_string();
    assert_eq!(
        error(r#"{"properties":{"a/b":{"type":"strin"}}}"#),
        "the schema at `/properties/a~1b/type` is not a type, nor a list of types"
    );
    assert_eq!(
        error(r#"{"items":{"minLength":3}}"#),
        "the schema at `/items/minLength` is a key that is not known"
    );
    assert_eq!(
        error(r#"{"pattern":"("}"#),
        "the schema at `/pattern` has a pattern that cannot be used"
    );
    assert_eq!(
        error("{\n \"a\""),
        "the schema is not JSON: line 2, column 4"
    );
    assert_eq!(
        error("1"),
        "the schema at `/` is not an object, `true` or `false`"
    );
    let deep = format!("{}true{}", r#"{"items":"#.repeat(40), "}".repeat(40));
    assert!(error(&deep).ends_with("is nested too deeply"));
    assert_eq!(
        " ".repeat(SCHEMA_BYTES_MAX + 1).parse::<Schema>(),
        Err(SchemaError::TooLong)
    );
}

proptest! {
    #[test]
    fn arbitrary_text_is_a_schema_or_an_error(text in "[\\{\\}\\[\\]\":,a-z0-9 ]{0,80}") {
        if let Ok(schema) = text.parse::<Schema>() {
            let _ = schema.fits(&json!({"a": [1, "x", null]}));
        }
    }
}
