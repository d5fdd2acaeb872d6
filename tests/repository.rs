//! The checkout that is tested.

use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};

/// Its top directory.
pub(crate) fn root() -> &'static Utf8Path {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the package lies in the repository")
}

/// Every file that belongs to it, committed or about to be, relative to [`root`].
pub(crate) fn files() -> Vec<Utf8PathBuf> {
    let listed = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root())
        .output()
        .expect("git lists what belongs to the repository");
    assert!(
        listed.status.success(),
        "{}",
        String::from_utf8_lossy(&listed.stderr)
    );
    let names = String::from_utf8(listed.stdout).expect("file names are UTF-8");
    let files: Vec<_> = names
        .split_terminator('\0')
        .map(Utf8PathBuf::from)
        .filter(|file| root().join(file).is_file()) // Deleted, but not yet from the index.
        .collect();
    assert!(
        files.len() > 100,
        "only {} files: is this the whole checkout?",
        files.len()
    );
    files
}

/// A file's text.
#[track_caller]
pub(crate) fn text(file: impl AsRef<Utf8Path>) -> String {
    let path = root().join(file.as_ref());
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Files with their texts; those that are no text are left out.
pub(crate) fn texts() -> impl Iterator<Item = (Utf8PathBuf, String)> {
    files().into_iter().filter_map(|file| {
        let text = std::fs::read_to_string(root().join(&file)).ok()?;
        Some((file, text))
    })
}

/// Fails with every finding, so that one run shows all of them.
#[track_caller]
pub(crate) fn assert_none(what: &str, findings: &[String]) {
    assert!(findings.is_empty(), "{what}:\n  {}", findings.join("\n  "));
}
