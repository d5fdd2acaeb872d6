//! Name resolution, TCP and TLS, each with its own stamp and its own failure.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use domain::detail::hex;
use domain::{Clock as _, SystemClock};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, ProtocolVersion};
use sha2::{Digest as _, Sha256};
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::leaf;
use super::resolve::resolve;
use super::socket::Socket;
use super::tap::{Stamps, Tap};
use super::trail::Trail;
use super::{Engine, Fault};
use crate::classify::Transport;
use crate::endpoint::{Endpoint, Scheme};
use crate::spec::Connection;

/// Longest wait for a connection, name resolution and TLS included.
pub(super) const CONNECT_MAX: Duration = Duration::from_secs(10);
/// Longest wait for one of several addresses, so that one which swallows packets leaves time for
/// the others.
const ADDRESS_MAX: Duration = Duration::from_secs(3);

/// Idle time after which a kept connection asks whether the other end is still there, so that
/// routers do not forget it and a dead one is known before it is used.
const KEEPALIVE_AFTER: Duration = Duration::from_secs(15);
/// Time between such questions, and how many may go unanswered.
const KEEPALIVE_EVERY: Duration = Duration::from_secs(5);
const KEEPALIVE_TRIES: u32 = 2;

/// Out of file descriptors, in the process or in the system (Linux and the BSDs agree on both).
const OUT_OF_DESCRIPTORS: [i32; 2] = [24, 23];

/// Connects within [`CONNECT_MAX`].
pub(super) async fn open(
    engine: &Engine,
    endpoint: &Endpoint,
    connection: Connection,
    trail: &mut Trail,
) -> Result<Socket, Fault> {
    let addresses = resolve(&engine.pinned, endpoint);
    let opened = open_untimed(&engine.tls, endpoint, addresses, trail);
    let opened = match tokio::time::timeout(CONNECT_MAX, opened).await {
        Ok(opened) => opened?,
        Err(_) if trail.phase.dns_us.is_none() => {
            return Err(Fault::new(
                Transport::NameUnresolved,
                "dns: no answer in time",
            ));
        }
        Err(_) => {
            return Err(Fault::new(
                Transport::ConnectTimedOut,
                "connect: no connection in time",
            ));
        }
    };
    if connection == Connection::Warm {
        keep_alive(opened.tcp());
    }
    Ok(opened)
}

/// A connection that cannot be kept alive is only kept less well.
fn keep_alive(tcp: &TcpStream) {
    let questions = TcpKeepalive::new()
        .with_time(KEEPALIVE_AFTER)
        .with_interval(KEEPALIVE_EVERY)
        .with_retries(KEEPALIVE_TRIES);
    if let Err(e) = SockRef::from(tcp).set_tcp_keepalive(&questions) {
        tracing::debug!(error = %e, "failed to switch keepalive on");
    }
}

async fn open_untimed(
    tls: &Arc<ClientConfig>,
    endpoint: &Endpoint,
    addresses: impl Future<Output = Result<Vec<SocketAddr>, Fault>>,
    trail: &mut Trail,
) -> Result<Socket, Fault> {
    let addresses = addresses.await?;
    trail.phase.dns_us = Some(trail.now_us());

    let tcp = dial(&addresses, &mut trail.net.tried).await?;
    trail.phase.tcp_us = Some(trail.now_us());
    let peer = tcp.peer_addr().ok();
    trail.net.family = peer.map(|peer| if peer.is_ipv4() { 4 } else { 6 });
    trail.net.remote = peer.map(|peer| peer.to_string());

    let stamps = Stamps::default();
    let tap = Tap::new(tcp, stamps.clone());
    if endpoint.transport == Scheme::Http {
        return Ok(Socket::plain(tap, stamps));
    }
    let name = ServerName::try_from(endpoint.host.clone())
        .map_err(|e| Fault::from_error(Transport::TlsFailed, "tls", &e))?;
    let stream = TlsConnector::from(Arc::clone(tls))
        .connect(name, tap)
        .await
        .map_err(|e| Fault::from_error(Transport::TlsFailed, "tls", &e))?;
    trail.phase.tls_us = Some(trail.now_us());
    let (_, session) = stream.get_ref();
    describe(session, trail);
    Ok(Socket::tls(stream, stamps))
}

