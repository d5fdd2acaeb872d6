//! Reading a bundle that anybody may have packed.

use std::collections::BTreeMap;
use std::io::{Read, Seek, SeekFrom};

use zip::read::{ArchiveOffset, Config};
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use crate::hash::Hash;

use super::sum::{self, FileSum};
use super::{BUNDLE_BYTES_MAX, BundleError, ENTRIES_MAX, check_length, check_ratio, is_path};

/// An opened bundle. Names and stated lengths are checked; contents are unpacked when asked for,
/// and mean nothing before the manifest has been checked.
#[derive(Debug)]
pub struct Bundle<R> {
    archive: ZipArchive<R>,
    entries: BTreeMap<String, Stated>,
    /// Of every entry that was unpacked, the SHA-256 of what it was the first time.
    hashes: BTreeMap<String, Hash>,
    sum: FileSum,
}

/// What the directory of the ZIP says of an entry.
#[derive(Debug, Clone, Copy)]
struct Stated {
    nth: usize,
    bytes: u64,
}

impl<R: Read + Seek> Bundle<R> {
    /// Opens a ZIP file. Refuses bad or duplicate names, encryption, links, other methods than
    /// stored and deflated, hidden or overlapping entries, and what exceeds the limits.
    pub fn open(mut reader: R) -> Result<Self, BundleError> {
        let packed = reader
            .seek(SeekFrom::End(0))
            .map_err(BundleError::Measure)?;
        if packed > BUNDLE_BYTES_MAX {
            return Err(BundleError::TooLong { bytes: packed });
        }
        let ending = sum::read(&mut reader, packed).map_err(BundleError::Sum)?;
        let config = Config {
            archive_offset: ArchiveOffset::Known(0),
        };
        let mut archive = ZipArchive::with_config(config, reader).map_err(BundleError::Open)?;
        if archive.len() > ENTRIES_MAX {
            return Err(BundleError::TooManyEntries {
                entries: archive.len(),
            });
        }
        archive
            .validate_header_consistency()
            .map_err(BundleError::Open)?;
        let entries = list(&mut archive, packed)?;
        Ok(Self {
            sum: ending.over(archive.central_directory_start(), archive.len()),
            archive,
            entries,
            hashes: BTreeMap::new(),
        })
    }

    /// What the end of the file says of its bytes, whoever packed it; members mean the same anyway.
    #[must_use]
    pub fn sum(&self) -> FileSum {
        self.sum
    }

    /// Names of all entries, in byte order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// Whether there is an entry of this name.
    #[must_use]
    pub fn contains(&self, path: &str) -> bool {
        self.entries.contains_key(path)
    }

    /// Unpacks one entry whole.
    pub fn read(&mut self, path: &str) -> Result<Vec<u8>, BundleError> {
        let missing = || BundleError::Missing {
            path: path.to_owned(),
        };
        let stated = *self.entries.get(path).ok_or_else(missing)?;
        let failed = |source| BundleError::Read {
            path: path.to_owned(),
            source,
        };
        let entry = self.archive.by_index(stated.nth).map_err(failed)?;
        // Not more than the limits of all entries together, which the directory was held against.
        let capacity = usize::try_from(stated.bytes + 1).unwrap_or_default();
        let mut bytes = Vec::with_capacity(capacity);
        // One byte more than stated, so that the end is reached and the checksum compared.
        entry
            .take(stated.bytes + 1)
            .read_to_end(&mut bytes)
            .map_err(|source| failed(ZipError::Io(source)))?;
        if bytes.len() as u64 == stated.bytes {
            if !self.hashes.contains_key(path) {
                self.hashes.insert(path.to_owned(), Hash::of(&bytes));
            }
            return Ok(bytes);
        }
        Err(BundleError::Length {
            path: path.to_owned(),
        })
    }

    /// The SHA-256 of an entry. One that was unpacked before is not unpacked again: its hash is that
    /// of the bytes that were handed out.
    pub fn hash(&mut self, path: &str) -> Result<Hash, BundleError> {
        if let Some(hash) = self.hashes.get(path) {
            return Ok(*hash);
        }
        let bytes = self.read(path)?;
        let hash = self.hashes.get(path).copied();
        Ok(hash.unwrap_or_else(|| Hash::of(&bytes)))
    }
}

fn list<R: Read + Seek>(
    archive: &mut ZipArchive<R>,
    packed: u64,
) -> Result<BTreeMap<String, Stated>, BundleError> {
    let mut entries = BTreeMap::new();
    let mut total = 0;
    let mut first = u64::MAX;
    for nth in 0..archive.len() {
        let entry = archive.by_index_raw(nth).map_err(BundleError::Open)?;
        first = first.min(entry.header_start());
        let path = String::from_utf8_lossy(entry.name_raw()).into_owned();
        let is_directory = path.ends_with('/');
        if !is_path(path.strip_suffix('/').unwrap_or(&path)) {
            return Err(BundleError::Path { path });
        }
        let method = entry.compression();
        let plain = matches!(
            method,
            CompressionMethod::Stored | CompressionMethod::Deflated
        );
        if !plain || entry.encrypted() || entry.is_symlink() || (is_directory && entry.size() > 0) {
            return Err(BundleError::EntryKind { path });
        }
        if is_directory {
            continue; // Packers add them; they hold nothing.
        }
        total = check_length(&path, entry.size(), total)?;
        let stated = Stated {
            nth,
            bytes: entry.size(),
        };
        if entries.insert(path.clone(), stated).is_some() {
            return Err(BundleError::Duplicate { path });
        }
    }
    if first > 0 && !archive.is_empty() {
        return Err(BundleError::Head { bytes: first });
    }
    check_ratio(packed, total)?;
    Ok(entries)
}
