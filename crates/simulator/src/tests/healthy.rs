use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::client::{End, STREAM, WHOLE, chat, connect, get, guarded, message, quick, send, start};
use crate::{Config, Millis, Pacing, Persona};

fn with_key(key: &str, body: &str) -> String {
    let authorization = format!("authorization: Bearer {key}\r\n");
    message("POST /v1/chat/completions", &authorization, body)
}

#[tokio::test]
async fn a_stream_is_role_content_finish_usage_and_done() {
    let simulator = start(quick()).await;
    let seen = chat(&simulator, STREAM).await;
    assert_eq!(seen.status(), 200);
    let content_type = seen.header("content-type");
    assert_eq!(
        content_type.as_deref(),
        Some("text/event-stream; charset=utf-8")
    );
    let mut data = seen.data();
    assert_eq!(data.pop().as_deref(), Some("[DONE]"));
    let chunks: Vec<Value> = data
        .iter()
        .map(|data| serde_json::from_str(data).expect("JSON chunks"))
        .collect();
    let deltas: Vec<&Value> = chunks
        .iter()
        .map(|chunk| &chunk["choices"][0]["delta"])
        .filter(|d| !d.is_null())
        .collect();
    assert_eq!(
        deltas,
        [
            &json!({"role": "assistant", "content": "", "refusal": null}),
            &json!({"content": "pong"}),
            &json!({"content": "-7f3"}),
            &json!({"content": "a"}),
            &json!({}),
        ]
    );
    let [.., finish, usage] = chunks.as_slice() else {
        panic!("finish and usage")
    };
    assert_eq!(finish["choices"][0]["finish_reason"], "stop");
    assert_eq!(usage["choices"], json!([]));
    assert_eq!(usage["usage"]["completion_tokens"], 3);
    assert!(
        chunks
            .iter()
            .all(|chunk| chunk["id"] == chunks[0]["id"] && chunk["model"] == "sim-1")
    );
    assert_eq!((seen.body().1, seen.end), (true, End::Closed));
}

#[tokio::test]
async fn a_whole_answer_agrees_with_its_usage() {
    let simulator = start(Config {
        started_unix_s: 1_700_000_000,
        ..quick()
    })
    .await;
    let seen = chat(&simulator, WHOLE).await;
    let body = seen.json();
    assert_eq!(body["object"], "chat.completion");
    assert_eq!(body["choices"][0]["message"]["content"], "pong-7f3a");
    assert_eq!(body["choices"][0]["finish_reason"], "stop");
    assert_eq!(body["usage"]["completion_tokens"], 3);
    assert!(body["created"].as_u64() >= Some(1_700_000_000));
    assert!(seen.header("content-length").is_some());
    assert!(
        seen.header("x-request-id")
            .is_some_and(|id| id.starts_with("req_"))
    );
    assert!(seen.header("openai-processing-ms").is_some());
    assert_eq!(
        seen.header("x-ratelimit-remaining-requests").as_deref(),
        Some("9999")
    );
}

#[tokio::test]
async fn a_prompt_without_an_order_gets_the_same_sentence_every_time() {
    let simulator = start(quick()).await;
    let body = r#"{"model":"sim-2","messages":[{"role":"user","content":"Tell me a joke"}]}"#;
    let first = chat(&simulator, body).await.json();
    let second = chat(&simulator, body).await.json();
    assert_eq!(first["choices"], second["choices"]);
    assert_ne!(first["id"], second["id"]);
}

#[tokio::test]
async fn pacing_holds_back_first_content_and_total_but_not_headers() {
    let tokens_per_second = 20.try_into().expect("not zero");
    let pacing = Pacing {
        ttft_ms: Millis::clamped(150),
        tokens_per_second,
    };
    let simulator = start(Config { pacing, ..quick() }).await;
    let streamed = chat(&simulator, STREAM).await;
    // 150 ms to the first of three pieces, then two gaps of 50 ms.
    assert!(streamed.total.as_millis() >= 250, "{:?}", streamed.total);
    assert!(
        streamed.head_after.as_millis() < 150,
        "{:?}",
        streamed.head_after
    );
    let whole = chat(&simulator, WHOLE).await;
    assert!(
        whole.first_byte_after.as_millis() >= 250,
        "{:?}",
        whole.first_byte_after
    );
    assert_eq!(whole.header("openai-processing-ms").as_deref(), Some("250"));
}

#[tokio::test]
async fn keys_are_checked_and_never_echoed() {
    let simulator = start(guarded()).await;
    let good = send(&simulator, &with_key("sk-sim-good", WHOLE)).await;
    assert_eq!(good.status(), 200);
    let wrong = send(&simulator, &with_key("sk-sim-secret", WHOLE)).await;
    assert_eq!(wrong.status(), 401);
    assert_eq!(wrong.json()["error"]["code"], "invalid_api_key");
    assert!(!wrong.body().0.contains("sk-sim-secret"));
    let missing = chat(&simulator, WHOLE).await;
    assert_eq!(missing.status(), 401);
    let error = &missing.json()["error"];
    assert_eq!(
        (&error["type"], &error["code"]),
        (&json!("invalid_request_error"), &Value::Null)
    );
    assert_eq!(get(&simulator, "/v1/models").await.status(), 401);
    assert!(!format!("{simulator:?}").contains("sk-sim-good"));
}

