//! Plays a decided reply on its connection.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use hyper::body::Frame;
use tokio::time::{Sleep, sleep};

use crate::connection::ConnectionHandle;
use crate::reply::{Manner, Reply, Step};

/// Waits, misbehaves or answers as the reply says.
pub(crate) async fn deliver(mut reply: Reply, connection: ConnectionHandle) -> Response {
    if !reply.wait.is_zero() {
        sleep(reply.wait).await;
    }
    match reply.manner {
        Manner::Plain => {}
        Manner::TrickleHead(wait) => connection.trickle_head(wait),
        Manner::Close => connection.close(), // The response below never leaves.
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
