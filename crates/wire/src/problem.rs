//! The registry of problems (RFC 9457): one enum, used by both sides of every interface.

use serde::{Deserialize, Serialize};

/// Content type of every error body.
pub const CONTENT_TYPE: &str = "application/problem+json";

macro_rules! problems {
    ($($(#[$doc:meta])* $variant:ident = ($slug:literal, $status:literal, $title:literal),)+) => {
        /// What went wrong, as a value that both sides know.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum ProblemType {
            $($(#[$doc])* $variant,)+
        }

        impl ProblemType {
            /// Every problem, in order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The URI that names the problem.
            #[must_use]
            pub const fn uri(self) -> &'static str {
                match self { $(Self::$variant => concat!("urn:nines:problem:", $slug),)+ }
            }

            /// The HTTP status it is answered with.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)+ }
            }

            /// A short sentence, the same for every occurrence.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }

            /// The problem that a URI names.
            #[must_use]
            pub fn from_uri(uri: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|problem| problem.uri() == uri)
            }
        }
    };
}

problems! {
    /// The request could not be read.
    Malformed = ("malformed", 400, "The request is malformed"),
    /// A batch that contradicts itself: counts, order, roots, canonical form.
    BatchInvalid = ("batch-invalid", 422, "The batch does not hold together"),
    /// No such agent, or a signature that is not its key's.
    UnknownAgent = ("unknown-agent", 401, "The agent is not enrolled under this key"),
    /// The key was revoked.
    AgentRevoked = ("agent-revoked", 403, "The agent's key has been revoked"),
    /// The join token is unknown, used up or expired.
    TokenInvalid = ("token-invalid", 403, "The join token is not valid"),
    /// Enrolment under a name that another key holds.
    AgentExists = ("agent-exists", 409, "An agent of this name is already enrolled"),
    /// Same sequence number, other bytes.
    BatchConflict = ("batch-conflict", 409, "Another batch is stored under this sequence number"),
    /// A change of keys that does not follow the agent's keys or batches as they are stored.
    KeyConflict = ("key-conflict", 409, "The agent's keys or batches are not as the request assumes"),
    /// Claimed times that the collector's clock rules out.
    ClockImplausible = ("clock-implausible", 422, "The claimed times are not plausible"),
    /// The plan does not know the target, or the agent.
    NotPlanned = ("not-planned", 422, "The plan does not know this target or agent"),
    /// The body is larger than the limit.
    TooLarge = ("too-large", 413, "The body is too large"),
    /// The collector is behind; the same request may be sent again later.
    Busy = ("busy", 503, "The collector is busy"),
    /// A cosignature that does not verify.
    CosignatureInvalid = ("cosignature-invalid", 422, "The cosignature does not verify"),
    /// No such thing.
    NotFound = ("not-found", 404, "There is no such resource"),
    /// The method is not offered here.
    MethodNotAllowed = ("method-not-allowed", 405, "The method is not allowed here"),
    /// Our own bug or outage.
    Internal = ("internal", 500, "The collector failed"),
}

/// The body of an error answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// URI of the [`ProblemType`].
    #[serde(rename = "type")]
    pub kind: String,
    /// The type's title.
    pub title: String,
    /// The HTTP status, repeated.
    pub status: u16,
    /// What was wrong this time, where, and what to change.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detail: Option<String>,
}

impl Problem {
    /// A problem with its particulars.
    #[must_use]
    pub fn new(kind: ProblemType, detail: impl Into<String>) -> Self {
        Self {
            kind: kind.uri().to_owned(),
            title: kind.title().to_owned(),
            status: kind.status(),
            detail: Some(detail.into()),
        }
    }

    /// The type, where this version knows it.
    #[must_use]
    pub fn problem_type(&self) -> Option<ProblemType> {
        ProblemType::from_uri(&self.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_found_by_its_uri() {
        for problem in ProblemType::ALL {
            assert_eq!(ProblemType::from_uri(problem.uri()), Some(*problem));
            assert!((400..600).contains(&problem.status()));
        }
    }
}
