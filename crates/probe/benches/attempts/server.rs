//! The scripted servers.
//!
//! `GET` is answered with a tiny page and a close. `POST /HEAD/FIRST/PIECES/GAP/...` is a chat
//! stream: response headers after so many milliseconds, the first text so many later, then pieces
//! so far apart. `GET /truth` lists when each part was really written, by nonce. TLS is spoken on
//! further ports, each with a pause before its handshake.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// Pauses before the handshake, one port each after the plain one, milliseconds.
pub(crate) const TLS_PAUSES_MS: [u64; 4] = [0, 10, 100, 1000];
/// Longest request.
const REQUEST_BYTES_MAX: usize = 16 * 1024;

/// When parts were written, microseconds: the handshake from the connection on, everything else
/// from the request on.
#[expect(clippy::struct_field_names, reason = "the unit stands last")]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Truth {
    pub(crate) tls_us: u64,
    pub(crate) head_us: u64,
    pub(crate) first_us: u64,
    pub(crate) second_us: u64,
}

type Truths = Arc<Mutex<HashMap<String, Truth>>>;

impl Truth {
    /// What the server at `at` wrote, by nonce.
    pub(crate) async fn of_all(at: &str) -> HashMap<String, Self> {
        let mut tcp = TcpStream::connect(format!("127.0.0.1:{}", ports(at)[0]))
            .await
            .expect("the server listens");
        tcp.write_all(b"GET /truth HTTP/1.1\r\n\r\n")
            .await
            .expect("the server reads");
        let mut text = String::new();
        tcp.read_to_string(&mut text).await.expect("text");
        text.lines().filter_map(Self::read).collect()
    }

    fn read(line: &str) -> Option<(String, Self)> {
        let mut fields = line.split(' ');
        let nonce = fields.next()?.to_owned();
        let mut us = || fields.next()?.parse().ok();
        let truth = Self {
            tls_us: us()?,
            head_us: us()?,
            first_us: us()?,
            second_us: us()?,
        };
        Some((nonce, truth))
    }

    fn write(&self, nonce: &str) -> String {
        let Self {
            tls_us,
            head_us,
            first_us,
            second_us,
        } = self;
        format!("{nonce} {tls_us} {head_us} {first_us} {second_us}\n")
    }
}

/// The ports of a server: the plain one, then those of [`TLS_PAUSES_MS`].
pub(crate) fn ports(at: &str) -> Vec<u16> {
    at.split(',').filter_map(|port| port.parse().ok()).collect()
}

pub(crate) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// A runtime on this thread.
pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

#[expect(clippy::print_stdout, reason = "how its ports become known")]
pub(crate) fn serve(ca_pem: &Path) {
    let identity = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a name");
    fs::write(ca_pem, identity.cert.pem()).expect("room for a certificate");
    let key = PrivateKeyDer::try_from(identity.signing_key.serialize_der()).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("default versions")
        .with_no_client_auth()
        .with_single_cert(vec![identity.cert.der().clone()], key)
        .expect("its own key");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    runtime().block_on(async {
        let truths = Truths::default();
        let mut ports = Vec::new();
        for pause_ms in TLS_PAUSES_MS {
            let (listener, port) = listen().await;
            ports.push(port);
            let (acceptor, truths) = (acceptor.clone(), Arc::clone(&truths));
            tokio::spawn(async move {
                loop {
                    let tcp = accept(&listener).await;
                    let pause = Duration::from_millis(pause_ms);
                    tokio::spawn(encrypted(tcp, acceptor.clone(), pause, Arc::clone(&truths)));
                }
            });
        }
        let (listener, plain) = listen().await;
        let ports: Vec<String> = std::iter::once(plain)
            .chain(ports)
            .map(|port| port.to_string())
            .collect();
        println!("{}", ports.join(","));
        loop {
            let tcp = accept(&listener).await;
            let truths = Arc::clone(&truths);
            tokio::spawn(async move { answer(tcp, 0, &truths).await.ok() });
        }
    });
}

