//! The server: one port that answers at once, and one that takes a request and stays silent.

use std::fs;
use std::future::pending;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\nok\n";
/// Longest request.
const REQUEST_BYTES_MAX: usize = 4 * 1024;

#[derive(Clone, Copy)]
enum Manner {
    Answers,
    StaysSilent,
}

/// Serves until killed; prints its two ports.
#[expect(clippy::print_stdout, reason = "how its ports become known")]
pub(crate) fn serve(ca_pem: &str) {
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
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let (quick, quick_port) = listen().await;
        let (silent, silent_port) = listen().await;
        println!("{quick_port} {silent_port}");
        tokio::join!(
            accept(quick, &acceptor, Manner::Answers),
            accept(silent, &acceptor, Manner::StaysSilent)
        );
    });
}

async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("its address").port();
    (listener, port)
}

async fn accept(listener: TcpListener, acceptor: &TlsAcceptor, manner: Manner) {
    loop {
        let (tcp, _) = listener.accept().await.expect("descriptors");
        tokio::spawn(answer(tcp, acceptor.clone(), manner));
    }
}

async fn answer(tcp: TcpStream, acceptor: TlsAcceptor, manner: Manner) {
    tcp.set_nodelay(true).expect("a socket");
    let Ok(mut tls) = acceptor.accept(tcp).await else {
        return;
    };
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") && request.len() < REQUEST_BYTES_MAX {
        if tls.read_buf(&mut request).await.unwrap_or(0) == 0 {
            return;
        }
    }
    if matches!(manner, Manner::StaysSilent) {
        // Until the client hangs up.
        let mut rest = [0; 16];
        if tls.read(&mut rest).await.unwrap_or(0) > 0 {
            pending::<()>().await;
        }
        return;
    }
    if tls.write_all(ANSWER).await.is_ok() {
        tls.shutdown().await.ok();
    }
}
