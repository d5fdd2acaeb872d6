//! A socket that remembers when bytes passed it.
//!
//! HTTP and TLS libraries buffer, and tasks wait for their turn: when bytes came is known at the
//! read only, and when a request left at the write only. The tap therefore sits between the socket
//! and everything else. Non-goal: when bytes reached the machine, which the kernel keeps to itself.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;

/// A read of the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Read {
    /// When it returned.
    pub(super) at: Instant,
    /// Reads with nothing to wait for between them have the same number: what they brought was
    /// there together.
    pub(super) delivery: u64,
}

/// How much of the request has left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Upload {
    /// There is none; what is written is the protocol's own.
    #[default]
    Absent,
    /// Handed over, but nothing has been written since.
    Due,
    /// Last written then; more may follow.
    Leaving(Instant),
    /// Something was read since; what is written now is the protocol's own.
    Left(Instant),
}

#[derive(Debug, Default)]
struct Marks {
    read: Option<Read>,
    /// Whether bytes of an answer came since the request began.
    answered: bool,
    deliveries: u64,
    /// Whether the last read found nothing.
    waited: bool,
    upload: Upload,
}

/// When bytes passed, shared with whoever writes it down.
#[derive(Clone, Debug, Default)]
pub(super) struct Stamps(Arc<Mutex<Marks>>);

impl Stamps {
    /// A request is about to be handed over; reads for earlier ones are forgotten.
    pub(super) fn request_begins(&self) {
        let mut marks = self.marks();
        marks.read = None;
        marks.answered = false;
        marks.upload = Upload::Due;
    }

    /// The last read since the request began.
    pub(super) fn last_read(&self) -> Option<Read> {
        self.marks().read
    }

    /// Whether a byte of an answer came since the request began: one that HTTP sees, not of TLS.
    pub(super) fn is_answered(&self) -> bool {
        self.marks().answered
    }

    /// The last write of the request. The first byte read after it seals it, so that window
    /// updates and acknowledgements of HTTP/2 do not pass for a part of the request.
    pub(super) fn sent(&self) -> Option<Instant> {
        match self.marks().upload {
            Upload::Absent | Upload::Due => None,
            Upload::Leaving(at) | Upload::Left(at) => Some(at),
        }
    }

    fn marks(&self) -> MutexGuard<'_, Marks> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn waits(&self) {
        self.marks().waited = true;
    }

    /// A byte came out of the connection.
    pub(super) fn answers(&self) {
        self.marks().answered = true;
    }

    /// A read returned bytes, an end or an error.
    fn read(&self) {
        let at = Instant::now();
        let mut marks = self.marks();
        marks.deliveries += u64::from(std::mem::take(&mut marks.waited));
        marks.read = Some(Read {
            at,
            delivery: marks.deliveries,
        });
        if let Upload::Leaving(at) = marks.upload {
            marks.upload = Upload::Left(at);
        }
    }

    fn wrote(&self) {
        let at = Instant::now();
        let mut marks = self.marks();
        if matches!(marks.upload, Upload::Due | Upload::Leaving(_)) {
            marks.upload = Upload::Leaving(at);
        }
    }
}

/// The socket.
#[derive(Debug)]
pub(super) struct Tap {
    io: TcpStream,
    stamps: Stamps,
}

impl Tap {
    pub(super) fn new(io: TcpStream, stamps: Stamps) -> Self {
        Self { io, stamps }
    }

    pub(super) fn tcp(&self) -> &TcpStream {
        &self.io
    }

    fn stamp_write(&self, written: &Poll<io::Result<usize>>) {
        if matches!(written, Poll::Ready(Ok(1..))) {
            self.stamps.wrote();
        }
    }
}

impl AsyncRead for Tap {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.io).poll_read(cx, buf);
        if read.is_pending() {
            self.stamps.waits();
        }
        let read = ready!(read);
        self.stamps.read();
        Poll::Ready(read)
    }
}

impl AsyncWrite for Tap {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write(cx, buf);
        self.stamp_write(&written);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.io).poll_write_vectored(cx, bufs);
        self.stamp_write(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn writes_after_the_first_read_are_not_the_request() {
        let stamps = Stamps::default();
        stamps.wrote();
        assert_eq!(stamps.sent(), None, "a preface is not the request");
        stamps.request_begins();
        assert_eq!(stamps.sent(), None);
        stamps.wrote();
        stamps.wrote();
        let sent = stamps.sent();
        stamps.read();
        stamps.wrote();
        assert!(sent.is_some());
        assert_eq!(stamps.sent(), sent);
    }

    #[tokio::test]
    async fn reads_without_a_wait_between_them_are_one_delivery() {
        let stamps = Stamps::default();
        let delivery = || {
            stamps.read();
            stamps.last_read().unwrap().delivery
        };
        let first = delivery();
        assert_eq!(delivery(), first);
        stamps.waits();
        assert_eq!(delivery(), first + 1);
        stamps.request_begins();
        assert_eq!(stamps.last_read(), None);
    }
}
