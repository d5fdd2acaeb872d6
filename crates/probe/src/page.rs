//! Whether a plain HTTP answer is the expected one. Pure: status, headers and body to a
//! [`PageFit`].

use http::HeaderMap;
use serde_json::Value;

use crate::classify::PageFit;
use crate::spec::HttpRequest;

/// Holds an answer to what `request` expects; the first expectation that it misses decides, in the
/// order status, headers, text, JSON.
#[must_use]
pub fn fit(request: &HttpRequest, status: u16, headers: &HeaderMap, body: &[u8]) -> PageFit {
    if !request.expect_status.contains(status) {
        return PageFit::OtherStatus;
    }
    let has = |(name, text): &(http::HeaderName, String)| {
        let mut values = headers.get_all(name).iter();
        values.any(|value| contains(value.as_bytes(), text.as_bytes()))
    };
    if !request.expect_headers.iter().all(has) {
        return PageFit::OtherHeader;
    }
    let text = request.expect_body_contains.as_deref().unwrap_or_default();
    if !contains(body, text.as_bytes()) {
        return PageFit::OtherBody;
    }
    if request.expect_json.is_empty() {
        return PageFit::Fits;
    }
    let Ok(json) = serde_json::from_slice::<Value>(body) else {
        return PageFit::OtherBody;
    };
    let holds = |(pointer, value): &(String, Value)| json.pointer(pointer) == Some(value);
    if request.expect_json.iter().all(holds) {
        PageFit::Fits
    } else {
        PageFit::OtherBody
    }
}

fn contains(whole: &[u8], part: &[u8]) -> bool {
    part.is_empty() || whole.windows(part.len()).any(|at| at == part)
}

/// What was missed, in our own words.
pub(crate) const fn missed(fit: PageFit) -> Option<&'static str> {
    match fit {
        PageFit::Fits => None,
        PageFit::OtherStatus => Some("the status is not an expected one"),
        PageFit::OtherHeader => Some("a header is missing or does not hold the expected text"),
        PageFit::OtherBody => Some("the body is not as expected"),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::CONTENT_TYPE;
    use serde_json::json;

    use super::*;
    use crate::spec::Method;

    fn request() -> HttpRequest {
        HttpRequest {
            url: "http://a.example/".parse().unwrap(),
            method: Method::Get,
            expect_status: "200".parse().unwrap(),
            expect_headers: vec![(CONTENT_TYPE, "json".to_owned())],
            expect_body_contains: Some("ok".to_owned()),
            expect_json: vec![("/status/0".to_owned(), json!("ok"))],
        }
    }

    fn judged(status: u16, media_type: &'static str, body: &str) -> PageFit {
        let headers = [(CONTENT_TYPE, HeaderValue::from_static(media_type))];
        fit(
            &request(),
            status,
            &headers.into_iter().collect(),
            body.as_bytes(),
        )
    }

    #[test]
    fn every_expectation_is_held_and_the_first_that_is_missed_decides() {
        let json = "application/json; charset=utf-8";
        assert_eq!(judged(200, json, r#"{"status":["ok"]}"#), PageFit::Fits);
        assert_eq!(judged(204, "text/html", ""), PageFit::OtherStatus);
        assert_eq!(
            judged(200, "text/html", r#"{"status":["ok"]}"#),
            PageFit::OtherHeader
        );
        assert_eq!(
            judged(200, json, r#"{"status":["up"]}"#),
            PageFit::OtherBody
        );
        assert_eq!(
            judged(200, json, r#"{"status":["not ok"]}"#),
            PageFit::OtherBody
        );
        assert_eq!(judged(200, json, "ok, but no JSON"), PageFit::OtherBody);
    }
}
