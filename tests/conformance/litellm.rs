//! Through LiteLLM's proxy, as `litellm.yaml` configures it.

use crate::peer;
use crate::probe::{Endpoint, Mode, Seen};

/// The proxy's own key.
const KEY: &str = "sk-master";

fn proxy(key: &'static str) -> Endpoint {
    Endpoint {
        preset: "litellm",
        url: peer::litellm(),
        key,
        headers: Vec::new(),
    }
}

async fn ask(key: &'static str, model: &str, mode: Mode) -> Seen {
    proxy(key).ask(model, mode).await
}

#[track_caller]
fn assert_verdict(seen: &Seen, expected: (&str, &str), what: &str) {
    assert_eq!(seen.verdict(), expected, "{what}: {seen:?}");
}

#[tokio::test]
async fn a_sound_answer_is_a_success_and_says_who_served() {
    for mode in Mode::ALL {
        let seen = ask(KEY, "sim-1", mode).await;
        assert_verdict(&seen, ("ok", "none"), "sim-1");
        assert_eq!(seen.served_model.as_deref(), Some("sim-1"));
        assert_eq!(seen.header("x-litellm-attempted-fallbacks"), Some("0"));
        let upstream = seen.header("llm_provider-x-request-id");
        assert!(
            upstream.is_some_and(|id| id.starts_with("req_")),
            "{seen:?}"
        );
    }
}

#[tokio::test]
async fn a_fallback_is_told() {
    for mode in Mode::ALL {
        let seen = ask(KEY, "chain", mode).await;
        assert_verdict(&seen, ("ok", "none"), "chain");
        assert_eq!(seen.fallbacks, Some(1), "{seen:?}");
        assert_eq!(seen.header("x-litellm-model-group"), Some("backup"));
    }
}

#[tokio::test]
async fn a_drill_whose_primary_fails_is_held_by_the_fallback() {
    let held = proxy(KEY).drill("sim-1", "model:chain").await;
    assert_eq!(held.drill.as_deref(), Some("held"), "{held:?}");
    let not_held = proxy(KEY).drill("sim-1", "model:sim-500").await;
    assert_eq!(not_held.drill.as_deref(), Some("failed"), "{not_held:?}");
}

#[tokio::test]
async fn an_upstream_that_breaks_off_is_never_a_success() {
    for model in ["sim-reset", "sim-cut", "sim-error-in-stream"] {
        for mode in Mode::ALL {
            let seen = ask(KEY, model, mode).await;
            assert_ne!(seen.outcome, "ok", "{model} {mode:?}: {seen:?}");
            assert_ne!(seen.attribution, "ours", "{model} {mode:?}: {seen:?}");
        }
    }
}

/// LiteLLM 1.100.5 ends a cleanly cut stream as if it had been whole, with a finish reason and
/// `[DONE]`: what is missing shows in the text only.
#[tokio::test]
async fn a_cut_stream_that_the_gateway_ends_properly_is_known_by_its_text() {
    let seen = ask(KEY, "sim-cut", Mode::Streamed).await;
    assert_verdict(&seen, ("wrong_answer", "unknown"), "sim-cut");
}

#[tokio::test]
async fn what_the_provider_refuses_keeps_its_meaning() {
    let rows = [
        ("sim-503", ("overloaded", "provider")),
        ("sim-529", ("overloaded", "provider")),
        ("sim-429", ("rate_limited", "ours")),
        ("sim-quota", ("billing", "ours")),
        ("wrong-key", ("auth", "ours")),
    ];
    for (model, expected) in rows {
        for mode in Mode::ALL {
            assert_verdict(&ask(KEY, model, mode).await, expected, model);
        }
    }
}

/// The message names the provider, and nothing else does: the gateway must not be blamed.
#[tokio::test]
async fn a_failure_of_the_provider_is_not_the_gateways() {
    for mode in Mode::ALL {
        let seen = ask(KEY, "sim-500", mode).await;
        assert_eq!(seen.outcome, "server_error", "{seen:?}");
        assert_ne!(seen.attribution, "gateway", "{seen:?}");
        assert_ne!(seen.attribution, "ours", "{seen:?}");
    }
}

#[tokio::test]
async fn an_upstream_that_refuses_connections_is_a_failure_and_not_ours() {
    for mode in Mode::ALL {
        let seen = ask(KEY, "dead", mode).await;
        let failures = ["gateway_error", "server_error"];
        assert!(failures.contains(&seen.outcome.as_str()), "{seen:?}");
        assert_ne!(seen.attribution, "ours", "{seen:?}");
    }
}

#[tokio::test]
async fn a_key_that_the_proxy_does_not_know_is_ours() {
    for mode in Mode::ALL {
        let seen = ask("sk-unknown", "sim-1", mode).await;
        assert_verdict(&seen, ("auth", "ours"), "unknown key");
    }
}

/// The first answer costs more than the budget; it is counted after it was sent.
#[tokio::test]
async fn a_budget_that_is_used_up_is_our_own_money() {
    let mut answers = 0;
    let refused = loop {
        let seen = ask(KEY, "poor", Mode::Whole).await;
        if seen.outcome != "ok" {
            break seen;
        }
        answers += 1;
        assert!(answers < 100, "the budget is never used up");
    };
    assert_verdict(&refused, ("billing", "ours"), "poor");
    assert_verdict(
        &ask(KEY, "poor", Mode::Streamed).await,
        ("billing", "ours"),
        "poor, streamed",
    );
}

#[tokio::test]
async fn a_real_model_answers_through_the_proxy() {
    for mode in Mode::ALL {
        crate::llama::assert_answers(&proxy(KEY), "llama", mode).await;
    }
}
