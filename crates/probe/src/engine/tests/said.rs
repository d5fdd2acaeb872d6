use domain::detail::{BODY_BYTES_MAX, Body, Text};

use super::server::{DONE, FINISH, STREAM_HEAD, response, send, text};
use super::*;

const JSON: &str = "content-type: application/json\r\n";
const HELD: &str = "key+of/another-provider";

async fn said(spec: &Spec) -> Option<String> {
    let held = Secrets::from(HELD);
    let attempt = engine().with_held(&held).attempt(spec).await;
    assert!(
        !format!("{attempt:?}").contains("the model"),
        "Debug shows no body"
    );
    match attempt.detail.body.as_ref().map(Body::text)? {
        Text::Plain(text) => Some(text.clone()),
        Text::Hex { .. } => panic!("bodies are text"),
    }
}

#[tokio::test]
async fn a_failed_status_keeps_its_body_without_secrets() {
    let body = format!(
        "{{\"error\":\n\t{{\"message\":\"the model: {KEY} or {HELD}; \
         Reply with exactly: {NONCE}\"}}}}"
    );
    for status in ["401 Unauthorized", "429 Too Many Requests", "503 Busy"] {
        let server = Server::plain(vec![response(status, JSON, &body)]).await;
        let kept = said(&streaming(&server)).await.unwrap();
        let expected = "{\"error\":  {\"message\":\"the model: [removed:key] or \
                        [removed:secret]; [removed:prompt]\"}}";
        assert_eq!(kept, expected);
    }
}

#[tokio::test]
async fn a_body_that_broke_off_is_kept_as_far_as_it_came_and_a_long_one_is_cut() {
    let head = "HTTP/1.1 500 Oops\r\ncontent-length: 99\r\n\r\nthe model is";
    let server = Server::plain(vec![send(head)]).await;
    assert_eq!(said(&whole(&server)).await.as_deref(), Some("the model is"));

    let long = "no. ".repeat(BODY_BYTES_MAX);
    let server = Server::plain(vec![response("500 Oops", "", &long)]).await;
    let attempt = engine().attempt(&whole(&server)).await;
    assert!(attempt.detail.body_cut);
    let len = u64::try_from(long.len()).unwrap();
    assert_eq!(attempt.detail.resp_len, Some(len), "the hash covers it all");
}

#[tokio::test]
async fn of_a_stream_the_error_alone_is_kept() {
    let error = "data: {\"error\":{\"message\":\"the model died\"},\"choices\":[{\"index\":0,\
                 \"delta\":{\"content\":\"secret words\"}}]}\n\n";
    let script = vec![send(STREAM_HEAD), send(text("words")), send(error)];
    let server = Server::plain(script).await;
    let kept = said(&streaming(&server)).await;
    assert_eq!(kept.as_deref(), Some("{\"message\":\"the model died\"}"));

    let bare = "event: error\ndata: the model is overloaded\n\n";
    let server = Server::plain(vec![send(STREAM_HEAD), send(bare)]).await;
    let kept = said(&streaming(&server)).await;
    assert_eq!(kept.as_deref(), Some("the model is overloaded"));
}

#[tokio::test]
async fn what_a_model_wrote_is_not_kept() {
    for script in [
        vec![
            send(STREAM_HEAD),
            send(text("wrong")),
            send(FINISH),
            send(DONE),
        ],
        vec![send(STREAM_HEAD), send(text("cut"))],
        vec![response("200 OK", "content-type: text/html\r\n", "error")],
    ] {
        let server = Server::plain(script).await;
        assert_eq!(said(&streaming(&server)).await, None);
    }
    let server = Server::plain(vec![response("200 OK", "", "maintenance")]).await;
    assert_eq!(said(&page(&server, Some("fine"))).await, None);
    let server = Server::plain(vec![response("503 Busy", "", "maintenance")]).await;
    let kept = said(&page(&server, Some("fine"))).await;
    assert_eq!(kept.as_deref(), Some("maintenance"));
}
