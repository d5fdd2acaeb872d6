//! Error answers: what the code says, else the sign in the text, else the status.

use domain::{Attribution, Outcome};

use super::{Facts, endpoint};
use crate::error::{ErrorObject, Sign};
use crate::headers::Upstream;
use crate::spec::Via;

/// Codes that mean one thing whatever the status, in lower case; `code` is looked up before
/// `type`. Codes that providers document; `overloaded`, `authentication_error` and
/// `no_db_connection` were seen in transcripts of mock servers and LiteLLM; `permission_error` is
/// not confirmed.
const CODES: [(&str, Outcome); 61] = [
    ("credit_balance_exhausted", Outcome::Billing),
    ("organization_spend_limit_exceeded", Outcome::Billing),
    ("organization_usage_limit_exceeded", Outcome::Billing),
    ("project_spend_limit_exceeded", Outcome::Billing),
    ("enforced_spend_limit_reached", Outcome::Billing),
    ("insufficient_quota", Outcome::Billing),
    ("billing_error", Outcome::Billing),
    ("budget_exceeded", Outcome::Billing),
    ("payment_required", Outcome::Billing),
    ("arrearage", Outcome::Billing),
    ("quota_exceeded", Outcome::QuotaDaily),
    ("server_is_overloaded", Outcome::Overloaded),
    ("slow_down", Outcome::Overloaded),
    ("overloaded_error", Outcome::Overloaded),
    ("overloaded", Outcome::Overloaded),
    ("provider_overloaded", Outcome::Overloaded),
    ("unavailable", Outcome::Overloaded),
    ("modelnotreadyexception", Outcome::Overloaded),
    ("unsupported_country_region_territory", Outcome::GeoBlocked),
    ("invalid_api_key", Outcome::Auth),
    ("invalidapikey", Outcome::Auth),
    ("accessdenied", Outcome::Auth),
    ("authentication_error", Outcome::Auth),
    ("permission_error", Outcome::Auth),
    ("no_db_connection", Outcome::Auth),
    ("model_not_found", Outcome::ModelGone),
    ("modelnotfound", Outcome::ModelGone),
    ("not_found_error", Outcome::ModelGone),
    ("not_found", Outcome::ModelGone),
    ("content_filter", Outcome::Blocked),
    ("content_policy_violation", Outcome::Blocked),
    ("data_inspection_failed", Outcome::Blocked),
    ("refusal", Outcome::Blocked),
    ("context_length_exceeded", Outcome::BadRequest),
    ("exceed_context_size_error", Outcome::BadRequest),
    ("throttling.ratequota", Outcome::RateLimited),
    ("throttling.allocationquota", Outcome::RateLimited),
    ("throttlingexception", Outcome::RateLimited),
    ("service_unavailable_error", Outcome::Overloaded),
    ("provider_unavailable", Outcome::ServerError),
    // Exceptions of AWS; a quota of the service is the account's own.
    ("servicequotaexceededexception", Outcome::RateLimited),
    ("serviceunavailableexception", Outcome::Overloaded),
    ("serviceunavailable", Outcome::Overloaded),
    ("internalserverexception", Outcome::ServerError),
    ("internalfailure", Outcome::ServerError),
    ("modelerrorexception", Outcome::ServerError),
    ("modelstreamerrorexception", Outcome::ServerError),
    ("modeltimeoutexception", Outcome::ServerError),
    ("accessdeniedexception", Outcome::Auth),
    ("expiredtokenexception", Outcome::Auth),
    ("incompletesignature", Outcome::Auth),
    ("incompletesignatureexception", Outcome::Auth),
    ("invalidclienttokenid", Outcome::Auth),
    ("invalidsignatureexception", Outcome::Auth),
    ("missingauthenticationtoken", Outcome::Auth),
    ("missingauthenticationtokenexception", Outcome::Auth),
    ("requestexpired", Outcome::Auth),
    ("signaturedoesnotmatch", Outcome::Auth),
    ("unrecognizedclientexception", Outcome::Auth),
    ("resourcenotfoundexception", Outcome::ModelGone),
    ("validationexception", Outcome::BadRequest),
];

/// Codes that servers use loosely: read only where no status says more.
const LOOSE_CODES: [(&str, Outcome); 4] = [
    ("rate_limit_exceeded", Outcome::RateLimited),
    ("rate_limit_error", Outcome::RateLimited),
    ("throttling_error", Outcome::RateLimited),
    ("invalid_request_error", Outcome::BadRequest),
];

