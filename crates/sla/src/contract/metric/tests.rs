use super::*;

/// Reads a metric from the inside of its table, with `family` in its place.
pub(crate) fn read(table: &str) -> Result<Metric, String> {
    let table: toml::Table = table.parse().unwrap();
    Metric::deserialize(by_family(toml::Value::Table(table))).map_err(|error| error.to_string())
}

/// The same, from one line of keys.
#[track_caller]
pub(crate) fn metric(keys: &str) -> Metric {
    let table: toml::Table = format!("metric = {{ {keys} }}").parse().unwrap();
    Metric::deserialize(by_family(table["metric"].clone())).unwrap()
}

/// Puts every table that names its family under that name, which is how plain TOML tells enums.
fn by_family(value: toml::Value) -> toml::Value {
    let toml::Value::Table(table) = value else {
        return value;
    };
    let mut table: toml::Table = table
        .into_iter()
        .map(|(key, value)| (key, by_family(value)))
        .collect();
    match table.remove("family") {
        Some(toml::Value::String(family)) => {
            toml::Value::Table([(family, toml::Value::Table(table))].into_iter().collect())
        }
        _ => toml::Value::Table(table),
    }
}

const EVERY_KEY: &[&str] = &[
    r#"
family = "interval_mean"
interval_s = 3600
align = "local_midnight"
empty = "skip"
min_valid = 3
kinds = ["burst", "traffic"]
"#,
    r#"
family = "downtime_minutes"
rule = "rate_gt"
threshold = "0.05"
min_run_minutes = 5
min_valid_per_minute = 60
kinds = ["planned"]
"#,
    r#"
family = "downtime_minutes"
rule = "any_fail"
min_run_minutes = 1
"#,
    r#"
family = "request_ratio"
success_within_s = 60
kinds = ["manual"]

[dedupe]
kind = "repeat_errors"
window_s = 300
"#,
    r#"
family = "outage_proportional"
rule = "rate_ge"
threshold = "1"
min_run_minutes = 2
min_valid_per_minute = 1
affected_ratio = "one"
"#,
    r#"
family = "target_only"

[of]
family = "downtime_minutes"
rule = "all_fail"
min_run_minutes = 1
"#,
    r#"
family = "latency_attainment"
aggregate = "windows"
window_s = 60
percentile = "99.5"
percentile_method = "linear"
quantity = "time_per_output_token_ms"
quantity_definition = "tokens_over_total"
compare = "le"
min_samples_per_window = 2
kinds = ["traffic"]

[sample]
stream = true
status = [200]
min_output_tokens = 76
max_output_tokens = 4000
max_context_tokens = 200000
tier = ["priority"]

[[targets]]
model = "a"
value = "60"

[[targets]]
model = "b*"
value = "0.5"
"#,
    r#"
family = "latency_attainment"
aggregate = "requests"
quantity = "ttft_ms"
compare = "lt"
value = "800"
"#,
];

#[test]
fn every_key_is_read_and_written_back_the_same() {
    for text in EVERY_KEY {
        let metric = read(text).unwrap();
        let written = toml::to_string(&metric).unwrap();
        let table = |text: &str| text.parse::<toml::Table>().unwrap();
        assert_eq!(table(&written), table(text), "{written}");
        assert_eq!(read(&written).unwrap(), metric);
    }
}

