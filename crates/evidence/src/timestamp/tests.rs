use proptest::prelude::*;

use super::*;

/// What `openssl ts -query -digest .. -cert` writes over the SHA-256 of `abc`, but for its nonce.
const QUERY: &str = "3043020101303130 0d06096086480165 0304020105000420\
                     ba7816bf8f01cfea 414140de5dae2223 b00361a396177a9c b410ff61f20015ad\
                     02080123456789abcdef 0101ff";

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let pairs = digits.chunks_exact(2);
    let text = |pair| std::str::from_utf8(pair).unwrap();
    pairs
        .map(|pair| u8::from_str_radix(text(pair), 16).unwrap())
        .collect()
}

#[test]
fn a_request_is_the_one_that_openssl_makes() {
    let found = request(&Hash::of(b"abc"), 0x0123_4567_89ab_cdef);
    assert_eq!(found, hex(QUERY));
}

#[test]
fn a_refusal_is_told_in_the_authoritys_words() {
    let mut words = Vec::new();
    der::push(&mut words, der::UTF8_STRING, b"no\nsuch policy");
    let mut status = vec![2, 1, 2];
    der::push(&mut status, der::SEQUENCE, &words);
    let (mut body, mut response) = (Vec::new(), Vec::new());
    der::push(&mut body, der::SEQUENCE, &status);
    der::push(&mut response, der::SEQUENCE, &body);
    let refusal = Token::parse(&response).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "the authority refused, with status 2: no such policy"
    );
}

#[test]
fn a_grant_without_a_token_is_none() {
    let response = [0x30, 5, 0x30, 3, 2, 1, 0];
    assert_eq!(Token::parse(&response), Err(TokenError::Absent));
    let long = vec![0; RESPONSE_BYTES_MAX + 1];
    assert_eq!(Token::parse(&long), Err(TokenError::TooLong));
}

#[test]
fn an_accuracy_is_summed_and_bounded() {
    let of = |content: &[u8]| {
        let mut bytes = Vec::new();
        der::push(&mut bytes, der::SEQUENCE, content);
        accuracy_us(der::single(&bytes, der::SEQUENCE).unwrap())
    };
    assert_eq!(of(&[]), Ok(0));
    assert_eq!(of(&[2, 1, 3, 0x80, 1, 4, 0x81, 1, 5]), Ok(3_004_005));
    assert_eq!(of(&[0x81, 1, 5]), Ok(5));
    assert_eq!(of(&[0x80, 2, 3, 0xe8]), Err(DerError::Integer));
    assert_eq!(of(&[2, 3, 1, 0x51, 0x81]), Err(DerError::Integer));
    assert_eq!(of(&[0x81, 1, 5, 0x80, 1, 4]), Err(DerError::Trailing));
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
        let _read = Token::parse(&bytes);
    }

    #[test]
    fn a_request_reads_back(bytes: [u8; 32], nonce: u64) {
        let request = request(&Hash::from_bytes(bytes), nonce);
        let mut parts = der::single(&request, der::SEQUENCE).unwrap().reader();
        prop_assert_eq!(parts.expect(der::INTEGER).unwrap().content, [1]);
        let imprint = imprint_of(parts.expect(der::SEQUENCE).unwrap()).unwrap();
        prop_assert_eq!(imprint, Hash::from_bytes(bytes));
        prop_assert_eq!(parts.expect(der::INTEGER).unwrap().unsigned(), Ok(nonce));
    }
}
