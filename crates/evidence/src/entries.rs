//! Entry bundles as in C2SP tlog-tiles: each entry after its length as two big-endian bytes.

use std::io::{self, Read};

/// The longest entry that two bytes can announce.
pub const ENTRY_BYTES_MAX: usize = 65_535;

/// Why an entry cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum EntriesError {
    /// Longer than [`ENTRY_BYTES_MAX`].
    #[error("entry of {bytes} bytes is longer than {ENTRY_BYTES_MAX}")]
    TooLong {
        /// Length of the entry.
        bytes: usize,
    },
    /// The input ends within the entry that begins at `offset`.
    #[error("input ends within the entry at offset {offset}")]
    Truncated {
        /// Where the length of the entry stands, in bytes from the start.
        offset: u64,
    },
    /// The input could not be read.
    #[error("failed to read the entry at offset {offset}")]
    Read {
        /// Where the length of the entry stands, in bytes from the start.
        offset: u64,
        /// What the reader said.
        #[source]
        source: io::Error,
    },
}

/// Appends one entry to `out`.
pub fn push(out: &mut Vec<u8>, entry: &[u8]) -> Result<(), EntriesError> {
    let length = u16::try_from(entry.len());
    let length = length.map_err(|_| EntriesError::TooLong { bytes: entry.len() })?;
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(entry);
    Ok(())
}

/// Reads entries one after the other from anything that reads, a byte slice included. Ends after
/// the last entry or after the first error.
#[derive(Debug)]
pub struct Entries<R> {
    reader: R,
    offset: u64,
    ended: bool,
}

impl<R: Read> Entries<R> {
    /// Starts at the reader's position, which counts as offset 0.
    pub fn new(reader: R) -> Self {
        Self {
            reader,
            offset: 0,
            ended: false,
        }
    }

    fn read(&mut self) -> Result<Option<Vec<u8>>, EntriesError> {
        let mut length = [0; 2];
        match self.fill(&mut length)? {
            0 => return Ok(None),
            2 => {}
            _ => {
                return Err(EntriesError::Truncated {
                    offset: self.offset,
                });
            }
        }
        let mut entry = vec![0; usize::from(u16::from_be_bytes(length))];
        if self.fill(&mut entry)? < entry.len() {
            return Err(EntriesError::Truncated {
                offset: self.offset,
            });
        }
        self.offset += (length.len() + entry.len()) as u64;
        Ok(Some(entry))
    }

    /// Reads until `buffer` is full or the input ends; returns how many bytes came.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, EntriesError> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.reader.read(&mut buffer[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => {
                    return Err(EntriesError::Read {
                        offset: self.offset,
                        source,
                    });
                }
            }
        }
        Ok(filled)
    }
}

impl<R: Read> Iterator for Entries<R> {
    type Item = Result<Vec<u8>, EntriesError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let entry = self.read().transpose();
        self.ended = !matches!(entry, Some(Ok(_)));
        entry
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read_all(bytes: &[u8]) -> Result<Vec<Vec<u8>>, EntriesError> {
        Entries::new(bytes).collect()
    }

    #[test]
    fn an_entry_stands_after_its_length() {
        let mut out = Vec::new();
        push(&mut out, b"ab").expect("short");
        push(&mut out, b"").expect("short");
        assert_eq!(out, b"\x00\x02ab\x00\x00");
    }

    #[test]
    fn an_entry_too_long_for_its_length_is_refused() {
        let mut out = Vec::new();
        push(&mut out, &vec![0; ENTRY_BYTES_MAX]).expect("fits");
        let error = push(&mut out, &vec![0; ENTRY_BYTES_MAX + 1]).expect_err("too long");
        assert!(matches!(error, EntriesError::TooLong { bytes: 65_536 }));
        assert_eq!(out.len(), ENTRY_BYTES_MAX + 2);
    }

    #[test]
    fn input_that_ends_within_an_entry_names_where_the_entry_begins() {
        for cut in [b"\x00\x01a\x00".as_slice(), b"\x00\x01a\x00\x02b"] {
            let mut entries = Entries::new(cut);
            assert_eq!(entries.next().expect("one").expect("whole"), b"a");
            let error = entries.next().expect("an error").expect_err("cut");
            assert!(
                matches!(error, EntriesError::Truncated { offset: 3 }),
                "{error:?}"
            );
            assert!(entries.next().is_none());
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(entries: Vec<Vec<u8>>) {
            let mut out = Vec::new();
            for entry in &entries {
                push(&mut out, entry).expect("short");
            }
            prop_assert_eq!(read_all(&out).expect("whole"), entries);
        }

        #[test]
        fn what_reads_writes_back(bytes: Vec<u8>) {
            if let Ok(entries) = read_all(&bytes) {
                let mut out = Vec::new();
                for entry in &entries {
                    push(&mut out, entry).expect("short");
                }
                prop_assert_eq!(out, bytes);
            }
        }
    }
}