#[test]
fn what_is_left_out_has_its_default() {
    let Metric::IntervalMean(rule) =
        metric(r#"family = "interval_mean", interval_s = 300, empty = "up""#)
    else {
        panic!("another family");
    };
    assert_eq!((rule.align, rule.min_valid), (Align::Epoch, 0));
    assert_eq!(rule.kinds, Kinds::planned_and_traffic());
    let Metric::LatencyAttainment(rule) = metric(
        r#"family = "latency_attainment", aggregate = "windows", percentile = "50", quantity = "output_tokens_per_second", compare = "gt", value = "60""#,
    ) else {
        panic!("another family");
    };
    let Aggregate::Windows(windows) = rule.aggregate else {
        panic!("another aggregate");
    };
    assert_eq!(
        (windows.window_minutes.get(), windows.min_samples.get()),
        (5, 1)
    );
    assert_eq!(windows.method, PercentileMethod::Unknown);
    assert_eq!(
        rule.quantity,
        Quantity::OutputTokensPerSecond(TokenTiming::Unknown)
    );
    let minutes = r#"family = "downtime_minutes", rule = "all_fail", min_run_minutes = 5"#;
    assert_eq!(*metric(minutes).kinds(), Kinds::all_but_manual());
}

#[test]
fn tables_that_contradict_themselves_are_refused_by_the_key_that_does() {
    let minutes = r#"family = "downtime_minutes", min_run_minutes = 5"#;
    let outage = r#"family = "outage_proportional", min_run_minutes = 1, affected_ratio = "one""#;
    let mean = r#"family = "interval_mean", empty = "up""#;
    let latency = r#"family = "latency_attainment", compare = "gt""#;
    for (keys, error) in [
        (format!(r#"{minutes}, rule = "rate_gt""#), "`rule`: needs `threshold`"),
        (format!(r#"{minutes}, rule = "rate_gt", threshold = "1""#), "`threshold`: must be a ratio below 1"),
        (format!(r#"{outage}, rule = "rate_ge", threshold = "0""#), "`threshold`: must be a ratio above 0"),
        (format!(r#"{outage}, rule = "all_fail", threshold = "0.1""#), "`threshold`: only belongs to"),
        (format!(r#"{minutes}, rule = "all_fail", kinds = []"#), "`kinds`: name at least one"),
        (format!(r#"{minutes}, rule = "all_fail", kinds = ["burst", "burst"]"#), "`kinds`: names one twice"),
        (format!(r#"{minutes}, rule = "all_fail", colour = 1"#), "unknown field `colour`"),
        (r#"family = "downtime_minutes", rule = "all_fail", min_run_minutes = 1441"#.to_owned(), "must be a whole number from 1 to 1440"),
        (format!("{mean}, interval_s = 90"), "must be a multiple of 60"),
        (format!("{mean}, interval_s = 86460"), "must be a multiple of 60"),
        (r#"family = "request_ratio", success_within_s = 0"#.to_owned(), "must be a whole number from 1 to 86400"),
        (r#"family = "request_ratio", dedupe = { kind = "repeat_errors", window_s = 86401 }"#.to_owned(), "must be a whole number from 1 to 86400"),
        (r#"family = "target_only", of = { family = "target_only", of = { family = "request_ratio" } }"#.to_owned(), "`of.family`: must be another"),
        (format!(r#"{latency}, aggregate = "windows", quantity = "ttft_ms", value = "1""#), "`aggregate`: windows need `percentile`"),
        (format!(r#"{latency}, aggregate = "windows", quantity = "ttft_ms", percentile = "0", value = "1""#), "`percentile`: must be above 0"),
        (format!(r#"{latency}, aggregate = "requests", quantity = "ttft_ms", percentile = "5", value = "1""#), "`percentile`: has no place"),
        (format!(r#"{latency}, aggregate = "requests", quantity = "ttft_ms", quantity_definition = "unknown", value = "1""#), "`quantity_definition`: only belongs"),
        (format!(r#"{latency}, aggregate = "requests", quantity = "ttft_ms""#), "`value`: give exactly one of"),
        (format!(r#"{latency}, aggregate = "requests", quantity = "ttft_ms", targets = []"#), "`targets`: name at least one"),
        (format!(r#"{latency}, aggregate = "requests", quantity = "ttft_ms", targets = [{{ model = "a", value = "1" }}, {{ model = "a", value = "2" }}]"#), "`targets.1.model`: another target names it"),
        (format!(r#"{latency}, aggregate = "requests", quantity = "ttft_ms", value = "1", sample = {{ min_output_tokens = 5, max_output_tokens = 4 }}"#), "`sample.max_output_tokens`: is below"),
    ] {
        let found = read(&keys_to_table(&keys)).unwrap_err();
        assert!(found.contains(error), "{keys}: {found}");
    }
}

/// Keys on one line as a table of their own.
fn keys_to_table(keys: &str) -> String {
    let table: toml::Table = format!("metric = {{ {keys} }}").parse().unwrap();
    table["metric"].as_table().unwrap().to_string()
}

#[test]
fn what_is_open_has_a_reading_for_every_word_and_the_least_loss_first() {
    let choices = |keys: &str| -> Vec<Vec<(&str, &str)>> {
        let words = |reading: MetricReading| {
            let pairs = reading.choices.iter().map(|c| (c.key, c.word));
            assert_eq!(reading.metric.readings().len(), 1);
            pairs.collect()
        };
        metric(keys).readings().into_iter().map(words).collect()
    };
    let settled = choices(r#"family = "interval_mean", interval_s = 300, empty = "up""#);
    assert_eq!(settled, [[]; 1]);
    let target = choices(
        r#"family = "target_only", of = { family = "interval_mean", interval_s = 300, align = "window_start", empty = "unknown" }"#,
    );
    assert_eq!(target, [[("empty", "up")], [("empty", "skip")]]);
    let both = choices(
        r#"family = "interval_mean", interval_s = 300, align = "unknown", empty = "unknown""#,
    );
    assert_eq!(both.len(), 6);
    assert_eq!(both[0], [("align", "epoch"), ("empty", "up")]);
    let latency = choices(
        r#"family = "latency_attainment", aggregate = "unknown", percentile = "50", quantity = "output_tokens_per_second", compare = "gt", value = "60""#,
    );
    // Three methods of percentile for windows and none for requests, by two definitions.
    assert_eq!(latency.len(), 8);
    let first = [
        "windows",
        "nearest_rank_lower",
        "tokens_minus_one_over_generation",
    ];
    assert_eq!(latency[0].iter().map(|c| c.1).collect::<Vec<_>>(), first);
    let outage = choices(
        r#"family = "outage_proportional", rule = "all_fail", min_run_minutes = 1, affected_ratio = "unknown""#,
    );
    assert_eq!(outage[0], [("affected_ratio", "measured")]);
}

#[test]
fn a_sample_by_hand_counts_only_where_the_contract_says_so() {
    use domain::{Kind, Source};
    let by_hand = Kinds::listed(vec![SampleKind::Manual]).unwrap();
    for source in [Source::Probe, Source::Traffic] {
        assert!(by_hand.counts(Kind::Manual, source));
        assert!(!Kinds::all_but_manual().counts(Kind::Manual, source));
    }
    let ratio = Kinds::planned_and_traffic();
    assert!(ratio.counts(Kind::Planned, Source::Probe));
    assert!(!ratio.counts(Kind::Burst, Source::Probe));
    assert!(ratio.counts(Kind::Burst, Source::Traffic));
}

#[test]
fn the_schema_names_every_family_and_documents_every_key() {
    let schema = schemars::schema_for!(Metric);
    let text = serde_json::to_string(&schema).unwrap();
    for family in [
        Family::DowntimeMinutes,
        Family::IntervalMean,
        Family::RequestRatio,
        Family::OutageProportional,
        Family::TargetOnly,
        Family::LatencyAttainment,
    ] {
        assert!(text.contains(&format!(r#""const":"{}""#, family.as_str())));
    }
    let mut keys = 0;
    undocumented(schema.as_value(), &mut keys);
    assert!(keys > 30, "{keys}");
}

/// Panics at the first property without a description, except the one that names the family.
fn undocumented(schema: &serde_json::Value, keys: &mut usize) {
    if let Some(properties) = schema.get("properties").and_then(|p| p.as_object()) {
        for (key, property) in properties {
            *keys += 1;
            let documented =
                property.get("description").is_some() || property.get("$ref").is_some();
            assert!(documented || key == "family", "{key}: {property}");
        }
    }
    match schema {
        serde_json::Value::Object(map) => map.values().for_each(|value| undocumented(value, keys)),
        serde_json::Value::Array(list) => list.iter().for_each(|value| undocumented(value, keys)),
        _ => {}
    }
}
