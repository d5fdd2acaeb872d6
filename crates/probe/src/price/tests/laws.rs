use num_bigint::BigInt;
use num_rational::BigRational;
use proptest::prelude::*;

use super::*;

/// Counts of some parts of one request: uncached, read, written, shown, reasoning.
type Counts = [u64; 5];

fn usage_of([uncached, read, written, shown, reasoning]: Counts) -> Usage {
    Usage {
        input_tokens: Some(uncached + read + written),
        output_tokens: Some(shown + reasoning),
        cache_read_tokens: Some(read),
        cache_write_tokens: Some(written),
        reasoning_tokens: Some(reasoning),
    }
}

fn counts() -> impl Strategy<Value = Counts> {
    prop_oneof![
        proptest::array::uniform5(0_u64..100),
        proptest::array::uniform5(0_u64..1 << 40),
    ]
}

/// Prices as text, 10^-18 apart: any that a table can hold below 1,000 dollars.
fn price() -> impl Strategy<Value = String> {
    (0_u64..1_000, 1_u64..10_u64.pow(18)).prop_map(|(whole, rest)| format!("{whole}.{rest:018}"))
}

fn table_of(prices: &[String; 5], fee: &str) -> PriceTable {
    let [input, output, read, write, reasoning] = prices;
    table(&format!(
        "schema = \"price-table/1\"\nversion = \"1\"\nas_of = 2026-11-22\n[[price]]\n\
         provider = \"acme\"\nmodel = \"any\"\nsource = \"-\"\nprovenance = \"official\"\n\
         input = \"{input}\"\noutput = \"{output}\"\ncache_read = \"{read}\"\n\
         cache_write = \"{write}\"\nreasoning = \"{reasoning}\"\nper_request = \"{fee}\"\n"
    ))
}

fn rational(decimal: &str) -> BigRational {
    let (whole, rest) = decimal.split_once('.').unwrap();
    let digits: BigInt = format!("{whole}{rest}").parse().unwrap();
    BigRational::new(
        digits,
        BigInt::from(10).pow(u32::try_from(rest.len()).unwrap()),
    )
}

proptest! {
    #[test]
    fn a_cost_is_the_exact_sum_rounded_up_to_nano_dollars(
        counts in counts(),
        prices in proptest::array::uniform5(price()),
        fee in 1_u64..10_u64.pow(9),
    ) {
        let fee = format!("0.{fee:09}");
        let [input, output, read, write, reasoning] = &prices;
        let per_part = [input, read, write, output, reasoning];
        let tokens = counts.iter().zip(per_part);
        let per_million: BigRational = tokens
            .map(|(count, price)| rational(price) * BigInt::from(*count))
            .sum();
        let usd = per_million / BigInt::from(1_000_000) + rational(&fee);
        let nano = (usd * BigInt::from(1_000_000_000)).ceil().to_integer();

        let cost = table_of(&prices, &fee).cost(&asked("any"), &usage_of(counts));
        match cost {
            Cost::Exact(amount) => prop_assert_eq!(BigInt::from(amount.get()), nano),
            Cost::Unknown { why: Why::TooLarge } => prop_assert!(nano > BigInt::from(u64::MAX)),
            other => prop_assert!(false, "{:?}", other),
        }
    }

    #[test]
    fn one_more_token_of_any_kind_never_costs_less(
        counts in proptest::array::uniform5(0_u64..2_000),
        more in 0_usize..5,
    ) {
        let table = table(EVERYTHING);
        let mut greater = counts;
        greater[more] += 1;
        let cost = |counts| table.cost(&asked("parts"), &usage_of(counts)).bound().unwrap();
        prop_assert!(cost(counts) <= cost(greater));
    }

    #[test]
    fn a_longer_input_or_output_never_costs_less(
        input in 0_u64..2_000,
        output in 0_u64..2_000,
        model in prop_oneof![Just("tiered"), Just("timed"), Just("plain")],
    ) {
        let table = table(EVERYTHING);
        let cost = |input, output| {
            table.cost(&asked(model), &usage(input, output)).bound().unwrap()
        };
        prop_assert!(cost(input, output) <= cost(input + 1, output));
        prop_assert!(cost(input, output) <= cost(input, output + 1));
    }

    #[test]
    fn no_usage_within_its_bounds_costs_more_than_the_worst_case(
        counts in proptest::array::uniform5(0_u64..2_000),
        hour in 0_i64..24 * 7,
        model in prop_oneof![Just("parts"), Just("tiered"), Just("timed"), Just("free")],
    ) {
        let table = table(EVERYTHING);
        let counts = if model == "parts" {
            counts
        } else {
            [counts[0], 0, 0, counts[3], counts[4]]
        };
        let usage = usage_of(counts);
        let planned = asked(model);
        let rate = table.lookup(&planned).unwrap();
        let worst = rate.worst_case(usage.input_tokens.unwrap(), usage.output_tokens.unwrap());
        let made = Asked { at: planned.at.plus_ms(hour * 3_600_000), ..planned };
        let cost = table.cost(&made, &usage).bound();
        prop_assert!(cost.unwrap() <= worst.bound().unwrap());
    }

    #[test]
    fn parts_that_are_not_said_never_cost_more_than_the_bound(
        counts in proptest::array::uniform5(0_u64..2_000),
        said in proptest::array::uniform3(any::<bool>()),
    ) {
        let table = table(EVERYTHING);
        let whole = usage_of(counts);
        let [read, written, reasoning] = said;
        let partly = Usage {
            cache_read_tokens: whole.cache_read_tokens.filter(|_| read),
            cache_write_tokens: whole.cache_write_tokens.filter(|_| written),
            reasoning_tokens: whole.reasoning_tokens.filter(|_| reasoning),
            ..whole
        };
        let bound = table.cost(&asked("parts"), &partly).bound().unwrap();
        prop_assert!(table.cost(&asked("parts"), &whole).bound().unwrap() <= bound);
    }

    #[test]
    fn arbitrary_text_is_read_or_refused(text in ".*") {
        let _read = PriceTable::parse(&text);
        let _read = PriceTable::parse(&format!("{EVERYTHING}{text}"));
    }
}
