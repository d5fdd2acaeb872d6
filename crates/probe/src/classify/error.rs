//! Error answers: the table says what happened, this says whose fault it is.

use domain::{Attribution, Outcome};

use super::table::{self, Evidence, Row, Voice};
use super::{Facts, endpoint};
use crate::error::ErrorObject;
use crate::headers::Upstream;
use crate::spec::Via;

/// What an error without any status counts as, once no word of it is known.
const STATUS_UNKNOWN: u16 = 500;

/// A status outside 2xx.
pub(super) fn by_status(
    facts: &Facts<'_>,
    status: u16,
    error: Option<&ErrorObject>,
) -> (Outcome, Attribution) {
    let evidence = Evidence {
        status: Some(status),
        error,
        name: facts.error_name,
    };
    match table::first(evidence) {
        Some(row) => settle(facts, row, evidence),
        None => (Outcome::UnexpectedStatus, Attribution::Unknown),
    }
}

/// An error object under a status of success.
pub(super) fn in_success(facts: &Facts<'_>, error: &ErrorObject) -> (Outcome, Attribution) {
    let evidence = Evidence {
        status: error.status,
        error: Some(error),
        name: facts.error_name,
    };
    match table::first(evidence) {
        Some(row) => settle(facts, row, evidence),
        None => by_status(facts, error.status.unwrap_or(STATUS_UNKNOWN), Some(error)),
    }
}

/// Behind a gateway, a failure of a server is the provider's only where it bears the provider's
/// trace; a bare status that bears no trace at all is the gateway's own.
fn settle(facts: &Facts<'_>, row: &Row, evidence: Evidence<'_>) -> (Outcome, Attribution) {
    if row.outcome == Outcome::GatewayError {
        return (row.outcome, Attribution::Gateway);
    }
    let of_server = matches!(
        row.outcome,
        Outcome::ServerError | Outcome::Overloaded | Outcome::Capacity429
    );
    if !of_server {
        return (row.outcome, ours(facts, row.outcome, evidence));
    }
    if facts.via == Via::Direct {
        return (row.outcome, endpoint(facts));
    }
    let traced = row.voice == Voice::Provider
        || facts.upstream == Upstream::Seen
        || evidence.error.is_some_and(|error| error.upstream);
    let relayed = evidence.error.is_some_and(|error| error.relayed);
    match (traced, row.voice, facts.upstream) {
        (true, _, _) => (row.outcome, Attribution::Provider),
        (false, Voice::Nobody, Upstream::Absent) if relayed => (row.outcome, Attribution::Unknown),
        (false, Voice::Nobody, Upstream::Absent) => (Outcome::GatewayError, Attribution::Gateway),
        (false, _, _) => (row.outcome, Attribution::Unknown),
    }
}

/// Errors that are no server's failure are ours where something says so.
fn ours(facts: &Facts<'_>, outcome: Outcome, evidence: Evidence<'_>) -> Attribution {
    let explained = evidence.error.is_some() || evidence.name.is_some();
    let certain = match outcome {
        Outcome::Billing | Outcome::QuotaDaily | Outcome::GeoBlocked => true,
        // A filter in front of the API answers 403 without an error object: no key would help.
        Outcome::Auth => evidence.status != Some(403) || explained,
        // Rarer statuses do not prove by themselves that our request was wrong.
        Outcome::BadRequest => explained || matches!(evidence.status, Some(400 | 413 | 422)),
        Outcome::RateLimited => facts.limit_named || explained,
        _ => false,
    };
    if certain {
        Attribution::Ours
    } else {
        Attribution::Unknown
    }
}
