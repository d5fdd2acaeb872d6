//! What operators get wrong, and what they are told.

use super::*;

#[track_caller]
fn check(more: &[&str], message: &str) {
    let files = Files::new();
    files.write("m.csv", "start,end\nsoon,later\n");
    files.write("p.csv", "agent,region\n");
    files.write("broken.toml", "schema = \"sla-contract/1\"\n");
    let text = files.refusal(more, &day());
    assert!(text.contains(message), "{text}");
}

#[test]
fn a_period_of_another_form() {
    check(
        &["--period=2026-10"],
        "--period cannot be used: `2026-10` names no window of this contract; give a day inside \
         the window, such as `2026-10-17`",
    );
}

#[test]
fn a_period_that_has_not_begun() {
    check(&["--period=2027-01-01"], "nothing of it can be judged yet");
}

#[test]
fn a_period_of_which_the_log_says_nothing() {
    check(
        &["--period=2026-09-01"],
        "no sample lies in 2026-09-01: the log reaches from 2026-10-17T00:00:05Z to \
         2026-10-17T23:59:05Z",
    );
}

#[test]
fn a_scope_that_leaves_nothing() {
    check(
        &["--scope=region=ap"],
        "no sample of 2026-10-17 is left: 2870 lie in other regions or models than --scope says",
    );
}

#[test]
fn a_contract_that_does_not_exist() {
    check(
        &["--contract=aws-bedrok"],
        "there is neither a file nor a template `aws-bedrok`; did you mean the template \
         `aws-bedrock`?",
    );
}

#[test]
fn a_contract_that_cannot_be_read() {
    check(
        &["--contract=@broken.toml"],
        "/broken.toml` is not a contract: ",
    );
}

#[test]
fn a_contract_that_promises_nothing() {
    check(
        &["--contract=openrouter", "--period=2026-10"],
        "the contract `openrouter` promises nothing, so there is nothing to judge",
    );
}

#[test]
fn fees_in_another_currency() {
    check(
        &["--fees=1000 EUR"],
        "--fees is in EUR, and the contract's fees and credits are in USD",
    );
    check(
        &["--credited-12-months=x"],
        "--credited-12-months cannot be used: `x` is not an amount",
    );
}

#[test]
fn files_that_are_not_what_they_should_be() {
    check(
        &["--maintenance=@m.csv"],
        "/m.csv`, line 2: `start` cannot be used: `soon` is not a time",
    );
    check(&["--maintenance=@none.csv"], "cannot read `/none.csv`");
    check(
        &["--places=@p.csv"],
        "/p.csv`, line 1: there is no column `network`",
    );
}

#[test]
fn days_that_have_nothing_to_do_with_the_window() {
    check(
        &["--subscribed=2026-01-01/2026-02-01"],
        "--subscribed: `2026-01-01/2026-02-01` has no day in common with 2026-10-17",
    );
    check(
        &["--as-of=noon"],
        "--as-of cannot be used: `noon` is not a time",
    );
    check(&["--as-of=2026-10-16"], "nothing of it can be judged yet");
}

#[test]
fn a_line_that_is_no_sample() {
    let files = Files::new();
    let log = day().replacen("m,200,900\n", "m,2000,900\n", 1);
    let text = files.refusal(&[], &log);
    assert!(
        text.contains("line 2, `status`: `2000` is not an HTTP status"),
        "{text}"
    );
}

#[test]
fn an_empty_log() {
    let files = Files::new();
    assert!(files.refusal(&[], "").contains("it is empty"));
    assert!(
        files
            .refusal(&[], "time,status\n")
            .contains("the log has no sample")
    );
}
