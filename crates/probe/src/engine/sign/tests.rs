use http::Method;
use http::header::AUTHORIZATION;
use proptest::prelude::*;

use super::*;
use crate::endpoint::HttpUrl;

const ID: &str = "AKIDEXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
/// 2015-08-30T12:36:00Z.
const VECTORS_AT: UnixMicros = UnixMicros::new(1_440_938_160_000_000);
/// 2026-01-02T03:04:05Z.
const BOTOCORE_AT: UnixMicros = UnixMicros::new(1_767_323_045_000_000);

struct Case<'a> {
    method: Method,
    url: &'a str,
    headers: &'a [(&'static str, &'static str)],
    body: &'a str,
}

fn signed(case: &Case<'_>, scope: &Scope<'_>, key: &str) -> Result<HeaderMap, SignError> {
    let headers = case
        .headers
        .iter()
        .map(|(name, value)| {
            let name = HeaderName::from_static(name);
            (name, HeaderValue::from_static(value))
        })
        .collect();
    let unsigned = Unsigned {
        method: &case.method,
        endpoint: &case.url.parse::<HttpUrl>().unwrap().endpoint(),
        headers: &headers,
        body: case.body.as_bytes(),
    };
    sign(&unsigned, scope, &key.into())
}

const VANILLA: Case<'_> = Case {
    method: Method::GET,
    url: "https://example.amazonaws.com/",
    headers: &[],
    body: "",
};

const BEDROCK: Case<'_> = Case {
    method: Method::POST,
    url: "https://bedrock-runtime.eu-west-1.amazonaws.com/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A1%3Ainference-profile%2Feu.amazon.nova-micro-v1%3A0/converse",
    headers: &[
        ("accept", "application/json"),
        ("content-type", "application/json"),
        ("user-agent", "any"),
    ],
    body: r#"{"a":1}"#,
};

const fn vectors() -> Scope<'static> {
    Scope {
        region: "us-east-1",
        service: "service",
        at: VECTORS_AT,
    }
}

const fn bedrock() -> Scope<'static> {
    Scope {
        region: "eu-west-1",
        service: "bedrock",
        at: BOTOCORE_AT,
    }
}

#[track_caller]
fn check(case: &Case<'_>, scope: &Scope<'_>, token: Option<&str>, expected: &str) {
    let key = match token {
        Some(token) => format!("{ID}:{SECRET}:{token}"),
        None => format!("{ID}:{SECRET}"),
    };
    let headers = signed(case, scope, &key).unwrap();
    assert_eq!(headers[AUTHORIZATION], expected);
    assert_eq!(
        headers
            .get("x-amz-security-token")
            .map(|value| value.to_str().unwrap()),
        token
    );
    assert!(headers.values().all(HeaderValue::is_sensitive));
}

/// `get-vanilla` and `get-vanilla-with-session-token` of AWS's own test suite.
#[test]
fn the_published_vectors_of_aws_hold() {
    check(
        &VANILLA,
        &vectors(),
        None,
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
    );
    check(
        &VANILLA,
        &vectors(),
        Some("6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"),
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date;x-amz-security-token, Signature=07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8",
    );
    let headers = signed(&VANILLA, &vectors(), &format!("{ID}:{SECRET}")).unwrap();
    assert_eq!(headers["x-amz-date"], "20150830T123600Z");
}

/// Botocore 1.44.5 made these signatures of the same request.
#[test]
fn a_call_of_bedrock_is_signed_as_the_sdk_of_aws_signs_it() {
    check(
        &BEDROCK,
        &bedrock(),
        None,
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-west-1/bedrock/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=6585452a59e9661331f0cb043d698a275388d678aa6d53552cbae38660187765",
    );
    check(
        &BEDROCK,
        &bedrock(),
        Some("IQoJb3Jp/Z2lu+ZXhh="),
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-west-1/bedrock/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, Signature=6423d561f696f7001508e8dd141bd87092e3340330db8c316738af4b6c0a1fbe",
    );
}

#[test]
fn every_header_of_amazons_own_is_signed() {
    let case = Case {
        headers: &[("x-amz-meta", "1"), ("x-request-id", "2")],
        ..VANILLA
    };
    let headers = signed(&case, &vectors(), &format!("{ID}:{SECRET}")).unwrap();
    let named = headers[AUTHORIZATION].to_str().unwrap();
    assert!(
        named.contains("SignedHeaders=host;x-amz-date;x-amz-meta,"),
        "{named}"
    );
}

#[test]
fn unusable_keys_are_refused_without_being_repeated() {
    for key in [
        "",
        "sk-very-secret",
        ":very-secret",
        "AKID:",
        "AKID:very-secret:",
        "AKID:very-secret:token:more",
        "AKID:very-secret\n",
        "AKID: very-secret",
        "AKID:very-sécret",
    ] {
        let error = signed(&VANILLA, &vectors(), key).unwrap_err();
        assert!(matches!(error, SignError::Key), "{key}");
        assert!(!format!("{error} {error:?}").contains("very"), "{key}");
    }
}

#[test]
fn regions_and_times_that_no_signature_can_name_are_refused() {
    let key = format!("{ID}:{SECRET}");
    for region in ["", "eu west", "eu-west-1\r\nx: y", "EU"] {
        let scope = Scope {
            region,
            ..vectors()
        };
        let error = signed(&VANILLA, &scope, &key).unwrap_err();
        assert!(matches!(error, SignError::Region), "{region}");
    }
    for at in [i64::MIN, -1, i64::MAX] {
        let at = UnixMicros::new(at);
        let error = signed(&VANILLA, &Scope { at, ..vectors() }, &key).unwrap_err();
        assert!(matches!(error, SignError::Time));
    }
}

proptest! {
    #[test]
    fn any_key_and_time_sign_or_are_refused(key in "\\PC{0,40}", at in any::<i64>()) {
        let scope = Scope { at: UnixMicros::new(at), ..vectors() };
        if let Ok(headers) = signed(&VANILLA, &scope, &key) {
            prop_assert!(headers.contains_key(AUTHORIZATION));
        }
    }
}
