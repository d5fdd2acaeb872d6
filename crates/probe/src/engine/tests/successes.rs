use bytes::Bytes;
use domain::Attribution;
use domain::detail::Text;
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use sha2::{Digest as _, Sha256};

use super::server::{DONE, Do, FINISH, STREAM_HEAD, response, send, text};
use super::*;
use domain::detail::hex;

const WHOLE: &str = include_str!("../../../fixtures/openai.whole.json");
const JSON: &str = "content-type: application/json\r\n";

fn answer() -> String {
    [&text(""), &text("pong-"), &text("7f3a"), FINISH, DONE].concat()
}

#[tokio::test]
async fn a_streamed_answer_is_a_success_with_all_its_evidence() {
    let body = answer();
    let server = Server::plain(vec![send(STREAM_HEAD), send(body.clone())]).await;
    let spec = Spec {
        slow_after: Some(PATIENCE),
        ..streaming(&server)
    };
    let port = server.port;
    let attempt = engine().attempt(&spec).await;

    assert_eq!(
        (attempt.outcome, attempt.attribution),
        (Outcome::Ok, Attribution::None)
    );
    assert_eq!(attempt.status, Some(200));
    assert_eq!(
        (attempt.input_tokens, attempt.output_tokens),
        (Some(12), Some(7))
    );
    assert_eq!(
        attempt.served_model.as_deref(),
        Some("gpt-4o-mini-2024-07-18")
    );
    assert_eq!(attempt.served_tier.as_deref(), Some("default"));
    assert_eq!(attempt.asked_model.as_deref(), Some("gpt-4o-mini"));
    assert!(attempt.stream);

    let detail = &attempt.detail;
    assert_eq!(detail.finish, Some(Text::Plain("stop".to_owned())));
    assert_eq!(detail.req, Some(Text::Plain("req_1".to_owned())));
    assert_eq!(detail.hdr.len(), 1, "only x-request-id is on the list");
    assert_eq!(detail.http.as_deref(), Some("1.1"));
    assert_eq!(detail.resp_len, Some(body.len() as u64));
    assert_eq!(detail.resp_sha256, Some(hex(&Sha256::digest(&body))));
    assert_eq!(detail.fault, None);
    assert!(!detail.slow && detail.salt.is_empty());
    let net = detail.net.as_ref().unwrap();
    assert_eq!(net.remote, Some(format!("127.0.0.1:{port}")));

    let phase = &detail.phase;
    let order = [
        phase.dns_us,
        phase.tcp_us,
        attempt.sent_us,
        phase.headers_us,
        phase.first_byte_us,
        phase.first_event_us,
        attempt.first_us,
        attempt.last_us,
        phase.terminator_us,
        phase.end_us,
    ];
    assert!(order.iter().all(Option::is_some), "{order:?}");
    assert!(order.is_sorted(), "{order:?}");
    assert_eq!(phase.tls_us, None);
    assert_eq!(Some(attempt.end_us), phase.terminator_us);

    let request = server.request().await;
    assert!(request.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"));
    for part in [
        format!("host: 127.0.0.1:{port}\r\n"),
        format!("authorization: Bearer {KEY}\r\n"),
        format!("x-client-request-id: {NONCE}\r\n"),
        format!("\"content\":\"Reply with exactly: {NONCE}\""),
        "\"stream_options\":{\"include_usage\":true}".to_owned(),
        "\"max_completion_tokens\":64".to_owned(),
    ] {
        assert!(request.contains(&part), "{part} is not in {request}");
    }
    assert!(!request.contains("service_tier"));
}

#[tokio::test]
async fn nothing_of_prompt_answer_or_key_is_in_an_attempt() {
    let head = STREAM_HEAD.replace("set-cookie: a=b", "x-litellm-echo: sk-very-secret");
    let server = Server::plain(vec![send(head), send(answer())]).await;
    let attempt = engine().attempt(&streaming(&server)).await;
    assert_eq!(attempt.outcome, Outcome::Ok);
    let shown = format!("{attempt:?}");
    for private in [NONCE, "7f3a", "Reply with", KEY] {
        assert!(!shown.contains(private), "{private} is in {shown}");
    }
}

#[tokio::test]
async fn a_whole_answer_is_a_success_and_its_text_comes_with_its_end() {
    let server = Server::plain(vec![response("200 OK", JSON, WHOLE)]).await;
    let (chat, spec) = chat(&server.base());
    let spec = Spec {
        request: Request::Call(Box::new(Call {
            stream: false,
            token_field: TokenField::MaxTokens,
            tier: Some("flex".to_owned()),
            ..chat
        })),
        slow_after: Some(Duration::ZERO),
        ..spec
    };
    let attempt = engine().attempt(&spec).await;
    assert_eq!(attempt.outcome, Outcome::Ok);
    assert!(attempt.first_us.is_some());
    assert_eq!(attempt.first_us, attempt.detail.phase.end_us);
    assert_eq!(attempt.asked_tier.as_deref(), Some("flex"));
    assert!(!attempt.stream && attempt.detail.slow);
    assert_eq!(
        attempt.detail.req,
        Some(Text::Plain("chatcmpl-bwjvNUNMitKWnIRt".to_owned()))
    );
    let request = server.request().await;
    assert!(request.contains("\"max_tokens\":64") && request.contains("\"service_tier\":\"flex\""));
    assert!(!request.contains("stream_options"));
}

#[tokio::test]
async fn every_split_of_the_bytes_gives_the_same_observation() {
    let body = answer();
    for size in [1, 7, 50] {
        let chunks = body.as_bytes().chunks(size).map(|chunk| {
            let chunk = std::str::from_utf8(chunk).unwrap();
            send(format!("{:x}\r\n{chunk}\r\n", chunk.len()))
        });
        let head = STREAM_HEAD.replace("connection: close", "transfer-encoding: chunked");
        let script = std::iter::once(send(head))
            .chain(chunks)
            .chain([send("0\r\n\r\n")])
            .collect();
        let server = Server::plain(script).await;
        let attempt = engine().attempt(&streaming(&server)).await;
        assert_eq!(attempt.outcome, Outcome::Ok, "{:?}", attempt.detail.fault);
        assert_eq!(
            attempt.detail.resp_sha256,
            Some(hex(&Sha256::digest(&body)))
        );
    }
}

#[tokio::test]
async fn a_connection_held_open_after_the_terminator_is_still_a_success() {
    for last in [Do::Hold, Do::Reset] {
        let server = Server::plain(vec![send(STREAM_HEAD), send(answer()), last]).await;
        let attempt = engine().attempt(&streaming(&server)).await;
        assert_eq!(attempt.outcome, Outcome::Ok);
        assert_eq!(Some(attempt.end_us), attempt.detail.phase.terminator_us);
    }
}

#[tokio::test]
async fn tls_is_verified_and_described() {
    let script = vec![send(STREAM_HEAD), send(answer())];
    let server = Server::tls(Duration::ZERO, script).await;
    let attempt = engine().attempt(&streaming(&server)).await;
    assert_eq!(attempt.outcome, Outcome::Ok, "{:?}", attempt.detail.fault);
    let net = attempt.detail.net.unwrap();
    assert_eq!(
        (net.tls.as_deref(), net.alpn.as_deref()),
        (Some("1.3"), Some("http/1.1"))
    );
    assert_eq!(net.leaf_sha256.unwrap().len(), 64);
    assert!(
        net.leaf_days.unwrap() > 365,
        "the certificate is made to last"
    );
    assert_eq!((net.family, net.tried, net.warm), (Some(4), None, false));
}

#[tokio::test]
async fn http_2_is_spoken_where_it_is_offered() {
    let (listener, acceptor) = Server::tls_listener(&[b"h2", b"http/1.1"]).await;
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        let io = TokioIo::new(acceptor.accept(tcp).await.unwrap());
        let service = service_fn(|request: http::Request<hyper::body::Incoming>| async move {
            assert_eq!(request.uri().path(), "/v1/chat/completions");
            let body = Full::new(Bytes::from(answer()));
            http::Response::builder()
                .header("content-type", "text/event-stream")
                .body(body)
        });
        hyper::server::conn::http2::Builder::new(TokioExecutor::new())
            .serve_connection(io, service)
            .await
            .ok();
    });
    let (_, spec) = chat(&format!("https://localhost:{port}/v1"));
    let attempt = engine().attempt(&spec).await;
    assert_eq!(attempt.outcome, Outcome::Ok, "{:?}", attempt.detail.fault);
    assert_eq!(attempt.detail.http.as_deref(), Some("2"));
    let sent = attempt.sent_us.unwrap();
    assert!(attempt.detail.phase.tls_us.unwrap() <= sent);
    assert!(sent <= attempt.detail.phase.headers_us.unwrap());
}

