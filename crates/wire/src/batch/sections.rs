//! Reads the sections of a batch body, stream by stream.

use domain::{Line, TargetId};
use evidence::batch_note::StreamLine;
use evidence::hash::Hash;
use evidence::tree;

use super::{BatchError, ReadLine, ReservedStream, Stream};
use crate::limits::{BATCH_LINES_MAX, BATCH_STREAMS_MAX, LINE_BYTES_MAX};
use crate::line::{LineError, check_detail, parse_core};
use crate::reserved::ReservedLine;
use crate::stream::{Reserved, StreamId};

/// Cursor over the sections of a body.
pub(super) struct Sections<'a> {
    rest: &'a str,
    at: usize,
    total: usize,
}

/// All sections of a body.
#[derive(Default)]
pub(super) struct Read<'a> {
    pub(super) signed: Vec<StreamLine>,
    pub(super) targets: Vec<Stream<'a>>,
    pub(super) reserved: Vec<ReservedStream<'a>>,
}

/// Lines, as bytes and as value.
type Lines<'a, T> = Vec<(&'a str, T)>;

/// What a heading promises.
struct Heading {
    id: StreamId,
    first_i: u64,
    count: usize,
}

impl<'a> Sections<'a> {
    pub(super) fn new(text: &'a str, at: usize) -> Self {
        Self {
            rest: text,
            at,
            total: 0,
        }
    }

    fn next_line(&mut self) -> Option<&'a str> {
        if self.rest.is_empty() {
            return None;
        }
        self.at += 1;
        let end = memchr::memchr(b'\n', self.rest.as_bytes());
        let (line, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest.strip_prefix('\n').unwrap_or(rest);
        Some(line)
    }

    pub(super) fn read_all(mut self) -> Result<Read<'a>, BatchError> {
        let mut read = Read::default();
        while let Some(heading) = self.next_line() {
            let heading = parse_heading(heading).ok_or(BatchError::Heading { line: self.at })?;
            self.total = self.total.saturating_add(heading.count);
            let last = read.signed.last();
            let in_order = last.is_none_or(|last| last.id.as_str() < heading.id.as_str());
            let fits = heading.count > 0 && self.total <= BATCH_LINES_MAX;
            if !in_order || !fits || read.signed.len() >= BATCH_STREAMS_MAX {
                return Err(BatchError::Streams { stream: heading.id });
            }
            let signed = match &heading.id {
                StreamId::Target(target) => {
                    let stream = self.read_target(target, &heading)?;
                    let signed = stream.line.clone();
                    read.targets.push(stream);
                    signed
                }
                StreamId::Reserved(reserved) => {
                    let (signed, stream) = self.read_reserved(*reserved, &heading)?;
                    read.reserved.push(stream);
                    signed
                }
            };
            read.signed.push(signed);
        }
        Ok(read)
    }

    fn read_target(
        &mut self,
        target: &TargetId,
        heading: &Heading,
    ) -> Result<Stream<'a>, BatchError> {
        let (line, lines) = self.read_cores(heading, parse_core, Line::index)?;
        let read = |(core, value)| ReadLine {
            core,
            value,
            detail: None,
        };
        let mut lines: Vec<ReadLine<'a>> = lines.into_iter().map(read).collect();
        self.read_details(&heading.id, &mut lines)?;
        Ok(Stream {
            line,
            id: target.clone(),
            lines,
        })
    }

    fn read_reserved(
        &mut self,
        id: Reserved,
        heading: &Heading,
    ) -> Result<(StreamLine, ReservedStream<'a>), BatchError> {
        let parse = |bytes: &[u8]| ReservedLine::parse(id, bytes);
        let (line, lines) = self.read_cores(heading, parse, ReservedLine::index)?;
        Ok((line, ReservedStream { id, lines }))
    }

    /// The lines that a heading promises, in their order, and what is signed of them.
    fn read_cores<T>(
        &mut self,
        heading: &Heading,
        parse: impl Fn(&[u8]) -> Result<T, LineError>,
        index_of: impl Fn(&T) -> u64,
    ) -> Result<(StreamLine, Lines<'a, T>), BatchError> {
        let Heading { id, first_i, count } = heading;
        let mut lines = Vec::with_capacity(*count);
        let mut leaves: Vec<Hash> = Vec::with_capacity(*count);
        for index in (*first_i..).take(*count) {
            let core = self.line_of(id)?;
            let value = parse(core.as_bytes()).map_err(|source| BatchError::Line {
                stream: id.clone(),
                index,
                source,
            })?;
            let found = index_of(&value);
            if found != index {
                return Err(BatchError::Index {
                    stream: id.clone(),
                    expected: index,
                    found,
                });
            }
            leaves.push(tree::leaf_hash(core.as_bytes()));
            lines.push((core, value));
        }
        let line = StreamLine {
            id: id.to_string(),
            first_i: *first_i,
            count: *count as u64,
            root: tree::root(&leaves),
        };
        Ok((line, lines))
    }

    fn read_details(
        &mut self,
        id: &StreamId,
        lines: &mut [ReadLine<'a>],
    ) -> Result<(), BatchError> {
        for line in lines {
            let Line::Sample(sample) = &line.value else {
                continue;
            };
            let Some(expected) = sample.detail else {
                continue;
            };
            let index = sample.i;
            let text = self.line_of(id)?;
            check_detail(text.as_bytes(), expected).map_err(|source| BatchError::Line {
                stream: id.clone(),
                index,
                source,
            })?;
            line.detail = Some(text);
        }
        Ok(())
    }

    fn line_of(&mut self, stream: &StreamId) -> Result<&'a str, BatchError> {
        self.next_line()
            .filter(|line| line.len() <= LINE_BYTES_MAX)
            .ok_or_else(|| BatchError::Short {
                stream: stream.clone(),
            })
    }
}

fn parse_heading(line: &str) -> Option<Heading> {
    let mut words = line.strip_prefix("=stream ")?.split(' ');
    let heading = Heading {
        id: words.next()?.parse().ok()?,
        first_i: words.next()?.parse().ok()?,
        count: words.next()?.parse().ok()?,
    };
    words.next().is_none().then_some(heading)
}
