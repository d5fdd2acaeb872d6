//! Orders: what the collector asks of agents outside of their schedule.
//!
//! There is one kind. When an agent reports a failure, the others are to look at once, instead of
//! at their next slots. An order is a signed note by the operator's key; what it may ask is fixed
//! by the plan ([`crate::plan::Burst`]), so that no order makes an agent do what no plan allows.
//!
//! Invariants: an order has one spelling, and any other byte is refused; it lives for
//! [`ORDER_LIFE_MS_MAX`] at most, so that an old one cannot be played back later.
//!
//! Non-goals: orders are no evidence. A sample made by order says so itself (`confirm`), and
//! nothing that is judged rests on the order having been there.

use std::fmt::{self, Display};
use std::str::FromStr;

use domain::{AgentId, TargetId, UnixMillis};
use evidence::note::{self, NoteError, SignedNote, SigningKey, VerifierKey};

use crate::plan::BURST_COUNT_MAX;

/// How long an order may be followed, milliseconds: a confirmation that comes later than the
/// agents' next slots is worth nothing.
pub const ORDER_LIFE_MS_MAX: i64 = 30_000;
/// Open orders that are handed out, and read, at once; further ones wait.
pub const ORDERS_OPEN_MAX: usize = 256;
/// Bytes of one order as a signed note: its words are short, and it bears few signatures.
pub const ORDER_NOTE_BYTES_MAX: usize = 4_096;
/// The `attempt` of the first sample made by an order; the next have the numbers behind it. Above
/// those of every burst, so that no two samples of an agent share slot and number.
pub const CONFIRM_ATTEMPT_FIRST: u32 = 101;
const _: () = assert!(CONFIRM_ATTEMPT_FIRST > BURST_COUNT_MAX + 1);

/// First line of the text.
const HEAD: &str = "nines/confirm/v1";

/// The order to confirm one agent's failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfirmOrder {
    /// Rises with every order of an installation; not without gaps.
    pub number: u64,
    /// What is to be looked at.
    pub target: TargetId,
    /// Who met the failure, and is not asked again: its burst goes on anyway.
    pub seen_by: AgentId,
    /// Slot of the failed sample.
    pub slot: UnixMillis,
    /// When the order was made, by the collector's clock; `slot_ms` of every sample made by it.
    pub issued: UnixMillis,
    /// From when on it is void: after `issued`, by at most [`ORDER_LIFE_MS_MAX`].
    pub expires: UnixMillis,
}

/// An order that is not to be followed.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// Longer than any order.
    #[error("an order of {bytes} bytes is longer than {ORDER_NOTE_BYTES_MAX}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// No signed note.
    #[error("the order is no signed note")]
    Note(#[source] NoteError),
    /// Not signed by the operator.
    #[error("the order cannot be believed")]
    Signature(#[source] NoteError),
    /// Not the text of an order.
    #[error("line {line} of the order: expected {expected}")]
    Text {
        /// Which line, counted from 1.
        line: usize,
        /// What belongs there.
        expected: &'static str,
    },
    /// It ends before it begins, or too long after.
    #[error("the order is open for {life_ms} ms, which is not 1 to {ORDER_LIFE_MS_MAX}")]
    Life {
        /// From issue to expiry, milliseconds.
        life_ms: i64,
    },
}

impl ConfirmOrder {
    /// Reads the text of an order, in its one spelling.
    pub fn parse(text: &str) -> Result<Self, OrderError> {
        let mut lines = Lines {
            rest: text,
            line: 0,
        };
        if lines.next(HEAD)? != HEAD {
            return Err(lines.refuse(HEAD));
        }
        let order = Self {
            number: lines.value("order")?,
            target: lines.value("target")?,
            seen_by: lines.value("seen-by")?,
            slot: lines.value("slot").map(UnixMillis::new)?,
            issued: lines.value("issued").map(UnixMillis::new)?,
            expires: lines.value("expires").map(UnixMillis::new)?,
        };
        if !lines.rest.is_empty() {
            lines.line += 1;
            return Err(lines.refuse("the end of the text"));
        }
        let life_ms = order.expires.get().saturating_sub(order.issued.get());
        if !(1..=ORDER_LIFE_MS_MAX).contains(&life_ms) {
            return Err(OrderError::Life { life_ms });
        }
        Ok(order)
    }

    /// The order as a note, signed by the operator.
    pub fn sign(&self, operator: &SigningKey) -> Result<SignedNote, NoteError> {
        note::sign(&self.to_string(), &[operator])
    }

    /// Reads a note, and believes it only under the operator's key.
    pub fn verify(note: &str, operator: &VerifierKey) -> Result<Self, OrderError> {
        let bytes = note.len();
        if bytes > ORDER_NOTE_BYTES_MAX {
            return Err(OrderError::TooLong { bytes });
        }
        let note = SignedNote::parse(note.as_bytes()).map_err(OrderError::Note)?;
        note.verify(operator).map_err(OrderError::Signature)?;
        Self::parse(note.text())
    }
}

impl Display for ConfirmOrder {
    /// The text that is signed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            number,
            target,
            seen_by,
            ..
        } = self;
        writeln!(
            f,
            "{HEAD}\norder {number}\ntarget {target}\nseen-by {seen_by}"
        )?;
        writeln!(f, "slot {}", self.slot.get())?;
        writeln!(f, "issued {}", self.issued.get())?;
        writeln!(f, "expires {}", self.expires.get())
    }
}

/// A cursor over the lines of the text.
struct Lines<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Lines<'a> {
    fn next(&mut self, expected: &'static str) -> Result<&'a str, OrderError> {
        self.line += 1;
        let (line, rest) = self
            .rest
            .split_once('\n')
            .ok_or_else(|| self.refuse(expected))?;
        self.rest = rest;
        Ok(line)
    }

    /// What follows `key` and one space, in the one spelling that it prints as.
    fn value<T: FromStr + Display>(&mut self, key: &'static str) -> Result<T, OrderError> {
        let line = self.next(key)?;
        let word = line.strip_prefix(key).and_then(|w| w.strip_prefix(' '));
        let value = word.and_then(|word| Some((word, word.parse::<T>().ok()?)));
        match value {
            Some((word, value)) if value.to_string() == word => Ok(value),
            _ => Err(self.refuse(key)),
        }
    }

    fn refuse(&self, expected: &'static str) -> OrderError {
        OrderError::Text {
            line: self.line,
            expected,
        }
    }
}

#[cfg(test)]
mod tests;
