use proptest::prelude::*;

use super::*;
use crate::note::sign;

const TIME_S: u64 = 1_793_491_200;
const CHECKPOINT: &str =
    "probe.example/log/2026\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";

/// Own vector, made with Python's `cryptography`: seed 07 07 ..
const OWN_LINE: &str = "— witness.example/w1 qkoJ0QAAAABq5oEAX533RhUoqtMwi1apsmE/ZQZJ6J+pqMt80o6t3SRM0Y63l7o/coy74eyImfxsfbd0Y2nIvX2QOlOC0tzN2NIzCQ==";

fn witness() -> SigningKey {
    SigningKey::from_seed("witness.example/w1", &[7; 32]).expect("a name")
}

fn log() -> SigningKey {
    SigningKey::from_seed("probe.example/log/2026", &[3; 32]).expect("a name")
}

fn cosigned(times_s: &[u64]) -> SignedNote {
    let mut note = sign(CHECKPOINT, &[&log()]).expect("signs");
    for time_s in times_s {
        note.push(cosign(note.text(), *time_s, &witness()).expect("in range"))
            .expect("room");
    }
    note
}

#[test]
fn a_second_implementation_makes_the_same_cosignature() {
    let line = cosign(CHECKPOINT, TIME_S, &witness()).expect("in range");
    assert_eq!(line.to_string(), OWN_LINE);
}

#[test]
fn a_cosignature_gives_the_time_of_its_witness() {
    let note = SignedNote::parse(&cosigned(&[TIME_S]).to_bytes()).expect("a note");
    assert_eq!(
        verify_cosignature(&note, &witness().cosigner_key()).expect("genuine"),
        TIME_S
    );
    note.verify(&log().verifier_key()).expect("genuine");
}

#[test]
fn of_several_times_of_one_witness_the_earliest_counts() {
    let note = cosigned(&[TIME_S + 60, TIME_S, TIME_S + 120]);
    assert_eq!(
        verify_cosignature(&note, &witness().cosigner_key()).expect("genuine"),
        TIME_S
    );
}

#[test]
fn a_plain_signature_is_no_cosignature_and_the_other_way_round() {
    let note = cosigned(&[TIME_S]);
    let as_log = witness().verifier_key();
    assert!(matches!(
        note.verify(&as_log),
        Err(NoteError::NotSigned { .. })
    ));
    assert!(matches!(
        verify_cosignature(&note, &as_log),
        Err(NoteError::KeyKind { .. })
    ));
    let log = log().cosigner_key();
    assert!(matches!(
        verify_cosignature(&note, &log),
        Err(NoteError::NotSigned { .. })
    ));
}

#[test]
fn a_cosignature_of_another_checkpoint_is_refused() {
    let line = cosign("probe.example/log/2025\n0\n", TIME_S, &witness()).expect("in range");
    let mut note = cosigned(&[TIME_S]);
    note.push(line).expect("room");
    let refused = verify_cosignature(&note, &witness().cosigner_key());
    assert!(matches!(refused, Err(NoteError::BadSignature { .. })));
}

#[test]
fn a_time_beyond_its_range_is_refused() {
    let time_s = 1 << 63;
    assert!(matches!(
        cosign(CHECKPOINT, time_s, &witness()),
        Err(NoteError::Time { .. })
    ));
    cosign(CHECKPOINT, time_s - 1, &witness()).expect("in range");
}

proptest! {
    #[test]
    fn a_changed_time_or_signature_is_refused(at in 0_usize..72, bit in 0_u32..8) {
        let line = cosign(CHECKPOINT, TIME_S, &witness()).expect("in range");
        let mut signature = line.signature().to_vec();
        signature[at] ^= 1 << bit;
        let mut note = sign(CHECKPOINT, &[&log()]).expect("signs");
        note.push(SignatureLine::new(&witness().cosigner_key(), signature)).expect("room");
        prop_assert!(verify_cosignature(&note, &witness().cosigner_key()).is_err());
    }

    #[test]
    fn signatures_of_any_length_never_panic(signature: Vec<u8>) {
        let mut note = sign(CHECKPOINT, &[&log()]).expect("signs");
        note.push(SignatureLine::new(&witness().cosigner_key(), signature)).expect("room");
        prop_assert!(verify_cosignature(&note, &witness().cosigner_key()).is_err());
    }
}
