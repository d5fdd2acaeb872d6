//! Error answers as providers and gateways word them.

use bytes::Bytes;
use serde::Serialize;

use crate::config::Persona;
use crate::fault::{ErrorCode, ErrorStatus};

/// An error before it is rendered, in the provider's own terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ProviderError {
    message: String,
    #[serde(rename = "type")]
    kind: Option<&'static str>,
    param: Option<&'static str>,
    code: Option<String>,
    #[serde(skip)]
    pub(crate) status: u16,
    /// Seconds a well-behaved client waits before it tries again.
    #[serde(skip)]
    pub(crate) retry_after_s: Option<u32>,
    /// Whether the caller's own rate limit is what struck.
    #[serde(skip)]
    pub(crate) limit: Limit,
}

/// What an error says about the caller's rate limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    Untouched,
    Exhausted,
}

const INVALID_REQUEST: Option<&str> = Some("invalid_request_error");

impl ProviderError {
    fn new(status: u16, kind: Option<&'static str>, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            kind,
            param: None,
            code: None,
            status,
            retry_after_s: None,
            limit: Limit::Untouched,
        }
    }

    fn coded(self, code: impl Into<String>) -> Self {
        Self {
            code: Some(code.into()),
            ..self
        }
    }

    fn retried_after(self, seconds: u32) -> Self {
        Self {
            retry_after_s: Some(seconds),
            ..self
        }
    }

    pub(crate) fn missing_key(persona: Persona) -> Self {
        match persona {
            Persona::Direct => Self::new(
                401,
                INVALID_REQUEST,
                "You didn't provide an API key. You need to provide your API key in an \
                 Authorization header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY).",
            ),
            Persona::Gateway => Self::new(
                401,
                Some("auth_error"),
                "Authentication Error, No api key passed in.",
            )
            .coded("401"),
        }
    }

    /// The real message shows some of the key; this one shows none of it.
    pub(crate) fn wrong_key(persona: Persona) -> Self {
        match persona {
            Persona::Direct => Self::new(
                401,
                INVALID_REQUEST,
                "Incorrect API key provided: ********. You can find your API key at \
                 https://platform.openai.com/account/api-keys.",
            )
            .coded("invalid_api_key"),
            // What a proxy without a key database says to an unknown key, status included.
            Persona::Gateway => {
                Self::new(400, Some("no_db_connection"), "No connected db.").coded("400")
            }
        }
    }

    pub(crate) fn unknown_model(persona: Persona, model: &str) -> Self {
        match persona {
            Persona::Direct => Self::new(
                404,
                INVALID_REQUEST,
                format!("The model `{model}` does not exist or you do not have access to it."),
            )
            .coded("model_not_found"),
            Persona::Gateway => Self::new(
                400,
                Some("None"),
                format!(
                    "/chat/completions: Invalid model name passed in model={model}. Call \
                     `/v1/models` to view available models for your key."
                ),
            )
            .coded("400"),
        }
    }

    pub(crate) fn unparsable() -> Self {
        let message = "We could not parse the JSON body of your request.";
        Self::new(400, INVALID_REQUEST, message)
    }

    pub(crate) fn missing_model() -> Self {
        Self::new(400, INVALID_REQUEST, "you must provide a model parameter")
    }

    pub(crate) fn invalid_request() -> Self {
        let message = "Invalid request: `messages` or an option has the wrong type or is missing.";
        Self::new(400, INVALID_REQUEST, message)
    }

    pub(crate) fn unknown_url(method: &str, path: &str) -> Self {
        Self::new(
            404,
            INVALID_REQUEST,
            format!("Invalid URL ({method} {path})"),
        )
    }

    /// Sent inside a stream whose status was already 200.
    pub(crate) fn mid_stream() -> Self {
        let message = "The server had an error while processing your request. Sorry about that!";
        Self::new(500, Some("server_error"), message).coded("server_error")
    }

    /// The error of a scripted status. A `code` outranks the status: 503 `slow_down` existed too.
    pub(crate) fn scripted(status: ErrorStatus, code: Option<ErrorCode>, model: &str) -> Self {
        let number = status.get();
        let code = code.or((number == 429).then_some(ErrorCode::RateLimitExceeded));
        let error = match code {
            Some(code) => Self::limited(code, model),
            None => Self::of_status(number, model),
        };
        Self {
            status: number,
            ..error
        }
    }

    fn limited(code: ErrorCode, model: &str) -> Self {
        match code {
            ErrorCode::RateLimitExceeded => {
                let message = format!(
                    "Rate limit reached for {model} on requests per min (RPM). Please try again \
                     in 1s."
                );
                let error = Self::new(429, Some("requests"), message).coded("rate_limit_exceeded");
                Self { limit: Limit::Exhausted, ..error.retried_after(1) }
            }
            ErrorCode::InsufficientQuota => Self::new(
                429,
                Some("insufficient_quota"),
                "You exceeded your current quota, please check your plan and billing details.",
            )
            .coded("insufficient_quota"),
            ErrorCode::SlowDown => Self::new(
                429,
                Some("rate_limit_error"),
                "The service is under load: please reduce your request rate and raise it gradually.",
            )
            .coded("slow_down")
            .retried_after(5),
        }
    }

    fn of_status(status: u16, model: &str) -> Self {
        match status {
            401 => Self::wrong_key(Persona::Direct),
            402 => Self::new(402, Some("unknown_error"), "Insufficient Balance")
                .coded("invalid_request_error"),
            403 => {
                let message = "Country, region, or territory not supported";
                Self::new(403, Some("request_forbidden"), message)
                    .coded("unsupported_country_region_territory")
            }
            404 => Self::unknown_model(Persona::Direct, model),
            503 => Self::new(
                503,
                Some("service_unavailable_error"),
                "The engine is currently overloaded, please try again later",
            )
            .coded("server_is_overloaded"),
            529 => Self::new(529, Some("overloaded_error"), "Overloaded").coded("overloaded"),
            400..500 => Self::new(status, INVALID_REQUEST, "The request was refused."),
            _ => Self {
                code: None,
                ..Self::mid_stream()
            },
        }
    }

    /// The error as a caller of the persona sees it. A gateway keeps the message, puts the status
    /// where the code was, drops the retry advice and turns 529 into 500.
    pub(crate) fn seen_through(self, persona: Persona) -> Self {
        if persona == Persona::Direct {
            return self;
        }
        let status = if self.status == 529 { 500 } else { self.status };
        let class = match status {
            400 => "BadRequestError",
            401 => "AuthenticationError",
            403 => "PermissionDeniedError",
            404 => "NotFoundError",
            429 => "RateLimitError",
            500 => "InternalServerError",
            503 => "ServiceUnavailableError",
            _ => "APIError",
        };
        let kind = if status == 429 {
            Some("throttling_error")
        } else {
            None
        };
        let message = format!(
            "litellm.{class}: {class}: OpenAIException - {}",
            self.message
        );
        Self::new(status, kind, message).coded(status.to_string())
    }

    /// `{"error":{…}}`.
    pub(crate) fn body(&self) -> Bytes {
        #[derive(Serialize)]
        struct Envelope<'a> {
            error: &'a ProviderError,
        }
        let body = serde_json::to_vec(&Envelope { error: self });
        Bytes::from(body.expect("strings and nulls always serialise"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: u16, code: Option<ErrorCode>, kind: Option<&str>, wire_code: Option<&str>) {
        let status = ErrorStatus::try_from(status).expect("an error status");
        let error = ProviderError::scripted(status, code, "sim-1");
        assert_eq!(error.status, status.get());
        assert_eq!((error.kind, error.code.as_deref()), (kind, wire_code));
    }

    #[test]
    fn each_status_has_its_providers_type_and_code() {
        let (quota, slow) = (ErrorCode::InsufficientQuota, ErrorCode::SlowDown);
        check(401, None, INVALID_REQUEST, Some("invalid_api_key"));
        check(
            402,
            None,
            Some("unknown_error"),
            Some("invalid_request_error"),
        );
        let region = "unsupported_country_region_territory";
        check(403, None, Some("request_forbidden"), Some(region));
        check(404, None, INVALID_REQUEST, Some("model_not_found"));
        check(429, None, Some("requests"), Some("rate_limit_exceeded"));
        check(
            429,
            Some(quota),
            Some("insufficient_quota"),
            Some("insufficient_quota"),
        );
        check(429, Some(slow), Some("rate_limit_error"), Some("slow_down"));
        check(500, None, Some("server_error"), None);
        check(
            503,
            None,
            Some("service_unavailable_error"),
            Some("server_is_overloaded"),
        );
        check(503, Some(slow), Some("rate_limit_error"), Some("slow_down"));
        check(529, None, Some("overloaded_error"), Some("overloaded"));
    }

    #[test]
    fn only_our_own_rate_limit_is_exhausted_and_quota_gives_no_retry_advice() {
        let limited = |code| ProviderError::limited(code, "sim-1");
        let rate = limited(ErrorCode::RateLimitExceeded);
        assert_eq!(
            (rate.limit, rate.retry_after_s),
            (Limit::Exhausted, Some(1))
        );
        let quota = limited(ErrorCode::InsufficientQuota);
        assert_eq!((quota.limit, quota.retry_after_s), (Limit::Untouched, None));
    }

    #[test]
    fn a_gateway_blurs_what_the_provider_said() {
        let seen = |status, code| {
            ProviderError::scripted(status, code, "sim-1").seen_through(Persona::Gateway)
        };
        let rate = seen(ErrorStatus::TOO_MANY_REQUESTS, None);
        let quota = seen(
            ErrorStatus::TOO_MANY_REQUESTS,
            Some(ErrorCode::InsufficientQuota),
        );
        for error in [&rate, &quota] {
            assert_eq!(
                (error.kind, error.code.as_deref()),
                (Some("throttling_error"), Some("429"))
            );
            assert_eq!(error.retry_after_s, None);
        }
        assert_ne!(rate.message, quota.message);
        assert_eq!(seen(ErrorStatus::OVERLOADED, None).status, 500);
        assert_eq!(seen(ErrorStatus::UNAVAILABLE, None).status, 503);
    }

    #[test]
    fn the_body_has_the_four_keys_in_order() {
        let body = ProviderError::missing_model().body();
        assert_eq!(
            body,
            r#"{"error":{"message":"you must provide a model parameter","type":"invalid_request_error","param":null,"code":null}}"#
        );
    }
}
