mod costs;
mod formats;
mod laws;
mod mistakes;

use domain::UnixMillis;

use super::*;

/// Every dimension that a table has.
const EVERYTHING: &str = include_str!("tests/everything.toml");

fn table(text: &str) -> PriceTable {
    PriceTable::parse(text).unwrap()
}

fn at(rfc_3339: &str) -> UnixMillis {
    let at: chrono::DateTime<chrono::Utc> = rfc_3339.parse().unwrap();
    at.into()
}

fn asked(model: &str) -> Asked<'_> {
    Asked {
        provider: "acme",
        model,
        tier: None,
        at: at("2026-11-22T12:00:00Z"),
    }
}

fn usage(input: u64, output: u64) -> Usage {
    Usage {
        input_tokens: Some(input),
        output_tokens: Some(output),
        cache_read_tokens: Some(0),
        cache_write_tokens: Some(0),
        reasoning_tokens: Some(0),
    }
}

fn exact(nano_usd: u64) -> Cost {
    Cost::Exact(NanoUsd::new(nano_usd))
}

fn at_most(nano_usd: u64) -> Cost {
    Cost::AtMost(NanoUsd::new(nano_usd))
}

fn unknown(why: Why) -> Cost {
    Cost::Unknown { why }
}
