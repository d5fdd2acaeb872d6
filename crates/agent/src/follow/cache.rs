//! The newest plan that the collector told, kept over restarts with the note that proves it.

use std::fs::File;
use std::io::{self, Read as _};

use camino::Utf8Path;
use serde::{Deserialize, Serialize};

use crate::atomic_file;

/// Name in the agent's state directory.
pub const FILE: &str = "plan.cache.json";

/// Longest file that is read, bytes.
const BYTES_MAX: u64 = 16 << 20;

/// A plan with its proof; not verified by being here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cached {
    /// The operator's registry note.
    pub note: String,
    /// The plan's canonical JSON.
    pub body: String,
}

/// What is kept; none before the first.
pub fn find(dir: &Utf8Path) -> io::Result<Option<Cached>> {
    let mut bytes = Vec::new();
    let file = File::open(dir.join(FILE));
    match file.and_then(|file| file.take(BYTES_MAX).read_to_end(&mut bytes)) {
        Ok(_) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Keeps a plan instead of the one before; durable on return.
pub fn store(dir: &Utf8Path, cached: &Cached) -> io::Result<()> {
    atomic_file::replace(&dir.join(FILE), &serde_json::to_vec(cached)?)
}
