//! Laws that hold for every wire, and what the tests of each share.

use proptest::prelude::*;

use super::*;
use crate::ask::Ask;
use crate::reply::{Ending, Text};

/// Streams that end as their grammar asks.
const STREAMS: [(Wire, &[u8]); 8] = [
    (
        Wire::Chat,
        include_bytes!("../../fixtures/openai.stream-usage.txt"),
    ),
    (
        Wire::Chat,
        include_bytes!("../../fixtures/azure.stream.txt"),
    ),
    (
        Wire::Chat,
        include_bytes!("../../fixtures/litellm.fallback.txt"),
    ),
    (
        Wire::Responses,
        include_bytes!("../../fixtures/responses.stream.txt"),
    ),
    (
        Wire::Responses,
        include_bytes!("../../fixtures/responses.numbered.txt"),
    ),
    (
        Wire::Messages,
        include_bytes!("../../fixtures/messages.stream.txt"),
    ),
    (
        Wire::Messages,
        include_bytes!("../../fixtures/messages.thinking.txt"),
    ),
    (
        Wire::Gemini,
        include_bytes!("../../fixtures/gemini.stream.txt"),
    ),
];

/// Answers that were not streamed.
const WHOLE: [(Wire, &[u8]); 6] = [
    (
        Wire::Chat,
        include_bytes!("../../fixtures/openai.whole.json"),
    ),
    (
        Wire::Responses,
        include_bytes!("../../fixtures/responses.whole.json"),
    ),
    (
        Wire::Messages,
        include_bytes!("../../fixtures/messages.whole.json"),
    ),
    (
        Wire::Gemini,
        include_bytes!("../../fixtures/gemini.whole.json"),
    ),
    (
        Wire::Embeddings,
        include_bytes!("../../fixtures/embeddings.whole.json"),
    ),
    (
        Wire::Models,
        include_bytes!("../../fixtures/models.llamacpp.json"),
    ),
];

pub(super) fn check(wire: Wire) -> TextCheck {
    let ask = if wire.has_text() {
        Ask::Echo
    } else {
        Ask::Nothing
    };
    TextCheck::new(&ask, &"pong-7f3a".parse().unwrap())
}

/// What the chunks of a body that ended cleanly come to, event by event and as a whole.
pub(super) fn stream<'a>(
    wire: Wire,
    chunks: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<Progress>, Reply) {
    let mut stream = Stream::new(wire, check(wire));
    let mut seen = Vec::new();
    for chunk in chunks {
        if stream.feed(chunk, |progress| seen.push(progress)).is_err() {
            break;
        }
    }
    (seen, stream.finish(StreamEnd::Clean).0)
}

pub(super) fn streamed(wire: Wire, text: &str) -> Reply {
    stream(wire, [text.as_bytes()]).1
}

pub(super) fn whole(wire: Wire, body: &str) -> Reply {
    read(wire, body.as_bytes(), check(wire)).into_reply().0
}

/// What one event brings.
pub(super) fn progress(wire: Wire, data: &str) -> Progress {
    let event = sse::Event {
        name: Vec::new(),
        data: data.as_bytes().to_vec(),
    };
    wire.event(&mut Reading::new(check(wire)), &event)
}

pub(super) fn call(wire: Wire) -> Call {
    let base_url = "https://api.example/v1".parse().unwrap();
    Call::new(wire, base_url, "model-1".to_owned())
}

/// The answer repeats the nonce, came whole, and said that it did.
#[track_caller]
pub(super) fn is_success(reply: &Reply) {
    assert_eq!(
        (reply.error.as_ref(), reply.malformed, reply.text),
        (None, None, Text::Expected)
    );
    assert_eq!(reply.completeness, Completeness::Terminated);
    assert_eq!(reply.ending, Some(Ending::Stop));
}

#[test]
fn every_fixture_is_a_success() {
    for (wire, body) in STREAMS {
        is_success(&stream(wire, [body]).1);
    }
    for (wire, body) in WHOLE {
        is_success(&read(wire, body, check(wire)).into_reply().0);
    }
}

#[test]
fn a_stream_that_is_cut_has_neither_an_end_nor_an_error() {
    for (wire, body) in [
        (
            Wire::Responses,
            include_str!("../../fixtures/responses.cut.txt"),
        ),
        (
            Wire::Messages,
            include_str!("../../fixtures/messages.cut.txt"),
        ),
        (Wire::Gemini, include_str!("../../fixtures/gemini.cut.txt")),
    ] {
        let reply = streamed(wire, body);
        assert_eq!(reply.completeness, Completeness::Open, "{wire:?}");
        assert_eq!((reply.error, reply.malformed), (None, None), "{wire:?}");
    }
}

#[test]
fn what_is_no_answer_is_malformed_on_every_wire() {
    for wire in Wire::ALL {
        for body in ["{}", "[]", "3", "null", "\"text\"", "<html>"] {
            let reply = whole(wire, body);
            assert!(reply.malformed.is_some(), "{wire:?} {body}");
            assert_eq!(reply.ending, None, "{wire:?} {body}");
        }
    }
    for wire in [Wire::Chat, Wire::Responses, Wire::Messages, Wire::Gemini] {
        for data in ["{}", "[]", "3", "", "{\"type\":3}", "cut {"] {
            assert_eq!(progress(wire, data), Progress::Broken, "{wire:?} {data}");
        }
    }
}

