use super::*;
use crate::reply::Reply;
use crate::wire::Wire;
use crate::wire::tests::{self, call, is_success};

fn read(body: &str) -> Reply {
    tests::whole(Wire::Embeddings, body)
}

#[test]
fn the_body_holds_model_and_input_only() {
    let call = call(Wire::Embeddings);
    assert_eq!(path(&call), "/embeddings");
    assert_eq!(body(&call, "x"), json!({"input": "x", "model": "model-1"}));
}

#[test]
fn a_vector_is_read_after_the_documented_shape() {
    let reply = read(include_str!("../../../fixtures/embeddings.whole.json"));
    is_success(&reply);
    assert_eq!(reply.model.as_deref(), Some("text-embedding-3-small"));
    assert_eq!(reply.usage.input_tokens, Some(5));
    assert_eq!(reply.usage.output_tokens, Some(0));
}

#[test]
fn what_is_no_vector_is_malformed() {
    let with = |embedding: &str| read(&format!(r#"{{"data":[{{"embedding":{embedding}}}]}}"#));
    for vector in ["[1,-0.5]", "\"AACAPwAAAL8=\""] {
        is_success(&with(vector));
    }
    for other in [
        "[]",
        "[1,null]",
        "[\"1\"]",
        "\"\"",
        "\"==\"",
        "\"not base 64\"",
        "{}",
        "3",
    ] {
        let reply = with(other);
        assert_eq!(
            reply.malformed,
            Some("the body has no embedding"),
            "{other}"
        );
        assert_eq!(reply.ending, None, "{other}");
    }
}

#[test]
fn counts_that_are_absent_stay_unknown() {
    let reply = read(r#"{"data":[{"embedding":[1]}]}"#);
    assert_eq!(reply.usage, Usage::default());
}

#[test]
fn an_error_in_a_success_is_no_malformed_answer() {
    let reply = read(r#"{"error":{"code":429}}"#);
    assert_eq!(
        (reply.error.unwrap().status, reply.malformed),
        (Some(429), None)
    );
}
