//! Rows of RFC 4180, split where they stand: strict about quotes, because a quote that is open by
//! mistake swallows the rows after it.

use super::column::Column;
use super::error::Fault;
use super::record::{Bad, Record};

/// Splits one record at a time into fields.
#[derive(Debug, Default)]
pub(super) struct Splitter {
    fields: Vec<Field>,
    /// Fields found, also those beyond what is kept.
    found: usize,
    kept_max: usize,
    /// Where to go on, when the record is continued.
    at: usize,
    state: State,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    /// At the start of a field.
    #[default]
    Start,
    /// Within quotes.
    Quoted(Field),
}

/// Where a field stands.
#[derive(Clone, Copy, Debug)]
struct Field {
    start: usize,
    end: usize,
    form: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Bare,
    Quoted,
    /// Quoted, with quotes doubled inside.
    Doubled,
}

/// What splitting came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Split {
    Whole,
    /// A quote is open: the record goes on behind the line end.
    Open,
}

impl Splitter {
    /// Begins a record of which at most so many fields are wanted.
    pub(super) fn begin(&mut self, fields_max: usize) {
        self.fields.clear();
        self.found = 0;
        self.kept_max = fields_max;
        self.at = 0;
        self.state = State::Start;
    }

    /// Splits, from where it was left when the same record was shorter.
    pub(super) fn run(&mut self, record: &[u8]) -> Result<Split, Fault> {
        loop {
            let field = match self.state {
                State::Quoted(open) => open,
                State::Start if record.get(self.at) == Some(&b'"') => {
                    self.at += 1;
                    Field {
                        start: self.at,
                        end: self.at,
                        form: Form::Quoted,
                    }
                }
                State::Start => {
                    let rest = &record[self.at..];
                    let length = rest.iter().position(|b| *b == b',').unwrap_or(rest.len());
                    self.keep(Field {
                        start: self.at,
                        end: self.at + length,
                        form: Form::Bare,
                    });
                    self.at += length;
                    if self.at == record.len() {
                        return Ok(Split::Whole);
                    }
                    self.at += 1;
                    continue;
                }
            };
            let Some(field) = self.close(record, field) else {
                return Ok(Split::Open);
            };
            self.keep(field);
            self.state = State::Start;
            match record.get(self.at) {
                None => return Ok(Split::Whole),
                Some(b',') => self.at += 1,
                Some(_) => return Err(Fault::AfterQuote),
            }
        }
    }

    /// Looks for the end of a quoted field; `None` where the record ends first.
    fn close(&mut self, record: &[u8], mut field: Field) -> Option<Field> {
        loop {
            let Some(length) = memchr::memchr(b'"', &record[self.at..]) else {
                self.at = record.len();
                self.state = State::Quoted(field);
                return None;
            };
            let quote = self.at + length;
            if record.get(quote + 1) == Some(&b'"') {
                field.form = Form::Doubled;
                self.at = quote + 2;
            } else {
                field.end = quote;
                self.at = quote + 1;
                return Some(field);
            }
        }
    }

    fn keep(&mut self, field: Field) {
        self.found += 1;
        if self.fields.len() < self.kept_max {
            self.fields.push(field);
        }
    }

    pub(super) const fn found(&self) -> usize {
        self.found
    }

    /// The fields that were kept. `scratch` holds those that are not as they stand.
    pub(super) fn for_each<E>(
        &self,
        record: &[u8],
        scratch: &mut Vec<u8>,
        mut take: impl FnMut(usize, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        for (number, field) in self.fields.iter().enumerate() {
            let text = &record[field.start..field.end];
            match field.form {
                Form::Bare => take(number, text.trim_ascii())?,
                Form::Quoted => take(number, text)?,
                Form::Doubled => {
                    undouble(text, scratch);
                    take(number, scratch)?;
                }
            }
        }
        Ok(())
    }
}

fn undouble(text: &[u8], into: &mut Vec<u8>) {
    into.clear();
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'"', rest) {
        into.extend_from_slice(&rest[..=at]);
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    into.extend_from_slice(rest);
}

/// Reads a row that was split whole into a record that is clear.
pub(super) fn read(
    row: &[u8],
    split: (&Splitter, &mut Vec<u8>),
    columns: &[Option<Column>],
    record: &mut Record,
) -> Result<(), Bad> {
    let (splitter, scratch) = split;
    if splitter.found() != columns.len() {
        let (expected, found) = (columns.len(), splitter.found());
        return Err(Fault::Fields { expected, found }.into());
    }
    splitter.for_each(row, scratch, |number, text| match columns[number] {
        Some(column) => record.set(column, text),
        None => Ok(()),
    })
}
