use std::time::Duration;

use serde_json::json;

use super::client::{STREAM, Seen, WHOLE, chat, get, message, quick, send, start};
use crate::{Config, ErrorStatus, Fault, Rule, Script, Simulator};

async fn put(simulator: &Simulator, content_type: &str, body: &str) -> Seen {
    let headers = format!("content-type: {content_type}\r\n");
    send(simulator, &message("PUT /_sim/rules", &headers, body)).await
}

async fn order(simulator: &Simulator, body: &str) -> Seen {
    send(simulator, &message("POST /_sim/outage", "", body)).await
}

async fn status(simulator: &Simulator) -> u16 {
    chat(simulator, WHOLE).await.status()
}

#[tokio::test]
async fn rules_are_put_shown_and_deleted() {
    let simulator = start(quick()).await;
    assert_eq!(
        get(&simulator, "/_sim/rules").await.json(),
        json!({"outages": [], "rules": []})
    );
    let toml = "[[rules]]\nmodel = \"sim-1\"\nfault = { kind = \"status\", status = 503 }\n";
    assert_eq!(
        put(&simulator, "application/toml", toml).await.status(),
        200
    );
    assert_eq!(status(&simulator).await, 503);
    let shown = get(&simulator, "/_sim/rules").await.json();
    let fault = json!({"kind": "status", "status": 503});
    assert_eq!(shown["rules"][0]["fault"], fault);

    let json = r#"{"rules":[{"fault":{"kind":"html"}}]}"#;
    assert_eq!(
        put(&simulator, "application/json", json).await.status(),
        200
    );
    assert_eq!(status(&simulator).await, 502);

    let deleted = send(&simulator, &message("DELETE /_sim/rules", "", "")).await;
    assert_eq!(deleted.status(), 204);
    assert_eq!(status(&simulator).await, 200);
}

#[tokio::test]
async fn wrong_rules_are_refused_by_key_and_leave_the_old_ones() {
    let script = Script::new(vec![Rule::always(Fault::Html {})]).expect("valid");
    let simulator = start(Config { script, ..quick() }).await;
    for (content_type, body, key) in [
        (
            "application/json",
            r#"{"rules":[{"fualt":{"kind":"html"}}]}"#,
            "fualt",
        ),
        (
            "application/toml",
            "[[rules]]\nuntil = 1\nfault = { kind = \"html\" }",
            "until",
        ),
        (
            "application/json",
            r#"{"rules":[{"until_s":0,"fault":{"kind":"html"}}]}"#,
            "until_s",
        ),
    ] {
        let refused = put(&simulator, content_type, body).await;
        assert_eq!(refused.status(), 400);
        assert_eq!(
            refused.header("content-type").as_deref(),
            Some("application/problem+json")
        );
        let detail = refused.json()["detail"].take();
        assert!(
            detail.as_str().is_some_and(|detail| detail.contains(key)),
            "{detail}"
        );
    }
    let refused = order(&simulator, r#"{"fault":{"kind":"html"},"minutes":1}"#).await;
    assert_eq!(refused.status(), 400);
    assert!(refused.body().0.contains("minutes"));
    assert_eq!(status(&simulator).await, 502);
}

#[tokio::test]
async fn an_outage_outranks_rules_until_it_ends() {
    let simulator = start(quick()).await;
    simulator.set_rules(Script::new(vec![Rule::always(Fault::Html {})]).expect("valid"));
    let body = r#"{"fault":{"kind":"status","status":503},"seconds":600}"#;
    assert_eq!(order(&simulator, body).await.status(), 200);
    assert_eq!(status(&simulator).await, 503);
    simulator.inject(
        Fault::status(ErrorStatus::INTERNAL),
        Duration::from_mins(10),
    );
    assert_eq!(status(&simulator).await, 500);
    simulator.clear();
    assert_eq!(status(&simulator).await, 200);
    simulator.inject(Fault::Html {}, Duration::from_millis(100));
    while status(&simulator).await != 200 {} // Ends by itself.
}

#[tokio::test]
async fn the_journal_tells_fates_but_no_keys_prompts_or_foreign_names() {
    let simulator = start(quick()).await;
    simulator.inject(Fault::CutClean { after_chunks: 1 }, Duration::from_mins(10));
    chat(&simulator, STREAM).await;
    chat(&simulator, r#"{"model":"my secret","messages":[]}"#).await;
    get(&simulator, "/status").await;
    let journal = get(&simulator, "/_sim/journal").await;
    let entries = journal.json();
    let fates: Vec<_> = entries
        .as_array()
        .expect("a list")
        .iter()
        .map(|entry| {
            json!([
                entry["request"],
                entry["route"],
                entry["model"],
                entry["status"],
                entry["fault"]
            ])
        })
        .collect();
    assert_eq!(
        fates,
        [
            json!([0, "chat", "sim-1", 200, "cut_clean"]),
            json!([1, "chat", null, 404, null]),
            json!([2, "status", null, 200, null]),
        ]
    );
    assert!(entries[0]["offset_ms"].is_u64());
    let text = journal.body().0;
    assert!(!text.contains("pong") && !text.contains("secret"), "{text}");
}

async fn drill(seed: u64) -> Vec<(u16, Option<String>)> {
    let text = "[[rules]]\nshare = \"40%\"\nfault = { kind = \"status\", status = 503 }\n";
    let script = Script::from_toml(text).expect("valid");
    let simulator = start(Config {
        seed,
        script,
        ..quick()
    })
    .await;
    let mut answers = Vec::new();
    for _ in 0..24 {
        let answer = chat(&simulator, WHOLE).await;
        answers.push((answer.status(), answer.header("x-request-id")));
    }
    answers
}

#[tokio::test]
async fn equal_seeds_give_equal_fates_and_ids_and_other_seeds_do_not() {
    let first = drill(7).await;
    assert_eq!(first, drill(7).await);
    assert_ne!(first, drill(8).await);
    let failed = first.iter().filter(|(status, _)| *status == 503).count();
    assert!((1..24).contains(&failed), "{failed} of 24");
}
