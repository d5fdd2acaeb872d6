//! A TCP connection that can be told to misbehave beneath HTTP.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use crate::lock;

/// Writes that a trickled response head is cut into.
const HEAD_PIECES: u32 = 8;

/// What a handler has decided for its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Healthy,
    /// Close with a FIN and without another byte.
    Close,
    /// Close with an RST.
    Reset,
    /// Spread the next response head over this time.
    Trickle(Duration),
}

/// Which listener a connection came by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Region {
    /// The main one, without a name.
    #[default]
    Main,
    /// One with a region's name.
    Named(Arc<str>),
    /// One that faults of connections do not reach.
    Admin,
}

impl Region {
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Named(name) => Some(name),
            Self::Main | Self::Admin => None,
        }
    }
}

/// A handler's grip on the connection its request came by.
#[derive(Clone, Debug)]
pub(crate) struct ConnectionHandle {
    fate: Arc<Mutex<Fate>>,
    pub(crate) region: Region,
}

impl ConnectionHandle {
    /// From now on nothing is sent; the connection closes at the next write.
    pub(crate) fn close(&self) {
        *lock(&self.fate) = Fate::Close;
    }

    /// From now on nothing is sent; when HTTP lets go of the connection, it is reset.
    pub(crate) fn reset(&self) {
        *lock(&self.fate) = Fate::Reset;
    }

    /// The next response head takes `wait` from its first to its last byte.
    pub(crate) fn trickle_head(&self, wait: Duration) {
        *lock(&self.fate) = Fate::Trickle(wait);
    }
}

/// A head in the course of being trickled.
#[derive(Debug)]
struct Trickle {
    pause: Duration,
    sleep: Pin<Box<Sleep>>,
    piece_bytes: usize,
    bytes_left: usize,
}

impl Trickle {
    /// The HTTP layer hands over the whole head in one buffer, perhaps with some body behind it.
    fn new(buffer: &[u8], wait: Duration) -> Self {
        let end = buffer.windows(4).position(|window| window == b"\r\n\r\n");
        let bytes_left = end.map_or(buffer.len(), |position| position + 4);
        let pieces = usize::try_from(HEAD_PIECES).unwrap_or(1);
        Self {
            pause: wait / (HEAD_PIECES - 1),
            sleep: Box::pin(sleep(Duration::ZERO)),
            piece_bytes: bytes_left.div_ceil(pieces).max(1),
            bytes_left,
        }
    }
}

/// The byte stream under one HTTP connection.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    fate: Arc<Mutex<Fate>>,
    trickle: Option<Trickle>,
}

impl Connection {
    pub(crate) fn new(stream: TcpStream, region: Region) -> (Self, ConnectionHandle) {
        let fate = Arc::new(Mutex::new(Fate::Healthy));
        let handle = ConnectionHandle {
            fate: Arc::clone(&fate),
            region,
        };
        (
            Self {
                stream,
                fate,
                trickle: None,
            },
            handle,
        )
    }

    fn poll_trickle(
        &mut self,
        context: &mut Context<'_>,
        buffer: &[u8],
        wait: Duration,
    ) -> Poll<io::Result<usize>> {
        let trickle = self
            .trickle
            .get_or_insert_with(|| Trickle::new(buffer, wait));
        ready!(trickle.sleep.as_mut().poll(context));
        let length = trickle
            .piece_bytes
            .min(trickle.bytes_left)
            .min(buffer.len());
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, &buffer[..length]))?;
        trickle.bytes_left -= written;
        if trickle.bytes_left == 0 {
            self.trickle = None;
            *lock(&self.fate) = Fate::Healthy;
        } else {
            trickle.sleep = Box::pin(sleep(trickle.pause));
        }
        Poll::Ready(Ok(written))
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

// Vectored writes stay off (the default), so that a head arrives in one buffer.
impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        let fate = *lock(&self.fate);
        match fate {
            Fate::Healthy => Pin::new(&mut self.stream).poll_write(context, buffer),
            Fate::Trickle(wait) => self.poll_trickle(context, buffer, wait),
            Fate::Close | Fate::Reset => Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into())),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if *lock(&self.fate) == Fate::Reset {
            return Poll::Ready(Ok(())); // A FIN first would make the reset look like a clean end.
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if *lock(&self.fate) == Fate::Reset
            && let Err(error) = self.stream.set_zero_linger()
        {
            tracing::warn!(%error, "failed to prepare a reset, closing instead");
        }
    }
}
