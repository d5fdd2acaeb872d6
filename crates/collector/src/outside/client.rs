//! Requests to those outside: one POST, a bounded answer, failures without addresses.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a whole request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
/// Longest answer that is read, bytes: a few signature lines.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Sends requests; one is made for each run of a job.
#[derive(Debug)]
pub(crate) struct Client(reqwest::Client);

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Without its parameters; empty where there is none.
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

/// A request without an answer. Addresses are left out: they may hold secrets.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    #[error("failed to set up the HTTP client")]
    Build(#[source] reqwest::Error),
    #[error("failed to send the request")]
    Send(#[source] reqwest::Error),
    #[error("the answer was cut off")]
    Read(#[source] reqwest::Error),
    #[error("the answer is longer than {ANSWER_BYTES_MAX} bytes")]
    TooLong,
}

impl Client {
    pub(crate) fn new() -> Result<Self, ClientError> {
        let builder = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .redirect(Policy::none()) // Who is told is who is configured.
            .user_agent(concat!("nines/", env!("CARGO_PKG_VERSION")));
        builder.build().map(Self).map_err(ClientError::Build)
    }

    /// Posts a body of a type. `key` tells the receiver which posts are one and the same.
    pub(crate) async fn post(
        &self,
        url: &str,
        (content_type, key): (&'static str, &str),
        body: String,
    ) -> Result<Answer, ClientError> {
        let request = self.0.post(url).header(CONTENT_TYPE, content_type);
        let request = request.header("Idempotency-Key", key).body(body);
        let sent = request.send().await;
        let mut response = sent.map_err(|e| ClientError::Send(e.without_url()))?;
        let content_type = response.headers().get(CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let content_type = content_type.and_then(|value| value.split(';').next());
        let content_type = content_type.unwrap_or_default().trim().to_owned();
        let mut body = Vec::new();
        let cut = |e: reqwest::Error| ClientError::Read(e.without_url());
        while let Some(chunk) = response.chunk().await.map_err(cut)? {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(ClientError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer {
            status: response.status().as_u16(),
            content_type,
            body,
        })
    }
}
