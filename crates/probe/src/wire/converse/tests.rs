//! Frames and bodies after the documented shape.

mod laws;

use super::*;
use crate::ask::{Ask, TextCheck};
use crate::error::Sign;
use crate::reply::{Completeness, Reply, Text};
use crate::wire::{self, Stream, StreamEnd, Unreadable, Wire};

fn check() -> TextCheck {
    TextCheck::new(&Ask::Echo, &"pong-7f3a".parse().unwrap())
}

fn call(model: &str, tier: Option<&str>) -> Call {
    let base = "https://bedrock-runtime.eu-west-1.amazonaws.com";
    Call {
        tier: tier.map(str::to_owned),
        ..Call::new(Wire::Converse, base.parse().unwrap(), model.to_owned())
    }
}

fn event(name: &str, payload: &Value) -> Vec<u8> {
    let headers = [
        (":event-type", name),
        (":content-type", "application/json"),
        (":message-type", "event"),
    ];
    encode(&headers, payload.to_string().as_bytes())
}

fn text(text: &str) -> Vec<u8> {
    let payload = json!({"contentBlockIndex": 0, "delta": {"text": text}, "p": "abcdef"});
    event("contentBlockDelta", &payload)
}

fn reasoning(content: &Value) -> Vec<u8> {
    let payload = json!({"contentBlockIndex": 0, "delta": {"reasoningContent": content}});
    event("contentBlockDelta", &payload)
}

fn stop(reason: &str) -> Vec<u8> {
    event("messageStop", &json!({"p": "ab", "stopReason": reason}))
}

fn metadata() -> Vec<u8> {
    let usage = json!({"inputTokens": 12, "outputTokens": 7, "totalTokens": 119,
        "cacheReadInputTokens": 90, "cacheWriteInputTokens": 10});
    let payload = json!({"usage": usage, "metrics": {"latencyMs": 223}, "p": "abc",
        "serviceTier": {"type": "priority"}, "performanceConfig": {"latency": "standard"}});
    event("metadata", &payload)
}

fn exception(name: &str, message: &str) -> Vec<u8> {
    let headers = [
        (":exception-type", name),
        (":content-type", "application/json"),
        (":message-type", "exception"),
    ];
    encode(&headers, json!({"message": message}).to_string().as_bytes())
}

/// A stream with everything in it, frame by frame.
fn frames() -> Vec<Vec<u8>> {
    vec![
        event("messageStart", &json!({"role": "assistant"})),
        event(
            "contentBlockStart",
            &json!({"start": {}, "contentBlockIndex": 0}),
        ),
        reasoning(&json!({"text": "hm"})),
        reasoning(&json!({"signature": "s"})),
        event("contentBlockStop", &json!({"contentBlockIndex": 0})),
        text("pong-"),
        text("7f3a"),
        event("contentBlockStop", &json!({"contentBlockIndex": 1})),
        stop("end_turn"),
        metadata(),
    ]
}

type Fed = Result<(), Unreadable>;

fn feed<'a>(chunks: impl IntoIterator<Item = &'a [u8]>, end: StreamEnd) -> (Reply, Fed) {
    let mut stream = Stream::new(Wire::Converse, check());
    let fed = chunks
        .into_iter()
        .try_for_each(|chunk| stream.feed(chunk, |_| {}));
    (stream.finish(end).0, fed)
}

fn streamed(frames: &[Vec<u8>]) -> Reply {
    let (reply, fed) = feed([&frames.concat()[..]], StreamEnd::Clean);
    assert_eq!(fed, Ok(()));
    reply
}

fn read(value: &Value) -> Reply {
    let body = value.to_string();
    wire::read(Wire::Converse, body.as_bytes(), check())
        .into_reply()
        .0
}

fn progress(frames: &[Vec<u8>]) -> Vec<Progress> {
    let mut stream = Stream::new(Wire::Converse, check());
    let mut all = Vec::new();
    stream
        .feed(&frames.concat(), |progress| all.push(progress))
        .unwrap();
    all
}

fn is_success(reply: &Reply, fed: Fed) -> bool {
    fed.is_ok()
        && reply.error.is_none()
        && reply.malformed.is_none()
        && reply.text == Text::Expected
        && reply.ending == Some(Ending::Stop)
        && reply.completeness == Completeness::Terminated
}

