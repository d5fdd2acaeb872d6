//! Google's errors: an HTTP status, a canonical status name and typed details.

use serde_json::{Value, json};

use super::Door;
use crate::failure::{Class, Failure, Worded};

const fn terms(door: Door, class: Class) -> (u16, &'static str) {
    match (class, door) {
        (Class::MissingKey, Door::Studio) | (Class::Forbidden, _) => (403, "PERMISSION_DENIED"),
        (Class::MissingKey | Class::WrongKey | Class::MalformedSignature, Door::Vertex) => {
            (401, "UNAUTHENTICATED")
        }
        (Class::Billing, _) => (402, "RESOURCE_EXHAUSTED"),
        (Class::UnknownModel | Class::UnknownUrl, _) => (404, "NOT_FOUND"),
        (Class::RateLimited | Class::OutOfQuota | Class::SlowDown, _) => {
            (429, "RESOURCE_EXHAUSTED")
        }
        (Class::TimedOut, _) => (504, "DEADLINE_EXCEEDED"),
        (Class::Internal, _) => (500, "INTERNAL"),
        (Class::Unavailable, _) => (503, "UNAVAILABLE"),
        (Class::Overloaded, _) => (529, "UNAVAILABLE"),
        _ => (400, "INVALID_ARGUMENT"),
    }
}

/// The canonical name of a status that a script demands in place of the usual one.
const fn canonical(status: u16, usual: &'static str) -> &'static str {
    match status {
        400 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        499 => "CANCELLED",
        500 => "INTERNAL",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        _ => usual,
    }
}

fn message(door: Door, failure: &Failure) -> String {
    let about = &failure.subject;
    let fixed = match failure.class {
        Class::MissingKey if door == Door::Studio => {
            "Method doesn't allow unregistered callers (callers without established identity). \
             Please use API Key or other form of API consumer identity to call this API."
        }
        Class::WrongKey if door == Door::Studio => {
            "API key not valid. Please pass a valid API key."
        }
        Class::MissingKey | Class::WrongKey | Class::MalformedSignature => {
            "Request had invalid authentication credentials. Expected OAuth 2 access token, login \
             cookie or other valid authentication credential."
        }
        Class::Unparsable => "Invalid JSON payload received.",
        Class::MissingModel => "model is required.",
        Class::MissingVersion | Class::Refused => "Request contains an invalid argument.",
        Class::Invalid => {
            return format!("* GenerateContentRequest.{about}: {about} is not specified");
        }
        Class::UnknownModel => {
            return format!(
                "models/{about} is not found for API version v1beta, or is not supported for \
                 generateContent. Endpoint ListModels to see the list of available models and their \
                 supported methods."
            );
        }
        Class::UnknownUrl => "Requested entity was not found.",
        Class::Billing => "Your prepaid credits are used up.",
        Class::Forbidden => "The caller does not have permission",
        Class::RateLimited | Class::OutOfQuota => {
            "You exceeded your current quota, please check your plan and billing details."
        }
        Class::SlowDown => "Resource exhausted, please try again later.",
        Class::TimedOut => "Deadline expired before operation could complete.",
        Class::Internal => "An internal error has occurred. Please retry.",
        Class::Unavailable | Class::Overloaded => {
            "The model is overloaded. Please try again later."
        }
    };
    fixed.to_owned()
}

fn quota(id: &str, model: &str) -> Value {
    json!({
        "@type": "type.googleapis.com/google.rpc.QuotaFailure",
        "violations": [{
            "quotaMetric": "generativelanguage.googleapis.com/generate_content_requests",
            "quotaId": id, "quotaDimensions": { "location": "global", "model": model },
            "quotaValue": "10",
        }],
    })
}

fn details(door: Door, failure: &Failure) -> Vec<Value> {
    let model = &failure.subject;
    let delay = format!("{}s", failure.retry_after_s.unwrap_or(1));
    match failure.class {
        Class::WrongKey if door == Door::Studio => vec![json!({
            "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID",
            "domain": "googleapis.com",
            "metadata": { "service": "generativelanguage.googleapis.com" },
        })],
        Class::RateLimited => vec![
            quota("GenerateRequestsPerMinutePerProjectPerModel", model),
            json!({ "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay }),
        ],
        Class::OutOfQuota => vec![quota("GenerateRequestsPerDayPerProjectPerModel", model)],
        _ => Vec::new(),
    }
}

/// Words a failure. Retry advice stands in the body: Google sends no header for it.
pub(super) fn worded(door: Door, failure: &Failure) -> Worded {
    let (usual, name) = terms(door, failure.class);
    let status = failure.status_or(usual);
    let name = canonical(status, name);
    let mut error = json!({ "code": status, "message": message(door, failure), "status": name });
    let details = details(door, failure);
    if !details.is_empty() {
        error["details"] = Value::from(details);
    }
    Worded::new(status, json!({ "error": error }).to_string())
}
