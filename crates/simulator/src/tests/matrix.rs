//! Every effect on every wire, over sockets: what a reader gets, and how it ends.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use super::client::{End, Seen, connect, faulty, message, playing, send};
use super::dialogue::{ALL, Dialogue, has};
use crate::{ErrorKind, Fault, Millis, Persona, Wire};

const PING: &str = "Reply with exactly: pong-7f3a";

/// How long a stalled connection must stay open and silent to be called stalled.
const SILENCE: Duration = Duration::from_millis(100);

/// What a stream under an effect comes to.
struct Expected {
    fault: Fault,
    text: &'static str,
    end: End,
    /// Whether HTTP says that the body is complete.
    complete: bool,
    /// Whether the wire's own terminator, or what stands for it, was sent.
    terminated: bool,
}

const fn row(
    fault: Fault,
    text: &'static str,
    end: End,
    complete: bool,
    terminated: bool,
) -> Expected {
    Expected {
        fault,
        text,
        end,
        complete,
        terminated,
    }
}

#[track_caller]
fn check(dialogue: &Dialogue, seen: &Seen, expected: &Expected) {
    let (bytes, complete) = seen.bytes();
    let about = format!("{:?} on {:?}", expected.fault, dialogue.wire);
    assert_eq!(seen.status(), 200, "{about}");
    assert_eq!(dialogue.text(seen), expected.text, "{about}");
    assert_eq!(
        (seen.end, complete),
        (expected.end, expected.complete),
        "{about}"
    );
    let terminated = has(&bytes, dialogue.terminator());
    // OpenRouter ends a failed stream in good order.
    let in_order =
        dialogue.wire == Wire::OpenRouter && matches!(expected.fault, Fault::ErrorInStream { .. });
    assert_eq!(terminated, expected.terminated || in_order, "{about}");
}

#[tokio::test]
async fn every_effect_on_a_stream_is_the_same_on_every_wire() {
    let (ms, all) = (Millis::clamped(60), "pong-7f3a");
    let (after_chunks, tokens_per_second) = (1, None);
    let error = ErrorKind::Overload;
    for expected in [
        row(
            Fault::CutReset { after_chunks },
            "pong",
            End::Reset,
            false,
            false,
        ),
        row(
            Fault::CutClean { after_chunks },
            "pong",
            End::Closed,
            true,
            false,
        ),
        row(
            Fault::CutJson { after_chunks },
            "pong",
            End::Closed,
            true,
            false,
        ),
        row(
            Fault::Malformed { after_chunks },
            all,
            End::Closed,
            true,
            true,
        ),
        row(
            Fault::ErrorInStream {
                after_chunks,
                error,
            },
            "pong",
            End::Closed,
            true,
            false,
        ),
        row(Fault::SlowHeaders { ms }, all, End::Closed, true, true),
        row(Fault::Latency { ms }, all, End::Closed, true, true),
        row(
            Fault::Ttft {
                ms,
                tokens_per_second,
            },
            all,
            End::Closed,
            true,
            true,
        ),
        row(Fault::Gap { ms }, all, End::Closed, true, true),
        row(Fault::Cached { age_s: 60 }, all, End::Closed, true, true),
        row(Fault::Empty {}, "", End::Closed, true, true),
    ] {
        let simulator = faulty(expected.fault.clone(), Persona::Direct).await;
        for dialogue in ALL {
            let seen = dialogue.stream(&simulator, PING).await;
            check(&dialogue, &seen, &expected);
        }
    }
}

#[tokio::test]
async fn bytes_that_are_no_event_reach_the_reader_on_every_wire() {
    let simulator = faulty(Fault::BadSse { after_chunks: 1 }, Persona::Direct).await;
    for dialogue in ALL {
        let seen = dialogue.stream(&simulator, PING).await;
        let (bytes, complete) = seen.bytes();
        assert!(complete && has(&bytes, b"\xff\xfe"), "{dialogue:?}");
        assert!(has(&bytes, dialogue.terminator()), "{dialogue:?}");
    }
}

#[tokio::test]
async fn a_stall_keeps_every_wires_socket_open_and_silent() {
    let simulator = faulty(Fault::Stall { after_chunks: 1 }, Persona::Direct).await;
    for dialogue in ALL {
        let mut stream = connect(&simulator).await;
        let request = dialogue.streaming(PING);
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut seen = Vec::new();
        while !has(&seen, b"\"pong\"") {
            assert_ne!(stream.read_buf(&mut seen).await.expect("data"), 0);
        }
        while let Ok(read) = timeout(SILENCE, stream.read_buf(&mut seen)).await {
            assert_ne!(read.expect("no error"), 0, "{dialogue:?} was closed");
        }
        assert!(!has(&seen, b"-7f3"), "{dialogue:?}");
    }
}

