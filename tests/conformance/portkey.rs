//! Through Portkey's gateway. It is configured by headers, which a forwarder adds.

use serde_json::{Value, json};

use crate::forward::Forwarder;
use crate::peer::{self, UPSTREAM_KEY};
use crate::probe::{Endpoint, Mode, Seen, Via};

const HEADER_SERVED: &str = "x-portkey-last-used-option-index";

/// The gateway with the simulated provider behind it.
async fn plain(upstream: &str) -> Forwarder {
    let headers = [
        "x-portkey-provider: openai".to_owned(),
        format!("x-portkey-custom-host: {upstream}/v1"),
    ];
    Forwarder::start(&peer::portkey(), &headers).await
}

async fn ask(forwarder: &Forwarder, key: &str, model: &str, mode: Mode) -> Seen {
    let endpoint = Endpoint {
        via: Via::Gateway,
        url: forwarder.url(),
        key,
    };
    endpoint.ask(model, mode).await
}

#[track_caller]
fn assert_verdict(seen: &Seen, expected: (&str, &str), what: &str) {
    assert_eq!(seen.verdict(), expected, "{what}: {seen:?}");
}

#[tokio::test]
async fn a_sound_answer_is_a_success() {
    let gateway = plain(&peer::upstream()).await;
    for mode in Mode::ALL {
        let seen = ask(&gateway, UPSTREAM_KEY, "sim-1", mode).await;
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
    let headers = [format!("x-portkey-config: {config}")];
    let gateway = Forwarder::start(&peer::portkey(), &headers).await;
    for mode in Mode::ALL {
        let seen = ask(&gateway, UPSTREAM_KEY, "sim-1", mode).await;
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
    let headers = [format!("x-portkey-config: {config}")];
    let gateway = Forwarder::start(&peer::portkey(), &headers).await;
    for mode in Mode::ALL {
        let seen = ask(&gateway, UPSTREAM_KEY, "sim-503", mode).await;
        assert_verdict(&seen, ("wrong_answer", "gateway"), "another model");
        assert_eq!(seen.served_model.as_deref(), Some("backup-1"));
        assert_eq!(seen.header(HEADER_SERVED), Some("config.targets[1]"));
    }
}

/// The gateway ends a stream cleanly whose upstream was reset: status 200, no error, and no
/// terminator.
#[tokio::test]
async fn a_cut_stream_that_ends_cleanly_is_a_cut_stream() {
    let gateway = plain(&peer::upstream()).await;
    for model in ["sim-reset", "sim-cut"] {
        let seen = ask(&gateway, UPSTREAM_KEY, model, Mode::Streamed).await;
        assert_eq!(seen.outcome, "stream_cut", "{model}: {seen:?}");
        assert_ne!(seen.attribution, "ours", "{model}: {seen:?}");
        let seen = ask(&gateway, UPSTREAM_KEY, model, Mode::Whole).await;
        assert_ne!(seen.outcome, "ok", "{model}: {seen:?}");
        assert_ne!(seen.attribution, "ours", "{model}: {seen:?}");
    }
}

#[tokio::test]
async fn what_the_provider_refuses_keeps_its_meaning() {
    let gateway = plain(&peer::upstream()).await;
    let rows = [
        ("sim-503", ("overloaded", "provider")),
        ("sim-529", ("overloaded", "provider")),
        ("sim-500", ("server_error", "provider")),
        ("sim-429", ("rate_limited", "ours")),
        ("sim-quota", ("billing", "ours")),
    ];
    for (model, expected) in rows {
        for mode in Mode::ALL {
            let seen = ask(&gateway, UPSTREAM_KEY, model, mode).await;
            assert_verdict(&seen, expected, model);
        }
    }
}

#[tokio::test]
async fn a_wrong_key_is_ours() {
    let gateway = plain(&peer::upstream()).await;
    for mode in Mode::ALL {
        let seen = ask(&gateway, "sk-wrong", "sim-1", mode).await;
        assert_verdict(&seen, ("auth", "ours"), "wrong key");
    }
}

#[tokio::test]
async fn an_upstream_that_refuses_connections_is_a_failure_and_not_ours() {
    let gateway = plain(&peer::dead()).await;
    for mode in Mode::ALL {
        let seen = ask(&gateway, UPSTREAM_KEY, "sim-1", mode).await;
        let failures = ["gateway_error", "server_error"];
        assert!(failures.contains(&seen.outcome.as_str()), "{seen:?}");
        assert_ne!(seen.attribution, "ours", "{seen:?}");
    }
}

#[tokio::test]
async fn a_real_model_answers_through_the_gateway() {
    let gateway = plain(&peer::llama()).await;
    for mode in Mode::ALL {
        let endpoint = Endpoint {
            via: Via::Gateway,
            url: gateway.url(),
            key: "none",
        };
        crate::llama::assert_answers(&endpoint, "smollm2", mode).await;
    }
}
