//! Tokens of authorities that OpenSSL makes: the good ones, and each thing that can be wrong.

pub(crate) mod authority;

use proptest::prelude::*;

use super::*;
use crate::verdict::causes;
use authority::{Authority, Key};

const NONCE: u64 = 0xfedc_ba98_7654_3210;
const TIME: &str = "20260301000000Z";
const TIME_US: i64 = 1_772_323_200_000_000;

fn data() -> Hash {
    Hash::of(b"what existed")
}

#[track_caller]
fn refused(response: &[u8], by: &Authority, reason: &str) {
    let token = Token::parse(response).unwrap();
    let refusal = check(&token, &data(), &by.roots()).unwrap_err();
    let refusal = causes(&refusal);
    assert!(refusal.contains(reason), "{refusal}");
}

#[test]
fn what_openssl_answers_verifies_with_every_kind_of_key() {
    for key in [Key::Rsa, Key::P256, Key::P384] {
        let authority = Authority::new(key, "only");
        let response = authority.reply(&evidence::timestamp::request(&data(), NONCE));
        let token = Token::parse(&response).unwrap();
        assert!(token.answers(NONCE));
        assert!(!token.answers(NONCE - 1));
        let stamp = check(&token, &data(), &authority.roots()).unwrap();
        assert_eq!(stamp.accuracy_us, 1_500_000);
        assert!(stamp.at_us > TIME_US);
        assert_eq!(check_signature(&token, &data()).unwrap(), stamp);
        // Other roots beside the right one do no harm.
        let both = [Authority::other().pem(), authority.pem()].concat();
        let both = Roots::from_pem(&both).unwrap();
        assert_eq!(check(&token, &data(), &both).unwrap(), stamp);
    }
}

#[test]
fn a_token_of_a_chosen_time_verifies() {
    let authority = Authority::good();
    let response = authority.stamp(&data(), TIME);
    let token = Token::parse(&response).unwrap();
    let stamp = check(&token, &data(), &authority.roots()).unwrap();
    assert_eq!(
        (stamp.at_us, stamp.latest_us()),
        (TIME_US, TIME_US + 1_500_000)
    );
}

#[test]
fn a_token_over_other_data_is_refused() {
    let authority = Authority::good();
    let response = authority.stamp(&Hash::of(b"something else"), TIME);
    refused(&response, authority, "something else");
}

#[test]
fn a_root_that_was_not_given_is_not_believed() {
    let response = Authority::good().stamp(&data(), TIME);
    refused(&response, Authority::other(), "does not lead to a root");
    let token = Token::parse(&response).unwrap();
    check_signature(&token, &data()).unwrap();
}

#[test]
fn a_certificate_counts_from_its_first_second_to_its_last() {
    let with = |first, last| Authority::valid(Key::P256, "only", (first, last));
    let expired = with("20250101000000Z", "20260228235959Z");
    refused(
        &expired.stamp(&data(), TIME),
        &expired,
        "does not lead to a root",
    );
    let early = with("20260301000001Z", "20270101000000Z");
    refused(
        &early.stamp(&data(), TIME),
        &early,
        "does not lead to a root",
    );
    let just = with("20260301000000Z", "20260301000000Z");
    let response = just.stamp(&data(), TIME);
    let token = Token::parse(&response).unwrap();
    check(&token, &data(), &just.roots()).unwrap();
}

#[test]
fn a_certificate_is_for_timestamps_only_and_says_so() {
    for usage in ["uncritical", "both", "server"] {
        let authority = Authority::new(Key::P256, usage);
        refused(
            &authority.stamp(&data(), TIME),
            &authority,
            "for timestamps only",
        );
    }
}

#[test]
fn a_file_without_certificates_names_no_roots() {
    for bad in [
        &b""[..],
        b"no PEM",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        assert!(Roots::from_pem(bad).is_err());
    }
}

/// Every byte counts: of the status and of what is not signed some may change, but the statement
/// never does.
#[test]
fn no_flipped_bit_gives_another_statement() {
    for (key, stride) in [(Key::Rsa, 11), (Key::P256, 2)] {
        let authority = Authority::new(key, "only");
        let response = authority.reply(&evidence::timestamp::request(&data(), NONCE));
        let roots = authority.roots();
        let honest = check(&Token::parse(&response).unwrap(), &data(), &roots).unwrap();
        let mut survived = 0;
        for at in (0..response.len()).step_by(stride) {
            let mut bent = response.clone();
            bent[at] ^= 1 << (at % 8);
            let Ok(token) = Token::parse(&bent) else {
                continue;
            };
            if let Ok(stamp) = check(&token, &data(), &roots) {
                assert_eq!(stamp, honest, "at {at}");
                survived += 1;
            }
        }
        // The root's own certificate travels along, and nobody reads it.
        assert!(2 * survived * stride < response.len(), "{survived}");
        for end in 0..response.len() {
            assert!(Token::parse(&response[..end]).is_err(), "cut at {end}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn bent_responses_never_panic(
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        static RESPONSE: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
        let authority = Authority::good();
        let mut bytes = RESPONSE.get_or_init(|| authority.stamp(&data(), TIME)).clone();
        for (at, byte) in flips {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let cut = cut.index(4 * bytes.len()).min(bytes.len());
        let _bent = Token::parse(&bytes[..cut]);
        if let Ok(token) = Token::parse(&bytes) {
            let _checked = check(&token, &data(), &authority.roots());
        }
    }
}
