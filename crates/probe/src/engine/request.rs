//! The bytes that are sent.

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue, USER_AGENT};
use http::request::Builder;
use http_body_util::Full;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::Fault;
use crate::classify::Transport;
use crate::endpoint::Endpoint;
use crate::spec::{ChatRequest, HttpRequest, Method, Nonce, Request, Spec};

const AGENT: &str = concat!("nines-probe/", env!("CARGO_PKG_VERSION"));

/// The versions of HTTP that are spoken; they write the address differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    Http1,
    Http2,
}

/// The credential as a header value, which logs and compression leave alone.
pub(super) fn bearer(spec: &Spec) -> Result<Option<HeaderValue>, Fault> {
    let Some(key) = &spec.key else {
        return Ok(None);
    };
    let mut value =
        HeaderValue::try_from(format!("Bearer {}", key.expose_secret())).map_err(|_| {
            Fault::new(
                Transport::KeyUnusable,
                "the key holds characters that no header can carry",
            )
        })?;
    value.set_sensitive(true);
    Ok(Some(value))
}

/// The request for `spec`, as `version` writes it.
pub(super) fn build(
    spec: &Spec,
    endpoint: &Endpoint,
    bearer: Option<HeaderValue>,
    version: Version,
) -> http::Request<Full<Bytes>> {
    let mut builder = http::Request::builder()
        .header(USER_AGENT, AGENT)
        .header("x-client-request-id", spec.nonce.as_str());
    builder = match version {
        Version::Http1 => builder
            .uri(&endpoint.target)
            .header(HOST, endpoint.authority()),
        Version::Http2 => builder.uri(endpoint.to_string()),
    };
    if let Some(bearer) = bearer {
        builder = builder.header(AUTHORIZATION, bearer);
    }
    match &spec.request {
        Request::Chat(chat) => chat_request(builder, chat, &spec.nonce),
        Request::Http(page) => page_request(builder, page),
    }
    .expect("the address was parsed, and the header values are visible ASCII")
}

fn chat_request(
    builder: Builder,
    chat: &ChatRequest,
    nonce: &Nonce,
) -> http::Result<http::Request<Full<Bytes>>> {
    let accept = if chat.stream {
        "text/event-stream"
    } else {
        "application/json"
    };
    builder
        .method(http::Method::POST)
        .header(CONTENT_TYPE, "application/json")
        .header(ACCEPT, accept)
        .body(Full::new(Bytes::from(chat_body(chat, nonce).to_string())))
}

fn chat_body(chat: &ChatRequest, nonce: &Nonce) -> Value {
    let mut body = json!({
        "messages": [{"role": "user", "content": format!("Reply with exactly: {}", nonce.as_str())}],
        "model": chat.model,
        "stream": chat.stream,
    });
    body[chat.token_field.name()] = chat.max_output_tokens.into();
    if chat.stream {
        body["stream_options"] = json!({"include_usage": true});
    }
    if let Some(tier) = &chat.tier {
        body["service_tier"] = tier.as_str().into();
    }
    body
}

fn page_request(builder: Builder, page: &HttpRequest) -> http::Result<http::Request<Full<Bytes>>> {
    let method = match page.method {
        Method::Get => http::Method::GET,
        Method::Head => http::Method::HEAD,
    };
    builder
        .method(method)
        .header(ACCEPT, "*/*")
        .body(Full::default())
}
