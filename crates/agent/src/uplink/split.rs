//! What remains of a split view.

use std::fs;
use std::io;

use camino::Utf8Path;

/// Keeps both notes: together they prove to anyone that the log signed two histories.
pub(super) fn keep_split_view(dir: &Utf8Path, known: &str, offered: &str) -> io::Result<()> {
    fs::write(dir.join("split-view-known.note"), known)?;
    fs::write(dir.join("split-view-offered.note"), offered)
}

pub(super) fn has_split_view(dir: &Utf8Path) -> io::Result<bool> {
    dir.join("split-view-offered.note")
        .as_std_path()
        .try_exists()
}
