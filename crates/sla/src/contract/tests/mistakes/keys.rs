//! Keys that nobody knows, keys that are missing, and values of another type, in every table.

use super::*;

#[test]
fn a_key_that_nobody_knows_is_refused_in_every_table_with_the_nearest_one() {
    insta::assert_snapshot!(refused(&[
        ("[evidence]", "[evidense]"),
        ("[claim]\nchannel", "[claims]\nchannel"),
        ("currency = \"USD\"\n", "curency = \"USD\"\n"),
        ("kind = \"termination\", below", "kind = \"termination\", bellow"),
        ("partition = [", "partitions = ["),
        ("run_across_edge", "run_accross_edge"),
        ("pooling =", "poling ="),
        ("networks = 2", "network = 2"),
        ("default = \"unknown\"", "defaults = \"unknown\""),
        ("otherwise =", "else ="),
        ("quorum = true", "quorom = true"),
        ("target = \"99.9\"", "traget = \"99.9\""),
        ("model_list = \"preview\"", "models = \"preview\""),
        ("digits = 1", "decimals = 1"),
        ("threshold = \"0.05\"", "treshold = \"0.05\""),
        ("id = \"every-minute\"", "name = \"every-minute\""),
    ]), @r#"
    [evidense]
     ^ unknown key `evidense` in the contract; did you mean `evidence`?
    [claims]
     ^ unknown key `claims` in the contract; did you mean `claim`?
    curency = "USD"
    ^ unknown key `curency` in [contract]; did you mean `currency`?
    other_remedies = [{ kind = "termination", bellow = "95", note = "two months in a row" }]
                                              ^ unknown key `bellow` in [[contract.other_remedies]]; did you mean `below`?
    partitions = ["account", "region"]
    ^ unknown key `partitions` in [scope]; did you mean `partition`?
    run_accross_edge = "unknown"
    ^ unknown key `run_accross_edge` in [window]; did you mean `run_across_edge`?
    poling = "pooled"
    ^ unknown key `poling` in [evidence]; did you mean `pooling`?
    quorum = { agents = 3, network = 2 }
                           ^ unknown key `network` in [evidence.quorum]; did you mean `networks`?
    defaults = "unknown"
    ^ unknown key `defaults` in [events]; did you mean `default`?
    else = "not_valid"
    ^ unknown key `else` in [[events.rule]]; possible here: `class`, `when`, `otherwise`, `basis`, `provenance`, `note`
    when = { outcome = ["dns", "tcp", "tls"], quorom = true }
                                              ^ unknown key `quorom` in [events.rule.when]; did you mean `quorum`?
    traget = "99.9"
    ^ unknown key `traget` in [[commitment]]; did you mean `target`?
    overrides = [{ models = "preview", target = "95" }]
                   ^ unknown key `models` in [[commitment.overrides]]; did you mean `model_list`?
    decimals = 1
    ^ unknown key `decimals` in [commitment.rounding]; possible here: `mode`, `digits`, `basis`, `provenance`, `note`
    treshold = "0.05"
    ^ unknown key `treshold` in [commitment.metric]; did you mean `threshold`?
    name = "every-minute"
    ^ unknown key `name` in [[commitment.alternative]]; did you mean `note`?
    "#);
}

#[test]
fn a_key_that_nobody_knows_is_refused_also_deep_inside() {
    insta::assert_snapshot!(refused(&[
        ("cap_percent = \"50\"", "cap = \"50\""),
        ("{ gt = \"1.00\", currency", "{ gt = \"1.00\", curency"),
        ("{ lt = \"95.0\", percent = \"50\" }", "{ lt = \"95.0\", credit = \"50\" }"),
        ("interval_s = 300", "interval = 300"),
        ("success_within_s = 60", "timeout_s = 60"),
        ("[commitment.metric.dedupe]", "[commitment.metric.deduplicate]"),
        ("kind = \"repeat_errors\"\nwindow_s", "kind = \"repeat_errors\"\nwindow"),
        ("affected_ratio = \"measured\"", "affected = \"measured\""),
        ("percentile = \"50\"", "percentil = \"50\""),
        ("min_output_tokens = 76", "min_tokens = 76"),
        ("model = \"acme-mini\", value", "model = \"acme-mini\", tps"),
        ("of = { family", "metric = { family"),
        ("minutes_max = 240", "max_minutes = 240"),
        ("rrule = ", "rule = "),
        ("subject_must_contain", "subject"),
        ("business_days = 5", "working_day = 5"),
        ("hours = 24", "hour = 24"),
    ]), @r#"
    cap = "50"
    ^ unknown key `cap` in [commitment.credit]; did you mean `cap_percent`, `cap_amount`, `cap_12_months_percent` or `cap_12_months_amount`?
    min_amount = { gt = "1.00", curency = "USD" }
                                ^ unknown key `curency` in [commitment.credit.min_amount]; did you mean `currency`?
      { lt = "95.0", credit = "50" },
                     ^ unknown key `credit` in [[commitment.credit.bands]]; possible here: `ge`, `lt`, `le`, `gt_minutes`, `le_minutes`, `percent`, `days`
    interval = 300
    ^ unknown key `interval` in [commitment.metric]; did you mean `interval_s`?
    timeout_s = 60
    ^ unknown key `timeout_s` in [commitment.metric]; possible here: `dedupe`, `success_within_s`, `kinds`
    [commitment.metric.deduplicate]
                       ^ unknown key `deduplicate` in [commitment.metric]; possible here: `dedupe`, `success_within_s`, `kinds`
    window = 300
    ^ unknown key `window` in [commitment.metric.dedupe]; did you mean `window_s`?
    affected = "measured"
    ^ unknown key `affected` in [commitment.metric]; did you mean `affected_ratio`?
    percentil = "50"
    ^ unknown key `percentil` in [commitment.metric]; did you mean `percentile`?
    sample = { status = [200], min_tokens = 76, max_output_tokens = 4000 }
                               ^ unknown key `min_tokens` in [commitment.metric.sample]; possible here: `stream`, `status`, `min_output_tokens`, `max_output_tokens`, `max_context_tokens`, `tier`
      { model = "acme-mini", tps = "110" },
                             ^ unknown key `tps` in [[commitment.metric.targets]]; possible here: `model`, `value`
    metric = { family = "interval_mean", interval_s = 3600, empty = "skip"
    ^ unknown key `metric` in [commitment.metric]; possible here: `of`
    max_minutes = 240
    ^ unknown key `max_minutes` in [[exclusion]]; possible here: `kind`, `effect`, `notice_hours`, `minutes_max`, `recurs`, `span`, `regions`, `basis`, `provenance`, `note`
    rule = "FREQ=WEEKLY;BYDAY=SU"
    ^ unknown key `rule` in [exclusion.recurs]; did you mean `rrule`?
    subject = "SLA Credit Request"
    ^ unknown key `subject` in [claim]; did you mean `subject_must_contain`?
    working_day = 5
    ^ unknown key `working_day` in [claim.opens]; did you mean `working_days`?
    hour = 24
    ^ unknown key `hour` in [[claim.deadlines]]; did you mean `hours`?
    "#);
}

#[test]
fn a_missing_key_is_named_with_its_table() {
    insta::assert_snapshot!(refused(&[
        ("[contract]\nid = \"acme-chat\"\n", "[contract]\n"),
        ("currency = \"USD\"\n", ""),
        ("kind = \"calendar_month\"\n", ""),
        ("default = \"unknown\"\n", ""),
        ("class = \"not_valid\"\nwhen = { attribution", "when = { attribution"),
        ("when = { attribution = [\"ours\"] }\n", ""),
        ("id = \"uptime\"\n", ""),
        ("target = \"99.9\"\n", ""),
        ("model_list = \"preview\", ", ""),
        ("mode = \"half_up\"\n", ""),
        ("family = \"downtime_minutes\"\nrule = \"rate_gt\"", "rule = \"rate_gt\""),
        ("threshold = \"0.05\"\n", ""),
        ("min_run_minutes = 5\n", ""),
        ("[commitment.metric]\nfamily = \"interval_mean\"\ninterval_s = 300\nalign = \"local_midnight\"\nempty = \"up\"\n", ""),
    ]), @r#"
    [contract]
    ^ [contract] lacks the key `id`
    [contract]
    ^ [contract] lacks the key `currency`
    [window]
    ^ [window] lacks the key `kind`
    [events]
    ^ [events] lacks the key `default`
    [[events.rule]]
    ^ [[events.rule]] lacks the key `class`
    [[events.rule]]
    ^ [[events.rule]] lacks the key `when`
    [[commitment]]
    ^ [[commitment]] lacks the key `id`
    [[commitment]]
    ^ [[commitment]] lacks the key `target`
    overrides = [{ target = "95" }]
                 ^ [[commitment.overrides]] lacks the key `model_list`
    [commitment.rounding]
    ^ [commitment.rounding] lacks the key `mode`
    [commitment.metric]
    ^ [commitment.metric] lacks the key `family`
    rule = "rate_gt"
           ^ `rule`: needs `threshold`, the ratio that errors are compared with
    [commitment.metric]
    ^ [commitment.metric] lacks the key `min_run_minutes`
    [[commitment]]
    ^ [[commitment]] lacks the key `metric`
    "#);
}

#[test]
fn a_missing_key_is_named_also_deep_inside() {
    insta::assert_snapshot!(refused(&[
        ("kind = \"bands\"\nbasis = \"month_fees_in_scope\"", "basis = \"month_fees_in_scope\""),
        ("kind = \"bands\"\nbasis = \"month_fees_in_scope\"", "kind = \"bands\""),
        ("empty = \"up\"\n", ""),
        ("steps = \"floor\"\n", ""),
        ("quantity = \"output_tokens_per_second\"\n", ""),
        ("compare = \"gt\"\n", ""),
        ("of = { family = \"interval_mean\", interval_s = 3600, empty = \"skip\" }\n", ""),
        ("effect = \"remove_from_denominator\"\n", ""),
        ("timezone = \"Europe/Paris\"\n", ""),
        ("channel = \"support_case\"\n", ""),
        ("purpose = \"claim\"\n", ""),
        ("anchor = \"billing_cycle_end\"\n", ""),
    ]), @r#"
    [commitment.credit]
    ^ [commitment.credit] lacks the key `kind`
    [commitment.credit]
    ^ [commitment.credit] lacks the key `basis`
    [commitment.metric]
    ^ [commitment.metric] lacks the key `empty`
    [commitment.credit]
    ^ `steps`: is required by kind = "per_step"
    [commitment.metric]
    ^ [commitment.metric] lacks the key `quantity`
    [commitment.metric]
    ^ [commitment.metric] lacks the key `compare`
    [commitment.metric]
    ^ [commitment.metric] lacks the key `of`
    [[exclusion]]
    ^ [[exclusion]] lacks the key `effect`
    [exclusion.recurs]
    ^ [exclusion.recurs] lacks the key `timezone`
    [claim]
    ^ [claim] lacks the key `channel`
    [[claim.deadlines]]
    ^ [[claim.deadlines]] lacks the key `purpose`
    [[claim.deadlines]]
    ^ [[claim.deadlines]] lacks the key `anchor`
    "#);
    for (table, next) in [
        ("contract", "scope"),
        ("window", "evidence"),
        ("events", "[commitment"),
    ] {
        let (before, rest) = COMPLETE.split_once(&format!("[{table}]\n")).unwrap();
        let (_, after) = rest.split_once(&format!("\n[{next}]")).unwrap();
        let error = Contract::parse(&format!("{before}[{next}]{after}")).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("line 1, column 1: the contract lacks the key `{table}`")
        );
    }
}

#[test]
fn a_value_of_another_type_is_refused_with_what_to_write() {
    insta::assert_snapshot!(refused(&[
        ("id = \"acme-chat\"", "id = 5"),
        ("service = \"chat completions, dedicated\"", "service = [\"chat\"]"),
        ("[window]\nkind = \"calendar_month\"", "[window]\nkind = 1"),
        ("schema = \"sla-contract/1\"", "schema = \"sla-contract/1\"\nscope = \"account\""),
        ("class = \"success\"", "class = true"),
        ("when = { attribution = [\"ours\"] }", "when = \"ours\""),
        ("when = { attribution = [\"ours\"] }", "when = { attribution = \"ours\" }"),
        ("stream = true", "stream = \"yes\""),
        ("min_run_minutes = 5", "min_run_minutes = \"5\""),
        ("min_run_minutes = 5", "min_run_minutes = 5.5"),
        ("window_s = 600", "window_s = 6e2"),
        ("hours = 24", "hours = \"24\""),
        ("forfeits_if_late = true", "forfeits_if_late = 1"),
        ("evidence = [\"log_files\", \"dates_times\"]", "evidence = \"log_files\""),
        ("requires = { consumption = \"provisioned_throughput\" }", "requires = \"provisioned_throughput\""),
        ("overrides = [{ model_list = \"preview\", target = \"95\" }]", "overrides = { model_list = \"preview\", target = \"95\" }"),
        ("family = \"request_ratio\"", "family = [\"request_ratio\"]"),
        ("of = { family", "of = 5 #"),
    ]), @r#"
    id = 5
         ^ `id` must be text, not a whole number
    service = ["chat"]
              ^ `service` must be text, not a list
    kind = 1
           ^ `kind` must be a word in quotes, not a whole number
    [scope]
     ^ [scope] stands here twice: put its keys together
    class = true
            ^ `class` must be a word in quotes, not true or false
    when = "ours"
           ^ `when` must be a table, not text
    when = { attribution = "ours" }
                           ^ `attribution` must be a list such as ["ours"], not text
    when = { feature = ["grounding"], stream = "yes" }
                                               ^ `stream` must be true or false, not text
    min_run_minutes = "5"
                      ^ `min_run_minutes` must be a whole number, not text
    min_run_minutes = 5.5
                      ^ `min_run_minutes` must be a whole number, not a number with a fraction
    window_s = 6e2
               ^ `window_s` must be a whole number, not a number with a fraction
    hours = "24"
            ^ `hours` must be a whole number, not text
    forfeits_if_late = 1
                       ^ `forfeits_if_late` must be true or false, not a whole number
    evidence = "log_files"
               ^ `evidence` must be a list such as ["log_files"], not text
    requires = "provisioned_throughput"
               ^ `requires` must be a table, not text
    overrides = { model_list = "preview", target = "95" }
                ^ `overrides` must be a list, not a table
    family = ["request_ratio"]
             ^ `family` must be a word in quotes, not a list
    of = 5 # = "interval_mean", interval_s = 3600, empty = "skip" }
         ^ `of` must be a table, not a whole number
    "#);
}
