use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use super::client::{
    End, STREAM, Seen, WHOLE, chat, connect, faulty, get, message, quick, send, start,
};
use crate::{Config, ErrorCode, ErrorStatus, Fault, Millis, Persona, Route, Rule, Script};

/// How long a stalled connection must stay open and silent to be called stalled.
const SILENCE: Duration = Duration::from_millis(150);

async fn streamed(fault: Fault) -> Seen {
    chat(&faulty(fault, Persona::Direct).await, STREAM).await
}

async fn whole(fault: Fault) -> Seen {
    chat(&faulty(fault, Persona::Direct).await, WHOLE).await
}

fn last(seen: &Seen) -> Value {
    let data = seen.data();
    serde_json::from_str(data.last().expect("an event")).expect("a JSON event")
}

#[tokio::test]
async fn a_status_comes_with_the_providers_body() {
    for status in [401, 402, 403, 404, 429, 500, 503, 529] {
        let fault = Fault::status(ErrorStatus::try_from(status).expect("an error status"));
        let seen = streamed(fault).await;
        assert_eq!(seen.status(), status);
        assert!(seen.json()["error"]["message"].is_string());
        assert_eq!(
            seen.header("content-type").as_deref(),
            Some("application/json")
        );
    }
}

#[tokio::test]
async fn the_families_of_429_differ_in_code_and_advice() {
    let family = |code| Fault::Status {
        status: ErrorStatus::TOO_MANY_REQUESTS,
        code: Some(code),
        body: None,
    };
    let rate = whole(family(ErrorCode::RateLimitExceeded)).await;
    assert_eq!(rate.header("retry-after").as_deref(), Some("1"));
    assert_eq!(
        rate.header("x-ratelimit-remaining-requests").as_deref(),
        Some("0")
    );
    let quota = whole(family(ErrorCode::InsufficientQuota)).await;
    assert_eq!(quota.json()["error"]["type"], "insufficient_quota");
    assert_eq!(quota.header("retry-after"), None);
    let slow = whole(family(ErrorCode::SlowDown)).await;
    assert_eq!(slow.json()["error"]["code"], "slow_down");
    assert_eq!(
        slow.header("x-ratelimit-remaining-requests").as_deref(),
        Some("9999")
    );
}

#[tokio::test]
async fn a_body_given_word_for_word_is_sent_word_for_word() {
    let body = Some("upstream says no".to_owned());
    let seen = whole(Fault::Status {
        status: ErrorStatus::INTERNAL,
        code: None,
        body,
    })
    .await;
    assert_eq!(
        (seen.status(), seen.body()),
        (500, ("upstream says no".to_owned(), true))
    );
    assert_eq!(
        seen.header("content-type").as_deref(),
        Some("text/plain; charset=utf-8")
    );
}

#[tokio::test]
async fn a_gateway_turns_529_into_500_without_naming_a_deployment() {
    let simulator = faulty(Fault::status(ErrorStatus::OVERLOADED), Persona::Gateway).await;
    let seen = chat(&simulator, STREAM).await;
    assert_eq!(
        (seen.status(), &seen.json()["error"]["code"]),
        (500, &json!("500"))
    );
    assert!(seen.header("x-litellm-call-id").is_some());
    assert_eq!(seen.header("x-litellm-model-id"), None);
}

#[tokio::test]
async fn latency_delays_the_first_byte() {
    let seen = streamed(Fault::Latency {
        ms: Millis::clamped(200),
    })
    .await;
    assert!(
        seen.first_byte_after.as_millis() >= 200,
        "{:?}",
        seen.first_byte_after
    );
    assert_eq!((seen.status(), seen.text().as_str()), (200, "pong-7f3a"));
    assert_eq!(seen.header("openai-processing-ms").as_deref(), Some("200"));
    let whole = whole(Fault::Latency {
        ms: Millis::clamped(200),
    })
    .await;
    assert!(
        whole.first_byte_after.as_millis() >= 200,
        "{:?}",
        whole.first_byte_after
    );
}

#[tokio::test]
async fn slow_headers_begin_at_once_and_end_late() {
    let seen = streamed(Fault::SlowHeaders {
        ms: Millis::clamped(350),
    })
    .await;
    let trickle = seen.head_after.saturating_sub(seen.first_byte_after);
    assert!(trickle.as_millis() >= 300, "{trickle:?}");
    assert!(
        seen.first_byte_after.as_millis() < 300,
        "{:?}",
        seen.first_byte_after
    );
    assert_eq!((seen.text().as_str(), seen.body().1), ("pong-7f3a", true));
}

