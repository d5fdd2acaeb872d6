//! What a gateway's log leaves unsaid, by the same words as our own probes use.

use domain::{Attribution, Outcome};

/// The outcome of a request of which only the status is known: what our probes conclude from a
/// status without an error body, save for 499, which gateways write when the *client* hung up.
///
/// | status | outcome |
/// |---|---|
/// | 2xx | `ok` |
/// | 400 and 4xx not below | `bad_request` |
/// | 401, 403 | `auth` |
/// | 402, 412 | `billing` |
/// | 404, 410 | `model_gone` |
/// | 408 and 5xx not below | `server_error` |
/// | 429 | `rate_limited` |
/// | 246, 446 | `blocked` |
/// | 451 | `geo_blocked` |
/// | 498, 503, 529 | `overloaded` |
/// | 499, 1xx, 3xx | `unexpected_status` |
#[must_use]
pub const fn outcome_of(status: u16) -> Outcome {
    match status {
        246 | 446 => Outcome::Blocked,
        200..=299 => Outcome::Ok,
        401 | 403 => Outcome::Auth,
        402 | 412 => Outcome::Billing,
        404 | 410 => Outcome::ModelGone,
        429 => Outcome::RateLimited,
        451 => Outcome::GeoBlocked,
        498 | 503 | 529 => Outcome::Overloaded,
        408 | 500..=599 => Outcome::ServerError,
        400..=498 => Outcome::BadRequest,
        _ => Outcome::UnexpectedStatus,
    }
}

/// Whose fault an outcome is where the log does not say: ours where a key, limit or request of
/// ours was refused, the provider's where only it can have failed, unknown where the path to it
/// may have.
///
/// | outcome | attribution |
/// |---|---|
/// | `ok` | `none` |
/// | `auth`, `bad_request`, `billing`, `geo_blocked`, `quota_daily`, `rate_limited`, `truncated` | `ours` |
/// | `capacity_429`, `deadline`, `empty_answer`, `json_cut`, `malformed`, `no_terminator`, `overloaded`, `server_error`, `stall`, `stream_cut`, `tier_downgrade`, `ttfb_timeout`, `ttft_timeout`, `wrong_answer`, `wrong_model` | `provider` |
/// | `gateway_error` | `gateway` |
/// | `probe_fault` | `agent` |
/// | `blocked`, `connect_timeout`, `dns`, `model_gone`, `refused`, `tcp`, `tls`, `unexpected_status` | `unknown` |
#[must_use]
pub const fn attribution_of(outcome: Outcome) -> Attribution {
    match outcome {
        Outcome::Ok => Attribution::None,
        Outcome::Auth
        | Outcome::BadRequest
        | Outcome::Billing
        | Outcome::GeoBlocked
        | Outcome::QuotaDaily
        | Outcome::RateLimited
        | Outcome::Truncated => Attribution::Ours,
        Outcome::Capacity429
        | Outcome::Deadline
        | Outcome::EmptyAnswer
        | Outcome::JsonCut
        | Outcome::Malformed
        | Outcome::NoTerminator
        | Outcome::Overloaded
        | Outcome::ServerError
        | Outcome::Stall
        | Outcome::StreamCut
        | Outcome::TierDowngrade
        | Outcome::TtfbTimeout
        | Outcome::TtftTimeout
        | Outcome::WrongAnswer
        | Outcome::WrongModel => Attribution::Provider,
        Outcome::GatewayError => Attribution::Gateway,
        Outcome::ProbeFault => Attribution::Agent,
        Outcome::Blocked
        | Outcome::ConnectTimeout
        | Outcome::Dns
        | Outcome::ModelGone
        | Outcome::Refused
        | Outcome::Tcp
        | Outcome::Tls
        | Outcome::UnexpectedStatus => Attribution::Unknown,
    }
}
