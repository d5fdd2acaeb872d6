use super::*;
use crate::config::Persona;
use crate::failure::Class;
use crate::fault::{ErrorCode, ErrorStatus, Fault};
use crate::plan::Plan;
use crate::wire::Wire;
use crate::wire::tests::{data, error, events, request, stamp, text, whole};

#[test]
fn a_stream_is_bare_chunks_with_running_usage_and_a_last_reason() {
    let events = events(Wire::Gemini, None);
    assert!(events.opening.is_empty());
    let all = [events.content, events.closing].concat();
    assert!(text(&all).ends_with("\r\n\r\n"));
    let chunks = data(&all);
    let told = |chunk: &Value| {
        let candidate = &chunk["candidates"][0];
        let text = candidate["content"]["parts"][0]["text"].clone();
        let tokens = chunk["usageMetadata"]["candidatesTokenCount"].clone();
        json!([text, tokens, candidate["finishReason"]])
    };
    let seen: Vec<_> = chunks.iter().map(told).collect();
    assert_eq!(
        seen,
        [
            json!(["pong", 1, null]),
            json!(["!", 2, null]),
            json!(["", 2, "STOP"]),
        ]
    );
}

fn list(fault: Option<&Fault>) -> Parts {
    let request = request().delivered(Delivery::List);
    let answer = Answer::new(&request, &Plan::struck_by(fault));
    Gemini(Door::Studio).events(&stamp(Persona::Direct), &answer, &request)
}

#[test]
fn without_sse_a_list_grows_until_it_is_json() {
    for (fault, length) in [(None, 3), (Some(Fault::Empty {}), 1)] {
        let events = list(fault.as_ref());
        let all = [events.opening, events.content, events.closing].concat();
        let whole: Vec<Value> = serde_json::from_str(&text(&all)).expect("a list");
        assert_eq!(whole.len(), length);
    }
    let events = list(None);
    let failed = [events.opening, events.content, vec![events.error]].concat();
    let whole: Vec<Value> = serde_json::from_str(&text(&failed)).expect("a list");
    assert_eq!(whole[2]["error"]["status"], "INTERNAL");
}

#[test]
fn a_document_holds_text_reason_and_usage() {
    let document = whole(Wire::Gemini, None);
    let candidate = &document["candidates"][0];
    assert_eq!(candidate["content"]["parts"][0]["text"], "pong!");
    assert_eq!(candidate["finishReason"], "STOP");
    assert_eq!(document["usageMetadata"]["totalTokenCount"], 15);
    assert_eq!(document["createTime"], Value::Null);
    assert_eq!(
        whole(Wire::Vertex, None)["createTime"],
        "1970-01-01T00:00:09Z"
    );
    let filtered = whole(Wire::Gemini, Some(&Fault::ContentFilter {}));
    assert_eq!(filtered["candidates"][0]["finishReason"], "SAFETY");
    let refused = whole(Wire::Gemini, Some(&Fault::Refusal {}));
    assert!(refused["promptFeedback"]["blockReason"].is_string());
    assert_eq!(refused["candidates"], Value::Null);
}

#[test]
fn rate_and_quota_are_told_apart_by_their_quota_ids() {
    let quota_id = |code| {
        let failure = Failure::scripted(ErrorStatus::TOO_MANY_REQUESTS, Some(code));
        let (_, body) = error(Wire::Gemini, &failure);
        assert_eq!(body["error"]["status"], "RESOURCE_EXHAUSTED");
        let id = &body["error"]["details"][0]["violations"][0]["quotaId"];
        id.as_str().unwrap_or_default().to_owned()
    };
    assert!(quota_id(ErrorCode::RateLimitExceeded).contains("PerMinute"));
    assert!(quota_id(ErrorCode::InsufficientQuota).contains("PerDay"));
    assert_eq!(quota_id(ErrorCode::SlowDown), "");
}

#[test]
fn a_wrong_key_is_400_by_one_door_and_401_by_the_other() {
    let (status, body) = error(Wire::Gemini, &Class::WrongKey.into());
    assert_eq!((status, &body["error"]["code"]), (400, &json!(400)));
    assert_eq!(body["error"]["details"][0]["reason"], "API_KEY_INVALID");
    let (status, body) = error(Wire::Vertex, &Class::WrongKey.into());
    assert_eq!(
        (status, &body["error"]["status"]),
        (401, &json!("UNAUTHENTICATED"))
    );
}

#[test]
fn both_spellings_of_a_body_are_read() {
    let endpoint = Endpoint {
        wire: Wire::Gemini,
        verb: Verb::Events,
        model: Some("m".to_owned()),
    };
    let camel = json!({
        "contents": [{ "role": "user", "parts": [{ "text": "hi" }] }],
        "systemInstruction": { "parts": [{ "text": "brief" }] },
        "generationConfig": { "maxOutputTokens": 7 },
    });
    let snake = json!({
        "contents": { "parts": [{ "text": "hi" }] },
        "system_instruction": { "parts": [{ "text": "brief" }] },
        "generation_config": { "max_output_tokens": 7 },
    });
    for body in [camel, snake] {
        let Ok(request) = Gemini(Door::Studio).parse(&endpoint, body) else {
            panic!("a sound body");
        };
        assert_eq!((request.prompt.as_str(), request.tokens_max), ("hi", 7));
        assert_eq!(count(&request)["totalTokens"], 3 + 3 + 2 + 3 + 1);
    }
}
