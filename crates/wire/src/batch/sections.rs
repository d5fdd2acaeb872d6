//! Reads the sections of a batch body, stream by stream.

use domain::{Line, TargetId};
use evidence::batch_note::StreamLine;
use evidence::tree;

use super::{BatchError, ReadLine, Stream};
use crate::limits::{BATCH_LINES_MAX, BATCH_STREAMS_MAX, LINE_BYTES_MAX};
use crate::line::{parse_core, parse_detail};

/// Cursor over the sections of a body.
pub(super) struct Sections<'a> {
    lines: std::str::SplitTerminator<'a, char>,
    at: usize,
    total: usize,
}

impl<'a> Sections<'a> {
    pub(super) fn new(text: &'a str, at: usize) -> Self {
        Self {
            lines: text.split_terminator('\n'),
            at,
            total: 0,
        }
    }

    fn next_line(&mut self) -> Option<&'a str> {
        self.at += 1;
        self.lines.next()
    }

    pub(super) fn read_all(mut self) -> Result<Vec<Stream<'a>>, BatchError> {
        let mut streams: Vec<Stream<'a>> = Vec::new();
        while let Some(heading) = self.next_line() {
            let stream = self.read_stream(heading)?;
            let in_order = streams.last().is_none_or(|last| last.id < stream.id);
            if !in_order || streams.len() >= BATCH_STREAMS_MAX {
                return Err(BatchError::Streams { stream: stream.id });
            }
            streams.push(stream);
        }
        Ok(streams)
    }

    fn read_stream(&mut self, heading: &str) -> Result<Stream<'a>, BatchError> {
        let (id, first_i, count) =
            parse_heading(heading).ok_or(BatchError::Heading { line: self.at })?;
        self.total = self.total.saturating_add(count);
        if count == 0 || self.total > BATCH_LINES_MAX {
            return Err(BatchError::Streams { stream: id });
        }
        let mut lines = Vec::with_capacity(count);
        let mut leaves = Vec::with_capacity(count);
        for index in (first_i..).take(count) {
            let core = self.line_of(&id)?;
            let value = parse_core(core.as_bytes()).map_err(|source| BatchError::Line {
                stream: id.clone(),
                index,
                source,
            })?;
            if value.index() != index {
                let found = value.index();
                return Err(BatchError::Index {
                    stream: id,
                    expected: index,
                    found,
                });
            }
            leaves.push(tree::leaf_hash(core.as_bytes()));
            lines.push(ReadLine {
                core,
                value,
                detail: None,
            });
        }
        self.read_details(&id, &mut lines)?;
        let root = tree::root(&leaves);
        let line = StreamLine {
            id: id.to_string(),
            first_i,
            count: count as u64,
            root,
        };
        Ok(Stream { line, id, lines })
    }

    fn read_details(
        &mut self,
        id: &TargetId,
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
            let detail =
                parse_detail(text.as_bytes(), expected).map_err(|source| BatchError::Line {
                    stream: id.clone(),
                    index,
                    source,
                })?;
            line.detail = Some((text, detail));
        }
        Ok(())
    }

    fn line_of(&mut self, stream: &TargetId) -> Result<&'a str, BatchError> {
        self.next_line()
            .filter(|line| line.len() <= LINE_BYTES_MAX)
            .ok_or_else(|| BatchError::Short {
                stream: stream.clone(),
            })
    }
}

fn parse_heading(line: &str) -> Option<(TargetId, u64, usize)> {
    let mut words = line.strip_prefix("=stream ")?.split(' ');
    let id = words.next()?.parse().ok()?;
    let first_i: u64 = words.next()?.parse().ok()?;
    let count = words.next()?.parse().ok()?;
    words.next().is_none().then_some((id, first_i, count))
}
