mod dialects;

use proptest::prelude::*;

use super::*;
use crate::ask::{Ask, TextCheck};
use crate::reply::{Completeness, Reply, Text};
use crate::wire::{self, Stream, StreamEnd, Wire};

fn check() -> TextCheck {
    TextCheck::new(&Ask::Echo, &"pong-7f3a".parse().unwrap())
}

fn stream<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Reply {
    let mut stream = Stream::new(Wire::Chat, check());
    for chunk in chunks {
        stream.feed(chunk, |_| {}).unwrap();
    }
    stream.finish(StreamEnd::Clean).0
}

fn read(body: &[u8]) -> Reply {
    wire::read(Wire::Chat, body, check()).into_reply().0
}

fn streamed(text: &str) -> Reply {
    stream([text.as_bytes()])
}

fn progress(data: &str) -> Progress {
    super::event(
        &mut Reading::new(check()),
        &Event {
            name: Vec::new(),
            data: data.as_bytes().to_vec(),
        },
    )
}

#[track_caller]
fn is_success(reply: &Reply, model: &str, tokens: Option<(u64, u64)>) {
    assert_eq!(
        (reply.error.as_ref(), reply.malformed, reply.text),
        (None, None, Text::Expected)
    );
    assert_eq!(reply.completeness, Completeness::Terminated);
    assert_eq!(reply.ending, Some(Ending::Stop));
    assert_eq!(reply.finish.as_deref(), Some("stop"));
    assert_eq!(reply.model.as_deref(), Some(model));
    assert_eq!(
        reply.usage.input_tokens.zip(reply.usage.output_tokens),
        tokens
    );
}

#[test]
fn whole_and_streamed_answers_of_every_dialect_are_read() {
    let usage = Some((4, 1));
    is_success(
        &streamed(include_str!("../../../fixtures/openai.stream-usage.txt")),
        "gpt-4o-mini",
        usage,
    );
    is_success(
        &streamed(include_str!("../../../fixtures/openai.stream.txt")),
        "gpt-4o-mini",
        None,
    );
    is_success(
        &streamed(include_str!("../../../fixtures/openrouter.stream.txt")),
        "openai/gpt-4o-mini",
        usage,
    );
    is_success(
        &streamed(include_str!("../../../fixtures/litellm.stream-usage.txt")),
        "fake-openai",
        usage,
    );
    let openai = include_bytes!("../../../fixtures/openai.whole.json");
    is_success(&read(openai), "gpt-4o-mini", usage);
    let openrouter = include_bytes!("../../../fixtures/openrouter.whole.json");
    is_success(&read(openrouter), "openai/gpt-4o-mini", usage);
}

#[test]
fn a_clean_end_without_terminator_is_not_terminated() {
    for text in [
        include_str!("../../../fixtures/openai.cut.txt"),
        include_str!("../../../fixtures/portkey.cut.txt"),
    ] {
        let reply = streamed(text);
        assert!(reply.completeness != Completeness::Terminated);
        assert_eq!((reply.error, reply.malformed), (None, None));
    }
}

#[test]
fn an_error_in_the_middle_of_a_stream_is_seen() {
    let error = streamed(include_str!("../../../fixtures/litellm.cut.txt"))
        .error
        .unwrap();
    assert_eq!(
        (error.code.as_deref(), error.status),
        (Some("500"), Some(500))
    );
}

#[test]
fn an_error_before_or_after_the_terminator_is_seen() {
    // Shapes from OpenRouter's documentation.
    let error = r#"data: {"error":{"code":502,"message":"x","metadata":{"provider_name":"p"}},"choices":[]}"#;
    for text in [
        format!("{error}\n\ndata: [DONE]\n\n"),
        format!("data: [DONE]\n\n{error}\n\n"),
    ] {
        let reply = streamed(&text);
        assert!(reply.completeness == Completeness::Terminated);
        assert!(reply.error.unwrap().upstream);
    }
}

#[test]
fn errors_hide_in_choices_lists_and_named_events() {
    let in_choice =
        br#"{"choices":[{"error":{"code":429,"message":"x"},"finish_reason":"error"}]}"#;
    assert_eq!(read(in_choice).error.unwrap().status, Some(429));
    let in_list = br#"[{"error":{"code":404,"status":"NOT_FOUND","message":"x"}}]"#;
    assert_eq!(
        read(in_list).error.unwrap().kind.as_deref(),
        Some("NOT_FOUND")
    );
    let named = streamed("event: error\ndata: {\"type\":\"overloaded_error\"}\n\n");
    assert_eq!(
        named.error.unwrap().kind.as_deref(),
        Some("overloaded_error")
    );
    assert!(streamed("event: error\ndata: oops\n\n").error.is_some());
}

#[test]
fn an_error_that_is_null_is_none() {
    let body =
        br#"{"error":null,"choices":[{"message":{"content":"pong-7f3a"},"finish_reason":"stop"}]}"#;
    assert_eq!(read(body).error, None);
}

#[test]
fn an_event_cut_in_its_json_is_malformed() {
    let reply = streamed(include_str!("../../../fixtures/llmock.malformed.txt"));
    assert_eq!(reply.malformed, Some("an event is not JSON"));
}