#[tokio::test]
async fn requests_that_make_no_sense_get_the_providers_own_errors() {
    let simulator = start(quick()).await;
    let unknown = chat(&simulator, r#"{"model":"nope","messages":[]}"#).await;
    assert_eq!(unknown.status(), 404);
    assert_eq!(unknown.json()["error"]["code"], "model_not_found");
    for (body, words) in [
        ("{\"model\":", "parse"),
        ("{}", "model parameter"),
        (r#"{"model":"sim-1","messages":7}"#, "messages"),
    ] {
        let seen = chat(&simulator, body).await;
        assert_eq!(seen.status(), 400);
        let error = seen.json()["error"].take();
        assert_eq!(error["type"], "invalid_request_error");
        assert!(
            error["message"]
                .as_str()
                .is_some_and(|message| message.contains(words))
        );
    }
    let url = get(&simulator, "/v1/nothing").await;
    assert_eq!(url.status(), 404);
    assert_eq!(
        url.json()["error"]["message"],
        "Invalid URL (GET /v1/nothing)"
    );
}

#[tokio::test]
async fn models_status_and_health_answer_plainly() {
    let simulator = start(Config {
        name: "acme".to_owned(),
        ..quick()
    })
    .await;
    let list = get(&simulator, "/v1/models").await.json();
    let ids: Vec<_> = list["data"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|m| &m["id"])
        .collect();
    assert_eq!(ids, ["sim-1", "sim-2"]);
    assert_eq!(list["data"][0]["owned_by"], "acme");
    let (page, _) = get(&simulator, "/status").await.body();
    assert!(page.starts_with("acme (simulated provider)"), "{page}");
    assert_eq!(get(&simulator, "/healthz").await.body().0, "ok\n");
    assert_eq!(simulator.requests(), 2);
}

#[tokio::test]
async fn every_response_says_that_it_is_simulated() {
    let simulator = start(guarded()).await;
    for path in [
        "/v1/models",
        "/status",
        "/healthz",
        "/nowhere",
        "/_sim/rules",
        "/_sim/nowhere",
    ] {
        let seen = get(&simulator, path).await;
        assert_eq!(
            seen.header("x-nines-simulated").as_deref(),
            Some("true"),
            "{path}"
        );
    }
    let seen = send(&simulator, &with_key("sk-sim-good", STREAM)).await;
    assert_eq!(seen.header("x-nines-simulated").as_deref(), Some("true"));
}

#[tokio::test]
async fn a_gateway_shows_who_served_and_words_errors_its_own_way() {
    let simulator = start(Config {
        persona: Persona::Gateway,
        ..guarded()
    })
    .await;
    let whole = send(&simulator, &with_key("sk-sim-good", WHOLE)).await;
    let header = |name| whole.header(name);
    assert_eq!(header("x-litellm-call-id").map(|id| id.len()), Some(36));
    assert_eq!(
        header("x-litellm-model-id").as_deref(),
        Some("deployment-sim-1")
    );
    assert_eq!(
        header("x-litellm-attempted-fallbacks").as_deref(),
        Some("0")
    );
    assert!(header("llm_provider-x-request-id").is_some_and(|id| id.starts_with("req_")));
    let tokens = &whole.json()["usage"];
    let (prompt, completion) = (
        tokens["prompt_tokens"].as_u64(),
        &tokens["completion_tokens"],
    );
    let nanos = prompt.expect("counted") * 150 + completion.as_u64().expect("counted") * 600;
    assert_eq!(
        header("x-litellm-response-cost"),
        Some(format!("0.{nanos:09}"))
    );
    assert_eq!(
        (header("x-request-id"), header("x-ratelimit-limit-tokens")),
        (None, None)
    );

    let streamed = send(&simulator, &with_key("sk-sim-good", STREAM)).await;
    assert_eq!(
        (streamed.text().as_str(), streamed.data().len()),
        ("pong-7f3a", 6)
    );
    assert_eq!(streamed.header("x-litellm-response-cost"), None);

    let wrong = send(&simulator, &with_key("sk-sim-bad", WHOLE)).await;
    assert_eq!(
        (wrong.status(), &wrong.json()["error"]["type"]),
        (400, &json!("no_db_connection"))
    );
    let unknown = send(
        &simulator,
        &with_key("sk-sim-good", r#"{"model":"x","messages":[]}"#),
    )
    .await;
    assert_eq!(unknown.status(), 400);
    assert_eq!(unknown.header("x-litellm-model-id"), None);
}

#[tokio::test]
async fn a_connection_is_kept_for_the_next_request() {
    let simulator = start(quick()).await;
    let mut stream = connect(&simulator).await;
    let request = "GET /healthz HTTP/1.1\r\nhost: sim\r\n\r\n";
    for _ in 0..2 {
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut seen = Vec::new();
        while !seen.ends_with(b"ok\n") {
            assert_ne!(
                stream
                    .read_buf(&mut seen)
                    .await
                    .expect("an open connection"),
                0
            );
        }
    }
}
