//! Mistakes in `[events]`.

use super::*;

#[test]
fn a_rule_says_which_samples_it_is_about() {
    insta::assert_snapshot!(refused(&[
        ("when = { attribution = [\"ours\"] }", "when = {}"),
        ("when = { attribution = [\"ours\"] }", "when = { attribution = [] }"),
        ("when = { attribution = [\"ours\"] }", "when = { quorum = true }"),
        ("when = { attribution = [\"ours\"] }", "when = { quorum = false }"),
        ("quorum = true }", "quorum = false }"),
        ("when = { attribution = [\"ours\"] }", "when = [[\"5xx\"]]"),
        ("otherwise = \"not_valid\"", "otherwise = \"error\""),
        ("otherwise = \"not_valid\"", "otherwise = \"up\""),
        ("class = \"success\"", "class = \"ok\""),
        ("class = \"success\"", "class = \"ignore\""),
        ("default = \"unknown\"", "default = \"up\""),
        ("attribution = \"request_start\"", "attribution = \"start\""),
        ("quorum = true", "quorum = 3"),
        ("tier = [\"priority\"] }", "tier = \"priority\" }"),
        ("feature = [\"grounding\"], stream = true }", "features = [\"grounding\"] }"),
    ]), @r#"
    when = {}
           ^ `when`: give at least one condition; what matches no rule is `default`
    when = { attribution = [] }
                           ^ `attribution`: the list is empty: leave the key out instead
    when = { quorum = true }
           ^ `when`: `quorum` alone matches every sample: say which failures it is about
    when = { quorum = false }
                      ^ `quorum`: write `true` or leave it out
    when = { outcome = ["dns", "tcp", "tls"], quorum = false }
                                                       ^ `quorum`: write `true` or leave it out
    when = [["5xx"]]
           ^ `when` must be a table, not a list
    otherwise = "error"
                ^ `otherwise`: must be another class than `class`
    otherwise = "up"
                ^ `up` is not possible for `otherwise`; possible here: `error`, `success`, `not_valid`, `unknown`
    class = "ok"
            ^ `ok` is not possible for `class`; possible here: `error`, `success`, `not_valid`, `unknown`
    class = "ignore"
            ^ `ignore` is not possible for `class`; possible here: `error`, `success`, `not_valid`, `unknown`
    default = "up"
              ^ `up` is not possible for `default`; possible here: `error`, `success`, `not_valid`, `unknown`
    attribution = "start"
                  ^ `start` is not possible for `attribution`; did you mean `request_start`?
    when = { outcome = ["dns", "tcp", "tls"], quorum = 3 }
                                                       ^ `quorum` must be true or false, not a whole number
    when = { outcome = ["ok"], tier = "priority" }
                                      ^ `tier` must be a list such as ["priority"], not text
    when = { features = ["grounding"] }
             ^ unknown key `features` in [events.rule.when]; did you mean `feature`?
    "#);
}

#[test]
fn a_status_is_a_number_or_a_hundred() {
    let status = "status = [500, \"502\", \"503\"]";
    insta::assert_snapshot!(refused(&[
        (status, "status = 500"),
        (status, "status = \"5xx\""),
        (status, "status = [\"50x\"]"),
        (status, "status = [\"6xx\"]"),
        (status, "status = [\"5XX\"]"),
        (status, "status = [600]"),
        (status, "status = [99]"),
        (status, "status = [-500]"),
        (status, "status = [500.0]"),
        (status, "status = [\"500-599\"]"),
        (status, "status = [\"+500\"]"),
        (status, "status = [\"+5xx\"]"),
        (status, "status = [\"05xx\"]"),
        (status, "status = [\"xx\"]"),
        (status, "status = [\"0500\"]"),
        (status, "status = [18446744073709551615]"),
        (status, "status = [true]"),
        (status, "status = [70000]"),
        (status, "status = []"),
    ]), @r#"
    when = { status = 500 }
                      ^ `status` must be a list such as [500], not a whole number
    when = { status = "5xx" }
                      ^ `status` must be a list such as ["5xx"], not text
    when = { status = ["50x"] }
                       ^ `status`: `50x` is not a status: write 100 to 599, or "4xx" for all of a hundred
    when = { status = ["6xx"] }
                       ^ `status`: `6xx` is not a status: write 100 to 599, or "4xx" for all of a hundred
    when = { status = ["5XX"] }
                       ^ `status`: `5XX` is not a status: write 100 to 599, or "4xx" for all of a hundred
    when = { status = [600] }
                       ^ `status`: `600` is not a status: write 100 to 599, or "4xx" for all of a hundred
    when = { status = [99] }
                       ^ `status`: `99` is not a status: write 100 to 599, or "4xx" for all of a hundred
    when = { status = [-500] }
                       ^ `status`: `-500` is not a status: write 100 to 599, or "4xx" for all of a hundred
    when = { status = [500.0] }
                       ^ `status` must be a status, such as 500 or "5xx", not a number with a fraction
    when = { status = ["500-599"] }
                       ^ `status`: `500-599` is not a status: write 100 to 599, or "4xx" for all of a hundred
    when = { status = ["+500"] }
                       ^ `status`: `+500` is not a status: write 100 to 599, or "4xx" for all of a hundred
    when = { status = ["+5xx"] }
                       ^ `status`: `+5xx` is not a status: write 100 to 599, or "4xx" for all of a hundred
    when = { status = ["05xx"] }
                       ^ `status`: `05xx` is not a status: write 100 to 599, or "4xx" for all of a hundred
    when = { status = ["xx"] }
                       ^ `status`: `xx` is not a status: write 100 to 599, or "4xx" for all of a hundred
    when = { status = ["0500"] }
                       ^ `status`: `0500` is not a status: write 100 to 599, or "4xx" for all of a hundred
    when = { status = [18446744073709551615] }
                       ^ `status`: `18446744073709551615` is not a status: write 100 to 599, or "4xx" for all of a hundred
    when = { status = [true] }
                       ^ `status` must be a status, such as 500 or "5xx", not true or false
    when = { status = [70000] }
                       ^ `status`: `70000` is not a status: write 100 to 599, or "4xx" for all of a hundred
    when = { status = [] }
                      ^ `status`: the list is empty: leave the key out instead
    "#);
}

#[test]
fn a_quorum_is_a_table_that_can_be_met() {
    let quorum = "quorum = { agents = 3, networks = 2 }";
    insta::assert_snapshot!(refused(&[
        (quorum, "quorum = [3, 2]"),
        (quorum, "quorum = 3"),
        (quorum, "quorum = { agents = 2, networks = 3 }"),
        (quorum, "quorum = { agents = 0, networks = 0 }"),
        (quorum, "quorum = { agents = -3, networks = 2 }"),
        (quorum, "quorum = { agents = 1001, networks = 2 }"),
        (quorum, "quorum = { agents = 3 }"),
    ]), @r#"
    quorum = [3, 2]
             ^ `quorum` must be a table, not a list
    quorum = 3
             ^ `quorum` must be a table, not a whole number
    quorum = { agents = 2, networks = 3 }
                                      ^ `networks`: 2 agents stand in at most as many networks
    quorum = { agents = 0, networks = 0 }
                        ^ `agents`: must be a whole number from 1 to 1000
    quorum = { agents = -3, networks = 2 }
                        ^ `agents`: must be a whole number from 1 to 1000
    quorum = { agents = 1001, networks = 2 }
                        ^ `agents`: must be a whole number from 1 to 1000
    quorum = { agents = 3 }
             ^ [evidence.quorum] lacks the key `networks`
    "#);
}
