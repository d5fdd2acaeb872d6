//! Frames of a segment, read from disk one after the other: a backlog of a gigabyte is opened
//! without any segment of it being in memory as a whole.
//!
//! Non-goal: what stands behind damage. Where it begins is told, and [`Pieces`] takes it from there.
//!
//! [`Pieces`]: super::frame::Pieces

use std::fs::File;
use std::io::{self, Read as _};
use std::ops::Range;
use std::os::unix::fs::FileExt as _;

use camino::Utf8Path;

use super::frame::{self, HEADER_BYTES};

/// Bytes read at once, where no frame is longer.
const WINDOW_BYTES: usize = 256 * 1024;

/// The intact frames from a segment's start on.
#[derive(Debug)]
pub(super) struct Scan {
    file: File,
    window: Vec<u8>,
    /// What of the window is not passed yet.
    ahead: Range<usize>,
    /// Where in the segment `ahead` begins.
    at: usize,
}

/// Kind and payload of an intact frame, and where the whole frame stands in its segment.
#[derive(Debug)]
pub(super) struct Content<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) range: Range<usize>,
}

impl Scan {
    pub(super) fn open(path: &Utf8Path) -> io::Result<Self> {
        Ok(Self {
            file: File::open(path)?,
            window: Vec::new(),
            ahead: 0..0,
            at: 0,
        })
    }

    /// The next frame; `None` where none that is intact begins, be it at the segment's end.
    pub(super) fn next(&mut self) -> io::Result<Option<Content<'_>>> {
        self.fill(HEADER_BYTES)?;
        let Some(length) = frame::content_length(&self.window[self.ahead.clone()]) else {
            return Ok(None);
        };
        self.fill(HEADER_BYTES + length)?;
        let Some(end) = frame::intact(&self.window[self.ahead.clone()]) else {
            return Ok(None);
        };
        let content = self.ahead.start + HEADER_BYTES..self.ahead.start + end;
        let range = self.at..self.at + end;
        self.ahead.start = content.end;
        self.at = range.end;
        let bytes = &self.window[content];
        Ok(Some(Content { bytes, range }))
    }

    /// Takes the last frame back, which has so many bytes: it is intact and means nothing.
    pub(super) fn step_back(&mut self, bytes: usize) {
        self.ahead.start = self.ahead.start.saturating_sub(bytes);
        self.at = self.at.saturating_sub(bytes);
    }

    /// Whether nothing stands behind the frames that were told.
    pub(super) fn is_at_end(&self) -> io::Result<bool> {
        Ok(self.file.metadata()?.len() == self.at as u64)
    }

    /// Where the frames that were told end, and what stands behind them.
    pub(super) fn rest(self) -> io::Result<(usize, Vec<u8>)> {
        let len = usize::try_from(self.file.metadata()?.len()).map_err(io::Error::other)?;
        let mut bytes = vec![0; len.saturating_sub(self.at)];
        self.file.read_exact_at(&mut bytes, self.at as u64)?;
        Ok((self.at, bytes))
    }

    /// Reads on until so many bytes lie ahead, or to the end.
    fn fill(&mut self, wanted: usize) -> io::Result<()> {
        if self.ahead.len() >= wanted {
            return Ok(());
        }
        self.window.copy_within(self.ahead.clone(), 0);
        self.ahead = 0..self.ahead.len();
        let room = wanted.max(WINDOW_BYTES);
        if self.window.len() < room {
            self.window.resize(room, 0);
        }
        while self.ahead.end < wanted {
            match self.file.read(&mut self.window[self.ahead.end..]) {
                Ok(0) => break,
                Ok(read) => self.ahead.end += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
