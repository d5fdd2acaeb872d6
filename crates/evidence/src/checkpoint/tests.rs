use proptest::prelude::*;

use super::*;
use crate::note::KeyKind;

/// The example of c2sp.org/tlog-checkpoint with a cosignature; the keys are not published there.
const C2SP_CHECKPOINT: &str = "example.com/behind-the-sofa\n20852163\n\
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
    — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
    — witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";

#[test]
fn the_example_of_the_specification_is_read() {
    let note = SignedNote::parse(C2SP_CHECKPOINT.as_bytes()).expect("a note");
    let checkpoint = Checkpoint::parse(note.text()).expect("a checkpoint");
    assert_eq!(checkpoint.origin, "example.com/behind-the-sofa");
    assert_eq!(checkpoint.size, 20_852_163);
    assert_eq!(checkpoint.text(), note.text());
    assert_eq!(
        note.signatures()[1].signature()[..8],
        1_679_315_147_u64.to_be_bytes()
    );
}

/// A state of the Go checksum database, whose key has another name than its origin.
#[test]
fn a_published_checkpoint_opens_with_the_key_of_its_log() {
    let log: VerifierKey = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
        .parse()
        .expect("a key");
    let note = "go.sum database tree\n63096908\n8lHrQPRYe4KT4WQ9/Qk8/taKnD6IRHbFgfN7vQE2Y54=\n\n\
        — sum.golang.org Az3gri/oVBN1jAhNZ/iS+W31psFAWRT20/GyrhpU6taFwulQGetBkH5S7wpGXdS935jiIGiUUAXBVHzT/P6fYhqAmAk=\n";
    let note = SignedNote::parse(note.as_bytes()).expect("a note");
    let checkpoint = Checkpoint::open(&note, &log).expect("genuine");
    assert_eq!(
        (checkpoint.origin.as_str(), checkpoint.size),
        ("go.sum database tree", 63_096_908)
    );
    let other = SigningKey::from_seed("sum.golang.org", &[1; 32])
        .expect("a name")
        .verifier_key();
    assert_eq!(other.kind(), KeyKind::Note);
    assert!(matches!(
        Checkpoint::open(&note, &other),
        Err(CheckpointError::Verify(_))
    ));
}

#[test]
fn a_signed_checkpoint_opens_again() {
    let key = SigningKey::from_seed("probe.example/log/2026", &[3; 32]).expect("a name");
    let checkpoint = Checkpoint {
        origin: key.name().to_owned(),
        size: 7,
        root: Hash::of(b"root"),
    };
    let note = checkpoint.sign(&key).expect("signs");
    assert_eq!(
        Checkpoint::open(&note, &key.verifier_key()).expect("genuine"),
        checkpoint
    );
    let broken = Checkpoint {
        origin: "a\nb".to_owned(),
        ..checkpoint
    };
    assert!(matches!(broken.sign(&key), Err(CheckpointError::Parse(_))));
}

#[track_caller]
fn refuses(text: &str, line: usize) {
    match Checkpoint::parse(text) {
        Err(CheckpointError::Parse(error)) => assert_eq!(error.line, line, "{error}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn texts_that_are_not_exactly_a_checkpoint_are_refused() {
    let root = Hash::of(b"root");
    refuses("", 1);
    refuses(&format!("\n1\n{root}\n"), 1);
    refuses(&format!("log\n01\n{root}\n"), 2);
    refuses(&format!("log\n+1\n{root}\n"), 2);
    refuses(&format!("log\n18446744073709551616\n{root}\n"), 2);
    refuses("log\n1\nAAAA\n", 3);
    refuses(&format!("log\n1\n{root}"), 3);
    refuses(&format!("log\n1\n{root}\nextension\n"), 4);
    let text = format!("log\n0\n{root}\n");
    assert!(matches!(
        Checkpoint::parse(&text),
        Err(CheckpointError::EmptyRoot)
    ));
}

proptest! {
    #[test]
    fn checkpoints_round_trip(origin in "[^\\p{Cc}]{1,20}", size in 1_u64.., root: [u8; 32]) {
        let checkpoint = Checkpoint { origin, size, root: Hash::from_bytes(root) };
        prop_assert_eq!(Checkpoint::parse(&checkpoint.text()).expect("its own text"), checkpoint);
    }

    #[test]
    fn what_reads_prints_back(text in "[a-z]{0,3}\n[0-9]{0,3}\n[A-D=]{0,4}\n?") {
        if let Ok(checkpoint) = Checkpoint::parse(&text) {
            prop_assert_eq!(checkpoint.text(), text);
        }
    }
}
