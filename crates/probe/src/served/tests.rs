//! Header sets marked `captured` are excerpts of answers of LiteLLM 1.100.5 and Portkey 1.15.2; the
//! others are after the documented shape.

use http::HeaderName;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::spec::Call;
use crate::wire::Wire;

fn map(pairs: &[(&str, &str)]) -> HeaderMap {
    pairs
        .iter()
        .map(|(name, value)| (HeaderName::try_from(*name).unwrap(), value.parse().unwrap()))
        .collect()
}

fn call() -> Call {
    let base = "https://gateway.example/v1".parse().unwrap();
    Call::new(Wire::Chat, base, "gpt-4o-mini".to_owned())
}

fn plain_text(text: &str) -> Text {
    Text::Plain(text.to_owned())
}

fn by_headers(pairs: &[(&str, &str)]) -> Option<Served> {
    read(&map(pairs), &Reply::default(), &call(), &Secrets::default())
}

#[test]
fn litellm_names_deployment_provider_and_attempts() {
    // captured: chain-primary failed, chain-backup served
    let served = by_headers(&[
        ("x-litellm-model-id", "dep-chain-backup"),
        ("x-litellm-model-name", "openai/gpt-4o-mini"),
        ("x-litellm-model-group", "chain-backup"),
        ("x-litellm-attempted-retries", "0"),
        ("x-litellm-attempted-fallbacks", "1"),
        ("llm_provider-x-request-id", "req-TAAOPp90hyVxW21b"),
    ]);
    let expected = Served {
        deployment: Some(plain_text("dep-chain-backup")),
        provider: Some(plain_text("openai")),
        fallbacks: Some(1),
        retries: Some(0),
        cache: None,
    };
    assert_eq!(served, Some(expected));
    let group = by_headers(&[("x-litellm-model-group", "chain-backup")]).unwrap();
    assert_eq!(group.deployment, Some(plain_text("chain-backup")));
}

#[test]
fn portkey_names_its_target_and_counts_fallbacks_only_where_we_asked_for_them() {
    // captured
    let pairs = [
        ("x-portkey-cache-status", "DISABLED"),
        ("x-portkey-last-used-option-index", "config.targets[1]"),
        ("x-portkey-provider", "openai"),
        ("x-portkey-retry-attempt-count", "0"),
        ("x-portkey-trace-id", ""),
    ];
    let served = by_headers(&pairs).unwrap();
    assert_eq!(served.deployment, Some(plain_text("config.targets[1]")));
    assert_eq!(served.provider, Some(plain_text("openai")));
    assert_eq!(served.cache, Some(plain_text("DISABLED")));
    assert_eq!((served.fallbacks, served.retries), (None, Some(0)));

    let asked = |mode: &str| {
        let config = json!({"strategy": {"mode": mode}, "targets": []}).to_string();
        let mut call = call();
        call.secret_headers = vec![("x-portkey-config".parse().unwrap(), config.into())];
        read(&map(&pairs), &Reply::default(), &call, &Secrets::default())
            .unwrap()
            .fallbacks
    };
    assert_eq!(asked("fallback"), Some(1));
    assert_eq!(asked("loadbalance"), None);
    // captured: retries used up
    let spent = by_headers(&[("x-portkey-retry-attempt-count", "-1")]);
    assert_eq!(spent, None);
}

