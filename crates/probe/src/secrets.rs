//! The secrets of an attempt: what no text from outside may repeat into a record.

use secrecy::{ExposeSecret as _, SecretString};

use crate::spec::{Request, Spec};

/// Shortest part of a composed key that is looked for by itself: shorter ones occur by chance.
const PART_BYTES_MIN: usize = 8;

/// Words before a credential in a header, which are no secret.
const SCHEMES: [&str; 2] = ["Bearer ", "Basic "];

/// The secrets of an attempt. `Debug` shows none of them.
#[derive(Clone, Debug, Default)]
pub struct Secrets(Vec<SecretString>);

impl Secrets {
    /// The key and each of its parts between colons, and the values of secret headers.
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
        let headers = headers.iter().map(|(_, value)| {
            let value = value.expose_secret();
            let scheme = SCHEMES.iter().find_map(|scheme| value.strip_prefix(scheme));
            scheme.unwrap_or(value)
        });
        let all = key.chain(headers).filter(|secret| !secret.is_empty());
        Self(all.map(SecretString::from).collect())
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
        let name = HeaderName::from_static("cf-aig-authorization");
        call.secret_headers = vec![(name, "Bearer gateway-key".into())];
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
        for text in ["it was wJalrXUtnFEMI", "AKIDEXAMPLE", "x gateway-key y"] {
            assert!(secrets.are_in(text.as_bytes()), "{text}");
        }
        for text in ["Bearer", "short", ""] {
            assert!(!secrets.are_in(text.as_bytes()), "{text}");
        }
        assert!(!format!("{secrets:?}").contains("gateway-key"));
        assert!(!Secrets::from("").are_in(b"anything"));
    }
}
