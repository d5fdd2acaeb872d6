//! What the tests of all formats share, and what holds for all of them.

use serde_json::json;

use super::*;
use crate::fault::Fault;
use crate::plan::{Pace, Plan};
use crate::request::Message;

pub(super) fn stamp(persona: Persona) -> Stamp {
    Stamp {
        persona,
        ids: Ids {
            request: "req_1".to_owned(),
            completion: "1".to_owned(),
            call: "0-1".to_owned(),
        },
        created_unix_s: 9,
        latency_ms: 50,
        failure: crate::failure::Class::Internal.into(),
        failure_after: 1,
        padding: Random::for_parts(&[1]),
        tier: None,
        route: Routed::default(),
    }
}

pub(super) fn request() -> Request {
    let asked = Message::of_user("Reply with exactly: pong!".to_owned());
    Request::of_messages("sim-1".to_owned(), &[asked])
}

pub(super) fn whole(wire: Wire, fault: Option<&Fault>) -> Value {
    let answer = Answer::new(&request(), &Plan::struck_by(fault));
    let document = wire.format().whole(&stamp(Persona::Direct), &answer);
    serde_json::from_slice(&document).expect("JSON")
}

pub(super) fn events(wire: Wire, fault: Option<&Fault>) -> Parts {
    let answer = Answer::new(&request(), &Plan::struck_by(fault));
    let stamp = stamp(Persona::Direct);
    wire.format().events(&stamp, &answer, &request())
}

pub(super) fn text(events: &[Bytes]) -> String {
    String::from_utf8(events.concat()).expect("events are text")
}

/// The `data:` payloads of server-sent events.
pub(super) fn data(events: &[Bytes]) -> Vec<Value> {
    let text = text(events);
    let lines = text.lines().filter_map(|line| line.strip_prefix("data: "));
    lines
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

pub(super) fn error(wire: Wire, failure: &Failure) -> (u16, Value) {
    let worded = wire.format().error(failure, &stamp(Persona::Direct));
    let body = serde_json::from_str(&worded.body).expect("JSON");
    (worded.status, body)
}

#[test]
fn every_stream_has_one_event_for_each_token_and_an_end() {
    for wire in Wire::ALL {
        let events = events(wire, None);
        assert_eq!(events.content.len(), 2, "{wire:?}");
        assert!(!events.closing.is_empty(), "{wire:?}");
        assert_ne!(events.broken, events.content[0], "{wire:?}");
    }
}

#[test]
fn every_failure_is_json_on_every_wire() {
    for wire in Wire::ALL {
        for status in [400, 401, 402, 403, 404, 408, 429, 500, 503, 529] {
            let status = crate::ErrorStatus::try_from(status).expect("an error status");
            let failure = Failure::scripted(status, None).of_model("sim-1");
            let (seen, body) = error(wire, &failure);
            assert_eq!(seen, status.get(), "{wire:?}");
            assert!(body.is_object(), "{wire:?}: {body}");
        }
    }
}

#[test]
fn decimals_have_their_places_and_times_their_zone() {
    assert_eq!(decimal(1_250, 3), json!(1.25));
    assert_eq!(decimal(50, 3).to_string(), "0.05");
    assert_eq!(rfc3339(1_700_000_000), "2023-11-14T22:13:20Z");
    assert_eq!(rfc3339(u64::MAX), "");
}

#[test]
fn an_overload_in_the_stream_is_named_as_each_wire_names_it() {
    for (wire, name) in [
        (Wire::OpenAi, "server_is_overloaded"),
        (Wire::OpenRouter, "provider_overloaded"),
        (Wire::Responses, "server_is_overloaded"),
        (Wire::Gemini, "UNAVAILABLE"),
        (Wire::Bedrock, "serviceUnavailableException"),
    ] {
        let stamp = Stamp {
            failure: crate::failure::Class::Unavailable.into(),
            ..stamp(Persona::Direct)
        };
        let answer = Answer::new(&request(), &Plan::healthy(Pace::default()));
        let failure = wire.format().events(&stamp, &answer, &request()).error;
        let text = String::from_utf8_lossy(&failure);
        assert!(text.contains(name), "{wire:?}: {text}");
    }
}
