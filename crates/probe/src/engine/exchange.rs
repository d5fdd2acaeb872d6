//! One request and its answer over one connection.

use std::sync::Arc;

use bytes::Bytes;
use domain::clock::{Clock as _, SystemClock};
use http::Response;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ClientConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;

use super::Fault;
use super::connect::{self, Connection};
use super::request::{Prepared, Version};
use super::tap::Tap;
use super::trail::Trail;
use crate::classify::Transport;
use crate::endpoint::Endpoint;
use crate::spec::Spec;
use crate::wire::StreamEnd;

/// Most bytes of a response head.
const HEAD_BYTES_MAX: u32 = 64 * 1024;
/// Most headers of a response.
const HEADERS_MAX: usize = 256;

type Request = http::Request<Full<Bytes>>;
/// The connection's own task; it ends when this is dropped.
type Driver = JoinSet<Result<(), hyper::Error>>;

/// Connects, sends, and reads the answer into `trail`.
pub(super) async fn run(
    tls: &Arc<ClientConfig>,
    spec: &Spec,
    endpoint: &Endpoint,
    trail: &mut Trail,
) -> Result<(), Fault> {
    let request = Prepared::of(spec, endpoint, SystemClock.now())?;
    match connect::open(tls, endpoint, trail).await? {
        Connection::Plain(io) => talk(io, spec, endpoint, request, trail).await,
        Connection::Tls(io) => talk(io, spec, endpoint, request, trail).await,
    }
}

async fn talk<T>(
    io: T,
    spec: &Spec,
    endpoint: &Endpoint,
    request: Prepared,
    trail: &mut Trail,
) -> Result<(), Fault>
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    trail.connected();
    let version = match trail.net.alpn.as_deref() {
        Some("h2") => Version::Http2,
        _ => Version::Http1,
    };
    let request = request.build(endpoint, version);
    let io = TokioIo::new(Tap::new(io, trail.start, trail.last_write.clone()));
    let mut driver = Driver::new();
    let sent = match version {
        Version::Http1 => send_http1(io, request, &mut driver).await,
        Version::Http2 => send_http2(io, request, &mut driver).await,
    };
    let response = sent.map_err(|e| before_headers(&e))?;
    let (head, body) = response.into_parts();
    trail.headers(head, spec);
    read(body, spec, trail).await
}

async fn send_http1<T>(
    io: T,
    request: Request,
    driver: &mut Driver,
) -> hyper::Result<Response<Incoming>>
where
    T: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::Builder::new()
        .max_headers(HEADERS_MAX)
        .max_header_size(HEAD_BYTES_MAX as usize)
        .handshake(io)
        .await?;
    driver.spawn(connection);
    sender.send_request(request).await
}

async fn send_http2<T>(
    io: T,
    request: Request,
    driver: &mut Driver,
) -> hyper::Result<Response<Incoming>>
where
    T: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let (mut sender, connection) = http2::Builder::new(TokioExecutor::new())
        .max_header_list_size(HEAD_BYTES_MAX)
        .handshake(io)
        .await?;
    driver.spawn(connection);
    sender.send_request(request).await
}

fn before_headers(error: &hyper::Error) -> Fault {
    let transport = if error.is_parse() {
        Transport::Invalid
    } else {
        Transport::Cut
    };
    Fault::from_error(transport, "no response headers", error)
}

/// Reads the body until it ends, until nothing more can change what it means, or until output
/// stops arriving. The deadline is the caller's.
async fn read(mut body: Incoming, spec: &Spec, trail: &mut Trail) -> Result<(), Fault> {
    loop {
        let frame = match trail.patience(spec.stall_after) {
            Some(until) => match tokio::time::timeout_at(until, body.frame()).await {
                Ok(frame) => frame,
                Err(_) if trail.is_settled() => return Ok(()),
                Err(_) => return Err(Fault::new(Transport::Stalled, "output stopped arriving")),
            },
            None => body.frame().await,
        };
        match frame {
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    trail.take(&data)?;
                }
            }
            Some(Err(_)) if trail.is_settled() => return Ok(()),
            Some(Err(e)) => {
                trail.body_ended(StreamEnd::Early);
                let transport = if e.is_parse() {
                    Transport::Invalid
                } else {
                    Transport::Cut
                };
                return Err(Fault::from_error(transport, "body", &e));
            }
            None => {
                trail.body_ended(StreamEnd::Clean);
                return Ok(());
            }
        }
    }
}
