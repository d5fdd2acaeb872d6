//! Mistakes in `[contract]` and across tables.

use super::*;

#[test]
fn what_is_under_contract_is_named_in_a_certain_way() {
    insta::assert_snapshot!(refused(&[
        ("id = \"acme-chat\"", "id = \"Acme Chat\""),
        ("id = \"acme-chat\"", "id = \"-acme\""),
        ("provider = \"acme\"", "provider = \"ACME\""),
        ("provider = \"acme\"", "provider = \"\""),
        ("currency = \"USD\"\n", "currency = \"usd\"\n"),
        ("currency = \"USD\"\n", "currency = \"$\"\n"),
        ("currency = \"USD\"\n", "currency = \"dollars\"\n"),
        ("remedy = \"credit\"", "remedy = \"credits\""),
        ("remedy = \"credit\"", "remedy = \"voucher\""),
        ("measured_by = \"either\"", "measured_by = \"both\""),
        ("provenance = \"negotiated\"", "provenance = \"negotiation\""),
        ("sole_remedy = false", "sole_remedy = \"no\""),
    ]), @r#"
    id = "Acme Chat"
         ^ `id`: `Acme Chat` is not a valid contract id: use 1 to 64 of a-z, 0-9, `.`, `_`, `-`, starting with a letter or digit
    id = "-acme"
         ^ `id`: `-acme` is not a valid contract id: use 1 to 64 of a-z, 0-9, `.`, `_`, `-`, starting with a letter or digit
    provider = "ACME"
               ^ `provider`: `ACME` is not a valid provider id: use 1 to 64 of a-z, 0-9, `.`, `_`, `-`, starting with a letter or digit
    provider = ""
               ^ `provider`: must not be empty
    currency = "usd"
               ^ `currency`: `usd` is not a currency code: use three capital letters, such as `USD`
    currency = "$"
               ^ `currency`: `$` is not a currency code: use three capital letters, such as `USD`
    currency = "dollars"
               ^ `currency`: `dollars` is not a currency code: use three capital letters, such as `USD`
    remedy = "credits"
             ^ `credits` is not possible for `remedy`; did you mean `credit`?
    remedy = "voucher"
             ^ `voucher` is not possible for `remedy`; possible here: `credit`, `termination`, `none`
    measured_by = "both"
                  ^ `both` is not possible for `measured_by`; possible here: `provider`, `customer`, `either`, `independent`
    provenance = "negotiation"
                 ^ `negotiation` is not possible for `provenance`; did you mean `negotiated`?
    sole_remedy = "no"
                  ^ `sole_remedy` must be true or false, not text
    "#);
}

#[test]
fn dates_are_days_and_in_order() {
    insta::assert_snapshot!(refused(&[
        ("text_date = 2026-06-30", "text_date = \"June 2026\""),
        ("text_date = 2026-06-30", "text_date = \"2026-06-31\""),
        ("text_date = 2026-06-30", "text_date = \"\""),
        ("text_date = 2026-06-30", "text_date = 20260630"),
        ("text_date = 2026-06-30", "text_date = 2026-06-30T00:00:00Z"),
        ("effective_until = 2027-07-01", "effective_until = 2026-06-30"),
        ("effective_until = 2027-07-01", "effective_until = 2026-07-01"),
    ]), @r#"
    text_date = "June 2026"
                ^ `text_date`: must be a date, such as 2026-10-01
    text_date = "2026-06-31"
                ^ `text_date`: must be a date, such as 2026-10-01
    text_date = ""
                ^ `text_date`: must be a date, such as 2026-10-01
    text_date = 20260630
                ^ `text_date` must be a date, such as 2026-10-01, not a whole number
    text_date = 2026-06-30T00:00:00Z
                ^ `text_date`: must be a date, such as 2026-10-01
    effective_until = 2026-06-30
                      ^ `effective_until`: must be after 2026-07-01, where it begins to be in force
    effective_until = 2026-07-01
                      ^ `effective_until`: must be after 2026-07-01, where it begins to be in force
    "#);
    accepted("text_date = 2026-06-30", "text_date = \"2026-06-30\"");
}

#[test]
fn the_hash_of_the_text_is_64_digits() {
    let hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    insta::assert_snapshot!(refused(&[
        (hash, "e3b0c442"),
        (hash, "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"),
        (hash, "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (hash, "g3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ]), @r#"
    text_sha256 = "e3b0c442"
                  ^ `text_sha256`: must be 64 hexadecimal digits in lower case, as `sha256sum` prints them
    text_sha256 = "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"
                  ^ `text_sha256`: must be 64 hexadecimal digits in lower case, as `sha256sum` prints them
    text_sha256 = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8
                  ^ `text_sha256`: must be 64 hexadecimal digits in lower case, as `sha256sum` prints them
    text_sha256 = "g3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
                  ^ `text_sha256`: must be 64 hexadecimal digits in lower case, as `sha256sum` prints them
    "#);
}

#[test]
fn a_contract_without_remedy_has_nothing_to_credit_or_to_claim() {
    insta::assert_snapshot!(refused(&[
        ("remedy = \"credit\"", "remedy = \"none\""),
        ("remedy = \"credit\"", "remedy = \"termination\""),
    ]), @r#"
    remedy = "none"
             ^ `remedy`: must be `credit` where a commitment has a credit table
    remedy = "termination"
             ^ `remedy`: must be `credit` where a commitment has a credit table
    "#);
    let (head, rest) = super::super::DIRECT
        .split_once("[commitment.credit]")
        .unwrap();
    let (_, rest) = rest.split_once("[[exclusion]]").unwrap();
    let head = head.replacen("remedy = \"credit\"", "remedy = \"none\"", 1);
    let text = format!("{head}[[exclusion]]{rest}");
    insta::assert_snapshot!(pointed(&text, &Contract::parse(&text).unwrap_err()), @r#"
    [claim]
    ^ `claim`: there is nothing to claim where the remedy is `none`
    "#);
    let (promise, _) = COMPLETE.split_once("[[commitment]]").unwrap();
    insta::assert_snapshot!(pointed(promise, &Contract::parse(promise).unwrap_err()), @r#"
    remedy = "credit"
             ^ `remedy`: a contract without a commitment promises nothing: write `none`
    "#);
}

#[test]
fn scope_and_lists_name_things_once() {
    insta::assert_snapshot!(refused(&[
        ("partition = [\"account\", \"region\"]", "partition = [\"account\", \"account\"]"),
        ("partition = [\"account\", \"region\"]", "partition = [\"acount\"]"),
        ("partition = [\"account\", \"region\"]", "partition = \"account\""),
        ("partition = [\"account\", \"region\"]", "partition = []"),
        ("endpoints = [\"/v1/chat/completions\"]", "endpoints = [\"/v1\", \"\"]"),
        ("covers = { region = [", "covers = { regoin = ["),
        ("[\"eu-west-1\", \"us-east-1\"]", "[]"),
        ("tier = \"priority\" }", "tier = 1 }"),
        ("part_month = \"own_period\"", "part_month = \"pro_rata\""),
        ("preview = [\"acme-2-preview\", \"acme-mini-preview\"]", "preview = []"),
        ("preview = [\"acme-2-preview\", \"acme-mini-preview\"]", "preview = \"acme-2-preview\""),
        ("pooling = \"pooled\"", "pooling = \"pool\""),
        ("{ agents = 3, networks = 2 }", "{ agents = 0, networks = 2 }"),
        ("{ agents = 3, networks = 2 }", "{ agents = 3 }"),
        ("{ agents = 3, networks = 2 }", "3"),
    ]), @r#"
    partition = ["account", "account"]
                            ^ `partition`: `account` stands there twice
    partition = ["acount"]
                 ^ `acount` is not possible for `partition`; did you mean `account`?
    partition = "account"
                ^ `partition` must be a list such as ["account"], not text
    partition = []
                ^ `partition`: the list is empty: leave the key out instead
    endpoints = ["/v1", ""]
                        ^ `endpoints`: must not be empty
    covers = { regoin = ["eu-west-1", "us-east-1"], tier = "priority" }
             ^ `regoin` is not possible for `covers`; did you mean `region`?
    covers = { region = [], tier = "priority" }
                        ^ `region`: the list is empty: leave the key out instead
    covers = { region = ["eu-west-1", "us-east-1"], tier = 1 }
                                                           ^ `tier` must be text, or a list of texts, not a whole number
    part_month = "pro_rata"
                 ^ `pro_rata` is not possible for `part_month`; possible here: `own_period`, `assume_up`, `whole_month`, `unknown`
    preview = []
              ^ `preview`: the list is empty: leave the key out instead
    preview = "acme-2-preview"
              ^ `preview` must be a list such as ["acme-2-preview"], not text
    pooling = "pool"
              ^ `pool` is not possible for `pooling`; did you mean `pooled`?
    quorum = { agents = 0, networks = 2 }
                        ^ `agents`: must be a whole number from 1 to 1000
    quorum = { agents = 3 }
             ^ [evidence.quorum] lacks the key `networks`
    quorum = 3
             ^ `quorum` must be a table, not a whole number
    "#);
}