/// The status of a kind of error on a wire.
const fn status(error: ErrorKind, wire: Wire) -> u16 {
    match (error, wire) {
        (ErrorKind::Overload, Wire::Anthropic) => 529,
        (ErrorKind::Quota | ErrorKind::Billing | ErrorKind::NotFound, Wire::Bedrock)
        | (ErrorKind::Auth, Wire::Gemini)
        | (ErrorKind::BadRequest, _) => 400,
        (ErrorKind::Timeout, Wire::Bedrock) => 408,
        (ErrorKind::Auth, Wire::Bedrock) | (ErrorKind::Forbidden, _) => 403,
        (ErrorKind::Auth, _) => 401,
        (ErrorKind::Billing, _) => 402,
        (ErrorKind::NotFound, _) => 404,
        (ErrorKind::SlowDown | ErrorKind::RateLimit | ErrorKind::Quota, _) => 429,
        (ErrorKind::ServerError, _) => 500,
        (ErrorKind::Overload, _) => 503,
        (ErrorKind::Timeout, _) => 504,
    }
}

#[tokio::test]
async fn every_kind_of_error_has_its_status_on_every_wire() {
    for error in [
        ErrorKind::Overload,
        ErrorKind::SlowDown,
        ErrorKind::RateLimit,
        ErrorKind::Quota,
        ErrorKind::Billing,
        ErrorKind::ServerError,
        ErrorKind::Timeout,
        ErrorKind::NotFound,
        ErrorKind::Auth,
        ErrorKind::Forbidden,
        ErrorKind::BadRequest,
    ] {
        let fault = Fault::Error {
            error,
            status: None,
            retry_after_s: Some(9),
        };
        let simulator = faulty(fault, Persona::Direct).await;
        for dialogue in ALL {
            let seen = dialogue.stream(&simulator, PING).await;
            let expected = status(error, dialogue.wire);
            assert_eq!(seen.status(), expected, "{error:?} {dialogue:?}");
            assert!(seen.json().is_object(), "{error:?} {dialogue:?}");
            assert_eq!(seen.header("retry-after").as_deref(), Some("9"));
        }
    }
}

#[tokio::test]
async fn connections_and_pages_end_alike_on_every_wire() {
    for (fault, end, status) in [
        (Fault::Refuse {}, End::Closed, None),
        (Fault::Reset {}, End::Reset, None),
        (Fault::Html {}, End::Closed, Some(502)),
        (Fault::LoginPage {}, End::Closed, Some(200)),
    ] {
        let simulator = faulty(fault, Persona::Direct).await;
        for dialogue in ALL {
            for seen in [
                dialogue.whole(&simulator, PING).await,
                dialogue.stream(&simulator, PING).await,
            ] {
                let got = (!seen.raw.is_empty()).then(|| seen.status());
                assert_eq!((seen.end, got), (end, status), "{dialogue:?}");
            }
        }
    }
}

#[tokio::test]
async fn another_model_and_another_tier_show_where_each_wire_names_them() {
    let model = "[[rules]]\nthen = \"continue\"\nfault = { kind = \"wrong_model\", model = \"spare-9\" }\n\
        [[rules]]\nfault = { kind = \"tier\", tier = \"flex-9\" }\n";
    let simulator = playing(model).await;
    for dialogue in ALL {
        let document = dialogue.whole(&simulator, PING).await.json().to_string();
        assert!(document.contains("flex-9"), "{dialogue:?}: {document}");
        // Converse names no model.
        let named = document.contains("spare-9");
        assert_eq!(named, dialogue.wire != Wire::Bedrock, "{dialogue:?}");
        let (bytes, _) = dialogue.stream(&simulator, PING).await.bytes();
        assert!(has(&bytes, b"flex-9"), "{dialogue:?}");
    }
}

/// Where a document counts reasoning apart, and an event has a piece of it.
fn thoughts(wire: Wire) -> [Option<&'static str>; 2] {
    let details = Some("/usage/completion_tokens_details/reasoning_tokens");
    match wire {
        Wire::OpenAi | Wire::Azure => [details, None],
        Wire::Mistral => [None, None],
        Wire::DeepSeek => [details, Some("/choices/0/delta/reasoning_content")],
        Wire::OpenRouter => [details, Some("/choices/0/delta/reasoning")],
        Wire::Groq => [None, Some("/choices/0/delta/reasoning")],
        Wire::Responses => [Some("/usage/output_tokens_details/reasoning_tokens"), None],
        Wire::Anthropic => [None, Some("/delta/thinking")],
        Wire::Gemini | Wire::Vertex => [Some("/usageMetadata/thoughtsTokenCount"), None],
        Wire::Bedrock => [None, Some("/delta/reasoningContent/text")],
    }
}

