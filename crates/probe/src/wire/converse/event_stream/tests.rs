use proptest::prelude::*;

use super::*;

/// One frame with headers of text.
pub(crate) fn encode(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut room = Vec::new();
    for (name, value) in headers {
        room.push(u8::try_from(name.len()).unwrap());
        room.extend_from_slice(name.as_bytes());
        room.push(7);
        room.extend_from_slice(&u16::try_from(value.len()).unwrap().to_be_bytes());
        room.extend_from_slice(value.as_bytes());
    }
    raw(&room, payload)
}

fn length(len: usize) -> [u8; 4] {
    u32::try_from(len).unwrap().to_be_bytes()
}

fn with_checksum(mut bytes: Vec<u8>) -> Vec<u8> {
    let sum = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&sum.to_be_bytes());
    bytes
}

fn prelude(total: usize, headers: usize) -> Vec<u8> {
    with_checksum([length(total), length(headers)].concat())
}

/// One frame whose headers are these bytes.
fn raw(headers: &[u8], payload: &[u8]) -> Vec<u8> {
    let total = PRELUDE_BYTES + headers.len() + payload.len() + CHECKSUM_BYTES;
    with_checksum([&prelude(total, headers.len()), headers, payload].concat())
}

fn decode<'a>(
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<Frame>, Result<(), FrameError>, Decoder) {
    let mut decoder = Decoder::default();
    let mut frames = Vec::new();
    let fed = chunks
        .into_iter()
        .try_for_each(|chunk| decoder.feed(chunk, &mut frames));
    (frames, fed, decoder)
}

#[track_caller]
fn refused(bytes: &[u8], error: FrameError) {
    let (frames, fed, mut decoder) = decode([bytes]);
    assert_eq!((frames, fed), (Vec::new(), Err(error)));
    assert!(!decoder.is_between_frames());
    let later = decoder.feed(&raw(b"", b""), &mut Vec::new());
    assert_eq!(later, Err(error), "damage stays");
}

fn event(payload: &str) -> Vec<u8> {
    let headers = [(":message-type", "event"), (":event-type", "metadata")];
    encode(&headers, payload.as_bytes())
}

/// Accepted by botocore 1.44's parser, which reads the same.
const EVERY_TYPE: &str = "\
    000000f9000000dcaf6373ba0d3a6d6573736167652d747970650700056576656e740a6576656e742d747970\
    65040000a00c0c636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e0a626f6f6c20\
    66616c73650109626f6f6c207472756500046279746502cf08627974652062756606001449276d2061206c69\
    74746c6520746561706f74210974696d657374616d70080000000000845fed05696e74313603002a05696e74\
    36340500000000028757b20475756964090102030405060708090a0b0c0d0e0f100b3a6576656e742d747970\
    650700086d657461646174617b27666f6f273a27626172277defabdd90";

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

#[test]
fn frames_that_the_sdk_of_aws_reads_are_read_alike() {
    let (frames, fed, _) = decode([&unhex("000000100000000005c248eb7d98c8ff")[..]]);
    assert_eq!((frames, fed), (vec![Frame::default()], Ok(())));

    let (frames, fed, decoder) = decode([&unhex(EVERY_TYPE)[..]]);
    let expected = Frame {
        message_type: b"event".to_vec(),
        name: b"metadata".to_vec(),
        payload: b"{'foo':'bar'}".to_vec(),
    };
    assert_eq!((frames, fed), (vec![expected], Ok(())));
    assert!(decoder.is_between_frames());
}

#[test]
fn an_unfinished_frame_is_neither_read_nor_an_error() {
    let bytes = event("{}");
    for end in 1..bytes.len() {
        let (frames, fed, decoder) = decode([&bytes[..end]]);
        assert_eq!((frames, fed), (Vec::new(), Ok(())), "{end}");
        assert!(!decoder.is_between_frames());
    }
}

#[test]
fn frames_before_damage_are_kept() {
    let mut bytes = event("1");
    bytes.extend(prelude(15, 0));
    let (frames, fed, _) = decode([&bytes[..]]);
    assert_eq!((frames.len(), fed), (1, Err(FrameError::Lengths)));
}

