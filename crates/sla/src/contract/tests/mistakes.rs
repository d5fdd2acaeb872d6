//! What operators get wrong, and what they are told.

use super::super::Contract;

const SAMPLE: &str = include_str!("sample.toml");

/// The error of the sample contract after one edit of its text.
#[track_caller]
fn refused(from: &str, to: &str) -> String {
    assert!(SAMPLE.contains(from), "the sample contract lost `{from}`");
    Contract::parse(&SAMPLE.replacen(from, to, 1))
        .unwrap_err()
        .to_string()
}

/// An edit of the sample contract, and the error it leads to.
const MISTAKES: &[(&str, &str, &str)] = &[
    (
        "target = \"99.9\"",
        "traget = \"99.9\"",
        "line 58, column 1: unknown key `traget` in [[commitment]]; did you mean `target`?",
    ),
    (
        "target = \"99.9\"",
        "target = 99.90",
        "line 58, column 10: `target` must be exact: write it in quotes, \"99.90\"",
    ),
    (
        "target = \"99.9\"",
        "target = \"99,9\"",
        "line 58, column 10: `target`: `99,9` is not a decimal number: use at most 9 digits on each side of one `.`, without sign or exponent",
    ),
    (
        "target = \"99.9\"",
        "target = \"99.5\"",
        "line 72, column 23: `lt`: the first band must end at the target, 99.5, not at 99.9",
    ),
    (
        "{ ge = \"95.0\", lt = \"99.0\"",
        "{ ge = \"95.0\", lt = \"98.0\"",
        "line 73, column 23: `lt`: leaves a hole or an overlap: the band above begins at 99, so this one must end there, not at 98",
    ),
    (
        "  { lt = \"95.0\", percent = \"50\" },\n",
        "",
        "line 71, column 9: `bands`: nothing is said below 95: leave `ge` out of the last band",
    ),
    (
        "threshold = \"0.05\"",
        "threshold = \"5\"",
        "line 64, column 13: `threshold`: must be a ratio below 1: five percent is \"0.05\"; use rule = \"all_fail\" for 100 percent",
    ),
    (
        "family = \"downtime_minutes\"",
        "family = \"downtime_minute\"",
        "line 62, column 10: `downtime_minute` is not possible for `family`; did you mean `downtime_minutes`?",
    ),
    (
        "family = \"downtime_minutes\"",
        "family = \"request_ratio\"",
        "line 62, column 10: `request_ratio` is not possible for `family`; possible here: `downtime_minutes`, `interval_mean`",
    ),
    (
        "timezone = \"UTC\"",
        "timezone = \"Europe/Paris\"",
        "line 21, column 12: `timezone`: `Europe/Paris` is not supported yet; only `UTC` is, with timezone_basis = \"assumed\" where the text names another zone or none",
    ),
    (
        "\"dns\", \"tcp\",",
        "\"dns\", \"tpc\",",
        "line 51, column 10: `tpc` is not possible for `outcome`; did you mean `tcp`?",
    ),
    (
        "status = [\"5xx\"]",
        "status = [\"50x\"]",
        "line 38, column 20: `status`: must be a number such as 500, or \"1xx\" to \"5xx\"",
    ),
    (
        "when = { attribution = [\"ours\"] }",
        "when = {}",
        "line 30, column 8: `when`: matches every sample: use `default` in [events] instead",
    ),
    (
        "currency = \"USD\"\n",
        "",
        "line 3, column 1: [contract] lacks the key `currency`",
    ),
    (
        "anchor = 2026-01-01T00:00:00Z",
        "anchor = 2026-01-01T00:00:00",
        "line 20, column 10: `anchor`: must be an RFC 3339 instant on a whole minute, such as 2026-01-01T00:00:00Z",
    ),
    (
        "hours = 24",
        "hours = 24, days = 1",
        "line 84, column 3: `deadlines`: give exactly one of `hours`, `days`, `months`",
    ),
    (
        "min_run_minutes = 1",
        "min_run_minutes = 1\nmin_run_minutes = 2",
        "line 66, column 1: duplicate key",
    ),
    (
        "schema = \"sla-contract/1\"",
        "schema = \"sla-contract/2\"",
        "line 1, column 10: `schema`: this version reads `sla-contract/1` only",
    ),
    (
        "kind = \"maintenance\"\neffect",
        "kind = \"maintenance\"\nefect",
        "line 79, column 1: unknown key `efect` in [[exclusion]]; did you mean `effect`?",
    ),
    (
        "remedy = \"credit\"",
        "remedy = \"none\"",
        "line 11, column 10: `remedy`: must be `credit` where a commitment has a credit table",
    ),
];

#[test]
fn operator_mistakes_are_named_with_line_column_and_a_way_out() {
    for (from, to, error) in MISTAKES {
        assert_eq!(refused(from, to), *error);
    }
}

#[test]
fn columns_count_characters_not_bytes() {
    let error = Contract::parse("schema = \"sla-contract/1\"\nä = 1").unwrap_err();
    assert_eq!((error.line, error.column), (2, 1));
    let when = "when = { feature = [\"ä\"], foo = 1 }";
    assert_eq!(
        refused("when = { status = [\"5xx\"] }", when),
        "line 38, column 27: unknown key `foo` in `when`; possible here: `status`, `outcome`, `attribution`, `feature`, `tier`, `stream`"
    );
}

#[test]
fn bands_out_of_order_are_refused() {
    let upside_down = "bands = [\n  { lt = \"95.0\", percent = \"50\" },\n";
    let error = refused("bands = [\n", upside_down);
    assert!(error.contains("must end at the target"), "{error}");
    let after_the_last = "{ lt = \"95.0\", percent = \"50\" }, { lt = \"90\", percent = \"60\" }";
    let error = refused("{ lt = \"95.0\", percent = \"50\" }", after_the_last);
    assert!(error.contains("open to zero already"), "{error}");
}
