use proptest::prelude::*;

use super::*;

/// Own vector, made with a second implementation in Python (hashlib).
const OWN_TEXT: &str = "sla-evidence/registry/v1\n\
    chain probe.example/contracts/7d1e\n\
    entry 12\n\
    prev baBjNSjeqgFE57BYMV8LdT7AuUUWOnK/lqDRgYD53g0=\n\
    type plan\n\
    at 1793491200\n\
    body RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=\n";

fn own_note() -> RegistryNote {
    RegistryNote {
        chain: "probe.example/contracts/7d1e".to_owned(),
        entry: 12,
        prev: Hash::of(b"previous"),
        kind: RegistryType::Plan,
        at_s: 1_793_491_200,
        body: Hash::of(b"{}"),
    }
}

#[test]
fn a_second_implementation_finds_the_same_bytes_and_hash() {
    let text = own_note().text().expect("a text");
    assert_eq!(text, OWN_TEXT);
    assert_eq!(
        registry_hash(&text).to_string(),
        "qh4F2TSGHmDI5Kk8+d8/xYAIC0wio0tJtrvnXZVMwnY="
    );
}

#[track_caller]
fn refuses(from: &str, to: &str, line: usize) {
    match RegistryNote::parse(&OWN_TEXT.replacen(from, to, 1)) {
        Err(RegistryError::Parse(error)) => assert_eq!(error.line, line, "{error}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn texts_that_are_not_exactly_a_registry_note_are_refused_at_their_line() {
    refuses("registry/v1", "batch/v1", 1);
    refuses("chain probe", "chain a b", 2);
    refuses("entry 12", "entry 012", 3);
    refuses("prev ba", "prev", 4);
    refuses("type plan", "type Plan", 5);
    refuses("type plan", "type poem", 5);
    refuses("at 1793491200", "at -1", 6);
    refuses("/4o=\n", "/4o=", 7);
    refuses("/4o=\n", "/4o=\nmore\n", 8);
}

#[test]
fn a_chain_name_that_would_break_its_line_is_not_written() {
    let note = RegistryNote {
        chain: "a\nentry 13".to_owned(),
        ..own_note()
    };
    assert!(matches!(note.text(), Err(RegistryError::Print(_))));
}

#[test]
fn every_type_has_its_own_word() {
    for kind in RegistryType::ALL {
        assert_eq!(kind.to_string().parse(), Ok(kind));
    }
    let mut words = RegistryType::ALL.map(RegistryType::as_str);
    let listed = words;
    words.sort_unstable();
    assert_eq!(words, listed);
}

proptest! {
    #[test]
    fn registry_notes_round_trip(
        chain in "[a-z0-9._/-]{1,12}", numbers: (u64, u64), kind in 0..RegistryType::ALL.len(),
        hashes: ([u8; 32], [u8; 32]),
    ) {
        let note = RegistryNote {
            chain,
            entry: numbers.0,
            prev: Hash::from_bytes(hashes.0),
            kind: RegistryType::ALL[kind],
            at_s: numbers.1,
            body: Hash::from_bytes(hashes.1),
        };
        prop_assert_eq!(RegistryNote::parse(&note.text().expect("a word")), Ok(note));
    }

    #[test]
    fn a_changed_byte_is_refused_or_read_as_what_it_says(at in 0..OWN_TEXT.len(), byte in 0_u8..128) {
        let mut bytes = OWN_TEXT.as_bytes().to_vec();
        bytes[at] = byte;
        let text = String::from_utf8(bytes).expect("still ASCII");
        if let Ok(note) = RegistryNote::parse(&text) {
            prop_assert_eq!(note.text(), Ok(text));
        }
    }
}
