//! HTTP over one connection, driven by the task that waits for the answer.
//!
//! The connection has no task of its own: whenever the attempt runs, its socket is read first. One
//! turn of the event loop is therefore all that stands between bytes and their stamp, and nothing
//! is read before what came earlier has been taken. (Under HTTP/2 a task of the library's reads
//! the socket; the stamps are those of its reads.)

use std::error::Error as _;
use std::fmt;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::Bytes;
use domain::detail::Net;
use http::Response;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Frame, Incoming};
use hyper::client::conn::{TrySendError, http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::time::Instant;

use super::request::Version;
use super::socket::Socket;
use super::tap::Stamps;

/// Most bytes of a response head.
const HEAD_BYTES_MAX: u32 = 64 * 1024;
/// Most headers of a response.
const HEADERS_MAX: usize = 256;

type Request = http::Request<Full<Bytes>>;
type Answered = Result<Response<Incoming>, TrySendError<Request>>;

/// A connection that speaks HTTP.
pub(super) struct Link {
    /// What is known of it; `warm` is false.
    pub(super) net: Net,
    pub(super) stamps: Stamps,
    pub(super) opened_at: Instant,
    sender: Sender,
    driver: Driver,
}

enum Sender {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

/// The connection's own work.
enum Driver {
    Http1(Box<http1::Connection<TokioIo<Socket>, Full<Bytes>>>),
    Http2(Box<http2::Connection<TokioIo<Socket>, Full<Bytes>, TokioExecutor>>),
    /// It has ended.
    Ended,
}

impl Driver {
    /// Lets the connection read and write what it can.
    fn drive(&mut self, cx: &mut Context<'_>) {
        let ended = match self {
            Self::Http1(connection) => Pin::new(connection).poll(cx),
            Self::Http2(connection) => Pin::new(connection).poll(cx),
            Self::Ended => return,
        };
        // How it ended is told to whoever waits for the answer.
        if ended.is_ready() {
            *self = Self::Ended;
        }
    }

    /// Waits for `step`, and drives the connection meanwhile.
    async fn during<S: Future>(&mut self, step: S) -> S::Output {
        let mut step = pin!(step);
        std::future::poll_fn(|cx| {
            self.drive(cx);
            step.as_mut().poll(cx)
        })
        .await
    }
}

impl Link {
    /// Begins to speak HTTP, in the version that was negotiated.
    pub(super) async fn new(socket: Socket, net: Net) -> hyper::Result<Self> {
        let stamps = socket.stamps.clone();
        let opened_at = Instant::now();
        let io = TokioIo::new(socket);
        let (sender, driver) = if net.alpn.as_deref() == Some("h2") {
            let (sender, connection) = http2::Builder::new(TokioExecutor::new())
                .max_header_list_size(HEAD_BYTES_MAX)
                .handshake(io)
                .await?;
            (Sender::Http2(sender), Driver::Http2(Box::new(connection)))
        } else {
            let (sender, connection) = http1::Builder::new()
                .max_headers(HEADERS_MAX)
                .max_header_size(HEAD_BYTES_MAX as usize)
                .handshake(io)
                .await?;
            (Sender::Http1(sender), Driver::Http1(Box::new(connection)))
        };
        Ok(Self {
            net,
            stamps,
            opened_at,
            sender,
            driver,
        })
    }

    pub(super) fn version(&self) -> Version {
        match self.sender {
            Sender::Http1(_) => Version::Http1,
            Sender::Http2(_) => Version::Http2,
        }
    }

    /// Sends a request; the answer's head, or why there is none.
    pub(super) async fn send(&mut self, request: Request) -> Answered {
        match &mut self.sender {
            Sender::Http1(sender) => self.driver.during(sender.try_send_request(request)).await,
            Sender::Http2(sender) => self.driver.during(sender.try_send_request(request)).await,
        }
    }

    /// Whether a request that failed before its answer's head met a dead connection, rather than a
    /// server that refuses to answer it.
    pub(super) fn died(&self, error: &hyper::Error) -> bool {
        match self.sender {
            Sender::Http1(_) => !self.stamps.is_answered(),
            // What comes before the head may be for the connection. A stream that is reset was
            // looked at, unless the server says that it was not.
            Sender::Http2(_) => !error
                .source()
                .and_then(|source| source.downcast_ref::<h2::Error>())
                .is_some_and(|e| e.is_reset() && e.reason() != Some(h2::Reason::REFUSED_STREAM)),
        }
    }

    /// The next piece of the answer's body.
    pub(super) async fn frame(
        &mut self,
        body: &mut Incoming,
    ) -> Option<hyper::Result<Frame<Bytes>>> {
        self.driver.during(body.frame()).await
    }

    /// Whether another request can be sent now: nothing is under way, and the server has not hung
    /// up.
    pub(super) async fn stands(&mut self) -> bool {
        let ready = std::future::poll_fn(|cx| {
            self.driver.drive(cx);
            let ready = match &mut self.sender {
                Sender::Http1(sender) => sender.poll_ready(cx),
                Sender::Http2(sender) => sender.poll_ready(cx),
            };
            Poll::Ready(ready)
        });
        matches!(ready.await, Poll::Ready(Ok(()))) && !matches!(self.driver, Driver::Ended)
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("net", &self.net)
            .field("opened_at", &self.opened_at)
            .finish_non_exhaustive()
    }
}
