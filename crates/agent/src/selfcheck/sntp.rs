//! One question to an NTP server (RFC 5905, client mode): 48 bytes there, 48 back.
//!
//! The request carries a random transmit timestamp instead of our time: the answer must repeat it,
//! so that nobody who does not see the request can answer for the server.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use domain::UnixMicros;
use tokio::net::{UdpSocket, lookup_host};

use crate::stamp::Timebase;

/// Bytes of a packet without extensions.
const PACKET_BYTES: usize = 48;
/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(2);
/// Seconds from 1900, where NTP counts from, to 1970.
const SECONDS_TO_1970: i64 = 2_208_988_800;
/// Version 4, client.
const REQUEST_HEAD: u8 = 4 << 3 | 3;

/// What a server said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// Its time less ours, microseconds.
    pub(super) offset_us: i64,
    /// |offset| + root dispersion + half of root delay and round trip, microseconds.
    pub(super) bound_us: u64,
    /// Its distance from a reference clock.
    pub(super) stratum: u8,
    /// Whether it calls itself synchronised.
    pub(super) synced: bool,
}

/// A server that was of no use.
#[derive(Debug, thiserror::Error)]
pub(super) enum SntpError {
    /// No address, or no socket.
    #[error("failed to reach the server")]
    Reach(#[source] io::Error),
    /// The name has no address.
    #[error("the server's name has no address")]
    NoAddress,
    /// Nothing came in time.
    #[error("no answer within {TIMEOUT:?}")]
    Silence,
    /// No random bytes.
    #[error("failed to draw random bytes")]
    Random(#[source] getrandom::Error),
    /// Not an answer to our question.
    #[error("the answer is none: {reason}")]
    Answer {
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// Asks one server, named as `host:port`.
pub(super) async fn ask(server: &str, timebase: &Timebase) -> Result<Answer, SntpError> {
    let asked = tokio::time::timeout(TIMEOUT, exchange(server, timebase));
    asked.await.unwrap_or(Err(SntpError::Silence))
}

async fn exchange(server: &str, timebase: &Timebase) -> Result<Answer, SntpError> {
    let mut addresses = lookup_host(server).await.map_err(SntpError::Reach)?;
    let server = addresses.next().ok_or(SntpError::NoAddress)?;
    let ours = if server.is_ipv4() {
        SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0))
    } else {
        SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0))
    };
    let socket = UdpSocket::bind(ours).await.map_err(SntpError::Reach)?;
    socket.connect(server).await.map_err(SntpError::Reach)?;
    let mut nonce = [0; 8];
    getrandom::fill(&mut nonce).map_err(SntpError::Random)?;
    let sent = timebase.now();
    socket
        .send(&request(nonce))
        .await
        .map_err(SntpError::Reach)?;
    let mut packet = [0; 2 * PACKET_BYTES];
    let length = socket.recv(&mut packet).await.map_err(SntpError::Reach)?;
    let trip_us = timebase.now().mono_us.saturating_sub(sent.mono_us);
    read(&packet[..length], nonce, (sent.wall, trip_us))
}

fn request(nonce: [u8; 8]) -> [u8; PACKET_BYTES] {
    let mut packet = [0; PACKET_BYTES];
    packet[0] = REQUEST_HEAD;
    packet[40..].copy_from_slice(&nonce);
    packet
}

/// Reads an answer to the request with `nonce`, sent at `asked.0` and answered after `asked.1`
/// microseconds.
fn read(packet: &[u8], nonce: [u8; 8], asked: (UnixMicros, u64)) -> Result<Answer, SntpError> {
    let bad = |reason| Err(SntpError::Answer { reason });
    let Some((packet, _)) = packet.split_first_chunk::<PACKET_BYTES>() else {
        return bad("it is too short");
    };
    let (leap, version, mode) = (packet[0] >> 6, packet[0] >> 3 & 7, packet[0] & 7);
    if mode != 4 || !(3..=4).contains(&version) {
        return bad("it is of another mode or version");
    }
    if packet[24..32] != nonce {
        return bad("it does not repeat our question");
    }
    let stratum = packet[1];
    if !(1..=15).contains(&stratum) {
        return bad("the server sends us away, or is not synchronised");
    }
    if packet[40..48] == [0; 8] || packet[32..40] == [0; 8] {
        return bad("it holds no time");
    }
    let (sent, trip_us) = asked;
    let first = instant(eight(packet, 32), sent);
    let last = instant(eight(packet, 40), sent);
    let trip = i128::from(trip_us);
    let ours = i128::from(sent.get());
    let offset = ((i128::from(first) - ours) + (i128::from(last) - ours - trip)).div_euclid(2);
    let held = (i128::from(last) - i128::from(first)).clamp(0, trip);
    let delay = u64::try_from(trip - held).unwrap_or(trip_us);
    let offset_us = i64::try_from(offset).unwrap_or(i64::MAX);
    let root = short(packet, 4).saturating_add(delay).div_ceil(2);
    Ok(Answer {
        offset_us,
        bound_us: offset_us
            .unsigned_abs()
            .saturating_add(short(packet, 8))
            .saturating_add(root),
        stratum,
        synced: leap != 3,
    })
}

fn eight(packet: &[u8; PACKET_BYTES], at: usize) -> [u8; 8] {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&packet[at..at + 8]);
    bytes
}

/// A span of 16 bits of seconds and 16 of fraction, microseconds rounded up.
fn short(packet: &[u8; PACKET_BYTES], at: usize) -> u64 {
    let mut bytes = [0; 4];
    bytes.copy_from_slice(&packet[at..at + 4]);
    (u64::from(u32::from_be_bytes(bytes)) * 1_000_000).div_ceil(1 << 16)
}

/// An instant of 32 bits of seconds and 32 of fraction, in the era nearest to `near`.
fn instant(bytes: [u8; 8], near: UnixMicros) -> i64 {
    const ERA: i64 = 1 << 32;
    let number = u64::from_be_bytes(bytes);
    let seconds = i64::try_from(number >> 32).unwrap_or(0) - SECONDS_TO_1970;
    let fraction = ((number & 0xffff_ffff) * 1_000_000) >> 32;
    let near_s = near.get().div_euclid(1_000_000);
    let eras = (near_s - seconds + ERA / 2).div_euclid(ERA);
    (seconds + eras * ERA)
        .saturating_mul(1_000_000)
        .saturating_add_unsigned(fraction)
}

#[cfg(test)]
mod tests;
