//! What compatible servers add to the grammar. Fixtures of LiteLLM were captured; everything else
//! is written after the documented shape.

use super::*;

#[test]
fn results_of_content_filters_are_azures_and_no_text() {
    let text = include_bytes!("../../../../fixtures/azure.stream.txt");
    let mut seen = Vec::new();
    let mut azure = Stream::new(Wire::Chat, check());
    azure.feed(text, |progress| seen.push(progress)).unwrap();
    let reply = azure.finish(StreamEnd::Clean).0;
    is_success(&reply, "gpt-4o-mini-2024-07-18", None);
    assert_eq!(reply.id.as_deref(), Some("chatcmpl-1"));
    let expected = [
        Progress::Nothing,
        Progress::Nothing,
        Progress::Text,
        Progress::Nothing,
        Progress::Closing,
        Progress::Terminator,
    ];
    assert_eq!(seen, expected);
}

#[test]
fn a_prompt_that_azure_filters_is_blocked() {
    let reply = read(
        br#"{"choices":[{"content_filter_results":{"hate":{"filtered":true}},"finish_reason":"content_filter","index":0}],"prompt_filter_results":[]}"#,
    );
    assert_eq!(reply.ending, Some(Ending::Filtered));
    assert_eq!(reply.malformed, None);
}

#[test]
fn an_account_of_a_fallback_is_a_chunk_without_meaning() {
    let text = include_str!("../../../../fixtures/litellm.fallback.txt");
    let reply = streamed(text);
    assert_eq!((reply.error.as_ref(), reply.malformed), (None, None));
    assert_eq!(reply.text, Text::Expected);
    assert_eq!(reply.ending, Some(Ending::Stop));
    assert_eq!(reply.id.as_deref(), Some("chatcmpl-kyfD_r9Aj1TN4N9H"));
    // Even where it comes first, its id is not the completion's.
    let account = text
        .split("\n\n")
        .find(|event| event.contains("litellm_fallback"))
        .unwrap();
    assert_eq!(streamed(&format!("{account}\n\n{text}")), reply);
}

#[test]
fn comments_and_blank_lines_are_patience_not_events() {
    let text = include_str!("../../../../fixtures/openai.stream-usage.txt");
    for patience in [": keep-alive\n\n", ": OPENROUTER PROCESSING\n\n", "\n\n\n"] {
        let patient = patience.to_owned() + &text.replace("\n\n", &format!("\n\n{patience}"));
        assert_eq!(streamed(&patient), streamed(text));
    }
}

#[test]
fn an_error_of_openrouter_in_the_middle_keeps_its_finish_reason() {
    let reply = streamed(
        "data: {\"id\":\"gen-1\",\"model\":\"m\",\"provider\":\"p\",\"error\":{\"code\":502,\"message\":\"x\"},\
         \"choices\":[{\"index\":0,\"delta\":{\"content\":\"\"},\"finish_reason\":\"error\"}]}\n\ndata: [DONE]\n\n",
    );
    assert_eq!(reply.error.unwrap().status, Some(502));
    assert_eq!(
        (reply.finish.as_deref(), reply.ending),
        (Some("error"), Some(Ending::Failed))
    );
    assert_eq!(reply.provider.as_deref(), Some("p"));
    assert_eq!(reply.completeness, Completeness::Terminated);
}

#[test]
fn a_finish_reason_may_be_the_only_error_of_mistral() {
    let reply = streamed(
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"pong-7f3a\"},\"finish_reason\":\"error\"}],\"p\":\"abcdef\"}\n\ndata: [DONE]\n\n",
    );
    assert_eq!(reply.ending, Some(Ending::Failed));
    assert_eq!((reply.error, reply.malformed), (None, None));
}

#[test]
fn padding_and_accounts_of_routing_are_passed_over() {
    for aside in [
        r#"{"openrouter_metadata":{"attempts":[{"provider":"p","status":200}]}}"#,
        r#"{"choices":[],"openrouter_metadata":{}}"#,
        r#"{"prompt_filter_results":[]}"#,
        r#"{"choices":[],"prompt_filter_results":[],"id":""}"#,
        r#"{"choices":[{"index":0,"delta":{"content":""}}],"p":"abcdef","obfuscation":"x7"}"#,
    ] {
        assert_eq!(progress(aside), Progress::Nothing, "{aside}");
    }
    assert_eq!(
        progress(r#"{"choices":null,"usage":{"prompt_tokens":1}}"#),
        Progress::Closing
    );
}

#[test]
fn reasoning_that_is_kept_back_shows_in_its_details() {
    let details = r#"{"choices":[{"index":0,"delta":{"content":"","reasoning":null,"reasoning_details":[{"type":"reasoning.encrypted","data":"x"}]}}]}"#;
    assert_eq!(progress(details), Progress::Reasoning);
}

#[test]
fn a_name_may_follow_its_data() {
    let reply = streamed("data: {\"message\":\"x\",\"code\":\"server_error\"}\nevent: error\n\n");
    assert_eq!(reply.error.unwrap().code.as_deref(), Some("server_error"));
}
