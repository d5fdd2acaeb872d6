use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use super::*;

#[track_caller]
fn accepts(line: &str) {
    let value = check_line(line.as_bytes()).expect("canonical");
    assert_eq!(to_line(&value).expect("a value"), line);
    assert!(is_canonical(line.as_bytes()), "{line}");
}

#[track_caller]
fn refuses(line: &str, expected: &str) {
    let error = check_line(line.as_bytes()).expect_err("not canonical");
    assert!(
        format!("{error:?}").starts_with(expected),
        "{line}: {error:?}"
    );
    assert!(!is_canonical(line.as_bytes()), "{line}");
}

#[test]
fn canonical_lines_are_accepted_as_they_are() {
    accepts("{}");
    accepts(r#"{"-":0,"0":-1,"_":9007199254740991,"a":-9007199254740991}"#);
    accepts(r#"{"a":[],"a-b":[true,false,[{}]],"aa":{"x":"\"\\/é東😀"}}"#);
}

#[test]
fn every_trap_of_json_is_refused() {
    refuses(r#"{"b":1,"a":2}"#, "NotCanonical { offset: 2 }");
    refuses(r#"{"a":1,"a":1}"#, "NotCanonical");
    refuses(r#"{"a":1,"a":2}"#, "NotCanonical");
    refuses(r#"{"a":{"b":1,"b":1}}"#, "NotCanonical");
    refuses(r#"{"a": 1}"#, "NotCanonical { offset: 5 }");
    refuses(" {}", "NotCanonical");
    refuses("{}\n", "NotCanonical");
    refuses("{}{}", "Parse");
    refuses(r#"{"a":"\u0061"}"#, "NotCanonical");
    refuses(r#"{"a":"\/"}"#, "NotCanonical");
    refuses(r#"{"a":"\n"}"#, "Control");
    refuses("{\"a\":\"\u{7f}\"}", "Control");
    refuses("{\"a\":\"\u{85}\"}", "Control");
    refuses("{\"a\":\"\t\"}", "Parse");
    refuses(r#"{"a":"\ud800"}"#, "Parse");
    refuses(r#"{"A":1}"#, "Key");
    refuses(r#"{"":1}"#, "Key");
    refuses(r#"{"é":1}"#, "Key");
    refuses(r#"{"a":null}"#, "Null");
    refuses(r#"{"a":[null]}"#, "Null");
    refuses(r#"{"a":1.0}"#, "Number");
    refuses(r#"{"a":1e3}"#, "Number");
    refuses(r#"{"a":-0}"#, "Number");
    refuses(r#"{"a":01}"#, "Parse");
    refuses(r#"{"a":NaN}"#, "Parse");
    refuses(r#"{"a":9007199254740992}"#, "Number");
    refuses(r#"{"a":-9007199254740992}"#, "Number");
    refuses(r#"{"a":123456789012345678901234567890}"#, "Number");
    refuses("[]", "NotAnObject");
    refuses("1", "NotAnObject");
    refuses("", "Parse");
}

/// The outputs that come with RFC 8785 (test data of its reference implementation): each is
/// canonical there, and each holds something that the strict form leaves out.
#[test]
fn the_published_texts_of_rfc_8785_are_refused_for_what_the_strict_form_leaves_out() {
    refuses(r#"[56,{"1":[],"10":null,"d":true}]"#, "NotAnObject");
    refuses(
        r#"{"peach":"This sorting order","péché":"is wrong according to French","pêche":"but canonicalization MUST","sin":"ignore locale"}"#,
        "Key",
    );
    refuses("{\"Unnormalized Unicode\":\"A\u{30a}\"}", "Key");
    refuses(
        r#"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}"#,
        "Null",
    );
    refuses(
        r#"{"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27]}"#,
        "Number",
    );
    refuses(r#"{"string":"€$\u000f\nA'B\"\\\\\"/"}"#, "Control");
    accepts(r#"{"string":"€$A'B\"\\\\\"/"}"#);
}

#[test]
fn bytes_that_are_not_utf_8_are_refused() {
    assert!(matches!(
        check_line(b"{\"a\":\"\xff\"}"),
        Err(JcsError::Parse(_))
    ));
    assert!(matches!(
        check_line(b"\xef\xbb\xbf{}"),
        Err(JcsError::Parse(_))
    ));
}

#[test]
fn depth_and_length_have_limits() {
    let nested = |depth: usize| {
        format!(
            "{{\"a\":{}{}}}",
            "[".repeat(depth - 1),
            "]".repeat(depth - 1)
        )
    };
    accepts(&nested(DEPTH_MAX));
    refuses(&nested(DEPTH_MAX + 1), "TooDeep");
    refuses(&nested(100_000), "Parse");
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(LINE_BYTES_MAX));
    refuses(&long, "TooLong");
}

#[test]
fn a_struct_is_spelled_with_sorted_keys() {
    #[derive(serde::Serialize)]
    struct Line {
        status: u16,
        attempt: u8,
    }
    let line = to_line(&Line {
        status: 529,
        attempt: 1,
    })
    .expect("integers");
    assert_eq!(line, r#"{"attempt":1,"status":529}"#);
}

#[test]
fn floats_and_absent_values_are_refused_on_the_way_out() {
    assert!(matches!(
        to_line(&json!({"a": 1.0})),
        Err(JcsError::Number { .. })
    ));
    assert!(matches!(
        to_line(&json!({"a": f64::NAN})),
        Err(JcsError::Null)
    ));
    assert!(matches!(
        to_line(&BTreeMap::from([("a", None::<u8>)])),
        Err(JcsError::Null)
    ));
    assert!(matches!(
        to_line(&json!({"a": u64::MAX})),
        Err(JcsError::Number { .. })
    ));
    assert!(matches!(to_line(&json!([1])), Err(JcsError::NotAnObject)));
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        (-9_007_199_254_740_991..=9_007_199_254_740_991_i64).prop_map(Value::from),
        "[^\\p{Cc}]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-z0-9_-]{1,6}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_spelled_checks_and_means_the_same(value in value()) {
        let value = json!({"v": value});
        let line = to_line(&value).expect("within the rules");
        prop_assert_eq!(check_line(line.as_bytes()).expect("canonical"), value);
    }

    #[test]
    fn one_pass_tells_what_the_value_tells(
        value in value(), noise in "[{}\\[\\]\":,0-9a-cé\\\\\u{7f}\u{85}\u{a0} .eE+-]{0,3}", at: prop::sample::Index,
        length in 0_usize..3,
    ) {
        let mut line = to_line(&json!({"v": value})).expect("within the rules").into_bytes();
        prop_assert!(is_canonical(&line));
        let from = at.index(line.len());
        let to = line.len().min(from + length);
        line.splice(from..to, noise.bytes());
        prop_assert_eq!(is_canonical(&line), check_line(&line).is_ok(), "{:?}", line);
    }

    #[test]
    fn one_pass_and_the_value_agree_on_any_bytes(bytes: Vec<u8>) {
        prop_assert_eq!(is_canonical(&bytes), check_line(&bytes).is_ok());
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
        if let Ok(value) = check_line(&bytes) {
            prop_assert_eq!(to_line(&value).expect("canonical").into_bytes(), bytes);
        }
    }
}
