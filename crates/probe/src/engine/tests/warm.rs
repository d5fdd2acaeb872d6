//! Attempts over kept connections.

use std::io::{Read as _, Write as _};
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use domain::Attribution;
use domain::detail::Net;
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};

use super::server::read_request;
use super::*;
use crate::attempt::Attempt;

const WHOLE: &str = include_str!("../../../fixtures/openai.whole.json");

/// An answer after which the connection stays open.
fn answer() -> String {
    let len = WHOLE.len();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len}\r\n\r\n{WHOLE}"
    )
}

/// What a connection does with one request.
enum Turn {
    Answer,
    /// Reads it, and hangs up.
    HangUp,
    /// Reads it, answers with these bytes, and hangs up.
    Break(&'static str),
}

/// How many requests came.
async fn take_turns(mut tcp: TcpStream, turns: Vec<Turn>) -> usize {
    let mut requests = 0;
    for turn in turns {
        if read_request(&mut tcp).await.is_empty() {
            break;
        }
        requests += 1;
        let answer = match turn {
            Turn::Answer => answer(),
            Turn::Break(bytes) => bytes.to_owned(),
            Turn::HangUp => break,
        };
        tcp.write_all(answer.as_bytes()).await.unwrap();
    }
    requests
}

/// A server whose connections take these turns, then hang up. The handle ends with the last of
/// them and says how many requests came.
async fn serve(connections: Vec<Vec<Turn>>) -> (String, JoinHandle<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = tokio::spawn(async move {
        let mut open = JoinSet::new();
        for turns in connections {
            let (tcp, _) = listener.accept().await.unwrap();
            open.spawn(take_turns(tcp, turns));
        }
        open.join_all().await.into_iter().sum()
    });
    (format!("http://127.0.0.1:{port}/v1"), served)
}

fn post(base: &str) -> Spec {
    let (call, spec) = chat(base);
    Spec {
        request: Request::Call(Box::new(Call {
            stream: false,
            ..call
        })),
        connection: Connection::Warm,
        ..spec
    }
}

fn get(base: &str) -> Spec {
    Spec {
        request: Request::Http(HttpRequest {
            url: base.parse().unwrap(),
            method: Method::Get,
            expect_status: "200".parse().unwrap(),
            expect_headers: Vec::new(),
            expect_json: Vec::new(),
            expect_body_contains: None,
        }),
        ..post(base)
    }
}

#[track_caller]
fn went(attempt: &Attempt, warm: bool) {
    assert_eq!(attempt.outcome, Outcome::Ok, "{:?}", attempt.detail.fault);
    let (net, phase) = (attempt.detail.net.as_ref().unwrap(), &attempt.detail.phase);
    assert_eq!(net.warm, warm);
    assert!(net.remote.is_some() && net.family == Some(4));
    assert_eq!(phase.dns_us.is_none(), warm);
    assert_eq!(phase.tcp_us.is_none(), warm);
    let order = [attempt.sent_us, phase.headers_us, phase.end_us];
    assert!(
        order.iter().all(Option::is_some) && order.is_sorted(),
        "{order:?}"
    );
}

#[tokio::test]
async fn the_second_attempt_goes_over_the_connection_of_the_first() {
    let (base, served) = serve(vec![vec![Turn::Answer, Turn::Answer, Turn::Answer]]).await;
    let engine = engine();
    went(&engine.attempt(&post(&base)).await, false);
    went(&engine.attempt(&post(&base)).await, true);
    went(&engine.clone().attempt(&get(&base)).await, true);
    assert_eq!(served.await.unwrap(), 3);
}

#[tokio::test]
async fn a_connection_that_was_idle_for_too_long_is_not_used() {
    let twice = || vec![Turn::Answer, Turn::Answer];
    let (base, served) = serve(vec![twice(), twice()]).await;
    let engine = engine();
    went(&engine.attempt(&post(&base)).await, false);
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(91)).await;
    tokio::time::resume();
    went(&engine.attempt(&post(&base)).await, false);
    drop(engine);
    assert_eq!(served.await.unwrap(), 2);
}

