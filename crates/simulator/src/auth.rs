//! Where each provider looks for a caller's key.

use axum::http::{HeaderMap, header};
use secrecy::{ExposeSecret as _, SecretString};

use crate::failure::Class;
use crate::wire::Wire;
use crate::wire::routes::Head;

/// The parts of an AWS signature that a caller must send.
const SIGNATURE_PARTS: [&str; 3] = ["Credential=", "SignedHeaders=", "Signature="];

/// Hexadecimal digits of a signature: those of an HMAC-SHA-256.
const SIGNATURE_DIGITS: usize = 64;

/// What credentials were sent, unchecked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Credential<'a> {
    Missing,
    Malformed,
    Key(&'a str),
}

/// Checks the caller's key against `keys`; with none configured, anyone may call.
///
/// An AWS signature is looked at for its shape, and its access key id taken as the key: the
/// simulator has no secret to check the signature itself.
pub(crate) fn check(wire: Wire, head: &Head, keys: &[SecretString]) -> Result<(), Class> {
    if keys.is_empty() {
        return Ok(());
    }
    match credential(wire, head) {
        Credential::Missing => Err(Class::MissingKey),
        Credential::Malformed => Err(Class::MalformedSignature),
        Credential::Key(given) if keys.iter().any(|key| key.expose_secret() == given) => Ok(()),
        Credential::Key(_) => Err(Class::WrongKey),
    }
}

/// The key that was sent, good or not.
pub(crate) fn given(wire: Wire, head: &Head) -> Option<&str> {
    match credential(wire, head) {
        Credential::Key(given) => Some(given),
        Credential::Missing | Credential::Malformed => None,
    }
}

fn credential(wire: Wire, head: &Head) -> Credential<'_> {
    let own_header = match wire {
        Wire::Anthropic => text(&head.headers, "x-api-key"),
        Wire::Azure => text(&head.headers, "api-key"),
        Wire::Gemini | Wire::Vertex => {
            let parameter = head.query.get("key").map(String::as_str);
            text(&head.headers, "x-goog-api-key").or(parameter)
        }
        _ => None,
    };
    let authorization = text(&head.headers, header::AUTHORIZATION.as_str());
    let bearer = authorization.and_then(|value| value.strip_prefix("Bearer "));
    let key = own_header.or(bearer).map(str::trim);
    match (key, authorization) {
        (Some(key), _) if !key.is_empty() => Credential::Key(key),
        (None, Some(signature)) if wire == Wire::Bedrock => access_key(signature),
        _ => Credential::Missing,
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The access key id of `AWS4-HMAC-SHA256 Credential=ID/date/region/service/aws4_request,
/// SignedHeaders=…, Signature=…`.
fn access_key(signature: &str) -> Credential<'_> {
    let Some(fields) = signature.strip_prefix("AWS4-HMAC-SHA256 ") else {
        return Credential::Malformed;
    };
    let value = |name: &str| {
        fields
            .split(',')
            .find_map(|field| field.trim().strip_prefix(name))
    };
    let [Some(credential), Some(_), Some(digits)] = SIGNATURE_PARTS.map(value) else {
        return Credential::Malformed;
    };
    let scope: Vec<&str> = credential.split('/').collect();
    let hexadecimal = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    match scope.as_slice() {
        [id, _, _, "bedrock", "aws4_request"]
            if hexadecimal && digits.len() == SIGNATURE_DIGITS =>
        {
            Credential::Key(id)
        }
        _ => Credential::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn head(header: &'static str, value: &str) -> Head {
        let value = HeaderValue::from_str(value).expect("a header value");
        Head {
            path: BTreeMap::new(),
            query: BTreeMap::new(),
            url: String::new(),
            headers: HeaderMap::from_iter([(HeaderName::from_static(header), value)]),
        }
    }

    fn checked(wire: Wire, head: &Head) -> Result<(), Class> {
        check(wire, head, &[SecretString::from("good")])
    }

    #[test]
    fn each_wire_takes_its_own_header_and_a_bearer_key() {
        for (wire, header) in [
            (Wire::OpenAi, None),
            (Wire::Anthropic, Some("x-api-key")),
            (Wire::Azure, Some("api-key")),
            (Wire::Gemini, Some("x-goog-api-key")),
            (Wire::Bedrock, None),
        ] {
            assert_eq!(checked(wire, &head("authorization", "Bearer good")), Ok(()));
            let wrong = checked(wire, &head("authorization", "Bearer bad"));
            assert_eq!(wrong, Err(Class::WrongKey), "{wire:?}");
            assert_eq!(
                checked(wire, &head("accept", "*/*")),
                Err(Class::MissingKey)
            );
            let Some(header) = header else { continue };
            assert_eq!(checked(wire, &head(header, "good")), Ok(()), "{wire:?}");
            assert_eq!(checked(wire, &head(header, "bad")), Err(Class::WrongKey));
        }
    }

    #[test]
    fn google_takes_the_key_as_a_parameter() {
        let mut asked = head("accept", "*/*");
        asked.query.insert("key".to_owned(), "good".to_owned());
        assert_eq!(checked(Wire::Gemini, &asked), Ok(()));
        assert_eq!(checked(Wire::OpenAi, &asked), Err(Class::MissingKey));
    }

    #[test]
    fn a_signature_is_checked_for_its_shape_and_its_key_id() {
        let signed = |id: &str, digits: usize| {
            let value = format!(
                "AWS4-HMAC-SHA256 Credential={id}/20261122/us-east-1/bedrock/aws4_request, \
                 SignedHeaders=host;x-amz-date, Signature={}",
                "a".repeat(digits)
            );
            checked(Wire::Bedrock, &head("authorization", &value))
        };
        assert_eq!(signed("good", 64), Ok(()));
        assert_eq!(signed("other", 64), Err(Class::WrongKey));
        assert_eq!(signed("good", 63), Err(Class::MalformedSignature));
        let half = head("authorization", "AWS4-HMAC-SHA256 Credential=good");
        assert_eq!(
            checked(Wire::Bedrock, &half),
            Err(Class::MalformedSignature)
        );
    }

    #[test]
    fn without_configured_keys_anyone_may_call() {
        assert_eq!(check(Wire::OpenAi, &head("accept", "*/*"), &[]), Ok(()));
    }
}