/// Writes down what was negotiated, and with whom.
fn describe(session: &ClientConnection, trail: &mut Trail) {
    let net = &mut trail.net;
    net.alpn = session
        .alpn_protocol()
        .and_then(|alpn| String::from_utf8(alpn.to_vec()).ok());
    net.tls = match session.protocol_version() {
        Some(ProtocolVersion::TLSv1_2) => Some("1.2".to_owned()),
        Some(ProtocolVersion::TLSv1_3) => Some("1.3".to_owned()),
        _ => None,
    };
    if let Some(leaf) = session.peer_certificates().and_then(|chain| chain.first()) {
        net.leaf_sha256 = Some(hex(&Sha256::digest(leaf)));
        net.leaf_days = leaf::days_left(leaf, SystemClock.now());
    }
}

/// The first address that accepts; else the failure that says most. Once a second address is
/// tried, `tried` says how many were.
async fn dial(addresses: &[SocketAddr], tried: &mut Option<u8>) -> Result<TcpStream, Fault> {
    let share = if addresses.len() > 1 {
        ADDRESS_MAX
    } else {
        CONNECT_MAX
    };
    let mut worst = Fault::new(Transport::LocalFailure, "tcp: no address was tried");
    for (address, number) in addresses.iter().zip(1..) {
        *tried = Some(number).filter(|number| *number > 1);
        let fault = match tokio::time::timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(tcp)) => {
                tcp.set_nodelay(true)
                    .map_err(|e| Fault::from_error(Transport::LocalFailure, "tcp", &e))?;
                return Ok(tcp);
            }
            Ok(Err(e)) => Fault::from_error(refusal(&e), &format!("tcp {address}"), &e),
            Err(_) => Fault::new(
                Transport::ConnectTimedOut,
                format!("tcp {address}: no answer in time"),
            ),
        };
        if telling(fault.transport) >= telling(worst.transport) {
            worst = fault;
        }
    }
    Err(worst)
}

/// An answer from the host says more than silence, silence more than our own routing table.
fn telling(transport: Transport) -> u8 {
    match transport {
        Transport::Refused => 3,
        Transport::ConnectTimedOut => 2,
        Transport::Unreachable => 1,
        _ => 0,
    }
}

fn refusal(error: &io::Error) -> Transport {
    if error
        .raw_os_error()
        .is_some_and(|code| OUT_OF_DESCRIPTORS.contains(&code))
    {
        return Transport::LocalFailure;
    }
    match error.kind() {
        ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable => Transport::Unreachable,
        ErrorKind::PermissionDenied | ErrorKind::AddrNotAvailable | ErrorKind::OutOfMemory => {
            Transport::LocalFailure
        }
        ErrorKind::TimedOut => Transport::ConnectTimedOut,
        _ => Transport::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_our_own_machine_are_not_the_hosts() {
        assert_eq!(
            refusal(&io::Error::from_raw_os_error(24)),
            Transport::LocalFailure
        );
        assert_eq!(
            refusal(&ErrorKind::PermissionDenied.into()),
            Transport::LocalFailure
        );
        assert_eq!(
            refusal(&ErrorKind::NetworkUnreachable.into()),
            Transport::Unreachable
        );
        assert_eq!(
            refusal(&ErrorKind::TimedOut.into()),
            Transport::ConnectTimedOut
        );
        assert_eq!(
            refusal(&ErrorKind::ConnectionRefused.into()),
            Transport::Refused
        );
        assert_eq!(
            refusal(&ErrorKind::ConnectionReset.into()),
            Transport::Refused
        );
    }

    #[tokio::test]
    async fn the_next_address_is_tried_when_one_refuses() {
        let open = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addresses = [closed.local_addr().unwrap(), open.local_addr().unwrap()];
        drop(closed);
        let mut tried = None;
        let tcp = dial(&addresses, &mut tried).await.unwrap();
        assert_eq!(tcp.peer_addr().unwrap(), addresses[1]);
        assert_eq!(tried, Some(2));
        dial(&addresses[1..], &mut tried).await.unwrap();
        assert_eq!(tried, None, "one address is as it should be");
    }

    #[tokio::test]
    async fn a_slow_resolver_delays_name_resolution_alone() {
        let delay = Duration::from_millis(300);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let url: crate::HttpUrl = format!("http://{address}/").parse().unwrap();
        let engine = Engine::new(&crate::TlsRoots::Platform).unwrap();
        let mut trail = Trail::start();
        let slow = async {
            tokio::time::sleep(delay).await;
            Ok(vec![address])
        };
        open_untimed(&engine.tls, &url.endpoint(), slow, &mut trail)
            .await
            .ok()
            .unwrap();
        let dns_us = trail.phase.dns_us.unwrap();
        assert!((300_000..1_500_000).contains(&dns_us), "{dns_us}");
        assert!(trail.phase.tcp_us.unwrap() - dns_us < 300_000);
    }
}
