use super::*;
use crate::wire::Wire;
use crate::wire::tests::{call, is_success, whole};

#[test]
fn it_is_a_get_of_models() {
    let call = call(Wire::Models);
    assert_eq!(path(&call), "/models");
    assert_eq!(Wire::Models.body(&call, "x"), None);
}

#[test]
fn lists_of_every_dialect_are_read() {
    for body in [
        include_str!("../../../fixtures/models.llamacpp.json"),
        // After the documented shapes of Anthropic, Google and Together.
        r#"{"data":[{"type":"model","id":"claude-haiku-4-5"}],"has_more":false}"#,
        r#"{"models":[{"name":"models/gemini-2.5-flash"}],"nextPageToken":"x"}"#,
        r#"[{"id":"org/model","object":"model"}]"#,
    ] {
        is_success(&whole(Wire::Models, body));
    }
}

#[test]
fn an_empty_list_and_a_list_of_something_else_are_malformed() {
    for (body, why) in [
        (r#"{"data":[]}"#, "the list of models is empty"),
        (
            r#"{"data":[{"label":"x"}]}"#,
            "the body has no list of models",
        ),
        (
            r#"{"data":{"limit":null}}"#,
            "the body has no list of models",
        ),
        (r#"{"status":"ok"}"#, "the body has no list of models"),
    ] {
        let reply = whole(Wire::Models, body);
        assert_eq!((reply.malformed, reply.ending), (Some(why), None), "{body}");
    }
}

#[test]
fn an_error_in_a_success_is_no_malformed_answer() {
    let reply = whole(Wire::Models, r#"{"error":{"message":"x","code":401}}"#);
    assert_eq!(
        (reply.error.unwrap().status, reply.malformed),
        (Some(401), None)
    );
}
