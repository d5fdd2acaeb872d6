//! Name resolution, TCP and TLS, each with its own stamp and its own failure.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ProtocolVersion};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::Fault;
use super::trail::{Trail, hex};
use crate::classify::Transport;
use crate::endpoint::{Endpoint, Scheme};

/// Longest wait for a connection, name resolution and TLS included.
pub(super) const CONNECT_MAX: Duration = Duration::from_secs(10);
/// Longest wait for one of several addresses, so that one which swallows packets leaves time for
/// the others.
const ADDRESS_MAX: Duration = Duration::from_secs(3);
/// Most addresses tried.
const ADDRESSES_MAX: usize = 8;

/// Out of file descriptors, in the process or in the system (Linux and the BSDs agree on both).
const OUT_OF_DESCRIPTORS: [i32; 2] = [24, 23];

/// A connection, ready for HTTP.
pub(super) enum Connection {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// Connects within [`CONNECT_MAX`].
pub(super) async fn open(
    tls: &Arc<ClientConfig>,
    endpoint: &Endpoint,
    trail: &mut Trail,
) -> Result<Connection, Fault> {
    match tokio::time::timeout(CONNECT_MAX, open_untimed(tls, endpoint, trail)).await {
        Ok(opened) => opened,
        Err(_) if trail.phase.dns_us.is_none() => Err(Fault::new(
            Transport::NameUnresolved,
            "dns: no answer in time",
        )),
        Err(_) => Err(Fault::new(
            Transport::ConnectTimedOut,
            "connect: no connection in time",
        )),
    }
}

async fn open_untimed(
    tls: &Arc<ClientConfig>,
    endpoint: &Endpoint,
    trail: &mut Trail,
) -> Result<Connection, Fault> {
    let addresses = resolve(endpoint).await?;
    trail.phase.dns_us = Some(trail.now_us());

    let tcp = dial(&addresses).await?;
    trail.phase.tcp_us = Some(trail.now_us());
    trail.net.remote = tcp.peer_addr().ok().map(|peer| peer.to_string());

    if endpoint.transport == Scheme::Http {
        return Ok(Connection::Plain(tcp));
    }
    let name = ServerName::try_from(endpoint.host.clone())
        .map_err(|e| Fault::from_error(Transport::TlsFailed, "tls", &e))?;
    let stream = TlsConnector::from(Arc::clone(tls))
        .connect(name, tcp)
        .await
        .map_err(|e| Fault::from_error(Transport::TlsFailed, "tls", &e))?;
    trail.phase.tls_us = Some(trail.now_us());
    let (_, session) = stream.get_ref();
    trail.net.alpn = session
        .alpn_protocol()
        .and_then(|alpn| String::from_utf8(alpn.to_vec()).ok());
    trail.net.tls = match session.protocol_version() {
        Some(ProtocolVersion::TLSv1_2) => Some("1.2".to_owned()),
        Some(ProtocolVersion::TLSv1_3) => Some("1.3".to_owned()),
        _ => None,
    };
    let leaf = session.peer_certificates().and_then(|chain| chain.first());
    trail.net.leaf_sha256 = leaf.map(|leaf| hex(&Sha256::digest(leaf)));
    Ok(Connection::Tls(Box::new(stream)))
}

async fn resolve(endpoint: &Endpoint) -> Result<Vec<SocketAddr>, Fault> {
    let addresses: Vec<SocketAddr> =
        tokio::net::lookup_host((endpoint.host.as_str(), endpoint.port))
            .await
            .map_err(|e| Fault::from_error(Transport::NameUnresolved, "dns", &e))?
            .take(ADDRESSES_MAX)
            .collect();
    if addresses.is_empty() {
        return Err(Fault::new(Transport::NameUnresolved, "dns: no address"));
    }
    Ok(addresses)
}

/// The first address that accepts; else the failure that says most.
async fn dial(addresses: &[SocketAddr]) -> Result<TcpStream, Fault> {
    let share = if addresses.len() > 1 {
        ADDRESS_MAX
    } else {
        CONNECT_MAX
    };
    let mut worst = Fault::new(Transport::LocalFailure, "tcp: no address was tried");
    for address in addresses {
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
        let tcp = dial(&addresses).await.unwrap();
        assert_eq!(tcp.peer_addr().unwrap(), addresses[1]);
    }
}
