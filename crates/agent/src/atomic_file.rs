//! Small files of the state directory: written whole or not at all, and durable on return.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;

use camino::Utf8Path;

/// Replaces a file, or makes it.
pub(crate) fn replace(path: &Utf8Path, bytes: &[u8]) -> io::Result<()> {
    let staged = path.with_extension("new");
    put(path, &staged, (File::create(&staged)?, bytes))
}

/// Replaces a file that only its owner may read, or makes it.
pub(crate) fn replace_private(path: &Utf8Path, bytes: &[u8]) -> io::Result<()> {
    let staged = path.with_extension("new");
    match fs::remove_file(&staged) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600);
    put(path, &staged, (file.open(&staged)?, bytes))
}

fn put(path: &Utf8Path, staged: &Utf8Path, (mut file, bytes): (File, &[u8])) -> io::Result<()> {
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(staged, path)?;
    match path.parent() {
        Some(dir) if !dir.as_str().is_empty() => File::open(dir)?.sync_all(),
        _ => Ok(()),
    }
}