const fn of_sign(sign: Sign) -> Outcome {
    match sign {
        Sign::Billing => Outcome::Billing,
        Sign::QuotaDaily => Outcome::QuotaDaily,
        Sign::RateLimited => Outcome::RateLimited,
        Sign::Capacity => Outcome::Capacity429,
        Sign::Overloaded => Outcome::Overloaded,
        Sign::Location => Outcome::GeoBlocked,
        Sign::Key => Outcome::Auth,
        Sign::Model => Outcome::ModelGone,
    }
}

/// A status outside 2xx.
pub(super) fn by_status(
    facts: &Facts<'_>,
    status: u16,
    error: Option<&ErrorObject>,
) -> (Outcome, Attribution) {
    if let Some(outcome) = error.and_then(|error| by_code(Some(status), error)) {
        return (outcome, blame(facts, status, outcome, error));
    }
    let outcome = match status {
        401 | 403 => Outcome::Auth,
        402 | 412 => Outcome::Billing,
        404 | 410 => Outcome::ModelGone,
        429 => Outcome::RateLimited,
        246 | 446 => Outcome::Blocked,
        451 => Outcome::GeoBlocked,
        498 | 503 | 529 => Outcome::Overloaded,
        408 | 499..=599 => Outcome::ServerError,
        400..=599 => Outcome::BadRequest,
        _ => return (Outcome::UnexpectedStatus, Attribution::Unknown),
    };
    settle(facts, status, outcome, error)
}

/// An error object under a status of success.
pub(super) fn in_success(facts: &Facts<'_>, error: &ErrorObject) -> (Outcome, Attribution) {
    let loose = || {
        error
            .status
            .is_none()
            .then(|| lookup(&LOOSE_CODES, error))
            .flatten()
    };
    let status = error.status.unwrap_or(500);
    match by_code(error.status, error).or_else(loose) {
        Some(outcome) => (outcome, blame(facts, status, outcome, Some(error))),
        None => by_status(facts, status, Some(error)),
    }
}

fn by_code(status: Option<u16>, error: &ErrorObject) -> Option<Outcome> {
    let sign = error.sign.filter(|sign| match sign {
        // Words about limits stand in other errors too; they mean one only where one is reported.
        Sign::QuotaDaily | Sign::RateLimited | Sign::Capacity => status.is_none_or(|s| s == 429),
        _ => true,
    });
    lookup(&CODES, error).or(sign.map(of_sign))
}

fn lookup(table: &[(&str, Outcome)], error: &ErrorObject) -> Option<Outcome> {
    [&error.code, &error.kind]
        .into_iter()
        .flatten()
        .find_map(|word| {
            table
                .iter()
                .find(|(code, _)| word.eq_ignore_ascii_case(code))
        })
        .map(|(_, outcome)| *outcome)
}

/// A failure known by its status only: behind a gateway it is the gateway's unless it bears an
/// upstream's trace. 498 and 529 are statuses that only model providers use.
fn settle(
    facts: &Facts<'_>,
    status: u16,
    outcome: Outcome,
    error: Option<&ErrorObject>,
) -> (Outcome, Attribution) {
    let of_server = matches!(outcome, Outcome::ServerError | Outcome::Overloaded);
    if facts.via == Via::Direct || !of_server || matches!(status, 498 | 529) {
        return (outcome, blame(facts, status, outcome, error));
    }
    match (facts.upstream, error.is_some_and(|error| error.upstream)) {
        (Upstream::Seen, _) | (_, true) => (outcome, Attribution::Provider),
        (Upstream::Possible, false) => (outcome, Attribution::Unknown),
        (Upstream::Absent, false) => (Outcome::GatewayError, Attribution::Gateway),
    }
}

fn blame(
    facts: &Facts<'_>,
    status: u16,
    outcome: Outcome,
    error: Option<&ErrorObject>,
) -> Attribution {
    match outcome {
        Outcome::Billing | Outcome::QuotaDaily | Outcome::GeoBlocked => Attribution::Ours,
        // A filter in front of the API answers 403 without an error object: no key would help.
        Outcome::Auth if status != 403 || error.is_some() => Attribution::Ours,
        // Rarer statuses do not prove by themselves that our request was wrong.
        Outcome::BadRequest if error.is_some() || matches!(status, 400 | 413 | 422) => {
            Attribution::Ours
        }
        Outcome::RateLimited if facts.limit_named || error.is_some() => Attribution::Ours,
        Outcome::Capacity429 | Outcome::Overloaded => Attribution::Provider,
        Outcome::ServerError => endpoint(facts),
        _ => Attribution::Unknown,
    }
}