/// On every address of loopback, so that a fast client does not run out of ports.
async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("0.0.0.0:0").await.expect("a free port");
    let port = listener.local_addr().expect("its address").port();
    (listener, port)
}

async fn accept(listener: &TcpListener) -> TcpStream {
    let (tcp, _) = listener.accept().await.expect("descriptors");
    tcp.set_nodelay(true).expect("a socket");
    tcp
}

async fn encrypted(tcp: TcpStream, acceptor: TlsAcceptor, pause: Duration, truths: Truths) {
    let accepted = Instant::now();
    if !pause.is_zero() {
        tokio::time::sleep(pause).await;
    }
    if let Ok(tls) = acceptor.accept(tcp).await {
        answer(tls, micros(accepted.elapsed()), &truths).await.ok();
    }
}

async fn answer<T>(mut io: T, tls_us: u64, truths: &Truths) -> io::Result<()>
where
    T: AsyncRead + AsyncWrite + Unpin,
{
    let request = read_request(&mut io).await?;
    let target = request.split(' ').nth(1).unwrap_or_default();
    if request.starts_with("POST ") {
        let (nonce, truth) = stream(&mut io, &request, target).await?;
        let truth = Truth { tls_us, ..truth };
        truths.lock().expect("no panics").insert(nonce, truth);
    } else if target == "/truth" {
        let truths = std::mem::take(&mut *truths.lock().expect("no panics"));
        let lines: String = truths.iter().map(|(nonce, t)| t.write(nonce)).collect();
        io.write_all(lines.as_bytes()).await?;
    } else {
        io.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\nok\n")
            .await?;
    }
    io.shutdown().await
}

async fn read_request<T: AsyncRead + Unpin>(io: &mut T) -> io::Result<String> {
    let mut bytes = vec![0; REQUEST_BYTES_MAX];
    let mut len = 0;
    loop {
        let read = io.read(&mut bytes[len..]).await?;
        len += read;
        let text = String::from_utf8_lossy(&bytes[..len]);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let body_len = header(head, "content-length").map_or(0, |len| len.parse().unwrap_or(0));
        if read == 0 || (head.len() < text.len() && body.len() >= body_len) {
            return Ok(text.into_owned());
        }
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

async fn stream<T>(io: &mut T, request: &str, target: &str) -> io::Result<(String, Truth)>
where
    T: AsyncWrite + Unpin,
{
    let start = Instant::now();
    let nonce = header(request, "x-client-request-id").unwrap_or_default();
    let mut numbers = target.split('/').filter_map(|n| n.parse::<u64>().ok());
    let mut number = || numbers.next().unwrap_or_default();
    let (head_ms, first_ms, pieces, gap_ms) = (number(), number(), number(), number());
    let mut truth = Truth::default();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    truth.head_us = part(io, start, head_ms, head).await?;
    for piece in 0..pieces {
        let (pause_ms, text) = if piece == 0 {
            (first_ms, nonce)
        } else {
            (gap_ms, " on")
        };
        let event = format!(
            "data: {{\"id\":\"c\",\"model\":\"m\",\"choices\":[{{\"index\":0,\
             \"delta\":{{\"content\":\"{text}\"}},\"finish_reason\":null}}]}}\n\n"
        );
        let at_us = part(io, start, pause_ms, &event).await?;
        match piece {
            0 => truth.first_us = at_us,
            1 => truth.second_us = at_us,
            _ => {}
        }
    }
    let end = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n\
        data: [DONE]\n\n";
    part(io, start, 0, end).await?;
    Ok((nonce.to_owned(), truth))
}

/// Writes a part of the answer after a pause; when, since `start`.
async fn part<T>(io: &mut T, start: Instant, pause_ms: u64, text: &str) -> io::Result<u64>
where
    T: AsyncWrite + Unpin,
{
    if pause_ms > 0 {
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
    }
    let at_us = micros(start.elapsed());
    io.write_all(text.as_bytes()).await?;
    io.flush().await?;
    Ok(at_us)
}
