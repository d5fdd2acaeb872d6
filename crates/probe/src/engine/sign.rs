//! Signature version 4 of AWS: headers that prove a secret without sending it.
//!
//! Signed are the host, the path, the body, `content-type` and every `x-amz-*`, as AWS demands;
//! headers that something on the way may change are not. A signature names the wall time at which
//! it is made, and AWS answers 403 where that is more than five minutes off: the clock of this
//! machine is then at fault, although the answer reads as a refused key. Non-goals: signed
//! addresses, signed chunks, and credentials from anywhere but the key's text.

use domain::detail::hex;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{self, SignableBody, SignableRequest, SigningError, SigningSettings};
use aws_sigv4::sign::v4;
use domain::UnixMicros;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use crate::endpoint::Endpoint;

/// First second that has no date of four digits for its year: 10000-01-01.
const TIME_END_S: u64 = 253_402_300_800;

/// Why a request cannot be signed. Nothing of the key is repeated.
#[derive(Debug, thiserror::Error)]
pub(super) enum SignError {
    #[error(
        "the key is not written as `ACCESS_KEY_ID:SECRET_ACCESS_KEY` or `ACCESS_KEY_ID:SECRET_ACCESS_KEY:SESSION_TOKEN`"
    )]
    Key,
    #[error("a region is written with a-z, 0-9 and `-`")]
    Region,
    #[error("the clock shows a time that no signature can name")]
    Time,
    #[error("failed to sign the request")]
    Sign(#[source] SigningError),
}

/// What is signed of a request.
pub(super) struct Unsigned<'a> {
    pub(super) method: &'a http::Method,
    pub(super) endpoint: &'a Endpoint,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
}

/// What a signature is good for.
pub(super) struct Scope<'a> {
    pub(super) region: &'a str,
    pub(super) service: &'a str,
    pub(super) at: UnixMicros,
}

/// The headers that `request` needs besides its own.
pub(super) fn sign(
    request: &Unsigned<'_>,
    scope: &Scope<'_>,
    key: &SecretString,
) -> Result<HeaderMap, SignError> {
    let usable = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if scope.region.is_empty() || !scope.region.bytes().all(usable) {
        return Err(SignError::Region);
    }
    let identity = credentials(key.expose_secret())
        .ok_or(SignError::Key)?
        .into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(scope.region)
        .name(scope.service)
        .time(time(scope.at).ok_or(SignError::Time)?)
        .settings(SigningSettings::default())
        .build()
        .expect("every part is given")
        .into();
    // The library logs what it is given; of the body it is given the hash.
    let body = SignableBody::Precomputed(hex(&Sha256::digest(request.body)));
    let headers = request
        .headers
        .iter()
        .filter(|(name, _)| is_signed(name))
        .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let address = request.endpoint.to_string();
    let signable = SignableRequest::new(request.method.as_str(), address, headers, body)
        .map_err(SignError::Sign)?;
    let signed = http_request::sign(signable, &params).map_err(SignError::Sign)?;
    signed
        .output()
        .headers()
        .map(|(name, value)| {
            let name = HeaderName::try_from(name).map_err(|_| SignError::Key)?;
            let mut value = HeaderValue::try_from(value).map_err(|_| SignError::Key)?;
            value.set_sensitive(true);
            Ok((name, value))
        })
        .collect()
}

fn is_signed(name: &HeaderName) -> bool {
    name == CONTENT_TYPE || name.as_str().starts_with("x-amz-")
}

/// Neither part of a credential holds a colon or a space; a line break left in a file of keys
/// would make a signature that nobody accepts.
fn credentials(text: &str) -> Option<Credentials> {
    let parts: Vec<&str> = text.split(':').collect();
    let usable = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_graphic());
    if !parts.iter().all(usable) {
        return None;
    }
    let (id, secret, token) = match parts[..] {
        [id, secret] => (id, secret, None),
        [id, secret, token] => (id, secret, Some(token.to_owned())),
        _ => return None,
    };
    Some(Credentials::new(id, secret, token, None, "nines"))
}

fn time(at: UnixMicros) -> Option<SystemTime> {
    let micros = u64::try_from(at.get()).ok()?;
    let since = Duration::from_micros(micros);
    (since.as_secs() < TIME_END_S).then(|| SystemTime::UNIX_EPOCH + since)
}

#[cfg(test)]
mod tests;
