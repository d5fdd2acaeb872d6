//! From the bytes of a file to its lines, one at a time.

use std::io::{self, Read};

use domain::{AgentId, TargetId};

use super::column::Column;
use super::csv::{self, Split, Splitter};
use super::entry::Entry;
use super::error::{BadLine, Fault, HeaderFault, LogError};
use super::lines::{Ended, Found, Lines};
use super::record::{Bad, Record, Shape};
use super::skipped::Skipped;
use super::source::{Packing, Source};
use super::{COLUMNS_MAX, header, plain};

/// How a log is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Where lines without `agent` were taken.
    pub agent: AgentId,
    /// What lines without `target` asked.
    pub target: TargetId,
    /// What is done about unknown columns of a CSV file.
    pub unknown_columns: UnknownColumns,
    /// What is done about lines that are not samples.
    pub invalid_lines: InvalidLines,
}

/// What is done about unknown columns of a CSV file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownColumns {
    /// They are an error: one of them may be a known one, misspelt.
    #[default]
    Refuse,
    /// They are passed over.
    Ignore,
}

/// What is done about lines that are not samples.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InvalidLines {
    /// They are an error each.
    #[default]
    Stop,
    /// They are passed over and counted.
    Skip,
}

impl Options {
    /// Everything strict, with a stream for lines that name none.
    #[must_use]
    pub const fn strict(agent: AgentId, target: TargetId) -> Self {
        Self {
            agent,
            target,
            unknown_columns: UnknownColumns::Refuse,
            invalid_lines: InvalidLines::Stop,
        }
    }
}

/// A log that is being read.
#[derive(Debug)]
pub struct LogReader<'r> {
    lines: Lines<Source<'r>>,
    format: Format,
    record: Record,
    options: Options,
    skipped: Skipped,
    is_over: bool,
}

#[derive(Debug)]
enum Format {
    JsonLines(plain::Keys),
    Csv(Table),
}

#[derive(Debug)]
struct Table {
    columns: Vec<Option<Column>>,
    splitter: Splitter,
    scratch: Vec<u8>,
}

/// A first line that is no text.
const BINARY: LogError = LogError::Foreign {
    what: "binary data",
    advice: "export it as text",
};

/// What came of going on by one line.
enum Step {
    Read(Shape),
    Blank,
    Bad(Bad),
    End,
}

/// Opens a log: finds out how it is packed and written, and reads the header where there is one.
///
/// # Errors
///
/// Those of the first line and of the packing; a blank input is [`LogError::Empty`].
pub fn open<'r>(reader: impl Read + 'r, options: Options) -> Result<LogReader<'r>, LogError> {
    let mut lines = Lines::new(Source::open(reader)?);
    first_line(&mut lines)?;
    let format = match lines.line().trim_ascii_start() {
        [b'{', ..] => {
            lines.again();
            Format::JsonLines(plain::Keys::default())
        }
        [b'[', ..] => return Err(bad_line(&lines, Fault::Array.into()).into()),
        _ => Format::Csv(Table::open(&mut lines, options.unknown_columns)?),
    };
    Ok(LogReader {
        lines,
        format,
        record: Record::new(),
        options,
        skipped: Skipped::default(),
        is_over: false,
    })
}

impl LogReader<'_> {
    /// Reads on to the next sample or gap; `None` at the end.
    ///
    /// # Errors
    ///
    /// [`LogError::Line`] where a line is neither; the next call goes on behind it. It is not
    /// given where [`InvalidLines::Skip`] was asked for. All other errors end the log: only
    /// `None` follows.
    pub fn read(&mut self) -> Result<Option<Entry<'_>>, LogError> {
        let shape = loop {
            if self.is_over {
                return Ok(None);
            }
            match self.step() {
                Ok(Step::Read(shape)) => break shape,
                Ok(Step::Blank) => {}
                Ok(Step::Bad(bad)) => {
                    let line = bad_line(&self.lines, bad);
                    match self.options.invalid_lines {
                        InvalidLines::Stop => return Err(line.into()),
                        InvalidLines::Skip => self.skipped.add(line),
                    }
                }
                Ok(Step::End) => self.is_over = true,
                Err(error) => {
                    self.is_over = true;
                    return Err(failed(&self.lines, error));
                }
            }
        };
        let line = self.lines.number();
        Ok(Some(self.record.entry(line, shape, &self.options)))
    }

    /// What was skipped so far.
    #[must_use]
    pub const fn skipped(&self) -> &Skipped {
        &self.skipped
    }

    /// Bytes of the file read so far, as it is packed: for a progress bar.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.lines.source().bytes_read()
    }

    /// How the file is packed.
    #[must_use]
    pub const fn packing(&self) -> Packing {
        self.lines.source().packing()
    }

    fn step(&mut self) -> io::Result<Step> {
        match self.lines.advance()? {
            Found::End => return Ok(Step::End),
            Found::TooLong => return Ok(Step::Bad(Fault::TooLong.into())),
            Found::Line if self.lines.line().trim_ascii().is_empty() => return Ok(Step::Blank),
            Found::Line => {}
        }
        self.record.clear();
        let read = match &mut self.format {
            Format::JsonLines(keys) => plain::read(self.lines.line(), keys, &mut self.record),
            Format::Csv(table) => match table.split(&mut self.lines)? {
                Ok(()) => table.read(&self.lines, &mut self.record),
                Err(fault) => Err(fault.into()),
            },
        };
        Ok(match read.and_then(|()| self.record.finish()) {
            Ok(shape) => Step::Read(shape),
            Err(bad) => Step::Bad(bad),
        })
    }
}

