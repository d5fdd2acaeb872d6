//! Names of streams: the targets', and the few that agents keep about themselves.
//!
//! A reserved name starts with `_`, which no target's can.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use domain::TargetId;
use serde::{Deserialize, Serialize};

/// A stream that an agent keeps about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reserved {
    /// Whether the agent's own network carried, a line for each minute with an attempt.
    Ctrl,
    /// The agent's program and load: at boot, at shutdown, and a line for each batch.
    Sys,
    /// How right the agent's clock was, a line for each batch.
    Time,
}

impl Reserved {
    /// All of them, in the order of their bytes.
    pub const ALL: [Self; 3] = [Self::Ctrl, Self::Sys, Self::Time];

    /// The name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ctrl => "_ctrl",
            Self::Sys => "_sys",
            Self::Time => "_time",
        }
    }
}

impl fmt::Display for Reserved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Name of a stream; sorted by its bytes, as streams are in a batch.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum StreamId {
    /// The samples of a target.
    Target(TargetId),
    /// What the agent says about itself.
    Reserved(Reserved),
}

/// A name that no stream has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither a target's name nor one of `_ctrl`, `_sys`, `_time`")]
pub struct StreamIdError(String);

impl StreamId {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Target(target) => target.as_str(),
            Self::Reserved(reserved) => reserved.as_str(),
        }
    }

    /// The target whose samples these are.
    #[must_use]
    pub const fn target(&self) -> Option<&TargetId> {
        match self {
            Self::Target(target) => Some(target),
            Self::Reserved(_) => None,
        }
    }
}

impl Ord for StreamId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl PartialOrd for StreamId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl FromStr for StreamId {
    type Err = StreamIdError;

    fn from_str(text: &str) -> Result<Self, StreamIdError> {
        let reserved = Reserved::ALL.into_iter().find(|one| one.as_str() == text);
        match reserved {
            Some(reserved) => Ok(Self::Reserved(reserved)),
            None => text
                .parse()
                .map(Self::Target)
                .map_err(|_| StreamIdError(text.to_owned())),
        }
    }
}

impl TryFrom<String> for StreamId {
    type Error = StreamIdError;

    fn try_from(text: String) -> Result<Self, StreamIdError> {
        text.parse()
    }
}

impl From<StreamId> for String {
    fn from(id: StreamId) -> Self {
        id.as_str().to_owned()
    }
}

impl From<TargetId> for StreamId {
    fn from(target: TargetId) -> Self {
        Self::Target(target)
    }
}

impl From<Reserved> for StreamId {
    fn from(reserved: Reserved) -> Self {
        Self::Reserved(reserved)
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_sort_by_bytes_and_reserved_names_lie_between_digits_and_letters() {
        let parse = |name: &str| name.parse::<StreamId>().unwrap();
        let mut ids = ["acme", "_time", "0x", "_ctrl", "_sys"].map(parse);
        ids.sort();
        let names = ids.map(|id| id.to_string());
        assert_eq!(names, ["0x", "_ctrl", "_sys", "_time", "acme"]);
        assert!(Reserved::ALL.is_sorted());
    }

    #[test]
    fn no_target_can_pass_for_a_reserved_stream_nor_the_reverse() {
        for name in Reserved::ALL.map(Reserved::as_str) {
            assert!(name.parse::<TargetId>().is_err(), "{name}");
            let id = name.parse::<StreamId>().unwrap();
            assert_eq!(id.target(), None, "{name}");
        }
        for bad in ["_other", "_Time", "_", ""] {
            assert!(bad.parse::<StreamId>().is_err(), "{bad}");
        }
    }
}
