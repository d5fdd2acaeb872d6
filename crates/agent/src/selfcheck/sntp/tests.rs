use std::sync::Arc;

use domain::ManualClock;
use proptest::prelude::*;

use super::*;

const NONCE: [u8; 8] = [9, 8, 7, 6, 5, 4, 3, 2];
/// 2026-11-22T00:00:00Z.
const NOW: UnixMicros = UnixMicros::new(1_795_305_600_000_000);

fn stamp(unix_us: i64) -> [u8; 8] {
    let seconds = unix_us.div_euclid(1_000_000) + SECONDS_TO_1970;
    let seconds = seconds.rem_euclid(1 << 32).unsigned_abs();
    let fraction = ((unix_us.rem_euclid(1_000_000).unsigned_abs()) << 32).div_ceil(1_000_000);
    (seconds << 32 | fraction).to_be_bytes()
}

/// A good answer of a server whose clock is `ahead_us` before ours.
fn answer(ahead_us: i64) -> [u8; PACKET_BYTES] {
    let mut packet = [0; PACKET_BYTES];
    packet[0] = 4 << 3 | 4;
    packet[1] = 2;
    packet[4..8].copy_from_slice(&(1_u32 << 16 >> 6).to_be_bytes()); // Root delay: 1/64 s.
    packet[8..12].copy_from_slice(&(1_u32 << 16 >> 7).to_be_bytes()); // Dispersion: 1/128 s.
    packet[24..32].copy_from_slice(&NONCE);
    packet[32..40].copy_from_slice(&stamp(NOW.get() + 10_000 + ahead_us));
    packet[40..48].copy_from_slice(&stamp(NOW.get() + 12_000 + ahead_us));
    packet
}

#[test]
fn offset_and_bound_follow_from_four_times() {
    // Out 10 ms, held 2 ms, back 8 ms: half of the difference is our error, 18 ms the delay.
    let read = read(&answer(500_000), NONCE, (NOW, 20_000)).unwrap();
    let expected = Answer {
        offset_us: 501_000,
        bound_us: 501_000 + 7_813 + (15_625_u64 + 18_000).div_ceil(2),
        stratum: 2,
        synced: true,
    };
    assert_eq!(read, expected);
}

#[test]
fn a_server_without_a_clock_of_its_own_says_so() {
    let mut packet = answer(0);
    packet[0] |= 3 << 6;
    let read = read(&packet, NONCE, (NOW, 20_000)).unwrap();
    assert!(!read.synced);
}

#[test]
fn the_era_after_2036_is_read_by_the_clock_at_hand() {
    let then = UnixMicros::new(2_300_000_000_000_000); // In 2042: NTP seconds have wrapped.
    assert_eq!(instant(stamp(then.get()), then), then.get());
    let early = UnixMicros::new(then.get() - 86_400_000_000);
    assert_eq!(instant(stamp(then.get()), early), then.get());
}

#[test]
fn what_is_no_answer_to_our_question_is_refused() {
    let refused = |bend: fn(&mut [u8; PACKET_BYTES])| {
        let mut packet = answer(0);
        bend(&mut packet);
        read(&packet, NONCE, (NOW, 1)).is_err()
    };
    assert!(!refused(|_| ()));
    assert!(refused(|packet| packet[0] = 4 << 3 | 3), "a client");
    assert!(refused(|packet| packet[24] ^= 1), "another question");
    assert!(refused(|packet| packet[1] = 0), "kiss of death");
    assert!(refused(|packet| packet[1] = 16), "not synchronised");
    assert!(refused(|packet| packet[40..48].fill(0)), "no time");
    assert!(read(&answer(0)[..47], NONCE, (NOW, 1)).is_err());
}

/// Answers one question on loopback as `reply` makes it of the request.
async fn server(reply: impl Fn(&[u8]) -> Vec<u8> + Send + 'static) -> String {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        let mut packet = [0; 128];
        let (length, from) = socket.recv_from(&mut packet).await.unwrap();
        let answer = reply(&packet[..length]);
        socket.send_to(&answer, from).await.unwrap();
    });
    address
}

fn timebase() -> Timebase {
    Timebase::start(Arc::new(ManualClock::at(NOW)))
}

#[tokio::test]
async fn a_server_is_asked_over_the_wire() {
    let address = server(|request| {
        assert_eq!((request.len(), request[0]), (PACKET_BYTES, REQUEST_HEAD));
        let mut packet = answer(250_000);
        packet[24..32].copy_from_slice(&request[40..]);
        packet.to_vec()
    });
    let answer = ask(&address.await, &timebase()).await.unwrap();
    // The fake server's times lie 11 ms on average after ours, wherever the round trip ended.
    let most = 250_000 + 11_000;
    assert!(answer.offset_us <= most && answer.offset_us > most - 1_000_000);
    assert_eq!((answer.stratum, answer.synced), (2, true));
}

#[tokio::test]
async fn a_server_that_repeats_another_question_is_not_believed() {
    let address = server(|_| answer(0).to_vec()).await;
    let refused = ask(&address, &timebase()).await.unwrap_err();
    assert!(matches!(refused, SntpError::Answer { .. }), "{refused:?}");
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_given_up() {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap().to_string();
    let refused = ask(&address, &timebase()).await.unwrap_err();
    assert!(matches!(refused, SntpError::Silence), "{refused:?}");
}

proptest! {
    #[test]
    fn arbitrary_packets_never_panic(
        packet in proptest::collection::vec(any::<u8>(), 0..100), now: i64, trip: u64,
    ) {
        let mut packet = packet;
        if packet.len() >= PACKET_BYTES {
            packet[0] = 4 << 3 | 4;
            packet[1] = 1;
            packet[24..32].copy_from_slice(&NONCE);
        }
        let _ignored = read(&packet, NONCE, (UnixMicros::new(now), trip)).is_ok();
    }

    #[test]
    fn a_server_that_is_ahead_is_found_ahead_by_as_much(ahead in -1_000_000_000_i64..1_000_000_000) {
        let read = read(&answer(ahead), NONCE, (NOW, 22_000)).unwrap();
        prop_assert!((read.offset_us - ahead).abs() <= 1, "{}", read.offset_us);
    }
}
