//! Every wire in the same questions: an answer, a stream, an error, a wrong key, a fault.

use serde_json::{Value, json};

use super::client::{faulty, get, guarded, message, quick, send, start};
use super::dialogue::{ALL, Dialogue, KEY, has};
use crate::{ErrorStatus, Fault, Persona, Wire};

const PING: &str = "Reply with exactly: pong-7f3a";

#[tokio::test]
async fn a_whole_answer_holds_text_and_usage_that_agree() {
    let simulator = start(guarded()).await;
    for dialogue in ALL {
        let seen = dialogue.whole(&simulator, PING).await;
        assert_eq!(seen.status(), 200, "{dialogue:?}");
        let told = dialogue.told(&seen.json());
        assert_eq!(
            told,
            [json!("pong-7f3a"), json!(14), json!(3)],
            "{dialogue:?}"
        );
        let wire = simulator.journal().last().and_then(|entry| entry.wire);
        assert_eq!(wire, Some(dialogue.wire));
    }
}

#[tokio::test]
async fn a_stream_holds_the_text_and_ends_as_the_wire_ends() {
    let simulator = start(guarded()).await;
    for dialogue in ALL {
        let seen = dialogue.stream(&simulator, PING).await;
        assert_eq!(seen.status(), 200, "{dialogue:?}");
        assert_eq!(dialogue.text(&seen), "pong-7f3a", "{dialogue:?}");
        let (bytes, complete) = seen.bytes();
        assert!(
            complete && has(&bytes, dialogue.terminator()),
            "{dialogue:?}"
        );
    }
}

#[tokio::test]
async fn challenges_are_met_on_every_wire() {
    let simulator = start(guarded()).await;
    for dialogue in ALL {
        for (prompt, reply) in [
            ("What is 17 + 25? Answer with the number only.", "42"),
            ("Repeat this word 3 times: blue", "blue blue blue"),
            (
                r#"Reply with this JSON object only: {"a": 1}"#,
                r#"{"a": 1}"#,
            ),
        ] {
            let seen = dialogue.whole(&simulator, prompt).await;
            assert_eq!(dialogue.told(&seen.json())[0], reply, "{dialogue:?}");
        }
    }
}

/// What each wire calls its 429 and its 503, in body or header.
fn classes(wire: Wire) -> [&'static str; 2] {
    match wire {
        Wire::OpenRouter => ["rate_limit_exceeded", "provider_overloaded"],
        Wire::Mistral => ["429", "503"],
        Wire::Azure => ["429", "ServiceUnavailable"],
        Wire::Anthropic => ["rate_limit_error", "api_error"],
        Wire::Gemini | Wire::Vertex => ["RESOURCE_EXHAUSTED", "UNAVAILABLE"],
        Wire::Bedrock => ["ThrottlingException", "ServiceUnavailableException"],
        _ => ["requests", "service_unavailable_error"],
    }
}

#[tokio::test]
async fn a_scripted_status_comes_in_the_wires_own_words() {
    for (index, status) in [429, 503].into_iter().enumerate() {
        let fault = Fault::status(ErrorStatus::try_from(status).expect("an error status"));
        let simulator = faulty(fault, Persona::Direct).await;
        for dialogue in ALL {
            let whole = dialogue.whole(&simulator, PING).await;
            let stream = dialogue.stream(&simulator, PING).await;
            for seen in [whole, stream] {
                assert_eq!(seen.status(), status, "{dialogue:?}");
                let body = seen.json();
                let named = body.pointer(dialogue.error).and_then(Value::as_str);
                let named = seen.header("x-amzn-errortype").or(named.map(str::to_owned));
                let class = classes(dialogue.wire)[index];
                assert_eq!(named.as_deref(), Some(class), "{dialogue:?}: {body}");
            }
        }
    }
}

/// The statuses of a missing and of a wrong key.
fn refusals(dialogue: &Dialogue) -> [u16; 2] {
    match dialogue.wire {
        Wire::Gemini => [403, 400],
        Wire::Bedrock => [403, 403],
        _ => [401, 401],
    }
}

