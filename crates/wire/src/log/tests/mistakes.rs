//! One test per mistake that people make, with what they are told.

use insta::assert_snapshot;

use super::*;

fn csv(header: &str, row: &str) -> String {
    error(format!("{header}\n{row}\n"))
}

/// The error of one value, in the last of three columns.
fn value(column: &str, value: &str) -> String {
    csv(
        &format!("time,status,{column}"),
        &format!("1790812800000,200,{value}"),
    )
}

#[test]
fn a_file_without_a_header() {
    assert_snapshot!(csv("2026-10-01T00:00:00Z,eu-1,200", "x"), @"line 1, the header: none of its columns is known; begin the file with a line such as `time,agent,model,status,total_ms`");
}

#[test]
fn a_header_without_a_time() {
    assert_snapshot!(csv("agent,status", "eu-1,200"), @"line 1, the header: there is no column `time`");
}

#[test]
fn a_header_with_neither_status_nor_outcome() {
    assert_snapshot!(csv("time,agent", "1790812800000,eu-1"), @"line 1, the header: there is neither a column `status` nor a column `outcome`: one of them is needed");
}

#[test]
fn a_misspelt_column() {
    assert_snapshot!(csv("time,statuss", "1790812800000,200"), @"line 1, the header: column `statuss` is not known: did you mean `status`? Rename it, remove it, or have unknown columns ignored");
    assert_snapshot!(csv("tme", "1790812800000"), @"line 1, the header: column `tme` is not known: did you mean `time`? Rename it, remove it, or have unknown columns ignored");
}

#[test]
fn a_column_like_no_other() {
    assert_snapshot!(csv("time,status,request_body", "1790812800000,200,x"), @"line 1, the header: column `request_body` is not known: possible are `time`, `wall_us`, `agent`, `target`, `region`, `model`, `asked_model`, `status`, `outcome`, `ttft_ms`, `first_us`, `total_ms`, `end_us`, `sent_us`, `last_us`, `input_tokens`, `output_tokens`, `attribution`, `kind`, `source`, `stream`, `served_model`, `tier`, `served_tier`, `features`, `late`. Rename it, remove it, or have unknown columns ignored");
}

#[test]
fn a_column_twice() {
    assert_snapshot!(csv("time,status,total_ms,end_us", "1790812800000,200,1,1"), @"line 1, the header: column `end_us` says what another column says: keep one of them");
}

#[test]
fn semicolons_for_commas() {
    assert_snapshot!(csv("time;agent;status", "1790812800000;eu-1;200"), @"line 1, the header: its columns are separated by semicolons; separate them by commas");
}

#[test]
fn a_bad_time() {
    assert_snapshot!(csv("time,status", "yesterday,200"), @"line 2, `time`: `yesterday` is not a time: write RFC 3339, such as `2026-10-01T00:00:00Z`, or milliseconds since 1970");
    assert_snapshot!(csv("time,status", ",200"), @"line 2: there is no `time`");
}

#[test]
fn a_time_without_offset() {
    assert_snapshot!(csv("time,status", "2026-10-01 00:00:00.5,200"), @"line 2, `time`: `2026-10-01 00:00:00.5` has no offset from UTC: end it with `Z`, or with an offset such as `+02:00`");
}

