//! Timestamps by outside authorities (RFC 3161): asked for over checkpoints and manifests.
//!
//! Invariants: nothing waits for an authority but the job that asks it and, for a few seconds, an
//! export; what is kept answers our request, is signed, and, where roots are configured, leads to
//! one of them. Secrets go into a header and nowhere else.
//!
//! Non-goals: judging what a token is worth. The verifier does, with the reader's own roots.

pub(crate) mod config;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use domain::UnixMicros;
use evidence::hash::Hash;
use evidence::timestamp::{RESPONSE_BYTES_MAX, Token, TokenError, request};
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue};
use telemetry::metrics::TimestampResult;
use verify::timestamp::{Roots, TimestampError, check, check_signature};

/// First pause after a failure; it doubles up to the interval.
const PAUSE: TimeDelta = TimeDelta::seconds(30);
/// Longest that an export waits for authorities.
pub(crate) const EXPORT_TIMEOUT: Duration = Duration::from_secs(5);

/// Who is asked for timestamps, and how often.
#[derive(Debug)]
pub struct Timestamping {
    client: reqwest::Client,
    pub(crate) authorities: Vec<Authority>,
    pub(crate) interval: TimeDelta,
    pub(crate) timeout: Duration,
    /// Roots to hold tokens to, with their PEM.
    pub(crate) roots: Option<(String, Roots)>,
}

/// One authority.
#[derive(Debug)]
pub(crate) struct Authority {
    pub(crate) name: String,
    url: String,
    /// The value is marked as sensitive, so that it does not show.
    header: Option<(HeaderName, HeaderValue)>,
    tries: Mutex<Tries>,
}

/// How asking an authority has gone of late.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tries {
    /// Failures since it last answered.
    pub(crate) failures: u32,
    /// What the last of them was.
    pub(crate) error: Option<String>,
    /// When it is asked again at the earliest.
    not_before: Option<DateTime<Utc>>,
}

/// An answer that was checked.
#[derive(Debug)]
pub(crate) struct Granted {
    pub(crate) response: Vec<u8>,
    /// The time in the token.
    pub(crate) at: DateTime<Utc>,
}

/// Why an authority gave nothing that can be kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AskError {
    #[error("no random number can be had")]
    Random(#[source] getrandom::Error),
    #[error("the authority cannot be reached")]
    Send(#[source] reqwest::Error),
    #[error("the authority answered with status {0}")]
    Status(u16),
    #[error("the answer is longer than {RESPONSE_BYTES_MAX} bytes")]
    TooLong,
    #[error("the answer is no timestamp")]
    Token(#[source] TokenError),
    #[error("the answer is to another request")]
    Nonce,
    #[error("the timestamp is not sound")]
    Unsound(#[source] TimestampError),
    #[error("the timestamp's time is out of range")]
    Time,
}

impl AskError {
    pub(crate) const fn result(&self) -> TimestampResult {
        match self {
            Self::Random(_) | Self::Send(_) | Self::Status(_) => TimestampResult::Unreachable,
            _ => TimestampResult::Refused,
        }
    }
}

impl Authority {
    /// How asking it has gone of late.
    pub(crate) fn tries(&self) -> Tries {
        let tries = self.tries.lock();
        tries.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn may_be_asked(&self, now: DateTime<Utc>) -> bool {
        self.tries()
            .not_before
            .is_none_or(|earliest| earliest <= now)
    }

    pub(crate) fn answered(&self) {
        *self.tries.lock().unwrap_or_else(PoisonError::into_inner) = Tries::default();
    }

    /// Pauses for twice as long as after the failure before, up to `longest`.
    pub(crate) fn failed(&self, error: String, now: DateTime<Utc>, longest: TimeDelta) {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let doubled = PAUSE * (1 << tries.failures.min(16));
        tries.failures = tries.failures.saturating_add(1);
        tries.error = Some(error);
        tries.not_before = now.checked_add_signed(doubled.min(longest));
    }
}

impl Timestamping {
    /// Asks one authority for a token over a SHA-256, and checks what it answers.
    #[tracing::instrument(name = "timestamp.token.ask", skip_all, fields(authority = authority.name))]
    pub(crate) async fn ask(
        &self,
        authority: &Authority,
        data: &Hash,
        timeout: Duration,
    ) -> Result<Granted, AskError> {
        let nonce = getrandom::u64().map_err(AskError::Random)?;
        let asked = self
            .client
            .post(&authority.url)
            .timeout(timeout)
            .header(CONTENT_TYPE, "application/timestamp-query")
            .header(ACCEPT, "application/timestamp-reply")
            .body(request(data, nonce));
        let asked = match &authority.header {
            Some((name, value)) => asked.header(name, value),
            None => asked,
        };
        let response = body(asked).await?;
        let token = Token::parse(&response).map_err(AskError::Token)?;
        if !token.answers(nonce) {
            return Err(AskError::Nonce);
        }
        let checked = match &self.roots {
            Some((_, roots)) => check(&token, data, roots),
            None => check_signature(&token, data),
        };
        let at = UnixMicros::new(checked.map_err(AskError::Unsound)?.at_us);
        let at = DateTime::from_timestamp_micros(at.get()).ok_or(AskError::Time)?;
        Ok(Granted { response, at })
    }
}

async fn body(asked: reqwest::RequestBuilder) -> Result<Vec<u8>, AskError> {
    let failed = |error: reqwest::Error| AskError::Send(error.without_url());
    let mut answer = asked.send().await.map_err(failed)?;
    if !answer.status().is_success() {
        return Err(AskError::Status(answer.status().as_u16()));
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(failed)? {
        if body.len() + chunk.len() > RESPONSE_BYTES_MAX {
            return Err(AskError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