#[test]
fn an_error_in_a_stream_is_seen_on_every_wire() {
    for wire in [Wire::Chat, Wire::Responses, Wire::Messages, Wire::Gemini] {
        for data in [
            r#"data: {"error":{"code":503,"status":"UNAVAILABLE"}}"#,
            r#"data: {"type":"error","error":{"type":"overloaded_error"}}"#,
            "event: error\ndata: not JSON",
        ] {
            let (seen, reply) = stream(wire, [data.as_bytes(), b"\n\n"]);
            assert_eq!(seen, [Progress::Broken], "{wire:?} {data}");
            assert!(reply.error.is_some(), "{wire:?} {data}");
            assert_eq!(reply.malformed, None, "{wire:?} {data}");
        }
    }
}

/// Bytes that look like events of some wire, but for their ends.
fn stream_like() -> impl Strategy<Value = Vec<u8>> {
    let words = [
        "data: ",
        "event: error\n",
        "event: ping\n",
        "\n",
        "\n\n",
        "\r\n\r\n",
        "{}",
        "[]",
        "{\"type\":\"message_start\",\"message\":{}}",
        "{\"type\":\"response.created\",\"sequence_number\":18446744073709551615}",
        "{\"type\":\"response.output_text.delta\",\"sequence_number\":0,\"delta\":\"pong-7f3a\"}",
        "{\"choices\":[{\"delta\":{\"content\":[{\"type\":\"text\"}]}}],\"usage\":{}}",
        "{\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"pong-7f3a\"}]}}]}",
        "{\"usageMetadata\":{\"candidatesTokenCount\":18446744073709551615,\"thoughtsTokenCount\":1}}",
    ];
    let piece = prop_oneof![
        4 => proptest::sample::select(words.to_vec()).prop_map(|word| word.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..8),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn chunk_boundaries_change_neither_the_reply_nor_what_events_bring(
        (wire, body) in proptest::sample::select(STREAMS.to_vec()),
        end in any::<proptest::sample::Index>(),
        size in 1usize..90,
    ) {
        let body = &body[..end.index(body.len() + 1)];
        prop_assert_eq!(stream(wire, body.chunks(size)), stream(wire, [body]));
    }

    #[test]
    fn chunk_boundaries_change_nothing_in_arbitrary_bytes_either(
        wire in proptest::sample::select(Wire::ALL.to_vec()),
        body in stream_like(),
        size in 1usize..90,
    ) {
        prop_assert_eq!(stream(wire, body.chunks(size)), stream(wire, [body.as_slice()]));
    }

    #[test]
    fn every_strict_prefix_of_a_stream_lacks_its_end(
        (wire, body) in proptest::sample::select(STREAMS.to_vec()),
        end in any::<proptest::sample::Index>(),
    ) {
        let reply = stream(wire, [&body[..end.index(body.trim_ascii_end().len())]]).1;
        prop_assert_eq!((reply.completeness, reply.malformed), (Completeness::Open, None));
    }

    #[test]
    fn every_strict_prefix_of_a_body_is_cut(
        (wire, body) in proptest::sample::select(WHOLE.to_vec()),
        end in any::<proptest::sample::Index>(),
    ) {
        let prefix = &body[..end.index(body.trim_ascii_end().len())];
        let reply = read(wire, prefix, check(wire)).into_reply().0;
        prop_assert_eq!((reply.completeness, reply.malformed), (Completeness::CutInside, None));
    }

    #[test]
    fn a_stream_that_is_left_early_has_no_end_unless_it_was_read(
        (wire, body) in proptest::sample::select(STREAMS.to_vec()),
        end in any::<proptest::sample::Index>(),
    ) {
        let prefix = &body[..end.index(body.len() + 1)];
        let mut stream = Stream::new(wire, check(wire));
        let mut terminated = false;
        stream.feed(prefix, |seen| terminated |= seen == Progress::Terminator).unwrap();
        // A last line break may be missing.
        terminated |= prefix.trim_ascii_end().ends_with(b"[DONE]");
        let reply = stream.finish(StreamEnd::Early).0;
        prop_assert_eq!(reply.completeness == Completeness::Terminated, terminated);
    }

    #[test]
    fn arbitrary_bytes_are_no_answer(
        wire in proptest::sample::select(Wire::ALL.to_vec()),
        body in prop_oneof![stream_like(), proptest::collection::vec(any::<u8>(), 0..200)],
    ) {
        let whole = read(wire, &body, check(wire)).into_reply().0;
        for reply in [stream(wire, [body.as_slice()]).1, whole] {
            let is_terminated = reply.completeness == Completeness::Terminated;
            prop_assert!(!is_terminated || reply.ending.is_none());
        }
    }
}
