//! The file that carries what was spent over a restart: written whole or not at all, with a
//! checksum. One that is damaged is refused, because nobody knows what it said.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;

use camino::{Utf8Path, Utf8PathBuf};

use super::ledger::Spent;

/// Name in the agent's state directory.
pub const FILE: &str = "budget.state";

/// Longest file that is read, bytes; each target takes about a thousand.
const BYTES_MAX: u64 = 64 << 20;
const HEAD: &str = "nines-budget/1 crc32 ";

/// A step that failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be read.
    #[error("failed to read `{path}`")]
    Read {
        /// The file.
        path: Utf8PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file is not what was written.
    #[error("`{path}` is damaged, so that what was spent is not known; remove it to begin at zero")]
    Damaged {
        /// The file.
        path: Utf8PathBuf,
    },
    /// The file cannot be written.
    #[error("failed to write `{path}`")]
    Write {
        /// The file.
        path: Utf8PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// What was spent so far: nothing where there is no file yet.
pub fn read(dir: &Utf8Path) -> Result<Spent, StoreError> {
    let path = dir.join(FILE);
    let mut text = String::new();
    let read = File::open(&path).and_then(|file| file.take(BYTES_MAX).read_to_string(&mut text));
    match read {
        Ok(_) => parse(&text).ok_or(StoreError::Damaged { path }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Spent::default()),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err(StoreError::Damaged { path })
        }
        Err(source) => Err(StoreError::Read { path, source }),
    }
}

/// Replaces the file; durable when this returns.
pub fn write(dir: &Utf8Path, spent: &Spent) -> Result<(), StoreError> {
    let path = dir.join(FILE);
    replace(dir, &path, &format(spent)).map_err(|source| StoreError::Write { path, source })
}

fn replace(dir: &Utf8Path, path: &Utf8Path, text: &str) -> io::Result<()> {
    let staged = path.with_extension("state.new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&staged)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&staged, path)?;
    File::open(dir)?.sync_all()
}

fn format(spent: &Spent) -> String {
    let body = serde_json::to_string(spent).expect("maps of numbers and names are JSON");
    format!("{HEAD}{:08x}\n{body}\n", crc32fast::hash(body.as_bytes()))
}

fn parse(text: &str) -> Option<Spent> {
    let (sum, body) = text.strip_prefix(HEAD)?.split_once('\n')?;
    let body = body.strip_suffix('\n')?;
    let is_whole = sum == format!("{:08x}", crc32fast::hash(body.as_bytes()));
    is_whole.then(|| serde_json::from_str(body).ok())?
}
