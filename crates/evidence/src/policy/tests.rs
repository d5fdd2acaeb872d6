use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::hash::Hash;
use crate::note::{SigningKey, cosign};

fn log() -> SigningKey {
    SigningKey::from_seed("probe.example/log/2026", &[100; 32]).expect("a name")
}

fn witness(nth: u8) -> SigningKey {
    SigningKey::from_seed(&format!("witness.example/{nth}"), &[nth; 32]).expect("a name")
}

/// Witnesses w1 to w5 and a log; `rest` defines groups and the quorum.
fn policy_text(rest: &str) -> String {
    let mut text = format!("# Two operators.\n\nlog {}\n", log().verifier_key());
    for nth in 1..=5 {
        let key = witness(nth).cosigner_key();
        writeln!(text, " witness\tw{nth}  {key} https://w{nth}.example")
            .expect("a String takes all");
    }
    text + rest
}

fn policy(rest: &str) -> Policy {
    Policy::parse(&policy_text(rest)).expect("a policy")
}

fn cosigned(times_s: &[(u8, u64)]) -> SignedNote {
    let origin = log().name().to_owned();
    let checkpoint = Checkpoint {
        origin,
        size: 7,
        root: Hash::of(b"root"),
    };
    let mut note = checkpoint.sign(&log()).expect("signs");
    for (nth, time_s) in times_s {
        note.push(cosign(note.text(), *time_s, &witness(*nth)).expect("in range"))
            .expect("room");
    }
    note
}

const TWO_SIDES: &str = "group X 2 w1 w2 w3\ngroup Y any w4 w5\ngroup both all X Y\nquorum both\n";

#[test]
fn a_quorum_is_complete_when_its_last_needed_witness_signed() {
    let note = cosigned(&[(1, 30), (2, 10), (3, 20), (4, 15)]);
    let times = policy(TWO_SIDES).quorum_met(&note).expect("met");
    assert_eq!(times.complete_at_s, Some(20)); // X with w2 and w3 at 20, Y with w4 at 15.
    let signed: Vec<_> = times
        .witnesses
        .iter()
        .map(|w| (w.name.as_str(), w.time_s))
        .collect();
    assert_eq!(signed, [("w1", 30), ("w2", 10), ("w3", 20), ("w4", 15)]);
}

#[test]
fn one_side_alone_makes_no_quorum() {
    let error = policy(TWO_SIDES).quorum_met(&cosigned(&[(1, 1), (2, 2), (3, 3)]));
    let error = error.expect_err("Y is missing");
    assert_eq!(
        error.to_string(),
        "quorum not met: cosigned by w1, w2, w3 only"
    );
    assert!(
        policy(TWO_SIDES)
            .quorum_met(&cosigned(&[(1, 1), (4, 2), (5, 3)]))
            .is_err()
    );
    assert!(policy(TWO_SIDES).quorum_met(&cosigned(&[])).is_err());
}

#[test]
fn a_single_witness_or_nobody_may_be_the_quorum() {
    let times = policy("quorum w2\n")
        .quorum_met(&cosigned(&[(2, 5), (1, 4)]))
        .expect("met");
    assert_eq!(times.complete_at_s, Some(5));
    let nobody = policy("quorum none");
    assert!(!nobody.needs_witnesses());
    let times = nobody.quorum_met(&cosigned(&[(1, 4)])).expect("met");
    assert_eq!((times.witnesses.len(), times.complete_at_s), (1, None));
}

#[test]
fn witnesses_the_policy_does_not_know_do_not_count() {
    assert!(
        policy("quorum w1\n")
            .quorum_met(&cosigned(&[(6, 1), (7, 1)]))
            .is_err()
    );
}

#[test]
fn a_forged_cosignature_of_a_known_witness_refuses_the_checkpoint() {
    let mut note = cosigned(&[(1, 1)]);
    let line = cosign("another checkpoint\n", 1, &witness(2)).expect("in range");
    note.push(line).expect("room");
    let refused = policy("quorum w1\n").quorum_met(&note);
    assert!(matches!(refused, Err(QuorumError::Cosignature { name, .. }) if name == "w2"));
}

