use super::*;
use crate::reply::{Completeness, Reply, Text};
use crate::wire::Wire;
use crate::wire::tests::{self, call, is_success};

fn streamed(text: &str) -> Reply {
    tests::streamed(Wire::Responses, text)
}

fn read(body: &str) -> Reply {
    tests::whole(Wire::Responses, body)
}

/// A stream of these events, numbered from 0 as the reference shows it.
fn events(events: &[&str]) -> String {
    let event = |(number, event): (usize, &&str)| {
        format!("data: {{\"sequence_number\":{number},{event}}}\n\n")
    };
    events.iter().enumerate().map(event).collect()
}

const TEXT: &str = r#""type":"response.output_text.delta","delta":"pong-7f3a""#;
const COMPLETED: &str = r#""type":"response.completed","response":{"status":"completed"}"#;

#[test]
fn the_body_asks_for_text_and_forbids_storage() {
    let mut call = call(Wire::Responses);
    call.stream = true;
    assert_eq!(path(&call), "/responses");
    let mut expected = json!({
        "input": "say x",
        "max_output_tokens": 64,
        "model": "model-1",
        "store": false,
        "stream": true,
    });
    assert_eq!(body(&call, "say x"), expected);
    call.tier = Some("priority".to_owned());
    expected["service_tier"] = "priority".into();
    assert_eq!(body(&call, "say x"), expected);
}

#[test]
fn whole_and_streamed_answers_of_a_real_model_are_read() {
    for reply in [
        read(include_str!("../../../fixtures/responses.whole.json")),
        streamed(include_str!("../../../fixtures/responses.stream.txt")),
    ] {
        is_success(&reply);
        assert_eq!(reply.finish.as_deref(), Some("completed"));
        assert_eq!(reply.model.as_deref(), Some("smollm2"));
        assert!(reply.id.unwrap().starts_with("resp_"));
        let usage = Usage {
            input_tokens: Some(39),
            output_tokens: Some(6),
            cache_read_tokens: Some(38),
            ..Usage::default()
        };
        assert_eq!(reply.usage, usage);
    }
}

#[test]
fn reasoning_is_seen_and_the_tier_is_the_one_that_served() {
    let text = include_bytes!("../../../fixtures/responses.numbered.txt");
    let (seen, reply) = tests::stream(Wire::Responses, [&text[..]]);
    is_success(&reply);
    assert_eq!(reply.tier.as_deref(), Some("default"));
    let usage = Usage {
        input_tokens: Some(15),
        output_tokens: Some(21),
        cache_read_tokens: Some(4),
        cache_write_tokens: Some(2),
        reasoning_tokens: Some(16),
    };
    assert_eq!(reply.usage, usage);
    let steps: Vec<_> = seen
        .into_iter()
        .filter(|step| *step != Progress::Nothing)
        .collect();
    let expected = [
        [Progress::Reasoning; 3].as_slice(),
        &[Progress::Text, Progress::Text, Progress::Terminator],
    ];
    assert_eq!(steps, expected.concat());
}

#[test]
fn an_asked_tier_that_only_the_beginning_repeats_is_not_the_served_one() {
    let reply = streamed(&events(&[
        r#""type":"response.created","response":{"service_tier":"priority"}"#,
    ]));
    assert_eq!(reply.tier, None);
}

#[test]
fn events_without_names_and_a_done_at_the_end_are_litellms() {
    is_success(&streamed(include_str!(
        "../../../fixtures/litellm.responses.txt"
    )));
    let reply = streamed("data: [DONE]\n\n");
    assert_eq!(reply.completeness, Completeness::Open);
}

#[test]
fn a_name_may_follow_its_data_or_stand_alone() {
    let text = "data: {\"delta\":\"pong-7f3a\"}\nevent: response.output_text.delta\n\n\
        data: {\"response\":{}}\nevent: response.completed\n\n";
    is_success(&streamed(text));
}

#[test]
fn a_skipped_number_is_a_lost_event() {
    assert_eq!(streamed(&events(&[TEXT, COMPLETED])).malformed, None);
    let lost = events(&[TEXT, "\"type\":\"keepalive\"", COMPLETED]);
    let lost: String = lost
        .split_inclusive("\n\n")
        .filter(|event| !event.contains("keepalive"))
        .collect();
    assert_eq!(
        streamed(&lost).malformed,
        Some("an event is missing: its number was skipped")
    );
    let unnumbered = format!("data: {{{TEXT}}}\n\ndata: {{{COMPLETED}}}\n\n");
    is_success(&streamed(&unnumbered));
}

#[test]
fn each_way_to_end_has_its_meaning() {
    let ending = |last: &str| {
        let reply = streamed(&events(&[TEXT, last]));
        assert_eq!(reply.completeness, Completeness::Terminated, "{last}");
        (reply.finish.unwrap(), reply.ending.unwrap())
    };
    let incomplete = |reason: &str| {
        format!(
            r#""type":"response.incomplete","response":{{"incomplete_details":{{"reason":"{reason}"}}}}"#
        )
    };
    for (last, word, meaning) in [
        (COMPLETED.to_owned(), "completed", Ending::Stop),
        (
            incomplete("max_output_tokens"),
            "max_output_tokens",
            Ending::Length,
        ),
        (
            incomplete("content_filter"),
            "content_filter",
            Ending::Filtered,
        ),
        (incomplete("else"), "else", Ending::Other),
        (
            r#""type":"response.failed","response":{"error":null}"#.to_owned(),
            "failed",
            Ending::Failed,
        ),
    ] {
        assert_eq!(ending(&last), (word.to_owned(), meaning));
    }
}

#[test]
fn failures_and_bare_errors_end_a_stream() {
    for last in [
        r#""type":"response.failed","response":{"status":"failed","error":{"code":"server_error","message":"x"}}"#,
        r#""type":"error","code":"server_error","message":"x","param":null"#,
    ] {
        let reply = streamed(&events(&[TEXT, last]));
        let error = reply.error.unwrap();
        assert_eq!(
            (error.code.as_deref(), error.kind),
            (Some("server_error"), None)
        );
        assert_eq!(reply.completeness, Completeness::Terminated);
    }
}

#[test]
fn a_refusal_outlives_the_completion_after_it() {
    let refused = streamed(&events(&[
        r#""type":"response.refusal.delta","delta":"no""#,
        r#""type":"response.refusal.done","refusal":"no""#,
        COMPLETED,
    ]));
    let whole = read(
        r#"{"status":"completed","output":[{"type":"message","content":[{"type":"refusal","refusal":"no"}]}]}"#,
    );
    for reply in [refused, whole] {
        assert_eq!(reply.ending, Some(Ending::Refused));
        assert_eq!(reply.text, Text::Empty);
    }
}

#[test]
fn whole_answers_tell_how_they_ended() {
    let incomplete = read(
        r#"{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"output":[{"type":"reasoning","summary":[{"text":"pong-7f3a"}]}]}"#,
    );
    assert_eq!(incomplete.ending, Some(Ending::Length));
    assert_eq!(incomplete.text, Text::Empty);
    let failed = read(
        r#"{"status":"failed","error":{"code":"rate_limit_exceeded","message":"x"},"output":[]}"#,
    );
    assert_eq!(failed.ending, Some(Ending::Failed));
    assert_eq!(
        failed.error.unwrap().code.as_deref(),
        Some("rate_limit_exceeded")
    );
    assert_eq!(read(r#"{"output":[]}"#).ending, None);
}
