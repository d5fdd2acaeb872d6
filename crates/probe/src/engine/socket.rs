//! A connection, ready for HTTP, with or without TLS.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::tap::{Stamps, Tap};

/// The connection, and when bytes passed its tap.
pub(super) struct Socket {
    bytes: Bytes,
    pub(super) stamps: Stamps,
}

enum Bytes {
    Plain(Tap),
    Tls(Box<TlsStream<Tap>>),
}

impl Socket {
    pub(super) fn plain(tap: Tap, stamps: Stamps) -> Self {
        let bytes = Bytes::Plain(tap);
        Self { bytes, stamps }
    }

    pub(super) fn tls(stream: TlsStream<Tap>, stamps: Stamps) -> Self {
        let bytes = Bytes::Tls(Box::new(stream));
        Self { bytes, stamps }
    }

    pub(super) fn tcp(&self) -> &TcpStream {
        match &self.bytes {
            Bytes::Plain(tap) => tap.tcp(),
            Bytes::Tls(tls) => tls.get_ref().0.tcp(),
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        let read = match &mut this.bytes {
            Bytes::Plain(io) => Pin::new(io).poll_read(cx, buf),
            Bytes::Tls(io) => Pin::new(io).poll_read(cx, buf),
        };
        if buf.filled().len() > before {
            this.stamps.answers();
        }
        read
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().bytes {
            Bytes::Plain(io) => Pin::new(io).poll_write(cx, buf),
            Bytes::Tls(io) => Pin::new(io).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.get_mut().bytes {
            Bytes::Plain(io) => Pin::new(io).poll_write_vectored(cx, bufs),
            Bytes::Tls(io) => Pin::new(io).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.bytes {
            Bytes::Plain(io) => io.is_write_vectored(),
            Bytes::Tls(io) => io.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().bytes {
            Bytes::Plain(io) => Pin::new(io).poll_flush(cx),
            Bytes::Tls(io) => Pin::new(io).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().bytes {
            Bytes::Plain(io) => Pin::new(io).poll_shutdown(cx),
            Bytes::Tls(io) => Pin::new(io).poll_shutdown(cx),
        }
    }
}
