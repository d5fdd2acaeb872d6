//! The bundle: one plain ZIP that opens everywhere and is trusted for nothing.
//!
//! Written, it is a function of its contents: entries in byte order of their names, DOS time
//! 1980-01-01, mode 0644, deflate, no extra fields, no ZIP64. Read, any ZIP of the same contents
//! will do, so that a copy re-packed by a mail gateway stays evidence: order, timestamps, stored or
//! deflated, and directory entries do not matter. What is in it is judged by the manifest.

mod read;

pub use read::Bundle;

use std::collections::BTreeMap;
use std::io::{self, Seek, Write};

use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipWriter};

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

/// Flate level: 6, the usual one, because the level is part of the bytes.
const DEFLATE_LEVEL: i64 = 6;

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

/// Writes a bundle of `entries` and gives the writer back. The same entries give the same bytes;
/// what [`Bundle::open`] would refuse is not written.
pub fn write<W: Write + Seek>(
    entries: &BTreeMap<String, Vec<u8>>,
    out: W,
) -> Result<W, BundleError> {
    check_entries(entries)?;
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(DEFLATE_LEVEL))
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644)
        .system(System::Unix);
    let mut zip = ZipWriter::new(out);
    for (path, bytes) in entries {
        zip.start_file(path.as_str(), options)
            .and_then(|()| zip.write_all(bytes).map_err(ZipError::Io))
            .map_err(|source| BundleError::Write {
                path: path.clone(),
                source,
            })?;
    }
    let mut out = zip.finish().map_err(|source| BundleError::Write {
        path: String::new(),
        source,
    })?;
    let packed = out.stream_position().map_err(BundleError::Measure)?;
    check_ratio(
        packed,
        entries.values().map(|bytes| bytes.len() as u64).sum(),
    )?;
    Ok(out)
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

fn check_entries(entries: &BTreeMap<String, Vec<u8>>) -> Result<(), BundleError> {
    if entries.len() > ENTRIES_MAX {
        return Err(BundleError::TooManyEntries {
            entries: entries.len(),
        });
    }
    if let Some(path) = entries.keys().find(|path| !is_path(path)) {
        return Err(BundleError::Path { path: path.clone() });
    }
    let mut total = 0_u64;
    for (path, bytes) in entries {
        total = check_length(path, bytes.len() as u64, total)?;
    }
    Ok(())
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
