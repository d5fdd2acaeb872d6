//! Through Portkey's gateway. It is configured by headers.

use serde_json::{Value, json};

use crate::peer::{self, UPSTREAM_KEY};
use crate::probe::{Endpoint, Mode, Seen};

const HEADER_SERVED: &str = "x-portkey-last-used-option-index";

fn gateway(key: &'static str, headers: Vec<String>) -> Endpoint {
    Endpoint {
        preset: "portkey",
        url: peer::portkey(),
        key,
        headers,
    }
}

/// The gateway with one provider behind it.
fn plain(upstream: &str, key: &'static str) -> Endpoint {
    let headers = vec![
        "x-portkey-provider=openai".to_owned(),
        format!("x-portkey-custom-host={upstream}/v1"),
    ];
    gateway(key, headers)
}

#[track_caller]
fn assert_verdict(seen: &Seen, expected: (&str, &str), what: &str) {
    assert_eq!(seen.verdict(), expected, "{what}: {seen:?}");
}

#[tokio::test]
async fn a_sound_answer_is_a_success() {
    let gateway = plain(&peer::upstream(), UPSTREAM_KEY);
    for mode in Mode::ALL {
        let seen = gateway.ask("sim-1", mode).await;
        assert_verdict(&seen, ("ok", "none"), "sim-1");
        assert_eq!(seen.header(HEADER_SERVED), Some("config"));
        assert_eq!(seen.header("x-portkey-provider"), Some("openai"));
    }
}

fn target(model: &str) -> Value {
    json!({
        "provider": "openai",
        "api_key": UPSTREAM_KEY,
        "custom_host": format!("{}/v1", peer::upstream()),
        "override_params": {"model": model},
    })
}

#[tokio::test]
async fn a_fallback_is_told() {
    let config = json!({
        "strategy": {"mode": "fallback"},
        "targets": [target("sim-503"), target("sim-1")],
    });
    let gateway = gateway(UPSTREAM_KEY, vec![format!("x-portkey-config={config}")]);
    for mode in Mode::ALL {
        let seen = gateway.ask("sim-1", mode).await;
        assert_verdict(&seen, ("ok", "none"), "the backup serves");
        assert_eq!(seen.header(HEADER_SERVED), Some("config.targets[1]"));
        assert_eq!(seen.served_model.as_deref(), Some("sim-1"));
    }
}

#[tokio::test]
async fn a_fallback_to_another_model_does_not_pass_for_the_model_asked_for() {
    let config = json!({
        "strategy": {"mode": "fallback"},
        "targets": [target("sim-503"), target("backup-1")],
    });
    let gateway = gateway(UPSTREAM_KEY, vec![format!("x-portkey-config={config}")]);
    for mode in Mode::ALL {
        let seen = gateway.ask("sim-503", mode).await;
        assert_verdict(&seen, ("wrong_model", "gateway"), "another model");
        assert_eq!(seen.served_model.as_deref(), Some("backup-1"));
        assert_eq!(seen.header(HEADER_SERVED), Some("config.targets[1]"));
    }
}

/// The gateway ends a stream cleanly whose upstream was reset: status 200, no error, and no
/// terminator.
#[tokio::test]
async fn a_cut_stream_that_ends_cleanly_is_a_cut_stream() {
    let gateway = plain(&peer::upstream(), UPSTREAM_KEY);
    for model in ["sim-reset", "sim-cut"] {
        let seen = gateway.ask(model, Mode::Streamed).await;
        assert_eq!(seen.outcome, "no_terminator", "{model}: {seen:?}");
        assert_ne!(seen.attribution, "ours", "{model}: {seen:?}");
        let seen = gateway.ask(model, Mode::Whole).await;
        assert_ne!(seen.outcome, "ok", "{model}: {seen:?}");
        assert_ne!(seen.attribution, "ours", "{model}: {seen:?}");
    }
}

#[tokio::test]
async fn what_the_provider_refuses_keeps_its_meaning() {
    let gateway = plain(&peer::upstream(), UPSTREAM_KEY);
    let rows = [
        ("sim-503", ("overloaded", "provider")),
        ("sim-529", ("overloaded", "provider")),
        ("sim-500", ("server_error", "provider")),
        ("sim-429", ("rate_limited", "ours")),
        ("sim-quota", ("billing", "ours")),
    ];
    for (model, expected) in rows {
        for mode in Mode::ALL {
            let seen = gateway.ask(model, mode).await;
            assert_verdict(&seen, expected, model);
        }
    }
}

#[tokio::test]
async fn a_wrong_key_is_ours() {
    let gateway = plain(&peer::upstream(), "sk-wrong");
    for mode in Mode::ALL {
        let seen = gateway.ask("sim-1", mode).await;
        assert_verdict(&seen, ("auth", "ours"), "wrong key");
    }
}

#[tokio::test]
async fn an_upstream_that_refuses_connections_is_a_failure_and_not_ours() {
    let gateway = plain(&peer::dead(), UPSTREAM_KEY);
    for mode in Mode::ALL {
        let seen = gateway.ask("sim-1", mode).await;
        let failures = ["gateway_error", "server_error"];
        assert!(failures.contains(&seen.outcome.as_str()), "{seen:?}");
        assert_ne!(seen.attribution, "ours", "{seen:?}");
    }
}

#[tokio::test]
async fn a_real_model_answers_through_the_gateway() {
    let gateway = plain(&peer::llama(), "none");
    for mode in Mode::ALL {
        crate::llama::assert_answers(&gateway, "smollm2", mode).await;
    }
}
