//! What an attempt met, in words that need no glossary.

use domain::{GapReason, Outcome};

/// What an outcome says was observed.
#[must_use]
pub const fn meaning(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Ok => "a complete answer in time",
        Outcome::Dns => "the host name did not resolve",
        Outcome::Tcp => "the connection was refused or reset",
        Outcome::Tls => "the TLS handshake or the certificate failed",
        Outcome::ConnectTimeout => "no connection in time",
        Outcome::TtfbTimeout => "no response headers in time",
        Outcome::TtftTimeout => "headers, but no text in time",
        Outcome::Stall => "the text stopped coming",
        Outcome::Deadline => "still answering when the time was up",
        Outcome::StreamCut => "the connection was cut before the end of the answer",
        Outcome::NoTerminator => "the answer ended without its end mark",
        Outcome::JsonCut => "the answer's JSON ended too soon",
        Outcome::Malformed => "bytes that the protocol does not allow",
        Outcome::Overloaded => "the provider said that it is overloaded",
        Outcome::Capacity429 => "429 for capacity that all customers share",
        Outcome::RateLimited => "the customer's own rate limit",
        Outcome::QuotaDaily => "the customer's own daily quota",
        Outcome::Billing => "no credit left, or the customer's own spend limit",
        Outcome::Auth => "the key is missing, wrong or without permission",
        Outcome::GeoBlocked => "refused for where the agent stands",
        Outcome::ModelGone => "the model does not exist",
        Outcome::BadRequest => "the request was refused as invalid",
        Outcome::Blocked => "stopped by a content filter",
        Outcome::Refused => "the model declined to answer",
        Outcome::ServerError => "an error of the server",
        Outcome::GatewayError => "an error of the gateway itself",
        Outcome::Truncated => "cut off by the token limit of the request",
        Outcome::EmptyAnswer => "complete, but without text",
        Outcome::WrongAnswer => "complete, but not what was asked for",
        Outcome::WrongModel => "answered by another model than the one asked for",
        Outcome::TierDowngrade => "answered in a lesser tier than the one asked for",
        Outcome::UnexpectedStatus => "a status or body that was not expected",
        Outcome::ProbeFault => "a fault of the agent's own machine or network",
    }
}

/// Why slots were not run.
#[must_use]
pub const fn missed(reason: GapReason) -> &'static str {
    match reason {
        GapReason::AgentDown => "the agent was not running",
        GapReason::Overloaded => "too many attempts were under way",
        GapReason::Budget => "the probing budget was used up",
        GapReason::Paused => "an operator paused the target",
        GapReason::NoKey => "the agent lacked the provider key",
        GapReason::SpoolFull => "the agent's spool was full",
    }
}

/// `HTTP 503 server_error`, `dns`.
#[must_use]
pub fn named(outcome: Outcome, status: Option<u16>) -> String {
    match status {
        Some(status) => format!("HTTP {status} {outcome}"),
        None => outcome.to_string(),
    }
}
