//! Small files of the state directory: written whole or not at all, and durable on return.

use std::fs::{self, File};
use std::io::{self, Write as _};

use camino::Utf8Path;

/// Replaces a file, or makes it.
pub(crate) fn replace(path: &Utf8Path, bytes: &[u8]) -> io::Result<()> {
    let staged = path.with_extension("new");
    let mut file = File::create(&staged)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&staged, path)?;
    match path.parent() {
        Some(dir) if !dir.as_str().is_empty() => File::open(dir)?.sync_all(),
        _ => Ok(()),
    }
}
