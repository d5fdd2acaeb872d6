use super::*;
use crate::config::Persona;
use crate::fault::Fault;
use crate::plan::Plan;
use crate::wire::Wire;
use crate::wire::tests::{data, events, request, stamp, text, whole};

const PLAIN: &str = r#"{"include_obfuscation":false}"#;
const WITH_USAGE: &str = r#"{"include_obfuscation":false,"include_usage":true}"#;

fn stream(persona: Persona, options: &str, fault: Option<&Fault>) -> String {
    let options = serde_json::from_str(options).expect("valid options");
    let request = request().with_options(Some(options));
    let answer = Answer::new(&request, &Plan::struck_by(fault));
    let events = Chat(Dialect::OpenAi).events(&stamp(persona), &answer, &request);
    text(&[events.opening, events.content, events.closing].concat())
}

#[test]
fn a_direct_stream_is_role_content_finish_usage_done() {
    let head = r#"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":9,"model":"sim-1","service_tier":"default","choices":["#;
    let expected = [
        format!(
            r#"{head}{{"index":0,"delta":{{"role":"assistant","content":"","refusal":null}},"logprobs":null,"finish_reason":null}}],"usage":null}}"#
        ),
        format!(
            r#"{head}{{"index":0,"delta":{{"content":"pong"}},"logprobs":null,"finish_reason":null}}],"usage":null}}"#
        ),
        format!(
            r#"{head}{{"index":0,"delta":{{"content":"!"}},"logprobs":null,"finish_reason":null}}],"usage":null}}"#
        ),
        format!(
            r#"{head}{{"index":0,"delta":{{}},"logprobs":null,"finish_reason":"stop"}}],"usage":null}}"#
        ),
        format!(
            r#"{head}],"usage":{{"prompt_tokens":13,"completion_tokens":2,"total_tokens":15,"prompt_tokens_details":{{"cached_tokens":0}},"completion_tokens_details":{{"reasoning_tokens":0}}}}}}"#
        ),
        "data: [DONE]".to_owned(),
    ];
    let got = stream(Persona::Direct, WITH_USAGE, None);
    assert!(got.ends_with("\n\n"));
    assert_eq!(got.trim_end().split("\n\n").collect::<Vec<_>>(), expected);
}

#[test]
fn without_include_usage_no_event_mentions_usage() {
    let got = stream(Persona::Direct, PLAIN, None);
    assert!(!got.contains("usage"));
    assert_eq!(got.matches("data: ").count(), 5);
}

