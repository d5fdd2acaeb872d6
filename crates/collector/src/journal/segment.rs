//! Segments of the journal as files: `<first index>.journal`, the first line `nines/journal/v1
//! <first index> <seconds>`, then one line for each entry and cosignature.

use std::fs::{self, File};
use std::io::{self, Write as _};

use camino::{Utf8Path, Utf8PathBuf};
use tracing::error;

use super::JournalError;
use super::line::Read;

const SUFFIX: &str = ".journal";
const HEADER: &str = "nines/journal/v1";

/// Entries `[first, end)`, begun at a time in seconds since the epoch.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) first: u64,
    pub(super) end: u64,
    pub(super) begun_s: i64,
}

/// What a file holds, up to its last whole line.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) segment: Segment,
    pub(super) lines: Vec<Read>,
    whole_bytes: usize,
}

pub(super) fn path(dir: &Utf8Path, first: u64) -> Utf8PathBuf {
    dir.join(format!("{first:020}{SUFFIX}"))
}

/// The newest segments that follow each other without a gap, oldest first. The newest file loses a
/// torn last line; a new file that has no whole line yet goes; a damaged one is put aside, for
/// nothing before it is of use alone.
pub(super) fn list(dir: &Utf8Path) -> Result<Vec<Segment>, JournalError> {
    let mut firsts = Vec::new();
    for entry in dir.read_dir_utf8().map_err(JournalError::file(dir))? {
        let entry = entry.map_err(JournalError::file(dir))?;
        let first = entry.file_name().strip_suffix(SUFFIX);
        firsts.extend(first.and_then(|text| text.parse::<u64>().ok()));
    }
    firsts.sort_unstable();
    let mut segments: Vec<Segment> = Vec::with_capacity(firsts.len());
    let newest = firsts.last().copied();
    for first in firsts {
        let path = path(dir, first);
        if newest == Some(first) && drop_torn(&path)? {
            continue;
        }
        let segment = match read(&path) {
            Ok(content) => content.segment,
            Err(damage @ JournalError::Damaged { .. }) => {
                put_aside(&path, &damage)?;
                segments.clear();
                continue;
            }
            Err(failed) => return Err(failed),
        };
        if segments.last().is_some_and(|last| last.end != first) {
            segments.clear();
        }
        segments.push(segment);
    }
    Ok(segments)
}

fn put_aside(path: &Utf8Path, damage: &JournalError) -> Result<(), JournalError> {
    error!(
        error = damage as &dyn std::error::Error,
        "the journal of the log is damaged; `{path}.damaged` is what there was"
    );
    fs::rename(path, format!("{path}.damaged")).map_err(JournalError::file(path))
}

/// Cuts a torn last line off; true where nothing is left and the file is gone.
fn drop_torn(path: &Utf8Path) -> Result<bool, JournalError> {
    let bytes = fs::read(path).map_err(JournalError::file(path))?;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n');
    let whole = whole.map_or(0, |end| end + 1);
    if whole == 0 {
        fs::remove_file(path).map_err(JournalError::file(path))?;
        return Ok(true);
    }
    if whole < bytes.len() {
        set_len(path, whole)?;
    }
    Ok(false)
}

/// Reads a file; every whole line has to be one of ours, in order.
pub(super) fn read(path: &Utf8Path) -> Result<Content, JournalError> {
    let text = fs::read_to_string(path).map_err(JournalError::file(path))?;
    let whole = &text[..text.rfind('\n').map_or(0, |end| end + 1)];
    let damaged = |number| JournalError::Damaged {
        path: path.to_owned(),
        number,
    };
    let mut texts = whole.lines();
    let head = texts.next().and_then(head).ok_or_else(|| damaged(1))?;
    let mut content = Content {
        segment: head,
        lines: Vec::new(),
        whole_bytes: whole.len(),
    };
    for (nth, text) in texts.enumerate() {
        let line = Read::parse(text).ok_or_else(|| damaged(nth + 2))?;
        if let Read::Entry(entry) = &line {
            if entry.idx != content.segment.end {
                return Err(damaged(nth + 2));
            }
            content.segment.end += 1;
        }
        content.lines.push(line);
    }
    Ok(content)
}

fn head(line: &str) -> Option<Segment> {
    let (first, begun_s) = line.strip_prefix(HEADER)?.trim_start().split_once(' ')?;
    let first = first.parse().ok()?;
    Some(Segment {
        first,
        end: first,
        begun_s: begun_s.parse().ok()?,
    })
}

/// A file that holds only its first line; on disk when this returns.
pub(super) fn create(dir: &Utf8Path, first: u64, begun_s: i64) -> Result<File, JournalError> {
    let path = path(dir, first);
    let made = || -> io::Result<File> {
        let mut file = File::options().create(true).append(true).open(&path)?;
        file.set_len(0)?;
        writeln!(file, "{HEADER} {first} {begun_s}")?;
        file.sync_all()?;
        Ok(file)
    };
    let file = made().map_err(JournalError::file(&path))?;
    sync_dir(dir)?;
    Ok(file)
}

/// Cuts a file before the line of an entry.
pub(super) fn cut(path: &Utf8Path, idx: u64) -> Result<(), JournalError> {
    let content = read(path)?;
    let text = fs::read_to_string(path).map_err(JournalError::file(path))?;
    let start = text.find(&format!("\nentry {idx} "));
    set_len(path, start.map_or(content.whole_bytes, |at| at + 1))
}

fn set_len(path: &Utf8Path, bytes: usize) -> Result<(), JournalError> {
    let cut = || -> io::Result<()> {
        let file = File::options().write(true).open(path)?;
        file.set_len(bytes as u64)?;
        file.sync_all()
    };
    cut().map_err(JournalError::file(path))
}

pub(super) fn bytes(dir: &Utf8Path, first: u64) -> Result<u64, JournalError> {
    let path = path(dir, first);
    let found = fs::metadata(&path).map_err(JournalError::file(&path))?;
    Ok(found.len())
}

pub(super) fn sync_dir(dir: &Utf8Path) -> Result<(), JournalError> {
    let synced = File::open(dir).and_then(|dir| dir.sync_all());
    synced.map_err(JournalError::file(dir))
}
