//! Why a request gets no answer, before any wire has put it into words.

use crate::fault::{ErrorCode, ErrorStatus};
use crate::plan::ErrorKind;

/// What went wrong, in the distinctions that at least one provider makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    MissingKey,
    WrongKey,
    /// A signature whose parts are not all there; only AWS looks so closely.
    MalformedSignature,
    /// The header or parameter that fixes the API's version is missing.
    MissingVersion,
    Unparsable,
    MissingModel,
    /// A body that is JSON but lacks what `subject` names.
    Invalid,
    UnknownModel,
    UnknownUrl,
    Billing,
    Forbidden,
    /// The caller's own limit on requests or tokens.
    RateLimited,
    /// The caller's money or daily allowance.
    OutOfQuota,
    /// The provider asks for a slower pace.
    SlowDown,
    TimedOut,
    Internal,
    /// The provider has too much to do. Unless a script demands a status, Anthropic's is 529.
    Unavailable,
    /// 529, which a script demands of whatever wire.
    Overloaded,
    /// Any other status in the 400s, 400 itself included.
    Refused,
}

/// A failure and what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) class: Class,
    /// The status that a script demands; the wire's own for the class otherwise.
    pub(crate) status: Option<u16>,
    /// The model, URL or key that the message names; empty if it names none.
    pub(crate) subject: String,
    /// In place of the wire's own body, word for word.
    pub(crate) body: Option<String>,
    /// Seconds after which the request would be welcome, where that is known; the wire's own advice
    /// for the class otherwise.
    pub(crate) retry_after_s: Option<u32>,
}

impl From<Class> for Failure {
    fn from(class: Class) -> Self {
        Self {
            class,
            status: None,
            subject: String::new(),
            body: None,
            retry_after_s: None,
        }
    }
}

impl From<ErrorKind> for Class {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Overload => Self::Unavailable,
            ErrorKind::SlowDown => Self::SlowDown,
            ErrorKind::RateLimit => Self::RateLimited,
            ErrorKind::Quota => Self::OutOfQuota,
            ErrorKind::Billing => Self::Billing,
            ErrorKind::ServerError => Self::Internal,
            ErrorKind::Timeout => Self::TimedOut,
            ErrorKind::NotFound => Self::UnknownModel,
            ErrorKind::Auth => Self::WrongKey,
            ErrorKind::Forbidden => Self::Forbidden,
            ErrorKind::BadRequest => Self::Refused,
        }
    }
}

impl Failure {
    fn about(class: Class, subject: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            ..Self::from(class)
        }
    }

    pub(crate) fn missing_model() -> Self {
        Self::from(Class::MissingModel)
    }

    pub(crate) fn invalid(needed: &'static str) -> Self {
        Self::about(Class::Invalid, needed)
    }

    pub(crate) fn unknown_model(model: &str) -> Self {
        Self::about(Class::UnknownModel, model)
    }

    pub(crate) fn unknown_url(method: &str, path: &str) -> Self {
        Self::about(Class::UnknownUrl, format!("{method} {path}"))
    }

    /// The failure of a scripted status. A `code` outranks the status: 503 `slow_down` existed too.
    pub(crate) fn scripted(status: ErrorStatus, code: Option<ErrorCode>) -> Self {
        let class = match code {
            Some(ErrorCode::RateLimitExceeded) => Class::RateLimited,
            Some(ErrorCode::InsufficientQuota) => Class::OutOfQuota,
            Some(ErrorCode::SlowDown) => Class::SlowDown,
            None => Class::of_status(status.get()),
        };
        Self {
            status: Some(status.get()),
            ..Self::from(class)
        }
    }

    /// The failure of a kind; a `status` takes the place of the wire's own.
    pub(crate) fn of_kind(kind: ErrorKind, status: Option<ErrorStatus>) -> Self {
        let class = match (kind, status) {
            (ErrorKind::Overload, Some(ErrorStatus::OVERLOADED)) => Class::Overloaded,
            (kind, _) => kind.into(),
        };
        Self {
            status: status.map(ErrorStatus::get),
            ..class.into()
        }
    }

    /// The same failure, of a request for `model`.
    pub(crate) fn of_model(&self, model: &str) -> Self {
        Self {
            subject: model.to_owned(),
            ..self.clone()
        }
    }

    /// The scripted status, or `usual`, which the wire has for the class.
    pub(crate) fn status_or(&self, usual: u16) -> u16 {
        self.status.unwrap_or(usual)
    }
}

impl Class {
    const fn of_status(status: u16) -> Self {
        match status {
            401 => Self::WrongKey,
            402 => Self::Billing,
            403 => Self::Forbidden,
            404 => Self::UnknownModel,
            408 | 504 => Self::TimedOut,
            429 => Self::RateLimited,
            503 => Self::Unavailable,
            529 => Self::Overloaded,
            400..500 => Self::Refused,
            _ => Self::Internal,
        }
    }
}

/// A failure in a wire's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Worded {
    pub(crate) status: u16,
    /// The error document.
    pub(crate) body: String,
    /// Seconds a well-behaved client waits before it tries again, where the wire says so in
    /// headers.
    pub(crate) retry_after_s: Option<u32>,
    pub(crate) limit: Limit,
    /// The name of the exception, where a header carries it: AWS.
    pub(crate) exception: Option<&'static str>,
}

/// What an error says about the caller's rate limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    Untouched,
    Exhausted,
}

impl Worded {
    pub(crate) fn new(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            body: body.into(),
            retry_after_s: None,
            limit: Limit::Untouched,
            exception: None,
        }
    }

    /// Adds what the class says in headers: whose limit struck and when to come back.
    pub(crate) fn advised(self, failure: &Failure) -> Self {
        let (usual_s, limit) = match failure.class {
            Class::RateLimited => (Some(1), Limit::Exhausted),
            Class::SlowDown => (Some(5), Limit::Untouched),
            _ => (None, Limit::Untouched),
        };
        Self {
            retry_after_s: failure.retry_after_s.or(usual_s),
            limit,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_outranks_the_status_and_the_status_stays() {
        let slow = Failure::scripted(ErrorStatus::UNAVAILABLE, Some(ErrorCode::SlowDown));
        assert_eq!((slow.class, slow.status), (Class::SlowDown, Some(503)));
        let plain = Failure::scripted(ErrorStatus::UNAVAILABLE, None);
        assert_eq!(plain.class, Class::Unavailable);
        let rate = Failure::scripted(ErrorStatus::TOO_MANY_REQUESTS, None);
        assert_eq!(rate.class, Class::RateLimited);
    }

    #[test]
    fn only_the_callers_own_limit_is_exhausted_and_quota_gives_no_advice() {
        let advised = |class: Class| {
            let worded = Worded::new(429, "").advised(&class.into());
            (worded.limit, worded.retry_after_s)
        };
        assert_eq!(advised(Class::RateLimited), (Limit::Exhausted, Some(1)));
        assert_eq!(advised(Class::SlowDown), (Limit::Untouched, Some(5)));
        assert_eq!(advised(Class::OutOfQuota), (Limit::Untouched, None));
    }
}
