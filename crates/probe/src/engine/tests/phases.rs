use super::server::{self, DONE, Do, FINISH, STREAM_HEAD, delta, send, text};
use super::*;

/// Injected delays; each phase must show its own and no other.
const DELAY: Duration = Duration::from_millis(300);
const DELAY_US: u64 = 300_000;

#[track_caller]
fn took(name: &str, from: Option<u64>, to: Option<u64>, delayed: bool) {
    let spent = to.unwrap() - from.unwrap();
    if delayed {
        assert!(
            (DELAY_US..DELAY_US * 5).contains(&spent),
            "{name} took {spent} µs"
        );
    } else {
        assert!(spent < DELAY_US, "{name} took {spent} µs");
    }
}

#[tokio::test]
async fn each_injected_delay_lands_in_its_own_phase() {
    let pause = || Do::Pause(DELAY);
    let script = vec![
        pause(),
        send(STREAM_HEAD),
        pause(),
        send(": comment\n\n"),
        pause(),
        send(delta("{\"role\":\"assistant\",\"content\":\"\"}")),
        pause(),
        send(text("pong-")),
        pause(),
        send(text("7f3a")),
        pause(),
        send(FINISH),
        send(DONE),
        pause(),
    ];
    let server = Server::tls(DELAY, script).await;
    let attempt = engine().attempt(&streaming(&server)).await;
    assert_eq!(attempt.outcome, Outcome::Ok, "{:?}", attempt.detail.fault);
    let phase = &attempt.detail.phase;
    took("dns", Some(0), phase.dns_us, false);
    took("tcp", phase.dns_us, phase.tcp_us, false);
    took("tls", phase.tcp_us, phase.tls_us, true);
    took("sent", phase.tls_us, attempt.sent_us, false);
    took("headers", attempt.sent_us, phase.headers_us, true);
    took("first byte", phase.headers_us, phase.first_byte_us, true);
    took(
        "first event",
        phase.first_byte_us,
        phase.first_event_us,
        true,
    );
    took("first text", phase.first_event_us, attempt.first_us, true);
    took("last text", attempt.first_us, attempt.last_us, true);
    took("terminator", attempt.last_us, phase.terminator_us, true);
    took("end", phase.terminator_us, phase.end_us, true);
    assert_eq!(Some(attempt.end_us), phase.terminator_us);
}

#[tokio::test]
async fn a_listener_that_is_slow_to_accept_delays_tcp_alone() {
    // A backlog of one that is full: the kernel drops what knocks, and it knocks again after 1 s.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let first = tokio::net::TcpStream::connect(address).await.unwrap();
    let served = tokio::spawn(async move {
        tokio::time::sleep(DELAY).await;
        drop(listener.accept().await.unwrap());
        let (mut tcp, _) = listener.accept().await.unwrap();
        server::read_request(&mut tcp).await;
        let page = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        tokio::io::AsyncWriteExt::write_all(&mut tcp, page)
            .await
            .unwrap();
    });
    let (_, spec) = chat(&format!("http://{address}/v1"));
    let spec = Spec {
        request: Request::Http(HttpRequest {
            url: format!("http://{address}/").parse().unwrap(),
            method: Method::Get,
            expect_status: "200".parse().unwrap(),
            expect_headers: Vec::new(),
            expect_json: Vec::new(),
            expect_body_contains: None,
        }),
        ..spec
    };
    let attempt = engine().attempt(&spec).await;
    drop(first);
    served.await.unwrap();
    assert_eq!(attempt.outcome, Outcome::Ok, "{:?}", attempt.detail.fault);
    let phase = &attempt.detail.phase;
    took("dns", Some(0), phase.dns_us, false);
    took("tcp", phase.dns_us, phase.tcp_us, true);
    took("sent", phase.tcp_us, attempt.sent_us, false);
    took("headers", attempt.sent_us, phase.headers_us, false);
    took("end", phase.headers_us, phase.end_us, false);
}

#[tokio::test]
async fn reasoning_has_a_first_instant_of_its_own() {
    let script = vec![
        send(STREAM_HEAD),
        send(delta("{\"reasoning_content\":\"hm\"}")),
        Do::Pause(DELAY),
        send(text("pong-7f3a")),
        send(FINISH),
        send(DONE),
    ];
    let server = Server::plain(script).await;
    let attempt = engine().attempt(&streaming(&server)).await;
    assert_eq!(attempt.outcome, Outcome::Ok, "{:?}", attempt.detail.fault);
    let phase = &attempt.detail.phase;
    took(
        "reasoning",
        phase.headers_us,
        phase.first_reasoning_us,
        false,
    );
    took("text", phase.first_reasoning_us, attempt.first_us, true);
}

#[tokio::test]
async fn gaps_lie_between_deliveries_of_visible_text() {
    let two = [text("a"), text("b")].concat();
    let script = vec![
        send(STREAM_HEAD),
        send(text("pong-7f3a")),
        Do::Pause(DELAY),
        send(two),
        Do::Pause(DELAY * 2),
        send(": comment\n\n"),
        Do::Pause(DELAY),
        send(text("c")),
        Do::Pause(DELAY),
        send(text("d")),
        Do::Pause(DELAY),
        send(FINISH),
        send(DONE),
    ];
    for server in [
        Server::plain(script.clone()).await,
        Server::tls(Duration::ZERO, script).await,
    ] {
        let attempt = engine().attempt(&streaming(&server)).await;
        assert_eq!(attempt.outcome, Outcome::Ok, "{:?}", attempt.detail.fault);
        let gap = attempt.detail.gap.unwrap();
        assert_eq!(gap.count, 3);
        assert!(gap.max_us >= 3 * DELAY_US, "{gap:?}");
        assert!((DELAY_US..2 * DELAY_US).contains(&gap.p50_us), "{gap:?}");
    }
}

#[tokio::test]
async fn an_attempt_says_how_late_its_own_loop_was() {
    let script = vec![Do::Pause(DELAY), send(STREAM_HEAD), send(text("pong-7f3a"))];
    let server = Server::plain(script).await;
    let spec = streaming(&server);
    let held = tokio::spawn(async {
        tokio::time::sleep(DELAY / 3).await;
        let start = std::time::Instant::now();
        while start.elapsed() < DELAY {
            std::hint::spin_loop();
        }
    });
    let attempt = engine().attempt(&spec).await;
    held.await.unwrap();
    let lag_us = attempt.detail.lag_us.unwrap();
    assert!(lag_us > DELAY_US / 2, "{lag_us}");
}
