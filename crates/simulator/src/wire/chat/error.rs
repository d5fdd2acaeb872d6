//! Errors of the providers that speak chat completions.
//!
//! `OpenAI`, Groq and `DeepSeek` share one shape; `OpenRouter`, Azure and Mistral have their own.

use serde::Serialize;
use serde_json::json;

use super::Dialect;
use crate::failure::{Class, Failure, Worded};
use crate::wire::{Stamp, json};

/// An error in `OpenAI`'s terms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ProviderError {
    pub(crate) message: String,
    #[serde(rename = "type")]
    pub(crate) kind: Option<&'static str>,
    pub(crate) param: Option<&'static str>,
    pub(crate) code: Option<&'static str>,
    #[serde(skip)]
    pub(crate) status: u16,
}

/// `{"error":{…}}`.
#[derive(Serialize)]
pub(crate) struct Document<'a> {
    error: &'a ProviderError,
}

const INVALID_REQUEST: Option<&str> = Some("invalid_request_error");

/// What a class is to `OpenAI`: status, type, code.
const fn terms(class: Class) -> (u16, Option<&'static str>, Option<&'static str>) {
    match class {
        Class::MissingKey => (401, INVALID_REQUEST, None),
        Class::WrongKey | Class::MalformedSignature => {
            (401, INVALID_REQUEST, Some("invalid_api_key"))
        }
        Class::UnknownModel => (404, INVALID_REQUEST, Some("model_not_found")),
        Class::UnknownUrl | Class::MissingVersion => (404, INVALID_REQUEST, None),
        Class::Unparsable | Class::MissingModel | Class::Invalid | Class::Refused => {
            (400, INVALID_REQUEST, None)
        }
        Class::Billing => (402, Some("unknown_error"), Some("invalid_request_error")),
        Class::Forbidden => {
            let code = "unsupported_country_region_territory";
            (403, Some("request_forbidden"), Some(code))
        }
        Class::RateLimited => (429, Some("requests"), Some("rate_limit_exceeded")),
        Class::OutOfQuota => (429, Some("insufficient_quota"), Some("insufficient_quota")),
        Class::SlowDown => (429, Some("rate_limit_error"), Some("slow_down")),
        Class::TimedOut => (504, Some("server_error"), Some("timeout")),
        Class::Internal => (500, Some("server_error"), None),
        Class::Unavailable => {
            let kind = "service_unavailable_error";
            (503, Some(kind), Some("server_is_overloaded"))
        }
        Class::Overloaded => (529, Some("overloaded_error"), Some("overloaded")),
    }
}

/// What is said of a class. Real messages show some of a wrong key; these show none of it.
fn message(failure: &Failure) -> String {
    let about = &failure.subject;
    let fixed = match failure.class {
        Class::MissingKey => {
            "You didn't provide an API key. You need to provide your API key in an Authorization \
             header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY)."
        }
        Class::WrongKey | Class::MalformedSignature => {
            "Incorrect API key provided: ********. You can find your API key at \
             https://platform.openai.com/account/api-keys."
        }
        Class::Unparsable => "We could not parse the JSON body of your request.",
        Class::MissingModel => "you must provide a model parameter",
        Class::MissingVersion => "Resource not found",
        Class::Invalid => {
            return format!(
                "Invalid request: `{about}` or an option has the wrong type or is missing."
            );
        }
        Class::UnknownUrl => return format!("Invalid URL ({about})"),
        Class::UnknownModel => {
            return format!("The model `{about}` does not exist or you do not have access to it.");
        }
        Class::Billing => "Insufficient Balance",
        Class::Forbidden => "Country, region, or territory not supported",
        Class::RateLimited => {
            let seconds = failure.retry_after_s.unwrap_or(1);
            return format!(
                "Rate limit reached for {about} on requests per min (RPM). Please try again in \
                 {seconds}s."
            );
        }
        Class::OutOfQuota => {
            "You exceeded your current quota, please check your plan and billing details."
        }
        Class::SlowDown => {
            "The service is under load: please reduce your request rate and raise it gradually."
        }
        Class::TimedOut => "The request took too long to process.",
        Class::Internal => {
            "The server had an error while processing your request. Sorry about that!"
        }
        Class::Unavailable => "The engine is currently overloaded, please try again later",
        Class::Overloaded => "Overloaded",
        Class::Refused => "The request was refused.",
    };
    fixed.to_owned()
}

impl ProviderError {
    pub(crate) fn of(failure: &Failure) -> Self {
        let (usual, kind, code) = terms(failure.class);
        let (status, message) = (failure.status_or(usual), message(failure));
        Self {
            message,
            kind,
            param: None,
            code,
            status,
        }
    }

    /// Sent inside a stream whose status was already 200: the code stands for the status too.
    pub(crate) fn mid_stream(failure: &Failure) -> Self {
        let error = Self::of(failure);
        let code = error.code.or(error.kind);
        Self { code, ..error }
    }

    pub(crate) const fn document(&self) -> Document<'_> {
        Document { error: self }
    }
}

/// The body of a failure on no wire, as `OpenAI` words it.
pub(crate) fn unrouted(failure: &Failure) -> String {
    json(&ProviderError::of(failure).document())
}

/// Words a failure in the dialect.
pub(in crate::wire) fn worded(dialect: Dialect, failure: &Failure, stamp: &Stamp) -> Worded {
    let error = ProviderError::of(failure);
    let body = match dialect {
        Dialect::OpenAi | Dialect::LiteLlm | Dialect::Groq | Dialect::DeepSeek => {
            json(&error.document())
        }
        Dialect::OpenRouter => openrouter(failure, &error, stamp.provider()),
        Dialect::Mistral => mistral(failure, &error),
        Dialect::Azure => azure(failure, &error),
    };
    Worded::new(error.status, body).advised(failure)
}