impl Table {
    fn open(lines: &mut Lines<Source<'_>>, unknown: UnknownColumns) -> Result<Self, LogError> {
        let mut table = Self {
            columns: vec![None; COLUMNS_MAX],
            splitter: Splitter::default(),
            scratch: Vec::new(),
        };
        let header = |lines: &Lines<_>, fault| LogError::Header {
            line: lines.number(),
            fault,
        };
        let split = table.split(lines);
        split
            .map_err(|error| failed(lines, error))?
            .map_err(|fault| header(lines, HeaderFault::Line(fault)))?;
        let mut names = Vec::new();
        let Table {
            splitter, scratch, ..
        } = &mut table;
        let collected = splitter.for_each(lines.line(), scratch, |_, name| {
            names.push(name.to_vec());
            Ok::<(), HeaderFault>(())
        });
        let columns = collected.and_then(|()| header::columns(&names, unknown));
        table.columns = columns.map_err(|fault| match fault {
            HeaderFault::Missing if std::str::from_utf8(lines.line()).is_err() => BINARY,
            fault => header(lines, fault),
        })?;
        Ok(table)
    }

    /// Splits the current line, and the lines after it where a quote is open at its end.
    fn split(&mut self, lines: &mut Lines<Source<'_>>) -> io::Result<Result<(), Fault>> {
        self.splitter.begin(self.columns.len() + 1);
        loop {
            match self.splitter.run(lines.line()) {
                Ok(Split::Whole) => break,
                Ok(Split::Open) => {}
                Err(fault) => {
                    lines.give_back();
                    return Ok(Err(fault));
                }
            }
            // Rows that swallow others are given up early: their fields are too many.
            let is_hopeless = self.splitter.found() > self.columns.len();
            if is_hopeless || lines.extend()? != Found::Line {
                lines.give_back();
                return Ok(Err(Fault::OpenQuote));
            }
        }
        Ok(match lines.ended() {
            Ended::LineFeed => Ok(()),
            Ended::Input => Err(Fault::NoLineEnd),
        })
    }

    fn read(&mut self, lines: &Lines<Source<'_>>, record: &mut Record) -> Result<(), Bad> {
        let split = (&self.splitter, &mut self.scratch);
        csv::read(lines.line(), split, &self.columns, record)
    }
}

/// Goes to the first line that is not blank, without its byte order mark.
fn first_line(lines: &mut Lines<Source<'_>>) -> Result<(), LogError> {
    const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
    loop {
        match lines.advance().map_err(|error| failed(lines, error))? {
            Found::Line => {}
            Found::End => return Err(LogError::Empty),
            Found::TooLong => return Err(bad_line(lines, Fault::TooLong.into()).into()),
        }
        if lines.number() == 1 && lines.line().starts_with(BYTE_ORDER_MARK) {
            lines.trim_start(BYTE_ORDER_MARK.len());
        }
        let line = lines.line();
        if line.contains(&0) {
            return Err(BINARY);
        }
        if !line.trim_ascii().is_empty() {
            return Ok(());
        }
    }
}

fn bad_line(lines: &Lines<Source<'_>>, bad: Bad) -> BadLine {
    BadLine {
        line: lines.number(),
        column: bad.column,
        fault: bad.fault,
    }
}

/// What it means that the input cannot be read on.
fn failed(lines: &Lines<Source<'_>>, source: io::Error) -> LogError {
    let line = lines.lines_read();
    match lines.source().packing() {
        Packing::Plain => LogError::Read { line, source },
        packing if source.kind() == io::ErrorKind::UnexpectedEof => {
            LogError::Truncated { packing, line }
        }
        packing => LogError::Unpack {
            packing,
            line,
            source,
        },
    }
}
