//! What must not be shown, and how it is taken out of what is.
//!
//! The engine keeps no text that repeats the key. A server can repeat other secrets of the
//! request, or a part of one: whatever this command prints of an attempt passes through here.

use domain::detail::hex;
use probe::{Request, Spec, secrets};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

/// What stands instead of a secret.
pub(super) const MASKED: &str = "[masked]";

/// Shorter pieces are no secrets, and would be found in innocent words.
const PIECE_CHARS_MIN: usize = 8;

/// The secrets of a request.
#[derive(Debug, Default)]
pub(super) struct Mask(Vec<SecretString>);

impl Mask {
    /// Every secret that is sent: the key, its parts, and what is secret in headers.
    pub(super) fn of(spec: &Spec) -> Self {
        let mut mask = Self::default();
        if let Some(key) = &spec.key {
            mask.add_key(key.expose_secret());
        }
        if let Request::Call(call) = &spec.request {
            for (name, value) in &call.secret_headers {
                mask.add_header(name.as_str(), value.expose_secret());
            }
        }
        // The longest first: a shorter one may be a part of it.
        mask.0
            .sort_by_key(|secret| std::cmp::Reverse(secret.expose_secret().len()));
        mask
    }

    fn add_key(&mut self, key: &str) {
        let parts = std::iter::once(key).chain(key.split(':'));
        let long = parts.filter(|part| part.chars().count() >= PIECE_CHARS_MIN);
        self.0.extend(long.map(SecretString::from));
    }

    /// A header's value may be a secret, or a word such as `anthropic`: secret is what a telling
    /// name carries, and what mixes letters and digits as keys do.
    fn add_header(&mut self, name: &str, value: &str) {
        let is_telling = secrets::is_telling(name);
        let pieces = std::iter::once(value)
            .chain(value.split(|c: char| c.is_whitespace() || ":;,=".contains(c)))
            .filter(|piece| piece.chars().count() >= PIECE_CHARS_MIN)
            .filter(|piece| is_telling || secrets::is_mixed(piece));
        self.0.extend(pieces.map(SecretString::from));
    }

    /// The text without secrets, also where they are written in lower case, as names of headers
    /// are, or as hexadecimal bytes.
    pub(super) fn text(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| {
            let secret = secret.expose_secret();
            let hex = hex(secret.as_bytes());
            text.replace(secret, MASKED)
                .replace(&secret.to_lowercase(), MASKED)
                .replace(&hex, MASKED)
        })
    }

    /// A document without secrets in its texts and names.
    pub(super) fn json(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(&text)),
            Value::Array(values) => values.into_iter().map(|value| self.json(value)).collect(),
            Value::Object(members) => members
                .into_iter()
                .map(|(name, value)| (self.text(&name), self.json(value)))
                .collect(),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn mask(key: &str, headers: &[(&str, &str)]) -> Mask {
        let mut mask = Mask::default();
        mask.add_key(key);
        for (name, value) in headers {
            mask.add_header(name, value);
        }
        mask
    }

    #[test]
    fn every_part_of_a_key_is_masked_and_common_words_are_not() {
        let mask = mask(
            "AKIACANARY0:canary+secret/1:canary-session",
            &[
                ("authorization", "Bearer canary-bearer"),
                ("x-portkey-provider", "anthropic"),
                ("x-extra", "canary77canary"),
            ],
        );
        let told = "AKIACANARY0 canary+secret/1 canary-session canary-bearer canary77canary";
        assert!(!mask.text(told).to_lowercase().contains("canary"));
        assert_eq!(mask.text("served by anthropic"), "served by anthropic");
    }

    #[test]
    fn a_document_keeps_its_form() {
        let mask = mask("sk-canary-1", &[]);
        let hex = "736b2d63616e6172792d31";
        let told = json!({"a": ["was sk-canary-1, sir", 1], "sk-canary-1": {"hex": hex}});
        let shown = json!({"a": ["was [masked], sir", 1], "[masked]": {"hex": "[masked]"}});
        assert_eq!(mask.json(told), shown);
    }

    proptest! {
        #[test]
        fn no_key_survives_wherever_it_stands(key in "[A-Za-z0-9+/_-]{8,40}", before in ".{0,20}", after in ".{0,20}") {
            let mask = mask(&key, &[]);
            let told = mask.text(&format!("{before}{key}{after}"));
            // What stands around a secret may make a new one of what is left.
            prop_assume!(!format!("{before}{MASKED}{after}").contains(&key));
            prop_assert!(!told.contains(&key), "{}", told);
        }
    }
}
