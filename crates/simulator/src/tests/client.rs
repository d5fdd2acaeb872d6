//! A raw HTTP/1.1 client that tells how a response ended.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use secrecy::SecretString;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::{Config, Fault, Millis, Pacing, Persona, Rule, Scenario, Script, Simulator};

/// Longest wait for anything in these tests; reaching it is a failure.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) const STREAM: &str = r#"{"model":"sim-1","stream":true,
    "stream_options":{"include_usage":true,"include_obfuscation":false},
    "messages":[{"role":"user","content":"Reply with exactly: pong-7f3a"}]}"#;

pub(super) const WHOLE: &str = r#"{"model":"sim-1",
    "messages":[{"role":"user","content":"Reply with exactly: pong-7f3a"}]}"#;

/// How the connection ended, as the socket told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The peer closed with a FIN.
    Closed,
    /// The peer sent an RST.
    Reset,
}

/// Everything that came back on one connection.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) raw: Vec<u8>,
    pub(super) end: End,
    pub(super) first_byte_after: Duration,
    pub(super) head_after: Duration,
    pub(super) total: Duration,
}

impl Seen {
    #[track_caller]
    fn head_end(&self) -> usize {
        let end = self.raw.windows(4).position(|window| window == b"\r\n\r\n");
        end.expect("a complete response head") + 4
    }

    #[track_caller]
    pub(super) fn head(&self) -> String {
        String::from_utf8_lossy(&self.raw[..self.head_end()]).into_owned()
    }

    /// From the end of the head to the end of all. Tests ask for half of what the simulator was
    /// told to wait, so that a client held up by a busy machine does not fail them.
    pub(super) fn after_head(&self) -> Duration {
        self.total.saturating_sub(self.head_after)
    }

    #[track_caller]
    pub(super) fn status(&self) -> u16 {
        let head = self.head();
        let status = head.split(' ').nth(1).expect("a status line");
        status.parse().expect("a numeric status")
    }

    #[track_caller]
    pub(super) fn header(&self, name: &str) -> Option<String> {
        self.head().lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            (found == name).then(|| value.to_owned())
        })
    }

    /// The body without its transfer coding, and whether HTTP says that it is complete.
    #[track_caller]
    pub(super) fn body(&self) -> (String, bool) {
        let (bytes, complete) = self.bytes();
        (String::from_utf8(bytes).expect("bodies are text"), complete)
    }

    /// [`Seen::body`] of a binary wire.
    #[track_caller]
    pub(super) fn bytes(&self) -> (Vec<u8>, bool) {
        let wire = &self.raw[self.head_end()..];
        let chunked = self.header("transfer-encoding").as_deref() == Some("chunked");
        if chunked {
            dechunk(wire)
        } else {
            let length = self
                .header("content-length")
                .map_or(0, |text| text.parse().expect("len"));
            (wire.to_vec(), wire.len() == length)
        }
    }

    #[track_caller]
    pub(super) fn json(&self) -> Value {
        let (body, complete) = self.body();
        assert!(complete, "incomplete body: {body}");
        serde_json::from_str(&body).expect("a JSON body")
    }

    /// The payloads of a stream's `data:` lines.
    #[track_caller]
    pub(super) fn data(&self) -> Vec<String> {
        let (body, _) = self.body();
        let events = body.split_terminator("\n\n");
        let data = events.map(|event| event.strip_prefix("data: ").expect("a data line"));
        data.map(str::to_owned).collect()
    }

    /// The text that a reader of the stream would have seen.
    #[track_caller]
    pub(super) fn text(&self) -> String {
        let data = self.data();
        let chunks = data
            .iter()
            .filter_map(|data| serde_json::from_str::<Value>(data).ok());
        chunks
            .filter_map(|chunk| {
                chunk["choices"][0]["delta"]["content"]
                    .as_str()
                    .map(str::to_owned)
            })
            .collect()
    }
}

