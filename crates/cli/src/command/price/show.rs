//! `nines price show`: a model's prices, as a table has them.

use anyhow::anyhow;
use probe::price::{Price, PriceTable, Provenance, RateSet, Rates, TokenPrice};

use crate::page::{Align, Look, Page, Table};

/// Column of what is said about a price.
const COLUMN: usize = 14;

/// Most names that are offered where one is not found.
const NEAR_MAX: usize = 5;

/// All prices of a model. Fails where there are none, with names that are like it.
pub(super) fn page(
    table: &PriceTable,
    model: &str,
    provider: Option<&str>,
    look: Look,
) -> anyhow::Result<String> {
    let mut page = Page::new(look);
    let is_asked = |price: &&Price| provider.is_none_or(|provider| price.provider == provider);
    let mut prices = table.of_model(model).filter(is_asked).peekable();
    if prices.peek().is_none() {
        return Err(unknown(table, model, provider));
    }
    for price in prices {
        show(&mut page, price);
    }
    page.gap();
    page.paragraph(
        0,
        &format!(
            "US dollars per 1,000,000 tokens, from table {} as of {}.",
            table.version, table.as_of
        ),
    );
    Ok(page.finish())
}

fn show(page: &mut Page, price: &Price) {
    let names: Vec<&str> = price.names().collect();
    page.title(&format!("{}: {}", price.provider, names.join(", ")));
    let cells = ["input", "output", "cache read", "cache write", "reasoning"];
    let [input, output, read, write, reasoning] = cells.map(|name| (name, Align::Right));
    let mut rates = Table::new([("", Align::Left), input, output, read, write, reasoning]);
    add(&mut rates, "", &price.rates);
    for tier in &price.tiers {
        add(
            &mut rates,
            &format!("tier {}", tier.service_tier),
            &tier.set,
        );
    }
    for timed in &price.hours {
        add(&mut rates, &timed.hours.to_string(), &timed.set);
    }
    page.table(2, &rates);
    if let Some(fee) = price.per_request {
        page.labelled("request", COLUMN, &format!("{fee} USD each"));
    }
    let day = |day: chrono::NaiveDate| day.to_string();
    let period = match (price.from.map(day), price.until.map(day)) {
        (None, None) => None,
        (Some(from), None) => Some(format!("from {from}")),
        (None, Some(until)) => Some(format!("before {until}")),
        (Some(from), Some(until)) => Some(format!("from {from}, before {until}")),
    };
    if let Some(period) = period {
        page.labelled("in force", COLUMN, &period);
    }
    if let Some(day) = price.deprecation {
        page.labelled("shut off", COLUMN, &day.to_string());
    }
    let how = match price.provenance {
        Provenance::Official => "official",
        Provenance::Quoted => "quoted",
        Provenance::Secondary => "secondary",
    };
    page.labelled("source", COLUMN, &format!("{} ({how})", price.source));
}

fn add(table: &mut Table, name: &str, set: &RateSet) {
    row(table, name, &set.rates);
    for above in &set.above {
        let name = format!("{name} above {} tokens", above.input_tokens);
        row(table, name.trim_start(), &above.rates);
    }
}

fn row(table: &mut Table, name: &str, rates: &Rates) {
    let cell = |price: Option<TokenPrice>| price.map_or_else(|| "-".to_owned(), |p| p.to_string());
    table.row([
        name.to_owned(),
        rates.input.to_string(),
        rates.output.to_string(),
        cell(rates.cache_read),
        cell(rates.cache_write),
        // Reasoning without a price of its own has that of output.
        cell(rates.reasoning.or(Some(rates.output))),
    ]);
}

fn unknown(table: &PriceTable, model: &str, provider: Option<&str>) -> anyhow::Error {
    let whose = provider.map_or_else(String::new, |provider| format!(" of provider `{provider}`"));
    let word = model.to_lowercase();
    let names = table.prices().iter().flat_map(|price| {
        price
            .names()
            .map(|name| format!("`{name}` ({})", price.provider))
    });
    let near: Vec<String> = names
        .filter(|name| name.to_lowercase().contains(&word))
        .take(NEAR_MAX)
        .collect();
    let hint = if near.is_empty() {
        String::new()
    } else {
        format!("; the table has {}", near.join(", "))
    };
    anyhow!("no price is known for `{model}`{whose}{hint}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::page::{Glyphs, Ink};

    const LOOK: Look = Look {
        width: 80,
        glyphs: Glyphs::Ascii,
        ink: Ink::Plain,
    };

    #[test]
    fn a_model_is_shown_with_its_hours_and_source() {
        let page = page(&PriceTable::embedded(), "deepseek-v4-flash", None, LOOK).unwrap();
        insta::assert_snapshot!(page, @r#"
        deepseek: deepseek-flash, deepseek-v4-flash
        -------------------------------------------
                                   input  output  cache read  cache write  reasoning
                                    0.15     0.6       0.003            -        0.6
          01:00-04:00 UTC mon-fri    0.3     1.2       0.006            -        1.2
          06:00-10:00 UTC mon-fri    0.3     1.2       0.006            -        1.2
          source      DeepSeek's documentation, page on prices, stored copy (quoted)

        US dollars per 1,000,000 tokens, from table 2026-11-22 as of 2026-11-22.
        "#);
    }

    #[test]
    fn a_provider_narrows_and_what_is_not_there_is_said() {
        let table = PriceTable::embedded();
        let both = page(&table, "gpt-4o-mini", None, LOOK).unwrap();
        assert!(both.contains("openai: gpt-4o-mini") && both.contains("azure: gpt-4o-mini"));
        let one = page(&table, "gpt-4o-mini", Some("azure"), LOOK).unwrap();
        assert!(!one.contains("openai"), "{one}");
        let none = page(&table, "gpt-4o", Some("openai"), LOOK).unwrap_err();
        insta::assert_snapshot!(none, @"no price is known for `gpt-4o` of provider `openai`; the table has `gpt-4o-mini` (openai), `gpt-4o-mini` (azure)");
        let none = page(&table, "no-such-model", None, LOOK).unwrap_err();
        insta::assert_snapshot!(none, @"no price is known for `no-such-model`");
    }
}
