use proptest::prelude::*;

use super::*;

fn time(tag: u8, text: &str) -> Result<i64, DerError> {
    let value = Value {
        tag,
        content: text.as_bytes(),
        whole: &[],
    };
    value.time_us()
}

#[test]
fn times_are_those_of_the_calendar() {
    let at = |text| time(GENERALIZED_TIME, text);
    assert_eq!(at("19700101000000Z"), Ok(0));
    assert_eq!(at("20260301000000Z"), Ok(1_772_323_200_000_000));
    assert_eq!(at("20260301000000.25Z"), Ok(1_772_323_200_250_000));
    assert_eq!(at("20000229235959.1234567Z"), Ok(951_868_799_123_456));
    assert_eq!(time(UTC_TIME, "700101000000Z"), Ok(0));
    assert_eq!(time(UTC_TIME, "260301000000Z"), Ok(1_772_323_200_000_000));
    for bad in [
        "",
        "Z",
        "20260301000000",
        "20260229000000Z",
        "20261301000000Z",
        "20260301240000Z",
        "20260301000060Z",
        "20260301000000.Z",
        "20260301000000+0100",
        "2026030100000aZ",
        "202603010000Z",
    ] {
        assert_eq!(at(bad), Err(DerError::Time), "{bad}");
    }
}

#[test]
fn only_the_shortest_definite_form_is_read() {
    for (bytes, error) in [
        (&[][..], DerError::Truncated),
        (&[4], DerError::Truncated),
        (&[4, 2, 0], DerError::Truncated),
        (&[4, 0x80, 0, 0], DerError::Form),
        (&[4, 0x81, 1, 0], DerError::Form),
        (&[4, 0x82, 0, 0x80], DerError::Form),
        (&[4, 0x84, 0xff, 0xff, 0xff, 0xff], DerError::Truncated),
        (&[0x1f, 0], DerError::Form),
    ] {
        assert_eq!(Reader::new(bytes).any(), Err(error), "{bytes:?}");
    }
    assert_eq!(single(&[4, 0, 0], OCTET_STRING), Err(DerError::Trailing));
    let (expected, found) = (INTEGER, OCTET_STRING);
    assert_eq!(
        single(&[4, 0], INTEGER),
        Err(DerError::Tag { expected, found })
    );
}

#[test]
fn integers_have_one_spelling() {
    for bad in [
        &[][..],
        &[0x80],
        &[0, 1],
        &[1; 9],
        &[0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0],
    ] {
        let mut bytes = Vec::new();
        push(&mut bytes, INTEGER, bad);
        let value = single(&bytes, INTEGER).expect("a value");
        assert_eq!(value.unsigned(), Err(DerError::Integer), "{bad:?}");
    }
}

proptest! {
    #[test]
    fn what_is_written_reads_back(tag in 1_u8..0x1f, content: Vec<u8>, number: u64) {
        let mut bytes = Vec::new();
        push(&mut bytes, tag, &content);
        push(&mut bytes, INTEGER, &unsigned(number));
        let mut reader = Reader::new(&bytes);
        prop_assert_eq!(reader.expect(tag).unwrap().content, &content[..]);
        prop_assert_eq!(reader.expect(INTEGER).unwrap().unsigned(), Ok(number));
        prop_assert!(reader.is_empty());
    }

    #[test]
    fn long_values_read_back(length in 120_usize..70_000) {
        let mut bytes = Vec::new();
        push(&mut bytes, OCTET_STRING, &vec![7; length]);
        prop_assert_eq!(single(&bytes, OCTET_STRING).unwrap().content.len(), length);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
        let mut reader = Reader::new(&bytes);
        while let Ok(value) = reader.any() {
            prop_assert!(value.whole.ends_with(value.content));
            let _unsigned = value.unsigned();
            let _time = value.time_us();
        }
    }
}
