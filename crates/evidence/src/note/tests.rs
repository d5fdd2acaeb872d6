use proptest::prelude::*;

use super::*;

/// The key and a signed state of the Go checksum database, as published by sum.golang.org.
const SUMDB_KEY: &str = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
const SUMDB_NOTE: &str = "go.sum database tree\n63096908\n\
    8lHrQPRYe4KT4WQ9/Qk8/taKnD6IRHbFgfN7vQE2Y54=\n\n\
    — sum.golang.org Az3gri/oVBN1jAhNZ/iS+W31psFAWRT20/GyrhpU6taFwulQGetBkH5S7wpGXdS935jiIGiUUAXBVHzT/P6fYhqAmAk=\n";

/// The example of c2sp.org/signed-note; its key is not published there.
const C2SP_NOTE: &str = "Ognuno sta solo sul cuor della terra\n\
    trafitto da un raggio di sole:\n\n\
    ed è subito sera.\n\n\
    — quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";

/// Own vector, made with Python's `cryptography`: seed 00 01 .. 1f.
const OWN_NOTE: &str = "hello\n\nworld\n\n\
    — probe.example/agents/eu-west-1a T58C+DKv4FqzKJxiSZcar30P6MV+SpyQIt6rSnEWOXWNmzFfq1b3h8IVbf45dxYIuWx1WmM0HUbO6TDAQNgsQ1eR0wY=\n";

fn own_key() -> SigningKey {
    let seed = std::array::from_fn(|nth| u8::try_from(nth).expect("below 32"));
    SigningKey::from_seed("probe.example/agents/eu-west-1a", &seed).expect("a name")
}

fn other_key() -> SigningKey {
    SigningKey::from_seed("probe.example/operator", &[1; 32]).expect("a name")
}

#[test]
fn a_published_note_of_the_go_checksum_database_verifies() {
    let key: VerifierKey = SUMDB_KEY.parse().expect("a key");
    let note = SignedNote::parse(SUMDB_NOTE.as_bytes()).expect("a note");
    note.verify(&key).expect("genuine");
    assert_eq!(note.to_string(), SUMDB_NOTE);
}

#[test]
fn the_example_of_the_specification_splits_at_its_last_empty_line() {
    let note = SignedNote::parse(C2SP_NOTE.as_bytes()).expect("a note");
    assert!(note.text().ends_with("sole:\n\ned è subito sera.\n"));
    let [line] = note.signatures() else {
        panic!("one signature")
    };
    assert_eq!(line.name(), "quasimodo.example/salvatore");
    assert_eq!(line.key_id().to_string(), "367ba04b");
    assert_eq!(line.signature().len(), 64);
    assert_eq!(note.to_string(), C2SP_NOTE);
}

#[test]
fn a_second_implementation_makes_the_same_signature() {
    let note = sign("hello\n\nworld\n", &[&own_key()]).expect("signs");
    assert_eq!(note.to_string(), OWN_NOTE);
}

#[test]
fn each_signer_verifies_and_a_stranger_does_not() {
    let (own, other) = (own_key(), other_key());
    let note = sign("text\n", &[&own, &other]).expect("signs");
    let note = SignedNote::parse(&note.to_bytes()).expect("a note");
    note.verify(&own.verifier_key()).expect("genuine");
    note.verify(&other.verifier_key()).expect("genuine");
    let stranger = SigningKey::from_seed(own.name(), &[9; 32])
        .expect("a name")
        .verifier_key();
    assert!(matches!(
        note.verify(&stranger),
        Err(NoteError::NotSigned { .. })
    ));
    assert!(matches!(
        note.verify(&own.cosigner_key()),
        Err(NoteError::KeyKind { .. })
    ));
}

#[test]
fn a_forged_line_of_a_known_key_refuses_the_note_even_beside_a_genuine_one() {
    let own = own_key();
    let mut note = sign("text\n", &[&own]).expect("signs");
    let elsewhere = sign("other text\n", &[&own]).expect("signs");
    note.push(elsewhere.signatures()[0].clone()).expect("room");
    assert!(matches!(
        note.verify(&own.verifier_key()),
        Err(NoteError::BadSignature { .. })
    ));
}

