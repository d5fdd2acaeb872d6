use super::*;
use crate::fault::Fault;
use crate::wire::tests::{data, events, text, whole};
use crate::wire::{Verb, Wire};

fn names(events: &Parts) -> Vec<String> {
    let all = [
        events.opening.clone(),
        events.content.clone(),
        events.closing.clone(),
    ];
    let text = text(&all.concat());
    let names = text.lines().filter_map(|line| line.strip_prefix("event: "));
    names.map(str::to_owned).collect()
}

#[test]
fn a_stream_has_the_full_sequence_and_numbers_without_gaps() {
    let events = events(Wire::Responses, None);
    assert_eq!(
        names(&events),
        [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added",
            "response.output_text.delta",
            "response.output_text.delta",
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.completed",
        ]
    );
    let all = data(&[events.opening, events.content, events.closing].concat());
    for (index, event) in all.iter().enumerate() {
        assert_eq!(event["sequence_number"], index);
    }
    let last = &all[9]["response"];
    assert_eq!(last["usage"]["output_tokens"], 2);
    assert_eq!(last["output"][0]["content"][0]["text"], "pong!");
}

#[test]
fn a_document_is_the_response_that_ends_a_stream() {
    let document = whole(Wire::Responses, None);
    let closing = data(&events(Wire::Responses, None).closing);
    assert_eq!(document, closing[3]["response"]);
    assert_eq!(document["usage"]["total_tokens"], 15);
}

#[test]
fn a_cut_answer_is_incomplete_and_says_why() {
    let reason = |fault| {
        let events = events(Wire::Responses, Some(&fault));
        assert_eq!(
            names(&events).last().map(String::as_str),
            Some("response.incomplete")
        );
        let response = data(&events.closing)[3]["response"].take();
        response["incomplete_details"]["reason"].clone()
    };
    assert_eq!(reason(Fault::Truncated {}), "max_output_tokens");
    assert_eq!(reason(Fault::ContentFilter {}), "content_filter");
}

#[test]
fn a_refusal_has_its_own_events() {
    let names = names(&events(Wire::Responses, Some(&Fault::Refusal {})));
    assert!(names.contains(&"response.refusal.delta".to_owned()));
    assert!(!names.iter().any(|name| name.contains("output_text")));
}

#[test]
fn a_failure_takes_the_next_number_of_the_stream() {
    let failure = data(&[events(Wire::Responses, None).error]);
    assert_eq!(failure[0]["type"], "response.failed");
    assert_eq!(failure[0]["sequence_number"], 5); // Four events and one delta before it.
    assert_eq!(failure[0]["response"]["error"]["code"], "server_error");
}

#[test]
fn input_is_text_or_a_list_of_messages() {
    let endpoint = Endpoint {
        wire: Wire::Responses,
        verb: Verb::Answer,
        model: None,
    };
    let prompt = |input: Value| {
        let body = json!({ "model": "m", "input": input, "instructions": "Be brief" });
        Responses
            .parse(&endpoint, body)
            .map(|request| request.prompt)
    };
    assert_eq!(prompt(json!("hi")), Ok("hi".to_owned()));
    let parts = json!([{ "role": "user", "content": [{ "type": "input_text", "text": "hi" }] }]);
    assert_eq!(prompt(parts), Ok("hi".to_owned()));
    assert!(prompt(json!(7)).is_err());
}
