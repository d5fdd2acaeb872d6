//! Mistakes in `[commitment.metric]`.

use super::*;

#[test]
fn bad_minutes_have_a_threshold_that_is_a_ratio() {
    insta::assert_snapshot!(refused(&[
        ("threshold = \"0.05\"", "threshold = \"5\""),
        ("threshold = \"0.05\"", "threshold = \"1\""),
        ("rule = \"rate_gt\"\nthreshold = \"0.05\"", "rule = \"rate_ge\"\nthreshold = \"0\""),
        ("rule = \"rate_gt\"\nthreshold = \"0.05\"", "rule = \"rate_ge\"\nthreshold = \"1.5\""),
        ("rule = \"all_fail\"", "rule = \"all_fail\"\nthreshold = \"0.5\""),
        ("min_run_minutes = 5", "min_run_minutes = 0"),
        ("min_run_minutes = 5", "min_run_minutes = 1441"),
        ("min_run_minutes = 5", "min_run_minutes = -5"),
        ("min_valid_per_minute = 10", "min_valid_per_minute = -1"),
        ("\"planned\", \"traffic\", \"confirm\"", "\"planned\", \"planned\""),
        ("kinds = [\"planned\", \"traffic\", \"confirm\"]", "kinds = []"),
        ("threshold = \"0.05\"", "threshold = \"0.05\"\ninterval_s = 300"),
    ]), @r#"
    threshold = "5"
                ^ `threshold`: must be a ratio below 1: five percent is "0.05"; use rule = "all_fail" for 100 percent
    threshold = "1"
                ^ `threshold`: must be a ratio below 1: five percent is "0.05"; use rule = "all_fail" for 100 percent
    threshold = "0"
                ^ `threshold`: must be a ratio above 0 and up to 1: five percent is "0.05"
    threshold = "1.5"
                ^ `threshold`: must be a ratio above 0 and up to 1: five percent is "0.05"
    threshold = "0.5"
                ^ `threshold`: only belongs to rule = "rate_gt" or "rate_ge"
    min_run_minutes = 0
                      ^ `min_run_minutes`: must be a whole number from 1 to 1440
    min_run_minutes = 1441
                      ^ `min_run_minutes`: must be a whole number from 1 to 1440
    min_run_minutes = -5
                      ^ `min_run_minutes`: must be a whole number from 1 to 1440
    min_valid_per_minute = -1
                           ^ `min_valid_per_minute`: must be a whole number, 0 or more
    kinds = ["planned", "planned"]
            ^ `kinds`: names one twice
    kinds = []
            ^ `kinds`: the list is empty: leave the key out instead
    interval_s = 300
    ^ unknown key `interval_s` in [commitment.metric]; possible here: `rule`, `threshold`, `min_run_minutes`, `min_valid_per_minute`, `kinds`
    "#);
}

#[test]
fn intervals_are_whole_minutes_up_to_a_day() {
    insta::assert_snapshot!(refused(&[
        ("interval_s = 300", "interval_s = 0"),
        ("interval_s = 300", "interval_s = 90"),
        ("interval_s = 300", "interval_s = 5"),
        ("interval_s = 300", "interval_s = 86460"),
        ("interval_s = 300", "interval_s = \"5m\""),
        ("interval_s = 300", "interval_s = 300\nthreshold = \"0.05\""),
        ("window_s = 600", "window_s = 601"),
        ("success_within_s = 60", "success_within_s = 0"),
        ("kind = \"repeat_errors\"\nwindow_s = 300", "kind = \"repeat_errors\"\nwindow_s = 0"),
        ("kind = \"repeat_errors\"\nwindow_s = 300", "kind = \"repeat_errors\"\nwindow_s = 100000"),
    ]), @r#"
    interval_s = 0
                 ^ `interval_s`: must be a multiple of 60 from 60 to 86400 seconds
    interval_s = 90
                 ^ `interval_s`: must be a multiple of 60 from 60 to 86400 seconds
    interval_s = 5
                 ^ `interval_s`: must be a multiple of 60 from 60 to 86400 seconds
    interval_s = 86460
                 ^ `interval_s`: must be a multiple of 60 from 60 to 86400 seconds
    interval_s = "5m"
                 ^ `interval_s` must be a whole number, not text
    threshold = "0.05"
    ^ unknown key `threshold` in [commitment.metric]; possible here: `interval_s`, `align`, `empty`, `min_valid`, `kinds`
    window_s = 601
               ^ `window_s`: must be a multiple of 60 from 60 to 86400 seconds
    success_within_s = 0
                       ^ `success_within_s`: must be a whole number from 1 to 86400
    window_s = 0
               ^ `window_s`: must be a whole number from 1 to 86400
    window_s = 100000
               ^ `window_s`: must be a whole number from 1 to 86400
    "#);
}

#[test]
fn speed_is_promised_as_a_number_per_model() {
    let targets = "targets = [\n  { model = \"acme-2*\", value = \"60\" },\n  { model = \"acme-mini\", value = \"110\" },\n]\n";
    insta::assert_snapshot!(refused(&[
        (targets, ""),
        (targets, "value = 60\n"),
        (targets, "targets = []\n"),
        (targets, &format!("value = \"60\"\n{targets}")),
        ("model = \"acme-mini\"", "model = \"acme-2*\""),
        ("model = \"acme-mini\", value", "value"),
        ("percentile = \"50\"\n", ""),
        ("percentile = \"50\"", "percentile = \"p50\""),
        ("percentile = \"50\"", "percentile = \"0\""),
        ("percentile = \"50\"", "percentile = \"101\""),
        ("percentile_method = \"nearest_rank\"", "percentile_method = \"nearest\""),
        ("aggregate = \"windows\"", "aggregate = \"requests\""),
        ("quantity = \"output_tokens_per_second\"", "quantity = \"ttft_ms\""),
        ("compare = \"gt\"", "compare = \">\""),
        ("max_output_tokens = 4000", "max_output_tokens = 40"),
        ("min_samples_per_window = 2", "min_samples_per_window = 0"),
        ("sample = { status = [200]", "sample = { status = [\"2xx\"]"),
    ]), @r#"
    [commitment.metric]
    ^ `value`: give exactly one of `value`, `targets`
    value = 60
            ^ `value` must be exact: write it in quotes, "60"
    targets = []
              ^ `targets`: the list is empty: leave the key out instead
    value = "60"
            ^ `value`: give exactly one of `value`, `targets`
      { model = "acme-2*", value = "110" },
                ^ `model`: another target names it
      { value = "110" },
      ^ [[commitment.metric.targets]] lacks the key `model`
    aggregate = "windows"
                ^ `aggregate`: windows need `percentile`, the one of their samples that counts
    percentile = "p50"
                 ^ `percentile`: "p50" is not a percentage: write digits with at most one point, such as "99.9", at most 9 on each side, without sign, exponent or %
    percentile = "0"
                 ^ `percentile`: must be above 0 and at most 100
    percentile = "101"
                 ^ `percentile`: must be above 0 and at most 100
    percentile_method = "nearest"
                        ^ `nearest` is not possible for `percentile_method`; did you mean `nearest_rank_lower` or `nearest_rank`?
    window_s = 600
               ^ `window_s`: has no place where aggregate = "requests"
    quantity_definition = "tokens_over_total"
                          ^ `quantity_definition`: only belongs to quantities of tokens
    compare = ">"
              ^ `>` is not possible for `compare`; possible here: `gt`, `ge`, `lt`, `le`
    ample = { status = [200], min_output_tokens = 76, max_output_tokens = 40 }
                                                                          ^ `max_output_tokens`: is below `min_output_tokens`
    min_samples_per_window = 0
                             ^ `min_samples_per_window`: must be a whole number, 1 or more
    sample = { status = ["2xx"], min_output_tokens = 76, max_output_tokens = 4000 }
                         ^ `status` must be a whole number, not text
    "#);
}

#[test]
fn a_target_alone_is_of_another_formula_and_worth_nothing() {
    insta::assert_snapshot!(refused(&[
        ("of = { family = \"interval_mean\", interval_s = 3600, empty = \"skip\" }", "of = { family = \"target_only\", of = { family = \"request_ratio\" } }"),
        ("of = { family = \"interval_mean\", interval_s = 3600, empty = \"skip\" }", "of = \"interval_mean\""),
        ("interval_s = 3600, empty = \"skip\" }", "interval_s = 3600 }"),
        ("interval_s = 3600, empty = \"skip\" }\n", "interval_s = 3600, empty = \"skip\" }\n[commitment.credit]\nkind = \"flat\"\nbasis = \"invoice\"\npercent = \"5\"\n"),
        ("affected_ratio = \"measured\"", "affected_ratio = \"0.5\""),
        ("affected_ratio = \"measured\"\n", ""),
    ]), @r#"
    of = { family = "target_only", of = { family = "request_ratio" } }
                    ^ `family`: must be another than "target_only"
    of = "interval_mean"
         ^ `of` must be a table, not text
    of = { family = "interval_mean", interval_s = 3600 }
         ^ [commitment.metric.of] lacks the key `empty`
    [commitment.credit]
    ^ `credit`: a target only is worth nothing: leave this table out, or make the family under `of` the metric's own
    affected_ratio = "0.5"
                     ^ `0.5` is not possible for `affected_ratio`; possible here: `measured`, `one`, `unknown`
    [commitment.metric]
    ^ [commitment.metric] lacks the key `affected_ratio`
    "#);
}
