//! Segments as files: names, creation, appending, reading back.
//!
//! A segment appears under its name only once its head is on disk, so one without a readable head
//! was damaged later.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::ops::Range;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};

use camino::{Utf8Path, Utf8PathBuf};

use super::frame::Frame;
use super::scan::Scan;
use super::state::State;

/// Suffix of segments.
const SUFFIX: &str = ".seg";
/// Suffix while a segment is being made.
const SUFFIX_NEW: &str = ".seg.new";
/// Suffix of segments that were damaged; kept for a human.
const SUFFIX_QUARANTINED: &str = ".seg.quarantined";

/// Where a frame stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Location {
    pub(super) segment: u64,
    pub(super) at: u64,
    pub(super) bytes: u64,
}

/// The segment that is appended to.
#[derive(Debug)]
pub(super) struct Active {
    pub(super) number: u64,
    pub(super) len: u64,
    file: File,
}

impl Location {
    /// The bytes of `range` in a segment.
    pub(super) fn new(segment: u64, range: &Range<usize>) -> Self {
        Self {
            segment,
            at: range.start as u64,
            bytes: range.len() as u64,
        }
    }
}

pub(super) fn path(dir: &Utf8Path, number: u64) -> Utf8PathBuf {
    dir.join(format!("{number:012}{SUFFIX}"))
}

/// Numbers of all segments, ascending. Half-made ones are removed: nothing ever stood in them.
pub(super) fn list(dir: &Utf8Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        if name.ends_with(SUFFIX_NEW) {
            fs::remove_file(entry.path())?;
        }
        let number: Option<u64> = name.strip_suffix(SUFFIX).and_then(|text| text.parse().ok());
        numbers.extend(number);
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// The snapshot at the head of a segment; `None` where it is damaged.
pub(super) fn head(dir: &Utf8Path, number: u64) -> io::Result<Option<State>> {
    let mut scan = Scan::open(&path(dir, number))?;
    let head = scan.next()?.and_then(|head| Frame::decode(head.bytes));
    Ok(match head {
        Some(Frame::Snapshot(state)) => Some(state),
        _ => None,
    })
}

/// Puts a damaged segment aside and returns its new name.
pub(super) fn quarantine(dir: &Utf8Path, number: u64) -> io::Result<Utf8PathBuf> {
    let aside = dir.join(format!("{number:012}{SUFFIX_QUARANTINED}"));
    fs::rename(path(dir, number), &aside)?;
    sync_dir(dir)?;
    Ok(aside)
}

/// The bytes at a location.
pub(super) fn read_at(dir: &Utf8Path, location: Location) -> io::Result<Vec<u8>> {
    let len = usize::try_from(location.bytes).map_err(io::Error::other)?;
    let mut bytes = vec![0; len];
    File::open(path(dir, location.segment))?.read_exact_at(&mut bytes, location.at)?;
    Ok(bytes)
}

/// Makes renames and deletions in a directory durable.
pub(super) fn sync_dir(dir: &Utf8Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

impl Active {
    /// A new segment that holds only its head; durable when this returns.
    pub(super) fn create(dir: &Utf8Path, number: u64, head: &[u8]) -> io::Result<Self> {
        let new = dir.join(format!("{number:012}{SUFFIX_NEW}"));
        let mut options = OpenOptions::new();
        options
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600);
        let mut file = options.open(&new)?;
        file.write_all(head)?;
        file.sync_all()?;
        fs::rename(&new, path(dir, number))?;
        sync_dir(dir)?;
        Ok(Self {
            number,
            len: head.len() as u64,
            file,
        })
    }

    /// An existing segment, cut behind its last intact frame.
    pub(super) fn reopen(dir: &Utf8Path, number: u64, len: u64) -> io::Result<Self> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path(dir, number))?;
        if file.metadata()?.len() != len {
            file.set_len(len)?;
            file.sync_all()?;
        }
        Ok(Self { number, len, file })
    }

    /// Writes behind the last frame. A write that fails leaves the segment as it was.
    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<Location> {
        if let Err(error) = self.file.write_all_at(bytes, self.len) {
            self.file.set_len(self.len)?;
            return Err(error);
        }
        let location = Location {
            segment: self.number,
            at: self.len,
            bytes: bytes.len() as u64,
        };
        self.len += location.bytes;
        Ok(location)
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}
