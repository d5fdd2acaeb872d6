//! Effects that came with plans, end to end; the older ones are in `faults`.

use serde_json::Value;

use super::client::{End, STREAM, Seen, WHOLE, chat, chat_with, faulty, get, playing};
use crate::{ErrorKind, Fault, Millis, Persona};

async fn streamed(fault: Fault) -> Seen {
    chat(&faulty(fault, Persona::Direct).await, STREAM).await
}

async fn whole(fault: Fault) -> Seen {
    chat(&faulty(fault, Persona::Direct).await, WHOLE).await
}

#[tokio::test]
async fn each_kind_of_error_has_the_wires_status_and_body() {
    for (error, status, code) in [
        (ErrorKind::Overload, 503, "server_is_overloaded"),
        (ErrorKind::SlowDown, 429, "slow_down"),
        (ErrorKind::RateLimit, 429, "rate_limit_exceeded"),
        (ErrorKind::Quota, 429, "insufficient_quota"),
        (ErrorKind::Billing, 402, "invalid_request_error"),
        (ErrorKind::NotFound, 404, "model_not_found"),
        (ErrorKind::Auth, 401, "invalid_api_key"),
        (
            ErrorKind::Forbidden,
            403,
            "unsupported_country_region_territory",
        ),
    ] {
        let seen = whole(Fault::Error {
            error,
            status: None,
            retry_after_s: None,
        })
        .await;
        assert_eq!(
            (seen.status(), &seen.json()["error"]["code"]),
            (status, &code.into())
        );
    }
    for (error, status) in [
        (ErrorKind::ServerError, 500),
        (ErrorKind::Timeout, 504),
        (ErrorKind::BadRequest, 400),
    ] {
        let seen = whole(Fault::Error {
            error,
            status: None,
            retry_after_s: Some(7),
        })
        .await;
        assert_eq!(seen.status(), status);
        assert_eq!(seen.header("retry-after").as_deref(), Some("7"));
    }
}

#[tokio::test]
async fn a_status_may_replace_the_wires_own() {
    let seen = whole(Fault::Error {
        error: ErrorKind::Overload,
        status: 529.try_into().ok(),
        retry_after_s: None,
    })
    .await;
    assert_eq!(
        (seen.status(), &seen.json()["error"]["type"]),
        (529, &"overloaded_error".into())
    );
}

#[tokio::test]
async fn cut_json_ends_in_good_order_within_an_event() {
    let seen = streamed(Fault::CutJson { after_chunks: 1 }).await;
    let (body, complete) = seen.body();
    assert!(
        complete && !body.ends_with("\n\n") && !body.contains("[DONE]"),
        "{body}"
    );
    let last = body.rsplit("data: ").next().expect("a last event");
    assert!(serde_json::from_str::<Value>(last).is_err(), "{last}");
    assert_eq!((seen.text().as_str(), seen.end), ("pong", End::Closed));
    let (body, complete) = whole(Fault::CutJson { after_chunks: 1 }).await.body();
    assert!(
        complete && serde_json::from_str::<Value>(&body).is_err(),
        "{body}"
    );
}

#[tokio::test]
async fn bad_sse_sends_what_is_no_event_and_goes_on() {
    let seen = streamed(Fault::BadSse { after_chunks: 1 }).await;
    let raw = String::from_utf8_lossy(&seen.raw);
    assert!(
        std::str::from_utf8(&seen.raw).is_err() && raw.contains("[DONE]"),
        "{raw}"
    );
}

#[tokio::test]
async fn pages_come_with_their_status_and_content_type() {
    let seen = streamed(Fault::LoginPage {}).await;
    assert_eq!(seen.status(), 200);
    assert_eq!(seen.header("content-type").as_deref(), Some("text/html"));
    assert!(seen.body().0.contains("Sign in"));
}

#[tokio::test]
async fn a_wrong_content_type_changes_nothing_else() {
    let content_type = "text/plain".to_owned();
    let seen = streamed(Fault::WrongContentType { content_type }).await;
    assert_eq!(seen.header("content-type").as_deref(), Some("text/plain"));
    assert_eq!((seen.text().as_str(), seen.status()), ("pong-7f3a", 200));
}

