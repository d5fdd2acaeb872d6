//! Requests for pages: one GET, a bounded answer, only where it changed.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{ACCEPT, ETAG, HeaderMap, IF_NONE_MATCH, RETRY_AFTER};
use reqwest::redirect::{Action, Attempt, Policy};

use super::config::{Document, Form};
use super::is_readable;

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a whole request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);
/// Longest answer that is read, bytes.
const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The most redirects that are followed.
const REDIRECTS_MAX: usize = 3;
/// Longest tag of a version that is kept, bytes.
const ETAG_BYTES_MAX: usize = 200;
/// The longest pause that a page can ask for.
const RETRY_AFTER_MAX: Duration = Duration::from_hours(1);

/// Sends requests; one is made for each run of the job.
#[derive(Clone, Debug)]
pub(crate) struct Client(reqwest::Client);

/// What came of asking for a document.
#[derive(Debug)]
pub(crate) enum Fetched {
    /// Another version, or the first: JSON or a feed, as its source has it.
    New { body: Vec<u8>, etag: Option<String> },
    /// It is as it was.
    Unchanged,
    /// It is not to be had, in our own words; an address may hold a secret.
    Unavailable {
        why: String,
        /// How long the page asks to be left alone.
        pause: Option<Duration>,
    },
}

impl Client {
    /// Fails where TLS cannot be set up.
    pub(crate) fn new() -> Result<Self, reqwest::Error> {
        let builder = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .redirect(Policy::custom(redirect))
            .user_agent(concat!("nines/", env!("CARGO_PKG_VERSION")));
        builder.build().map(Self)
    }

    /// Asks for a document, unless it is the version of a tag.
    pub(crate) async fn get(&self, document: &Document, etag: Option<&str>) -> Fetched {
        let media = media(document.form);
        let mut request = self.0.get(&document.url).header(ACCEPT, media);
        if let Some(etag) = etag {
            request = request.header(IF_NONE_MATCH, etag);
        }
        let mut response = match request.send().await {
            Ok(response) => response,
            Err(failure) if failure.is_timeout() => return unavailable("no answer in time"),
            Err(failure) if failure.is_redirect() => {
                return unavailable("it redirects too often, or to where there is no TLS");
            }
            Err(_) => return unavailable("it cannot be reached"),
        };
        if response.status() == StatusCode::NOT_MODIFIED && etag.is_some() {
            return Fetched::Unchanged;
        }
        if !response.status().is_success() {
            return Fetched::Unavailable {
                why: format!("it answered {}", response.status().as_u16()),
                pause: pause(response.headers()),
            };
        }
        let etag = response.headers().get(ETAG);
        let etag = etag.and_then(|value| value.to_str().ok());
        let etag = etag.filter(|tag| tag.len() <= ETAG_BYTES_MAX);
        let etag = etag.map(str::to_owned);
        let mut body = Vec::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() > BODY_BYTES_MAX => {
                    return unavailable("its answer is longer than 4 MiB");
                }
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break,
                Err(_) => return unavailable("its answer was cut off"),
            }
        }
        match (is_readable(document.form, &body), document.form) {
            (true, _) => Fetched::New { body, etag },
            (false, Form::Json) => unavailable("its answer is no JSON"),
            (false, Form::Rss) => unavailable("its answer is no RSS feed"),
        }
    }
}

const fn media(form: Form) -> &'static str {
    match form {
        Form::Json => "application/json",
        Form::Rss => "application/rss+xml, application/xml;q=0.9, text/xml;q=0.8",
    }
}

fn unavailable(why: &str) -> Fetched {
    Fetched::Unavailable {
        why: why.to_owned(),
        pause: None,
    }
}

/// Pages move, but not to where anybody on the way could write them.
fn redirect(attempt: Attempt<'_>) -> Action {
    let is_many = attempt.previous().len() > REDIRECTS_MAX;
    let was_secret = attempt.previous().iter().all(|url| url.scheme() == "https");
    if is_many || (was_secret && attempt.url().scheme() != "https") {
        return attempt.error("refused");
    }
    attempt.follow()
}

/// `Retry-After` in seconds, up to a bound; dates are left alone.
fn pause(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?;
    let seconds = value.trim().parse().ok().map(Duration::from_secs)?;
    Some(seconds.min(RETRY_AFTER_MAX))
}