#[test]
fn a_gateway_sends_the_role_with_content_and_leaves_keys_out() {
    let head = r#"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":9,"model":"sim-1","choices":["#;
    let got = stream(Persona::Gateway, WITH_USAGE, None);
    let events: Vec<_> = got.trim_end().split("\n\n").collect();
    let first =
        format!(r#"{head}{{"index":0,"delta":{{"role":"assistant","content":"pong"}}}}]}}"#);
    let finish = format!(r#"{head}{{"index":0,"delta":{{}},"finish_reason":"stop"}}]}}"#);
    assert_eq!((events[0], events[2]), (first.as_str(), finish.as_str()));
    assert!(events[3].starts_with(&format!(r#"{head}{{"index":0,"delta":{{}}}}],"usage":"#)));
    assert_eq!(events[4..], ["data: [DONE]"]);
}

#[test]
fn chunks_are_padded_unless_the_caller_opts_out() {
    let padded = stream(Persona::Direct, "{}", None);
    assert_eq!(padded.matches(r#""obfuscation":""#).count(), 4);
    assert!(!stream(Persona::Direct, PLAIN, None).contains("obfuscation"));
    assert!(!stream(Persona::Gateway, "{}", None).contains("obfuscation"));
}

#[test]
fn a_refusal_has_its_own_key_and_no_content() {
    let got = stream(Persona::Direct, PLAIN, Some(&Fault::Refusal {}));
    assert!(got.contains(r#""delta":{"refusal":"I'm"}"#), "{got}");
    let body = whole(Wire::OpenAi, Some(&Fault::Refusal {}));
    assert_eq!(body["choices"][0]["message"]["content"], Value::Null);
    assert!(body["choices"][0]["message"]["refusal"].is_string());
    let body = whole(Wire::Mistral, Some(&Fault::Refusal {}));
    assert!(body["choices"][0]["message"]["content"].is_string());
}

#[test]
fn a_broken_event_is_one_event_that_is_not_json() {
    let broken = text(&[events(Wire::OpenAi, None).broken]);
    let data = broken
        .strip_prefix("data: ")
        .and_then(|rest| rest.strip_suffix("\n\n"));
    assert!(serde_json::from_str::<Value>(data.expect("one event")).is_err());
}

/// The events of a dialect without the terminator, which is checked.
fn dialect(wire: Wire) -> (String, Vec<Value>) {
    let mut events = events(wire, None);
    let done = events.closing.pop().expect("a terminator");
    assert_eq!(done, "data: [DONE]\n\n");
    let all = [events.opening, events.content, events.closing].concat();
    (text(&all), data(&all))
}

#[test]
fn openrouter_comments_first_and_tells_provider_and_cost_last() {
    let (text, chunks) = dialect(Wire::OpenRouter);
    assert!(text.starts_with(": OPENROUTER PROCESSING\n\n"));
    let last = chunks.last().expect("chunks");
    assert_eq!(last["provider"], "Simulated");
    assert!(
        last["id"]
            .as_str()
            .is_some_and(|id| id.starts_with("gen-9-"))
    );
    // 13 tokens at 150 and 2 at 600 billionths.
    assert_eq!(last["usage"]["cost"].to_string(), "3.15e-6");
    let document = whole(Wire::OpenRouter, None);
    assert_eq!(document["choices"][0]["native_finish_reason"], "stop");
    assert_eq!(document["usage"]["is_byok"], false);
}

#[test]
fn azure_sends_the_filters_verdict_before_the_role() {
    let (_, chunks) = dialect(Wire::Azure);
    assert_eq!(chunks[0]["choices"], serde_json::json!([]));
    assert_eq!(chunks[0]["id"], "");
    assert!(chunks[0]["prompt_filter_results"].is_array());
    assert_eq!(chunks[1]["choices"][0]["delta"]["role"], "assistant");
    let filter = &chunks[2]["choices"][0]["content_filter_results"];
    assert_eq!(filter["hate"]["severity"], "safe");
}

#[test]
fn usage_has_the_dialects_own_place_in_a_stream() {
    let place = |wire, pointer: &str| {
        let (_, chunks) = dialect(wire);
        let tokens = chunks
            .last()
            .and_then(|chunk| chunk.pointer(pointer).cloned());
        assert_eq!(tokens, Some(Value::from(2)), "{wire:?}");
    };
    place(Wire::OpenRouter, "/usage/completion_tokens");
    place(Wire::Groq, "/x_groq/usage/completion_tokens");
    place(Wire::DeepSeek, "/usage/completion_tokens");
    place(Wire::Mistral, "/usage/completion_tokens");
}

#[test]
fn mistral_pads_every_chunk() {
    let (_, chunks) = dialect(Wire::Mistral);
    assert!(chunks.iter().all(|chunk| chunk["p"].is_string()));
}

#[test]
fn an_error_in_the_stream_is_worded_by_the_dialect() {
    let bare = data(&[events(Wire::OpenAi, None).error]);
    assert_eq!(bare[0]["error"]["type"], "server_error");
    let openrouter = text(&[events(Wire::OpenRouter, None).error]);
    assert!(openrouter.contains(r#""finish_reason":"error""#) && openrouter.contains("[DONE]"));
    let mistral = data(&[events(Wire::Mistral, None).error]);
    assert_eq!(mistral[0]["choices"][0]["finish_reason"], "error");
}
