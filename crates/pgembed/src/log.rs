//! The server's own log file, and the end of it for error messages.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

#[cfg(test)]
mod tests;

/// At a start, a log longer than this becomes `postgres.log.old`, and replaces the one before.
const BYTES_MAX: u64 = 16 << 20;

/// How much of what a failed start logged is quoted in its error.
const TAIL_BYTES_MAX: u64 = 2 << 10;

/// The log of one start: what was written before it is of no concern to it.
#[derive(Debug)]
pub(crate) struct ServerLog {
    pub(crate) path: PathBuf,
    start: u64,
}

impl ServerLog {
    /// Opens the log in `root` for appending; the file is for the server's output.
    pub(crate) fn open(root: &Path) -> io::Result<(Self, File)> {
        let path = root.join("postgres.log");
        if fs::metadata(&path).is_ok_and(|found| found.len() > BYTES_MAX) {
            fs::rename(&path, root.join("postgres.log.old"))?;
        }
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&path)?;
        let start = file.metadata()?.len();
        Ok((Self { path, start }, file))
    }

    /// The end of what this start logged. Best effort: it decorates another error.
    pub(crate) fn tail(&self) -> String {
        let mut bytes = Vec::new();
        let read = File::open(&self.path).and_then(|mut file| {
            let length = file.metadata()?.len();
            file.seek(SeekFrom::Start(
                self.start.max(length.saturating_sub(TAIL_BYTES_MAX)),
            ))?;
            file.take(TAIL_BYTES_MAX).read_to_end(&mut bytes)
        });
        match read {
            Ok(_) => String::from_utf8_lossy(&bytes).trim().to_owned(),
            Err(error) => format!("(the log cannot be read: {error})"),
        }
    }
}
