mod comb;
mod vectors;

use proptest::prelude::*;

use super::*;

fn unhex(digits: &str) -> Vec<u8> {
    let pair = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).expect("hexadecimal");
    (0..digits.len()).step_by(2).map(pair).collect()
}

/// Tests 1, 2 and 3 of RFC 8032 section 7.1.
#[test]
fn the_vectors_of_rfc_8032_sign_and_verify() {
    for (seed, public_key, message, signature) in [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ] {
        let seed = unhex(seed).try_into().expect("32 bytes");
        let key = SigningKey::from_seed("a", &seed).expect("a name");
        assert_eq!(to_hex(key.verifier_key().public_key()), public_key);
        assert_eq!(to_hex(&key.sign_bytes(&unhex(message))), signature);
        assert!(
            key.verifier_key()
                .verifies(&unhex(message), &unhex(signature))
        );
        assert!(!key.verifier_key().verifies(&unhex("ff"), &unhex(signature)));
    }
}

/// Own vectors, made with Python's `cryptography` and hashlib: seeds 00 01 .. 1f and 07 07 ..
#[test]
fn a_second_implementation_derives_the_same_key_ids() {
    let seed = std::array::from_fn(|nth| u8::try_from(nth).expect("below 32"));
    let agent = SigningKey::from_seed("probe.example/agents/eu-west-1a", &seed).expect("a name");
    assert_eq!(
        agent.verifier_key().to_string(),
        "probe.example/agents/eu-west-1a+4f9f02f8+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
    );
    let witness = SigningKey::from_seed("witness.example/w1", &[7; 32]).expect("a name");
    assert_eq!(
        witness.cosigner_key().to_string(),
        "witness.example/w1+aa4a09d1+BOpKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs"
    );
}

#[test]
fn drawn_keys_differ_and_survive_their_seed() {
    let (one, two) = (
        SigningKey::generate("a").expect("random"),
        SigningKey::generate("a").expect("random"),
    );
    assert_ne!(one.verifier_key(), two.verifier_key());
    let again = SigningKey::from_seed("a", &one.to_seed()).expect("a name");
    assert_eq!(again.verifier_key(), one.verifier_key());
}

#[test]
fn a_private_key_does_not_show_itself() {
    let key = SigningKey::from_seed("agent", &[42; 32]).expect("a name");
    assert_eq!(format!("{key:?}"), "SigningKey { name: \"agent\", .. }");
}

#[test]
fn names_that_a_signature_line_cannot_hold_are_refused() {
    for name in [
        "",
        "a b",
        "a+b",
        "a\u{a0}b",
        "a\nb",
        &"a".repeat(NAME_BYTES_MAX + 1),
    ] {
        let refused = SigningKey::from_seed(name, &[1; 32]);
        assert!(matches!(refused, Err(KeyError::Name { .. })), "{name:?}");
    }
}

#[track_caller]
fn refuses(vkey: &str, expected: &str) {
    let error = vkey.parse::<VerifierKey>().expect_err("no key");
    assert!(
        format!("{error:?}").starts_with(expected),
        "{vkey}: {error:?}"
    );
}

#[test]
fn vkeys_that_are_not_exactly_right_are_refused() {
    let key = SigningKey::from_seed("a", &[7; 32])
        .expect("a name")
        .verifier_key();
    let good = key.to_string();
    assert_eq!(good.parse::<VerifierKey>().expect("its own print"), key);
    refuses("", "Vkey");
    refuses("a+01020304", "Vkey");
    refuses(&format!("{good}="), "Vkey");
    refuses(&format!(" {good}"), "Name");
    refuses(&format!("b{}", &good[1..]), "Id");
    refuses(
        "a+00000000+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs",
        "Id",
    );
    refuses(
        "a+00000000+AupKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs",
        "Kind { kind: 2 }",
    );
    refuses(
        "a+00000000+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtI=",
        "PublicKey",
    );
    refuses(
        "+00000000+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs",
        "Name",
    );
}

#[test]
fn keys_of_small_order_or_in_a_second_spelling_are_refused() {
    let identity = {
        let mut bytes = [0; 32];
        bytes[0] = 1;
        bytes
    };
    let order_four = [0; 32];
    // y = p + 1, another spelling of the identity, and y = p + 3, one of a point of full order.
    let spelled = |low| {
        let mut bytes = [0xff; 32];
        bytes[0] = low;
        bytes[31] = 0x7f;
        bytes
    };
    for bytes in [identity, order_four, spelled(0xee), spelled(0xf0)] {
        let refused = VerifierKey::new("a", KeyKind::Note, &bytes);
        assert!(matches!(refused, Err(KeyError::PublicKey)), "{bytes:?}");
    }
}

proptest! {
    #[test]
    fn vkeys_of_both_kinds_round_trip(seed: [u8; 32], name in "[a-z0-9./-]{1,20}") {
        let key = SigningKey::from_seed(&name, &seed).expect("a name");
        for key in [key.verifier_key(), key.cosigner_key()] {
            prop_assert_eq!(key.to_string().parse::<VerifierKey>().expect("a key"), key);
        }
    }

    #[test]
    fn arbitrary_texts_never_panic(text in "\\PC{0,12}(\\+[0-9a-f]{8}\\+[A-Za-z0-9+/]{0,44}=?)?") {
        if let Ok(key) = text.parse::<VerifierKey>() {
            prop_assert_eq!(key.to_string(), text);
        }
    }
}