#[tokio::test]
async fn reasoning_is_counted_on_every_wire_and_sent_where_it_has_a_place() {
    let simulator = playing("[pacing]\nttft_ms = 0\nreasoning_tokens = 5\n").await;
    for dialogue in ALL {
        let document = dialogue.whole(&simulator, PING).await.json();
        let [counted, piece] = thoughts(dialogue.wire);
        if let Some(pointer) = counted {
            assert_eq!(document.pointer(pointer), Some(&json!(5)), "{document}");
        }
        let seen = dialogue.stream(&simulator, PING).await;
        let events = dialogue.events(&seen);
        if let Some(pointer) = piece {
            let pieces = events
                .iter()
                .filter_map(|event| event.pointer(pointer)?.as_str());
            assert_eq!(pieces.count(), 5, "{dialogue:?}");
        }
        // Google marks its thoughts, and Responses names them; their text stands where text does.
        let spoken = events.iter().filter(|event| {
            let thought = event.pointer("/candidates/0/content/parts/0/thought");
            let summary = event["type"] == "response.reasoning_summary_text.delta";
            thought.is_none() && !summary
        });
        let (spoken, thought): (String, usize) = (
            spoken
                .clone()
                .filter_map(|event| dialogue.piece_of(event))
                .collect(),
            events.len() - spoken.count(),
        );
        assert_eq!(spoken, "pong-7f3a", "{dialogue:?}");
        let marked = matches!(dialogue.wire, Wire::Gemini | Wire::Vertex | Wire::Responses);
        assert_eq!(thought, if marked { 5 } else { 0 }, "{dialogue:?}");
        if dialogue.wire == Wire::Responses {
            let numbers = events.iter().map(|event| event["sequence_number"].clone());
            let expected = (0..events.len()).map(Value::from);
            assert!(numbers.eq(expected), "{events:?}");
        }
    }
}

#[tokio::test]
async fn limits_are_refused_in_each_wires_words_and_headers() {
    for dialogue in ALL {
        let simulator = playing("[limits]\nrequests_per_minute = 1\n").await;
        assert_eq!(dialogue.whole(&simulator, PING).await.status(), 200);
        let refused = dialogue.stream(&simulator, PING).await;
        assert_eq!(refused.status(), 429, "{dialogue:?}");
        let name = match dialogue.wire {
            Wire::Anthropic => Some("anthropic-ratelimit-requests-remaining"),
            Wire::Mistral => Some("x-ratelimit-remaining-req-minute"),
            Wire::OpenRouter => Some("x-ratelimit-remaining"),
            Wire::OpenAi | Wire::Responses | Wire::Groq | Wire::Azure => {
                Some("x-ratelimit-remaining-requests")
            }
            Wire::DeepSeek | Wire::Gemini | Wire::Vertex | Wire::Bedrock => None,
        };
        if let Some(name) = name {
            assert_eq!(refused.header(name).as_deref(), Some("0"), "{dialogue:?}");
        }
        let google = matches!(dialogue.wire, Wire::Gemini | Wire::Vertex);
        if google {
            let delay = refused.json()["error"]["details"][1]["retryDelay"].take();
            let seconds = delay.as_str().and_then(|delay| delay.strip_suffix('s'));
            let seconds: Option<u32> = seconds.and_then(|seconds| seconds.parse().ok());
            assert!(seconds.is_some_and(|seconds| seconds > 50), "{delay}");
        }
        // Google's advice stands in the body; AWS gives none.
        let header = refused.header("retry-after").is_some();
        assert_eq!(
            header,
            !google && dialogue.wire != Wire::Bedrock,
            "{dialogue:?}"
        );
    }
}

#[tokio::test]
async fn rules_and_the_journal_call_wires_by_the_same_names() {
    for dialogue in ALL {
        let name = dialogue.wire.name();
        let toml = format!("[[rules]]\nwire = \"{name}\"\nfault = {{ kind = \"html\" }}\n");
        let simulator = playing(&toml).await;
        for other in ALL {
            let status = other.whole(&simulator, PING).await.status();
            assert_eq!(
                status == 502,
                other.wire == dialogue.wire,
                "{name} {other:?}"
            );
        }
        let journal = serde_json::to_value(simulator.journal()).expect("entries serialise");
        let entries = journal.as_array().expect("a list").iter();
        let struck: Vec<_> = entries.filter(|entry| entry["status"] == 502).collect();
        assert!(
            struck.iter().all(|entry| entry["wire"] == name),
            "{struck:?}"
        );
        assert!(!struck.is_empty());
    }
}

#[tokio::test]
async fn azure_gives_the_callers_id_back() {
    let simulator = playing("").await;
    let path = "POST /openai/deployments/sim-1/chat/completions?api-version=2024-10-21";
    for (body, status) in [(r#"{"messages":[]}"#, 200), ("{", 400)] {
        let headers = "x-ms-client-request-id: mine-7\r\n";
        let seen = send(&simulator, &message(path, headers, body)).await;
        assert_eq!(seen.status(), status);
        let echoed = seen.header("x-ms-client-request-id");
        assert_eq!(echoed.as_deref(), Some("mine-7"));
    }
}
