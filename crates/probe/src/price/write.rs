//! A table of prices to TOML.

use std::fmt::Display;

use super::PriceTable;
use super::rate::{Above, Price, Provenance, RateSet, Rates};
use super::read::SCHEMA;

pub(super) fn table(table: &PriceTable) -> String {
    let mut text = String::new();
    pair(&mut text, "schema", quoted(SCHEMA));
    pair(&mut text, "version", quoted(&table.version));
    pair(&mut text, "as_of", table.as_of);
    for one in &table.prices {
        price(&mut text, one);
    }
    text
}

fn price(text: &mut String, price: &Price) {
    header(text, "price");
    pair(text, "provider", quoted(&price.provider));
    pair(text, "model", quoted(&price.model));
    if !price.aliases.is_empty() {
        pair(text, "aliases", list(&price.aliases));
    }
    optional(text, "from", price.from);
    optional(text, "until", price.until);
    pair(text, "source", quoted(&price.source));
    let provenance = match price.provenance {
        Provenance::Official => "official",
        Provenance::Quoted => "quoted",
        Provenance::Secondary => "secondary",
    };
    pair(text, "provenance", quoted(provenance));
    optional(text, "deprecation", price.deprecation);
    if price.free {
        pair(text, "free", true);
    }
    rates(text, &price.rates.rates);
    let fee = price.per_request.map(|fee| quoted(&fee.to_string()));
    optional(text, "per_request", fee);
    above(text, "price.above", &price.rates.above);
    for tier in &price.tiers {
        header(text, "price.tier");
        pair(text, "service_tier", quoted(&tier.service_tier));
        rate_set(text, "price.tier.above", &tier.set);
    }
    for timed in &price.hours {
        header(text, "price.hours");
        pair(text, "from", quoted(&timed.hours.from()));
        pair(text, "until", quoted(&timed.hours.until()));
        optional(text, "days", timed.hours.some_days().as_deref().map(list));
        rate_set(text, "price.hours.above", &timed.set);
    }
}

fn rate_set(text: &mut String, name: &str, set: &RateSet) {
    rates(text, &set.rates);
    above(text, name, &set.above);
}

fn above(text: &mut String, name: &str, bands: &[Above]) {
    for band in bands {
        header(text, name);
        pair(text, "input_tokens", band.input_tokens);
        rates(text, &band.rates);
    }
}

fn rates(text: &mut String, rates: &Rates) {
    for (key, price) in [
        ("input", Some(rates.input)),
        ("output", Some(rates.output)),
        ("cache_read", rates.cache_read),
        ("cache_write", rates.cache_write),
        ("reasoning", rates.reasoning),
    ] {
        optional(text, key, price.map(|price| quoted(&price.to_string())));
    }
}

fn header(text: &mut String, name: &str) {
    text.extend(["\n[[", name, "]]\n"]);
}

fn optional(text: &mut String, key: &str, value: Option<impl Display>) {
    if let Some(value) = value {
        pair(text, key, value);
    }
}

fn pair(text: &mut String, key: &str, value: impl Display) {
    text.extend([key, " = ", &value.to_string(), "\n"]);
}

fn list(words: &[impl AsRef<str>]) -> String {
    let words: Vec<String> = words.iter().map(|word| quoted(word.as_ref())).collect();
    format!("[{}]", words.join(", "))
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}