#[test]
fn lengths_beyond_reason_are_refused_before_anything_is_awaited() {
    refused(&prelude(15, 0), FrameError::Lengths);
    refused(&prelude(16, 1), FrameError::Lengths);
    refused(
        &prelude(100, usize::try_from(u32::MAX).unwrap()),
        FrameError::Lengths,
    );
    refused(&prelude(FRAME_BYTES_MAX + 1, 0), FrameError::FrameBytes);
    refused(&[0xff; PRELUDE_BYTES], FrameError::Checksum);
}

#[test]
fn the_longest_frame_is_read_and_the_number_of_frames_is_limited() {
    let room = FRAME_BYTES_MAX - PRELUDE_BYTES - CHECKSUM_BYTES;
    let (frames, fed, _) = decode([&raw(b"", &vec![b'x'; room])[..]]);
    assert_eq!((frames.len(), fed), (1, Ok(())));
    let (frames, fed, _) = decode([&raw(b"", b"").repeat(FRAMES_MAX + 1)[..]]);
    assert_eq!((frames.len(), fed), (FRAMES_MAX, Err(FrameError::Frames)));
}

#[test]
fn headers_that_do_not_fill_their_room_are_refused() {
    for headers in [
        &b"\x00"[..],          // no name
        b"\x05abc",            // name cut
        b"\x01a",              // no type
        b"\x01a\x0a",          // unknown type
        b"\x01a\x04\x00\x00",  // integer cut
        b"\x01a\x07\x00",      // length cut
        b"\x01a\x07\x00\x02b", // text cut
        b"\x01a\x06\xff\xff",  // bytes cut
    ] {
        refused(&raw(headers, b"payload"), FrameError::Headers);
    }
}

#[test]
fn debug_shows_no_payload() {
    let (frames, _, mut decoder) = decode([&event("secret")[..]]);
    decoder.feed(b"secret", &mut Vec::new()).unwrap();
    assert!(!format!("{frames:?}{decoder:?}").contains(&format!("{:?}", b's')));
}

proptest! {
    #[test]
    fn where_bytes_are_split_changes_nothing(
        payloads in proptest::collection::vec("[a-z]{0,50}", 0..6),
        damage in proptest::option::of((any::<prop::sample::Index>(), 1u8..)),
        cuts in proptest::collection::vec(1usize..60, 1..40),
    ) {
        let mut bytes: Vec<u8> = payloads.iter().flat_map(|payload| event(payload)).collect();
        if let (Some((at, flip)), false) = (damage, bytes.is_empty()) {
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
        }
        let (whole, end, _) = decode([&bytes[..]]);
        let mut rest = &bytes[..];
        let chunks = cuts.iter().cycle().map_while(|size| {
            let (chunk, later) = rest.split_at((*size).min(rest.len()));
            rest = later;
            (!chunk.is_empty()).then_some(chunk)
        });
        let (split, split_end, _) = decode(chunks);
        prop_assert_eq!((split, split_end), (whole, end));
    }

    #[test]
    fn a_flipped_byte_is_met_in_its_own_frame(
        payload in "[a-z]{0,50}",
        at in any::<prop::sample::Index>(),
        flip in 1u8..,
    ) {
        let mut bytes = event(&payload);
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        let (frames, fed, _) = decode([&bytes[..]]);
        prop_assert_eq!((frames, fed), (Vec::new(), Err(FrameError::Checksum)));
    }

    #[test]
    fn arbitrary_bytes_never_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        headers in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let (frames, _, decoder) = decode([&bytes[..]]);
        prop_assert!(frames.len() <= bytes.len() / 16);
        prop_assert!(decoder.buffer.len() <= bytes.len());
        let (frames, fed, _) = decode([&raw(&headers, &bytes)[..]]);
        match fed {
            Ok(()) => prop_assert_eq!(&frames[0].payload, &bytes),
            Err(damage) => prop_assert_eq!(damage, FrameError::Headers),
        }
    }
}