/// `OpenRouter` repeats the status as code and names the kind in the metadata.
fn openrouter(failure: &Failure, error: &ProviderError, provider: &str) -> String {
    let kind = openrouter_kind(failure.class);
    let message = match failure.class {
        Class::MissingKey => "No auth credentials found",
        Class::WrongKey => "User not found.",
        _ => error.message.as_str(),
    };
    let metadata = json!({ "error_type": kind, "provider_name": provider });
    let error = json!({ "code": error.status, "message": message, "metadata": metadata });
    json!({ "error": error, "user_id": "user_simulated" }).to_string()
}

/// What `OpenRouter` calls a class.
pub(super) const fn openrouter_kind(class: Class) -> &'static str {
    match class {
        Class::RateLimited | Class::SlowDown => "rate_limit_exceeded",
        Class::OutOfQuota | Class::Billing => "payment_required",
        Class::Unavailable | Class::Overloaded => "provider_overloaded",
        Class::TimedOut => "timeout",
        Class::Internal => "server",
        Class::MissingKey | Class::WrongKey => "authentication",
        Class::Forbidden => "permission_denied",
        Class::UnknownModel | Class::UnknownUrl => "not_found",
        _ => "invalid_request",
    }
}

/// Mistral's gateway answers for keys, its validator for bodies, its API for the rest.
fn mistral(failure: &Failure, error: &ProviderError) -> String {
    let body = match failure.class {
        Class::MissingKey | Class::WrongKey => json!({ "detail": "Unauthorized" }),
        Class::MissingModel | Class::Invalid => json!({
            "detail": [{ "loc": ["body"], "msg": "Field required", "type": "missing" }],
        }),
        _ => json!({
            "object": "error", "message": error.message, "type": error.kind,
            "param": null, "code": error.status.to_string(),
        }),
    };
    body.to_string()
}

fn azure(failure: &Failure, error: &ProviderError) -> String {
    let (code, message) = match failure.class {
        Class::MissingKey | Class::WrongKey => {
            let message = "Access denied due to invalid subscription key or wrong API endpoint. \
                           Make sure to provide a valid key for an active subscription and use a \
                           correct regional API endpoint for your resource.";
            ("401", message)
        }
        Class::UnknownModel => {
            let message = "The API deployment for this resource does not exist. If you created \
                           the deployment within the last 5 minutes, please wait a moment and try \
                           again.";
            ("DeploymentNotFound", message)
        }
        Class::UnknownUrl | Class::MissingVersion => ("404", "Resource not found"),
        Class::RateLimited | Class::OutOfQuota | Class::SlowDown => {
            let message = "Requests to the ChatCompletions operation have exceeded the call rate \
                           limit of your current pricing tier. Please retry after 1 second.";
            ("429", message)
        }
        Class::Unavailable | Class::Overloaded => ("ServiceUnavailable", error.message.as_str()),
        Class::Internal => ("InternalServerError", error.message.as_str()),
        _ => return json(&error.document()),
    };
    json!({ "error": { "code": code, "message": message } }).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::config::Persona;
    use crate::fault::{ErrorCode, ErrorStatus};
    use crate::wire::tests::stamp;

    #[track_caller]
    fn check(status: u16, code: Option<ErrorCode>, kind: Option<&str>, wire_code: Option<&str>) {
        let status = ErrorStatus::try_from(status).expect("an error status");
        let error = ProviderError::of(&Failure::scripted(status, code));
        assert_eq!(error.status, status.get());
        assert_eq!((error.kind, error.code), (kind, wire_code));
    }

    #[test]
    fn each_status_has_its_providers_type_and_code() {
        let (quota, slow) = (ErrorCode::InsufficientQuota, ErrorCode::SlowDown);
        let region = "unsupported_country_region_territory";
        check(400, None, INVALID_REQUEST, None);
        check(401, None, INVALID_REQUEST, Some("invalid_api_key"));
        check(
            402,
            None,
            Some("unknown_error"),
            Some("invalid_request_error"),
        );
        check(403, None, Some("request_forbidden"), Some(region));
        check(404, None, INVALID_REQUEST, Some("model_not_found"));
        check(429, None, Some("requests"), Some("rate_limit_exceeded"));
        let money = Some("insufficient_quota");
        check(429, Some(quota), money, money);
        check(429, Some(slow), Some("rate_limit_error"), Some("slow_down"));
        check(500, None, Some("server_error"), None);
        let busy = Some("service_unavailable_error");
        check(503, None, busy, Some("server_is_overloaded"));
        check(503, Some(slow), Some("rate_limit_error"), Some("slow_down"));
        check(529, None, Some("overloaded_error"), Some("overloaded"));
    }

    #[test]
    fn the_body_has_the_four_keys_in_order() {
        let stamp = stamp(Persona::Direct);
        let worded = worded(Dialect::OpenAi, &Failure::missing_model(), &stamp);
        assert_eq!(
            worded.body,
            r#"{"error":{"message":"you must provide a model parameter","type":"invalid_request_error","param":null,"code":null}}"#
        );
    }

    #[test]
    fn dialects_word_a_wrong_key_in_their_own_shape() {
        let body = |dialect| -> Value {
            let worded = worded(dialect, &Class::WrongKey.into(), &stamp(Persona::Direct));
            assert_eq!(worded.status, 401);
            serde_json::from_str(&worded.body).expect("JSON")
        };
        assert_eq!(body(Dialect::OpenRouter)["error"]["code"], 401);
        assert_eq!(body(Dialect::Mistral)["detail"], "Unauthorized");
        assert_eq!(body(Dialect::Azure)["error"]["code"], "401");
    }
}
