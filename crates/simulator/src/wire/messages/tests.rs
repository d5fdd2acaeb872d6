use super::*;
use crate::fault::{ErrorCode, ErrorStatus, Fault};
use crate::wire::tests::{data, error, events, text, whole};
use crate::wire::{Verb, Wire};

#[test]
fn a_stream_runs_from_message_start_to_message_stop_with_a_ping() {
    let events = events(Wire::Anthropic, None);
    let all = [events.opening, events.content, events.closing].concat();
    let data = data(&all);
    let types: Vec<_> = data.iter().map(|event| event["type"].clone()).collect();
    assert_eq!(
        types,
        [
            "message_start",
            "content_block_start",
            "ping",
            "content_block_delta",
            "content_block_delta",
            "content_block_stop",
            "message_delta",
            "message_stop",
        ]
    );
    for (line, kind) in text(&all).split("\n\n").zip(&types) {
        let name = format!("event: {}\n", kind.as_str().expect("text"));
        assert!(line.starts_with(&name), "{line}");
    }
    assert_eq!(data[0]["message"]["usage"]["input_tokens"], 13);
    assert_eq!(data[6]["usage"]["output_tokens"], 2);
    assert_eq!(data[6]["delta"]["stop_reason"], "end_turn");
}

#[test]
fn events_are_padded_before_their_last_brace() {
    let events = events(Wire::Anthropic, None);
    let all = [events.opening, events.content, events.closing].concat();
    assert!(text(&all).contains(" }\n\n"));
}

#[test]
fn a_document_holds_text_reason_and_usage() {
    let document = whole(Wire::Anthropic, None);
    assert_eq!(document["content"][0]["text"], "pong!");
    assert_eq!(document["stop_reason"], "end_turn");
    assert_eq!(document["usage"]["output_tokens"], 2);
    let reason = |fault| whole(Wire::Anthropic, Some(&fault))["stop_reason"].clone();
    assert_eq!(reason(Fault::Truncated {}), "max_tokens");
    assert_eq!(reason(Fault::Refusal {}), "refusal");
}

#[track_caller]
fn check(status: u16, code: Option<ErrorCode>, kind: &str) {
    let status = ErrorStatus::try_from(status).expect("an error status");
    let (_, body) = error(Wire::Anthropic, &Failure::scripted(status, code));
    assert_eq!(body["type"], "error");
    assert_eq!(body["request_id"], "req_1");
    assert_eq!(body["error"]["type"], kind, "{status:?}");
}

#[test]
fn errors_have_the_types_of_their_statuses() {
    check(400, None, "invalid_request_error");
    check(401, None, "authentication_error");
    check(402, None, "billing_error");
    check(403, None, "permission_error");
    check(404, None, "not_found_error");
    check(429, None, "rate_limit_error");
    check(500, None, "api_error");
    check(529, None, "overloaded_error");
    check(
        400,
        Some(ErrorCode::InsufficientQuota),
        "invalid_request_error",
    );
    let quota = Some(ErrorCode::InsufficientQuota);
    let spent = Failure::scripted(ErrorStatus::TOO_MANY_REQUESTS, quota);
    let (_, body) = error(Wire::Anthropic, &spent);
    let details = &body["error"]["details"]["error_code"];
    assert_eq!(details, "enforced_spend_limit_reached");
}

#[test]
fn an_error_in_the_stream_is_an_event_of_its_own() {
    let failure = events(Wire::Anthropic, None).error;
    assert!(failure.starts_with(b"event: error\ndata: "));
    assert_eq!(data(&[failure])[0]["error"]["type"], "api_error");
}

#[test]
fn max_tokens_is_required_for_an_answer_and_not_for_a_count() {
    let parse = |verb| {
        let endpoint = Endpoint {
            wire: Wire::Anthropic,
            verb,
            model: None,
        };
        let body = json!({ "model": "m", "messages": [], "system": [{ "text": "a b" }] });
        Messages.parse(&endpoint, body)
    };
    assert!(parse(Verb::Answer).is_err());
    let Ok(request) = parse(Verb::CountTokens) else {
        panic!("a count needs no cap");
    };
    assert_eq!(count(&request), json!({ "input_tokens": 3 + 3 + 2 }));
}

#[test]
fn an_overload_is_529_unless_a_script_demands_another_status() {
    let overload = Failure::from(Class::Unavailable);
    let (status, body) = error(Wire::Anthropic, &overload);
    assert_eq!(
        (status, &body["error"]["type"]),
        (529, &json!("overloaded_error"))
    );
    let (status, body) = error(
        Wire::Anthropic,
        &Failure {
            status: Some(503),
            ..overload
        },
    );
    assert_eq!((status, &body["error"]["type"]), (503, &json!("api_error")));
}
