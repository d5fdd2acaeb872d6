//! What the log holds at which place, kept outside the database.
//!
//! The log key vouches for an order of entries. Agents can send their batches again, but only who
//! kept the order can put them where they were. So every entry is here, by its hash and its owner,
//! before a head that covers it is signed; registry records are here with all their bytes, for
//! nobody else has them.
//!
//! Invariants: entries follow each other without a gap; what is on disk is synced before it is
//! signed; only whole lines count. Bounded: segments go after the time for which agents keep what
//! they could send again, or beyond [`BYTES_MAX`].
//!
//! Non-goals: proof (a journal is believed only where it leads to the root that was signed), and
//! the bytes of batches, which agents and archive have.

mod line;
mod segment;
#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io::{self, Write as _};

use camino::Utf8PathBuf;
use chrono::{DateTime, Utc};

use crate::store::entry::Entry;
use crate::store::heal::Cosigned;

use line::Line;
use segment::Segment;

/// How long a segment is kept after its last entry, seconds: 35 days, as agents keep batches.
const KEPT_S: i64 = 35 * 24 * 3_600;
/// Entries in one segment.
const SEGMENT_ENTRIES: u64 = 20_000;
/// All segments together, bytes: millions of entries.
const BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// The journal of one log.
#[derive(Debug)]
pub(crate) struct Journal {
    dir: Utf8PathBuf,
    /// Oldest first; each begins where the one before ends.
    segments: Vec<Segment>,
    /// The newest one, open for appending.
    file: Option<File>,
}

/// A journal that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// A file cannot be read or written.
    #[error("failed to use the journal `{path}`")]
    File {
        /// Which file or directory.
        path: Utf8PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A line that no journal has.
    #[error("line {number} of `{path}` is damaged; restore the file from a copy")]
    Damaged {
        /// Which file.
        path: Utf8PathBuf,
        /// Which line, from 1.
        number: usize,
    },
    /// Entries that do not continue what is there.
    #[error("entry {idx} does not follow entry {end} of the journal `{dir}`")]
    Gap {
        /// The entry's index.
        idx: u64,
        /// Where the journal ends.
        end: u64,
        /// Which journal.
        dir: Utf8PathBuf,
    },
}

impl JournalError {
    fn file(path: &camino::Utf8Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}

impl Journal {
    /// Finds what is there; a torn last line is cut off.
    pub(crate) fn open(dir: Utf8PathBuf) -> Result<Self, JournalError> {
        fs::create_dir_all(&dir).map_err(JournalError::file(&dir))?;
        let segments = segment::list(&dir)?;
        Ok(Self {
            dir,
            segments,
            file: None,
        })
    }

    /// Where it is kept.
    pub(crate) fn dir(&self) -> &camino::Utf8Path {
        &self.dir
    }

    /// Index of the first entry; that of the next where there is none.
    pub(crate) fn start(&self) -> u64 {
        self.segments.first().map_or(0, |segment| segment.first)
    }

    /// Index of the next entry; absent where there never was one.
    pub(crate) fn end(&self) -> Option<u64> {
        self.segments.last().map(|segment| segment.end)
    }

    /// Appends entries; on return they are on disk.
    pub(crate) fn append(
        &mut self,
        entries: &[Entry],
        now: DateTime<Utc>,
    ) -> Result<(), JournalError> {
        let appended = self.append_lines(entries, now);
        if appended.is_err() {
            // Part of it may be written, of the last line only the half.
            self.file = None;
            self.segments = segment::list(&self.dir)?;
        }
        appended
    }

    fn append_lines(&mut self, entries: &[Entry], now: DateTime<Utc>) -> Result<(), JournalError> {
        let mut text = String::new();
        for entry in entries {
            let end = self.end().unwrap_or(entry.idx);
            if entry.idx != end {
                let (idx, dir) = (entry.idx, self.dir.clone());
                return Err(JournalError::Gap { idx, end, dir });
            }
            let is_full = |segment: &Segment| segment.end - segment.first >= SEGMENT_ENTRIES;
            if self.segments.last().is_none_or(is_full) {
                self.write(&text)?;
                text.clear();
                self.begin(entry.idx, now)?;
            }
            Line::Entry(entry).push_to(&mut text);
            if let Some(segment) = self.segments.last_mut() {
                segment.end += 1;
            }
        }
        self.write(&text)?;
        self.sync()
    }

