//! Listeners that can be shut, and connections that fail before there is a request.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::app::App;
use crate::connection::Region;
use crate::director::Reachability;
use crate::fault::Fault;

/// How often a listener looks whether the time has come to shut or to open.
const POLL: Duration = Duration::from_millis(25);
/// How long a connection that will be answered with nonsense may take to say something.
const GREETING_WAIT: Duration = Duration::from_secs(2);

/// Bytes that are read at once, and thrown away.
const HEARD_BYTES_MAX: usize = 16 * 1024;

/// A fatal alert `handshake_failure` in a TLS 1.2 record.
const TLS_ALERT: &[u8] = &[21, 3, 3, 0, 2, 2, 40];
const PLAIN_TEXT: &[u8] = b"HTTP/1.1 400 Bad Request\r\nserver: nines-sim\r\n\
    x-nines-simulated: true\r\ncontent-type: text/plain\r\nconnection: close\r\n\
    content-length: 54\r\n\r\nThe plain HTTP request was sent to an HTTPS port here\n";
const GARBAGE: &[u8] = b"\x00\xff\x17nines\x80\x81\x82\xfe\xfd\x00\x00simulated garbage\xff\xff";

/// A listener of one region.
#[derive(Debug)]
pub(crate) struct Door {
    addr: SocketAddr,
    region: Region,
    listener: Option<TcpListener>,
}

impl Door {
    pub(crate) async fn open(addr: SocketAddr, region: Region) -> io::Result<Self> {
        let listener = TcpListener::bind(addr).await?;
        Ok(Self {
            addr: listener.local_addr()?,
            region,
            listener: Some(listener),
        })
    }

    pub(crate) const fn addr(&self) -> SocketAddr {
        self.addr
    }

    pub(crate) fn region(&self) -> Region {
        self.region.clone()
    }

    /// The next connection. While a rule says `unreachable`, nothing listens, so that the system
    /// refuses connections by itself. May be dropped at any time.
    pub(crate) async fn accept(&mut self, app: &App) -> io::Result<TcpStream> {
        loop {
            let changed = app.director.changed.notified();
            let mut changed = std::pin::pin!(changed);
            changed.as_mut().enable(); // Before looking, so that no change is missed.
            let reachability = match &self.region {
                Region::Admin => Reachability::Present,
                region => app.director.reachability(region.name()),
            };
            if reachability == Reachability::Away {
                self.listener = None;
                tokio::time::sleep(POLL).await;
                continue;
            }
            let listener = match &mut self.listener {
                Some(listener) => listener,
                closed => closed.insert(TcpListener::bind(self.addr).await?),
            };
            let look_again = async {
                match reachability {
                    Reachability::ForNow => tokio::time::sleep(POLL).await,
                    _ => std::future::pending().await,
                }
            };
            tokio::select! {
                accepted = listener.accept() => return accepted.map(|(stream, _)| stream),
                () = changed => {}
                () = look_again => {}
            }
        }
    }
}

/// Lets a connection in, or does to it what a rule about connections says.
pub(crate) async fn greet(stream: TcpStream, region: &Region, app: &Arc<App>) -> Option<TcpStream> {
    if *region == Region::Admin {
        return Some(stream);
    }
    match app.director.greet(region.name()) {
        None => return Some(stream),
        Some(Fault::AcceptReset {}) => {
            if let Err(error) = stream.set_zero_linger() {
                tracing::warn!(%error, "failed to prepare a reset, closing instead");
            }
        }
        Some(Fault::PlainText {}) => answer(stream, Bytes::from_static(PLAIN_TEXT)).await,
        Some(Fault::TlsAlert {}) => answer(stream, Bytes::from_static(TLS_ALERT)).await,
        Some(Fault::Garbage {}) => answer(stream, Bytes::from_static(GARBAGE)).await,
        Some(_) => {} // Closed by being dropped.
    }
    None
}

/// Answers whatever is said first, and closes in good order: bytes left unread would turn the end
/// into a reset.
async fn answer(mut stream: TcpStream, bytes: Bytes) {
    let mut heard = vec![0; HEARD_BYTES_MAX];
    let exchange = async {
        let _first = stream.read(&mut heard).await?;
        stream.write_all(&bytes).await?;
        stream.shutdown().await?;
        while stream.read(&mut heard).await? > 0 {}
        io::Result::Ok(())
    };
    match timeout(GREETING_WAIT, exchange).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a connection ended before its nonsense"),
        Err(_) => tracing::debug!("a connection said nothing, or stayed"),
    }
}
