use super::*;
use crate::reply::{Completeness, Reply, Text};
use crate::wire::tests::{self, call, is_success};
use crate::wire::{Stream, StreamEnd, Wire};

fn streamed(text: &str) -> Reply {
    tests::streamed(Wire::Gemini, text)
}

fn read(body: &str) -> Reply {
    tests::whole(Wire::Gemini, body)
}

#[test]
fn the_path_names_method_and_model() {
    let mut call = call(Wire::Gemini);
    call.model = "gemini-2.5-flash".to_owned();
    assert_eq!(path(&call), "/models/gemini-2.5-flash:generateContent");
    call.model = "models/gemini-2.5-flash".to_owned();
    call.stream = true;
    assert_eq!(
        path(&call),
        "/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
    );
    call.stream = false;
    call.model = "../a b?c#d%2Fé".to_owned();
    assert_eq!(
        path(&call),
        "/models/..%2Fa%20b%3Fc%23d%252F%C3%A9:generateContent"
    );
}

#[test]
fn the_body_caps_tokens_and_names_a_tier_only_if_asked() {
    let mut call = call(Wire::Gemini);
    let mut expected = json!({
        "contents": [{"role": "user", "parts": [{"text": "say x"}]}],
        "generationConfig": {"maxOutputTokens": 64},
    });
    assert_eq!(body(&call, "say x"), expected);
    call.tier = Some("flex".to_owned());
    expected["serviceTier"] = "flex".into();
    assert_eq!(body(&call, "say x"), expected);
}

#[test]
fn whole_and_streamed_answers_are_read_after_the_documented_shape() {
    let text = include_bytes!("../../../fixtures/gemini.stream.txt");
    let (seen, streamed) = tests::stream(Wire::Gemini, [&text[..]]);
    let expected = [Progress::Reasoning, Progress::Text, Progress::Text];
    assert_eq!(seen, expected);
    let whole = read(include_str!("../../../fixtures/gemini.whole.json"));
    assert_eq!(whole.usage.cache_read_tokens, Some(4));
    for reply in [streamed, whole] {
        is_success(&reply);
        assert_eq!(reply.finish.as_deref(), Some("STOP"));
        assert_eq!(reply.model.as_deref(), Some("gemini-2.5-flash"));
        assert_eq!(reply.id.as_deref(), Some("r-1"));
        assert_eq!(reply.tier.as_deref(), Some("standard"));
        assert_eq!(reply.usage.input_tokens, Some(12));
        assert_eq!(reply.usage.output_tokens, Some(13));
        assert_eq!(reply.usage.reasoning_tokens, Some(8));
    }
}

#[test]
fn a_finish_reason_ends_a_stream_only_if_the_body_ends_cleanly() {
    let text = include_bytes!("../../../fixtures/gemini.stream.txt");
    let completeness = |end| {
        let mut stream = Stream::new(Wire::Gemini, tests::check(Wire::Gemini));
        stream.feed(text, |_| {}).unwrap();
        stream.finish(end).0.completeness
    };
    assert_eq!(completeness(StreamEnd::Clean), Completeness::Terminated);
    assert_eq!(completeness(StreamEnd::Early), Completeness::Open);
    let unfinished = "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]}}]}\n\n";
    assert_eq!(streamed(unfinished).completeness, Completeness::Open);
}

#[test]
fn every_finish_reason_has_its_meaning() {
    for (reason, ending) in [
        ("STOP", Ending::Stop),
        ("MAX_TOKENS", Ending::Length),
        ("SAFETY", Ending::Filtered),
        ("RECITATION", Ending::Filtered),
        ("BLOCKLIST", Ending::Filtered),
        ("PROHIBITED_CONTENT", Ending::Filtered),
        ("SPII", Ending::Filtered),
        ("IMAGE_SAFETY", Ending::Filtered),
        ("MODEL_ARMOR", Ending::Filtered),
        ("LANGUAGE", Ending::Other),
        ("OTHER", Ending::Other),
        ("MALFORMED_FUNCTION_CALL", Ending::Other),
    ] {
        let chunk = format!(r#"{{"candidates":[{{"content":{{}},"finishReason":"{reason}"}}]}}"#);
        for reply in [read(&chunk), streamed(&format!("data: {chunk}\r\n\r\n"))] {
            assert_eq!(
                (reply.finish.as_deref(), reply.ending),
                (Some(reason), Some(ending))
            );
            assert_eq!(reply.completeness, Completeness::Terminated);
            assert_eq!((reply.text, reply.malformed), (Text::Empty, None));
        }
    }
}

#[test]
fn a_blocked_prompt_has_no_candidates_and_is_filtered() {
    let blocked = r#"{"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{"promptTokenCount":9}}"#;
    for reply in [read(blocked), streamed(&format!("data: {blocked}\r\n\r\n"))] {
        assert_eq!(reply.ending, Some(Ending::Filtered));
        assert_eq!(reply.finish.as_deref(), Some("PROHIBITED_CONTENT"));
        assert_eq!(reply.completeness, Completeness::Terminated);
        assert_eq!(reply.malformed, None);
    }
    let nothing = read(r#"{"candidates":[],"usageMetadata":{"promptTokenCount":9}}"#);
    assert_eq!(nothing.malformed, Some("the body has no candidates"));
}

#[test]
fn output_counts_thoughts_and_unknown_is_not_nothing() {
    let output = |usage: &str| {
        let body = format!(r#"{{"candidates":[{{}}],"usageMetadata":{usage}}}"#);
        read(&body).usage.output_tokens
    };
    assert_eq!(output(r#"{"candidatesTokenCount":5}"#), Some(5));
    assert_eq!(output(r#"{"thoughtsTokenCount":8}"#), Some(8));
    assert_eq!(
        output(r#"{"candidatesTokenCount":5,"thoughtsTokenCount":8}"#),
        Some(13)
    );
    assert_eq!(output(r#"{"promptTokenCount":5}"#), None);
}

#[test]
fn an_error_may_come_as_a_list_of_one() {
    let body = r#"[{"error":{"code":503,"message":"x","status":"UNAVAILABLE"}}]"#;
    let reply = read(body);
    assert_eq!(reply.error.unwrap().status, Some(503));
    assert_eq!(reply.malformed, None);
}

#[test]
fn each_chunk_brings_what_it_shows() {
    let brings = |data: &str| tests::progress(Wire::Gemini, data);
    let part = |part: &str| {
        brings(&format!(
            r#"{{"candidates":[{{"content":{{"parts":[{part}]}},"index":0}}]}}"#
        ))
    };
    assert_eq!(part(r#"{"text":"a"}"#), Progress::Text);
    assert_eq!(part(r#"{"text":""}"#), Progress::Nothing);
    assert_eq!(part(r#"{"text":"a","thought":true}"#), Progress::Reasoning);
    assert_eq!(
        part(r#"{"text":"a","thought":true},{"text":"b"}"#),
        Progress::Text
    );
    assert_eq!(
        brings(r#"{"candidates":[{"index":1,"content":{"parts":[{"text":"a"}]}}]}"#),
        Progress::Nothing
    );
    assert_eq!(
        brings(r#"{"candidates":[{"finishReason":"STOP"}]}"#),
        Progress::Closing
    );
    assert_eq!(
        brings(r#"{"usageMetadata":{"promptTokenCount":1}}"#),
        Progress::Closing
    );
    assert_eq!(brings(r#"{"responseId":"r-1"}"#), Progress::Nothing);
}
