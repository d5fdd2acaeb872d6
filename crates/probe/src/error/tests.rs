//! Rows marked `captured` quote answers of software run locally; all others are made up after the
//! shapes that providers document.

use super::*;

#[track_caller]
fn check(body: &str, code: Option<&str>, kind: Option<&str>, status: Option<u16>) -> ErrorObject {
    let error = read(body.as_bytes()).unwrap();
    assert_eq!(
        (error.code.as_deref(), error.kind.as_deref(), error.status),
        (code, kind, status),
        "{body}"
    );
    error
}

#[test]
fn openai_and_what_speaks_like_it() {
    // captured
    check(
        r#"{"error":{"message":"Rate limit reached for requests","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}}"#,
        Some("rate_limit_exceeded"),
        Some("rate_limit_error"),
        None,
    );
    // captured: LiteLLM, which writes `None` for what it does not know
    check(
        r#"{"error":{"message":"/chat/completions: Invalid model name passed in model=nope.","type":"None","param":"None","code":"400"}}"#,
        Some("400"),
        None,
        Some(400),
    );
    // captured: llama.cpp
    check(
        r#"{"error":{"code":400,"message":"x","type":"exceed_context_size_error"}}"#,
        Some("400"),
        Some("exceed_context_size_error"),
        Some(400),
    );
}

#[test]
fn anthropic() {
    // captured
    check(
        r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
        None,
        Some("overloaded_error"),
        None,
    );
    let spent = check(
        r#"{"type":"error","error":{"type":"rate_limit_error","message":"x","details":{"error_code":"enforced_spend_limit_reached"}},"request_id":"req_1"}"#,
        Some("enforced_spend_limit_reached"),
        Some("rate_limit_error"),
        None,
    );
    assert_eq!(spent.sign, Some(Sign::Billing));
}

#[test]
fn google() {
    let quota = |id: &str| {
        let body = format!(
            r#"[{{"error":{{"code":429,"message":"You exceeded your current quota","status":"RESOURCE_EXHAUSTED","details":[{{"violations":[{{"quotaId":"{id}"}}]}}]}}}}]"#
        );
        check(&body, Some("429"), Some("RESOURCE_EXHAUSTED"), Some(429)).sign
    };
    assert_eq!(
        quota("GenerateRequestsPerDayPerProjectPerModel"),
        Some(Sign::QuotaDaily)
    );
    assert_eq!(
        quota("GenerateRequestsPerMinutePerProjectPerModel"),
        Some(Sign::RateLimited)
    );
    let key = check(
        r#"{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}"#,
        Some("400"),
        Some("INVALID_ARGUMENT"),
        Some(400),
    );
    assert_eq!(key.sign, Some(Sign::Key));
}

#[test]
fn azure() {
    check(
        r#"{"error":{"code":"401","message":"x"}}"#,
        Some("401"),
        None,
        Some(401),
    );
    check(
        r#"{"error":{"message":"x","type":null,"param":"prompt","code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation"}}}"#,
        Some("content_filter"),
        Some("ResponsibleAIPolicyViolation"),
        Some(400),
    );
    check(
        r#"{"error":{"code":"DeploymentNotFound","message":"x"}}"#,
        Some("DeploymentNotFound"),
        None,
        None,
    );
}

#[test]
fn mistral_has_two_shapes() {
    let flat =
        r#"{"object":"error","message":"x","type":"invalid_model","param":null,"code":"1500"}"#;
    check(flat, Some("1500"), Some("invalid_model"), None);
    let value: Value = serde_json::from_str(flat).unwrap();
    assert!(find(&value, b"").is_some(), "under a status of success");
    check(
        r#"{"detail":[{"loc":["body","model"],"msg":"x","type":"missing"}]}"#,
        None,
        Some("missing"),
        None,
    );
    check(r#"{"detail":"Unauthorized"}"#, None, None, None);
}

#[test]
fn dashscope_and_aws_write_no_error_member() {
    check(
        r#"{"code":"Throttling.RateQuota","message":"x","request_id":"r"}"#,
        Some("Throttling.RateQuota"),
        None,
        None,
    );
    check(r#"{"message":"x"}"#, None, None, None);
    check(
        r#"{"__type":"com.amazon.coral.service#AccessDeniedException","message":"x"}"#,
        None,
        Some("AccessDeniedException"),
        None,
    );
}

#[test]
fn openrouter_names_the_upstream() {
    let error = check(
        r#"{"error":{"code":502,"message":"x","metadata":{"provider_name":"p","error_type":"provider_unavailable"}}}"#,
        Some("502"),
        Some("provider_unavailable"),
        Some(502),
    );
    assert!(error.upstream);
}

#[test]
fn lists_and_texts_stand_in_for_objects() {
    check(
        r#"{"success":false,"error":[{"code":2009,"message":"Unauthorized"}]}"#,
        Some("2009"),
        None,
        None,
    );
    let text: Value =
        serde_json::from_str(r#"{"error":"the model is currently overloaded"}"#).unwrap();
    assert_eq!(find(&text, b"").unwrap().sign, Some(Sign::Overloaded));
    let groq: Value =
        serde_json::from_str(r#"{"choices":[],"x_groq":{"id":"r","error":"over capacity"}}"#)
            .unwrap();
    assert!(find(&groq, b"").is_some());
}

#[test]
fn responses_and_bare_events_hold_errors_too() {
    for event in [
        r#"{"type":"response.failed","response":{"error":{"code":"server_error"}}}"#,
        r#"{"type":"error","code":"server_error","message":"x","param":null}"#,
    ] {
        let value = serde_json::from_str(event).unwrap();
        let error = find(&value, b"").unwrap();
        assert_eq!(
            (error.code.as_deref(), error.kind),
            (Some("server_error"), None)
        );
    }
}

#[test]
fn what_is_blank_is_no_error() {
    for body in [
        r#"{"error":null}"#,
        r#"{"error":false}"#,
        r#"{"error":""}"#,
        r#"{"error":[]}"#,
        r#"{"response":{"error":null}}"#,
        r#"{"choices":[{"error":null}]}"#,
        "[]",
        "3",
    ] {
        let value = serde_json::from_str(body).unwrap();
        assert_eq!(find(&value, b""), None, "{body}");
    }
}

#[test]
fn messages_leave_signs_and_no_text() {
    // LiteLLM nests the upstream's body in its own message.
    let nested = br#"{"error":{"message":"AnthropicError - {\"error\":{\"type\":\"overloaded_error\"}} sk-secret","code":"500"}}"#;
    let error = read(nested).unwrap();
    assert_eq!(error.sign, Some(Sign::Overloaded));
    assert!(!format!("{error:?}").contains("sk-secret"));
}

#[test]
fn arbitrary_bodies_are_read_without_a_panic() {
    for body in [
        "",
        "<html>",
        "{\"error\":",
        "\"text\"",
        "[[[]]]",
        "{\"error\":[[]]}",
    ] {
        drop(read(body.as_bytes()));
    }
    assert_eq!(read(b"<html>502</html>"), None);
}
