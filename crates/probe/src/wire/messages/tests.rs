use super::*;
use crate::reply::{Completeness, Reply, Text};
use crate::wire::Wire;
use crate::wire::tests::{self, call, is_success};

fn streamed(text: &str) -> Reply {
    tests::streamed(Wire::Messages, text)
}

fn read(body: &str) -> Reply {
    tests::whole(Wire::Messages, body)
}

#[test]
fn the_body_caps_tokens_and_names_a_tier_only_if_asked() {
    let mut call = call(Wire::Messages);
    assert_eq!(path(&call), "/messages");
    let mut expected = json!({
        "max_tokens": 64,
        "messages": [{"role": "user", "content": "say x"}],
        "model": "model-1",
        "stream": false,
    });
    assert_eq!(body(&call, "say x"), expected);
    call.tier = Some("standard_only".to_owned());
    expected["service_tier"] = "standard_only".into();
    assert_eq!(body(&call, "say x"), expected);
}

#[test]
fn whole_and_streamed_answers_of_a_real_model_are_read() {
    for (reply, cached) in [
        (
            read(include_str!("../../../fixtures/messages.whole.json")),
            24,
        ),
        (
            streamed(include_str!("../../../fixtures/messages.stream.txt")),
            38,
        ),
    ] {
        is_success(&reply);
        assert_eq!(reply.finish.as_deref(), Some("end_turn"));
        assert_eq!(reply.model.as_deref(), Some("smollm2"));
        assert!(reply.id.is_some());
        let usage = Usage {
            input_tokens: Some(39),
            output_tokens: Some(6),
            cache_read_tokens: Some(cached),
            ..Usage::default()
        };
        assert_eq!(reply.usage, usage);
    }
}

#[test]
fn thinking_is_no_text_and_counts_are_cumulative() {
    let text = include_bytes!("../../../fixtures/messages.thinking.txt");
    let (seen, reply) = tests::stream(Wire::Messages, [&text[..]]);
    is_success(&reply);
    assert_eq!(reply.tier.as_deref(), Some("standard"));
    let usage = Usage {
        input_tokens: Some(61),
        output_tokens: Some(15),
        cache_read_tokens: Some(30),
        cache_write_tokens: Some(20),
        reasoning_tokens: Some(9),
    };
    assert_eq!(reply.usage, usage);
    let steps: Vec<_> = seen
        .into_iter()
        .filter(|step| *step != Progress::Nothing)
        .collect();
    let expected = [
        Progress::Reasoning,
        Progress::Reasoning,
        Progress::Text,
        Progress::Text,
        Progress::Closing,
        Progress::Terminator,
    ];
    assert_eq!(steps, expected);
}

#[test]
fn a_later_count_without_cached_tokens_keeps_the_earlier_ones() {
    let reply = streamed(
        "data: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":1,\"cache_read_input_tokens\":38}}}\n\n\
         data: {\"type\":\"message_delta\",\"delta\":{},\"usage\":{\"input_tokens\":1,\"output_tokens\":6}}\n\n",
    );
    assert_eq!(reply.usage.input_tokens, Some(39));
}

#[test]
fn an_error_after_the_headers_is_seen_and_ends_nothing() {
    let reply = streamed(
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{}}\n\n\
         event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n",
    );
    assert_eq!(
        reply.error.unwrap().kind.as_deref(),
        Some("overloaded_error")
    );
    assert_eq!(reply.completeness, Completeness::Open);
}

#[test]
fn every_stop_reason_has_its_meaning() {
    for (reason, ending) in [
        ("end_turn", Ending::Stop),
        ("stop_sequence", Ending::Stop),
        ("max_tokens", Ending::Length),
        ("model_context_window_exceeded", Ending::Length),
        ("refusal", Ending::Refused),
        ("tool_use", Ending::Other),
        ("pause_turn", Ending::Other),
        ("of tomorrow", Ending::Other),
    ] {
        let body = format!(r#"{{"content":[],"stop_reason":"{reason}"}}"#);
        let reply = read(&body);
        assert_eq!(
            (reply.finish.as_deref(), reply.ending),
            (Some(reason), Some(ending))
        );
        assert_eq!(reply.text, Text::Empty);
    }
}

#[test]
fn each_event_brings_what_it_shows() {
    let brings = |data: &str| tests::progress(Wire::Messages, data);
    let delta = |delta: &str| {
        brings(&format!(
            r#"{{"type":"content_block_delta","delta":{delta}}}"#
        ))
    };
    assert_eq!(brings(r#"{"type":"ping"}"#), Progress::Nothing);
    assert_eq!(brings(r#"{"type":"of_tomorrow"}"#), Progress::Nothing);
    assert_eq!(delta(r#"{"type":"text_delta","text":"a"}"#), Progress::Text);
    assert_eq!(
        delta(r#"{"type":"text_delta","text":" "}"#),
        Progress::Nothing
    );
    assert_eq!(
        delta(r#"{"type":"thinking_delta","thinking":""}"#),
        Progress::Nothing
    );
    assert_eq!(
        delta(r#"{"type":"input_json_delta","partial_json":"{"}"#),
        Progress::Nothing
    );
    assert_eq!(
        brings(
            r#"{"type":"content_block_start","content_block":{"type":"redacted_thinking","data":"x"}}"#
        ),
        Progress::Reasoning
    );
}

#[test]
fn a_name_beside_the_data_is_enough() {
    let text = "event: message_delta\ndata: {\"delta\":{\"stop_reason\":\"end_turn\"}}\n\n\
        event: message_stop\ndata: {}\n\n";
    let reply = streamed(text);
    assert_eq!(reply.completeness, Completeness::Terminated);
    assert_eq!(reply.ending, Some(Ending::Stop));
}
