//! The strict line grammar that all our note texts share: `key value`, LF ends, fixed order.

use std::fmt::Display;
use std::str::FromStr;

/// Where a note text departs from its grammar, and what belongs there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: expected {expected}")]
pub struct LineError {
    /// The line, counted from 1.
    pub line: usize,
    /// What the grammar wants on that line.
    pub expected: &'static str,
}

/// A cursor over the LF-terminated lines of a text.
pub(crate) struct Lines<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Lines<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            rest: text,
            line: 0,
        }
    }

    /// The next line without its LF.
    pub(crate) fn next(&mut self, expected: &'static str) -> Result<&'a str, LineError> {
        self.line += 1;
        let (line, rest) = self
            .rest
            .split_once('\n')
            .ok_or_else(|| self.refuse(expected))?;
        self.rest = rest;
        Ok(line)
    }

    /// The whole next line must be `literal`.
    pub(crate) fn literal(&mut self, literal: &'static str) -> Result<(), LineError> {
        if self.next(literal)? == literal {
            Ok(())
        } else {
            Err(self.refuse(literal))
        }
    }

    /// What follows `key` and one space on the next line.
    pub(crate) fn value(&mut self, key: &'static str) -> Result<&'a str, LineError> {
        self.next(key)?
            .strip_prefix(key)
            .and_then(|rest| rest.strip_prefix(' '))
            .ok_or_else(|| self.refuse(key))
    }

    /// The next line as `key` and exactly `N` words, single spaces between them.
    pub(crate) fn words<const N: usize>(
        &mut self,
        key: &'static str,
    ) -> Result<[&'a str; N], LineError> {
        let value = self.value(key)?;
        exactly(value).ok_or_else(|| self.refuse(key))
    }

    /// Nothing may follow.
    pub(crate) fn end(&mut self) -> Result<(), LineError> {
        self.line += 1;
        if self.is_empty() {
            Ok(())
        } else {
            Err(self.refuse("the end of the text"))
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The error for the line read last.
    pub(crate) fn refuse(&self, expected: &'static str) -> LineError {
        LineError {
            line: self.line,
            expected,
        }
    }
}

/// Splits at single spaces into exactly `N` non-empty words.
pub(crate) fn exactly<const N: usize>(value: &str) -> Option<[&str; N]> {
    let words: Vec<&str> = value.split(' ').take(N + 1).collect();
    let words: [&str; N] = words.try_into().ok()?;
    words.iter().all(|word| !word.is_empty()).then_some(words)
}

/// A number in the one spelling that it prints as: no sign `+`, no leading zero.
pub(crate) fn decimal<T: FromStr + Display>(text: &str) -> Option<T> {
    let number: T = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// Whether `text` can stand as one word of a line: not empty, no white space, no control character.
pub(crate) fn is_word(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}
