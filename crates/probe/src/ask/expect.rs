//! What a right answer to a prompt of one's own is.
//!
//! Everything is checked when it is read from the configuration, so that an attempt cannot meet a
//! bad expectation. Matching is bounded: patterns run in time proportional to pattern times text
//! (no backtracking), both have limits, and a text beyond [`JUDGED_BYTES_MAX`] is not the
//! expected one.

use std::fmt;
use std::str::FromStr;

use regex_lite::{Regex, RegexBuilder};

use super::hidden::HiddenText;
use super::schema::Schema;

/// Longest text that a pattern or a schema is held against, bytes.
pub const JUDGED_BYTES_MAX: usize = 8 * 1024;
/// Longest pattern, bytes.
pub const PATTERN_BYTES_MAX: usize = 1024;
/// Largest compiled pattern, bytes: some hundred states, so that no match takes longer than some
/// tens of milliseconds of the agent's event loop.
const PROGRAM_BYTES_MAX: usize = 16 * 1024;
/// Deepest nesting of groups and repetitions in a pattern.
const NEST_MAX: u32 = 16;

/// What a right answer is. `Debug` shows its kind only.
#[derive(Clone, PartialEq, Eq)]
pub enum Expectation {
    /// Any text that is not empty.
    Any,
    /// This text, apart from white space around it.
    Exact(HiddenText),
    /// A text in which this pattern matches somewhere; `^` and `$` anchor it.
    Regex(Pattern),
    /// One JSON value that fits the schema, and nothing beside it but white space.
    JsonSchema(Schema),
}

impl fmt::Debug for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any => "Any",
            Self::Exact(_) => "Exact(..)",
            Self::Regex(_) => "Regex(..)",
            Self::JsonSchema(_) => "JsonSchema(..)",
        })
    }
}

/// A regular expression in the syntax of `regex-lite`: no look-around, no back-references, and
/// `\w`, `\d`, `\s`, `\b` and `(?i)` know ASCII only.
#[derive(Clone)]
pub struct Pattern(Regex);

/// Why a pattern cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Beyond [`PATTERN_BYTES_MAX`].
    #[error("the pattern is longer than {PATTERN_BYTES_MAX} bytes")]
    TooLong,
    /// Not a regular expression, or too large a one.
    #[error("the pattern `{pattern}` cannot be used")]
    Compile {
        /// The pattern.
        pattern: String,
        /// Why.
        #[source]
        source: regex_lite::Error,
    },
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(pattern: &str) -> Result<Self, PatternError> {
        if pattern.len() > PATTERN_BYTES_MAX {
            return Err(PatternError::TooLong);
        }
        RegexBuilder::new(pattern)
            .size_limit(PROGRAM_BYTES_MAX)
            .nest_limit(NEST_MAX)
            .build()
            .map(Self)
            .map_err(|source| PatternError::Compile {
                pattern: pattern.to_owned(),
                source,
            })
    }
}

impl Pattern {
    /// Whether it matches somewhere in the text.
    pub(super) fn is_in(&self, text: &str) -> bool {
        text.len() <= JUDGED_BYTES_MAX && self.0.is_match(text)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for Pattern {}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pattern(..)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn arbitrary_patterns_do_not_panic_and_escaped_ones_match_themselves(
            pattern in "\\PC{0,40}",
            text in "\\PC{0,40}",
        ) {
            prop_assert_ne!(pattern.parse::<Pattern>(), Err(PatternError::TooLong));
            let escaped: Pattern = regex_lite::escape(&text).parse().unwrap();
            let around = format!("{pattern}{text}{pattern}");
            prop_assert!(escaped.is_in(&around));
        }
    }

    #[test]
    fn a_bad_pattern_says_what_and_why() {
        let error = "(pong".parse::<Pattern>().unwrap_err();
        assert_eq!(error.to_string(), "the pattern `(pong` cannot be used");
        assert!(std::error::Error::source(&error).is_some());
        let long = "a".repeat(PATTERN_BYTES_MAX + 1);
        assert_eq!(long.parse::<Pattern>(), Err(PatternError::TooLong));
    }

    #[test]
    fn patterns_that_would_grow_are_refused_and_text_beyond_the_limit_does_not_match() {
        assert!("(a{1000}){1000}".parse::<Pattern>().is_err());
        assert!(
            format!("{}a{}", "(".repeat(40), ")".repeat(40))
                .parse::<Pattern>()
                .is_err()
        );
        let pattern: Pattern = "(a*)*b".parse().unwrap();
        assert!(!pattern.is_in(&"a".repeat(JUDGED_BYTES_MAX)));
        assert!(pattern.is_in("xxab"));
        assert!(!pattern.is_in(&"b".repeat(JUDGED_BYTES_MAX + 1)));
    }
}
