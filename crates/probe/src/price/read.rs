//! TOML to a table of prices. Strict: whatever is not understood is refused, with its line.

mod place;

use chrono::NaiveDate;
use toml::Spanned;
use toml::de::DeTable;

pub(super) use self::place::is_one_line;
use self::place::{Place, fault, line_at};
use super::error::{PriceError, Problem};
use super::exact::{RequestFee, TokenPrice};
use super::hours::{self, Hours};
use super::rate::{Above, Price, Provenance, RateSet, Rates, TierRates, TimedRates};
use super::{PLAIN_TIERS, PRICES_MAX, PriceTable, TABLE_BYTES_MAX};

/// The schema that is read.
pub(super) const SCHEMA: &str = "price-table/1";

const TOP: &[&str] = &["as_of", "price", "schema", "version"];
const PRICE: &[&str] = &[
    "above",
    "aliases",
    "deprecation",
    "free",
    "from",
    "hours",
    "model",
    "per_request",
    "provenance",
    "provider",
    "source",
    "tier",
    "until",
];
const TIER: &[&str] = &["above", "service_tier"];
const HOURS: &[&str] = &["above", "days", "from", "until"];
const ABOVE: &[&str] = &["input_tokens"];
const RATES: &[&str] = &["cache_read", "cache_write", "input", "output", "reasoning"];
const NO_RATES: &[&str] = &[];

/// Prices below which zeros are read, or not.
#[derive(Clone, Copy)]
enum Zeros {
    Meant,
    Refused,
}

pub(super) fn table(text: &str) -> Result<PriceTable, PriceError> {
    if text.len() > TABLE_BYTES_MAX {
        let max = TABLE_BYTES_MAX;
        return Err(fault(text, 0, Problem::TooLong { max }));
    }
    let document: Spanned<DeTable<'_>> = DeTable::parse(text).map_err(|error| {
        let message = error.message().to_owned();
        let at = error.span().map_or(0, |span| span.start);
        fault(text, at, Problem::Syntax { message })
    })?;
    let top = Place::new(text, document.get_ref(), 0, "the table");
    match top.text("schema")? {
        Some(SCHEMA) => {}
        Some(_) => return Err(top.fault_at("schema", Problem::Schema)),
        None => return Err(top.missing("schema")),
    }
    top.check_keys(TOP, NO_RATES)?;
    let version = top.word("version")?.to_owned();
    let as_of = top.required_date("as_of")?;
    let places = top.tables("price", "[[price]]")?;
    if places.len() > PRICES_MAX {
        let max = PRICES_MAX;
        return Err(top.fault_at("price", Problem::TooMany { max }));
    }
    let prices = places.iter().map(price).collect::<Result<Vec<_>, _>>()?;
    let (providers, models): (Vec<_>, Vec<_>) = prices
        .iter()
        .map(|price| (price.provider.clone(), price.model.clone()))
        .unzip();
    PriceTable::new(version, as_of, prices).map_err(|(place, other)| {
        let problem = Problem::Overlap {
            provider: providers[place].clone(),
            model: models[place].clone(),
            line: line_at(text, places[other].offset()),
        };
        fault(text, places[place].offset(), problem)
    })
}

fn price(place: &Place<'_>) -> Result<Price, PriceError> {
    place.check_keys(PRICE, RATES)?;
    let free = place.flag("free")?;
    let zeros = if free { Zeros::Meant } else { Zeros::Refused };
    let price = Price {
        provider: place.word("provider")?.to_owned(),
        model: place.word("model")?.to_owned(),
        aliases: place.words("aliases")?,
        from: place.date("from")?,
        until: place.date("until")?,
        source: place.word("source")?.to_owned(),
        provenance: provenance(place)?,
        deprecation: place.date("deprecation")?,
        free,
        per_request: fee(place, zeros)?,
        rates: rate_set(place, "[[price.above]]", zeros)?,
        tiers: tiers(place, zeros)?,
        hours: timed(place, zeros)?,
    };
    if let Some((from, until)) = price.from.zip(price.until)
        && until <= from
    {
        return Err(place.fault_at("until", Problem::Period));
    }
    if !price.tiers.is_empty() && !price.hours.is_empty() {
        return Err(place.fault_at("hours", Problem::HoursAndTiers));
    }
    Ok(price)
}

fn provenance(place: &Place<'_>) -> Result<Provenance, PriceError> {
    match place.word("provenance")? {
        "official" => Ok(Provenance::Official),
        "quoted" => Ok(Provenance::Quoted),
        "secondary" => Ok(Provenance::Secondary),
        _ => Err(place.value("provenance", "\"official\", \"quoted\" or \"secondary\"")),
    }
}

