use proptest::prelude::*;

use super::*;

const TEXT: &str = "nines/confirm/v1\norder 17\ntarget acme-chat\nseen-by eu-1\n\
    slot 1800000000000\nissued 1800000003000\nexpires 1800000033000\n";

fn order() -> ConfirmOrder {
    ConfirmOrder {
        number: 17,
        target: "acme-chat".parse().unwrap(),
        seen_by: "eu-1".parse().unwrap(),
        slot: UnixMillis::new(1_800_000_000_000),
        issued: UnixMillis::new(1_800_000_003_000),
        expires: UnixMillis::new(1_800_000_033_000),
    }
}

fn key(name: &str) -> SigningKey {
    SigningKey::from_seed(name, &[5; 32]).unwrap()
}

#[test]
fn the_text_of_an_order_is_frozen() {
    assert_eq!(order().to_string(), TEXT);
    assert_eq!(ConfirmOrder::parse(TEXT).unwrap(), order());
}

#[test]
fn an_order_is_believed_under_the_operators_key_and_no_other() {
    let operator = key("nines.example/operator");
    let note = order().sign(&operator).unwrap().to_string();
    let verified = ConfirmOrder::verify(&note, &operator.verifier_key());
    assert_eq!(verified.unwrap(), order());
    let log = key("nines.example/log").verifier_key();
    assert!(matches!(
        ConfirmOrder::verify(&note, &log),
        Err(OrderError::Signature(_))
    ));
    let forged = note.replace("acme-chat", "acme-pay");
    assert!(matches!(
        ConfirmOrder::verify(&forged, &operator.verifier_key()),
        Err(OrderError::Signature(_))
    ));
    let padded = format!("{}{note}", "x\n".repeat(ORDER_NOTE_BYTES_MAX));
    assert!(matches!(
        ConfirmOrder::verify(&padded, &operator.verifier_key()),
        Err(OrderError::TooLong { .. })
    ));
}

#[track_caller]
fn refused(from: &str, to: &str, line: usize) {
    let text = TEXT.replacen(from, to, 1);
    assert_ne!(text, TEXT);
    match ConfirmOrder::parse(&text) {
        Err(OrderError::Text { line: found, .. }) => assert_eq!(found, line, "{text}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn any_other_spelling_is_refused_by_its_line() {
    refused("/v1", "/v2", 1);
    refused("order 17", "order 017", 2);
    refused("order 17", "order +17", 2);
    refused("order 17", "order 17 ", 2);
    refused("order 17", "order  17", 2);
    refused("target acme-chat", "target Acme", 3);
    refused("target acme-chat\n", "", 3);
    refused("slot 18", "slot -018", 5);
    refused("33000\n", "33000", 7);
    refused("33000\n", "33000\n\n", 8);
    refused("\n", "\r\n", 1);
}

#[test]
fn an_order_that_lives_too_long_or_not_at_all_is_refused() {
    for (expires, life) in [("1800000033001", 30_001), ("1800000003000", 0)] {
        let text = TEXT.replace("1800000033000", expires);
        match ConfirmOrder::parse(&text) {
            Err(OrderError::Life { life_ms }) => assert_eq!(life_ms, life),
            other => panic!("{other:?}"),
        }
    }
}

proptest! {
    #[test]
    fn every_order_comes_back_from_its_note(
        number in any::<u64>(), slot in any::<i64>(), issued in -(1_i64 << 60)..1 << 60,
        life in 1..=ORDER_LIFE_MS_MAX, target in "[a-z0-9][a-z0-9._-]{0,63}",
    ) {
        let order = ConfirmOrder {
            number,
            target: target.parse().unwrap(),
            slot: UnixMillis::new(slot),
            issued: UnixMillis::new(issued),
            expires: UnixMillis::new(issued + life),
            ..order()
        };
        let operator = key("nines.example/operator");
        let note = order.sign(&operator).unwrap().to_string();
        prop_assert!(note.len() <= ORDER_NOTE_BYTES_MAX);
        prop_assert_eq!(ConfirmOrder::verify(&note, &operator.verifier_key()).unwrap(), order);
    }

    #[test]
    fn a_text_that_is_read_is_the_text_that_is_written(at in 0..TEXT.len(), byte in 0_u8..128) {
        let mut bytes = TEXT.as_bytes().to_vec();
        bytes[at] = byte;
        let text = String::from_utf8(bytes).unwrap();
        if let Ok(order) = ConfirmOrder::parse(&text) {
            prop_assert_eq!(order.to_string(), text);
        }
    }
}
