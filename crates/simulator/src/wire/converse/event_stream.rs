//! The binary framing `application/vnd.amazon.eventstream`.
//!
//! A message is: total length, length of the headers, CRC-32 of these eight bytes; headers; payload;
//! CRC-32 of all before it. Integers are big-endian, checksums are those of gzip.

use bytes::Bytes;

/// Bytes of the prelude, its checksum included.
const PRELUDE_BYTES: usize = 12;

/// Bytes of a checksum.
const CRC_BYTES: usize = 4;

/// The type of a header whose value is a string.
const STRING: u8 = 7;

/// One message with string headers. Names of up to 255 and values of up to 65,535 bytes fit; what
/// is longer is left out.
pub(super) fn message(headers: &[(&str, &str)], payload: &[u8]) -> Bytes {
    let mut block = Vec::new();
    for (name, value) in headers {
        let lengths = (u8::try_from(name.len()), u16::try_from(value.len()));
        let (Ok(name_bytes), Ok(value_bytes)) = lengths else {
            continue;
        };
        block.push(name_bytes);
        block.extend_from_slice(name.as_bytes());
        block.push(STRING);
        block.extend_from_slice(&value_bytes.to_be_bytes());
        block.extend_from_slice(value.as_bytes());
    }
    let total = PRELUDE_BYTES + block.len() + payload.len() + CRC_BYTES;
    let mut message = Vec::with_capacity(total);
    message.extend_from_slice(&length(total));
    message.extend_from_slice(&length(block.len()));
    seal(&mut message);
    message.extend_from_slice(&block);
    message.extend_from_slice(payload);
    seal(&mut message);
    Bytes::from(message)
}

/// The same message with a checksum that does not fit.
pub(super) fn spoiled(message: &Bytes) -> Bytes {
    let mut bytes = message.to_vec();
    if let Some(last) = bytes.last_mut() {
        *last ^= 1;
    }
    Bytes::from(bytes)
}

fn length(bytes: usize) -> [u8; 4] {
    let bytes = u32::try_from(bytes).expect("requests and so answers are far below 4 GiB");
    bytes.to_be_bytes()
}

/// Appends the checksum of everything so far.
fn seal(message: &mut Vec<u8>) {
    let crc = crc32fast::hash(message);
    message.extend_from_slice(&crc.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(headers: &[(&str, &str)], payload: &[u8], hex: &str) {
        let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("a byte");
        let known: Vec<u8> = (0..hex.len()).step_by(2).map(digit).collect();
        assert_eq!(message(headers, payload), known);
    }

    /// The vectors `empty_message`, `payload_no_headers` and `payload_one_str_header` of the test
    /// suite that the official SDKs share.
    #[test]
    fn it_gives_the_known_answers_of_the_official_test_suite() {
        check(&[], b"", "000000100000000005c248eb7d98c8ff");
        check(
            &[],
            b"{'foo':'bar'}",
            "0000001d00000000fd528c5a7b27666f6f273a27626172277dc3653936",
        );
        check(
            &[("content-type", "application/json")],
            b"{'foo':'bar'}",
            concat!(
                "0000003d0000002007fd83960c636f6e74656e742d747970650700106170706c69636174696f6e2f",
                "6a736f6e7b27666f6f273a27626172277d8d9c08b1",
            ),
        );
    }

    #[test]
    fn a_spoiled_message_keeps_its_length_and_fails_its_checksum() {
        let sound = message(&[(":event-type", "metadata")], b"{}");
        let broken = spoiled(&sound);
        assert_eq!(sound.len(), broken.len());
        let (content, crc) = broken.split_at(broken.len() - CRC_BYTES);
        assert_ne!(crc32fast::hash(content).to_be_bytes(), *crc);
    }
}