fn tiers(place: &Place<'_>, zeros: Zeros) -> Result<Vec<TierRates>, PriceError> {
    let mut tiers: Vec<TierRates> = Vec::new();
    for place in place.tables("tier", "[[price.tier]]")? {
        place.check_keys(TIER, RATES)?;
        let service_tier = place.word("service_tier")?.to_owned();
        let is_plain = PLAIN_TIERS.contains(&service_tier.as_str());
        if is_plain || tiers.iter().any(|one| one.service_tier == service_tier) {
            let tier = place::shown(&service_tier);
            return Err(place.fault_at("service_tier", Problem::Tier { tier }));
        }
        let set = rate_set(&place, "[[price.tier.above]]", zeros)?;
        tiers.push(TierRates { service_tier, set });
    }
    Ok(tiers)
}

fn timed(place: &Place<'_>, zeros: Zeros) -> Result<Vec<TimedRates>, PriceError> {
    let mut timed: Vec<TimedRates> = Vec::new();
    for place in place.tables("hours", "[[price.hours]]")? {
        place.check_keys(HOURS, RATES)?;
        let hours = hours_of(&place)?;
        if timed.iter().any(|one| one.hours.overlap(&hours)) {
            return Err(place.fault_at("from", Problem::Hours));
        }
        let set = rate_set(&place, "[[price.hours.above]]", zeros)?;
        timed.push(TimedRates { hours, set });
    }
    Ok(timed)
}

fn hours_of(place: &Place<'_>) -> Result<Hours, PriceError> {
    let clock = |key| {
        hours::minute(place.word(key)?)
            .ok_or_else(|| place.value(key, "a time of day in UTC, such as \"09:30\""))
    };
    let (from, until) = (clock("from")?, clock("until")?);
    let mut days = place.words("days")?;
    if !place.has("days") {
        days = hours::DAYS.iter().map(|&day| day.to_owned()).collect();
    }
    let days: Option<Vec<_>> = days.iter().map(|name| hours::day(name)).collect();
    let names = "a list of \"mon\", \"tue\", \"wed\", \"thu\", \"fri\", \"sat\", \"sun\"";
    let days = days.filter(|days| !days.is_empty());
    let days = days.ok_or_else(|| place.value("days", names))?;
    Hours::new(from, until, days).ok_or_else(|| {
        place.value(
            "until",
            "later than `from`; for hours past midnight write two [[price.hours]]",
        )
    })
}

fn rate_set(
    place: &Place<'_>,
    above_name: &'static str,
    zeros: Zeros,
) -> Result<RateSet, PriceError> {
    let rates_here = rates(place, zeros)?;
    let mut above: Vec<Above> = Vec::new();
    for place in place.tables("above", above_name)? {
        place.check_keys(ABOVE, RATES)?;
        let input_tokens = place.count("input_tokens")?;
        if above
            .last()
            .is_some_and(|one| input_tokens <= one.input_tokens)
        {
            return Err(place.fault_at("input_tokens", Problem::Thresholds));
        }
        let rates = rates(&place, zeros)?;
        above.push(Above {
            input_tokens,
            rates,
        });
    }
    Ok(RateSet {
        rates: rates_here,
        above,
    })
}

fn rates(place: &Place<'_>, zeros: Zeros) -> Result<Rates, PriceError> {
    let optional = |key| -> Result<Option<TokenPrice>, PriceError> {
        let Some(text) = place.number_text(key)? else {
            return Ok(None);
        };
        let price = TokenPrice::parse(text);
        let price = price.map_err(|why| place.fault_at(key, Problem::Decimal { key, why }))?;
        check_zero(place, key, price.is_zero(), zeros)?;
        Ok(Some(price))
    };
    let required = |key| optional(key)?.ok_or_else(|| place.missing(key));
    Ok(Rates {
        input: required("input")?,
        output: required("output")?,
        cache_read: optional("cache_read")?,
        cache_write: optional("cache_write")?,
        reasoning: optional("reasoning")?,
    })
}

fn fee(place: &Place<'_>, zeros: Zeros) -> Result<Option<RequestFee>, PriceError> {
    let key = "per_request";
    let Some(text) = place.number_text(key)? else {
        return Ok(None);
    };
    let fee = RequestFee::parse(text);
    let fee = fee.map_err(|why| place.fault_at(key, Problem::Decimal { key, why }))?;
    check_zero(place, key, fee.is_zero(), zeros)?;
    Ok(Some(fee))
}

fn check_zero(place: &Place<'_>, key: &str, is_zero: bool, zeros: Zeros) -> Result<(), PriceError> {
    match zeros {
        Zeros::Refused if is_zero => Err(place.fault_at(key, Problem::Zero)),
        _ => Ok(()),
    }
}

/// A calendar day that TOML's date stands for.
fn day(date: toml::value::Date) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(date.year.into(), date.month.into(), date.day.into())
}