#[tokio::test]
async fn a_tier_shows_in_the_bodys_own_key_only() {
    let tier = || Fault::Tier {
        tier: "flex".to_owned(),
    };
    let seen = whole(tier()).await;
    assert_eq!(seen.json()["service_tier"], "flex");
    assert_eq!(seen.json()["model"], "sim-1");
    assert!(
        streamed(tier())
            .await
            .body()
            .0
            .contains(r#""service_tier":"flex""#)
    );
}

#[tokio::test]
async fn answers_out_of_a_cache_are_the_same_one() {
    let toml = "[pacing]\nttft_ms = 20000\n[[rules]]\nfault = { kind = \"cached\", age_s = 9 }\n";
    let simulator = playing(toml).await;
    let (first, second) = (chat(&simulator, WHOLE).await, chat(&simulator, WHOLE).await);
    assert_eq!(first.json()["id"], second.json()["id"]);
    assert_eq!(first.header("age").as_deref(), Some("9"));
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
    assert_eq!(chat(&simulator, STREAM).await.text(), "pong-7f3a");
}

#[tokio::test]
async fn reset_ends_the_connection_before_any_byte() {
    let seen = streamed(Fault::Reset {}).await;
    assert_eq!((seen.raw.len(), seen.end), (0, End::Reset));
}

#[tokio::test]
async fn a_gap_slows_the_content_and_not_its_beginning() {
    let seen = streamed(Fault::Gap {
        ms: Millis::clamped(150),
    })
    .await;
    assert!(seen.total.as_millis() >= 300, "{:?}", seen.total);
    assert_eq!(seen.text(), "pong-7f3a");
}

#[tokio::test]
async fn an_error_in_the_stream_may_be_of_another_kind() {
    let seen = streamed(Fault::ErrorInStream {
        after_chunks: 1,
        error: ErrorKind::Overload,
    })
    .await;
    let data = seen.data();
    let last: Value = serde_json::from_str(data.last().expect("an event")).expect("JSON");
    assert_eq!(
        (seen.status(), &last["error"]["code"]),
        (200, &"server_is_overloaded".into())
    );
}

#[tokio::test]
async fn reasoning_takes_its_time_and_is_counted() {
    let toml = "[pacing]\nttft_ms = 0\ntokens_per_second = 100\n\
        [pacing.models.sim-2]\nreasoning_tokens = 20\n";
    let simulator = playing(toml).await;
    let thoughtful = chat(&simulator, &WHOLE.replace("sim-1", "sim-2")).await;
    assert!(
        thoughtful.total.as_millis() >= 200,
        "{:?}",
        thoughtful.total
    );
    let usage = &thoughtful.json()["usage"];
    assert_eq!(usage["completion_tokens_details"]["reasoning_tokens"], 20);
    assert_eq!(usage["completion_tokens"], 23);
    assert_eq!(
        chat(&simulator, WHOLE).await.json()["usage"]["completion_tokens"],
        3
    );
}

#[tokio::test]
async fn a_region_is_what_the_header_says() {
    let toml = "[[rules]]\nregion = \"eu\"\nfault = { kind = \"html\" }\n";
    let simulator = playing(toml).await;
    assert_eq!(
        chat_with(&simulator, "x-sim-region: eu\r\n", WHOLE)
            .await
            .status(),
        502
    );
    assert_eq!(
        chat_with(&simulator, "x-sim-region: us\r\n", WHOLE)
            .await
            .status(),
        200
    );
    assert_eq!(chat(&simulator, WHOLE).await.status(), 200);
}

#[tokio::test]
async fn rules_may_name_wire_and_path() {
    let toml = "[[rules]]\nwire = \"anth*\"\nfault = { kind = \"html\" }\n\
        [[rules]]\npath = \"/v1/chat/*\"\nfault = { kind = \"refusal\" }\n\
        [[rules]]\nroute = \"models\"\nfault = { kind = \"error\", error = \"timeout\" }\n";
    let simulator = playing(toml).await;
    let seen = chat(&simulator, WHOLE).await;
    assert!(seen.json()["choices"][0]["message"]["refusal"].is_string());
    assert_eq!(get(&simulator, "/v1/models").await.status(), 504);
    let rules: Vec<_> = simulator
        .journal()
        .into_iter()
        .map(|entry| entry.rules)
        .collect();
    assert_eq!(rules, [["rule-2"], ["rule-3"]]);
}
