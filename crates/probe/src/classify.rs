//! The one way from facts to outcome and attribution: first match wins, in the order transport,
//! status and error body, stream grammar, content. What errors mean is data, in `classify/table.rs`.
//!
//! Pure. A provider is blamed only for what bears its trace; where the evidence fits two parties
//! the attribution is `unknown`. Contracts have no place here: a 429 is an observation, and
//! whether it counts is for them to say.

mod error;
mod table;

use domain::{Attribution, Outcome};

use crate::headers::Upstream;
use crate::reply::{Completeness, Ending, Reply, Text};
use crate::served::Cache;
use crate::spec::Via;

/// How the exchange of bytes ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// The answer was read to its end, or to the end of its grammar.
    Complete,
    /// The name did not resolve, or not in time.
    NameUnresolved,
    /// No address accepted a connection: refused, reset or otherwise failed.
    Refused,
    /// No route to any address.
    Unreachable,
    /// This machine could not open a connection: descriptors, permissions, addresses.
    LocalFailure,
    /// The handshake or the certificate failed.
    TlsFailed,
    /// The connection was not established before its timer.
    ConnectTimedOut,
    /// Closed or reset before the answer was whole.
    Cut,
    /// Not HTTP, or beyond a limit of size.
    Invalid,
    /// Output began, then stopped for too long.
    Stalled,
    /// The deadline passed at this point.
    DeadlinePassed(Reached),
    /// Nothing was sent: the key cannot stand in a header.
    KeyUnusable,
}

/// How far an attempt had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reached {
    /// Not even an address.
    Nothing,
    /// The name had resolved.
    Resolved,
    /// Connected, with TLS where it is spoken.
    Connected,
    /// Response headers.
    Headers,
    /// Visible text.
    Output,
}

/// Everything that [`classify`] reads.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Who answers at the address.
    pub via: Via,
    /// How the exchange ended.
    pub transport: Transport,
    /// HTTP status.
    pub status: Option<u16>,
    /// Trace of a provider behind a gateway.
    pub upstream: Upstream,
    /// Whether the headers name a limit that was reached.
    pub limit_named: bool,
    /// Name of the error that the headers give.
    pub error_name: Option<&'a str>,
    /// Whether a cache answered.
    pub cache: Cache,
    /// What was answered.
    pub answer: Answer<'a>,
}

/// What was answered, by kind of request.
#[derive(Clone, Copy, Debug)]
pub enum Answer<'a> {
    /// Of a model API.
    Call {
        /// What it held; of a failed status only the error.
        reply: &'a Reply,
        /// Whether who served is who was asked.
        served: ServedFit,
    },
    /// Plain HTTP.
    Page(PageFit),
}

/// Whether who served is who was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServedFit {
    /// As far as the answer tells.
    Fits,
    /// The answer names obviously another model.
    OtherModel,
    /// The answer names a lesser tier.
    LesserTier,
}

/// Whether a plain HTTP answer was the expected one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageFit {
    /// It was.
    Fits,
    /// Its status was not.
    OtherStatus,
    /// Its status was, one of its headers was not.
    OtherHeader,
    /// Its status and headers were, its body was not.
    OtherBody,
}

/// Outcome and attribution of an attempt.
#[must_use]
pub fn classify(facts: &Facts<'_>) -> (Outcome, Attribution) {
    match (facts.status, facts.answer) {
        (None, _) => before_headers(facts),
        (Some(status), Answer::Page(fit)) => page(facts, status, fit),
        (Some(status), Answer::Call { reply, served }) => {
            if !matches!(status, 200..=245 | 247..=299) {
                return error::by_status(facts, status, reply.error.as_ref());
            }
            if let Some(seen) = &reply.error {
                return error::in_success(facts, seen);
            }
            broken_off(facts)
                .or_else(|| given_up(facts, reply))
                .or_else(|| ungrammatical(facts, reply))
                .unwrap_or_else(|| content(facts, reply, served))
        }
    }
}

/// The endpoint failed, and nothing tells a gateway from what is behind it.
fn endpoint(facts: &Facts<'_>) -> Attribution {
    match facts.via {
        Via::Direct => Attribution::Provider,
        Via::Gateway => Attribution::Unknown,
    }
}

