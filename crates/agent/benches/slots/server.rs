//! The server: one port that answers at once, and one that takes a request and stays silent.

use std::cell::RefCell;
use std::fs::{self, File};
use std::future::pending;
use std::io::Write as _;
use std::rc::Rc;
use std::sync::Arc;

use domain::{Clock as _, SystemClock, UnixMicros};
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

/// Where what came is noted.
#[derive(Clone)]
struct Notes(Rc<RefCell<File>>);

impl Notes {
    /// A moment, and what was asked for then.
    fn write(&self, at: UnixMicros, request: &[u8]) {
        let line = request.split(|byte| *byte == b'\r').next();
        let line = String::from_utf8_lossy(line.unwrap_or_default());
        let path = line.split(' ').nth(1).unwrap_or_default();
        writeln!(self.0.borrow_mut(), "{} {path}", at.get()).expect("room for notes");
    }
}

/// Serves until killed; prints its two ports, and notes in a file when which page was asked for.
#[expect(clippy::print_stdout, reason = "how its ports become known")]
pub(crate) fn serve(ca_pem: &str, notes: &str) {
    let notes = Notes(Rc::new(RefCell::new(
        File::create(notes).expect("room for notes"),
    )));
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
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        let (quick, quick_port) = listen().await;
        let (silent, silent_port) = listen().await;
        println!("{quick_port} {silent_port}");
        tokio::join!(
            accept(quick, (&acceptor, &notes), Manner::Answers),
            accept(silent, (&acceptor, &notes), Manner::StaysSilent)
        );
    });
}

async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("its address").port();
    (listener, port)
}

async fn accept(listener: TcpListener, (acceptor, notes): (&TlsAcceptor, &Notes), manner: Manner) {
    loop {
        let (tcp, _) = listener.accept().await.expect("descriptors");
        let came = SystemClock.now();
        let arrival = (came, notes.clone());
        tokio::task::spawn_local(answer(tcp, acceptor.clone(), arrival, manner));
    }
}

async fn answer(
    tcp: TcpStream,
    acceptor: TlsAcceptor,
    (came, notes): (UnixMicros, Notes),
    manner: Manner,
) {
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
    notes.write(came, &request);
}
