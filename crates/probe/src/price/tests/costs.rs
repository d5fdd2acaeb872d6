use super::*;

#[track_caller]
fn check(asked: &Asked<'_>, usage: &Usage, cost: Cost) {
    assert_eq!(table(EVERYTHING).cost(asked, usage), cost, "{asked:?}");
}

#[test]
fn the_rule_of_thumb_of_a_small_probe_comes_out() {
    // 25 tokens at 0.10 and 10 at 0.50 per million.
    let asked = Asked {
        provider: "openai",
        model: "gpt-6-luna",
        ..asked("")
    };
    let cost = PriceTable::embedded().cost(&asked, &usage(25, 10));
    assert_eq!(cost, exact(7_500));
    assert_eq!(cost.bound().unwrap().to_string(), "0.0000075 USD");
}

#[test]
fn every_part_has_its_own_price() {
    let parts = |input, output, read, write, reasoning| Usage {
        input_tokens: Some(input),
        output_tokens: Some(output),
        cache_read_tokens: Some(read),
        cache_write_tokens: Some(write),
        reasoning_tokens: Some(reasoning),
    };
    let asked = asked("parts");
    check(&asked, &parts(100, 0, 0, 0, 0), exact(200_000));
    check(&asked, &parts(0, 100, 0, 0, 0), exact(1_000_000));
    check(&asked, &parts(100, 0, 100, 0, 0), exact(20_000));
    check(&asked, &parts(100, 0, 0, 100, 0), exact(250_000));
    check(&asked, &parts(0, 100, 0, 0, 100), exact(1_200_000));
    // 50 x 2 + 30 x 0.2 + 20 x 2.5 + 4 x 10 + 6 x 12 millionths of a dollar.
    check(&asked, &parts(100, 10, 30, 20, 6), exact(268_000));
    check(&asked, &parts(0, 0, 0, 0, 0), exact(0));
}

#[test]
fn a_request_may_cost_something_by_itself() {
    // 0.005 + 1 x 0.1 millionths + 1 x 0.5 millionths.
    check(&asked("plain"), &usage(1, 1), exact(5_000_600));
}

#[test]
fn a_fraction_of_a_nano_dollar_is_rounded_up_once() {
    let text = EVERYTHING
        .replace("\"0.1\"", "\"0.0003\"")
        .replace("\"0.5\"", "\"0.0003\"");
    let cost = |input, output| table(&text).cost(&asked("plain"), &usage(input, output));
    // 0.3 nano-dollars a token; each part by itself would be rounded to 1.
    assert_eq!(cost(1, 0), exact(5_000_001));
    assert_eq!(cost(1, 1), exact(5_000_001));
    assert_eq!(cost(2, 2), exact(5_000_002));
    assert_eq!(cost(5, 5), exact(5_000_003));
}

#[test]
fn an_alias_has_the_price_of_its_model() {
    check(&asked("parts-2026-01-01"), &usage(1, 0), exact(2_000));
}

#[test]
fn the_price_of_the_day_counts() {
    let on = |at_text: &str, cost| {
        let asked = Asked {
            at: at(at_text),
            ..asked("dated")
        };
        check(&asked, &usage(1, 0), cost);
    };
    on("2020-01-01T00:00:00Z", exact(1_000));
    on("2026-06-30T23:59:59.999Z", exact(1_000));
    on("2026-07-01T00:00:00Z", exact(3_000));
    on("2026-11-30T23:59:59.999Z", exact(3_000));
    on("2026-12-01T00:00:00Z", unknown(Why::Date));
}

#[test]
fn a_long_input_makes_the_whole_request_dearer() {
    let asked = asked("tiered");
    check(&asked, &usage(200, 10), exact(220_000));
    check(&asked, &usage(201, 10), exact(2_210_000));
    check(&asked, &usage(1_000, 0), exact(10_000_000));
    check(&asked, &usage(1_001, 0), exact(100_100_000));
}

#[test]
fn a_tier_has_its_own_prices_or_none() {
    let in_tier = |model, tier| Asked {
        tier: Some(tier),
        ..asked(model)
    };
    for plain in PLAIN_TIERS {
        check(&in_tier("tiered", plain), &usage(1, 1), exact(3_000));
    }
    check(&in_tier("tiered", "flex"), &usage(1, 1), exact(1_500));
    check(&in_tier("tiered", "flex"), &usage(201, 0), exact(1_005_000));
    check(
        &in_tier("tiered", "priority"),
        &usage(1, 1),
        unknown(Why::Tier),
    );
    check(&in_tier("parts", "flex"), &usage(1, 1), unknown(Why::Tier));
}