fn dechunk(mut wire: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    while let Some(line_end) = wire.windows(2).position(|window| window == b"\r\n") {
        let size = std::str::from_utf8(&wire[..line_end]).expect("a chunk size");
        let size = usize::from_str_radix(size, 16).expect("a hexadecimal chunk size");
        if size == 0 {
            return (body, true);
        }
        let rest = &wire[line_end + 2..];
        body.extend_from_slice(&rest[..size.min(rest.len())]);
        wire = rest.get(size + 2..).unwrap_or_default();
    }
    (body, false)
}

/// A simulator without pauses, with the models `sim-1` and `sim-2`.
pub(super) fn quick() -> Config {
    let tokens_per_second = 1_000_000.try_into().expect("not zero");
    Config {
        models: vec!["sim-1".to_owned(), "sim-2".to_owned()],
        pacing: Pacing {
            ttft_ms: Millis::clamped(0),
            tokens_per_second,
        },
        ..Config::default()
    }
}

pub(super) fn guarded() -> Config {
    Config {
        keys: vec![SecretString::from("sk-sim-good")],
        ..quick()
    }
}

pub(super) async fn start(config: Config) -> Simulator {
    Simulator::start(config)
        .await
        .expect("loopback has a free port")
}

/// A simulator whose chat route always has this fault.
pub(super) async fn faulty(fault: Fault, persona: Persona) -> Simulator {
    let script = Script::new(vec![Rule::always(fault)]).expect("a valid rule");
    start(Config {
        persona,
        script,
        ..quick()
    })
    .await
}

pub(super) async fn connect(simulator: &Simulator) -> TcpStream {
    TcpStream::connect(simulator.addr())
        .await
        .expect("the simulator listens")
}

pub(super) fn message(request_line: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "{request_line} HTTP/1.1\r\nhost: sim\r\nconnection: close\r\n{headers}\
         content-length: {length}\r\n\r\n{body}"
    )
}

/// Sends one request and reads until the connection ends.
pub(super) async fn send(simulator: &Simulator, message: &str) -> Seen {
    send_to(simulator.addr(), message.as_bytes()).await
}

/// Sends bytes to an address and reads until the connection ends.
pub(super) async fn send_to(addr: SocketAddr, bytes: &[u8]) -> Seen {
    let mut stream = TcpStream::connect(addr)
        .await
        .expect("the simulator listens");
    let sending = stream.write_all(bytes).await;
    if let Err(error) = sending {
        // A connection may be gone before anything was sent.
        assert!(
            matches!(
                error.kind(),
                io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe
            ),
            "{error}"
        );
    }
    let sent = Instant::now();
    let mut seen = Seen {
        raw: Vec::new(),
        end: End::Closed,
        first_byte_after: Duration::ZERO,
        head_after: Duration::ZERO,
        total: Duration::ZERO,
    };
    let mut buffer = [0; 4_096];
    loop {
        let read = timeout(PATIENCE, stream.read(&mut buffer))
            .await
            .expect("an end in time");
        let count = match read {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {
                seen.end = End::Reset;
                break;
            }
            Err(error) => panic!("unexpected socket error: {error}"),
        };
        if seen.raw.is_empty() {
            seen.first_byte_after = sent.elapsed();
        }
        seen.raw.extend_from_slice(&buffer[..count]);
        let has_head = seen.raw.windows(4).any(|window| window == b"\r\n\r\n");
        if has_head && seen.head_after.is_zero() {
            seen.head_after = sent.elapsed();
        }
    }
    seen.total = sent.elapsed();
    seen
}

pub(super) async fn get(simulator: &Simulator, path: &str) -> Seen {
    send(simulator, &message(&format!("GET {path}"), "", "")).await
}

pub(super) async fn chat(simulator: &Simulator, body: &str) -> Seen {
    send(simulator, &message("POST /v1/chat/completions", "", body)).await
}

/// A simulator without pauses that plays a scenario.
pub(super) async fn playing(scenario: &str) -> Simulator {
    let scenario = Scenario::from_toml(scenario).expect("a valid scenario");
    start(quick().playing(scenario)).await
}

/// A chat request with further headers, each with its line end.
pub(super) async fn chat_with(simulator: &Simulator, headers: &str, body: &str) -> Seen {
    send(
        simulator,
        &message("POST /v1/chat/completions", headers, body),
    )
    .await
}