#[test]
fn lines_of_unknown_keys_are_kept_and_ignored() {
    let own = own_key();
    let mut note = sign("text\n", &[&own]).expect("signs");
    let later = SignatureLine::parse("— later.example/pq AAAAAAA=").expect("a line");
    note.push(later).expect("room");
    let note = SignedNote::parse(&note.to_bytes()).expect("a note");
    assert_eq!(note.signatures().len(), 2);
    note.verify(&own.verifier_key()).expect("genuine");
}

#[track_caller]
fn refuses(bytes: &[u8], expected: &str) {
    let error = SignedNote::parse(bytes).expect_err("malformed");
    assert!(format!("{error:?}").starts_with(expected), "{error:?}");
}

#[test]
fn malformed_notes_are_refused() {
    refuses(b"", "Unsigned");
    refuses(b"text\n", "Unsigned");
    refuses(b"text\n\n", "Unsigned");
    refuses("text\n— a AAAAAAA=\n".as_bytes(), "Unsigned");
    refuses("text\n\n— a AAAAAAA=".as_bytes(), "Unsigned");
    refuses("text\n\n— a AAAAAAA=\n\n".as_bytes(), "Unsigned");
    refuses("\n— a AAAAAAA=\n".as_bytes(), "Unsigned");
    refuses("te\rxt\n\n— a AAAAAAA=\n".as_bytes(), "Control");
    refuses("text\n\n— a AAAAAAA=\r\n".as_bytes(), "Control");
    refuses(b"\xff\n\n", "Utf8");
    refuses(b"text\n\n- a AAAAAAA=\n", "SignatureLine { nth: 1 }");
    refuses(
        "text\n\n— a AAAAAAA=\nb\n".as_bytes(),
        "SignatureLine { nth: 2 }",
    );
    refuses("text\n\n—  a AAAAAAA=\n".as_bytes(), "SignatureLine");
    refuses("text\n\n— a AAAAAAA= \n".as_bytes(), "SignatureLine");
    refuses("text\n\n— a AAAAAAA\n".as_bytes(), "SignatureLine");
    refuses("text\n\n— a AAAAAAB=\n".as_bytes(), "SignatureLine");
    refuses("text\n\n— a AAAAAA==\n".as_bytes(), "SignatureLine");
    refuses("text\n\n— a+b AAAAAAA=\n".as_bytes(), "SignatureLine");
    let crowded = format!("text\n\n{}", "— a AAAAAAA=\n".repeat(SIGNATURES_MAX + 1));
    refuses(crowded.as_bytes(), "TooManySignatures");
    refuses(&vec![b'a'; NOTE_BYTES_MAX + 1], "TooLong");
}

#[test]
fn a_text_that_could_not_be_read_back_is_not_signed() {
    let key = own_key();
    assert!(matches!(
        sign("text", &[&key]),
        Err(NoteError::Unterminated)
    ));
    assert!(matches!(sign("", &[&key]), Err(NoteError::Unterminated)));
    assert!(matches!(sign("a\tb\n", &[&key]), Err(NoteError::Control)));
    assert!(matches!(sign("text\n", &[]), Err(NoteError::Unsigned)));
}

proptest! {
    #[test]
    fn what_is_signed_reads_back_and_verifies(text in "([^\\p{Cc}]{0,20}\n){1,4}") {
        let key = own_key();
        let note = sign(&text, &[&key]).expect("signs");
        let read = SignedNote::parse(&note.to_bytes()).expect("a note");
        prop_assert_eq!(&read, &note);
        prop_assert_eq!(read.text(), text);
        prop_assert!(read.verify(&key.verifier_key()).is_ok());
    }

    #[test]
    fn any_changed_byte_is_refused(at in 0..OWN_NOTE.len(), bit in 0_u32..8) {
        let mut bytes = OWN_NOTE.as_bytes().to_vec();
        bytes[at] ^= 1 << bit;
        let verified = SignedNote::parse(&bytes)
            .and_then(|note| note.verify(&own_key().verifier_key()));
        prop_assert!(verified.is_err());
    }

    #[test]
    fn what_reads_prints_back_to_the_same_bytes(bytes: Vec<u8>, tail in "(— [a-c ]{0,3}[A-D=]{0,9}\n){0,2}") {
        let bytes = [bytes.as_slice(), b"\n\n", tail.as_bytes()].concat();
        if let Ok(note) = SignedNote::parse(&bytes) {
            prop_assert_eq!(note.to_bytes(), bytes);
        }
    }
}
