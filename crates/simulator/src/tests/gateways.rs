use serde_json::Value;

use super::client::{STREAM, Seen, WHOLE, chat, chat_with, get, message, playing, send};
use crate::{Simulator, Wire};

async fn gateway(kind: &str, rest: &str) -> Simulator {
    let toml = format!("[gateway]\nkind = \"{kind}\"\n{rest}");
    playing(&toml).await
}

const PRIMARY_DOWN: &str = "[[rules]]\ntarget = \"primary\"\n\
    fault = { kind = \"error\", error = \"overload\" }\n";

#[track_caller]
fn headers(seen: &Seen, expected: &[(&str, &str)]) {
    for (name, value) in expected {
        assert_eq!(seen.header(name).as_deref(), Some(*value), "{name}");
    }
}

#[tokio::test]
async fn litellm_shows_deployment_group_and_fallback() {
    let well = chat(&gateway("litellm", "").await, STREAM).await;
    headers(
        &well,
        &[
            ("x-litellm-model-id", "primary"),
            ("x-litellm-model-group", "sim-1"),
            ("x-litellm-attempted-fallbacks", "0"),
        ],
    );
    assert!(well.header("x-litellm-call-id").is_some());
    assert!(well.header("llm_provider-x-request-id").is_some());
    let simulator = gateway("litellm", PRIMARY_DOWN).await;
    let seen = chat(&simulator, WHOLE).await;
    assert_eq!(seen.status(), 200);
    headers(
        &seen,
        &[
            ("x-litellm-model-id", "backup"),
            ("x-litellm-attempted-fallbacks", "1"),
        ],
    );
    assert!(seen.header("x-litellm-response-cost").is_some());
    let pinned = WHOLE.replacen('{', r#"{"disable_fallbacks":true,"#, 1);
    let failed = chat(&simulator, &pinned).await;
    assert_eq!(
        (failed.status(), failed.header("x-litellm-model-id")),
        (503, None)
    );
}

#[tokio::test]
async fn litellm_ends_a_cut_upstream_with_an_error_event() {
    let cut = "[[rules]]\ntarget = \"primary\"\nfault = { kind = \"cut_reset\" }\n";
    let seen = chat(&gateway("litellm", cut).await, STREAM).await;
    let data = seen.data();
    let last: Value = serde_json::from_str(data.last().expect("an event")).expect("JSON");
    assert_eq!(
        (&last["error"]["code"], seen.body().1),
        (&"500".into(), true)
    );
}

#[tokio::test]
async fn portkey_shows_option_retries_trace_and_cache() {
    let simulator = gateway("portkey", &format!("retries = 2\n{PRIMARY_DOWN}")).await;
    let seen = chat_with(&simulator, "x-portkey-trace-id: trace-7\r\n", WHOLE).await;
    headers(
        &seen,
        &[
            ("x-portkey-last-used-option-index", "config.targets[1]"),
            ("x-portkey-retry-attempt-count", "0"),
            ("x-portkey-provider", "openai"),
            ("x-portkey-trace-id", "trace-7"),
            ("x-portkey-cache-status", "DISABLED"),
        ],
    );
    assert!(seen.header("x-request-id").is_some());
    let alone = "retries = 2\n[[gateway.targets]]\nname = \"primary\"\n";
    let simulator = gateway("portkey", &format!("{alone}{PRIMARY_DOWN}")).await;
    let failed = chat(&simulator, WHOLE).await;
    assert_eq!(failed.status(), 503);
    headers(
        &failed,
        &[
            ("x-portkey-last-used-option-index", "config"),
            ("x-portkey-retry-attempt-count", "-1"),
        ],
    );
    let body = failed.json();
    assert_eq!(body["provider"], "openai");
    let message = body["error"]["message"].as_str().expect("a message");
    assert!(message.starts_with("openai error: "), "{message}");
}

#[tokio::test]
async fn portkey_hides_a_cut_upstream_and_admits_a_cache() {
    let cut = "[[rules]]\ntarget = \"*\"\nfault = { kind = \"cut_reset\", after_chunks = 1 }\n";
    let seen = chat(&gateway("portkey", cut).await, STREAM).await;
    assert!(seen.body().1 && !seen.body().0.contains("[DONE]"));
    assert_eq!(seen.text(), "pong");
    let cached = "[[rules]]\nfault = { kind = \"cached\" }\n";
    let seen = chat(&gateway("portkey", cached).await, WHOLE).await;
    headers(&seen, &[("x-portkey-cache-status", "HIT")]);
}

#[tokio::test]
async fn openrouter_names_the_provider_in_bodies_and_wraps_errors() {
    let targets = "[[gateway.targets]]\nname = \"primary\"\nprovider = \"DeepInfra\"\n\
        [[gateway.targets]]\nname = \"backup\"\nprovider = \"Together\"\n";
    let simulator = gateway("openrouter", &format!("{targets}{PRIMARY_DOWN}")).await;
    let seen = chat(&simulator, WHOLE).await;
    assert_eq!(seen.json()["provider"], "Together");
    assert!(
        seen.header("x-generation-id")
            .is_some_and(|id| id.starts_with("gen-"))
    );
    let streamed = chat(&simulator, STREAM).await;
    let (body, _) = streamed.body();
    assert!(body.starts_with(": OPENROUTER PROCESSING\n\n"), "{body}");
    assert!(body.contains(r#""provider":"Together""#), "{body}");
    let pinned = WHOLE.replacen('{', r#"{"provider":{"allow_fallbacks":false},"#, 1);
    let failed = chat(&simulator, &pinned).await;
    assert_eq!(failed.status(), 503);
    let metadata = &failed.json()["error"]["metadata"];
    assert_eq!(metadata["provider_name"], "DeepInfra");
    assert_eq!(
        failed.json()["error"]["metadata"]["error_type"],
        "provider_overloaded"
    );
}

#[tokio::test]
async fn openrouters_own_path_says_the_same_once_and_tells_attempts_to_those_who_ask() {
    let targets = "[[gateway.targets]]\nname = \"primary\"\nprovider = \"DeepInfra\"\n\
        [[gateway.targets]]\nname = \"backup\"\nprovider = \"Together\"\n";
    let simulator = gateway("openrouter", &format!("{targets}{PRIMARY_DOWN}")).await;
    let ask = |headers: &'static str, body: &'static str| {
        let request = message("POST /api/v1/chat/completions", headers, body);
        let simulator = &simulator;
        async move { send(simulator, &request).await }
    };
    let (body, _) = ask("", STREAM).await.body();
    let chunks = body.matches("chat.completion.chunk").count();
    for named in ["\"provider\":", "\"provider\":\"Together\""] {
        assert_eq!(body.matches(named).count(), chunks, "{body}");
    }
    assert!(body.starts_with(": OPENROUTER PROCESSING\n\n"), "{body}");
    let plain = ask("", WHOLE).await.json();
    assert_eq!(plain["openrouter_metadata"], Value::Null);
    let asked = ask("x-openrouter-metadata: enabled\r\n", WHOLE)
        .await
        .json();
    assert_eq!(
        asked["openrouter_metadata"]["attempts"],
        serde_json::json!([
            { "provider": "DeepInfra", "model": "sim-1", "status": 503 },
            { "provider": "Together", "model": "sim-1", "status": 200 },
        ])
    );
}

#[tokio::test]
async fn what_a_wire_refuses_by_itself_is_counted_and_journaled() {
    let simulator = gateway("portkey", "").await;
    let unknown = chat(&simulator, r#"{"model":"my secret","messages":[]}"#).await;
    assert_eq!(
        (unknown.status(), &unknown.json()["provider"]),
        (404, &"openai".into())
    );
    chat(&simulator, WHOLE).await;
    let counted = get(&simulator, "/_sim/counters").await.json();
    assert_eq!(
        (&counted["requests"], &counted["refused"]),
        (&2.into(), &1.into())
    );
    let entries = simulator.journal();
    assert_eq!(
        (entries[0].wire, entries[0].status),
        (Some(Wire::OpenAi), Some(404))
    );
    assert_eq!((entries[0].model.as_deref(), entries.len()), (None, 2));
}
