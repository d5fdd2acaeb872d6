//! The ZIP around the members, in the one form in which bundles are written: no extra fields, no
//! comments but that of [`sum`], no ZIP64 (the limits of a bundle leave no need for it), sizes known
//! beforehand.

use std::io::{self, Write};

use sha2::{Digest as _, Sha256};

use super::sum::{self, COMMENT_BYTES, END, END_BYTES};

/// 1980-01-01, the first day of DOS.
const DATE: u16 = 0x21;
/// What a reader needs to know: deflate.
const VERSION: u16 = 20;
/// Made on Unix.
const SYSTEM: u16 = 3 << 8;
const DEFLATED: u16 = 8;
/// A file of mode 0644.
const ATTRIBUTES: u32 = 0o100_644 << 16;

const LOCAL_BYTES: u64 = 30;
const CENTRAL_BYTES: u64 = 46;

/// A member, deflated.
pub(super) struct Entry<'a> {
    pub(super) path: &'a str,
    pub(super) crc32: u32,
    /// Unpacked.
    pub(super) bytes: u64,
    pub(super) deflated: &'a [u8],
}

/// Members so far, and their directory, which stands at the end.
pub(super) struct Container<W> {
    out: W,
    /// Over all that was written.
    sum: Sha256,
    at: u64,
    directory: Vec<u8>,
    entries: u16,
}

impl<W: Write> Container<W> {
    pub(super) fn new(out: W) -> Self {
        Self {
            out,
            sum: Sha256::new(),
            at: 0,
            directory: Vec::new(),
            entries: 0,
        }
    }

    /// Length of the file over members whose names and deflated bytes are so long.
    pub(super) fn length(entries: impl Iterator<Item = (usize, usize)>) -> u64 {
        let length = |(path, deflated): (usize, usize)| {
            LOCAL_BYTES + CENTRAL_BYTES + 2 * path as u64 + deflated as u64
        };
        entries.map(length).sum::<u64>() + END_BYTES as u64 + u64::from(COMMENT_BYTES)
    }

    /// Writes the next member; they come in byte order of their names.
    pub(super) fn push(&mut self, entry: &Entry<'_>) -> io::Result<()> {
        let facts = facts(entry)?;
        let at = field(self.at)?;
        let local = [b"PK\x03\x04".as_slice(), &facts, entry.path.as_bytes()];
        for part in local.into_iter().chain([entry.deflated]) {
            self.put(part)?;
        }
        self.entries = self.entries.checked_add(1).ok_or_else(too_large)?;
        let made_by = SYSTEM | VERSION;
        for part in [
            b"PK\x01\x02".as_slice(),
            &made_by.to_le_bytes(),
            &facts,
            &[0; 6], // No comment, the one disk, bytes rather than text.
            &ATTRIBUTES.to_le_bytes(),
            &at.to_le_bytes(),
            entry.path.as_bytes(),
        ] {
            self.directory.extend_from_slice(part);
        }
        Ok(())
    }

    fn put(&mut self, part: &[u8]) -> io::Result<()> {
        self.out.write_all(part)?;
        self.sum.update(part);
        self.at += part.len() as u64;
        Ok(())
    }

    /// Writes the directory and the comment, and gives the writer back.
    pub(super) fn finish(mut self) -> io::Result<W> {
        let (at, bytes) = (field(self.at)?, field(self.directory.len() as u64)?);
        let entries = self.entries.to_le_bytes();
        let directory = std::mem::take(&mut self.directory);
        for part in [
            directory.as_slice(),
            END,
            &[0; 4], // The one disk.
            &entries,
            &entries,
            &bytes.to_le_bytes(),
            &at.to_le_bytes(),
            &COMMENT_BYTES.to_le_bytes(),
        ] {
            self.put(part)?;
        }
        self.out.write_all(sum::comment(self.sum).as_bytes())?;
        Ok(self.out)
    }
}

/// The fields that stand alike before a member and in the directory.
fn facts(entry: &Entry<'_>) -> io::Result<Vec<u8>> {
    let path = u16::try_from(entry.path.len()).map_err(|_| too_large())?;
    let parts: [&[u8]; 10] = [
        &VERSION.to_le_bytes(),
        &[0; 2], // No flags.
        &DEFLATED.to_le_bytes(),
        &[0; 2], // Midnight.
        &DATE.to_le_bytes(),
        &entry.crc32.to_le_bytes(),
        &field(entry.deflated.len() as u64)?.to_le_bytes(),
        &field(entry.bytes)?.to_le_bytes(),
        &path.to_le_bytes(),
        &[0; 2], // No extra field.
    ];
    Ok(parts.concat())
}

fn field(number: u64) -> io::Result<u32> {
    u32::try_from(number).map_err(|_| too_large())
}

fn too_large() -> io::Error {
    io::Error::from(io::ErrorKind::FileTooLarge)
}
