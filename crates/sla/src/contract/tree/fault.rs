//! serde's errors, first without and then with a place.

use std::fmt;

use serde::de::{Error, Expected, Unexpected};
use toml::de::DeValue;

use super::hint::{elsewhere, hint, shown};
use super::node::Node;
use super::words::{self, LIST};
use crate::contract::error::Problem;
use crate::contract::exact::NUMBER_IN_QUOTES;

/// Why a value was refused. Boxed, because every result of the deserializer has its size.
#[derive(Debug)]
pub(super) struct Fault(Box<State>);

#[derive(Debug)]
enum State {
    /// Raised by a type, which does not know where its value stands.
    Raised(Raised),
    /// With the byte offset of its place.
    Placed { offset: usize, problem: Problem },
}

#[derive(Debug)]
enum Raised {
    UnknownKey { key: String, known: Known },
    MissingKey { key: &'static str },
    UnknownWord { given: String, known: Known },
    WrongType { expected: String },
    BareNumber,
    Refused { reason: String },
}

type Known = &'static [&'static str];

impl Fault {
    pub(super) fn placed(offset: usize, problem: Problem) -> Self {
        Self(Box::new(State::Placed { offset, problem }))
    }

    fn raised(raised: Raised) -> Self {
        Self(Box::new(State::Raised(raised)))
    }

    pub(super) fn refused(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self::raised(Raised::Refused { reason })
    }

    pub(super) fn wrong_type(expected: impl Into<String>) -> Self {
        let expected = expected.into();
        Self::raised(Raised::WrongType { expected })
    }

    /// The same, with a reason that tells what to write instead of what a type's own parser said.
    pub(super) fn or_must_be(self, what: Option<&'static str>) -> Self {
        match (*self.0, what) {
            (State::Raised(Raised::Refused { .. }), Some(what)) => {
                Self::refused(format!("must be {what}"))
            }
            (state, _) => Self(Box::new(state)),
        }
    }

    /// The same, at the value that was being read, unless it has a place already.
    pub(super) fn at(self, node: Node<'_>) -> Self {
        let (offset, problem) = self.into_place(node);
        Self::placed(offset, problem)
    }

    /// Byte offset and problem: at the value that was being read, unless it has a place already.
    pub(super) fn into_place(self, node: Node<'_>) -> (usize, Problem) {
        match *self.0 {
            State::Raised(raised) => raised.at(node),
            State::Placed { offset, problem } => (offset, problem),
        }
    }
}

impl Raised {
    fn at(self, node: Node<'_>) -> (usize, Problem) {
        let key = || shown(node.path.key());
        let offset = node.offset();
        match self {
            Self::UnknownKey { key, known } => {
                let hint = hint(&key, known);
                let offset = node.offset_of_key(&key).unwrap_or(offset);
                let (key, table) = (shown(&key), node.path.table());
                (offset, Problem::UnknownKey { key, table, hint })
            }
            Self::MissingKey { key } => {
                let table = node.path.table();
                (offset, Problem::MissingKey { key, table })
            }
            Self::UnknownWord { given, known } => {
                let problem = Problem::UnknownWord {
                    key: key(),
                    hint: elsewhere(&given, known).unwrap_or_else(|| hint(&given, known)),
                    given: shown(&given),
                };
                (offset, problem)
            }
            Self::WrongType { mut expected } => {
                if expected == LIST
                    && let Some(list) = node.as_list()
                {
                    expected = format!("{LIST} such as {list}");
                }
                let problem = Problem::WrongType {
                    key: key(),
                    expected,
                    found: node.kind(),
                };
                (offset, problem)
            }
            Self::BareNumber => {
                let given = match node.value() {
                    DeValue::Integer(number) => number.to_string(),
                    DeValue::Float(number) => number.to_string(),
                    _ => String::new(),
                };
                let given = shown(&given);
                (offset, Problem::BareNumber { key: key(), given })
            }
            Self::Refused { reason } => refused(node, reason),
        }
    }
}

/// Places a reason that begins with a path at what the path leads to.
fn refused(node: Node<'_>, reason: String) -> (usize, Problem) {
    let split = reason.strip_prefix('`').and_then(|r| r.split_once("`: "));
    if let Some((path, rest)) = split.filter(|_| node.has_parts())
        && let Some((offset, key)) = node.resolve(path)
    {
        let (key, reason) = (key.to_owned(), rest.to_owned());
        return (offset, Problem::Value { key, reason });
    }
    let key = shown(node.path.key());
    (node.offset(), Problem::Value { key, reason })
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            State::Raised(raised) => write!(f, "{raised:?}"),
            State::Placed { problem, .. } => write!(f, "{problem}"),
        }
    }
}

impl std::error::Error for Fault {}

impl Error for Fault {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self::refused(reason.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let number = matches!(
            found,
            Unexpected::Signed(_) | Unexpected::Unsigned(_) | Unexpected::Float(_)
        );
        if number && expected.to_string() == NUMBER_IN_QUOTES {
            return Self::raised(Raised::BareNumber);
        }
        Self::wrong_type(words::kind(expected))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::refused(words::value(expected))
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::refused(format!("must have {expected}"))
    }

    fn unknown_variant(given: &str, known: Known) -> Self {
        let given = given.to_owned();
        Self::raised(Raised::UnknownWord { given, known })
    }

    fn unknown_field(key: &str, known: Known) -> Self {
        let key = key.to_owned();
        Self::raised(Raised::UnknownKey { key, known })
    }

    fn missing_field(key: &'static str) -> Self {
        Self::raised(Raised::MissingKey { key })
    }
}
