use proptest::prelude::*;

use super::*;

fn line(i: u64) -> Frame {
    Frame::Line(SpooledLine {
        stream: "acme".parse().unwrap(),
        i,
        slot: (i != 1).then_some(UnixMillis::new(-5)),
        line: EncodedLine {
            core: format!(r#"{{"i":{i}}}"#),
            detail: Some("{}".into()),
        },
    })
}

fn seal() -> Frame {
    Frame::Seal {
        batch: SealedBatch {
            seq: 7,
            hash: Hash::of(b"x"),
            note: b"note\n\nsig\n".to_vec(),
            body: vec![0, 1, 2, 255],
        },
        sealed_us: UnixMicros::new(42),
    }
}

#[test]
fn every_kind_of_frame_reads_back() {
    let frames = [
        line(3),
        line(1),
        seal(),
        Frame::Acked { seq: 1 },
        Frame::Released { seq: 2 },
        Frame::Seen {
            checkpoint: "o\n1\nr\n".into(),
        },
        Frame::Snapshot(State::default()),
        Frame::Begun {
            stream: "acme".parse().unwrap(),
            slot: UnixMillis::new(-5),
        },
    ];
    for frame in frames {
        let bytes = frame.encode().unwrap();
        assert_eq!(read(&bytes, 0), Some((frame, bytes.len())));
    }
}

#[test]
fn the_layout_of_a_frame_is_frozen() {
    let bytes = Frame::Acked { seq: 258 }.encode().unwrap();
    assert_eq!(bytes[..4], [9, 0, 0, 0]);
    assert_eq!(bytes[4..8], crc32fast::hash(&bytes[8..]).to_le_bytes());
    assert_eq!(bytes[8..], [3, 2, 1, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn a_tail_of_zeros_is_damage() {
    assert_eq!(
        Pieces::new(&[0; 64]).collect::<Vec<_>>(),
        [Piece::Damage(0..64)]
    );
}

proptest! {
    #[test]
    fn a_flipped_bit_spoils_one_frame_and_no_other(at in 0_usize..10_000, bit in 0_u8..8) {
        let frames = [line(0), seal(), line(1), Frame::Acked { seq: 7 }];
        let encoded: Vec<Vec<u8>> = frames.iter().map(|f| f.encode().unwrap()).collect();
        let mut bytes = encoded.concat();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        let read: Vec<Frame> = Pieces::new(&bytes)
            .filter_map(|piece| match piece {
                Piece::Frame(frame, _) => Some(*frame),
                Piece::Damage(_) => None,
            })
            .collect();
        let mut start = 0;
        let intact: Vec<Frame> = frames
            .into_iter()
            .zip(&encoded)
            .filter(|(_, bytes)| {
                let range = start..start + bytes.len();
                start = range.end;
                !range.contains(&at)
            })
            .map(|(frame, _)| frame)
            .collect();
        prop_assert_eq!(read, intact);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Pieces::new(&bytes).count() <= bytes.len());
    }
}
