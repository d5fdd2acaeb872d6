//! Mistakes in `[[commitment]]` itself.

use super::*;

#[test]
fn commitments_have_names_that_differ() {
    insta::assert_snapshot!(refused(&[
        ("id = \"mean\"", "id = \"uptime\""),
        ("id = \"uptime\"", "id = \"Up time\""),
        ("id = \"uptime\"", "id = \"\""),
    ]), @r#"
    id = "uptime"
         ^ `id`: another commitment has this id
    id = "Up time"
         ^ `id`: must be 1 to 64 of a-z, 0-9, `.`, `_` and `-`, beginning with a letter or digit
    id = ""
         ^ `id`: must not be empty
    "#);
}

#[test]
fn a_target_is_a_percentage_that_can_be_reached() {
    insta::assert_snapshot!(refused(&[
        ("target = \"99.9\"", "target = \"0.999\""),
        ("target = \"99.9\"", "target = \"100.1\""),
        ("target = \"99.9\"", "target = \"999\""),
        ("target = \"99.9\"", "target = \"-1\""),
        ("target = \"99.9\"", "target = \"0\""),
        ("target = \"95\" }", "target = \"0.95\" }"),
        ("target = \"95\" }", "target = \"101\" }"),
        ("below = \"95\"", "below = \"0.95\""),
        ("below = \"95\"", "below = \"0\""),
        ("target = \"100\"", "target = \"100\"\ncompare = \"gt\""),
    ]), @r#"
    target = "0.999"
             ^ `target`: is below 1 percent: 99.9 percent is "99.9"
    target = "100.1"
             ^ `target`: must be above 0 and at most 100 percent
    target = "999"
             ^ `target`: must be above 0 and at most 100 percent
    target = "-1"
             ^ `target`: "-1" is not a percentage: write digits with at most one point, such as "99.9", at most 9 on each side, without sign, exponent or %
    target = "0"
             ^ `target`: must be above 0 and at most 100 percent
    overrides = [{ model_list = "preview", target = "0.95" }]
                                                    ^ `target`: is below 1 percent: 99.9 percent is "99.9"
    overrides = [{ model_list = "preview", target = "101" }]
                                                    ^ `target`: must be above 0 and at most 100 percent
    other_remedies = [{ kind = "termination", below = "0.95", note = "two months in a row" }]
                                                      ^ `below`: is below 1 percent: 99.9 percent is "99.9"
    other_remedies = [{ kind = "termination", below = "0", note = "two months in a row" }]
                                                      ^ `below`: must be above 0 and at most 100 percent
    target = "100"
             ^ `target`: no result is above 100 percent: with compare = "gt" it would always be missed
    "#);
}

#[test]
fn an_override_refers_to_a_list_that_is_there() {
    insta::assert_snapshot!(refused(&[
        ("model_list = \"preview\"", "model_list = \"previews\""),
        ("[model_lists]\npreview = [\"acme-2-preview\", \"acme-mini-preview\"]\n", ""),
        ("{ model_list = \"preview\", target = \"95\" }", "{ model_list = \"preview\", target = \"95\" }, { model_list = \"preview\", target = \"94\" }"),
        ("overrides = [{ model_list = \"preview\", target = \"95\" }]", "overrides = [{ model_list = \"preview\", target = \"95\" }]\noverrides.target = 3"),
        ("target = \"95\" }", "target = \"95\", credit = { kind = \"flat\", basis = \"invoice\", amount = \"1.001\" } }"),
        ("target = \"95\" }", "target = \"95\", credit = { kind = \"bands\", basis = \"invoice\", bands = [{ lt = \"96\", percent = \"5\" }] } }"),
    ]), @r#"
    overrides = [{ model_list = "previews", target = "95" }]
                                ^ `model_list`: there is no list `previews` in [model_lists]
    overrides = [{ model_list = "preview", target = "95" }]
                                ^ `model_list`: there is no list `preview` in [model_lists]
    verrides = [{ model_list = "preview", target = "95" }, { model_list = "preview", target = "94" }]
                                                                          ^ `model_list`: another override is about it
    overrides.target = 3
    ^ cannot extend value of type array with a dotted key
     target = "95", credit = { kind = "flat", basis = "invoice", amount = "1.001" } }]
                                                                          ^ `amount`: USD has 2 decimals only
    = "95", credit = { kind = "bands", basis = "invoice", bands = [{ lt = "96", percent = "5" }] } }]
                                                                          ^ `lt`: must be 95, the target: two things are said from 95 to 96
    "#);
}

#[test]
fn rounding_says_how_and_to_how_many_digits() {
    let rounding = "mode = \"half_up\"\ndigits = 1";
    insta::assert_snapshot!(refused(&[
        (rounding, "mode = \"half_up\""),
        (rounding, "mode = \"none\"\ndigits = 1"),
        (rounding, "mode = \"half_up\"\ndigits = 7"),
        (rounding, "mode = \"half_up\"\ndigits = -1"),
        (rounding, "mode = \"half_up\"\ndigits = \"1\""),
        (rounding, "mode = \"nearest\"\ndigits = 1"),
    ]), @r#"
    [commitment.rounding]
    ^ `digits`: say how many decimals of the percentage stay
    digits = 1
             ^ `digits`: mode = "none" keeps every digit; where it is open whether the text rounds, use mode = "unknown"
    digits = 7
             ^ `digits`: must be a whole number from 0 to 6
    digits = -1
             ^ `digits`: must be a whole number from 0 to 6
    digits = "1"
             ^ `digits` must be a whole number, not text
    mode = "nearest"
           ^ `nearest` is not possible for `mode`; possible here: `none`, `half_up`, `floor`, `unknown`
    "#);
}

#[test]
fn another_way_to_read_the_formula_is_a_whole_formula_with_a_name() {
    let other = "[[commitment.alternative]]\nid = \"every-minute\"\n";
    let same = format!("{other}metric = {{ family = \"request_ratio\" }}\n{other}");
    insta::assert_snapshot!(refused(&[
        (other, &same),
        ("id = \"every-minute\"\n", ""),
        ("rule = \"any_fail\", min_run_minutes = 1 }", "rule = \"any_fail\" }"),
        ("rule = \"any_fail\", min_run_minutes = 1 }", "rule = \"rate_gt\", min_run_minutes = 1 }"),
    ]), @r#"
    id = "every-minute"
         ^ `id`: another alternative has this id
    [[commitment.alternative]]
    ^ [[commitment.alternative]] lacks the key `id`
    metric = { family = "downtime_minutes", rule = "any_fail" }
             ^ [commitment.alternative.metric] lacks the key `min_run_minutes`
    metric = { family = "downtime_minutes", rule = "rate_gt", min_run_minutes = 1 }
                                                   ^ `rule`: needs `threshold`, the ratio that errors are compared with
    "#);
}

#[test]
fn a_model_has_one_target() {
    let lists = "preview = [\"acme-2-preview\", \"acme-mini-preview\"]";
    let twice = edited(lists, &format!("{lists}\nmini = [\"acme-mini-preview\"]"));
    let overrides = "overrides = [{ model_list = \"preview\", target = \"95\" }";
    let both = format!("{overrides}, {{ model_list = \"mini\", target = \"90\" }}");
    let text = twice.replacen(overrides, &both, 1);
    insta::assert_snapshot!(pointed(&text, &Contract::parse(&text).unwrap_err()), @r#"
    verrides = [{ model_list = "preview", target = "95" }, { model_list = "mini", target = "90" }]
                                                                          ^ `model_list`: `acme-mini-preview` is in `preview` too, which has an override
    "#);
}