#[tokio::test]
async fn a_fresh_attempt_neither_takes_nor_leaves_a_connection() {
    let twice = || vec![Turn::Answer, Turn::Answer];
    let (base, served) = serve(vec![twice(), twice(), twice()]).await;
    let engine = engine();
    let fresh = Spec {
        connection: Connection::Fresh,
        ..post(&base)
    };
    went(&engine.attempt(&fresh).await, false);
    went(&engine.attempt(&post(&base)).await, false);
    went(&engine.attempt(&fresh).await, false);
    drop(engine);
    assert_eq!(served.await.unwrap(), 3);
}

#[tokio::test]
async fn a_connection_that_the_server_closed_is_replaced_by_a_fresh_one() {
    let (base, first) = serve(vec![vec![Turn::Answer]]).await;
    let engine = engine();
    went(&engine.attempt(&post(&base)).await, false);
    first.await.unwrap();
    let port = base.rsplit(':').next().unwrap().trim_end_matches("/v1");
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))
        .await
        .unwrap();
    let served = tokio::spawn(async move {
        let (mut tcp, _) = listener.accept().await.unwrap();
        read_request(&mut tcp).await;
        tcp.write_all(answer().as_bytes()).await.unwrap();
    });
    went(&engine.attempt(&post(&base)).await, false);
    served.await.unwrap();
}

/// Answers one request on its next connection, and leaves it open.
fn answer_one(listener: &std::net::TcpListener) -> std::net::TcpStream {
    let (mut tcp, _) = listener.accept().unwrap();
    let mut request = Vec::new();
    while request.last() != Some(&b'}') {
        let mut piece = [0; 4096];
        let len = tcp.read(&mut piece).unwrap();
        request.extend_from_slice(&piece[..len]);
    }
    tcp.write_all(answer().as_bytes()).unwrap();
    tcp
}

#[tokio::test]
async fn a_close_that_the_runtime_has_not_looked_at_is_noticed_before_anything_is_sent() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/v1", listener.local_addr().unwrap());
    let (close, asked) = std::sync::mpsc::channel();
    let (closed, done) = std::sync::mpsc::channel();
    let server = std::thread::spawn(move || {
        let first = answer_one(&listener);
        asked.recv().unwrap();
        drop(first);
        closed.send(()).unwrap();
        answer_one(&listener);
    });
    let engine = engine();
    went(&engine.attempt(&post(&base)).await, false);
    close.send(()).unwrap();
    done.recv().unwrap(); // Blocks the runtime: it cannot have heard of it.
    went(&engine.attempt(&post(&base)).await, false);
    server.join().unwrap();
}

#[tokio::test]
async fn a_post_on_a_connection_that_dies_is_neither_repeated_nor_blamed_on_the_provider() {
    let (base, served) = serve(vec![vec![Turn::Answer, Turn::HangUp], vec![Turn::Answer]]).await;
    let engine = engine();
    went(&engine.attempt(&post(&base)).await, false);
    let attempt = engine.attempt(&post(&base)).await;
    assert_eq!(
        (attempt.outcome, attempt.attribution),
        (Outcome::ProbeFault, Attribution::Agent)
    );
    went(&engine.attempt(&post(&base)).await, false);
    assert_eq!(served.await.unwrap(), 3);
}

#[tokio::test]
async fn a_get_on_a_connection_that_dies_is_sent_again_over_a_fresh_one() {
    let (base, served) = serve(vec![vec![Turn::Answer, Turn::HangUp], vec![Turn::Answer]]).await;
    let engine = engine();
    went(&engine.attempt(&get(&base)).await, false);
    went(&engine.attempt(&get(&base)).await, false);
    assert_eq!(served.await.unwrap(), 3);
}

