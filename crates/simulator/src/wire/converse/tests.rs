use super::*;
use crate::fault::{ErrorCode, ErrorStatus, Fault};
use crate::wire::Wire;
use crate::wire::tests::{error, events, whole};

/// A message, read back: its headers by name, its payload; the checksums are checked.
fn read(message: &[u8]) -> (Vec<(String, String)>, Value) {
    let number = |at: usize| {
        let bytes = message[at..at + 4].try_into().expect("four bytes");
        u32::from_be_bytes(bytes)
    };
    let length = |at| usize::try_from(number(at)).expect("a length");
    assert_eq!(length(0), message.len());
    assert_eq!(number(8), crc32fast::hash(&message[..8]));
    let end = message.len() - 4;
    assert_eq!(number(end), crc32fast::hash(&message[..end]));
    let mut headers = Vec::new();
    let (mut block, payload) = message[12..end].split_at(length(4));
    while let [name_bytes, rest @ ..] = block {
        let (name, rest) = rest.split_at(usize::from(*name_bytes));
        assert_eq!(rest[0], 7, "a string");
        let value_bytes = usize::from(u16::from_be_bytes([rest[1], rest[2]]));
        let (value, rest) = rest[3..].split_at(value_bytes);
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        headers.push((text(name), text(value)));
        block = rest;
    }
    (headers, serde_json::from_slice(payload).expect("JSON"))
}

fn named(message: &[u8], header: &str) -> (String, Value) {
    let (headers, payload) = read(message);
    let found = headers.into_iter().find(|(name, _)| name == header);
    (found.expect("the header").1, payload)
}

#[test]
fn a_stream_runs_from_message_start_to_metadata() {
    let events = events(Wire::Bedrock, None);
    assert_eq!(events.content_type, "application/vnd.amazon.eventstream");
    let all = [events.opening, events.content, events.closing].concat();
    let read: Vec<_> = all
        .iter()
        .map(|event| named(event, ":event-type"))
        .collect();
    let names: Vec<_> = read.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "messageStart",
            "contentBlockDelta",
            "contentBlockDelta",
            "contentBlockStop",
            "messageStop",
            "metadata",
        ]
    );
    assert_eq!(read[1].1["delta"]["text"], "pong");
    assert_eq!(read[4].1["stopReason"], "end_turn");
    assert_eq!(read[5].1["usage"]["totalTokens"], 15);
    assert_eq!(read[5].1["metrics"]["latencyMs"], 50);
    assert!(read.iter().all(|(_, payload)| payload["p"].is_string()));
}

#[test]
fn a_document_holds_text_reason_and_usage() {
    let document = whole(Wire::Bedrock, None);
    let text = &document["output"]["message"]["content"][0]["text"];
    assert_eq!(text, "pong!");
    assert_eq!(document["usage"]["outputTokens"], 2);
    let reason = |fault| whole(Wire::Bedrock, Some(&fault))["stopReason"].clone();
    assert_eq!(reason(Fault::Truncated {}), "max_tokens");
    assert_eq!(reason(Fault::ContentFilter {}), "content_filtered");
    assert_eq!(reason(Fault::Refusal {}), "guardrail_intervened");
}

#[test]
fn an_error_in_the_stream_is_an_exception_message() {
    let failure = events(Wire::Bedrock, None).error;
    let (name, payload) = named(&failure, ":exception-type");
    assert_eq!(name, "internalServerException");
    assert!(payload["message"].is_string());
    assert_eq!(named(&failure, ":message-type").0, "exception");
}

#[track_caller]
fn check(status: u16, code: Option<ErrorCode>, exception: &str) {
    let status = ErrorStatus::try_from(status).expect("an error status");
    let failure = Failure::scripted(status, code);
    let (_, body) = error(Wire::Bedrock, &failure);
    assert!(body["message"].is_string());
    let stamp = crate::wire::tests::stamp(crate::config::Persona::Direct);
    assert_eq!(Converse.error(&failure, &stamp).exception, Some(exception));
}

#[test]
fn exceptions_are_named_after_their_status() {
    check(400, None, "ValidationException");
    check(403, None, "AccessDeniedException");
    check(404, None, "ResourceNotFoundException");
    check(429, None, "ThrottlingException");
    check(429, Some(ErrorCode::SlowDown), "ModelNotReadyException");
    check(500, None, "InternalServerException");
    check(503, None, "ServiceUnavailableException");
    let (status, body) = error(Wire::Bedrock, &Failure::unknown_model("m"));
    assert_eq!(status, 400);
    assert_eq!(body["message"], "The provided model identifier is invalid.");
}