#[test]
fn only_a_log_of_the_policy_opens_a_checkpoint_and_only_its_own() {
    let policy = policy("quorum none\n");
    assert_eq!(policy.open(&cosigned(&[])).expect("genuine").size, 7);
    let checkpoint = |origin: &str| Checkpoint {
        origin: origin.to_owned(),
        size: 7,
        root: Hash::of(b"root"),
    };
    let foreign = checkpoint("x").sign(&witness(1)).expect("signs");
    assert!(matches!(
        policy.open(&foreign),
        Err(QuorumError::UnknownLog)
    ));
    let misnamed = checkpoint("x").sign(&log()).expect("signs");
    assert!(matches!(
        policy.open(&misnamed),
        Err(QuorumError::Origin { .. })
    ));
}

#[track_caller]
fn refuses(rest: &str, line: usize, expected: &str) {
    match Policy::parse(&policy_text(rest)) {
        Err(PolicyError::Line { line: at, fault }) => {
            assert_eq!(at, line + 8, "{fault:?}"); // Eight lines stand before `rest`.
            assert!(format!("{fault:?}").starts_with(expected), "{fault:?}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_refusal_names_its_line() {
    refuses("\nlogs x\n", 2, "Keyword");
    refuses("log\n", 1, "Words");
    refuses("witness a\n", 1, "Words");
    refuses("group g any\n", 1, "Words");
    refuses("quorum w1 w2\n", 1, "Words");
    refuses("quorum w1\nquorum w1\n", 2, "QuorumTwice");
    refuses("quorum later\ngroup later any w1\n", 1, "Undefined");
    refuses("group g all w1 g\n", 1, "Undefined");
    refuses("group g all none\n", 1, "Undefined");
    refuses("group g all w1 w1\n", 1, "MemberTwice");
    refuses("group g all w1\ngroup h any w1 w2\n", 2, "MemberTwice");
    refuses("group w1 all w2\n", 1, "NameTaken");
    refuses("group none all w2\n", 1, "NameTaken");
    for threshold in ["0", "3", "01", "+1", "some", ""] {
        let expected = if threshold.is_empty() {
            "Undefined"
        } else {
            "Threshold"
        };
        let line = if threshold.is_empty() {
            "group g any x\n".to_owned()
        } else {
            format!("group g {threshold} w1 w2\n")
        };
        refuses(&line, 1, expected);
    }
    refuses("quorum w1\r\n", 1, "Control");
    refuses("log nonsense\n", 1, "Key(");
    refuses(
        &format!("log {}\n", witness(6).cosigner_key()),
        1,
        "KeyKind",
    );
    refuses(
        &format!("witness w6 {}\n", witness(6).verifier_key()),
        1,
        "KeyKind",
    );
    let renamed = SigningKey::from_seed("other", &[1; 32]).expect("a name");
    refuses(
        &format!("witness w6 {}\n", renamed.cosigner_key()),
        1,
        "DuplicateKey",
    );
    assert!(matches!(
        Policy::parse(&policy_text("")),
        Err(PolicyError::NoQuorum)
    ));
}

#[test]
fn a_long_chain_of_groups_is_evaluated_without_recursion() {
    let mut rest = "group g0 any w1\n".to_owned();
    for nth in 1..10_000 {
        writeln!(rest, "group g{nth} any g{}", nth - 1).expect("a String takes all");
    }
    rest += "quorum g9999\n";
    assert_eq!(
        policy(&rest)
            .quorum_met(&cosigned(&[(1, 9)]))
            .expect("met")
            .complete_at_s,
        Some(9)
    );
}

proptest! {
    #[test]
    fn arbitrary_texts_never_panic(text in "((log|witness|group|quorum|#) [a-z0-9+ ]{0,20}\n){0,6}") {
        drop(Policy::parse(&text)); // Refused or read, never a panic.
    }

    #[test]
    fn a_threshold_group_is_met_by_exactly_so_many(
        threshold in 1_usize..=5, signed in proptest::collection::btree_map(1_u8..=5, 1_u64..100, 0..=5),
    ) {
        let policy = policy(&format!("group g {threshold} w1 w2 w3 w4 w5\nquorum g\n"));
        let times_s: Vec<_> = signed.into_iter().collect();
        let mut sorted: Vec<u64> = times_s.iter().map(|(_, time_s)| *time_s).collect();
        sorted.sort_unstable();
        let met = policy.quorum_met(&cosigned(&times_s)).ok().and_then(|times| times.complete_at_s);
        prop_assert_eq!(met, sorted.get(threshold - 1).copied());
    }
}
