//! Calls of Amazon Bedrock, answered after the documented shape.

use domain::Attribution;
use domain::detail::Text;

use super::server::{Do, response, send};
use super::*;
use crate::spec::Auth;
use crate::wire::converse::encode;

const AWS_KEY: &str = "AKIDEXAMPLE:very-secret:token";
const ANSWER: &str = r#"{"output":{"message":{"content":[{"text":"pong-7f3a"}]}},
    "stopReason":"end_turn","usage":{"inputTokens":9,"outputTokens":4,"totalTokens":13}}"#;

fn converse(server: &Server, stream: bool) -> Spec {
    let (_, spec) = chat(&server.base());
    let auth = Auth::SigV4 {
        region: "eu-west-1".to_owned(),
    };
    let base = server.base().parse().unwrap();
    let call = Call {
        auth,
        stream,
        ..Call::new(Wire::Converse, base, "eu.nova-micro-v1:0".to_owned())
    };
    Spec {
        request: Request::Call(Box::new(call)),
        key: Some(AWS_KEY.into()),
        ..spec
    }
}

fn event(name: &str, payload: &str) -> Vec<u8> {
    let headers = [(":event-type", name), (":message-type", "event")];
    encode(&headers, payload.as_bytes())
}

#[tokio::test]
async fn a_signed_call_is_sent_and_its_answer_read() {
    let server = Server::plain(vec![response("200 OK", "x-amzn-requestid: r\r\n", ANSWER)]).await;
    let spec = converse(&server, false);
    let attempt = engine().attempt(&spec).await;
    assert_eq!(attempt.outcome, Outcome::Ok, "{:?}", attempt.detail.fault);
    assert_eq!(
        (attempt.input_tokens, attempt.output_tokens),
        (Some(9), Some(4))
    );

    let request = server.request().await;
    assert!(request.starts_with("POST /v1/model/eu.nova-micro-v1%3A0/converse HTTP/1.1\r\n"));
    assert!(request.contains("\r\nauthorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"));
    assert!(request.contains("/eu-west-1/bedrock/aws4_request, "));
    assert!(request.contains("SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, "));
    assert!(request.contains("\r\nx-amz-security-token: token\r\n"));
    assert!(!request.contains("very-secret"));
}

#[tokio::test]
async fn a_stream_of_frames_is_a_success_and_a_damaged_one_is_malformed() {
    let frames = [
        event("messageStart", r#"{"role":"assistant"}"#),
        event("contentBlockDelta", r#"{"delta":{"text":"pong-7f3a"}}"#),
        event("messageStop", r#"{"stopReason":"end_turn"}"#),
        event(
            "metadata",
            r#"{"usage":{"inputTokens":9,"outputTokens":4}}"#,
        ),
    ]
    .concat();
    let mut damaged = frames.clone();
    damaged[frames.len() / 2] ^= 1;
    for (bytes, outcome) in [(frames, Outcome::Ok), (damaged, Outcome::Malformed)] {
        let head = "HTTP/1.1 200 OK\r\nconnection: close\r\n\
            content-type: application/vnd.amazon.eventstream\r\n\r\n";
        let server = Server::plain(vec![send(head), Do::SendBytes(bytes)]).await;
        let attempt = engine().attempt(&converse(&server, true)).await;
        assert_eq!(attempt.outcome, outcome, "{:?}", attempt.detail.fault);
        let is_ok = outcome == Outcome::Ok;
        assert_eq!(attempt.detail.phase.terminator_us.is_some(), is_ok);
        assert_eq!(attempt.output_tokens, is_ok.then_some(4));
        let request = server.request().await;
        assert!(request.contains("\r\naccept: application/vnd.amazon.eventstream\r\n"));
    }
}

#[tokio::test]
async fn a_key_of_one_part_is_a_bearer_token() {
    let server = Server::plain(vec![response("200 OK", "", ANSWER)]).await;
    let spec = Spec {
        key: Some("bedrock-api-key".into()),
        ..converse(&server, false)
    };
    assert_eq!(engine().attempt(&spec).await.outcome, Outcome::Ok);
    let request = server.request().await;
    assert!(request.contains("\r\nauthorization: Bearer bedrock-api-key\r\n"));
}

#[tokio::test]
async fn a_key_that_makes_no_signature_is_ours_and_nothing_is_sent() {
    let server = Server::plain(vec![]).await;
    let spec = Spec {
        key: Some(":very-secret".into()),
        ..converse(&server, false)
    };
    let attempt = engine().attempt(&spec).await;
    assert_eq!(
        (attempt.outcome, attempt.attribution),
        (Outcome::Auth, Attribution::Ours)
    );
    assert_eq!(attempt.sent_us, None);
    let fault = format!("{:?}", attempt.detail.fault.unwrap());
    assert!(fault.contains("ACCESS_KEY_ID:SECRET_ACCESS_KEY"), "{fault}");
    assert!(!fault.contains("very-secret"));
}

#[tokio::test]
async fn an_error_is_known_by_the_header_that_names_it() {
    let type_header = "x-amzn-errortype: ModelErrorException:http://internal.amazon.com/\r\n";
    for body in [r#"{"message":"no"}"#, "", "<html>"] {
        let failed = response("424 Failed Dependency", type_header, body);
        let server = Server::plain(vec![failed]).await;
        let attempt = engine().attempt(&converse(&server, true)).await;
        assert_eq!(
            (attempt.outcome, attempt.attribution),
            (Outcome::ServerError, Attribution::Provider)
        );
        assert_eq!(
            attempt.detail.error_type,
            Some(Text::Plain("ModelErrorException".to_owned()))
        );
    }
}
