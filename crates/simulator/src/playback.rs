//! Decided replies, as every wire makes them, and how they are played on their connections.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use hyper::body::Frame;
use tokio::time::{Sleep, sleep};

use crate::connection::ConnectionHandle;

/// One thing a body does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Send(Bytes),
    Wait(Duration),
    /// Send nothing more and keep the connection.
    Hang,
    Reset,
}

/// What happens beneath HTTP before the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    Plain,
    TrickleHead(Duration),
    /// Close without a byte.
    Close,
    /// Reset without a byte.
    Reset,
}

/// A decided response.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    /// Before anything is sent.
    pub(crate) wait: Duration,
    pub(crate) manner: Manner,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) steps: Vec<Step>,
    /// Whether the body's length is left open even if it could be told.
    pub(crate) streams: bool,
}

impl Reply {
    /// A body known whole, sent at once.
    pub(crate) fn whole(status: StatusCode, headers: HeaderMap, body: Bytes) -> Self {
        let (wait, manner) = (Duration::ZERO, Manner::Plain);
        Self {
            wait,
            manner,
            status,
            headers,
            steps: vec![Step::Send(body)],
            streams: false,
        }
    }

    /// The status the client will see, if it sees one.
    pub(crate) fn status_seen(&self) -> Option<u16> {
        match self.manner {
            Manner::Close | Manner::Reset => None,
            Manner::Plain | Manner::TrickleHead(_) => Some(self.status.as_u16()),
        }
    }

    pub(crate) fn typed(mut self, content_type: &'static str) -> Self {
        self.headers
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        self
    }
}

/// Waits, misbehaves or answers as the reply says.
pub(crate) async fn deliver(mut reply: Reply, connection: ConnectionHandle) -> Response {
    if !reply.wait.is_zero() {
        sleep(reply.wait).await;
    }
    match reply.manner {
        Manner::Plain => {}
        Manner::TrickleHead(wait) => connection.trickle_head(wait),
        // The response below never leaves.
        Manner::Close => connection.close(),
        Manner::Reset => connection.reset(),
    }
    let body = match reply.steps.as_mut_slice() {
        [] => Body::empty(),
        // A body known whole is sent with its length.
        [Step::Send(bytes)] if !reply.streams => Body::from(std::mem::take(bytes)),
        _ => Body::new(Playback {
            steps: reply.steps.into_iter(),
            state: State::Next,
            connection,
        }),
    };
    let mut response = Response::new(body);
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    response
}

#[derive(Debug)]
enum State {
    Next,
    Waiting(Pin<Box<Sleep>>),
    Hung,
}

/// A response body that follows steps.
#[derive(Debug)]
struct Playback {
    steps: std::vec::IntoIter<Step>,
    state: State,
    connection: ConnectionHandle,
}

impl hyper::body::Body for Playback {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        loop {
            match &mut self.state {
                State::Next => {}
                State::Waiting(sleep) => ready!(sleep.as_mut().poll(context)),
                // No waker: the server drops this body when the client leaves or at shutdown.
                State::Hung => return Poll::Pending,
            }
            self.state = match self.steps.next() {
                None => return Poll::Ready(None),
                Some(Step::Send(bytes)) => {
                    self.state = State::Next;
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                Some(Step::Wait(wait)) => State::Waiting(Box::pin(sleep(wait))),
                Some(Step::Hang) => State::Hung,
                Some(Step::Reset) => {
                    self.connection.reset();
                    return Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into())));
                }
            };
        }
    }
}