    /// Notes a cosignature. It is not synced: it dates entries, and none is lost without it.
    pub(crate) fn cosigned(&mut self, cosigned: &Cosigned) -> Result<(), JournalError> {
        if self.segments.is_empty() {
            return Ok(());
        }
        let mut text = String::new();
        Line::Cosigned(cosigned).push_to(&mut text);
        self.write(&text)
    }

    /// Forgets entries from `size` on, which were never signed.
    pub(crate) fn truncate(&mut self, size: u64) -> Result<(), JournalError> {
        self.file = None;
        while let Some(last) = self.segments.last_mut() {
            if last.end <= size {
                break;
            }
            let path = segment::path(&self.dir, last.first);
            if last.first >= size {
                fs::remove_file(&path).map_err(JournalError::file(&path))?;
                self.segments.pop();
            } else {
                segment::cut(&path, size)?;
                last.end = size;
            }
        }
        segment::sync_dir(&self.dir)
    }

    /// What is here from an index on: entries in order, and cosignatures over larger sizes.
    pub(crate) fn read(&self, from: u64) -> Result<(Vec<Entry>, Vec<Cosigned>), JournalError> {
        let (mut entries, mut cosigned) = (Vec::new(), Vec::new());
        let needed = self.segments.iter().filter(|segment| segment.end > from);
        for segment in needed {
            let path = segment::path(&self.dir, segment.first);
            for line in segment::read(&path)?.lines {
                match line {
                    line::Read::Entry(entry) if entry.idx >= from => entries.push(entry),
                    line::Read::Cosigned(one) if one.size > from => cosigned.push(one),
                    line::Read::Entry(_) | line::Read::Cosigned(_) => {}
                }
            }
        }
        Ok((entries, cosigned))
    }

    /// Begins a segment, and drops those whose time is up.
    fn begin(&mut self, first: u64, now: DateTime<Utc>) -> Result<(), JournalError> {
        self.sync()?;
        let begun_s = now.timestamp();
        self.file = Some(segment::create(&self.dir, first, begun_s)?);
        self.segments.push(Segment {
            first,
            end: first,
            begun_s,
        });
        self.trim(begun_s)
    }

    fn trim(&mut self, now_s: i64) -> Result<(), JournalError> {
        let mut bytes = 0;
        for segment in &self.segments {
            bytes += segment::bytes(&self.dir, segment.first)?;
        }
        // A segment's last entry is as old as its successor's first.
        while let [oldest, next, ..] = self.segments.as_slice() {
            if next.begun_s > now_s - KEPT_S && bytes <= BYTES_MAX {
                break;
            }
            bytes -= segment::bytes(&self.dir, oldest.first)?;
            let path = segment::path(&self.dir, oldest.first);
            fs::remove_file(&path).map_err(JournalError::file(&path))?;
            self.segments.remove(0);
        }
        Ok(())
    }

    fn write(&mut self, text: &str) -> Result<(), JournalError> {
        let Some(last) = self.segments.last() else {
            return Ok(());
        };
        if text.is_empty() {
            return Ok(());
        }
        let path = segment::path(&self.dir, last.first);
        let failed = JournalError::file(&path);
        let mut file = match self.file.take() {
            Some(file) => file,
            None => match File::options().append(true).open(&path) {
                Ok(file) => file,
                Err(source) => return Err(failed(source)),
            },
        };
        // Where it fails the file is closed, and what is there of the text is cut off later.
        file.write_all(text.as_bytes()).map_err(failed)?;
        self.file = Some(file);
        Ok(())
    }

    fn sync(&mut self) -> Result<(), JournalError> {
        match &self.file {
            Some(file) => file.sync_data().map_err(JournalError::file(&self.dir)),
            None => Ok(()),
        }
    }
}