#[test]
fn a_price_may_depend_on_the_hour() {
    let on = |at_text: &str, cost| {
        let asked = Asked {
            at: at(at_text),
            ..asked("timed")
        };
        check(&asked, &usage(1, 0), cost);
    };
    // 2026-11-23 is a Monday.
    on("2026-11-23T05:59:59.999Z", exact(1_000));
    on("2026-11-23T06:00:00Z", exact(2_000));
    on("2026-11-24T09:59:59.999Z", exact(2_000));
    on("2026-11-24T10:00:00Z", exact(1_000));
    on("2026-11-25T06:00:00Z", exact(1_000));
    on("2026-11-25T22:30:00Z", exact(4_000));
    on("2026-11-25T23:59:59.999Z", exact(4_000));
    on("2026-11-26T00:00:00Z", exact(1_000));
}

#[test]
fn what_is_missing_is_unknown_and_never_nothing() {
    let nothing = Usage::default();
    let some = usage(1, 1);
    check(&asked("no-such-model"), &some, unknown(Why::Model));
    let elsewhere = Asked {
        provider: "other",
        ..asked("parts")
    };
    check(&elsewhere, &some, unknown(Why::Model));
    check(&asked("parts"), &nothing, unknown(Why::Usage(Part::Input)));
    let no_output = Usage {
        output_tokens: None,
        ..some
    };
    check(
        &asked("free"),
        &no_output,
        unknown(Why::Usage(Part::Output)),
    );
    let cached = Usage {
        cache_read_tokens: Some(1),
        ..some
    };
    check(
        &asked("plain"),
        &cached,
        unknown(Why::Price(Part::CacheRead)),
    );
    let written = Usage {
        cache_write_tokens: Some(1),
        ..some
    };
    check(
        &asked("plain"),
        &written,
        unknown(Why::Price(Part::CacheWrite)),
    );
    check(&asked("free"), &some, exact(0));
}

#[test]
fn counts_that_contradict_each_other_are_no_cost() {
    let usage = |read, reasoning| Usage {
        cache_read_tokens: Some(read),
        reasoning_tokens: Some(reasoning),
        ..usage(1, 1)
    };
    let asked = asked("parts");
    check(
        &asked,
        &usage(2, 0),
        unknown(Why::Contradiction(Part::Cached)),
    );
    check(
        &asked,
        &usage(0, 2),
        unknown(Why::Contradiction(Part::Reasoning)),
    );
    check(&asked, &super::usage(u64::MAX, 1), unknown(Why::TooLarge));
}

#[test]
fn a_part_that_is_not_said_bounds_the_cost() {
    let said = usage(100, 10);
    let unsaid = Usage {
        input_tokens: Some(100),
        output_tokens: Some(10),
        ..Usage::default()
    };
    // 100 x 2.5 + 10 x 12 millionths of a dollar.
    check(&asked("parts"), &unsaid, at_most(370_000));
    let no_reads = Usage {
        cache_read_tokens: None,
        ..said
    };
    // Reads are cheaper than plain input: that is the bound.
    check(&asked("parts"), &no_reads, at_most(300_000));
    // Where nothing has a price of its own, there is nothing to ask.
    let fee = 5_000_000;
    check(&asked("plain"), &unsaid, exact(fee + 15_000));
}

#[test]
fn counts_of_every_wire_come_to_one_meaning() {
    let apart = Usage {
        input_tokens: Some(10),
        output_tokens: Some(5),
        cache_read_tokens: Some(30),
        ..Usage::default()
    };
    let anthropic = apart.with_cache_apart();
    assert_eq!(anthropic.input_tokens, Some(40));
    assert_eq!(anthropic.cache_write_tokens, Some(0));
    let gemini = Usage {
        reasoning_tokens: Some(7),
        ..apart
    }
    .with_reasoning_apart();
    assert_eq!(gemini.output_tokens, Some(12));
    assert_eq!(Usage::default().with_cache_apart().input_tokens, None);
    let huge = usage(u64::MAX, u64::MAX);
    let huge = Usage {
        cache_read_tokens: Some(1),
        reasoning_tokens: Some(1),
        ..huge
    };
    assert_eq!(huge.with_cache_apart().input_tokens, None);
    assert_eq!(huge.with_reasoning_apart().output_tokens, None);
}

#[test]
fn the_worst_case_counts_the_dearest_that_can_happen() {
    let table = table(EVERYTHING);
    let worst = |model: &str, tier| {
        let asked = Asked {
            tier,
            ..asked(model)
        };
        let rate = table.lookup(&asked).unwrap();
        move |input, output| rate.worst_case(input, output)
    };
    // 100 x 2.5 + 10 x 12 millionths of a dollar.
    assert_eq!(worst("parts", None)(100, 10), at_most(370_000));
    assert_eq!(worst("plain", None)(0, 0), at_most(5_000_000));
    assert_eq!(worst("tiered", None)(200, 0), at_most(200_000));
    assert_eq!(worst("tiered", None)(201, 0), at_most(2_010_000));
    assert_eq!(worst("tiered", Some("flex"))(201, 0), at_most(1_005_000));
    // The call may be made in dearer hours than it was planned in.
    assert_eq!(worst("timed", None)(1, 0), at_most(4_000));
    assert_eq!(worst("free", None)(1, 1), at_most(0));
    assert_eq!(worst("parts", None)(u64::MAX, 0), unknown(Why::TooLarge));
}
