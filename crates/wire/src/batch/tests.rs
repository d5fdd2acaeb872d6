use domain::{Gap, GapReason, UnixMillis};
use proptest::prelude::*;

use super::*;
use crate::line::encode_gap;

fn origin() -> Origin {
    "nines.example/t".parse().unwrap()
}

fn key() -> SigningKey {
    let agent: AgentId = "eu-1".parse().unwrap();
    SigningKey::from_seed(&origin().agent(&agent), &[7; 32]).unwrap()
}

fn gaps(id: &str, first_i: u64, count: u64) -> StreamLines {
    let lines = (first_i..first_i + count)
        .map(|i| {
            let at = UnixMillis::new(i64::try_from(i).unwrap() * 60_000);
            let gap = Gap {
                count: 1,
                first_ms: at,
                gap: GapReason::AgentDown,
                i,
                last_ms: at,
                plan: 1,
                v: 1,
            };
            encode_gap(&gap).unwrap()
        })
        .collect();
    StreamLines {
        id: id.parse().unwrap(),
        first_i,
        lines,
    }
}

fn sealed(streams: &[StreamLines]) -> SealedBatch {
    let draft = Draft {
        origin: &origin(),
        agent: &"eu-1".parse().unwrap(),
        seq: 3,
        prev: Hash::of(b"before"),
        boot: 0x1234,
        wall_us: (1, 1 + i64::from(!streams.is_empty())),
        mono_us: (3, 3 + u64::from(!streams.is_empty())),
        seen: Seen {
            origin: origin().log(),
            size: 0,
            root: tree::root(&[]),
        },
        streams,
    };
    seal(&draft, &key()).unwrap()
}

#[test]
fn a_sealed_batch_reads_back_whole_and_verifies() {
    let sent = sealed(&[gaps("a", 0, 3), gaps("b", 10, 2)]);
    let text = decompress(&sent.body).unwrap();
    let batch = parse(&text).unwrap();
    batch.signed.verify(&key().verifier_key()).unwrap();
    assert_eq!((batch.note.seq, batch.hash), (3, sent.hash));
    assert_eq!(batch.note_bytes, sent.note);
    let counts: Vec<_> = batch
        .streams
        .iter()
        .map(|s| (s.id.as_str(), s.lines.len()))
        .collect();
    assert_eq!(counts, [("a", 3), ("b", 2)]);
}

#[test]
fn an_empty_batch_is_a_heartbeat() {
    let sent = sealed(&[]);
    let text = decompress(&sent.body).unwrap();
    assert!(parse(&text).unwrap().streams.is_empty());
}

#[test]
fn a_changed_moved_or_missing_line_is_refused() {
    let sent = sealed(&[gaps("a", 0, 3)]);
    let text = String::from_utf8(decompress(&sent.body).unwrap()).unwrap();
    let changed = text.replacen("agent_down", "budget", 1);
    assert!(matches!(parse(changed.as_bytes()), Err(BatchError::Root)));
    let mut lines: Vec<&str> = text.lines().collect();
    let last = lines.len() - 1;
    let cut = lines[..last].join("\n");
    assert!(matches!(
        parse(cut.as_bytes()),
        Err(BatchError::Short { .. })
    ));
    lines.swap(last, last - 1);
    let moved = lines.join("\n");
    assert!(matches!(
        parse(moved.as_bytes()),
        Err(BatchError::Index { .. })
    ));
}

#[test]
fn a_body_that_unfolds_beyond_the_limit_is_refused() {
    let bomb = zstd::bulk::compress(&vec![b'{'; BATCH_TEXT_BYTES_MAX + 2], 3).unwrap();
    assert!(matches!(
        decompress(&bomb),
        Err(BatchError::TooLarge { .. })
    ));
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ignored = parse(&bytes).is_ok();
        let _ignored = decompress(&bytes).is_ok();
    }

    #[test]
    fn a_flipped_byte_never_passes_as_the_same_batch(at in 0_usize..2_000, bit in 0_u8..8) {
        let sent = sealed(&[gaps("a", 0, 3), gaps("b", 10, 2)]);
        let mut text = decompress(&sent.body).unwrap();
        let at = at % text.len();
        text[at] ^= 1 << bit;
        let accepted = parse(&text)
            .is_ok_and(|batch| batch.signed.verify(&key().verifier_key()).is_ok());
        prop_assert!(!accepted, "byte {at}");
    }
}

/// A frame that says it unfolds to 2^40 bytes, and holds none.
#[test]
fn a_frame_that_promises_too_much_costs_no_memory() {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0xc0, 0x00];
    frame.extend_from_slice(&(1_u64 << 40).to_le_bytes());
    frame.extend_from_slice(&[1, 0, 0]);
    assert!(decompress(&frame).is_ok_and(|text| text.is_empty()) || decompress(&frame).is_err());
}