#[tokio::test]
async fn keys_are_checked_on_every_wire_and_never_echoed() {
    let simulator = start(guarded()).await;
    for dialogue in ALL {
        let missing = dialogue.without_key(&simulator).await;
        let wrong = dialogue.with_key(&simulator, "sk-sim-secret").await;
        let statuses = [missing.status(), wrong.status()];
        assert_eq!(statuses, refusals(&dialogue), "{dialogue:?}");
        assert!(!wrong.body().0.contains("sk-sim-secret"), "{dialogue:?}");
        assert!(missing.json().is_object(), "{dialogue:?}");
    }
}

#[tokio::test]
async fn bodies_that_make_no_sense_are_bad_requests_everywhere() {
    let simulator = start(quick()).await;
    for dialogue in ALL {
        for body in [
            "{\"model\":",
            "{}",
            "[]",
            r#"{"model":"sim-1","messages":7}"#,
        ] {
            let seen = dialogue.with_body(&simulator, body).await;
            assert_eq!(seen.status(), 400, "{dialogue:?} {body}");
            assert!(seen.json().is_object(), "{dialogue:?}");
        }
    }
}

#[tokio::test]
async fn a_malformed_event_spoils_one_event_and_no_other() {
    let sound = start(quick()).await;
    let simulator = faulty(Fault::Malformed { after_chunks: 1 }, Persona::Direct).await;
    for dialogue in ALL {
        let whole = dialogue.stream(&sound, PING).await;
        let broken = dialogue.stream(&simulator, PING).await;
        assert_eq!(dialogue.text(&broken), "pong-7f3a", "{dialogue:?}");
        let events = [&whole, &broken].map(|seen| dialogue.events(seen).len());
        assert_eq!(events[0], events[1], "{dialogue:?}");
        assert!(broken.bytes().0.len() > whole.bytes().0.len() / 2);
    }
}

#[tokio::test]
async fn an_error_in_the_stream_comes_in_the_wires_own_shape() {
    let simulator = faulty(Fault::error_in_stream(1), Persona::Direct).await;
    for dialogue in ALL {
        let seen = dialogue.stream(&simulator, PING).await;
        assert_eq!((seen.status(), seen.bytes().1), (200, true), "{dialogue:?}");
        assert_eq!(dialogue.text(&seen), "pong", "{dialogue:?}");
        let last = dialogue.events(&seen).pop().expect("an error");
        let told = last.to_string();
        assert!(
            told.contains("error") || told.contains("message"),
            "{dialogue:?}: {told}"
        );
        if dialogue.wire == Wire::Responses {
            assert_eq!(last["sequence_number"], 5); // Four events and one delta before it.
        }
    }
}

#[tokio::test]
async fn a_truncated_answer_ends_with_the_wires_word_for_length() {
    let simulator = faulty(Fault::Truncated {}, Persona::Direct).await;
    for dialogue in ALL {
        let document = dialogue.whole(&simulator, PING).await.json().to_string();
        let words = ["length", "max_output_tokens", "max_tokens", "MAX_TOKENS"];
        let told = words
            .iter()
            .any(|word| document.contains(&format!(":\"{word}\"")));
        assert!(told, "{dialogue:?}: {document}");
    }
}

#[tokio::test]
async fn google_streams_a_list_without_sse_and_its_errors_come_in_one_too() {
    let path = "/v1beta/models/sim-1:streamGenerateContent";
    let body = r#"{"contents":[{"parts":[{"text":"Reply with exactly: pong-7f3a"}]}]}"#;
    let request = message(&format!("POST {path}"), "", body);
    let seen = send(&start(quick()).await, &request).await;
    assert_eq!(seen.json().as_array().map(Vec::len), Some(4));
    let fault = Fault::status(ErrorStatus::UNAVAILABLE);
    let seen = send(&faulty(fault, Persona::Direct).await, &request).await;
    assert_eq!(seen.json()[0]["error"]["code"], 503);
}

