//! Mistakes about the file as a whole.

use super::*;
use crate::contract::{CONTRACT_BYTES_MAX, LIST_ENTRIES_MAX};

/// Whole texts, each with its error.
#[track_caller]
fn refused_files(texts: &[&str]) -> String {
    let refused = |text: &&str| pointed(text, &Contract::parse(text).unwrap_err());
    texts.iter().map(refused).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_file_that_is_no_contract_is_refused() {
    let json = r#"{ "schema": "sla-contract/1", "contract": { "id": "a" } }"#;
    let yaml = "schema: sla-contract/1\ncontract:\n  id: a\n";
    let bom = "\u{feff}{}";
    let plan = "[agent]\nid = \"a\"\n";
    insta::assert_snapshot!(refused_files(&["", "\n\n", "# only a remark", "\u{feff}", json, bom, yaml, plan, "PK\u{3}\u{4}"]), @r#"
    ^ the file is empty: a contract begins with schema = "sla-contract/1"

    ^ the file is empty: a contract begins with schema = "sla-contract/1"
    # only a remark
    ^ the file is empty: a contract begins with schema = "sla-contract/1"
    �
    ^ the file is empty: a contract begins with schema = "sla-contract/1"
    { "schema": "sla-contract/1", "contract": { "id": "a" } }
    ^ this is JSON: contracts are TOML, see docs/contracts.md
    �{}
     ^ this is JSON: contracts are TOML, see docs/contracts.md
    schema: sla-contract/1
            ^ key with no value, expected `=`
    [agent]
     ^ unknown key `agent` in the contract; possible here: `schema`, `contract`, `scope`, `model_lists`, `window`, `evidence`, `events`, `commitment`, `exclusion`, `claim`
    PK��
        ^ key with no value, expected `=`
    "#);
}

#[test]
fn a_version_that_is_not_known_is_refused() {
    insta::assert_snapshot!(refused(&[
        ("schema = \"sla-contract/1\"", "schema = \"sla-contract/2\""),
        ("schema = \"sla-contract/1\"", "schema = 1"),
        ("schema = \"sla-contract/1\"\n", ""),
    ]), @r#"
    schema = "sla-contract/2"
             ^ `sla-contract/2` is not possible for `schema`; did you mean `sla-contract/1`?
    schema = 1
             ^ `schema` must be a word in quotes, not a whole number
    # A made-up agreement in which every table occurs. Tests edit it; see 
    ^ the contract lacks the key `schema`
    "#);
}

#[test]
fn text_that_is_not_toml_is_refused_where_it_stops_being() {
    insta::assert_snapshot!(refused(&[
        ("id = \"acme-chat\"", "id = acme-chat"),
        ("id = \"acme-chat\"", "id: \"acme-chat\""),
        ("id = \"acme-chat\"", "id = \"acme-chat"),
        ("id = \"acme-chat\"", "id = 'acme-chat\""),
        ("id = \"acme-chat\"", "id = “acme-chat”"),
        ("id = \"acme-chat\"", "id ="),
        ("id = \"acme-chat\"", "id"),
        ("id = \"acme-chat\"", "id = \"acme-chat\" provider = \"acme\""),
        ("[contract]\n", "[contract\n"),
        ("partition = [\"account\", \"region\"]", "partition = [\"account\" \"region\"]"),
        ("partition = [\"account\", \"region\"]", "partition = [\"account\", \"region\""),
        ("text_date = 2026-06-30", "text_date = 2026-06-31"),
        ("text_date = 2026-06-30", "text_date = 30.06.2026"),
        ("text_date = 2026-06-30", "text_date = 2026/06/30"),
        ("text_date = 2026-06-30", "text_date = \"\""),
        ("target = \"99.9\"", "target = 99.9%"),
        ("target = \"99.9\"", "target = 99,9"),
    ]), @r#"
    id = acme-chat
         ^ string values must be quoted, expected literal string
    id: "acme-chat"
        ^ key with no value, expected `=`
    id = "acme-chat
                   ^ invalid basic string, expected `"`
    id = 'acme-chat"
                    ^ invalid literal string, expected `'`
    id = “acme-chat”
         ^ string values must be quoted, expected literal string
    id =
        ^ a value is missing after `=`
    id
      ^ key with no value, expected `=`
    id = "acme-chat" provider = "acme"
                     ^ unexpected key or value, expected newline, `#`
    [contract
             ^ unclosed table, expected `]`
    partition = ["account" "region"]
                           ^ missing comma between array elements, expected `,`
    endpoints = ["/v1/chat/completions"]
    ^ missing comma between array elements, expected `,`
    text_date = 2026-06-31
                ^ invalid date, expected day between 01 and 30
    text_date = 30.06.2026
                     ^ `30.06.2026` is no value: dates look like 2026-10-01, text stands in quotes
    text_date = 2026/06/30
                ^ `2026/06/30` is no value: dates look like 2026-10-01, text stands in quotes
    text_date = ""
                ^ `text_date`: must be a date, such as 2026-10-01
    target = 99.9%
                 ^ `99.9%` is no value: dates look like 2026-10-01, text stands in quotes
    target = 99,9
               ^ unexpected key or value, expected newline, `#`
    "#);
}

#[test]
fn what_stands_twice_is_refused() {
    insta::assert_snapshot!(refused(&[
        ("min_run_minutes = 5", "min_run_minutes = 5\nmin_run_minutes = 6"),
        ("[evidence]", "[window]"),
        ("[commitment.rounding]", "rounding = { mode = \"none\" }\n[commitment.rounding]"),
        ("quorum = { agents = 3, networks = 2 }", "quorum = { agents = 3, agents = 2 }"),
        ("[claim]", "[[claim]]"),
        ("[window]", "[[window]]"),
        ("min_amount = { gt = \"1.00\", currency = \"USD\" }", "min_amount = [\"1.00\"]"),
        ("overrides = [{ model_list = \"preview\", target = \"95\" }]", "overrides = [[\"preview\", \"95\"]]"),
        ("covers = { region = [\"eu-west-1\", \"us-east-1\"], tier = \"priority\" }", "covers = [\"region\"]"),
        ("[[exclusion]]\nkind = \"weekly\"", "[exclusion]\nkind = \"weekly\""),
        ("[[exclusion]]\nkind = \"maintenance\"", "[exclusion]\nkind = \"maintenance\""),
    ]), @r#"
    min_run_minutes = 6
    ^ `min_run_minutes` stands here twice
    [window]
     ^ [window] stands here twice: put its keys together
    [commitment.rounding]
                ^ [commitment.rounding] stands here twice: put its keys together
    quorum = { agents = 3, agents = 2 }
                           ^ `agents` stands here twice
    [[claim]]
    ^ `claim`: must be one table: write `[claim]`
    [[window]]
    ^ `window`: must be one table: write `[window]`
    min_amount = ["1.00"]
                 ^ `min_amount` must be a table, not a list
    overrides = [["preview", "95"]]
                 ^ `overrides` must be a table, not a list
    covers = ["region"]
             ^ `covers` must be a table, not a list
    [exclusion]
     ^ [exclusion] stands here twice: put its keys together
    [[exclusion]]
      ^ `exclusion` stands here twice: write each as `[[exclusion]]`
    "#);
}

#[test]
fn line_ends_of_other_systems_are_taken() {
    let windows = COMPLETE.replace('\n', "\r\n");
    let read = Contract::parse(&windows).unwrap();
    let unix = Contract::parse(COMPLETE).unwrap();
    assert_eq!(
        Contract {
            sha256: unix.sha256.clone(),
            ..read
        },
        unix
    );
    let old = COMPLETE.replace('\n', "\r");
    insta::assert_snapshot!(refused_files(&[&old]), @r#"
    eement in which every table occurs. Tests edit it; see `mistakes.rs`.�schema = "sla-contract/1"��[contract]�id = "acme-chat"�provider = "acm
                                                                          ^ carriage return must be followed by newline, expected newline
    "#);
}

#[test]
fn a_byte_order_mark_at_the_beginning_is_taken() {
    let marked = format!("\u{feff}{COMPLETE}");
    let unix = Contract::parse(COMPLETE).unwrap();
    let read = Contract::parse(&marked).unwrap();
    assert_eq!(
        Contract {
            sha256: unix.sha256.clone(),
            ..read
        },
        unix
    );
    let wrong = marked.replacen("schema =", "shema =", 1);
    insta::assert_snapshot!(refused_files(&[&wrong, &format!("\n{marked}")]), @r#"
    shema = "sla-contract/1"
    ^ unknown key `shema` in the contract; did you mean `schema`?
    �# A made-up agreement in which every table occurs. Tests edit it; see 
     ^ key with no value, expected `=`
    "#);
}

#[test]
fn control_characters_and_text_of_several_lines_are_refused() {
    insta::assert_snapshot!(refused(&[
        ("service = \"chat completions, dedicated\"", "service = \"chat\\ncompletions\""),
        ("service = \"chat completions, dedicated\"", "service = \"\"\"\nchat\ncompletions\"\"\""),
        ("service = \"chat completions, dedicated\"", "service = \"chat\\u0007\""),
        ("service = \"chat completions, dedicated\"", "service = \"chat\u{7}\""),
        ("service = \"chat completions, dedicated\"", "service = \"chat\\u0085completions\""),
        ("service = \"chat completions, dedicated\"", "service = \"\""),
        ("service = \"chat completions, dedicated\"", "service = \"  \""),
        ("channel = \"support_case\"", "channel = \"\""),
        ("channel = \"support_case\"", "channel = \"support\\tcase\""),
        ("preview = [\"acme-2-preview\"", "preview = [\"\""),
        ("kind = \"maintenance\"", "kind = \"mainten\\u001bance\""),
    ]), @r#"
    service = "chat\ncompletions"
              ^ `service`: must be one line of text without control characters
    service = """
              ^ `service`: must be one line of text without control characters
    service = "chat\u0007"
              ^ `service`: must be one line of text without control characters
    service = "chat�"
                   ^ invalid basic string, expected non-double-quote visible characters, `\`
    service = "chat\u0085completions"
              ^ `service`: must be one line of text without control characters
    service = ""
              ^ `service`: must not be empty
    service = "  "
              ^ `service`: must not be empty
    channel = ""
              ^ `channel`: must not be empty
    channel = "support\tcase"
              ^ `channel`: must be one line of text without control characters
    preview = ["", "acme-mini-preview"]
               ^ `preview`: must not be empty
    kind = "mainten\u001bance"
           ^ `kind`: must be one line of text without control characters
    "#);
}

#[test]
fn text_that_is_too_long_is_refused() {
    let service = format!("service = \"{}\"", "a".repeat(1_001));
    let id = format!("id = \"{}\"", "a".repeat(65));
    insta::assert_snapshot!(refused(&[
        ("service = \"chat completions, dedicated\"", &service),
        ("id = \"acme-chat\"", &id),
        ("id = \"uptime\"", &id),
    ]), @r#"
    service = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
              ^ `service`: must have at most 1000 characters
    id = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         ^ `id`: `aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa` is not a valid contract id: use 1 to 64 of a-z, 0-9, `.`, `_`, `-`, starting with a letter or digit
    id = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         ^ `id`: must be 1 to 64 of a-z, 0-9, `.`, `_` and `-`, beginning with a letter or digit
    "#);
}

#[test]
fn files_lists_and_nesting_have_limits() {
    let long = format!("# {}\n{COMPLETE}", "a".repeat(CONTRACT_BYTES_MAX));
    insta::assert_snapshot!(refused_files(&[&long]), @r#"
    # aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    ^ a contract has at most 262144 bytes
    "#);
    let list = vec!["\"a\""; LIST_ENTRIES_MAX + 1].join(", ");
    let rules = "[[events.rule]]\nclass = \"error\"\nwhen = { stream = true }\n".repeat(1_001);
    let deep = format!("service = {}1{}", "[".repeat(40), "]".repeat(40));
    let dotted = format!("service.{} = 1", vec!["a"; 40].join("."));
    insta::assert_snapshot!(refused(&[
        ("endpoints = [\"/v1/chat/completions\"]", &format!("endpoints = [{list}]")),
        ("default = \"unknown\"\n", &format!("default = \"unknown\"\n{rules}")),
        ("service = \"chat completions, dedicated\"", &deep),
        ("service = \"chat completions, dedicated\"", &dotted),
    ]), @r#"
    endpoints = ["a", "a", "a", "a", "a", "a", "a", "a", "a", "a", "a", "a", "a", "a",
                ^ `endpoints`: a list has at most 1000 entries
    [[events.rule]]
    ^ `rule`: a list has at most 1000 entries
    service = [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]
                            ^ nested more than 16 levels deep
    service.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a = 1
                                        ^ nested more than 16 levels deep
    "#);
}
