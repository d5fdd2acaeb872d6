use super::*;

#[test]
fn the_example_in_the_documentation_is_a_table() {
    let document = include_str!("../../../../../docs/prices.md");
    let (_, example) = document.split_once("```toml\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let table = table(example);
    assert_eq!(table.prices().len(), 2);
    assert_eq!(PriceTable::parse(&table.to_toml()), Ok(table));
}

#[test]
fn a_table_survives_being_written() {
    for text in [EVERYTHING, EMBEDDED] {
        let table = table(text);
        assert_eq!(PriceTable::parse(&table.to_toml()), Ok(table));
    }
}

#[test]
fn a_written_table_reads_well() {
    let whole = table(EVERYTHING).to_toml();
    let (_, timed) = whole.split_once("model = \"timed\"\n").unwrap();
    let (timed, _) = timed.split_once("\n\n[[price]]").unwrap();
    insta::assert_snapshot!(timed, @r#"
    source = "made up for a test"
    provenance = "secondary"
    input = "1"
    output = "1"

    [[price.hours]]
    from = "06:00"
    until = "10:00"
    days = ["mon", "tue"]
    input = "2"
    output = "2"

    [[price.hours]]
    from = "22:30"
    until = "24:00"
    input = "4"
    output = "4"
    "#);
}

#[test]
fn the_embedded_table_has_every_model_once_and_says_where_from() {
    let table = PriceTable::embedded();
    assert_eq!(table.version, "2026-11-22");
    assert_eq!(table.prices().len(), 22);
    for price in table.prices() {
        assert_ne!(price.provenance, Provenance::Official, "{}", price.model);
        let provider = price.provider.as_str();
        for name in price.names() {
            let asked = Asked {
                provider,
                ..asked(name)
            };
            let cost = table.cost(&asked, &usage(25, 10));
            assert!(matches!(cost, Cost::Exact(_)), "{name}: {cost:?}");
        }
    }
}

#[test]
fn the_embedded_table_knows_the_hours_of_deepseek() {
    let table = PriceTable::embedded();
    let cost = |at_text: &str| {
        let asked = Asked {
            provider: "deepseek",
            model: "deepseek-flash",
            tier: None,
            at: at(at_text),
        };
        table.cost(&asked, &usage(1_000, 1_000))
    };
    assert_eq!(cost("2026-11-23T00:59:59Z"), exact(750_000));
    assert_eq!(cost("2026-11-23T01:00:00Z"), exact(1_500_000));
    assert_eq!(cost("2026-11-23T05:00:00Z"), exact(750_000));
    assert_eq!(cost("2026-11-22T01:00:00Z"), exact(750_000));
}

#[test]
fn the_embedded_table_does_not_price_what_nobody_knows() {
    let asked = Asked {
        provider: "dashscope",
        ..asked("qwen-flash")
    };
    let cost = PriceTable::embedded().cost(&asked, &usage(1, 1));
    assert_eq!(cost, unknown(Why::Model));
}

#[test]
fn an_amount_is_shown_exactly() {
    let shown = |nano| NanoUsd::new(nano).to_string();
    assert_eq!(shown(0), "0 USD");
    assert_eq!(shown(1), "0.000000001 USD");
    assert_eq!(shown(1_500_000_000), "1.5 USD");
    assert_eq!(shown(u64::MAX), "18446744073.709551615 USD");
    let max = NanoUsd::new(u64::MAX);
    assert_eq!(max.checked_add(NanoUsd::new(1)), None);
}