#[tokio::test]
async fn versions_are_insisted_on_where_the_provider_does() {
    let simulator = start(quick()).await;
    let body = r#"{"model":"sim-1","max_tokens":9,"messages":[]}"#;
    let seen = send(&simulator, &message("POST /v1/messages", "", body)).await;
    assert_eq!(seen.status(), 400);
    let words = seen.json()["error"]["message"].take();
    assert_eq!(words, "anthropic-version: header is required");
    let azure = "POST /openai/deployments/sim-1/chat/completions";
    assert_eq!(
        send(&simulator, &message(azure, "", body)).await.status(),
        404
    );
}

#[tokio::test]
async fn request_ids_stand_where_each_provider_puts_them() {
    let simulator = start(guarded()).await;
    for dialogue in ALL {
        let seen = dialogue.whole(&simulator, PING).await;
        let name = match dialogue.wire {
            Wire::OpenAi | Wire::Groq | Wire::Responses => "x-request-id",
            Wire::OpenRouter => "x-generation-id",
            Wire::DeepSeek => "x-ds-trace-id",
            Wire::Mistral => "mistral-correlation-id",
            Wire::Azure => "apim-request-id",
            Wire::Anthropic => "request-id",
            Wire::Gemini | Wire::Vertex => "server-timing",
            Wire::Bedrock => "x-amzn-requestid",
        };
        assert!(seen.header(name).is_some(), "{dialogue:?}");
    }
}

#[tokio::test]
async fn model_lists_are_told_apart_by_path_and_header() {
    let simulator = start(quick()).await;
    let openai = get(&simulator, "/v1/models").await.json();
    assert_eq!(openai["data"][0]["object"], "model");
    let google = get(&simulator, "/v1beta/models").await.json();
    assert_eq!(google["models"][0]["name"], "models/sim-1");
    let header = "anthropic-version: 2023-06-01\r\n";
    let anthropic = send(&simulator, &message("GET /v1/models", header, "")).await;
    assert_eq!(anthropic.json()["data"][0]["type"], "model");
    let openrouter = get(&simulator, "/api/v1/models").await.json();
    assert!(openrouter["data"][0]["pricing"].is_object());
}

#[tokio::test]
async fn embeddings_and_token_counts_are_answered_and_can_fail() {
    let ask = |path: &'static str, headers: &'static str, body: &'static str| async move {
        let fault = Fault::status(ErrorStatus::UNAVAILABLE);
        let request = message(&format!("POST {path}"), headers, body);
        let sound = send(&start(quick()).await, &request).await;
        let failed = send(&faulty(fault, Persona::Direct).await, &request).await;
        assert_eq!((sound.status(), failed.status()), (200, 503), "{path}");
        sound.json()
    };
    let body = r#"{"model":"sim-1","input":"one two"}"#;
    let list = ask("/v1/embeddings", "", body).await;
    assert_eq!(list["usage"]["prompt_tokens"], 2);
    let body = r#"{"contents":[{"parts":[{"text":"one two"}]}]}"#;
    let count = ask("/v1/models/sim-1:countTokens", "", body).await;
    assert_eq!(count["totalTokens"], 8);
    let version = "anthropic-version: 2023-06-01\r\n";
    let body = r#"{"model":"sim-1","messages":[{"role":"user","content":"one two"}]}"#;
    let count = ask("/v1/messages/count_tokens", version, body).await;
    assert_eq!(count["input_tokens"], 8);
}

#[tokio::test]
async fn a_gateway_words_errors_its_own_way_on_every_wire() {
    let fault = Fault::status(ErrorStatus::OVERLOADED);
    let simulator = faulty(fault, Persona::Gateway).await;
    for dialogue in ALL {
        let seen = dialogue.whole(&simulator, PING).await;
        assert_eq!(
            (seen.status(), &seen.json()["error"]["code"]),
            (500, &json!("500"))
        );
        assert!(seen.header("x-litellm-call-id").is_some(), "{dialogue:?}");
    }
    assert!(!format!("{simulator:?}").contains(KEY));
}