#[test]
fn the_model_stands_encoded_in_the_path() {
    let whole = call("us.amazon.nova-micro-v1:0", None);
    assert_eq!(path(&whole), "/model/us.amazon.nova-micro-v1%3A0/converse");
    let arn = "arn:aws:bedrock:eu-west-1:1:inference-profile/eu.x_y~z";
    let streamed = Call {
        stream: true,
        ..call(arn, None)
    };
    assert_eq!(
        path(&streamed),
        "/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Ainference-profile%2Feu.x_y~z/converse-stream"
    );
}

#[test]
fn a_body_asks_for_its_tier_in_the_place_of_that_tier() {
    let plain = json!({
        "messages": [{"role": "user", "content": [{"text": "hi"}]}],
        "inferenceConfig": {"maxTokens": 64},
    });
    assert_eq!(body(&call("m", None), "hi"), plain);
    let flex = body(&call("m", Some("flex")), "hi");
    assert_eq!(flex["serviceTier"], json!({"type": "flex"}));
    assert!(flex.get("performanceConfig").is_none());
    let fast = body(&call("m", Some("optimized")), "hi");
    assert_eq!(fast["performanceConfig"], json!({"latency": "optimized"}));
    assert!(fast.get("serviceTier").is_none());
}

#[test]
fn a_whole_answer_is_read() {
    let reply = read(&json!({
        "metrics": {"latencyMs": 189},
        "output": {"message": {"role": "assistant", "content": [
            {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}},
            {"text": "pong-"}, {"text": "7f3a"},
        ]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 25, "outputTokens": 4, "totalTokens": 29},
    }));
    assert!(is_success(&reply, Ok(())), "{reply:?}");
    assert_eq!(reply.finish.as_deref(), Some("end_turn"));
    let usage = Usage {
        input_tokens: Some(25),
        output_tokens: Some(4),
        ..Usage::default()
    };
    assert_eq!((reply.usage, reply.model, reply.tier), (usage, None, None));
}

#[test]
fn a_body_of_another_kind_is_malformed() {
    for value in [
        json!({}),
        json!([]),
        json!({"Output": {"__type": "UnknownOperationException"}}),
        json!({"output": {"message": {"content": [{"text": "pong-7f3a"}]}}}),
    ] {
        let reply = read(&value);
        assert_eq!(
            reply.malformed,
            Some("the body has no stopReason"),
            "{value}"
        );
    }
}

#[test]
fn a_stream_is_read_with_its_counts_and_its_tier() {
    let reply = streamed(&frames());
    assert!(is_success(&reply, Ok(())), "{reply:?}");
    assert_eq!(reply.tier.as_deref(), Some("priority"));
    let usage = Usage {
        input_tokens: Some(112),
        output_tokens: Some(7),
        cache_read_tokens: Some(90),
        cache_write_tokens: Some(10),
        reasoning_tokens: None,
    };
    assert_eq!(reply.usage, usage);
}

#[test]
fn a_tier_of_latency_counts_where_it_was_granted() {
    let tier = |value: Value| {
        let mut reading = Reading::new(check());
        accounts(&mut reading, &value);
        reading.reply.tier
    };
    let default = json!({"type": "default"});
    let fast = json!({"serviceTier": default, "performanceConfig": {"latency": "optimized"}});
    assert_eq!(tier(fast).as_deref(), Some("optimized"));
    let slow = json!({"serviceTier": default, "performanceConfig": {"latency": "standard"}});
    assert_eq!(tier(slow).as_deref(), Some("default"));
    let alone = json!({"performanceConfig": {"latency": "standard"}});
    assert_eq!(tier(alone).as_deref(), Some("standard"));
}

#[test]
fn counts_that_no_number_holds_are_unknown() {
    let usage = read_usage(&json!({"inputTokens": u64::MAX, "cacheReadInputTokens": 1}));
    assert_eq!(usage.input_tokens, None);
    assert_eq!(read_usage(&Value::Null), Usage::default());
    let only_cached = read_usage(&json!({"cacheReadInputTokens": 1}));
    assert_eq!(only_cached.input_tokens, None);
}

