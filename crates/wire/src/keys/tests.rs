use evidence::note::{self, SigningKey};

use super::*;

const NAME: &str = "nines.example/agents/eu-1";

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed(NAME, &[seed; 32]).unwrap()
}

fn keys() -> AgentKeys {
    AgentKeys::new(key(1).verifier_key())
}

fn rotation(old: &SigningKey, new: &SigningKey, from_batch: u64) -> Rotation {
    Rotation {
        agent: "eu-1".parse().unwrap(),
        old_vkey: old.verifier_key().to_string(),
        new_vkey: new.verifier_key().to_string(),
        from_batch,
    }
}

fn signed(rotation: &Rotation, by: &[&SigningKey]) -> Vec<u8> {
    note::sign(&rotation.text(), by).unwrap().to_bytes()
}

#[test]
fn both_keys_sign_exactly_five_lines() {
    let (old, new) = (key(1), key(2));
    let rotation = rotation(&old, &new, 7);
    let expected = format!(
        "nines/rotate/v1\nagent eu-1\nold {}\nnew {}\nfrom-batch 7\n",
        old.verifier_key(),
        new.verifier_key()
    );
    assert_eq!(rotation.text(), expected);
    let proof = signed(&rotation, &[&old, &new]);
    let found = rotation.verify(&proof, &keys()).unwrap();
    assert_eq!(found.to_string(), rotation.new_vkey);
}

#[test]
fn a_rotation_needs_both_signatures() {
    let (old, new) = (key(1), key(2));
    let rotation = rotation(&old, &new, 7);
    let verify = |by: &[&SigningKey]| rotation.verify(&signed(&rotation, by), &keys());
    let refused = verify(&[&new]).unwrap_err();
    assert!(matches!(refused, RotationError::OldSignature(_)));
    let refused = verify(&[&old]).unwrap_err();
    assert!(matches!(refused, RotationError::NewSignature(_)));
    let refused = verify(&[&old, &key(3)]).unwrap_err();
    assert!(matches!(refused, RotationError::NewSignature(_)));
}

#[test]
fn a_proof_of_another_rotation_proves_nothing() {
    let (old, new) = (key(1), key(2));
    let proof = signed(&rotation(&old, &new, 8), &[&old, &new]);
    let refused = rotation(&old, &new, 7).verify(&proof, &keys()).unwrap_err();
    assert!(matches!(refused, RotationError::ProofText));
}

#[test]
fn a_key_of_another_name_a_former_key_and_another_predecessor_are_refused() {
    let (old, new) = (key(1), key(2));
    let check = |keys: &AgentKeys, rotation: &Rotation| {
        let proof = signed(rotation, &[&old, &new]);
        rotation.verify(&proof, keys).unwrap_err()
    };
    let other = SigningKey::from_seed("nines.example/agents/eu-2", &[2; 32]).unwrap();
    let refused = check(&keys(), &rotation(&old, &other, 7));
    assert!(matches!(refused, RotationError::KeyName { .. }));
    let refused = check(&keys(), &rotation(&old, &old, 7));
    assert!(matches!(refused, RotationError::Reused));
    let refused = check(&keys(), &rotation(&new, &key(3), 7));
    assert!(matches!(refused, RotationError::NotNewest { .. }));
    let mut twice = keys();
    twice.push(9, new.verifier_key());
    let refused = check(&twice, &rotation(&new, &key(3), 8));
    assert!(matches!(refused, RotationError::Backwards { .. }));
    let refused = check(&keys(), &rotation(&old, &new, FROM_BATCH_MAX + 1));
    assert!(matches!(refused, RotationError::TooFar { .. }));
}

#[test]
fn each_batch_has_the_key_of_its_number() {
    let mut keys = keys();
    keys.push(5, key(2).verifier_key());
    keys.push(5, key(3).verifier_key());
    keys.push(9, key(4).verifier_key());
    let seeds = [(0, 1), (4, 1), (5, 3), (8, 3), (9, 4), (u64::MAX, 4)];
    for (seq, seed) in seeds {
        assert_eq!(keys.at(seq), &key(seed).verifier_key(), "batch {seq}");
    }
    assert_eq!((keys.count(), keys.newest_from()), (4, 9));
}

#[test]
fn a_batch_is_signed_by_the_key_of_its_number_and_under_its_name_by_no_other() {
    let mut keys = keys();
    keys.push(5, key(2).verifier_key());
    let sign = |by: &[&SigningKey]| note::sign("text\n", by).unwrap();
    keys.verify_batch(4, &sign(&[&key(1)])).unwrap();
    keys.verify_batch(5, &sign(&[&key(2)])).unwrap();
    for (seq, by) in [(4, 2), (5, 1)] {
        assert!(keys.verify_batch(seq, &sign(&[&key(by)])).is_err(), "{seq}");
    }
    assert!(keys.verify_batch(5, &sign(&[&key(1), &key(2)])).is_err());
    let stranger = SigningKey::from_seed("nines.example/other", &[9; 32]).unwrap();
    keys.verify_batch(5, &sign(&[&stranger, &key(2)])).unwrap();
}
