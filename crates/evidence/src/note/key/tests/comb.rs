//! A prepared key takes what `verify_strict` takes, and nothing else.

use proptest::prelude::*;

use super::*;

#[test]
fn a_prepared_key_is_the_same_key() {
    let key = SigningKey::from_seed("a", &[7; 32]).expect("a name");
    let key = key.verifier_key();
    assert_eq!(key.prepared(), key);
    assert_eq!(key.prepared().prepared().to_string(), key.to_string());
    assert_eq!(format!("{:?}", key.prepared()), format!("{key:?}"));
}

#[test]
fn signatures_of_another_length_are_refused() {
    let key = SigningKey::from_seed("a", &[7; 32]).expect("a name");
    let signature = key.sign_bytes(b"x");
    let prepared = key.verifier_key().prepared();
    assert!(prepared.verifies(b"x", &signature));
    for length in [0, 31, 32, 63] {
        assert!(!prepared.verifies(b"x", &signature[..length]), "{length}");
    }
    assert!(!prepared.verifies(b"x", &[signature.as_slice(), &[0]].concat()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_prepared_key_takes_exactly_the_signatures_of_the_library(
        seed: [u8; 32], message: Vec<u8>, at in 0_usize..64, bit in 0_u8..8, other: [u8; 64],
    ) {
        let key = SigningKey::from_seed("a", &seed).expect("a name");
        let signature = key.sign_bytes(&message);
        let (plain, prepared) = (key.verifier_key(), key.verifier_key().prepared());
        prop_assert!(prepared.verifies(&message, &signature));
        let mut bent = signature;
        bent[at] ^= 1 << bit;
        for bad in [bent, other] {
            prop_assert!(!plain.verifies(&message, &bad));
            prop_assert!(!prepared.verifies(&message, &bad));
        }
        prop_assert!(!prepared.verifies(&[message.as_slice(), b"x"].concat(), &signature));
    }
}
