//! What can be wrong with a log. Every text says what to change.

use std::io;

use super::column::Column;
use super::source::Packing;
use super::{COLUMNS_MAX, DURATION_MS_MAX, EXCERPT_CHARS_MAX, LINE_BYTES_MAX};

/// A log that cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The file could not be read.
    #[error("failed to read what follows line {line}")]
    Read {
        /// Last line that was read whole.
        line: u64,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Packed data that ends before its end.
    #[error(
        "the {packing} data ends early, after line {line}: it was cut off; copy the file again"
    )]
    Truncated {
        /// How it is packed.
        packing: Packing,
        /// Last line that was read whole.
        line: u64,
    },
    /// Packed data that cannot be unpacked.
    #[error("failed to unpack the {packing} data that follows line {line}")]
    Unpack {
        /// How it is packed.
        packing: Packing,
        /// Last line that was read whole.
        line: u64,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// No line at all.
    #[error("it is empty: give JSON Lines, or CSV with a header")]
    Empty,
    /// Something else than text.
    #[error("it is {what}, not JSON Lines or CSV: {advice}")]
    Foreign {
        /// What it looks like.
        what: &'static str,
        /// How to make a log of it.
        advice: &'static str,
    },
    /// The first line of a CSV file.
    #[error("line {line}, the header: {fault}")]
    Header {
        /// Number of the line, from 1.
        line: u64,
        /// What is wrong with it.
        fault: HeaderFault,
    },
    /// A line that is not a sample.
    #[error(transparent)]
    Line(#[from] BadLine),
}

/// What is wrong with a header.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderFault {
    /// The first line names nothing known.
    #[error(
        "none of its columns is known; begin the file with a line such as `time,agent,model,status,total_ms`"
    )]
    Missing,
    /// Another separator than the comma.
    #[error("its columns are separated by {0}; separate them by commas")]
    Separator(&'static str),
    /// A column that means nothing.
    #[error(
        "column `{name}` is not known: {hint} Rename it, remove it, or have unknown columns ignored"
    )]
    Unknown {
        /// Its name, cut.
        name: String,
        /// What may have been meant.
        hint: String,
    },
    /// One column stands twice.
    #[error("column `{0}` says what another column says: keep one of them")]
    Twice(Column),
    /// More columns than anyone writes.
    #[error("it has more than {COLUMNS_MAX} columns")]
    TooMany,
    /// Rows could not say when.
    #[error("there is no column `time`")]
    NoTime,
    /// Rows could not say what.
    #[error("there is neither a column `status` nor a column `outcome`: one of them is needed")]
    NoOutcome,
    /// The line itself cannot be read.
    #[error("{0}")]
    Line(Fault),
}

/// A line that is not a sample, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}{}: {fault}", self.place())]
pub struct BadLine {
    /// Number of the line, from 1.
    pub line: u64,
    /// The column or key, where it is one's fault.
    pub column: Option<Column>,
    /// What is wrong.
    pub fault: Fault,
}

impl BadLine {
    fn place(&self) -> String {
        self.column
            .map_or_else(String::new, |column| format!(", `{column}`"))
    }
}

