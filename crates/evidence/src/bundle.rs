//! The bundle: one plain ZIP that opens everywhere and is trusted for nothing.
//!
//! Written, it is a function of its contents: entries in byte order of their names, DOS time
//! 1980-01-01, mode 0644, deflate, no extra fields, no ZIP64, and at the end a comment with the
//! SHA-256 of all bytes before it. Read, any ZIP of the same contents will do, so that a copy
//! re-packed by a mail gateway stays evidence: order, timestamps, stored or deflated, and directory
//! entries do not matter. What is in it is judged by the manifest; whether the file is as it was
//! written, by the comment.

mod container;
mod packed;
mod read;
mod sum;

pub use packed::{Packed, Packer};
pub use read::Bundle;
pub use sum::FileSum;

use std::collections::BTreeMap;
use std::io::{self, Write};

use zip::result::ZipError;

/// The most entries: a claim has hundreds, a year of retained failure bodies some ten thousand; and
/// below 65,535 no ZIP64 structures are needed.
pub const ENTRIES_MAX: usize = 60_000;

/// The longest entry unpacked: the log segment of a month of a large fleet is about 90 MB.
pub const ENTRY_BYTES_MAX: u64 = 512 << 20;

/// The most bytes of all entries unpacked, and of the file itself: the largest claim profile
/// unpacks to about 500 MB.
pub const BUNDLE_BYTES_MAX: u64 = 2 << 30;

/// How many times its size a bundle may unpack to; ours reach 20, deflate allows 1,032.
pub const RATIO_MAX: u64 = 200;

/// What a bundle may unpack to whatever its ratio: small repetitive ones are harmless.
pub const RATIO_FREE_BYTES: u64 = 16 << 20;

/// The longest entry name in bytes.
pub const PATH_BYTES_MAX: usize = 512;

/// Why a bundle cannot be written or is refused.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// A name outside `[A-Za-z0-9._/-]+`, absolute, or with an empty, `.` or `..` part.
    #[error("{path:?} is not a name for an entry")]
    Path {
        /// The name.
        path: String,
    },
    /// More than [`ENTRIES_MAX`].
    #[error("{entries} entries are more than {ENTRIES_MAX}")]
    TooManyEntries {
        /// Number of entries.
        entries: usize,
    },
    /// An entry longer than [`ENTRY_BYTES_MAX`].
    #[error("entry `{path}` of {bytes} bytes is longer than {ENTRY_BYTES_MAX}")]
    EntryTooLong {
        /// Its name.
        path: String,
        /// Its length unpacked.
        bytes: u64,
    },
    /// More than [`BUNDLE_BYTES_MAX`], packed or unpacked.
    #[error("{bytes} bytes are more than {BUNDLE_BYTES_MAX}")]
    TooLong {
        /// Length of the file, or of all entries unpacked.
        bytes: u64,
    },
    /// Unpacks to more than [`RATIO_MAX`] times its size and more than [`RATIO_FREE_BYTES`].
    #[error("{packed} bytes would unpack to {unpacked}")]
    Ratio {
        /// Length of the file.
        packed: u64,
        /// Length of all entries unpacked.
        unpacked: u64,
    },
    /// The writer failed.
    #[error("failed to write entry `{path}`")]
    Write {
        /// Name of the entry; empty for the directory at the end.
        path: String,
        /// What failed.
        #[source]
        source: ZipError,
    },
    /// Not a ZIP file, or an inconsistent one: duplicate names, overlaps, hidden entries.
    #[error("failed to open the bundle as a ZIP file")]
    Open(#[source] ZipError),
    /// The file could not be measured.
    #[error("failed to find the length of the bundle")]
    Measure(#[source] io::Error),
    /// The file could not be read whole.
    #[error("failed to read the bundle's bytes")]
    Sum(#[source] io::Error),
    /// Bytes before the first entry: a program, or another file, that some would see instead.
    #[error("{bytes} bytes lie before the first entry")]
    Head {
        /// How many.
        bytes: u64,
    },
    /// Two entries of one name.
    #[error("entry `{path}` stands twice")]
    Duplicate {
        /// The name.
        path: String,
    },
    /// Encrypted, a link, a directory with content, or packed by another method than deflate.
    #[error("entry `{path}` is not a plain stored or deflated file")]
    EntryKind {
        /// Its name.
        path: String,
    },
    /// There is no such entry.
    #[error("there is no entry `{path}`")]
    Missing {
        /// The name asked for.
        path: String,
    },
    /// The entry cannot be unpacked: damaged, or its checksum is wrong.
    #[error("failed to read entry `{path}`")]
    Read {
        /// Its name.
        path: String,
        /// What failed.
        #[source]
        source: ZipError,
    },
    /// The entry does not unpack to the length it states.
    #[error("entry `{path}` does not have the length it states")]
    Length {
        /// Its name.
        path: String,
    },
}

/// Writes a bundle of `entries` that are at hand and gives the writer back; see [`Packed::write`].
pub fn write<W: Write>(entries: &BTreeMap<String, Vec<u8>>, out: W) -> Result<W, BundleError> {
    let mut packed = Packed::default();
    for (path, bytes) in entries {
        packed.add(path, bytes)?;
    }
    packed.write(out)
}

/// Whether `path` may name an entry.
#[must_use]
pub fn is_path(path: &str) -> bool {
    path.len() <= PATH_BYTES_MAX
        && path
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._/-".contains(&byte))
        && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// Adds the length of one entry to `total` and refuses what is too long, alone or together.
fn check_length(path: &str, bytes: u64, total: u64) -> Result<u64, BundleError> {
    if bytes > ENTRY_BYTES_MAX {
        return Err(BundleError::EntryTooLong {
            path: path.to_owned(),
            bytes,
        });
    }
    let total = total.saturating_add(bytes);
    if total > BUNDLE_BYTES_MAX {
        Err(BundleError::TooLong { bytes: total })
    } else {
        Ok(total)
    }
}

fn check_ratio(packed: u64, unpacked: u64) -> Result<(), BundleError> {
    if unpacked > RATIO_FREE_BYTES.max(packed.saturating_mul(RATIO_MAX)) {
        return Err(BundleError::Ratio { packed, unpacked });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