#[tokio::test]
async fn a_pinned_name_leads_to_its_address() {
    let server = Server::plain(vec![send(STREAM_HEAD), send(answer())]).await;
    let port = server.port;
    let pin = format!("api.example:{port}:127.0.0.1").parse().unwrap();
    let (_, spec) = chat(&format!("http://api.example:{port}/v1"));
    let attempt = engine().with_pinned(vec![pin]).attempt(&spec).await;
    assert_eq!(attempt.outcome, Outcome::Ok, "{:?}", attempt.detail.fault);
    let request = server.request().await;
    assert!(request.contains(&format!("host: api.example:{port}\r\n")));
}

#[tokio::test]
async fn plain_pages_are_held_to_their_expectation() {
    let cases = [
        ("200 OK", None, Outcome::Ok),
        ("200 OK", Some("alive"), Outcome::Ok),
        ("200 OK", Some("healthy"), Outcome::UnexpectedStatus),
        ("503 Service Unavailable", None, Outcome::UnexpectedStatus),
        ("302 Found", None, Outcome::UnexpectedStatus),
    ];
    for (status, expected, outcome) in cases {
        let server = Server::plain(vec![response(status, "", "I'm alive!")]).await;
        let attempt = engine().attempt(&page(&server, expected)).await;
        assert_eq!(attempt.outcome, outcome, "{status} {expected:?}");
        assert_eq!((attempt.first_us, attempt.asked_model), (None, None));
        assert!(server.request().await.starts_with("GET /v1 HTTP/1.1\r\n"));
    }
}