fn before_headers(facts: &Facts<'_>) -> (Outcome, Attribution) {
    match facts.transport {
        Transport::NameUnresolved | Transport::DeadlinePassed(Reached::Nothing) => {
            (Outcome::Dns, Attribution::Unknown)
        }
        Transport::Refused => (Outcome::Tcp, Attribution::Unknown),
        Transport::Unreachable => (Outcome::Tcp, Attribution::Network),
        Transport::LocalFailure => (Outcome::ProbeFault, Attribution::Agent),
        Transport::TlsFailed => (Outcome::Tls, Attribution::Unknown),
        Transport::ConnectTimedOut | Transport::DeadlinePassed(Reached::Resolved) => {
            (Outcome::ConnectTimeout, Attribution::Unknown)
        }
        Transport::KeyUnusable => (Outcome::Auth, Attribution::Ours),
        Transport::DeadlinePassed(_) | Transport::Stalled => {
            (Outcome::TtfbTimeout, endpoint(facts))
        }
        Transport::Invalid => (Outcome::Malformed, endpoint(facts)),
        Transport::Cut | Transport::Complete => (Outcome::StreamCut, endpoint(facts)),
    }
}

/// The transport failed after the headers.
fn broken_off(facts: &Facts<'_>) -> Option<(Outcome, Attribution)> {
    let outcome = match facts.transport {
        Transport::Complete => return None,
        Transport::Stalled => Outcome::Stall,
        Transport::DeadlinePassed(Reached::Output) => Outcome::Deadline,
        Transport::DeadlinePassed(_) => Outcome::TtftTimeout,
        Transport::Invalid => Outcome::Malformed,
        _ => Outcome::StreamCut,
    };
    Some((outcome, endpoint(facts)))
}

/// The server said that it failed, in a finish reason: more than a missing terminator says.
fn given_up(facts: &Facts<'_>, reply: &Reply) -> Option<(Outcome, Attribution)> {
    match reply.ending? {
        Ending::Failed => Some((Outcome::ServerError, endpoint(facts))),
        Ending::Capacity => Some((Outcome::Overloaded, Attribution::Provider)),
        _ => None,
    }
}

fn ungrammatical(facts: &Facts<'_>, reply: &Reply) -> Option<(Outcome, Attribution)> {
    let outcome = match (reply.malformed, reply.completeness) {
        (Some(_), _) => Outcome::Malformed,
        (None, Completeness::Open) => Outcome::NoTerminator,
        (None, Completeness::CutInside) => Outcome::JsonCut,
        (None, Completeness::Terminated) if reply.ending.is_none() => Outcome::Malformed,
        (None, Completeness::Terminated) => return None,
    };
    Some((outcome, endpoint(facts)))
}

/// What a whole answer is worth: an ending that explains itself, then its text, then who served.
fn content(facts: &Facts<'_>, reply: &Reply, served: ServedFit) -> (Outcome, Attribution) {
    match (reply.ending, reply.text) {
        (Some(Ending::Refused), _) => (Outcome::Refused, Attribution::Unknown),
        (Some(Ending::Filtered), _) => (Outcome::Blocked, Attribution::Unknown),
        // The provider was not asked: neither its success nor its failure.
        (_, Text::Expected) if facts.cache == Cache::Possible => {
            (Outcome::ProbeFault, Attribution::Ours)
        }
        (_, Text::Expected) => who_served(facts, served),
        (Some(Ending::Length), _) => (Outcome::Truncated, Attribution::Ours),
        (_, Text::Empty) => (Outcome::EmptyAnswer, answerer(facts)),
        (_, Text::Other) => (Outcome::WrongAnswer, answerer(facts)),
    }
}

/// Whose words an unexpected answer are: a cache's where one says that it answered.
fn answerer(facts: &Facts<'_>) -> Attribution {
    match (facts.cache, facts.via) {
        (Cache::Unseen, _) => endpoint(facts),
        (_, Via::Gateway) => Attribution::Gateway,
        (_, Via::Direct) => Attribution::Unknown,
    }
}

/// A gateway chooses who serves; a provider serves itself.
fn who_served(facts: &Facts<'_>, served: ServedFit) -> (Outcome, Attribution) {
    let outcome = match served {
        ServedFit::Fits => return (Outcome::Ok, Attribution::None),
        ServedFit::OtherModel => Outcome::WrongModel,
        ServedFit::LesserTier => Outcome::TierDowngrade,
    };
    let attribution = match facts.via {
        Via::Direct => Attribution::Provider,
        Via::Gateway => Attribution::Gateway,
    };
    (outcome, attribution)
}

fn page(facts: &Facts<'_>, status: u16, fit: PageFit) -> (Outcome, Attribution) {
    if fit == PageFit::OtherStatus {
        let attribution = if (500..=599).contains(&status) {
            endpoint(facts)
        } else {
            Attribution::Unknown
        };
        return (Outcome::UnexpectedStatus, attribution);
    }
    match (broken_off(facts), fit) {
        (Some((Outcome::TtftTimeout, attribution)), _) => (Outcome::Deadline, attribution),
        (Some(broken), _) => broken,
        (None, PageFit::Fits) => (Outcome::Ok, Attribution::None),
        (None, _) => (Outcome::UnexpectedStatus, endpoint(facts)),
    }
}

#[cfg(test)]
mod tests;
