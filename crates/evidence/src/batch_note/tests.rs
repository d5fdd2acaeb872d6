use proptest::prelude::*;

use super::*;
use crate::note::{SigningKey, sign};

/// Own vector, made with a second implementation in Python (hashlib, `cryptography`).
const OWN_TEXT: &str = "sla-evidence/batch/v1\n\
    agent probe.example/agents/eu-west-1a\n\
    batch 184467\n\
    prev baBjNSjeqgFE57BYMV8LdT7AuUUWOnK/lqDRgYD53g0=\n\
    boot 7f3a9c21d4e8b0a6\n\
    wall 1763806500123456 1763806799000001\n\
    mono 8000123456 8298999999\n\
    streams 2 xmoJRn7fpQ+GqSVHMq+/f8vgP/aK4IORWWks6ZjsYx0=\n\
    seen probe.example/log/2026 777777 SBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=\n";
const OWN_STREAMS: [&str; 2] = [
    "_sys 0 1 2Cnt0HE6G7BePNBhaSSkxb3iHjblNxSaICOe2vqIJfE=",
    "p1/t1/chat 7 3 aheFEmI6IpUmWp1X3ZSJdiqTvzEpw6jJ4DCNQ+fG5BI=",
];

fn own_streams() -> Vec<StreamLine> {
    let stream = |id: &str, first_i, lines: &[&[u8]]| {
        let leaves: Vec<Hash> = lines.iter().map(|line| tree::leaf_hash(line)).collect();
        let (id, count) = (id.to_owned(), leaves.len() as u64);
        StreamLine {
            id,
            first_i,
            count,
            root: tree::root(&leaves),
        }
    };
    vec![
        stream("_sys", 0, &[br#"{"i":0}"#]),
        stream(
            "p1/t1/chat",
            7,
            &[br#"{"i":7}"#, br#"{"i":8}"#, br#"{"i":9}"#],
        ),
    ]
}

fn own_batch() -> BatchNote {
    BatchNote {
        agent: "probe.example/agents/eu-west-1a".to_owned(),
        seq: 184_467,
        prev: Hash::of(b"previous"),
        boot: 0x7f3a_9c21_d4e8_b0a6,
        wall_us: (1_763_806_500_123_456, 1_763_806_799_000_001),
        mono_us: (8_000_123_456, 8_298_999_999),
        streams: 2,
        streams_root: streams_root(&own_streams()).expect("in order"),
        seen: Seen {
            origin: "probe.example/log/2026".to_owned(),
            size: 777_777,
            root: Hash::of(b"root"),
        },
    }
}

#[test]
fn a_second_implementation_finds_the_same_bytes_and_hashes() {
    let lines: Vec<String> = own_streams()
        .iter()
        .map(|stream| stream.line().expect("a line"))
        .collect();
    assert_eq!(lines, OWN_STREAMS);
    let text = own_batch().text().expect("a text");
    assert_eq!(text, OWN_TEXT);
    assert_eq!(
        batch_hash(&text).to_string(),
        "AK3p7ZyZbFTJiyILRXQcACQEEQXDWkIglxzeSjil+p0="
    );
    let seed = std::array::from_fn(|nth| u8::try_from(nth).expect("below 32"));
    let key = SigningKey::from_seed("probe.example/agents/eu-west-1a", &seed).expect("a name");
    let leaf = tree::leaf_hash(&sign(&text, &[&key]).expect("signs").to_bytes());
    assert_eq!(
        leaf.to_string(),
        "1ib/qrv0baKbI8ehvMMHYwJcluAgDbZZZ8rQ+gF4P9A="
    );
}

#[test]
fn a_heartbeat_has_no_streams_and_a_single_instant() {
    let heartbeat = BatchNote {
        wall_us: (5, 5),
        mono_us: (9, 9),
        streams: 0,
        streams_root: streams_root(&[]).expect("in order"),
        ..own_batch()
    };
    let text = heartbeat.text().expect("a text");
    assert_eq!(BatchNote::parse(&text).expect("its own text"), heartbeat);
    for wrong in [
        BatchNote {
            wall_us: (5, 6),
            ..heartbeat.clone()
        },
        BatchNote {
            mono_us: (8, 9),
            ..heartbeat.clone()
        },
        BatchNote {
            streams_root: Hash::ZERO,
            ..heartbeat
        },
    ] {
        assert!(matches!(wrong.text(), Err(BatchNoteError::Print(error)) if error.line == 8));
    }
}

#[test]
fn streams_out_of_order_or_twice_have_no_root() {
    let streams = own_streams();
    let swapped = [streams[1].clone(), streams[0].clone()];
    assert_eq!(
        streams_root(&swapped),
        Err(BatchNoteError::StreamOrder {
            id: "_sys".to_owned()
        })
    );
    let twice = [streams[0].clone(), streams[0].clone()];
    assert!(streams_root(&twice).is_err());
}

#[track_caller]
fn refuses(from: &str, to: &str, line: usize) {
    let text = OWN_TEXT.replacen(from, to, 1);
    assert_ne!(text, OWN_TEXT);
    match BatchNote::parse(&text) {
        Err(BatchNoteError::Parse(error)) => assert_eq!(error.line, line, "{error}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn texts_that_are_not_exactly_a_batch_note_are_refused_at_their_line() {
    refuses("batch/v1", "batch/v2", 1);
    refuses("agent probe", "agent  probe", 2);
    refuses("eu-west-1a", "eu west", 2);
    refuses("batch 184467", "batch 0184467", 3);
    refuses("batch 184467", "batch -1", 3);
}

#[test]
fn every_line_has_one_spelling() {
    refuses("53g0=", "53g1=", 4);
    refuses("7f3a9c21d4e8b0a6", "7F3A9C21D4E8B0A6", 5);
    refuses("7f3a9c21d4e8b0a6", "7f3a9c21d4e8b0a", 5);
    refuses("7f3a9c21d4e8b0a6", "+f3a9c21d4e8b0a6", 5);
    refuses("wall 17", "wall +17", 6);
    refuses(" 1763806799000001", "", 6);
    refuses("8298999999", "8298999999 1", 7);
    refuses("streams 2", "streams 2 ", 8);
    refuses("777777", "0777777", 9);
    refuses("seen probe", "see probe", 9);
    refuses("d7I=\n", "d7I=", 9);
    refuses("d7I=\n", "d7I=\n\n", 10);
    refuses("d7I=\n", "d7I=\r\n", 9);
}

#[test]
fn fields_that_would_break_their_line_are_not_written() {
    for agent in ["", "a b", "a\nbatch 7", "a+b"] {
        let batch = BatchNote {
            agent: agent.to_owned(),
            ..own_batch()
        };
        assert!(
            matches!(batch.text(), Err(BatchNoteError::Print(_))),
            "{agent:?}"
        );
    }
    for id in ["", "a b", "a\n"] {
        let stream = StreamLine {
            id: id.to_owned(),
            ..own_streams()[0].clone()
        };
        assert!(stream.line().is_err(), "{id:?}");
    }
}

#[test]
fn stream_lines_without_samples_or_beyond_counting_are_refused() {
    let root = Hash::ZERO;
    for line in [
        format!("a 0 0 {root}"),
        format!("a {} 1 {root}", u64::MAX),
        format!("a 0 1 {root} "),
        format!("a 0 1 {root}\n"),
        format!("a 00 1 {root}"),
        format!("a  1 {root}"),
        format!("{} 0 1 {root}", "a".repeat(STREAM_ID_BYTES_MAX + 1)),
    ] {
        assert!(StreamLine::parse(&line).is_err(), "{line:?}");
    }
}

fn batch() -> impl Strategy<Value = BatchNote> {
    let word = "[a-z0-9._/-]{1,12}";
    let times = any::<((i64, i64), (u64, u64))>();
    let hashes = any::<([u8; 32], [u8; 32], [u8; 32])>();
    (word, word, any::<(u64, u64, u64)>(), 1_u64.., times, hashes).prop_map(
        |(agent, origin, (seq, boot, size), streams, (wall_us, mono_us), hashes)| BatchNote {
            agent,
            seq,
            prev: Hash::from_bytes(hashes.0),
            boot,
            wall_us,
            mono_us,
            streams,
            streams_root: Hash::from_bytes(hashes.1),
            seen: Seen {
                origin,
                size,
                root: Hash::from_bytes(hashes.2),
            },
        },
    )
}

proptest! {
    #[test]
    fn batch_notes_round_trip(batch in batch()) {
        let text = batch.text().expect("words");
        prop_assert_eq!(BatchNote::parse(&text).expect("its own text"), batch);
    }

    #[test]
    fn stream_lines_round_trip(id in "[a-z_/]{1,9}", first_i in 0..1_u64 << 62, count in 1..1_u64 << 62, root: [u8; 32]) {
        let stream = StreamLine { id, first_i, count, root: Hash::from_bytes(root) };
        prop_assert_eq!(StreamLine::parse(&stream.line().expect("a word")).expect("a line"), stream);
    }

    #[test]
    fn a_changed_byte_is_refused_or_read_as_what_it_says(at in 0..OWN_TEXT.len(), byte in 0_u8..128) {
        let mut bytes = OWN_TEXT.as_bytes().to_vec();
        bytes[at] = byte;
        let text = String::from_utf8(bytes).expect("still ASCII");
        if let Ok(batch) = BatchNote::parse(&text) {
            prop_assert_eq!(batch.text().expect("reads, so prints"), text);
        }
    }

    #[test]
    fn arbitrary_texts_never_panic(text in "\\PC{0,40}") {
        prop_assert!(BatchNote::parse(&text).is_err());
        if let Ok(stream) = StreamLine::parse(&text) {
            prop_assert_eq!(stream.line(), Ok(text));
        }
    }
}
