//! Errors as a `LiteLLM` 1.100 proxy words them, whatever wire the caller speaks.
//!
//! It keeps the provider's message, puts the status where the code was, drops the retry advice and
//! turns 529 into 500.

use serde::Serialize;

use super::chat::error::ProviderError;
use super::json;
use crate::failure::{Class, Failure, Worded};

/// Words a failure as the proxy does.
pub(crate) fn error(failure: &Failure) -> Worded {
    let model = &failure.subject;
    let (status, kind, message) = match failure.class {
        Class::MissingKey => {
            let message = "Authentication Error, No api key passed in.";
            (401, Some("auth_error"), message.to_owned())
        }
        // What a proxy without a key database says to an unknown key, status included.
        Class::WrongKey => {
            let message = "No connected db.";
            (400, Some("no_db_connection"), message.to_owned())
        }
        Class::UnknownModel => {
            let message = format!(
                "/chat/completions: Invalid model name passed in model={model}. Call `/v1/models` \
                 to view available models for your key."
            );
            (400, Some("None"), message)
        }
        Class::Unparsable | Class::MissingModel | Class::Invalid | Class::UnknownUrl => {
            let error = ProviderError::of(failure);
            return Worded::new(error.status, json(&error.document()));
        }
        _ => behind(failure),
    };
    worded(status, kind, &message)
}

/// Words a failure of the provider behind the proxy.
pub(crate) fn upstream(failure: &Failure) -> Worded {
    let (status, kind, message) = behind(failure);
    Worded {
        retry_after_s: failure.retry_after_s, // Its own limits give advice; a provider's is lost.
        ..worded(status, kind, &message)
    }
}

/// Status, type and message of the provider's error.
fn behind(failure: &Failure) -> (u16, Option<&'static str>, String) {
    let behind = ProviderError::of(failure);
    let status = match behind.status {
        529 => 500,
        status => status,
    };
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
    let kind = (status == 429).then_some("throttling_error");
    let message = format!(
        "litellm.{class}: {class}: OpenAIException - {}",
        behind.message
    );
    (status, kind, message)
}

fn worded(status: u16, kind: Option<&'static str>, message: &str) -> Worded {
    #[derive(Serialize)]
    struct Document<'a> {
        error: Fields<'a>,
    }
    #[derive(Serialize)]
    struct Fields<'a> {
        message: &'a str,
        #[serde(rename = "type")]
        kind: Option<&'static str>,
        param: Option<&'static str>,
        code: String,
    }
    let (param, code) = (None, status.to_string());
    let error = Fields {
        message,
        kind,
        param,
        code,
    };
    Worded::new(status, json(&Document { error }))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::fault::{ErrorCode, ErrorStatus};

    fn seen(status: ErrorStatus, code: Option<ErrorCode>) -> (Worded, Value) {
        let worded = upstream(&Failure::scripted(status, code));
        let body = serde_json::from_str(&worded.body).expect("JSON");
        (worded, body)
    }

    #[test]
    fn it_blurs_what_the_provider_said() {
        let (rate, rate_body) = seen(ErrorStatus::TOO_MANY_REQUESTS, None);
        let quota = Some(ErrorCode::InsufficientQuota);
        let (_, quota_body) = seen(ErrorStatus::TOO_MANY_REQUESTS, quota);
        for body in [&rate_body, &quota_body] {
            assert_eq!(body["error"]["type"], "throttling_error");
            assert_eq!(body["error"]["code"], "429");
        }
        assert_eq!(rate.retry_after_s, None);
        assert_ne!(
            rate_body["error"]["message"],
            quota_body["error"]["message"]
        );
        assert_eq!(seen(ErrorStatus::OVERLOADED, None).0.status, 500);
        assert_eq!(seen(ErrorStatus::UNAVAILABLE, None).0.status, 503);
    }

    #[test]
    fn its_own_refusals_have_its_own_statuses() {
        assert_eq!(error(&Class::MissingKey.into()).status, 401);
        assert_eq!(error(&Class::WrongKey.into()).status, 400);
        assert_eq!(error(&Failure::unknown_model("x")).status, 400);
    }
}
