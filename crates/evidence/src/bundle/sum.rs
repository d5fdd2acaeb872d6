//! The comment at the end of a bundle, which names the SHA-256 of all bytes before it.
//!
//! The manifest vouches for members, the comment for what lies around them: dates, attributes, and
//! bits in which deflate can spell the same bytes in several ways. It is no signature; whoever packs
//! members anew may leave it away. It is found by the last bytes of the file alone, so that a parser
//! that makes up for damage cannot take a damaged file for one without it.

use std::io::{self, Read, Seek, SeekFrom};

use sha2::{Digest as _, Sha256};

use crate::hash::Hash;

/// What the comment begins with; 64 lower-case hexadecimal digits follow.
const FORM: &str = "nines-bundle sha256:";

/// Length of the comment.
pub(super) const COMMENT_BYTES: u16 = 84;

/// Length of the record that ends a ZIP, without its comment.
pub(super) const END_BYTES: usize = 22;

/// What that record begins with.
pub(super) const END: &[u8; 4] = b"PK\x05\x06";

/// So many bytes are hashed at a time.
const BLOCK_BYTES: usize = 64 << 10;

/// What the end of a file says of all bytes before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileSum {
    /// They are those that were written.
    Holds,
    /// Nothing: there is no comment, as where somebody packed the members anew.
    Absent,
    /// They are others than were written, or the hash in the comment is another.
    Differs,
    /// It is neither the end record of the directory that was read with the comment of a bundle, nor
    /// with none.
    Strange,
}

/// How a file ends, before it is known which directory a reader takes.
pub(super) struct Ending {
    sum: FileSum,
    entries: u16,
    directory: u32,
}

impl Ending {
    /// What it says where a directory of so many entries was read at this offset.
    pub(super) fn over(&self, directory: u64, entries: usize) -> FileSum {
        if u64::from(self.directory) == directory && usize::from(self.entries) == entries {
            self.sum
        } else {
            FileSum::Strange
        }
    }
}

/// The comment over bytes of this hash.
pub(super) fn comment(hash: Sha256) -> String {
    let hash = Hash::from_bytes(hash.finalize().into());
    format!("{FORM}{}", hash.to_hex())
}

/// Reads the end of a file of so many bytes and, where it has a comment, all before it.
pub(super) fn read<R: Read + Seek>(reader: &mut R, bytes: u64) -> io::Result<Ending> {
    if let Some(ending) = find(reader, bytes, 0)? {
        return Ok(ending);
    }
    let Some(mut ending) = find(reader, bytes, COMMENT_BYTES)? else {
        return Ok(Ending {
            sum: FileSum::Strange,
            entries: 0,
            directory: 0,
        });
    };
    reader.seek(SeekFrom::Start(0))?;
    let mut hash = Sha256::new();
    let mut block = vec![0; BLOCK_BYTES];
    let mut left = bytes - u64::from(COMMENT_BYTES);
    while left > 0 {
        let length = usize::try_from(left).map_or(BLOCK_BYTES, |left| left.min(BLOCK_BYTES));
        reader.read_exact(&mut block[..length])?;
        hash.update(&block[..length]);
        left -= length as u64;
    }
    let mut stated = vec![0; usize::from(COMMENT_BYTES)];
    reader.read_exact(&mut stated)?;
    ending.sum = if stated == comment(hash).as_bytes() {
        FileSum::Holds
    } else if stated.starts_with(FORM.as_bytes()) {
        FileSum::Differs
    } else {
        FileSum::Strange
    };
    Ok(ending)
}

/// The end record before a comment of this length that ends the file.
fn find<R: Read + Seek>(reader: &mut R, bytes: u64, comment: u16) -> io::Result<Option<Ending>> {
    let Some(start) = bytes.checked_sub(END_BYTES as u64 + u64::from(comment)) else {
        return Ok(None);
    };
    let mut record = [0; END_BYTES];
    reader.seek(SeekFrom::Start(start))?;
    reader.read_exact(&mut record)?;
    let is_end = record.starts_with(END) && record.ends_with(&comment.to_le_bytes());
    Ok(is_end.then(|| Ending {
        sum: FileSum::Absent,
        entries: u16::from_le_bytes([record[10], record[11]]),
        directory: u32::from_le_bytes([record[16], record[17], record[18], record[19]]),
    }))
}
