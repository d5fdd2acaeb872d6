//! Lines of an input of any length, in a buffer of bounded length.

use std::io::{self, Read};

use super::LINE_BYTES_MAX;

/// Bytes asked for at once.
const READ_BYTES: usize = 256 * 1024;

/// The current line, and what was read beyond it.
///
/// `start..stop` is the line without its end; `next` is where the following line begins. A CSV
/// record may be continued over several lines, and given back down to its first.
#[derive(Debug)]
pub(super) struct Lines<R> {
    source: R,
    buffer: Vec<u8>,
    start: usize,
    stop: usize,
    next: usize,
    filled: usize,
    source_ended: bool,
    /// Whether `next` is in the middle of a line that is too long.
    is_within: bool,
    ended: Ended,
    /// Number of the line that `next` follows.
    number: u64,
    /// Of the current line: its number, and where the line after it begins.
    first: (u64, usize),
}

/// How a line ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// With a line feed.
    LineFeed,
    /// With the input.
    Input,
}

/// What came of looking for the next line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Line,
    /// No more lines.
    End,
    /// A line beyond the limit; going on leaves it out.
    TooLong,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source,
            buffer: vec![0; READ_BYTES],
            start: 0,
            stop: 0,
            next: 0,
            filled: 0,
            source_ended: false,
            is_within: false,
            ended: Ended::LineFeed,
            number: 0,
            first: (0, 0),
        }
    }

    /// Goes to the next line.
    pub(super) fn advance(&mut self) -> io::Result<Found> {
        if self.is_within {
            self.leave_out()?;
        }
        self.start = self.next;
        let found = self.find_end()?;
        self.first = (self.number, self.next);
        Ok(found)
    }

    /// Lets the current line go on with the one after it.
    pub(super) fn extend(&mut self) -> io::Result<Found> {
        let (number, rest) = (self.first.0, self.first.1 - self.start);
        let found = self.find_end()?;
        self.first = (number, self.start + rest);
        Ok(found)
    }

    /// Gives back all lines that the current one was extended by.
    pub(super) const fn give_back(&mut self) {
        (self.number, self.next) = self.first;
        self.is_within = false;
    }

    /// Gives back the current line, to be read again.
    pub(super) const fn again(&mut self) {
        self.next = self.start;
        self.number = self.first.0 - 1;
    }

    /// Leaves out the rest of a line that is too long.
    fn leave_out(&mut self) -> io::Result<()> {
        self.is_within = false;
        loop {
            if let Some(at) = memchr::memchr(b'\n', &self.buffer[self.next..self.filled]) {
                self.next += at + 1;
                return Ok(());
            }
            self.next = self.filled;
            self.start = self.next;
            if self.source_ended {
                return Ok(());
            }
            self.fill()?;
        }
    }

    /// The current line without its end, be it LF or CR LF.
    pub(super) fn line(&self) -> &[u8] {
        let line = &self.buffer[self.start..self.stop];
        line.strip_suffix(b"\r").unwrap_or(line)
    }

    /// Leaves out the first bytes of the current line.
    pub(super) fn trim_start(&mut self, bytes: usize) {
        self.start = (self.start + bytes).min(self.stop);
    }

    /// Number of the current line, from 1; of its first where it was extended.
    pub(super) const fn number(&self) -> u64 {
        self.first.0
    }

    /// Lines that were read whole.
    pub(super) const fn lines_read(&self) -> u64 {
        self.number
    }

    pub(super) const fn ended(&self) -> Ended {
        self.ended
    }

    pub(super) const fn source(&self) -> &R {
        &self.source
    }

    fn find_end(&mut self) -> io::Result<Found> {
        let mut searched = self.next - self.start;
        loop {
            let rest = &self.buffer[self.start + searched..self.filled];
            let found = memchr::memchr(b'\n', rest);
            let length = searched + found.unwrap_or(rest.len());
            if length > LINE_BYTES_MAX {
                self.next = self.start + searched;
                self.is_within = true;
                self.number += 1;
                return Ok(Found::TooLong);
            }
            if found.is_some() {
                return Ok(self.end_at(length, Ended::LineFeed));
            }
            if self.source_ended {
                if length == self.next - self.start {
                    return Ok(Found::End);
                }
                return Ok(self.end_at(length, Ended::Input));
            }
            searched = length;
            self.fill()?;
        }
    }

    fn end_at(&mut self, length: usize, ended: Ended) -> Found {
        self.stop = self.start + length;
        self.next = self.stop + usize::from(ended == Ended::LineFeed);
        self.ended = ended;
        self.number += 1;
        Found::Line
    }

    /// Reads more behind what is there, moving it to the front or growing where there is no room:
    /// at most to the length of two longest lines.
    fn fill(&mut self) -> io::Result<()> {
        if self.filled == self.buffer.len() {
            if self.start > 0 {
                self.buffer.copy_within(self.start..self.filled, 0);
                self.filled -= self.start;
                self.next -= self.start;
                self.start = 0;
            } else {
                self.buffer.resize(self.buffer.len() * 2, 0);
            }
        }
        let room = &mut self.buffer[self.filled..];
        let read = loop {
            match self.source.read(room) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.filled += read;
        self.source_ended = read == 0;
        Ok(())
    }
}
