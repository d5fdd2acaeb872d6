//! Rows marked `captured` quote bodies captured from LiteLLM 1.100.5, Portkey 1.15.2, aimock
//! 1.43.0 and llmock 0.2.2. Rows marked `documented` are made up after the codes and statuses that
//! providers document; none of them was received from a provider.

use super::*;
use crate::error::ErrorObject;

/// A status of failure from a provider reached directly.
#[track_caller]
fn direct(status: u16, body: &str, expected: (Outcome, Attribution)) {
    let reply = failed(body);
    let facts = facts(Via::Direct, Transport::Complete, Some(status), &reply);
    assert_eq!(classify(&facts), expected, "{status} {body}");
}

/// The same behind a gateway.
#[track_caller]
fn gateway(status: u16, upstream: Upstream, body: &str, expected: (Outcome, Attribution)) {
    let reply = failed(body);
    let mut facts = facts(Via::Gateway, Transport::Complete, Some(status), &reply);
    facts.upstream = upstream;
    assert_eq!(classify(&facts), expected, "{status} {body}");
}

#[test]
fn money_is_ours() {
    // captured
    direct(
        429,
        r#"{"error":{"message":"You exceeded your current quota, please check your plan and billing details.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}"#,
        (Is::Billing, By::Ours),
    );
    gateway(
        429,
        Upstream::Absent,
        r#"{"error":{"message":"litellm.RateLimitError: RateLimitError: OpenAIException - You exceeded your current quota, please check your plan and billing details.","type":"throttling_error","param":null,"code":"429"}}"#,
        (Is::Billing, By::Ours),
    );
    // documented
    for code in [
        "credit_balance_exhausted",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
    ] {
        direct(
            429,
            &format!(r#"{{"error":{{"type":"insufficient_quota","code":"{code}"}}}}"#),
            (Is::Billing, By::Ours),
        );
    }
    direct(
        402,
        r#"{"error":{"message":"Insufficient Balance"}}"#,
        (Is::Billing, By::Ours),
    );
    direct(
        400,
        r#"{"code":"Arrearage","message":"x","request_id":"r"}"#,
        (Is::Billing, By::Ours),
    );
    direct(
        400,
        r#"{"error":{"type":"invalid_request_error","message":"You have reached your specified API usage limits."}}"#,
        (Is::Billing, By::Ours),
    );
    gateway(
        429,
        Upstream::Absent,
        r#"{"error":{"type":"budget_exceeded","code":"429"}}"#,
        (Is::Billing, By::Ours),
    );
    gateway(412, Upstream::Absent, "{}", (Is::Billing, By::Ours));
}

#[test]
fn a_429_is_read_by_its_code_before_its_status() {
    // captured
    direct(
        429,
        r#"{"error":{"message":"Rate limit reached for requests","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}}"#,
        (Is::RateLimited, By::Ours),
    );
    direct(
        429,
        r#"{"error":{"code":429,"message":"Rate limit reached for requests"}}"#,
        (Is::RateLimited, By::Ours),
    );
    // documented
    direct(
        429,
        r#"{"error":{"type":"rate_limit_error","code":"slow_down"}}"#,
        (Is::Overloaded, By::Provider),
    );
    direct(
        429,
        r#"{"error":{"code":429,"message":"Resource exhausted, please try again later.","status":"RESOURCE_EXHAUSTED"}}"#,
        (Is::Capacity429, By::Provider),
    );
    direct(
        429,
        r#"{"error":{"code":429,"details":[{"quotaId":"RequestsPerDayPerProject"}]}}"#,
        (Is::QuotaDaily, By::Ours),
    );
    direct(
        429,
        r#"{"error":{"code":429,"message":"You exceeded your current quota","details":[{"quotaId":"RequestsPerMinutePerProject"}]}}"#,
        (Is::RateLimited, By::Ours),
    );
    direct(
        429,
        r#"{"code":"Throttling.RateQuota","message":"x"}"#,
        (Is::RateLimited, By::Ours),
    );
    direct(429, "slow down", (Is::RateLimited, By::Unknown));
    let reply = failed("");
    let mut named = facts(Via::Direct, Transport::Complete, Some(429), &reply);
    named.limit_named = true;
    assert_eq!(classify(&named), (Is::RateLimited, By::Ours));
}

#[test]
fn overload_is_the_providers_where_it_says_so() {
    // captured
    direct(
        503,
        r#"{"error":{"message":"The engine is currently overloaded, please try again later","type":"service_unavailable_error","param":null,"code":"server_is_overloaded"}}"#,
        (Is::Overloaded, By::Provider),
    );
    direct(
        529,
        r#"{"error":{"message":"Service overloaded.","type":"server_error","param":null,"code":"overloaded"}}"#,
        (Is::Overloaded, By::Provider),
    );
    gateway(
        529,
        Upstream::Absent,
        r#"{"error":{"message":"anthropic error: Overloaded","type":"overloaded_error","param":null,"code":null},"provider":"anthropic"}"#,
        (Is::Overloaded, By::Provider),
    );
    gateway(
        500,
        Upstream::Absent,
        r#"{"error":{"message":"litellm.InternalServerError: AnthropicError - {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}","type":null,"param":null,"code":"500"}}"#,
        (Is::Overloaded, By::Provider),
    );
    // documented
    for status in [498, 503, 529] {
        direct(status, "", (Is::Overloaded, By::Provider));
    }
    gateway(529, Upstream::Absent, "", (Is::Overloaded, By::Provider));
    gateway(503, Upstream::Absent, "", (Is::GatewayError, By::Gateway));
}

#[test]
fn a_5xx_behind_a_gateway_is_the_gateways_unless_it_bears_an_upstreams_trace() {
    // captured: a gateway that could not reach its upstream
    gateway(
        500,
        Upstream::Absent,
        r#"{"error":{"message":"litellm.InternalServerError: InternalServerError: OpenAIException - Connection error.","type":null,"param":null,"code":"500"}}"#,
        (Is::GatewayError, By::Gateway),
    );
    gateway(
        500,
        Upstream::Absent,
        r#"{"html-message":"Message: fetch failed Cause: Error: connect ECONNREFUSED Name: TypeError"}"#,
        (Is::GatewayError, By::Gateway),
    );
    gateway(
        408,
        Upstream::Absent,
        r#"{"error":{"message":"Request exceeded the timeout sent in the request: 300ms","type":"timeout_error","param":null,"code":null}}"#,
        (Is::GatewayError, By::Gateway),
    );
    // documented
    let html = "<html><title>502 Bad Gateway</title></html>";
    gateway(522, Upstream::Absent, html, (Is::GatewayError, By::Gateway));
    gateway(
        502,
        Upstream::Possible,
        html,
        (Is::ServerError, By::Unknown),
    );
    gateway(502, Upstream::Seen, html, (Is::ServerError, By::Provider));
    gateway(
        502,
        Upstream::Absent,
        r#"{"error":{"code":502,"message":"x","metadata":{"provider_name":"DeepInfra"}}}"#,
        (Is::ServerError, By::Provider),
    );
    for status in [500, 502, 504, 520] {
        direct(status, html, (Is::ServerError, By::Provider));
    }
}

#[test]
fn keys_requests_and_models_are_not_the_providers_fault() {
    // captured
    direct(
        401,
        r#"{"error":{"message":"Unauthorized.","type":"authentication_error","param":null,"code":"invalid_api_key"}}"#,
        (Is::Auth, By::Ours),
    );
    gateway(
        400,
        Upstream::Absent,
        r#"{"error":{"message":"No connected db.","type":"no_db_connection","param":null,"code":"400"}}"#,
        (Is::Auth, By::Ours),
    );
    gateway(
        400,
        Upstream::Absent,
        r#"{"error":{"message":"/chat/completions: Invalid model name passed in model=nope.","type":"None","param":"None","code":"400"}}"#,
        (Is::ModelGone, By::Unknown),
    );
    direct(
        400,
        r#"{"error":{"message":"Malformed JSON: Unexpected end of JSON input","type":"invalid_request_error","param":null,"code":"invalid_json"}}"#,
        (Is::BadRequest, By::Ours),
    );
    direct(
        400,
        r#"{"error":{"code":400,"message":"request (3031 tokens) exceeds the available context size (1024 tokens), try increasing it","type":"exceed_context_size_error"}}"#,
        (Is::BadRequest, By::Ours),
    );
    // documented
    direct(401, "", (Is::Auth, By::Ours));
    direct(403, r#"{"error":{"message":"no"}}"#, (Is::Auth, By::Ours));
    direct(403, "<html>blocked</html>", (Is::Auth, By::Unknown));
    direct(
        403,
        r#"{"error":{"code":"unsupported_country_region_territory","type":"request_forbidden"}}"#,
        (Is::GeoBlocked, By::Ours),
    );
    direct(
        404,
        r#"{"error":{"type":"invalid_request_error","code":"model_not_found"}}"#,
        (Is::ModelGone, By::Unknown),
    );
    direct(
        400,
        r#"{"error":{"code":"content_filter","message":"x"}}"#,
        (Is::Blocked, By::Unknown),
    );
    direct(446, "{}", (Is::Blocked, By::Unknown));
    direct(246, "{}", (Is::Blocked, By::Unknown));
    direct(422, "", (Is::BadRequest, By::Ours));
    direct(409, "", (Is::BadRequest, By::Unknown));
    direct(302, "", (Is::UnexpectedStatus, By::Unknown));
}

/// What an AWS service says in its error header, or as the name of an exception in a stream.
#[test]
fn exceptions_of_aws_are_read_by_their_names() {
    // documented
    for (status, name, expected) in [
        (429, "ThrottlingException", (Is::RateLimited, By::Ours)),
        (
            400,
            "ServiceQuotaExceededException",
            (Is::RateLimited, By::Ours),
        ),
        (
            429,
            "ModelNotReadyException",
            (Is::Overloaded, By::Provider),
        ),
        (
            503,
            "ServiceUnavailableException",
            (Is::Overloaded, By::Provider),
        ),
        (
            408,
            "ModelTimeoutException",
            (Is::ServerError, By::Provider),
        ),
        (424, "ModelErrorException", (Is::ServerError, By::Provider)),
        (
            424,
            "ModelStreamErrorException",
            (Is::ServerError, By::Provider),
        ),
        (
            500,
            "InternalServerException",
            (Is::ServerError, By::Provider),
        ),
        (500, "InternalFailure", (Is::ServerError, By::Provider)),
        (403, "AccessDeniedException", (Is::Auth, By::Ours)),
        (400, "ExpiredTokenException", (Is::Auth, By::Ours)),
        (403, "InvalidSignatureException", (Is::Auth, By::Ours)),
        (400, "IncompleteSignatureException", (Is::Auth, By::Ours)),
        (
            403,
            "MissingAuthenticationTokenException",
            (Is::Auth, By::Ours),
        ),
        (403, "SignatureDoesNotMatch", (Is::Auth, By::Ours)),
        (403, "UnrecognizedClientException", (Is::Auth, By::Ours)),
        (
            404,
            "ResourceNotFoundException",
            (Is::ModelGone, By::Unknown),
        ),
        (400, "ValidationException", (Is::BadRequest, By::Ours)),
    ] {
        let reply = Reply {
            error: Some(ErrorObject {
                kind: Some(name.to_owned()),
                ..ErrorObject::default()
            }),
            ..Reply::default()
        };
        for status in [status, 200] {
            let facts = facts(Via::Direct, Transport::Complete, Some(status), &reply);
            assert_eq!(classify(&facts), expected, "{status} {name}");
        }
    }
}