#[test]
fn cloudflare_azure_and_openrouter_name_theirs() {
    let served = by_headers(&[
        ("cf-aig-step", "2"),
        ("cf-aig-provider", "anthropic"),
        ("cf-aig-model", "claude-haiku-4-5"),
        ("cf-aig-cache-status", "MISS"),
    ]);
    let expected = Served {
        cache: Some(plain_text("MISS")),
        deployment: Some(plain_text("claude-haiku-4-5")),
        fallbacks: Some(2),
        provider: Some(plain_text("anthropic")),
        retries: None,
    };
    assert_eq!(served, Some(expected));

    let azure = by_headers(&[
        ("x-ms-deployment-name", "gpt-4o-spill"),
        ("x-ms-is-spilled-over", "true"),
    ]);
    let azure = azure.unwrap();
    assert_eq!(
        (azure.deployment, azure.fallbacks),
        (Some(plain_text("gpt-4o-spill")), Some(1))
    );

    let routing = openrouter(&json!({
        "attempt": 2,
        "attempts": [
            {"provider": "DeepInfra", "model": "m", "status": 503},
            {"provider": "Together", "model": "m-2", "status": 200},
        ],
    }));
    let reply = Reply {
        provider: Some("Other".to_owned()),
        routing,
        ..Reply::default()
    };
    let served = read(&HeaderMap::new(), &reply, &call(), &Secrets::default()).unwrap();
    assert_eq!(served.provider, Some(plain_text("Together")));
    assert_eq!(served.deployment, Some(plain_text("m-2")));
    assert_eq!(served.fallbacks, Some(1));
    for odd in [
        json!(null),
        json!({"attempts": 1}),
        json!({"attempts": [{"status": 500}]}),
    ] {
        assert_eq!(openrouter(&odd), Routing::default());
    }
}

#[test]
fn an_answer_without_a_gateway_has_nobody_to_name() {
    let direct = [
        ("cf-cache-status", "DYNAMIC"),
        ("x-request-id", "r"),
        ("age", "0"),
    ];
    assert_eq!(by_headers(&direct), None);
}

#[test]
fn a_key_in_a_gateways_words_is_left_out() {
    let headers = map(&[("x-litellm-model-id", "dep sk-secret")]);
    let secrets = Secrets::from("sk-secret");
    assert_eq!(read(&headers, &Reply::default(), &call(), &secrets), None);
}

#[test]
fn a_hit_is_only_a_claim_where_the_answer_follows_from_the_nonce() {
    let hit = |name, value| {
        let headers = map(&[(name, value)]);
        (cache(&headers, &Ask::Echo), cache(&headers, &Ask::Nothing))
    };
    let seen = (Cache::Claimed, Cache::Possible);
    let unseen = (Cache::Unseen, Cache::Unseen);
    assert_eq!(hit("x-portkey-cache-status", "SEMANTIC HIT"), seen);
    assert_eq!(hit("cf-aig-cache-status", "hit"), seen);
    assert_eq!(hit("cf-cache-status", "REVALIDATED"), seen);
    assert_eq!(hit("age", "12"), seen);
    assert_eq!(hit("x-portkey-cache-status", "SEMANTIC MISS"), unseen);
    assert_eq!(hit("cf-cache-status", "DYNAMIC"), unseen);
    assert_eq!(hit("age", "never"), unseen);
    let both = [("x-portkey-cache-status", "MISS"), ("age", "3")];
    assert_eq!(cache(&map(&both), &Ask::Nothing), Cache::Possible);
    assert_eq!(by_headers(&both).unwrap().cache, Some(plain_text("age 3")));
}

proptest! {
    #[test]
    fn arbitrary_values_never_panic(
        values in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 12),
    ) {
        let names = [
            "x-litellm-model-id", "x-litellm-model-name", "x-litellm-attempted-fallbacks",
            "x-litellm-attempted-retries", "x-portkey-last-used-option-index",
            "x-portkey-cache-status", "cf-aig-step", "cf-aig-cache-status", "cf-cache-status",
            "age", "x-ms-is-spilled-over", "x-amzn-errortype",
        ];
        let headers: HeaderMap = names
            .into_iter()
            .zip(&values)
            .filter_map(|(name, value)| {
                Some((HeaderName::from_static(name), HeaderValue::from_bytes(value).ok()?))
            })
            .collect();
        let served = read(&headers, &Reply::default(), &call(), &Secrets::default());
        prop_assert_ne!(served, Some(Served::default()));
        prop_assert_ne!(cache(&headers, &Ask::Echo), Cache::Possible);
        prop_assert_ne!(crate::headers::error_name(&headers), Some(""));
    }
}