#[tokio::test]
async fn the_farewell_of_tls_is_no_beginning_of_an_answer() {
    let (listener, acceptor) = Server::tls_listener(&[b"http/1.1"]).await;
    let port = listener.local_addr().unwrap().port();
    let served = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        let mut tls = acceptor.accept(tcp).await.unwrap();
        read_request(&mut tls).await;
        tls.write_all(answer().as_bytes()).await.unwrap();
        read_request(&mut tls).await;
        tls.shutdown().await.unwrap();
    });
    let engine = engine();
    let spec = post(&format!("https://localhost:{port}/v1"));
    went(&engine.attempt(&spec).await, false);
    let attempt = engine.attempt(&spec).await;
    assert_eq!(attempt.outcome, Outcome::ProbeFault);
    assert!(attempt.detail.net.unwrap().warm);
    served.await.unwrap();
}

#[tokio::test]
async fn a_get_on_a_fresh_connection_that_dies_is_not_repeated() {
    let (base, served) = serve(vec![vec![Turn::HangUp]]).await;
    let attempt = engine().attempt(&get(&base)).await;
    assert_eq!(attempt.outcome, Outcome::StreamCut);
    assert_eq!(served.await.unwrap(), 1);
}

#[tokio::test]
async fn an_answer_that_begins_and_breaks_off_is_the_providers_on_any_connection() {
    let broken = Turn::Break("HTTP/1.1 200 OK\r\ncontent-le");
    let (base, served) = serve(vec![vec![Turn::Answer, broken]]).await;
    let engine = engine();
    went(&engine.attempt(&get(&base)).await, false);
    let attempt = engine.attempt(&get(&base)).await;
    assert_eq!(attempt.outcome, Outcome::StreamCut);
    assert_eq!(attempt.attribution, Attribution::Provider);
    assert_eq!(served.await.unwrap(), 2);
}

/// An HTTP/2 server; counts its connections, and ends one with a farewell whenever it is told to,
/// after which it says so.
async fn serve_http_2(leave: Arc<Notify>, left: Arc<Notify>) -> (String, Arc<AtomicUsize>) {
    let (listener, acceptor) = Server::tls_listener(&[b"h2"]).await;
    let port = listener.local_addr().unwrap().port();
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    tokio::spawn(async move {
        loop {
            let (tcp, _) = listener.accept().await.unwrap();
            counted.fetch_add(1, Ordering::Relaxed);
            let io = TokioIo::new(acceptor.accept(tcp).await.unwrap());
            let service = service_fn(|_: http::Request<hyper::body::Incoming>| async {
                let body = Full::new(Bytes::from_static(WHOLE.as_bytes()));
                http::Response::builder().body(body)
            });
            let mut connection = std::pin::pin!(
                hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                    .serve_connection(io, service)
            );
            tokio::select! {
                ended = connection.as_mut() => ended.unwrap(),
                () = leave.notified() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await.ok();
                    left.notify_one();
                }
            }
        }
    });
    (format!("https://localhost:{port}/v1"), connections)
}

#[tokio::test]
async fn http_2_connections_are_kept_with_what_is_known_of_their_tls_until_the_server_leaves() {
    let (leave, left) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (base, connections) = serve_http_2(Arc::clone(&leave), Arc::clone(&left)).await;
    let engine = engine();
    let first = engine.attempt(&post(&base)).await;
    went(&first, false);
    let second = engine.attempt(&post(&base)).await;
    went(&second, true);
    assert_eq!(second.detail.phase.tls_us, None);
    let (first, second) = (first.detail.net.unwrap(), second.detail.net.unwrap());
    assert_eq!(
        first,
        Net {
            warm: false,
            ..second
        }
    );
    assert_eq!(first.alpn.as_deref(), Some("h2"));
    assert_eq!(connections.load(Ordering::Relaxed), 1);

    leave.notify_one();
    left.notified().await;
    went(&engine.attempt(&post(&base)).await, false);
    assert_eq!(connections.load(Ordering::Relaxed), 2);
}
