//! What is read, in every way that TOML writes it.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

#[test]
fn a_document_is_read_into_its_type() {
    let sample: Sample = read(SAMPLE).unwrap();
    assert_eq!(sample.opened, NaiveDate::from_ymd_opt(2026, 10, 1));
    assert_eq!(sample.owner.weekly, Some(Weekly { hours: 40 }));
    assert_eq!(sample.events.rule[0].basis, Basis::Stated);
    assert_eq!(sample.events.rule[1].basis, Basis::Inferred);
    let when = &sample.events.rule[0].when;
    assert_eq!(
        when.status,
        [Status::Hundred("5xx".into()), Status::Exact(429)]
    );
    assert_eq!(when.stream, Some(true));
    let Metric::Mean(mean) = &sample.promise[0].metric else {
        panic!("{sample:?}");
    };
    assert_eq!(mean.seconds.get(), 300);
    let Metric::Minutes(minutes) = &sample.promise[1].metric else {
        panic!("{sample:?}");
    };
    assert_eq!(minutes.rule, RunRule::AtLeast { run: 5 });
    assert_eq!(*minutes.threshold.fraction(), "1/20".parse().unwrap());
    assert_eq!(sample.promise[2].metric, Metric::None);
}

#[test]
fn headers_dotted_keys_and_inline_tables_mean_the_same() {
    let expected: Sample = read(SAMPLE).unwrap();
    for (from, to) in [
        (
            "[owner]\nname = \"Ada\"\nsince = 2026-01-01T00:00:00Z\nweekly.hours = 40\n",
            "[owner]\nname = 'Ada'\nsince = \"2026-01-01T01:00:00+01:00\"\n[owner.weekly]\nhours = 0x28\n",
        ),
        ("opened = 2026-10-01", "\"opened\" = \"2026-10-01\" # a day"),
        (
            "[promise.metric]\nfamily = \"mean\"\nseconds = 300\n",
            "metric.family = \"mean\"\nmetric.seconds = 3_00\n",
        ),
        (
            "[promise.metric]\nfamily = \"mean\"\nseconds = 300\n",
            "metric = { seconds = 300, family = \"mean\" }\n",
        ),
        ("target = \"99.9\"", "target = \"99.90\""),
    ] {
        assert!(SAMPLE.contains(from), "{from}");
        let same: Sample = read(&SAMPLE.replacen(from, to, 1)).unwrap();
        assert_eq!(same, expected);
    }
}

#[test]
fn an_enum_with_units_is_a_word_or_a_table() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Document {
        rule: RunRule,
    }
    for text in [
        "rule = \"all\"",
        "rule = { kind = \"all\" }",
        "rule.kind = \"all\"",
    ] {
        let rule = RunRule::All;
        assert_eq!(read::<Document>(text), Ok(Document { rule }), "{text}");
    }
}

#[test]
fn tags_may_be_nested_in_one_table() {
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename = "outer", rename_all = "snake_case")]
    enum Outer {
        Run(RunRule),
    }
    let read: Outer = read("outer = \"run\"\nkind = \"at_least\"\nrun = 3").unwrap();
    assert_eq!(read, Outer::Run(RunRule::AtLeast { run: 3 }));
}

#[test]
fn numbers_flags_and_maps_are_read_as_what_they_are() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Document {
        least: i64,
        most: u64,
        ratio: f64,
        on: bool,
        times: std::collections::BTreeMap<String, chrono::NaiveTime>,
    }
    let document: Document = read(
        "least = -9223372036854775808\nmost = 18446744073709551615\nratio = 1.5\non = true\ntimes.a = 08:30:00",
    )
    .unwrap();
    assert_eq!((document.least, document.most), (i64::MIN, u64::MAX));
    assert!((document.ratio - 1.5).abs() < f64::EPSILON);
    assert!(document.on);
    assert_eq!(document.times["a"].to_string(), "08:30:00");
}

/// What TOML's own reader makes of a text.
fn by_the_book(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(flag) => flag.into(),
        toml::Value::Datetime(at) => at.to_string().into(),
        toml::Value::Array(list) => list.into_iter().map(by_the_book).collect(),
        toml::Value::Table(table) => table
            .into_iter()
            .map(|(key, value)| (key, by_the_book(value)))
            .collect(),
    }
}

#[test]
fn contracts_are_read_as_by_any_reader_of_toml() {
    for text in [
        SAMPLE,
        include_str!("../../../../contracts/demo-direct.toml"),
        include_str!("../../../../contracts/demo-gateway.toml"),
    ] {
        let expected = by_the_book(toml::from_str(text).unwrap());
        assert_eq!(read::<Value>(text).unwrap(), expected);
    }
}

/// Tables of anything that a contract may have.
fn table() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        "[a-z\"'#\\\\=äß. -]{0,9}[a-z]".prop_map(Value::from),
    ];
    let value = leaf.prop_recursive(4, 64, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..5).prop_map(Value::from),
            prop::collection::btree_map(".{0,5}", inner, 0..5).prop_map(|table| json!(table)),
        ]
    });
    prop::collection::btree_map(".{0,5}", value, 0..5).prop_map(|table| json!(table))
}

proptest! {
    #[test]
    fn whatever_is_written_as_toml_is_read_as_it_was(table in table()) {
        prop_assume!(table != json!({}));
        let text = toml::to_string(&table).unwrap();
        prop_assert_eq!(read::<Value>(&text).unwrap(), table.clone(), "{}", text);
        let pretty = toml::to_string_pretty(&table).unwrap();
        prop_assert_eq!(read::<Value>(&pretty).unwrap(), table, "{}", pretty);
    }
}
