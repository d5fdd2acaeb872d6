use super::*;
use crate::fault::Fault;

const PLAIN: &str = r#"{"include_obfuscation":false}"#;
const WITH_USAGE: &str = r#"{"include_obfuscation":false,"include_usage":true}"#;

fn request(options: &str) -> ChatRequest {
    serde_json::from_str(&format!(
        r#"{{"model":"sim-1","stream":true,"stream_options":{options},
            "messages":[{{"role":"user","content":"Reply with exactly: pong!"}}]}}"#
    ))
    .expect("a valid request")
}

fn stamp(persona: Persona) -> Stamp {
    Stamp {
        persona,
        completion_id: "chatcmpl-1".to_owned(),
        created_unix_s: 9,
        padding: Random::for_parts(&[1]),
    }
}

fn stream(persona: Persona, options: &str, fault: Option<&Fault>) -> String {
    let request = request(options);
    let events = stamp(persona).events(&Answer::new(&request, fault), &request);
    let all = [events.opening, events.content, events.closing].concat();
    all.iter()
        .map(|event| std::str::from_utf8(event).expect("events are text"))
        .collect()
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
    let request = request(PLAIN);
    let answer = Answer::new(&request, Some(&Fault::Refusal {}));
    let document = stamp(Persona::Direct).document(&answer);
    let body: Value = serde_json::from_slice(&document).expect("JSON");
    assert_eq!(body["choices"][0]["message"]["content"], Value::Null);
    assert!(body["choices"][0]["message"]["refusal"].is_string());
}

#[test]
fn a_broken_event_is_one_event_that_is_not_json() {
    let event = broken_event("chatcmpl-1");
    let text = std::str::from_utf8(&event).expect("text");
    let data = text
        .strip_prefix("data: ")
        .and_then(|rest| rest.strip_suffix("\n\n"));
    assert!(serde_json::from_str::<Value>(data.expect("one event")).is_err());
}
