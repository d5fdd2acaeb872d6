//! Names to addresses.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use super::Fault;
use crate::classify::Transport;
use crate::endpoint::Endpoint;

/// Most addresses of one name.
const ADDRESSES_MAX: usize = 8;

/// Addresses that stand in for name resolution, as `curl --resolve` has them: written
/// `host:port:address`, or with more addresses after commas; those of version 6 may stand in
/// brackets. Only this host at this port is meant, and certificates are checked for its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinned {
    host: String,
    port: u16,
    addresses: Vec<IpAddr>,
}

/// Not a [`Pinned`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("addresses are pinned as `host:port:address`, with at most {ADDRESSES_MAX} after commas")]
pub struct PinnedError;

impl FromStr for Pinned {
    type Err = PinnedError;

    fn from_str(text: &str) -> Result<Self, PinnedError> {
        let (host, rest) = text.split_once(':').ok_or(PinnedError)?;
        let (port, addresses) = rest.split_once(':').ok_or(PinnedError)?;
        let addresses: Vec<IpAddr> = addresses
            .split(',')
            .map(|address| address.trim_matches(['[', ']']).parse())
            .collect::<Result<_, _>>()
            .map_err(|_| PinnedError)?;
        if host.is_empty() || addresses.len() > ADDRESSES_MAX {
            return Err(PinnedError);
        }
        Ok(Self {
            host: host.to_ascii_lowercase(),
            port: port.parse().map_err(|_| PinnedError)?,
            addresses,
        })
    }
}

/// The addresses of an endpoint: the pinned ones, else those that the system names, in its order.
pub(super) async fn resolve(
    pinned: &[Pinned],
    endpoint: &Endpoint,
) -> Result<Vec<SocketAddr>, Fault> {
    let is_meant = |pin: &&Pinned| pin.host == endpoint.host && pin.port == endpoint.port;
    if let Some(pin) = pinned.iter().find(is_meant) {
        let at = |ip: &IpAddr| SocketAddr::new(*ip, pin.port);
        return Ok(pin.addresses.iter().map(at).collect());
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::HttpUrl;

    #[tokio::test]
    async fn a_pinned_name_is_not_asked_for() {
        let pinned: Pinned = "API.example:443:127.0.0.9,[::1],::2".parse().unwrap();
        let url: HttpUrl = "https://api.example/".parse().unwrap();
        let pinned = [pinned];
        let addresses = resolve(&pinned, &url.endpoint()).await.unwrap();
        let expected = ["127.0.0.9:443", "[::1]:443", "[::2]:443"].map(|a| a.parse().unwrap());
        assert_eq!(addresses, expected);

        let other_port: HttpUrl = "http://127.0.0.1:81/".parse().unwrap();
        let addresses = resolve(&pinned, &other_port.endpoint()).await.unwrap();
        assert_eq!(addresses, ["127.0.0.1:81".parse().unwrap()]);
    }

    #[test]
    fn what_is_not_a_pin_is_refused() {
        for text in [
            "",
            "a.example",
            "a.example:443",
            "a.example:443:",
            "a.example:x:127.0.0.1",
            ":443:127.0.0.1",
            "a.example:443:b.example",
        ] {
            assert_eq!(text.parse::<Pinned>(), Err(PinnedError), "{text}");
        }
        let nine = ["127.0.0.1"; 9].join(",");
        assert_eq!(format!("a:1:{nine}").parse::<Pinned>(), Err(PinnedError));
    }
}
