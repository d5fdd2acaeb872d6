//! Scripted servers: one connection each, bytes and pauses as told.

use std::io::Write as _;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use rcgen::{CertifiedKey, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use tempfile::NamedTempFile;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::super::TlsRoots;

static IDENTITY: LazyLock<CertifiedKey<KeyPair>> =
    LazyLock::new(|| rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap());
static CA_FILE: LazyLock<NamedTempFile> = LazyLock::new(|| {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(IDENTITY.cert.pem().as_bytes()).unwrap();
    file
});

/// Roots that believe the servers here.
pub(super) fn roots() -> TlsRoots {
    TlsRoots::PlatformAnd {
        ca_pem: CA_FILE.path().to_owned(),
    }
}

/// One thing a server does.
#[derive(Clone, Debug)]
pub(super) enum Do {
    Send(String),
    SendBytes(Vec<u8>),
    Pause(Duration),
    /// Sends the same again and again, until the client goes.
    Repeat(&'static str, Duration),
    /// Keeps the connection open until the client goes.
    Hold,
    /// Ends with a reset instead of a close.
    Reset,
}

pub(super) fn send(text: impl Into<String>) -> Do {
    Do::Send(text.into())
}

pub(super) const STREAM_HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
    x-request-id: req_1\r\nset-cookie: a=b\r\nconnection: close\r\n\r\n";

/// A response with a content length.
pub(super) fn response(status: &str, headers: &str, body: &str) -> Do {
    let len = body.len();
    send(format!(
        "HTTP/1.1 {status}\r\ncontent-length: {len}\r\n{headers}\r\n{body}"
    ))
}

/// A chunk of the stream with this delta.
pub(super) fn delta(delta: &str) -> String {
    format!(
        "data: {{\"id\":\"chatcmpl-1\",\"model\":\"gpt-4o-mini-2024-07-18\",\"choices\":[{{\"index\":0,\"delta\":{delta},\"finish_reason\":null}}]}}\n\n"
    )
}

pub(super) fn text(text: &str) -> String {
    delta(&format!("{{\"content\":\"{text}\"}}"))
}

pub(super) const FINISH: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n\
    data: {\"choices\":[],\"service_tier\":\"default\",\"usage\":{\"prompt_tokens\":12,\"completion_tokens\":7}}\n\n";
pub(super) const DONE: &str = "data: [DONE]\n\n";

/// A listening server.
pub(super) struct Server {
    pub(super) port: u16,
    scheme: &'static str,
    host: &'static str,
    request: JoinHandle<String>,
}

impl Server {
    /// Answers in clear text.
    pub(super) async fn plain(script: Vec<Do>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let request = tokio::spawn(async move {
            let (tcp, _) = listener.accept().await.unwrap();
            if script.iter().any(|step| matches!(step, Do::Reset)) {
                tcp.set_zero_linger().unwrap();
            }
            play(tcp, script).await
        });
        Self {
            port,
            scheme: "http",
            host: "127.0.0.1",
            request,
        }
    }

    /// Answers over TLS, after a pause before the handshake.
    pub(super) async fn tls(pause: Duration, script: Vec<Do>) -> Self {
        let (listener, acceptor) = Self::tls_listener(&[b"http/1.1"]).await;
        let port = listener.local_addr().unwrap().port();
        let request = tokio::spawn(async move {
            let (tcp, _) = listener.accept().await.unwrap();
            tokio::time::sleep(pause).await;
            match acceptor.accept(tcp).await {
                Ok(tls) => play(tls, script).await,
                Err(_) => String::new(),
            }
        });
        Self {
            port,
            scheme: "https",
            host: "localhost",
            request,
        }
    }

    /// A listener and an acceptor that offers these protocols.
    pub(super) async fn tls_listener(alpn: &[&[u8]]) -> (TcpListener, TlsAcceptor) {
        let key = PrivateKeyDer::try_from(IDENTITY.signing_key.serialize_der()).unwrap();
        let mut config =
            ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(vec![IDENTITY.cert.der().clone()], key)
                .unwrap();
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        (listener, TlsAcceptor::from(Arc::new(config)))
    }

    pub(super) fn base(&self) -> String {
        format!("{}://{}:{}/v1", self.scheme, self.host, self.port)
    }

    /// The request it received, once the script is over.
    pub(super) async fn request(self) -> String {
        self.request.await.unwrap()
    }
}

/// Reads one request, then follows the script. Errors mean that the client has gone.
async fn play<T: AsyncRead + AsyncWrite + Unpin>(mut io: T, script: Vec<Do>) -> String {
    let request = read_request(&mut io).await;
    for step in script {
        let still_there = match step {
            Do::Send(text) => {
                io.write_all(text.as_bytes()).await.is_ok() && io.flush().await.is_ok()
            }
            Do::SendBytes(bytes) => io.write_all(&bytes).await.is_ok() && io.flush().await.is_ok(),
            Do::Pause(pause) => {
                tokio::time::sleep(pause).await;
                true
            }
            Do::Repeat(text, pause) => {
                while io.write_all(text.as_bytes()).await.is_ok() {
                    tokio::time::sleep(pause).await;
                }
                false
            }
            Do::Hold => {
                while io.read_u8().await.is_ok() {}
                false
            }
            Do::Reset => return request,
        };
        if !still_there {
            return request;
        }
    }
    io.shutdown().await.ok();
    request
}

pub(super) async fn read_request<T: AsyncRead + Unpin>(io: &mut T) -> String {
    let mut bytes = Vec::new();
    while let Ok(byte) = io.read_u8().await {
        bytes.push(byte);
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let len = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |len| len.parse().unwrap());
        if body.len() >= len {
            break;
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// Accepts connections that it never answers, and never closes.
pub(super) async fn silent() -> (u16, JoinHandle<Vec<TcpStream>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let accepted = tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((tcp, _)) = listener.accept().await {
            open.push(tcp);
        }
        open
    });
    (port, accepted)
}
