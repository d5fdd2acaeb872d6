//! The secrets of an attempt: what no text from outside may repeat into a record.

use secrecy::{ExposeSecret as _, SecretString};

use crate::spec::{Request, Spec};

/// Shortest part of a composed key that is looked for by itself: shorter ones occur by chance.
const PART_BYTES_MIN: usize = 8;

/// Words before a credential in a header, which are no secret.
const SCHEMES: [&str; 2] = ["Bearer ", "Basic "];

/// Parts of names of headers whose values are secrets, whatever they look like.
const SECRET_NAMES: [&str; 10] = [
    "apikey",
    "auth",
    "authorization",
    "cookie",
    "credential",
    "key",
    "password",
    "secret",
    "signature",
    "token",
];

/// Whether a header's name says that its value is a secret.
#[must_use]
pub fn is_telling(name: &str) -> bool {
    name.split(['-', '_'])
        .any(|part| SECRET_NAMES.contains(&part))
}

/// Whether a text mixes letters and digits as keys do, and is long enough to be one: a word such
/// as `anthropic` is none.
#[must_use]
pub fn is_mixed(text: &str) -> bool {
    text.chars().count() >= PART_BYTES_MIN
        && text.contains(|c: char| c.is_ascii_digit())
        && text.contains(|c: char| c.is_ascii_alphabetic())
}

/// The secrets of an attempt. `Debug` shows none of them.
#[derive(Clone, Debug, Default)]
pub struct Secrets(Vec<SecretString>);

impl Secrets {
    /// The key and each of its parts between colons, and the values of headers that carry secrets:
    /// by a telling name, or by what they look like.
    #[must_use]
    pub fn of(spec: &Spec) -> Self {
        let key = spec.key.iter().flat_map(|key| {
            let whole = key.expose_secret();
            let parts = whole.split(':').filter(|part| part.len() >= PART_BYTES_MIN);
            std::iter::once(whole).chain(parts)
        });
        let headers = match &spec.request {
            Request::Call(call) => &call.secret_headers[..],
            Request::Http(_) => &[],
        };
        let headers = headers.iter().filter_map(|(name, value)| {
            let value = value.expose_secret();
            let scheme = SCHEMES.iter().find_map(|scheme| value.strip_prefix(scheme));
            let value = scheme.unwrap_or(value);
            (is_telling(name.as_str()) || is_mixed(value)).then_some(value)
        });
        let all = key.chain(headers).filter(|secret| !secret.is_empty());
        Self(all.map(SecretString::from).collect())
    }

    /// Each of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &SecretString> {
        self.0.iter()
    }

    /// Whether a text repeats one of them.
    #[must_use]
    pub fn are_in(&self, text: &[u8]) -> bool {
        let has = |secret: &SecretString| {
            let secret = secret.expose_secret().as_bytes();
            text.windows(secret.len()).any(|at| at == secret)
        };
        self.0.iter().any(has)
    }
}

impl FromIterator<SecretString> for Secrets {
    /// These, and each of their parts between colons; without those that are empty.
    fn from_iter<I: IntoIterator<Item = SecretString>>(secrets: I) -> Self {
        let mut all = Vec::new();
        for secret in secrets {
            let parts = secret.expose_secret().split(':');
            let parts = parts.filter(|part| part.len() >= PART_BYTES_MIN);
            all.extend(parts.map(SecretString::from));
            all.push(secret);
        }
        all.retain(|secret| !secret.expose_secret().is_empty());
        Self(all)
    }
}

impl From<&str> for Secrets {
    /// One secret; none where it is empty.
    fn from(secret: &str) -> Self {
        let given = (!secret.is_empty()).then(|| SecretString::from(secret));
        Self(given.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderName;

    use super::*;
    use crate::spec::{Call, Connection, STALL_AFTER_DEFAULT, Via};
    use crate::wire::Wire;

    #[test]
    fn parts_of_a_key_and_further_keys_are_secrets_and_their_schemes_are_not() {
        let mut call = Call::new(
            Wire::Chat,
            "http://127.0.0.1:1".parse().unwrap(),
            "m".to_owned(),
        );
        let header = HeaderName::from_static;
        call.secret_headers = vec![
            (header("cf-aig-authorization"), "Bearer gateway-key".into()),
            (header("x-portkey-provider"), "anthropic".into()),
            (header("x-by-any-name"), "sk4711abc".into()),
        ];
        let spec = Spec {
            request: Request::Call(Box::new(call)),
            key: Some("AKIDEXAMPLE:wJalrXUtnFEMI:short".into()),
            deadline: std::time::Duration::from_secs(1),
            stall_after: STALL_AFTER_DEFAULT,
            slow_after: None,
            nonce: "pong-7f3a".parse().unwrap(),
            path: Via::Gateway,
            connection: Connection::Fresh,
        };
        let secrets = Secrets::of(&spec);
        for text in [
            "it was wJalrXUtnFEMI",
            "AKIDEXAMPLE",
            "x gateway-key y",
            "sk4711abc",
        ] {
            assert!(secrets.are_in(text.as_bytes()), "{text}");
        }
        for text in ["Bearer", "short", "anthropic", ""] {
            assert!(!secrets.are_in(text.as_bytes()), "{text}");
        }
        assert!(!format!("{secrets:?}").contains("gateway-key"));
        assert!(!Secrets::from("").are_in(b"anything"));
    }
}
