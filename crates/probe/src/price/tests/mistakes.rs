use super::*;

/// A table that is right, but for what is replaced.
const RIGHT: &str = r#"schema = "price-table/1"
version = "1"
as_of = 2026-11-22

[[price]]
provider = "acme"
model = "one"
source = "made up for a test"
provenance = "official"
input = "0.05"
output = "0.40"
"#;

fn refused(text: &str) -> String {
    PriceTable::parse(text).unwrap_err().to_string()
}

fn replaced(from: &str, to: &str) -> String {
    assert!(RIGHT.contains(from), "{from}");
    refused(&RIGHT.replace(from, to))
}

fn appended(text: &str) -> String {
    refused(&format!("{RIGHT}{text}\n"))
}

#[test]
fn the_table_without_mistakes_is_read() {
    assert_eq!(table(RIGHT).prices().len(), 1);
}

#[test]
fn keys() {
    insta::assert_snapshot!(appended("cache_reed = \"0.01\""), @"line 12: unknown key `cache_reed` in [[price]]; did you mean `cache_read`?");
    insta::assert_snapshot!(appended("[[price.tier]]\nservicetier = \"flex\""), @"line 13: unknown key `servicetier` in [[price.tier]]; did you mean `service_tier`?");
    insta::assert_snapshot!(replaced("as_of", "asof"), @"line 3: unknown key `asof` in the table; did you mean `as_of`?");
    insta::assert_snapshot!(replaced("as_of = 2026-11-22\n", ""), @"line 1: the table lacks the key `as_of`");
    insta::assert_snapshot!(replaced("output = \"0.40\"\n", ""), @"line 5: [[price]] lacks the key `output`");
    insta::assert_snapshot!(replaced("model = \"one\"\n", ""), @"line 5: [[price]] lacks the key `model`");
    insta::assert_snapshot!(appended("[[price.tier]]\nservice_tier = \"flex\"\ninput = \"1\""), @"line 12: [[price.tier]] lacks the key `output`");
    insta::assert_snapshot!(appended("model = \"two\""), @"line 12: duplicate key");
}

#[test]
fn prices() {
    insta::assert_snapshot!(replaced("\"0.05\"", "0.05"), @r#"line 10: `input` must be exact: write it in quotes, "0.05""#);
    insta::assert_snapshot!(replaced("\"0.05\"", "1"), @r#"line 10: `input` must be exact: write it in quotes, "1""#);
    insta::assert_snapshot!(replaced("\"0.05\"", "\"5e-08\""), @r#"line 10: `input` is no price: use digits with at most one `.`, such as "0.05""#);
    insta::assert_snapshot!(replaced("\"0.05\"", "\"50000\""), @"line 10: `input` is no price: at most 10000 US dollars are believed; is the unit right?");
    insta::assert_snapshot!(replaced("\"0.05\"", "\"0.0000000000000000001\""), @"line 10: `input` is no price: at most 18 decimals are held");
    insta::assert_snapshot!(replaced("\"0.05\"", "\"0\""), @r#"line 10: a price of "0" is believed only with `free = true`; leave out what is not known"#);
    insta::assert_snapshot!(replaced("\"0.05\"", "true"), @r#"line 10: `input` must be US dollars in quotes, such as "0.05""#);
    insta::assert_snapshot!(appended("per_request = \"0.00\""), @r#"line 12: a price of "0" is believed only with `free = true`; leave out what is not known"#);
    insta::assert_snapshot!(appended("per_request = \"101\""), @"line 12: `per_request` is no price: at most 100 US dollars are believed; is the unit right?");
}

#[test]
fn heads() {
    insta::assert_snapshot!(refused(""), @"line 1: the table lacks the key `schema`");
    insta::assert_snapshot!(refused("schema = "), @"line 1: string values must be quoted, expected literal string");
    insta::assert_snapshot!(replaced("price-table/1", "price-table/2"), @r#"line 1: `schema` must be "price-table/1""#);
    insta::assert_snapshot!(replaced("2026-11-22", "\"2026-11-22\""), @"line 3: `as_of` must be a day without quotes, such as 2026-11-22");
    insta::assert_snapshot!(replaced("\"official\"", "\"mine\""), @r#"line 9: `provenance` must be "official", "quoted" or "secondary""#);
    insta::assert_snapshot!(replaced("\"acme\"", "\" \""), @"line 6: `provider` must be one line of text in quotes, not blank");
    insta::assert_snapshot!(replaced("[[price]]", "[price]"), @"line 5: `price` must be a list of tables");
    insta::assert_snapshot!(refused(&" ".repeat(TABLE_BYTES_MAX + 1)), @"line 1: a price table has at most 8388608 bytes");
}

#[test]
fn dates() {
    insta::assert_snapshot!(appended("from = 2026-02-01\nuntil = 2026-02-01"), @"line 13: `until` must be later than `from`");
    insta::assert_snapshot!(appended("until = 2026-02-30"), @"line 12: invalid date, expected day between 01 and 28");
    insta::assert_snapshot!(appended("until = 2026-02-01T00:00:00Z"), @"line 12: `until` must be a day without quotes, such as 2026-11-22");
    let (_, price) = RIGHT.split_once("\n\n").unwrap();
    insta::assert_snapshot!(appended(price), @"line 12: `acme` `one` is priced already for some of these days, on line 5");
    let alias = price.replace("\"one\"", "\"two\"\naliases = [\"one\"]");
    insta::assert_snapshot!(appended(&alias), @"line 12: `acme` `two` is priced already for some of these days, on line 5");
}

#[test]
fn tiers_and_thresholds() {
    let tier = "[[price.tier]]\nservice_tier = \"flex\"\ninput = \"1\"\noutput = \"1\"\n";
    insta::assert_snapshot!(appended(&tier.repeat(2)), @"line 17: the tier `flex` is priced already");
    insta::assert_snapshot!(appended(&tier.replace("flex", "default")), @"line 13: the tier `default` is priced already");
    let above = "[[price.above]]\ninput_tokens = 200\ninput = \"1\"\noutput = \"1\"\n";
    insta::assert_snapshot!(appended(&above.repeat(2)), @"line 17: `input_tokens` must be larger than in the [[..above]] before it");
    insta::assert_snapshot!(appended(&above.replace("200", "\"200k\"")), @"line 13: `input_tokens` must be a positive whole number");
    insta::assert_snapshot!(appended(&above.replace("200", "0")), @"line 13: `input_tokens` must be a positive whole number");
}

#[test]
fn hours() {
    let hours =
        "[[price.hours]]\nfrom = \"01:00\"\nuntil = \"04:00\"\ninput = \"1\"\noutput = \"1\"\n";
    insta::assert_snapshot!(appended(&hours.repeat(2)), @"line 18: these hours overlap those of another [[price.hours]]");
    insta::assert_snapshot!(appended(&hours.replace("01:00", "1:00")), @r#"line 13: `from` must be a time of day in UTC, such as "09:30""#);
    insta::assert_snapshot!(appended(&hours.replace("01:00", "22:00")), @"line 14: `until` must be later than `from`; for hours past midnight write two [[price.hours]]");
    insta::assert_snapshot!(appended(&format!("{hours}days = [\"Mon\"]")), @r#"line 17: `days` must be a list of "mon", "tue", "wed", "thu", "fri", "sat", "sun""#);
    let tier = "[[price.tier]]\nservice_tier = \"flex\"\ninput = \"1\"\noutput = \"1\"\n";
    insta::assert_snapshot!(appended(&format!("{hours}{tier}")), @"line 12: a price has [[price.hours]] or [[price.tier]], not both");
}
