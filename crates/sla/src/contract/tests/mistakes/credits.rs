//! Mistakes in `[commitment.credit]`.

use super::*;

const FIRST: &str = "{ ge = \"99.0\", le = \"99.8\", percent = \"10\" }";
const SECOND: &str = "{ ge = \"95.0\", lt = \"99.0\", percent = \"25\" }";
const LAST: &str = "{ lt = \"95.0\", percent = \"50\" }";

#[test]
fn bands_begin_at_the_target() {
    insta::assert_snapshot!(refused(&[
        ("target = \"99.9\"", "target = \"99.5\""),
        (FIRST, "{ ge = \"99.0\", lt = \"99.5\", percent = \"10\" }"),
        (FIRST, "{ ge = \"99.0\", lt = \"100\", percent = \"10\" }"),
        (FIRST, "{ ge = \"99.0\", percent = \"10\" }"),
        (FIRST, "{ ge = \"99.0\", lt = \"99.9\", le = \"99.8\", percent = \"10\" }"),
        ("{ ge = \"99\", lt = \"99.5\", days = \"1\" }", "{ ge = \"99\", lt = \"99.9\", days = \"1\" }"),
    ]), @r#"
    { ge = "99.0", le = "99.8", percent = "10" },
                        ^ `le`: must be 99.4, the highest of 1 decimal below 99.5, the target
    { ge = "99.0", lt = "99.5", percent = "10" },
                        ^ `lt`: must be 99.9, the target: nothing is said from 99.5 to 99.9 (for rounded percentages use `le`)
    { ge = "99.0", lt = "100", percent = "10" },
                        ^ `lt`: must be 99.9, the target: two things are said from 99.9 to 100
    { ge = "99.0", percent = "10" },
    ^ `lt`: give exactly one of `lt`, `le`
    { ge = "99.0", lt = "99.9", le = "99.8", percent = "10" },
                        ^ `lt`: give exactly one of `lt`, `le`
    { ge = "99", lt = "99.9", days = "1" },
                      ^ `lt`: must be 99.5, the target: two things are said from 99.5 to 99.9
    "#);
}

#[test]
fn bands_follow_each_other_without_hole_or_overlap() {
    insta::assert_snapshot!(refused(&[
        (SECOND, "{ ge = \"95.0\", lt = \"98.0\", percent = \"25\" }"),
        (SECOND, "{ ge = \"95.0\", lt = \"99.5\", percent = \"25\" }"),
        (SECOND, "{ ge = \"99.0\", lt = \"99.0\", percent = \"25\" }"),
        (SECOND, "{ ge = \"99.5\", lt = \"99.0\", percent = \"25\" }"),
        (LAST, "{ lt = \"94.0\", percent = \"50\" }"),
        (LAST, "{ ge = \"90\", lt = \"95.0\", percent = \"50\" }"),
        (LAST, "{ lt = \"95.0\", percent = \"50\" }, { lt = \"90\", percent = \"60\" }"),
        ("  { ge = \"99.0\", le = \"99.8\", percent = \"10\" },\n", ""),
        ("  { ge = \"95.0\", lt = \"99.0\", percent = \"25\" },\n", ""),
        ("  { lt = \"95.0\", percent = \"50\" },\n", ""),
    ]), @r#"
    { ge = "95.0", lt = "98.0", percent = "25" },
                        ^ `lt`: must be 99, where the band above begins: nothing is said from 98 to 99 (for rounded percentages use `le`)
    { ge = "95.0", lt = "99.5", percent = "25" },
                        ^ `lt`: must be 99, where the band above begins: two things are said from 99 to 99.5
    { ge = "99.0", lt = "99.0", percent = "25" },
           ^ `ge`: must be below `lt`, 99
    { ge = "99.5", lt = "99.0", percent = "25" },
           ^ `ge`: must be below `lt`, 99
    { lt = "94.0", percent = "50" },
           ^ `lt`: must be 95, where the band above begins: nothing is said from 94 to 95 (for rounded percentages use `le`)
    { ge = "90", lt = "95.0", percent = "50" },
           ^ `ge`: nothing is said below it: leave `ge` out of the last band
    { lt = "95.0", percent = "50" }, { lt = "90", percent = "60" },
                                            ^ `lt`: the band above is open to zero already: it must be last
    { ge = "95.0", lt = "99.0", percent = "25" },
                        ^ `lt`: must be 99.9, the target: nothing is said from 99 to 99.9 (for rounded percentages use `le`)
    { lt = "95.0", percent = "50" },
           ^ `lt`: must be 99, where the band above begins: nothing is said from 95 to 99 (for rounded percentages use `le`)
    { ge = "95.0", lt = "99.0", percent = "25" },
           ^ `ge`: nothing is said below it: leave `ge` out of the last band
    "#);
    let upside_down = COMPLETE.replacen(FIRST, LAST, 1);
    let upside_down = upside_down.replacen(&format!("  {LAST},\n]"), &format!("  {FIRST},\n]"), 1);
    insta::assert_snapshot!(pointed(&upside_down, &Contract::parse(&upside_down).unwrap_err()), @r#"
    { ge = "95.0", lt = "99.0", percent = "25" },
    ^ `bands`: bands stand from the target down
    "#);
}

#[test]
fn a_hole_is_taken_where_rounding_explains_it_and_nowhere_else() {
    let rounded = accepted(SECOND, "{ ge = \"95.0\", le = \"98.9\", percent = \"25\" }");
    assert_eq!(rounded.commitments[0].rounding.digits(), Some(1));
    insta::assert_snapshot!(refused(&[
        (FIRST, "{ ge = \"99.0\", le = \"99.89\", percent = \"10\" }"),
        (FIRST, "{ ge = \"99.0\", le = \"99.9\", percent = \"10\" }"),
        (SECOND, "{ ge = \"95.0\", le = \"98.8\", percent = \"25\" }"),
        ("mode = \"half_up\"\ndigits = 1", "mode = \"none\""),
        ("mode = \"half_up\"\ndigits = 1", "mode = \"floor\"\ndigits = 2"),
        ("[commitment.rounding]\nmode = \"half_up\"\ndigits = 1\nbasis = \"inferred\"\n", ""),
        ("{ lt = \"99\", days = \"3\" }", "{ le = \"98.99\", days = \"3\" }"),
    ]), @r#"
    { ge = "99.0", le = "99.89", percent = "10" },
                        ^ `le`: must be 99.8, the highest of 1 decimal below 99.9, the target
    { ge = "99.0", le = "99.9", percent = "10" },
                        ^ `le`: must be 99.8, the highest of 1 decimal below 99.9, the target
    { ge = "95.0", le = "98.8", percent = "25" },
                        ^ `le`: must be 98.9, the highest of 1 decimal below 99, where the band above begins
    { ge = "99.0", le = "99.8", percent = "10" },
                        ^ `le`: leaves a hole below 99.9, the target, that only rounding explains: use `lt`, or say how the text rounds in `rounding`
    { ge = "99.0", le = "99.8", percent = "10" },
                        ^ `le`: must be 99.89, the highest of 2 decimals below 99.9, the target
    { ge = "99.0", le = "99.8", percent = "10" },
                        ^ `le`: leaves a hole below 99.9, the target, that only rounding explains: use `lt`, or say how the text rounds in `rounding`
    { le = "98.99", days = "3" },
           ^ `le`: leaves a hole below 99, where the band above begins, that only rounding explains: use `lt`, or say how the text rounds in `rounding`
    "#);
}

#[test]
fn a_band_is_worth_a_share_that_grows_downwards() {
    insta::assert_snapshot!(refused(&[
        (FIRST, "{ ge = \"99.0\", le = \"99.8\", percent = \"0\" }"),
        (FIRST, "{ ge = \"99.0\", le = \"99.8\", percent = \"101\" }"),
        (FIRST, "{ ge = \"99.0\", le = \"99.8\", percent = \"30\" }"),
        (FIRST, "{ ge = \"99.0\", le = \"99.8\" }"),
        (FIRST, "{ ge = \"99.0\", le = \"99.8\", days = \"1\" }"),
        ("{ lt = \"99\", days = \"3\" }", "{ lt = \"99\", percent = \"3\" }"),
        ("{ lt = \"99\", days = \"3\" }", "{ lt = \"99\", days = \"367\" }"),
        (FIRST, "{ ge = \"99.0\", le = \"99.8\", percent = \"10\", gt_minutes = \"5\" }"),
        ("cap_percent = \"50\"", "cap_percent = \"150\""),
        ("cap_percent = \"50\"", "cap_percent = \"0\""),
    ]), @r#"
      { ge = "99.0", le = "99.8", percent = "0" },
                                            ^ `percent`: must be above 0 and at most 100 percent
      { ge = "99.0", le = "99.8", percent = "101" },
                                            ^ `percent`: must be above 0 and at most 100 percent
      { ge = "95.0", lt = "99.0", percent = "25" },
                                            ^ `percent`: is less than the band above gives
      { ge = "99.0", le = "99.8" },
      ^ `percent`: say what the band is worth
      { ge = "99.0", le = "99.8", days = "1" },
                                         ^ `days`: belongs to the other kind of bands; here it is `percent`
      { lt = "99", percent = "3" },
                             ^ `percent`: belongs to the other kind of bands; here it is `days`
      { lt = "99", days = "367" },
                          ^ `days`: must be at most 366 days
      { ge = "99.0", le = "99.8", percent = "10", gt_minutes = "5" },
             ^ `ge`: the bands are in minutes of downtime; keep to one sort
    cap_percent = "150"
                  ^ `cap_percent`: must be above 0 and at most 100 percent
    cap_percent = "0"
                  ^ `cap_percent`: must be above 0 and at most 100 percent
    "#);
}

#[test]
fn bands_of_downtime_are_in_minutes_from_the_shortest() {
    let uptime = "bands = [\n  { ge = \"99\", lt = \"99.5\", days = \"1\" },\n  { lt = \"99\", days = \"3\" },\n]";
    let bands = |bands: &str| format!("bands = [{bands}]");
    let minutes = |text: &str| (uptime.to_owned(), bands(text));
    let edits = [
        minutes("{ le_minutes = \"10\", days = \"1\" }, { gt_minutes = \"20\", days = \"2\" }"),
        minutes("{ le_minutes = \"10\", days = \"1\" }, { gt_minutes = \"5\", days = \"2\" }"),
        minutes("{ gt_minutes = \"20\", le_minutes = \"10\", days = \"1\" }"),
        minutes("{ le_minutes = \"10\", days = \"1\" }"),
        minutes("{ gt_minutes = \"10\", days = \"1\" }, { gt_minutes = \"20\", days = \"2\" }"),
        minutes("{ le_minutes = \"10\", days = \"1\" }, { lt = \"99\", days = \"2\" }"),
        minutes(""),
    ];
    let edits: Vec<(&str, &str)> = edits.iter().map(|(from, to)| (&**from, &**to)).collect();
    insta::assert_snapshot!(refused(&edits), @r#"
    bands = [{ le_minutes = "10", days = "1" }, { gt_minutes = "20", days = "2" }]
                                                               ^ `gt_minutes`: must be 10, where the band above ends
    bands = [{ le_minutes = "10", days = "1" }, { gt_minutes = "5", days = "2" }]
                                                               ^ `gt_minutes`: must be 10, where the band above ends
    bands = [{ gt_minutes = "20", le_minutes = "10", days = "1" }]
                                               ^ `le_minutes`: must be above `gt_minutes`
    bands = [{ le_minutes = "10", days = "1" }]
                            ^ `le_minutes`: nothing is said above it: leave it out of the last band
    bands = [{ gt_minutes = "10", days = "1" }, { gt_minutes = "20", days = "2" }]
                                                               ^ `gt_minutes`: the band above is open already: it must be last
    bands = [{ le_minutes = "10", days = "1" }, { lt = "99", days = "2" }]
                                                       ^ `lt`: the bands are in minutes of downtime; keep to one sort
    bands = []
            ^ `bands`: the list is empty: leave the key out instead
    "#);
}

#[test]
fn a_schedule_has_the_keys_of_its_kind() {
    insta::assert_snapshot!(refused(&[
        ("kind = \"bands\"\nbasis = \"month_fees_in_scope\"", "kind = \"flat\"\nbasis = \"month_fees_in_scope\""),
        ("percent = \"5\"", "percent = \"5\"\namount = \"100.00\""),
        ("percent = \"5\"\n", ""),
        ("step = \"0.1\"", "step = \"0\""),
        ("step = \"0.1\"\n", ""),
        ("percent = \"7\"\n", ""),
        ("multiplier = \"10\"", "multiplier = \"0\""),
        ("multiplier = \"10\"", "percent = \"10\""),
        ("cap_12_months_percent = \"25\"", "cap_12_months_percent = \"25\"\ncap_12_months_amount = \"100.00\""),
        ("gt = \"1.00\", currency", "gt = \"1.00\", ge = \"1.00\", currency"),
        ("{ gt = \"1.00\", currency = \"USD\" }", "{ currency = \"USD\" }"),
        ("{ gt = \"1.00\", currency = \"USD\" }", "\"1.00\""),
    ]), @r#"
    bands = [
            ^ `bands`: does not belong to kind = "flat"
    percent = "5"
              ^ `percent`: give exactly one of `percent`, `amount`
    [commitment.credit]
    ^ `percent`: give exactly one of `percent`, `amount`
    step = "0"
           ^ `step`: must be above 0 and at most 100 percent
    [commitment.credit]
    ^ `step`: is required by kind = "per_step"
    [commitment.credit]
    ^ `percent`: is required by kind = "per_step"
    multiplier = "0"
                 ^ `multiplier`: must be above 0
    percent = "10"
              ^ `percent`: does not belong to kind = "proportional"
    cap_12_months_amount = "100.00"
                           ^ `cap_12_months_amount`: give only one of `cap_12_months_percent`, `cap_12_months_amount`
    min_amount = { gt = "1.00", ge = "1.00", currency = "USD" }
                        ^ `gt`: give exactly one of `gt`, `ge`
    min_amount = { currency = "USD" }
                 ^ `gt`: give exactly one of `gt`, `ge`
    min_amount = "1.00"
                 ^ `min_amount` must be a table, not text
    "#);
}

#[test]
fn amounts_are_in_the_currency_of_the_contract() {
    insta::assert_snapshot!(refused(&[
        ("gt = \"1.00\", currency = \"USD\"", "gt = \"1.00\", currency = \"EUR\""),
        ("gt = \"1.00\"", "gt = \"1.001\""),
        ("cap_amount = \"20000.00\"", "cap_amount = \"0.00\""),
        ("cap_amount = \"20000.00\"", "cap_amount = \"0.005\""),
        ("currency = \"USD\"\ntext_date", "currency = \"JPY\"\ntext_date"),
    ]), @r#"
    min_amount = { gt = "1.00", currency = "EUR" }
                                           ^ `currency`: must be the contract's own, USD
    min_amount = { gt = "1.001", currency = "USD" }
                        ^ `gt`: USD has 2 decimals only
    cap_amount = "0.00"
                 ^ `cap_amount`: must be above 0
    cap_amount = "0.005"
                 ^ `cap_amount`: USD has 2 decimals only
    min_amount = { gt = "1.00", currency = "USD" }
                                           ^ `currency`: must be the contract's own, JPY
    "#);
}
