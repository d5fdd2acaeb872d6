//! Numbers that are not exact, and words that nobody knows.

use super::*;

#[test]
fn a_bare_number_where_exactness_needs_quotes_is_refused_with_the_quoted_one() {
    insta::assert_snapshot!(refused(&[
        ("target = \"99.9\"", "target = 99.9"),
        ("target = \"99.9\"", "target = 99.90"),
        ("threshold = \"0.05\"", "threshold = 0.05"),
        ("percent = \"10\"", "percent = 10"),
        ("ge = \"95.0\"", "ge = 95.0"),
        ("cap_percent = \"50\"", "cap_percent = 50"),
        ("cap_amount = \"20000.00\"", "cap_amount = 20_000"),
        ("gt = \"1.00\"", "gt = 1.00"),
        ("value = \"110\"", "value = 110"),
        ("below = \"95\"", "below = 95"),
        ("days = \"3\"", "days = 3"),
    ]), @r#"
    target = 99.9
             ^ `target` must be exact: write it in quotes, "99.9"
    target = 99.90
             ^ `target` must be exact: write it in quotes, "99.90"
    threshold = 0.05
                ^ `threshold` must be exact: write it in quotes, "0.05"
      { ge = "99.0", le = "99.8", percent = 10 },
                                            ^ `percent` must be exact: write it in quotes, "10"
      { ge = 95.0, lt = "99.0", percent = "25" },
             ^ `ge` must be exact: write it in quotes, "95.0"
    cap_percent = 50
                  ^ `cap_percent` must be exact: write it in quotes, "50"
    cap_amount = 20_000
                 ^ `cap_amount` must be exact: write it in quotes, "20000"
    min_amount = { gt = 1.00, currency = "USD" }
                        ^ `gt` must be exact: write it in quotes, "1.00"
      { model = "acme-mini", value = 110 },
                                     ^ `value` must be exact: write it in quotes, "110"
    other_remedies = [{ kind = "termination", below = 95, note = "two months in a row" }]
                                                      ^ `below` must be exact: write it in quotes, "95"
      { lt = "99", days = 3 },
                          ^ `days` must be exact: write it in quotes, "3"
    "#);
}

#[test]
fn a_number_in_quotes_is_plain_decimal_digits() {
    insta::assert_snapshot!(refused(&[
        ("target = \"99.9\"", "target = \"99,9\""),
        ("target = \"99.9\"", "target = \"99.9%\""),
        ("target = \"99.9\"", "target = \" 99.9\""),
        ("target = \"99.9\"", "target = \"three nines\""),
        ("target = \"99.9\"", "target = \"-99.9\""),
        ("target = \"99.9\"", "target = \"99.9999999999\""),
        ("threshold = \"0.05\"", "threshold = \"5%\""),
        ("threshold = \"0.05\"", "threshold = \".05\""),
        ("threshold = \"0.05\"", "threshold = \"5e-2\""),
        ("cap_amount = \"20000.00\"", "cap_amount = \"20,000.00\""),
        ("cap_amount = \"20000.00\"", "cap_amount = \"USD 20000\""),
    ]), @r#"
    target = "99,9"
             ^ `target`: "99,9" is not a percentage: write digits with at most one point, such as "99.9", at most 9 on each side, without sign, exponent or %
    target = "99.9%"
             ^ `target`: "99.9%" is not a percentage: write digits with at most one point, such as "99.9", at most 9 on each side, without sign, exponent or %
    target = " 99.9"
             ^ `target`: " 99.9" is not a percentage: write digits with at most one point, such as "99.9", at most 9 on each side, without sign, exponent or %
    target = "three nines"
             ^ `target`: "three nines" is not a percentage: write digits with at most one point, such as "99.9", at most 9 on each side, without sign, exponent or %
    target = "-99.9"
             ^ `target`: "-99.9" is not a percentage: write digits with at most one point, such as "99.9", at most 9 on each side, without sign, exponent or %
    target = "99.9999999999"
             ^ `target`: "99.9999999999" is not a percentage: write digits with at most one point, such as "99.9", at most 9 on each side, without sign, exponent or %
    threshold = "5%"
                ^ `threshold`: "5%" is not a decimal number: write digits with at most one point, such as "0.05", at most 9 on each side, without sign or exponent
    threshold = ".05"
                ^ `threshold`: ".05" is not a decimal number: write digits with at most one point, such as "0.05", at most 9 on each side, without sign or exponent
    threshold = "5e-2"
                ^ `threshold`: "5e-2" is not a decimal number: write digits with at most one point, such as "0.05", at most 9 on each side, without sign or exponent
    cap_amount = "20,000.00"
                 ^ `cap_amount`: "20,000.00" is not a decimal number: write digits with at most one point, such as "0.05", at most 9 on each side, without sign or exponent
    cap_amount = "USD 20000"
                 ^ `cap_amount`: "USD 20000" is not a decimal number: write digits with at most one point, such as "0.05", at most 9 on each side, without sign or exponent
    "#);
}

#[test]
fn a_word_that_nobody_knows_is_refused_with_the_nearest_one() {
    insta::assert_snapshot!(refused(&[
        ("family = \"downtime_minutes\"\n", "family = \"downtime_minute\"\n"),
        ("family = \"downtime_minutes\"\n", "family = \"uptime\"\n"),
        ("family = \"downtime_minutes\"\n", "family = \"outage\"\n"),
        ("rule = \"rate_gt\"", "rule = \"rate_above\""),
        ("rule = \"rate_gt\"", "rule = \"RATE_GT\""),
        ("compare = \"ge\"", "compare = \">=\""),
        ("mode = \"half_up\"", "mode = \"round\""),
        ("kind = \"bands\"\nbasis = \"month", "kind = \"band\"\nbasis = \"month"),
        ("basis = \"month_fees_in_scope\"", "basis = \"monthly_fees\""),
        ("basis = \"month_fees_in_scope\"", "basis = \"stated\""),
        ("[\"dns\", \"tcp\", \"tls\"]", "[\"dns\", \"tpc\", \"tls\"]"),
        ("[\"dns\", \"tcp\", \"tls\"]", "[\"timeout\"]"),
        ("attribution = [\"ours\"]", "attribution = [\"customer\"]"),
        ("effect = \"remove_from_denominator\"", "effect = \"exclude\""),
        ("anchor = \"billing_cycle_end\"", "anchor = \"month_close\""),
        ("purpose = \"notice\"", "purpose = \"report\""),
        ("empty = \"skip\"", "empty = \"down\""),
        ("align = \"local_midnight\"", "align = \"midnight\""),
        ("kinds = [\"planned\",", "kinds = [\"probe\","),
        ("quantity = \"output_tokens_per_second\"", "quantity = \"tps\""),
    ]), @r#"
    family = "downtime_minute"
             ^ `downtime_minute` is not possible for `family`; did you mean `downtime_minutes`?
    family = "uptime"
             ^ `uptime` is not possible for `family`; possible here: `downtime_minutes`, `interval_mean`, `request_ratio`, `outage_proportional`, `target_only`, `latency_attainment`
    family = "outage"
             ^ `outage` is not possible for `family`; did you mean `outage_proportional`?
    rule = "rate_above"
           ^ `rate_above` is not possible for `rule`; possible here: `rate_gt`, `rate_ge`, `all_fail`, `any_fail`
    rule = "RATE_GT"
           ^ `RATE_GT` is not possible for `rule`; possible here: `rate_gt`, `rate_ge`, `all_fail`, `any_fail`
    compare = ">="
              ^ `>=` is not possible for `compare`; possible here: `ge`, `gt`
    mode = "round"
           ^ `round` is not possible for `mode`; possible here: `none`, `half_up`, `floor`, `unknown`
    kind = "band"
           ^ `band` is not possible for `kind`; did you mean `bands`?
    basis = "monthly_fees"
            ^ `monthly_fees` is not possible for `basis`; possible here: `month_fees_in_scope`, `invoice`, `fixed_fees`
    basis = "stated"
            ^ `stated` is not possible for `basis`; how sure a credit table is stands in `schedule_basis`; possible here: `month_fees_in_scope`, `invoice`, `fixed_fees`
    when = { outcome = ["dns", "tpc", "tls"], quorum = true }
                               ^ `tpc` is not possible for `outcome`; did you mean `tcp`?
    when = { outcome = ["timeout"], quorum = true }
                        ^ `timeout` is not possible for `outcome`; did you mean `connect_timeout`, `ttfb_timeout` or `ttft_timeout`?
    when = { attribution = ["customer"] }
                            ^ `customer` is not possible for `attribution`; possible here: `none`, `provider`, `gateway`, `network`, `ours`, `agent`, `unknown`
    effect = "exclude"
             ^ `exclude` is not possible for `effect`; possible here: `not_excluded`, `remove_from_denominator`, `treat_as_up`
    anchor = "month_close"
             ^ `month_close` is not possible for `anchor`; possible here: `eligibility`, `window_end`, `month_end`, `billing_month_end`, `billing_cycle_end`, `incident`, `downtime_end`, `invoice`
    purpose = "report"
              ^ `report` is not possible for `purpose`; possible here: `notice`, `claim`
    of = { family = "interval_mean", interval_s = 3600, empty = "down" }
                                                                ^ `down` is not possible for `empty`; possible here: `up`, `skip`, `unknown`
    align = "midnight"
            ^ `midnight` is not possible for `align`; did you mean `local_midnight`?
    kinds = ["probe", "traffic", "confirm"]
             ^ `probe` is not possible for `kinds`; possible here: `planned`, `burst`, `confirm`, `manual`, `traffic`
    quantity = "tps"
               ^ `tps` is not possible for `quantity`; possible here: `output_tokens_per_second`, `ttft_ms`, `total_ms`, `time_per_output_token_ms`
    "#);
}

#[test]
fn a_whole_number_says_its_own_range() {
    insta::assert_snapshot!(refused(&[
        ("min_run_minutes = 5\n", "min_run_minutes = -5\n"),
        ("min_run_minutes = 5\n", "min_run_minutes = 0\n"),
        ("min_run_minutes = 5\n", "min_run_minutes = 1441\n"),
        ("min_run_minutes = 5\n", "min_run_minutes = 99999999999999999999\n"),
        ("notice_hours = 72", "notice_hours = -1"),
        ("notice_hours = 72", "notice_hours = 9000"),
        ("minutes_max = 240", "minutes_max = 0"),
        ("minutes_max = 240", "minutes_max = 600000"),
        ("interval_s = 300", "interval_s = -300"),
        ("interval_s = 300", "interval_s = 90"),
        ("window_s = 600", "window_s = 0"),
        ("window_s = 300", "window_s = -1"),
        ("success_within_s = 60", "success_within_s = 0"),
        ("sample = { status = [200]", "sample = { status = [999]"),
        ("sample = { status = [200]", "sample = { status = [\"2xx\"]"),
        ("value = \"60\"", "value = \"0\""),
    ]), @r#"
    min_run_minutes = -5
                      ^ `min_run_minutes`: must be a whole number from 1 to 1440
    min_run_minutes = 0
                      ^ `min_run_minutes`: must be a whole number from 1 to 1440
    min_run_minutes = 1441
                      ^ `min_run_minutes`: must be a whole number from 1 to 1440
    min_run_minutes = 99999999999999999999
                      ^ `min_run_minutes`: is far outside of the range of its key
    notice_hours = -1
                   ^ `notice_hours`: must be a whole number from 0 to 8784
    notice_hours = 9000
                   ^ `notice_hours`: must be a whole number from 0 to 8784
    minutes_max = 0
                  ^ `minutes_max`: must be a whole number from 1 to 527040
    minutes_max = 600000
                  ^ `minutes_max`: must be a whole number from 1 to 527040
    interval_s = -300
                 ^ `interval_s`: must be a multiple of 60 from 60 to 86400 seconds
    interval_s = 90
                 ^ `interval_s`: must be a multiple of 60 from 60 to 86400 seconds
    window_s = 0
               ^ `window_s`: must be a multiple of 60 from 60 to 86400 seconds
    window_s = -1
               ^ `window_s`: must be a whole number from 1 to 86400
    success_within_s = 0
                       ^ `success_within_s`: must be a whole number from 1 to 86400
    sample = { status = [999], min_output_tokens = 76, max_output_tokens = 4000 }
                         ^ `status`: must be a whole number from 100 to 599
    sample = { status = ["2xx"], min_output_tokens = 76, max_output_tokens = 4000 }
                         ^ `status` must be a whole number, not text
      { model = "acme-2*", value = "0" },
                                   ^ `value`: must be above 0
    "#);
}

#[test]
fn words_that_belong_elsewhere_and_bare_words_in_place_of_lists_are_shown_their_place() {
    insta::assert_snapshot!(refused(&[
        ("evidence = [\"log_files\", \"dates_times\"]", "evidence = \"log_files\""),
        ("sample = { status = [200]", "sample = { status = 200"),
        ("outcome = [\"ok\"]", "outcome = \"ok\""),
        ("covers = { region = [\"eu-west-1\", \"us-east-1\"]", "covers = { region = 3"),
        ("covers = { region = [\"eu-west-1\", \"us-east-1\"]", "covers = { region = [\"a\", 3]"),
        ("timezone = \"UTC\"", "timezone = \"UTC+2\""),
        ("timezone = \"UTC\"", "timezone = \"+02:00\""),
        ("timezone = \"UTC\"", "timezone = \"PST\""),
        ("timezone = \"UTC\"", "timezone = \"Pacific Time\""),
        ("rrule = \"FREQ=WEEKLY;BYDAY=SU\"", "rrule = \"BYDAY=SU\""),
    ]), @r#"
    evidence = "log_files"
               ^ `evidence` must be a list such as ["log_files"], not text
    sample = { status = 200, min_output_tokens = 76, max_output_tokens = 4000 }
                        ^ `status` must be a list such as [200], not a whole number
    when = { outcome = "ok", tier = ["priority"] }
                       ^ `outcome` must be a list such as ["ok"], not text
    covers = { region = 3, tier = "priority" }
                        ^ `region` must be text, or a list of texts, not a whole number
    covers = { region = ["a", 3], tier = "priority" }
                              ^ `region` must be text, not a whole number
    timezone = "UTC+2"
               ^ `timezone`: `UTC+2` is no IANA time zone; an offset is no zone: name a city, such as `Europe/Paris`
    timezone = "+02:00"
               ^ `timezone`: `+02:00` is no IANA time zone; an offset is no zone: name a city, such as `Europe/Paris`
    timezone = "PST"
               ^ `timezone`: `PST` is no IANA time zone; name a city, such as `America/Los_Angeles`
    timezone = "Pacific Time"
               ^ `timezone`: `Pacific Time` is no IANA time zone; name a city, such as `America/Los_Angeles`
    rrule = "BYDAY=SU"
            ^ `rrule`: must begin with FREQ, such as FREQ=WEEKLY;BYDAY=SU
    "#);
}

#[test]
fn lines_of_text_have_limits_wherever_they_stand() {
    let long = "a".repeat(1_001);
    let note = format!("note = \"{long}\"\n");
    let noted = |header: &str| format!("{header}\n{note}");
    insta::assert_snapshot!(refused(&[
        ("channel = \"support_case\"", &format!("channel = \"{long}\"")),
        ("\"SLA Credit Request\"", &format!("\"{long}\"")),
        ("\"log_files\"", &format!("\"{long}\"")),
        ("\"acme-mini\"", &format!("\"{long}\"")),
        ("sample = { status = [200]", &format!("sample = {{ tier = [\"{long}\"], status = [200]")),
        ("[window]", &noted("[window]")),
        ("[claim]", &noted("[claim]")),
        ("[commitment.rounding]", &noted("[commitment.rounding]")),
        ("kind = \"per_step\"", &noted("kind = \"per_step\"")),
        ("purpose = \"notice\"", &noted("purpose = \"notice\"")),
    ]), @r#"
    channel = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
              ^ `channel`: must have at most 1000 characters
    subject_must_contain = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
                           ^ `subject_must_contain`: must have at most 1000 characters
    evidence = ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
                ^ `evidence`: must have at most 1000 characters
      { model = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
                ^ `model`: must have at most 1000 characters
    sample = { tier = ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
                       ^ `tier`: must have at most 1000 characters
    note = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
           ^ `note`: must have at most 1000 characters
    note = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
           ^ `note`: must have at most 1000 characters
    note = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
           ^ `note`: must have at most 1000 characters
    note = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
           ^ `note`: must have at most 1000 characters
    note = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
           ^ `note`: must have at most 1000 characters
    "#);
}
