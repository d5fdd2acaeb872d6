use proptest::prelude::*;

use super::*;

fn decode<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Event>, Option<Event>) {
    let mut decoder = Decoder::default();
    let mut events = Vec::new();
    for chunk in chunks {
        decoder.feed(chunk, &mut events).unwrap();
    }
    (events, decoder.finish())
}

#[track_caller]
fn check(bytes: &[u8], expected: &[(&str, &str)]) {
    let events = decode([bytes]).0;
    let seen: Vec<_> = events
        .iter()
        .map(|event| {
            (
                std::str::from_utf8(&event.name).unwrap(),
                std::str::from_utf8(&event.data).unwrap(),
            )
        })
        .collect();
    assert_eq!(seen, expected);
}

#[test]
fn every_line_ending_ends_a_line() {
    for ending in ["\n", "\r\n", "\r"] {
        let text = ["data: a", "data: b", "", "event: x", "data:c", "", ""].join(ending);
        check(text.as_bytes(), &[("", "a\nb"), ("x", "c")]);
    }
}

#[test]
fn comments_and_unknown_fields_are_no_events() {
    check(
        b": keep-alive\n\n: PROCESSING\n\nid: 3\nretry: 5\n\ndata: a\n\n",
        &[("", "a")],
    );
}

#[test]
fn an_event_name_without_data_is_dropped_with_its_event() {
    check(b"event: ping\n\ndata: a\n\n", &[("", "a")]);
}

#[test]
fn a_name_may_follow_its_data_and_ends_with_its_event() {
    check(
        b"data: a\nevent: x\n\ndata: b\n\n",
        &[("x", "a"), ("", "b")],
    );
}

#[test]
fn only_one_space_after_the_colon_is_padding() {
    check(
        b"data:  a\n\ndata\n\ndata:\n\n",
        &[("", " a"), ("", ""), ("", "")],
    );
}

#[test]
fn a_byte_order_mark_is_skipped_at_the_start_only() {
    check(
        b"\xef\xbb\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\n",
        &[("", "a")],
    );
}

#[test]
fn an_unfinished_event_is_not_dispatched_but_can_be_inspected() {
    for text in ["data: [DONE]", "data: [DONE]\n"] {
        let (events, rest) = decode([text.as_bytes()]);
        assert!(events.is_empty());
        assert_eq!(rest.unwrap().data, b"[DONE]");
    }
}

#[test]
fn a_line_without_end_overflows() {
    let mut decoder = Decoder::default();
    let mut events = Vec::new();
    let chunk = vec![b'x'; EVENT_BYTES_MAX];
    decoder.feed(&chunk, &mut events).unwrap();
    assert_eq!(decoder.feed(b"x", &mut events), Err(Overflow::EventBytes));
}

#[test]
fn data_lines_without_end_overflow() {
    let mut decoder = Decoder::default();
    let mut events = Vec::new();
    let lines = b"data: 0123456789\n".repeat(EVENT_BYTES_MAX / 10);
    assert_eq!(decoder.feed(&lines, &mut events), Err(Overflow::EventBytes));
}

#[test]
fn events_without_end_overflow_and_those_before_are_kept() {
    let mut decoder = Decoder::default();
    let mut events = Vec::new();
    let bytes = b"data:\n\n".repeat(EVENTS_MAX + 1);
    assert_eq!(decoder.feed(&bytes, &mut events), Err(Overflow::Events));
    assert_eq!(events.len(), EVENTS_MAX);
}

#[test]
fn debug_of_an_event_shows_no_content() {
    let event = decode([&b"data: secret text\n\n"[..]]).0.remove(0);
    assert!(!format!("{event:?}").contains("secret"));
}

fn stream_like() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"data: ".to_vec()),
        Just(b"event: x".to_vec()),
        Just(b"\n".to_vec()),
        Just(b"\r".to_vec()),
        Just(b"\r\n".to_vec()),
        Just(b": c".to_vec()),
        Just(b"\xef\xbb\xbf".to_vec()),
        proptest::collection::vec(any::<u8>(), 0..6),
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn chunk_boundaries_never_change_the_events(bytes in stream_like(), size in 1usize..9) {
        prop_assert_eq!(decode(bytes.chunks(size)), decode([bytes.as_slice()]));
    }
}