#[test]
fn html_is_malformed_and_an_unfinished_body_is_cut() {
    assert!(read(b"<html>502</html>").malformed.is_some());
    let cut = read(br#"{"choices":[{"message":{"content":"pong-7"#);
    assert_eq!(
        (cut.malformed, cut.completeness == Completeness::Terminated),
        (None, false)
    );
}

#[test]
fn blank_lines_before_a_body_are_patience_not_a_fault() {
    let body = [
        b"\n\n\n".as_slice(),
        include_bytes!("../../../fixtures/openai.whole.json"),
    ]
    .concat();
    is_success(&read(&body), "gpt-4o-mini", Some((4, 1)));
}

#[test]
fn each_event_brings_what_it_shows() {
    let delta =
        |delta: &str| progress(&format!(r#"{{"choices":[{{"index":0,"delta":{delta}}}]}}"#));
    assert_eq!(
        delta(r#"{"role":"assistant","content":""}"#),
        Progress::Nothing
    );
    assert_eq!(delta(r#"{"content":null}"#), Progress::Nothing);
    assert_eq!(delta(r#"{"content":" \n"}"#), Progress::Nothing);
    assert_eq!(delta(r#"{"content":"a"}"#), Progress::Text);
    assert_eq!(
        delta(r#"{"content":[{"type":"text","text":"a"}]}"#),
        Progress::Text
    );
    assert_eq!(
        delta(r#"{"content":[{"type":"thinking","thinking":[]}]}"#),
        Progress::Nothing
    );
    assert_eq!(
        delta(r#"{"content":"","reasoning_content":"hm"}"#),
        Progress::Reasoning
    );
    assert_eq!(
        delta(r#"{"content":"","reasoning":"hm"}"#),
        Progress::Reasoning
    );
    assert_eq!(
        delta(r#"{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]}]}"#),
        Progress::Reasoning
    );
    assert_eq!(delta(r#"{"refusal":"no"}"#), Progress::Closing);
    // Azure's filter-only chunk, then the usage chunk of OpenAI and of LiteLLM.
    assert_eq!(
        progress(r#"{"choices":[],"usage":null}"#),
        Progress::Nothing
    );
    assert_eq!(
        progress(r#"{"choices":[],"usage":{"prompt_tokens":1}}"#),
        Progress::Closing
    );
    assert_eq!(
        progress(r#"{"choices":[{"index":0,"delta":{}}],"usage":{"prompt_tokens":1}}"#),
        Progress::Closing
    );
    assert_eq!(
        progress(r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#),
        Progress::Closing
    );
    assert_eq!(progress("[DONE]"), Progress::Terminator);
    for broken in ["{}", "[]", "3", "", r#"{"choices":3}"#] {
        assert_eq!(progress(broken), Progress::Broken, "{broken}");
    }
}

#[test]
fn reasoning_that_holds_the_nonce_is_not_an_answer() {
    let body = br#"{"choices":[{"message":{"content":"","reasoning_content":"say pong-7f3a"},"finish_reason":"length"}]}"#;
    assert_eq!(read(body).text, Text::Empty);
}

#[test]
fn refusals_and_service_tiers_are_recorded() {
    let body = br#"{"service_tier":"default","choices":[{"message":{"content":null,"refusal":"no"},"finish_reason":"stop"}]}"#;
    let reply = read(body);
    assert!(reply.ending == Some(Ending::Refused));
    assert_eq!(reply.tier.as_deref(), Some("default"));
}

#[test]
fn a_last_line_without_its_break_still_terminates() {
    let completeness = |text| streamed(text).completeness;
    assert_eq!(completeness("data: [DONE]"), Completeness::Terminated);
    assert_eq!(completeness("data: [DONE"), Completeness::Open);
}

#[test]
fn debug_of_a_stream_shows_no_text() {
    let mut chat = Stream::new(Wire::Chat, check());
    let event = b"data: {\"choices\":[{\"delta\":{\"content\":\"private\"}}]}\n\n";
    chat.feed(event, |_| {}).unwrap();
    assert!(!format!("{chat:?}").contains("private"));
}

proptest! {
    #[test]
    fn chunk_boundaries_never_change_the_reply(size in 1usize..80, pick in 0usize..4, end in 0usize..3000) {
        let text: &[u8] = [
            &include_bytes!("../../../fixtures/openai.stream-usage.txt")[..],
            include_bytes!("../../../fixtures/litellm.cut.txt"),
            include_bytes!("../../../fixtures/llmock.malformed.txt"),
            include_bytes!("../../../fixtures/portkey.cut.txt"),
        ][pick];
        let text = &text[..end.min(text.len())];
        prop_assert_eq!(stream(text.chunks(size)), stream([text]));
    }

    #[test]
    fn every_strict_prefix_of_a_stream_lacks_its_end(end in 0usize..2000) {
        let text = include_str!("../../../fixtures/openai.stream-usage.txt");
        let whole = text.trim_end().len();
        let reply = streamed(&text[..end.min(whole - 1)]);
        prop_assert!(reply.completeness != Completeness::Terminated);
    }
}
