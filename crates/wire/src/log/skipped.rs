//! What was left out of a log, so that it can be said.

use std::collections::BTreeMap;

use super::SKIPPED_KEPT_MAX;
use super::error::{BadLine, Fault};

/// Lines that were skipped: how many, for which faults, and the first few of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// All of them.
    pub lines: u64,
    /// How many there are of each kind, by [`Fault::kind`].
    pub kinds: BTreeMap<&'static str, u64>,
    /// The first of them, at most [`SKIPPED_KEPT_MAX`].
    pub first: Vec<BadLine>,
}

impl Skipped {
    pub(super) fn add(&mut self, line: BadLine) {
        self.lines += 1;
        *self.kinds.entry(line.fault.kind()).or_default() += 1;
        if self.first.len() < SKIPPED_KEPT_MAX {
            self.first.push(line);
        }
    }
}

impl Fault {
    /// A few words for all faults like this one.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::TooLong => "line too long",
            Self::NotObject | Self::Array | Self::NotJson { .. } => "not a JSON object",
            Self::CutOff | Self::NoLineEnd => "cut off",
            Self::TwoObjects => "more than one object on a line",
            Self::Fields { .. } => "wrong number of fields",
            Self::OpenQuote | Self::AfterQuote => "broken quotes",
            Self::NotUtf8 => "not UTF-8",
            Self::NoTime => "no time",
            Self::NoOutcome => "neither status nor outcome",
            Self::Incomplete(_) => "incomplete core line",
            Self::Twice => "said twice",
            Self::Nested | Self::NotText => "not a text",
            Self::NotTime(_) | Self::NoOffset(_) | Self::TimeUnit { .. } => "bad time",
            Self::Negative(_)
            | Self::NotNumber(_)
            | Self::NotWhole(_)
            | Self::TooLarge(_)
            | Self::NotDuration(_) => "bad number",
            Self::NotStatus(_) => "bad status",
            Self::UnknownWord { .. } | Self::NotBool(_) => "unknown word",
            Self::NotName(_) => "bad name",
            Self::GapSpan => "bad gap",
        }
    }
}
