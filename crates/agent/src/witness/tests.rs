use evidence::note::SignatureLine;

use super::*;

const LOG: &str = "nines.example/log";

fn log_key() -> SigningKey {
    SigningKey::from_seed(LOG, &[1; 32]).unwrap()
}

fn agent_key() -> SigningKey {
    SigningKey::from_seed("nines.example/agents/eu-1", &[2; 32]).unwrap()
}

/// A log whose entries are `words`.
fn leaves(words: &[&str]) -> Vec<Hash> {
    words
        .iter()
        .map(|word| tree::leaf_hash(word.as_bytes()))
        .collect()
}

fn checkpoint(words: &[&str], key: &SigningKey, origin: &str) -> String {
    let root = tree::root(&leaves(words));
    let size = words.len() as u64;
    let checkpoint = Checkpoint {
        origin: origin.to_owned(),
        size,
        root,
    };
    checkpoint.sign(key).unwrap().to_string()
}

fn answer(words: &[&str], from: u64) -> CheckpointAnswer {
    let proof = tree::consistency_proof(&leaves(words), from).unwrap();
    CheckpointAnswer {
        checkpoint: checkpoint(words, &log_key(), LOG),
        consistency: proof.iter().map(ToString::to_string).collect(),
        inclusion: None,
    }
}

fn seen(words: &[&str]) -> Seen {
    Seen {
        origin: LOG.to_owned(),
        size: words.len() as u64,
        root: tree::root(&leaves(words)),
    }
}

fn checked(answer: &CheckpointAnswer, seen: &Seen) -> Result<Witnessed, WitnessError> {
    check(
        answer,
        Trusted {
            log: LOG,
            log_key: &log_key().verifier_key(),
            seen,
        },
    )
}

#[test]
fn a_log_that_grew_is_believed_and_cosigned() {
    let answer = answer(&["a", "b", "c", "d", "e"], 3);
    let witnessed = checked(&answer, &seen(&["a", "b", "c"])).unwrap();
    let agent = "eu-1".parse().unwrap();
    let request = witnessed
        .cosign(&agent, &agent_key(), 1_800_000_000)
        .unwrap();
    let mut note = witnessed.note;
    note.push(SignatureLine::parse(&request.line).unwrap())
        .unwrap();
    let time_s = note::verify_cosignature(&note, &agent_key().cosigner_key()).unwrap();
    assert_eq!((request.size, time_s), (5, 1_800_000_000));
}

#[test]
fn the_first_checkpoint_is_believed_on_the_logs_signature() {
    checked(&answer(&["a", "b"], 0), &seen(&[])).unwrap();
}

#[test]
fn a_log_that_rewrote_an_entry_is_a_split_view() {
    let grown = answer(&["a", "X", "c", "d"], 3);
    let refused = checked(&grown, &seen(&["a", "b", "c"])).unwrap_err();
    assert!(
        matches!(
            refused,
            WitnessError::SplitView {
                size: 4,
                seen: 3,
                ..
            }
        ),
        "{refused:?}"
    );
    let same_size = answer(&["a", "X", "c"], 3);
    let refused = checked(&same_size, &seen(&["a", "b", "c"])).unwrap_err();
    assert!(
        matches!(
            refused,
            WitnessError::SplitView {
                size: 3,
                seen: 3,
                ..
            }
        ),
        "{refused:?}"
    );
}

#[test]
fn an_older_checkpoint_is_stale_and_no_alarm() {
    let refused = checked(&answer(&["a"], 1), &seen(&["a", "b"])).unwrap_err();
    assert!(matches!(refused, WitnessError::Stale { size: 1, seen: 2 }));
}

#[test]
fn a_checkpoint_of_another_key_or_log_is_refused() {
    let mut other_key = answer(&["a"], 0);
    let key = SigningKey::from_seed(LOG, &[9; 32]).unwrap();
    other_key.checkpoint = checkpoint(&["a"], &key, LOG);
    assert!(matches!(
        checked(&other_key, &seen(&[])),
        Err(WitnessError::Checkpoint(_))
    ));
    let mut other_log = answer(&["a"], 0);
    other_log.checkpoint = checkpoint(&["a"], &log_key(), "nines.example/other");
    assert!(matches!(
        checked(&other_log, &seen(&[])),
        Err(WitnessError::Origin { .. })
    ));
}

#[test]
fn a_mangled_proof_is_no_alarm_and_no_belief() {
    let mut short = answer(&["a", "b", "c", "d", "e"], 3);
    short.consistency.pop();
    let refused = checked(&short, &seen(&["a", "b", "c"])).unwrap_err();
    assert!(
        matches!(refused, WitnessError::Consistency(_)),
        "{refused:?}"
    );
    short.consistency.push("not a hash".into());
    let refused = checked(&short, &seen(&["a", "b", "c"])).unwrap_err();
    assert!(matches!(refused, WitnessError::Hash(_)));
}

#[test]
fn only_the_very_batch_is_found_in_the_log() {
    let words = ["a", "b", "c"];
    let witnessed = checked(&answer(&words, 0), &seen(&[])).unwrap();
    let proof = tree::inclusion_proof(&leaves(&words), 1).unwrap();
    let inclusion = Inclusion {
        seq: 0,
        index: 1,
        proof: proof.iter().map(ToString::to_string).collect(),
    };
    witnessed.check_inclusion(&inclusion, b"b").unwrap();
    let refused = witnessed.check_inclusion(&inclusion, b"x");
    assert!(matches!(
        refused,
        Err(WitnessError::Inclusion { seq: 0, .. })
    ));
}