#[tokio::test]
async fn ttft_sends_headers_promptly_and_content_late() {
    let tokens_per_second = 20.try_into().ok();
    let seen = streamed(Fault::Ttft {
        ms: Millis::clamped(200),
        tokens_per_second,
    })
    .await;
    assert!(
        seen.after_head().as_millis() >= 150,
        "{:?}",
        seen.after_head()
    );
    assert!(seen.total.as_millis() >= 300, "{:?}", seen.total);
    assert_eq!(seen.text(), "pong-7f3a");
}

#[tokio::test]
async fn a_stall_keeps_the_socket_open_and_silent() {
    let streamed = (STREAM, r#""content":"pong"}"#, "-7f3");
    let whole = (WHOLE, r#""object""#, "total_tokens");
    for (body, sent, unsent) in [streamed, whole] {
        let simulator = faulty(Fault::Stall { after_chunks: 1 }, Persona::Direct).await;
        let mut stream = connect(&simulator).await;
        let request = message("POST /v1/chat/completions", "", body);
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut seen = Vec::new();
        while !String::from_utf8_lossy(&seen).contains(sent) {
            assert_ne!(stream.read_buf(&mut seen).await.expect("data"), 0);
        }
        while let Ok(read) = timeout(SILENCE, stream.read_buf(&mut seen)).await {
            assert_ne!(read.expect("no error"), 0, "the connection was closed");
        }
        let text = String::from_utf8_lossy(&seen);
        assert!(!text.contains(unsent), "{text}");
    }
}

#[tokio::test]
async fn cut_reset_delivers_its_chunks_and_then_an_rst() {
    let seen = streamed(Fault::CutReset { after_chunks: 2 }).await;
    assert_eq!(seen.end, End::Reset);
    assert_eq!((seen.text().as_str(), seen.body().1), ("pong-7f3", false));
    let seen = whole(Fault::CutReset { after_chunks: 2 }).await;
    assert_eq!((seen.end, seen.body().1), (End::Reset, false));
    assert!(seen.body().0.starts_with("{\"id\""));
}

#[tokio::test]
async fn cut_clean_ends_in_good_order_without_finish_and_done() {
    let seen = streamed(Fault::CutClean { after_chunks: 2 }).await;
    assert_eq!((seen.end, seen.body().1), (End::Closed, true));
    assert_eq!((seen.text().as_str(), seen.data().len()), ("pong-7f3", 3));
    assert_eq!(last(&seen)["choices"][0]["finish_reason"], Value::Null);
    let (body, complete) = whole(Fault::CutClean { after_chunks: 2 }).await.body();
    assert!(
        complete && serde_json::from_str::<Value>(&body).is_err(),
        "{body}"
    );
}

#[tokio::test]
async fn malformed_breaks_one_chunk_and_goes_on() {
    let seen = streamed(Fault::Malformed { after_chunks: 1 }).await;
    let data = seen.data();
    let broken: Vec<usize> = (0..data.len() - 1)
        .filter(|index| serde_json::from_str::<Value>(&data[*index]).is_err())
        .collect();
    assert_eq!(broken, [2]);
    assert_eq!(data.last().map(String::as_str), Some("[DONE]"));
    assert_eq!(seen.text(), "pong-7f3a");
    let (body, complete) = whole(Fault::Malformed { after_chunks: 1 }).await.body();
    assert!(
        complete && serde_json::from_str::<Value>(&body).is_err(),
        "{body}"
    );
}

#[tokio::test]
async fn html_is_a_502_page() {
    let seen = streamed(Fault::Html {}).await;
    assert_eq!(
        (seen.status(), seen.header("content-type").as_deref()),
        (502, Some("text/html"))
    );
    assert!(seen.body().0.contains("<h1>Bad Gateway</h1>"));
}

#[tokio::test]
async fn wrong_model_names_the_other_and_a_gateway_admits_the_fallback() {
    let fault = || Fault::WrongModel {
        model: "cheap-1".to_owned(),
    };
    let seen = whole(fault()).await;
    assert_eq!(seen.json()["model"], "cheap-1");
    assert_eq!(last_chunk_model(&streamed(fault()).await), "cheap-1");
    let gateway = chat(&faulty(fault(), Persona::Gateway).await, STREAM).await;
    assert_eq!(
        gateway.header("x-litellm-attempted-fallbacks").as_deref(),
        Some("1")
    );
    assert_eq!(
        gateway.header("x-litellm-model-id").as_deref(),
        Some("deployment-cheap-1")
    );
}

fn last_chunk_model(seen: &Seen) -> String {
    let data = seen.data();
    let chunk: Value = serde_json::from_str(&data[data.len() - 2]).expect("a usage chunk");
    chunk["model"].as_str().expect("a model").to_owned()
}

#[track_caller]
fn check_content(seen: &Seen, text: &str, finish: &str) {
    let data = seen.data();
    assert_eq!(
        (seen.text().as_str(), data.last().map(String::as_str)),
        (text, Some("[DONE]"))
    );
    let finished = format!(r#""finish_reason":"{finish}""#);
    assert!(data.iter().any(|data| data.contains(&finished)), "{data:?}");
}

#[tokio::test]
async fn faults_of_content_are_sound_streams_with_telling_content() {
    check_content(&streamed(Fault::Empty {}).await, "", "stop");
    check_content(
        &streamed(Fault::ContentFilter {}).await,
        "pong",
        "content_filter",
    );
    check_content(&streamed(Fault::Truncated {}).await, "pong", "length");
    let refusal = streamed(Fault::Refusal {}).await;
    check_content(&refusal, "", "stop");
    assert!(refusal.body().0.contains(r#""delta":{"refusal":"I'm"}"#));
    let refusal = whole(Fault::Refusal {}).await.json();
    assert_eq!(refusal["choices"][0]["message"]["content"], Value::Null);
    let empty = whole(Fault::Empty {}).await.json();
    assert_eq!(empty["choices"][0]["message"]["content"], "");
    assert_eq!(empty["usage"]["completion_tokens"], 0);
}

#[tokio::test]
async fn an_error_in_the_stream_follows_status_200_and_ends_it() {
    let seen = streamed(Fault::error_in_stream(1)).await;
    assert_eq!(
        (seen.status(), seen.text().as_str(), seen.body().1),
        (200, "pong", true)
    );
    assert_eq!(last(&seen)["error"]["type"], "server_error");
    let gateway = faulty(Fault::error_in_stream(1), Persona::Gateway).await;
    assert_eq!(last(&chat(&gateway, STREAM).await)["error"]["code"], "500");
    let whole = whole(Fault::error_in_stream(1)).await;
    assert_eq!(
        (whole.status(), whole.json()["error"].is_object()),
        (200, true)
    );
}

#[tokio::test]
async fn refuse_closes_before_any_byte() {
    for body in [STREAM, WHOLE] {
        let simulator = faulty(Fault::Refuse {}, Persona::Direct).await;
        let seen = chat(&simulator, body).await;
        assert_eq!((seen.raw.len(), seen.end), (0, End::Closed));
        assert_eq!(simulator.journal()[0].status, None);
    }
}

#[tokio::test]
async fn a_fault_strikes_only_its_route() {
    let on = |route, fault| Rule {
        route,
        ..Rule::always(fault)
    };
    let script = Script::new(vec![
        on(Route::Status, Fault::status(ErrorStatus::UNAVAILABLE)),
        on(Route::Models, Fault::Empty {}),
    ])
    .expect("valid rules");
    let simulator = start(Config { script, ..quick() }).await;
    assert_eq!(get(&simulator, "/status").await.status(), 503);
    let models = get(&simulator, "/v1/models").await;
    assert_eq!(
        (models.status(), models.body()),
        (200, (String::new(), true))
    );
    assert_eq!(chat(&simulator, WHOLE).await.status(), 200);
    assert_eq!(
        send(&simulator, &message("GET /healthz", "", ""))
            .await
            .status(),
        200
    );
}

#[tokio::test]
async fn faults_of_timing_and_transport_strike_pages_too() {
    let status_page = |fault| async move {
        let rule = Rule {
            route: Route::Status,
            ..Rule::always(fault)
        };
        let script = Script::new(vec![rule]).expect("a valid rule");
        get(&start(Config { script, ..quick() }).await, "/status").await
    };
    let late = status_page(Fault::Latency {
        ms: Millis::clamped(150),
    })
    .await;
    assert!(
        late.first_byte_after.as_millis() >= 150,
        "{:?}",
        late.first_byte_after
    );
    assert_eq!(
        status_page(Fault::CutReset { after_chunks: 0 }).await.end,
        End::Reset
    );
    assert_eq!(status_page(Fault::Refuse {}).await.raw.len(), 0);
}
