use domain::Attribution;
use domain::detail::Text;

use super::server::{DONE, Do, FINISH, STREAM_HEAD, delta, response, send, silent, text};
use super::*;

const JSON: &str = "content-type: application/json\r\n";
const SHORT: Duration = Duration::from_millis(400);

#[track_caller]
fn is(attempt: &Attempt, outcome: Outcome, attribution: Attribution) {
    assert_eq!(
        (attempt.outcome, attempt.attribution),
        (outcome, attribution),
        "{:?}",
        attempt.detail.fault
    );
    assert!(attempt.detail.fault.is_some() || attempt.status.is_some_and(|status| status >= 400));
}

/// A stream that begins well and then does this.
async fn stream_then(steps: Vec<Do>) -> Server {
    let begin = [send(STREAM_HEAD), send(text("pong-"))];
    Server::plain(begin.into_iter().chain(steps).collect()).await
}

#[tokio::test]
async fn a_stream_that_ends_early_is_cut_however_it_ends() {
    for (last, outcome) in [
        (vec![], Outcome::NoTerminator),
        (vec![send(text("7f3a"))], Outcome::NoTerminator),
        (vec![send(FINISH)], Outcome::NoTerminator),
        (vec![Do::Reset], Outcome::StreamCut),
    ] {
        let server = stream_then(last).await;
        let attempt = engine().attempt(&streaming(&server)).await;
        is(&attempt, outcome, Attribution::Provider);
        assert_eq!(attempt.status, Some(200));
    }
}

#[tokio::test]
async fn a_connection_closed_before_any_answer_is_cut() {
    for script in [vec![], vec![Do::Reset]] {
        let server = Server::plain(script).await;
        let attempt = engine().attempt(&streaming(&server)).await;
        is(&attempt, Outcome::StreamCut, Attribution::Provider);
        assert_eq!(attempt.status, None);
        assert!(attempt.sent_us.is_some());
    }
}

#[tokio::test]
async fn silence_after_output_is_a_stall_and_comments_do_not_break_it() {
    let ping = Do::Repeat(": keep-alive\n\n", Duration::from_millis(20));
    let empty = Do::Repeat(
        "data: {\"choices\":[{\"index\":0,\"delta\":{}}]}\n\n",
        Duration::from_millis(20),
    );
    for silence in [Do::Hold, ping, empty] {
        let server = stream_then(vec![silence]).await;
        let spec = Spec {
            stall_after: SHORT,
            ..streaming(&server)
        };
        let attempt = engine().attempt(&spec).await;
        is(&attempt, Outcome::Stall, Attribution::Provider);
        assert!(attempt.end_us < 10_000_000);
    }
}