#[test]
fn seconds_for_milliseconds() {
    assert_snapshot!(csv("time,status", "1790812800,200"), @"line 2, `time`: `1790812800` looks like seconds since 1970: write milliseconds, 1000 times the number");
    assert_snapshot!(error(r#"{"time":1790812800.25,"status":200}"#), @"line 1, `time`: `1790812800.25` looks like seconds since 1970: write milliseconds, 1000 times the number");
}

#[test]
fn microseconds_for_milliseconds() {
    assert_snapshot!(csv("time,status", "1790812800000000,200"), @"line 2, `time`: `1790812800000000` looks like microseconds since 1970: write milliseconds, the number divided by 1000");
    assert_snapshot!(csv("time,status", "1790812800000000000,200"), @"line 2, `time`: `1790812800000000000` looks like nanoseconds since 1970: write milliseconds, the number divided by 1000000");
}

#[test]
fn a_bad_status() {
    assert_snapshot!(csv("time,status", "1790812800000,OK"), @"line 2, `status`: `OK` is not an HTTP status: write 100 to 599, or leave it empty where no answer arrived");
    assert_snapshot!(csv("time,status", "1790812800000,0"), @"line 2, `status`: `0` is not an HTTP status: write 100 to 599, or leave it empty where no answer arrived");
}

#[test]
fn an_unknown_outcome() {
    assert_snapshot!(csv("time,outcome", "1790812800000,server_eror"), @"line 2, `outcome`: `server_eror` is not known: did you mean `server_error`?");
    assert_snapshot!(csv("time,outcome", "1790812800000,OK"), @"line 2, `outcome`: `OK` is not known: did you mean `ok`?");
    assert_snapshot!(csv("time,outcome", "1790812800000,failure"), @"line 2, `outcome`: `failure` is not known: possible are `ok`, `dns`, `tcp`, `tls`, `connect_timeout`, `ttfb_timeout`, `ttft_timeout`, `stall`, `deadline`, `stream_cut`, `no_terminator`, `json_cut`, `malformed`, `overloaded`, `capacity_429`, `rate_limited`, `quota_daily`, `billing`, `auth`, `geo_blocked`, `model_gone`, `bad_request`, `blocked`, `refused`, `server_error`, `gateway_error`, `truncated`, `empty_answer`, `wrong_answer`, `wrong_model`, `tier_downgrade`, `unexpected_status`, `probe_fault`");
}

#[test]
fn neither_status_nor_outcome() {
    assert_snapshot!(csv("time,status,outcome", "1790812800000,,"), @"line 2: there is neither `status` nor `outcome`: one of them is needed");
    assert_snapshot!(error(r#"{"time":1790812800000}"#), @"line 1: there is neither `status` nor `outcome`: one of them is needed");
}

#[test]
fn an_object_without_a_time() {
    assert_snapshot!(error(r#"{"status":200}"#), @"line 1: there is no `time`");
}

#[test]
fn a_wrong_number_of_fields() {
    assert_snapshot!(csv("time,status,model", "1790812800000,200"), @"line 2: the row has 2 fields and the header 3: quote values that hold a comma");
    assert_snapshot!(csv("time,status,model", "1790812800000,200,a,b,c"), @"line 2: the row has 5 fields and the header 3: quote values that hold a comma");
}

#[test]
fn quotes_that_are_not_closed() {
    assert_snapshot!(error("time,status,model\n1790812800000,200,\"gpt\n1790812800000,200,gpt\n"), @r#"line 2: a quote is opened and never closed: end the value with `"`, and write a quote within it as `""`; or the file was cut off"#);
    assert_snapshot!(csv("time,status,model", "1790812800000,200,\"gpt\" x"), @r#"line 2: there is text after a closing quote: write a quote within a quoted value as `""`"#);
}

#[test]
fn a_last_row_that_may_be_cut_off() {
    assert_snapshot!(error("time,status,total_ms\n1790812800000,200,123"), @"line 2: the last line does not end with a line feed: the file may have been cut off; add one if it is whole");
}

#[test]
fn a_last_object_that_is_cut_off() {
    assert_snapshot!(error("{\"time\":1790812800000,\"status\":200}\n{\"time\":17908128"), @"line 2: the line ends inside its object: write each object on one line (`jq -c .` does); if it is the last line, the file was cut off");
}

#[test]
fn numbers_that_are_none() {
    assert_snapshot!(value("total_ms", "12ms"), @"line 2, `total_ms`: `12ms` is not a number: write digits only, or leave it empty where there is none");
    assert_snapshot!(value("total_ms", "-3"), @"line 2, `total_ms`: `-3` is negative");
    assert_snapshot!(value("total_ms", "1790812800000"), @"line 2, `total_ms`: `1790812800000` is more than 31622400000 milliseconds, which is a year: look at the unit");
    assert_snapshot!(value("output_tokens", "1.5"), @"line 2, `output_tokens`: `1.5` is not a whole number");
    assert_snapshot!(value("output_tokens", "99999999999999999999"), @"line 2, `output_tokens`: `99999999999999999999` is too large");
    assert_snapshot!(error(r#"{"time":1790812800000,"status":200,"ttft_ms":-0.5}"#), @"line 1, `ttft_ms`: `-0.5` is negative");
}

#[test]
fn words_that_are_none() {
    assert_snapshot!(value("stream", "yes"), @"line 2, `stream`: `yes` is neither `true` nor `false`");
    assert_snapshot!(value("source", "prob"), @"line 2, `source`: `prob` is not known: did you mean `probe`?");
    assert_snapshot!(value("agent", "EU West"), @"line 2, `agent`: `EU West` is not a name: use 1 to 64 of a-z, 0-9, `.`, `_`, `-`, starting with a letter or digit");
}

#[test]
fn an_object_where_a_value_belongs() {
    assert_snapshot!(error(r#"{"time":1790812800000,"status":{"code":200}}"#), @"line 1, `status`: it is a list or an object: write a single value");
    assert_snapshot!(error(r#"{"time":1790812800000,"status":[200]}"#), @"line 1, `status`: it is a list or an object: write a single value");
}

#[test]
fn a_key_twice() {
    assert_snapshot!(error(r#"{"time":1790812800000,"status":200,"status":500}"#), @"line 1, `status`: it is said twice on the line");
}

#[test]
fn a_core_line_that_leaves_something_out() {
    assert_snapshot!(error(r#"{"wall_us":1790812800000000,"outcome":"ok","kind":"planned","source":"probe"}"#), @"line 1, `attribution`: it is missing, and lines with `wall_us` must have it");
}

#[test]
fn two_objects_on_a_line() {
    assert_snapshot!(error(r#"{"time":1790812800000,"status":200}{"time":1790812800000,"status":200}"#), @"line 1: there is more on the line after its object: write one object per line");
}

#[test]
fn a_line_that_is_not_json() {
    assert_snapshot!(error(r#"{"time":1790812800000,'status':200}"#), @"line 1: the line is not valid JSON at byte 23: key must be a string");
    assert_snapshot!(error("{\"time\":1790812800000,\"status\":200}\nnull\n"), @"line 2: the line is not a JSON object: write one object per line");
}

#[test]
fn one_array_over_the_file() {
    assert_snapshot!(error("[\n{\"time\":1790812800000,\"status\":200}\n]\n"), @"line 1: the file is one JSON array: write one object per line, as `jq -c '.[]'` does");
}

#[test]
fn no_line_at_all() {
    assert_snapshot!(error(""), @"it is empty: give JSON Lines, or CSV with a header");
    assert_eq!(error(" \n\n"), error(""));
}

#[test]
fn something_else_than_text() {
    assert_snapshot!(error(b"\x7fELF\x02\x01\x01\0\0\0\0"), @"it is binary data, not JSON Lines or CSV: export it as text");
    assert_snapshot!(error(b"PK\x03\x04\x14\0"), @"it is a ZIP archive or a spreadsheet, not JSON Lines or CSV: export it as CSV");
    assert_snapshot!(error(b"\xff\xfet\0i\0m\0e\0"), @"it is text in UTF-16, not JSON Lines or CSV: save it in UTF-8");
    assert_snapshot!(error(b"\x93\xfa\x01\x80,\x80\n"), @"it is binary data, not JSON Lines or CSV: export it as text");
}

#[test]
fn a_line_that_is_too_long() {
    let long = "x".repeat(LINE_BYTES_MAX);
    assert_snapshot!(csv("time,status,model", &format!("1790812800000,200,{long}")), @"line 2: the line is longer than 1048576 bytes: leave out texts of requests and answers");
}

#[test]
fn only_the_beginning_of_a_value_is_shown() {
    let secret = "sk-".repeat(40);
    assert_snapshot!(value("outcome", &format!("\u{7}{secret}")), @"line 2, `outcome`: `�sk-sk-sk-sk-sk-sk-sk-sk-sk-sk-sk-sk-sk-…` is not known: possible are `ok`, `dns`, `tcp`, `tls`, `connect_timeout`, `ttfb_timeout`, `ttft_timeout`, `stall`, `deadline`, `stream_cut`, `no_terminator`, `json_cut`, `malformed`, `overloaded`, `capacity_429`, `rate_limited`, `quota_daily`, `billing`, `auth`, `geo_blocked`, `model_gone`, `bad_request`, `blocked`, `refused`, `server_error`, `gateway_error`, `truncated`, `empty_answer`, `wrong_answer`, `wrong_model`, `tier_downgrade`, `unexpected_status`, `probe_fault`");
}