#[test]
fn every_frame_says_what_it_brought() {
    let hidden = reasoning(&json!({"redactedContent": "AAAA"}));
    let mut all = frames();
    all.extend([hidden, text("late")]);
    assert_eq!(
        progress(&all),
        [
            Progress::Nothing,
            Progress::Nothing,
            Progress::Reasoning,
            Progress::Nothing,
            Progress::Nothing,
            Progress::Text,
            Progress::Text,
            Progress::Nothing,
            Progress::Closing,
            Progress::Terminator,
            Progress::Nothing,
            Progress::Nothing,
        ]
    );
    let shown = progress(&[
        reasoning(&json!({"redactedContent": "AAAA"})),
        text(""),
        text(" \n"),
        event("somethingNew", &json!({"delta": {"text": "x"}})),
        metadata(),
    ]);
    assert_eq!(
        shown,
        [
            Progress::Reasoning,
            Progress::Nothing,
            Progress::Nothing,
            Progress::Nothing,
            Progress::Closing,
        ]
    );
}

#[test]
fn a_clean_end_behind_the_stop_is_an_end_and_another_is_none() {
    let all = frames();
    let (before, last) = all.split_at(all.len() - 1);
    let bytes = before.concat();
    let (reply, fed) = feed([&bytes[..]], StreamEnd::Clean);
    assert!(is_success(&reply, fed));
    assert_eq!(reply.usage, Usage::default());
    let (reply, _) = feed([&bytes[..]], StreamEnd::Early);
    assert_eq!(reply.completeness, Completeness::Open);
    let (reply, fed) = feed([&bytes[..], &last[0][..20]], StreamEnd::Clean);
    assert_eq!((reply.completeness, fed), (Completeness::Open, Ok(())));
}

#[test]
fn counts_before_the_stop_do_not_end_a_stream() {
    let mut swapped = frames();
    let last = swapped.len() - 1;
    swapped.swap(last - 1, last);
    assert_eq!(progress(&swapped).last(), Some(&Progress::Closing));
    let reply = streamed(&swapped);
    assert!(is_success(&reply, Ok(())));
    assert_eq!(reply.usage.output_tokens, Some(7));
}

#[test]
fn exceptions_are_errors_wherever_they_come() {
    for (at, name) in [
        (0, "throttlingException"),
        (6, "modelStreamErrorException"),
        (10, "internalServerException"),
    ] {
        let mut all = frames();
        all.insert(at, exception(name, "Too many tokens per day, please wait."));
        assert_eq!(progress(&all)[at], Progress::Broken, "{name}");
        let error = streamed(&all).error.unwrap();
        assert_eq!(error.kind.as_deref(), Some(name));
        assert_eq!(error.sign, Some(Sign::QuotaDaily));
    }
}

#[test]
fn an_error_of_the_protocol_is_known_by_its_code() {
    let headers = [
        (":message-type", "error"),
        (":error-code", "InternalFailure"),
        (":error-message", "no"),
    ];
    let error = streamed(&[encode(&headers, b"")]).error.unwrap();
    assert_eq!(error.kind.as_deref(), Some("InternalFailure"));
    let nameless = streamed(&[encode(&[(":message-type", "exception")], b"\xff")]);
    assert_eq!(nameless.error, Some(ErrorObject::default()));
}

#[test]
fn frames_outside_the_grammar_are_malformed() {
    let no_json = [
        (":message-type", "event"),
        (":event-type", "contentBlockDelta"),
    ];
    for (frame, why) in [
        (encode(&no_json, b"{"), "a frame is not JSON"),
        (encode(&[], b"{}"), "a frame is neither event nor error"),
        (
            event("messageStop", &json!({})),
            "messageStop has no stopReason",
        ),
    ] {
        assert_eq!(progress(std::slice::from_ref(&frame)), [Progress::Broken]);
        assert_eq!(streamed(&[frame]).malformed, Some(why));
    }
}

#[test]
fn every_documented_stop_reason_has_its_meaning() {
    for (reason, ending) in [
        ("end_turn", Ending::Stop),
        ("stop_sequence", Ending::Stop),
        ("max_tokens", Ending::Length),
        ("model_context_window_exceeded", Ending::Length),
        ("guardrail_intervened", Ending::Filtered),
        ("content_filtered", Ending::Filtered),
        ("malformed_model_output", Ending::Failed),
        ("malformed_tool_use", Ending::Other),
        ("tool_use", Ending::Other),
        ("of_tomorrow", Ending::Other),
    ] {
        assert_eq!(read(&json!({"stopReason": reason})).ending, Some(ending));
        assert_eq!(streamed(&[stop(reason)]).ending, Some(ending));
    }
}