#[tokio::test]
async fn the_deadline_is_named_by_what_had_arrived() {
    let comments = Do::Repeat(": keep-alive\n\n", Duration::from_millis(20));
    let reasoning = send(delta("{\"reasoning_content\":\"hm\"}"));
    let drip = Do::Repeat(
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"}}]}\n\n",
        Duration::from_millis(20),
    );
    let cases = [
        (vec![Do::Hold], Outcome::TtfbTimeout),
        (vec![send(STREAM_HEAD), Do::Hold], Outcome::TtftTimeout),
        (vec![send(STREAM_HEAD), comments], Outcome::TtftTimeout),
        (
            vec![send(STREAM_HEAD), reasoning, Do::Hold],
            Outcome::TtftTimeout,
        ),
        (vec![send(STREAM_HEAD), drip], Outcome::Deadline),
    ];
    for (script, outcome) in cases {
        let server = Server::plain(script).await;
        let spec = Spec {
            deadline: SHORT,
            ..streaming(&server)
        };
        let attempt = engine().attempt(&spec).await;
        is(&attempt, outcome, Attribution::Provider);
        assert!(
            (400_000..5_000_000).contains(&attempt.end_us),
            "{}",
            attempt.end_us
        );
    }
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_a_connect_timeout() {
    let (port, _accepted) = silent().await;
    let (_, spec) = chat(&format!("https://localhost:{port}/v1"));
    let spec = Spec {
        deadline: SHORT,
        ..spec
    };
    let attempt = engine().attempt(&spec).await;
    is(&attempt, Outcome::ConnectTimeout, Attribution::Unknown);
    assert!(attempt.detail.phase.tcp_us.is_some());
    assert_eq!((attempt.detail.phase.tls_us, attempt.sent_us), (None, None));
}

#[tokio::test]
async fn statuses_and_error_bodies_reach_the_table() {
    let cases = [
        (
            "401 Unauthorized",
            r#"{"error":{"code":"invalid_api_key","type":"invalid_request_error"}}"#,
            Outcome::Auth,
            Attribution::Ours,
        ),
        (
            "429 Too Many Requests",
            r#"{"error":{"code":"rate_limit_exceeded","type":"requests"}}"#,
            Outcome::RateLimited,
            Attribution::Ours,
        ),
        (
            "429 Too Many Requests",
            r#"{"error":{"code":"insufficient_quota","type":"insufficient_quota"}}"#,
            Outcome::Billing,
            Attribution::Ours,
        ),
        (
            "429 Too Many Requests",
            r#"{"error":{"code":"slow_down","type":"rate_limit_error"}}"#,
            Outcome::Overloaded,
            Attribution::Provider,
        ),
        (
            "529 Overloaded",
            r#"{"error":{"type":"overloaded_error"}}"#,
            Outcome::Overloaded,
            Attribution::Provider,
        ),
        (
            "502 Bad Gateway",
            "<html>502 Bad Gateway</html>",
            Outcome::ServerError,
            Attribution::Provider,
        ),
    ];
    for (status, body, outcome, by) in cases {
        let server = Server::plain(vec![response(status, JSON, body)]).await;
        is(&engine().attempt(&streaming(&server)).await, outcome, by);
        let server = Server::plain(vec![response(status, JSON, body)]).await;
        is(&engine().attempt(&whole(&server)).await, outcome, by);
    }
    let server = Server::plain(vec![response("502 Bad Gateway", "", "<html>")]).await;
    let spec = Spec {
        path: Via::Gateway,
        ..streaming(&server)
    };
    is(
        &engine().attempt(&spec).await,
        Outcome::GatewayError,
        Attribution::Gateway,
    );
}

#[tokio::test]
async fn error_codes_are_kept_and_messages_are_not() {
    let body = r#"{"error":{"code":"invalid_api_key","type":"auth","message":"Incorrect API key provided: sk-very-secret"}}"#;
    let server = Server::plain(vec![response("401 Unauthorized", JSON, body)]).await;
    let attempt = engine().attempt(&whole(&server)).await;
    assert_eq!(
        attempt.detail.error_code,
        Some(Text::Plain("invalid_api_key".to_owned()))
    );
    assert_eq!(
        attempt.detail.error_type,
        Some(Text::Plain("auth".to_owned()))
    );
    assert!(!format!("{attempt:?}").contains("provided"));
}

#[tokio::test]
async fn complete_answers_that_are_not_the_answer_are_wrong() {
    let other_model = [&text("pong-7f3a"), FINISH, DONE]
        .concat()
        .replace("gpt-4o-mini-2024", "llama");
    for (body, outcome) in [
        ([FINISH, DONE].concat(), Outcome::EmptyAnswer),
        (
            [&text("hello"), FINISH, DONE].concat(),
            Outcome::WrongAnswer,
        ),
        (other_model, Outcome::WrongModel),
    ] {
        let server = Server::plain(vec![send(STREAM_HEAD), send(body)]).await;
        let attempt = engine().attempt(&streaming(&server)).await;
        is(&attempt, outcome, Attribution::Provider);
    }
}

#[tokio::test]
async fn an_error_behind_the_terminator_spoils_the_success() {
    let error = "data: {\"error\":{\"message\":\"x\",\"code\":\"server_error\"}}\n\n";
    let pause = Do::Pause(Duration::from_millis(50));
    let server = stream_then(vec![
        send(text("7f3a")),
        send(FINISH),
        send(DONE),
        pause,
        send(error),
    ])
    .await;
    let attempt = engine().attempt(&streaming(&server)).await;
    is(&attempt, Outcome::ServerError, Attribution::Provider);
}

#[tokio::test]
async fn bytes_outside_the_grammar_are_malformed() {
    let html = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n<html>";
    let cases = [
        vec![send("SSH-2.0-OpenSSH_9.9\r\n")],
        vec![send(html)],
        vec![
            send(STREAM_HEAD),
            send("data: {\"choices\"\n\n"),
            send(DONE),
            Do::Hold,
        ],
        vec![
            send("HTTP/1.1 200 OK\r\n"),
            send(format!("x-long: {}\r\n\r\n", "x".repeat(70_000))),
        ],
    ];
    for script in cases {
        let server = Server::plain(script).await;
        let attempt = engine().attempt(&streaming(&server)).await;
        is(&attempt, Outcome::Malformed, Attribution::Provider);
    }
}

#[tokio::test]
async fn a_body_beyond_its_limit_is_malformed() {
    let line = format!(": {}\n", "x".repeat(64 * 1024));
    let script = std::iter::once(send(STREAM_HEAD))
        .chain(std::iter::repeat_n(send(line), 65))
        .chain([send(DONE)])
        .collect();
    let server = Server::plain(script).await;
    let attempt = engine().attempt(&streaming(&server)).await;
    is(&attempt, Outcome::Malformed, Attribution::Provider);
}

#[tokio::test]
async fn hosts_that_cannot_be_reached_are_nobodys_proven_fault() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let (_, refused) = chat(&format!("http://127.0.0.1:{port}/v1"));
    is(
        &engine().attempt(&refused).await,
        Outcome::Tcp,
        Attribution::Unknown,
    );
    let (_, unknown) = chat("http://nines-probe.invalid/v1");
    is(
        &engine().attempt(&unknown).await,
        Outcome::Dns,
        Attribution::Unknown,
    );
}

#[tokio::test]
async fn a_certificate_for_another_name_is_a_tls_failure() {
    let server = Server::tls(Duration::ZERO, vec![]).await;
    let (_, spec) = chat(&format!("https://127.0.0.1:{}/v1", server.port));
    is(
        &engine().attempt(&spec).await,
        Outcome::Tls,
        Attribution::Unknown,
    );
}

#[tokio::test]
async fn a_key_that_no_header_can_carry_is_ours_and_nothing_is_sent() {
    let (_, spec) = chat("http://127.0.0.1:1/v1");
    let spec = Spec {
        key: Some("sk-with-line-break\n".into()),
        ..spec
    };
    let attempt = engine().attempt(&spec).await;
    is(&attempt, Outcome::Auth, Attribution::Ours);
    assert_eq!(attempt.detail.phase.dns_us, None);
}

#[test]
fn a_file_without_certificates_makes_no_engine() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let roots = TlsRoots::PlatformAnd {
        ca_pem: file.path().to_owned(),
    };
    assert!(matches!(
        Engine::new(&roots),
        Err(EngineError::NoRoots { .. })
    ));
    let gone = TlsRoots::PlatformAnd {
        ca_pem: "/nonexistent/ca.pem".into(),
    };
    assert!(matches!(
        Engine::new(&gone),
        Err(EngineError::ReadRoots { .. })
    ));
}
