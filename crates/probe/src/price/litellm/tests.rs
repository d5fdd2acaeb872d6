use super::super::{Asked, Cost, Part, Usage, Why};
use super::*;

/// Ten entries of our own making, after the documented shape.
const EXCERPT: &[u8] = include_bytes!("tests/excerpt.json");

fn day() -> NaiveDate {
    "2026-11-22".parse().unwrap()
}

fn imported() -> Imported {
    import(EXCERPT, day()).unwrap()
}

fn price(table: &PriceTable, provider: &str, model: &str) -> Price {
    let mut prices = table.of_model(model);
    let price = prices.find(|price| price.provider == provider);
    price
        .unwrap_or_else(|| panic!("{provider} {model}"))
        .clone()
}

#[test]
fn an_excerpt_after_the_documented_shape_becomes_a_table() {
    insta::assert_snapshot!(imported().table.to_toml(), @r#"
    schema = "price-table/1"
    version = "litellm-124407f566b1b43e"
    as_of = 2026-11-22

    [[price]]
    provider = "acme"
    model = "acme-large"
    source = "LiteLLM, model_prices_and_context_window.json"
    provenance = "secondary"
    input = "2.5"
    output = "10"

    [[price.above]]
    input_tokens = 200000
    input = "5"
    output = "20"

    [[price.tier]]
    service_tier = "priority"
    input = "5"
    output = "20"

    [[price.tier.above]]
    input_tokens = 200000
    input = "10"
    output = "40"

    [[price]]
    provider = "acme"
    model = "acme-small"
    source = "LiteLLM, model_prices_and_context_window.json, which names https://acme.example/prices"
    provenance = "secondary"
    deprecation = 2026-12-11
    input = "0.05"
    output = "0.4"
    cache_read = "0.005"
    reasoning = "1"

    [[price]]
    provider = "search"
    model = "acme-search"
    source = "LiteLLM, model_prices_and_context_window.json"
    provenance = "secondary"
    input = "1"
    output = "2"
    per_request = "0.005"

    [[price]]
    provider = "vertex_ai"
    model = "acme-hosted"
    source = "LiteLLM, model_prices_and_context_window.json"
    provenance = "secondary"
    input = "1"
    output = "1"

    [[price.tier]]
    service_tier = "batch"
    input = "0.5"
    output = "0.5"
    "#);
}

#[test]
fn what_is_left_out_is_named() {
    let imported = imported();
    let skipped: Vec<String> = imported
        .skipped
        .iter()
        .map(|(why, names)| format!("{why}: {}", names.join(", ")))
        .collect();
    insta::assert_snapshot!(skipped.join("\n"), @r#"
    an explanation, not a model: sample_spec
    not a model of text in, text out: acme-embedding
    no price of input or of output: acme-unpriced
    prices by ranges: acme-ranges
    a price of zero, which may mean free or unknown: acme-free
    a price that is too high to be per token: acme-slip
    "#);
    let dropped: Vec<String> = imported
        .dropped
        .iter()
        .map(|((why, key), count)| format!("{count} `{key}` {why}"))
        .collect();
    insta::assert_snapshot!(dropped.join("\n"), @r#"
    1 `cache_creation_input_token_cost_above_1hr` has no place in a price table
    1 `cache_creation_input_token_cost` is zero, which may mean free or unknown
    1 `*_flex` is half a price of a service tier
    1 `*_priority` is half a price of a service tier
    "#);
}

#[test]
fn an_imported_table_survives_being_written() {
    let table = imported().table;
    assert_eq!(PriceTable::parse(&table.to_toml()), Ok(table));
}

#[test]
fn imported_prices_price() {
    let table = imported().table;
    let usage = |input| Usage {
        input_tokens: Some(input),
        output_tokens: Some(0),
        cache_read_tokens: Some(0),
        cache_write_tokens: Some(0),
        reasoning_tokens: Some(0),
    };
    let cost = |tier, input| {
        let asked = Asked {
            provider: "acme",
            model: "acme-large",
            tier,
            at: domain::UnixMillis::new(0),
        };
        table.cost(&asked, &usage(input))
    };
    let exact = |nano| Cost::Exact(super::super::NanoUsd::new(nano));
    assert_eq!(cost(None, 200_000), exact(500_000_000));
    assert_eq!(cost(None, 200_001), exact(1_000_005_000));
    assert_eq!(cost(Some("priority"), 1), exact(5_000));
    assert_eq!(cost(Some("flex"), 1), Cost::Unknown { why: Why::Tier });
    assert_eq!(cost(Some("batch"), 1), Cost::Unknown { why: Why::Tier });
}

#[test]
fn a_zero_is_not_believed() {
    let table = imported().table;
    let asked = Asked {
        provider: "acme",
        model: "acme-small",
        tier: None,
        at: domain::UnixMillis::new(0),
    };
    let written = Usage {
        input_tokens: Some(1),
        output_tokens: Some(1),
        cache_write_tokens: Some(1),
        ..Usage::default()
    };
    let why = Why::Price(Part::CacheWrite);
    assert_eq!(table.cost(&asked, &written), Cost::Unknown { why });
}

#[test]
fn a_number_is_read_from_its_text() {
    let json = br#"{"a": {"mode": "chat", "litellm_provider": "acme",
        "input_cost_per_token": 5.0000000000000004e-08, "output_cost_per_token": 0.0000004}}"#;
    let table = import(json, day()).unwrap().table;
    let price = price(&table, "acme", "a");
    assert_eq!(price.rates.rates.input.to_string(), "0.050000000000000004");
    assert_eq!(price.rates.rates.output.to_string(), "0.4");
}

#[test]
fn entries_that_contradict_each_other_are_both_left_out() {
    let json = br#"{
        "m": {"mode": "chat", "litellm_provider": "acme", "input_cost_per_token": 1e-6, "output_cost_per_token": 1e-6},
        "acme/m": {"mode": "chat", "litellm_provider": "acme", "input_cost_per_token": 2e-6, "output_cost_per_token": 1e-6},
        "acme/n": {"mode": "chat", "litellm_provider": "acme", "input_cost_per_token": 2e-6, "output_cost_per_token": 1e-6}
    }"#;
    let imported = import(json, day()).unwrap();
    assert_eq!(imported.table.prices().len(), 1);
    let both = vec!["acme/m".to_owned(), "m".to_owned()];
    assert_eq!(
        imported.skipped,
        BTreeMap::from([(Skip::Contradiction, both)])
    );
}

#[test]
fn an_entry_of_another_shape_is_one_entry_less() {
    let json = br#"{"a": 1, "b": null, "c": {"mode": "chat"}, "d": {"mode": "chat",
        "litellm_provider": "acme", "input_cost_per_token": "1e-6", "output_cost_per_token": 1e-6}}"#;
    let imported = import(json, day()).unwrap();
    assert!(imported.table.prices().is_empty());
    assert_eq!(imported.skipped[&Skip::Unreadable].len(), 4);
}

#[test]
fn other_bytes_are_refused() {
    assert!(matches!(import(b"[]", day()), Err(ImportError::Json(_))));
    assert!(matches!(
        import(b"{\"a\":", day()),
        Err(ImportError::Json(_))
    ));
    let long = vec![b' '; LITELLM_BYTES_MAX + 1];
    assert!(matches!(
        import(&long, day()),
        Err(ImportError::TooLong { .. })
    ));
}

proptest::proptest! {
    #[test]
    fn arbitrary_bytes_become_a_table_or_an_error(bytes: Vec<u8>) {
        let _imported = import(&bytes, day());
    }
}