/// What is wrong with a line, or with one value in it. Values are shown cut.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Too long to be held.
    #[error(
        "the line is longer than {LINE_BYTES_MAX} bytes: leave out texts of requests and answers"
    )]
    TooLong,
    /// JSON Lines, but not an object.
    #[error("the line is not a JSON object: write one object per line")]
    NotObject,
    /// A JSON array over the whole file.
    #[error("the file is one JSON array: write one object per line, as `jq -c '.[]'` does")]
    Array,
    /// Not JSON.
    #[error("the line is not valid JSON at byte {at}: {why}")]
    NotJson {
        /// Position in the line, from 1.
        at: usize,
        /// What the parser expected.
        why: String,
    },
    /// The line ends too early.
    #[error(
        "the line ends inside its object: write each object on one line (`jq -c .` does); if it is the last line, the file was cut off"
    )]
    CutOff,
    /// Something follows the object.
    #[error("there is more on the line after its object: write one object per line")]
    TwoObjects,
    /// A row that does not fit the header.
    #[error("the row has {found} fields and the header {expected}: quote values that hold a comma")]
    Fields {
        /// Columns of the header.
        expected: usize,
        /// Fields of the row; counted no further than one more than expected.
        found: usize,
    },
    /// A quote without its end.
    #[error(
        "a quote is opened and never closed: end the value with `\"`, and write a quote within it as `\"\"`; or the file was cut off"
    )]
    OpenQuote,
    /// A quoted value that goes on after its end.
    #[error("there is text after a closing quote: write a quote within a quoted value as `\"\"`")]
    AfterQuote,
    /// The last row of a CSV file has no line end.
    #[error(
        "the last line does not end with a line feed: the file may have been cut off; add one if it is whole"
    )]
    NoLineEnd,
    /// A text that is not UTF-8.
    #[error("the value is not UTF-8")]
    NotUtf8,
    /// No time.
    #[error("there is no `time`")]
    NoTime,
    /// Neither status nor outcome.
    #[error("there is neither `status` nor `outcome`: one of them is needed")]
    NoOutcome,
    /// A core line that leaves something out.
    #[error("it is missing, and lines with `{0}` must have it")]
    Incomplete(Column),
    /// One thing is said twice.
    #[error("it is said twice on the line")]
    Twice,
    /// A list or object where a value belongs.
    #[error("it is a list or an object: write a single value")]
    Nested,
    /// A number where a text belongs.
    #[error("it is not a text: write it in quotes")]
    NotText,
    /// Not a time.
    #[error(
        "`{0}` is not a time: write RFC 3339, such as `2026-10-01T00:00:00Z`, or milliseconds since 1970"
    )]
    NotTime(String),
    /// A time without offset.
    #[error("`{0}` has no offset from UTC: end it with `Z`, or with an offset such as `+02:00`")]
    NoOffset(String),
    /// A time in another unit.
    #[error("`{value}` looks like {unit} since 1970: write milliseconds, {change}")]
    TimeUnit {
        /// The value.
        value: String,
        /// Its likely unit.
        unit: &'static str,
        /// How to get milliseconds.
        change: &'static str,
    },
    /// Below zero.
    #[error("`{0}` is negative")]
    Negative(String),
    /// Not a number.
    #[error("`{0}` is not a number: write digits only, or leave it empty where there is none")]
    NotNumber(String),
    /// Not a whole number.
    #[error("`{0}` is not a whole number")]
    NotWhole(String),
    /// Beyond any such number.
    #[error("`{0}` is too large")]
    TooLarge(String),
    /// A duration of more than a year.
    #[error("`{0}` is more than {DURATION_MS_MAX} milliseconds, which is a year: look at the unit")]
    NotDuration(String),
    /// Not a status.
    #[error(
        "`{0}` is not an HTTP status: write 100 to 599, or leave it empty where no answer arrived"
    )]
    NotStatus(String),
    /// A word that means nothing here.
    #[error("`{value}` is not known: {hint}")]
    UnknownWord {
        /// The word.
        value: String,
        /// What may have been meant, or all that is possible.
        hint: String,
    },
    /// Neither true nor false.
    #[error("`{0}` is neither `true` nor `false`")]
    NotBool(String),
    /// Not a name that ids may have.
    #[error(
        "`{0}` is not a name: use 1 to 64 of a-z, 0-9, `.`, `_`, `-`, starting with a letter or digit"
    )]
    NotName(String),
    /// A gap without slots, with slots out of order, or of more than a year.
    #[error(
        "the gap needs a `count` of 1 or more, up to one a second, and `first_ms` no later than `last_ms`, by at most a year"
    )]
    GapSpan,
}

/// The beginning of a value, fit to be shown.
pub(super) fn excerpt(value: &[u8]) -> String {
    // A character has at most 4 bytes.
    let head = value.get(..EXCERPT_CHARS_MAX * 4 + 4).unwrap_or(value);
    let text = String::from_utf8_lossy(head);
    let visible = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let mut cut: String = text.chars().map(visible).take(EXCERPT_CHARS_MAX).collect();
    if text.chars().nth(EXCERPT_CHARS_MAX).is_some() {
        cut.push('…');
    }
    cut
}
