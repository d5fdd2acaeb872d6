//! Directories for tests, which the server's user can enter: unlike most temporary ones of root.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A fresh directory, removed at the end of the test.
#[derive(Debug)]
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("pgembed-test-{}-{number}", std::process::id());
        let dir = std::env::temp_dir().join(name);
        DirBuilder::new()
            .mode(0o755)
            .create(&dir)
            .expect("a fresh directory");
        Self(fs::canonicalize(dir).expect("it was just made"))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// A file below the directory, with its parents.
    pub(crate) fn file(&self, path: &str, text: &str) -> PathBuf {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().expect("below the directory")).expect("a directory");
        fs::write(&path, text).expect("a file");
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A test that failed may have left a server that still writes here.
        drop(fs::remove_dir_all(&self.0));
    }
}
